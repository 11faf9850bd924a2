"""To and from what other tools use: event tables in and out, SBML out."""
