"""Panels of a subject: short after a disturbance, long before the next, the same for everybody on the same regimen.

Marks are laid from each disturbance (a dose, the end of an infusion), so that steps repeat from dose to dose and their
propagators are computed once.
"""

from bisect import bisect_right
from functools import lru_cache

import numpy as np

from menaquinone.solve.tableau import STAGES

LONGEST = 336.0
"""No panel is longer (h)."""
_FIRST = (0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0, 192.0, 256.0, 336.0)
"""Marks after a disturbance, in h; 336 h apart from there on."""
_DIGITS = 9
COARSEST = -1
"""Level at which every second mark is left out."""


def first_level(rtol: float) -> int:
    """Return the level to start with: every level halves the panels, which gains a factor of 2^(STAGES + 1)."""
    return max(0, round(float(np.log2(1e-6 / rtol)) / (STAGES + 1)))


@lru_cache(maxsize=65536)
def _widths(since: float, gap: float, level: int) -> tuple[float, ...]:
    """Cut ``gap`` h that start ``since`` h after a disturbance at the marks of a level."""
    marks = list(_FIRST)
    while marks[-1] < since + gap:
        marks.append(marks[-1] + _FIRST[-1])
    if level < 0:
        marks = marks[:: 2**-level]
    elif level > 0:
        parts = 2**level
        marks = [a + (b - a) * q / parts for a, b in zip(marks, marks[1:], strict=False) for q in range(parts)]
    end = since + gap
    tiny = 1e-6 * gap
    inside = [mark for mark in marks[bisect_right(marks, since + tiny) :] if mark < end - tiny]
    cuts = [since, *inside, end]
    return tuple(round(b - a, _DIGITS) for a, b in zip(cuts, cuts[1:], strict=False))


def panels(bounds: np.ndarray, disturbed: np.ndarray, since: float, level: int) -> tuple[np.ndarray, np.ndarray]:
    """Lay panels between boundaries.

    Parameters
    ----------
    bounds : ndarray (b,)
        Rising times in h; every one is the edge of a panel.
    disturbed : ndarray (b,) of bool
        Where the clock of marks starts again.
    since
        Hours since the last disturbance at the first boundary, were it not disturbed.
    level
        Halvings of the marks.

    Returns
    -------
    starts, widths : ndarray (k,)
        Of each panel; the start of the first panel after a boundary is that boundary to the bit.
    """
    starts: list[float] = []
    widths: list[float] = []
    for left, right, restart in zip(bounds[:-1].tolist(), bounds[1:].tolist(), disturbed.tolist(), strict=False):
        since = 0.0 if restart else since
        gap = round(right - left, _DIGITS)
        cut = _widths(round(since, 6), gap, level)
        at = left
        for width in cut:
            starts.append(at)
            widths.append(width)
            at += width
        since = min(since + gap, LONGEST)
    return np.array(starts), np.array(widths)


def halved(starts: np.ndarray, widths: np.ndarray, bad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Halve the panels marked ``bad``."""
    parts = np.where(bad, 2, 1)
    narrow = np.repeat(widths / parts, parts)
    first = np.repeat(starts, parts)
    second = np.concatenate([[False], (np.diff(np.repeat(np.arange(len(starts)), parts)) == 0)])
    return np.where(second, first + narrow, first), narrow


def cut(starts: np.ndarray, widths: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut panels at times inside them."""
    for time in np.sort(at):
        k = int(np.searchsorted(starts, time, side="right")) - 1
        inside = time - starts[k]
        if inside <= 0 or inside >= widths[k]:
            continue
        widths = np.concatenate([widths[:k], [inside, widths[k] - inside], widths[k + 1 :]])
        starts = np.concatenate([starts[: k + 1], [time], starts[k + 1 :]])
    return starts, widths
