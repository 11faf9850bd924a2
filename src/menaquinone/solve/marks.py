"""Where panels end after a dose before anybody's error estimate has been looked at.

A person's panels are refined where the estimate asks, once and for all that is alike; what is tried first costs nothing
but time. Absorption through quick depots asks for shorter panels than absorption through slow ones.
"""

from itertools import pairwise

import numpy as np

QUICK = 0.9
"""Rate (1/h) of anything dosed from which a person begins with the marks of quick doses."""
_DOUBLED = (24.0, 48.0, 96.0, 192.0, 336.0, 672.0, 1344.0, 2688.0, 5376.0, 8766.0)
_FINE = (
    0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0, 192.0, 256.0, 336.0, 512.0, 672.0,
    1024.0, 1344.0, 2048.0, 2688.0, 4096.0, 5376.0, 8766.0,
)  # fmt: skip
_SLOW, _SLOWER = (0.0, 2.0, 4.0, 8.0, 12.0, *_DOUBLED), (0.0, 5.0, 13.0, *_DOUBLED)
_MARKS = (
    (3e-4, _SLOWER, _SLOWER),
    (3e-5, _SLOWER, (0.0, 1.0, 2.0, 4.0, 7.0, 13.0, *_DOUBLED)),
    (3e-6, _SLOW, (0.0, 2 / 3, 4 / 3, 2.5, 4.5, 8.0, 14.0, *_DOUBLED)),
    (3e-7, _SLOW, (0.0, 0.5, 1.0, 1.6, 2.4, 3.2, 4.5, 6.5, 9.5, 13.0, 18.0, *_DOUBLED)),
    (3e-8, _FINE, (0.0, 0.5, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 4.5, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0, *_DOUBLED)),
    (0.0, _FINE, _FINE),
)
"""Down to a tolerance each: hours after a disturbance between which panels lie, after slow and after quick doses."""


def first_marks(rtol: float, level: int) -> np.ndarray:
    """Return the marks (2, m) of slow and of quick doses, h, the shorter row filled up with infinity.

    Parameters
    ----------
    rtol
        The tolerance.
    level
        Halvings of every panel.
    """
    _, slow, quick = next(one for one in _MARKS if rtol >= one[0])
    parts = 2**level
    rows = [
        [*(a + (b - a) * q / parts for a, b in pairwise(marks) for q in range(parts)), marks[-1]]
        for marks in (slow, quick)
    ]
    found = np.full((2, max(map(len, rows))), np.inf)
    for row, marks in zip(found, rows, strict=True):
        row[: len(marks)] = np.rint(np.array(marks) * 1e9) / 1e9
    return found


__all__ = ["QUICK", "first_marks"]
