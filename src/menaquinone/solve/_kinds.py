"""Constants that the compiled files of the engine share."""

from menaquinone.solve._algebra import S

PT = S + 1
IDLE, STEP, LEAP, CLOSE = 0, 1, 2, 3
"""What a lane does in a window."""
MOST_ITERATED = 512
"""Periods of a leap whose maps may differ."""
SAME, FIRST_BASE, ALIKE = 3, 4, 5
"""Places in the size of a plan, behind samples, panels and boundaries."""
NEVER = 1 << 40
FLOOR = 1e-3
"""A value is controlled relative to itself plus this share of the largest it has had."""
SAFETY = 3.0
"""The estimate is that of a rule one order lower; measured errors stay below the tolerance with this factor."""
TINY = 5e-10
"""Times (h) closer than this are one."""
LONGEST = 8766.0
"""Marks repeat after this long without a disturbance (h)."""
MOST_BASE = 8
"""Periods that a leap is interpolated between, at most; outputs may ask for samples of more."""
LEAST_LEAP = MOST_BASE + 4
"""Fewer periods are stepped."""
MOST_TRIES = 16
"""Times that a window is refined."""
RESET, START = 1, 2
"""Orders of events of one time."""
KEEP, HOLD = 1, 2
"""How much of a row of propagators is there: what they make of a start; of a constant input and the rest as well."""
PANELS, EVENTS, ROWS, RAW = 1, 2, 3, 4
"""Arrays that may turn out too small."""
