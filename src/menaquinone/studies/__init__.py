"""Many solves: trials, and later sweeps, sensitivity, fitting and scale-out."""
