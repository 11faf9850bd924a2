"""Numbers of dose titration: target ranges and steps. None of them is a row of the evidence, and none is advice."""

from menaquinone.declare import Value

INR_LOW = Value(2.0, "1", "assumed: lower end of the range that anticoagulation usually aims at; no row")
INR_HIGH = Value(3.0, "1", "assumed: upper end of the range that anticoagulation usually aims at; no row")
INR_FAR_LOW = Value(1.5, "1", "assumed: half a unit below the range, where the larger step is taken; no row")
INR_FAR_HIGH = Value(4.0, "1", "assumed: a unit above the range, where the larger step is taken; no row")
INR_HOLD = Value(5.0, "1", "assumed: two units above the range, where doses are held until the next visit; no row")
STEP = Value(0.10, "1", "assumed: share of the dose changed at a visit; small, so that a factor's lag is not chased")
FAR_STEP = Value(0.15, "1", "assumed: share of the dose changed at a visit far from the range; half as much again")
MOST_WARFARIN = Value(20.0, "mg", "assumed: no dose beyond four times the usual 5 mg/d, whatever the INR says")

__all__ = ["FAR_STEP", "INR_FAR_HIGH", "INR_FAR_LOW", "INR_HIGH", "INR_HOLD", "INR_LOW", "MOST_WARFARIN", "STEP"]
