"""Panels of a subject: short after a disturbance, long before the next, the same for everybody on the same regimen.

Marks are laid from each disturbance (a dose, the end of an infusion), so that steps repeat from dose to dose and their
propagators are computed once. A subject whose errors ask for it learns marks of its own.
"""

from bisect import bisect_right
from functools import lru_cache
from itertools import pairwise

import numpy as np

LONGEST = 336.0
"""No panel is longer (h)."""
_MARKS = (0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0, 192.0, 256.0, LONGEST)
"""Marks after a disturbance (h) that suit a tolerance of 1e-6."""
_DIGITS = 9

Grid = tuple[np.ndarray, np.ndarray]
"""Starts and widths of panels, (k,)."""


def marks(level: int) -> tuple[float, ...]:
    """Return the marks with every panel halved ``level`` times."""
    parts = 2**level
    return (*(a + (b - a) * q / parts for a, b in pairwise(_MARKS) for q in range(parts)), LONGEST)


@lru_cache(maxsize=65536)
def _widths(since: float, gap: float, laid: tuple[float, ...]) -> tuple[float, ...]:
    """Cut ``gap`` h, from ``since`` h after a disturbance, at the marks; beyond the last they repeat its distance."""
    end, tiny = since + gap, 1e-6 * gap
    further = np.arange(2 * LONGEST, end + LONGEST, LONGEST).tolist()
    marks_ahead = (*laid[bisect_right(laid, since + tiny) :], *further)
    inside = [mark for mark in marks_ahead if since + tiny < mark < end - tiny]
    cuts = [since, *inside, end]
    return tuple(round(b - a, _DIGITS) for a, b in pairwise(cuts))


def panels(
    bounds: np.ndarray, disturbed: np.ndarray, since: float, laid: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lay panels between boundaries.

    Parameters
    ----------
    bounds : ndarray (b,)
        Rising times in h; every one is the edge of a panel.
    disturbed : ndarray (b,) of bool
        Where the clock of marks starts again.
    since
        Hours since the last disturbance at the first boundary, were it not disturbed.
    laid
        Marks.

    Returns
    -------
    starts, widths, since : ndarray (k,)
        Of each panel; the start of the first panel after a boundary is that boundary to the bit. ``since`` is the
        reading of the clock at its start.
    """
    starts: list[float] = []
    widths: list[float] = []
    clock: list[float] = []
    for left, right, restart in zip(bounds[:-1].tolist(), bounds[1:].tolist(), disturbed.tolist(), strict=False):
        since = 0.0 if restart else since
        gap = round(right - left, _DIGITS)
        at, reading = left, since
        for width in _widths(round(since, 6), gap, laid):
            starts.append(at)
            widths.append(width)
            clock.append(reading)
            at += width
            reading += width
        since = min(since + gap, LONGEST)
    return np.array(starts), np.array(widths), np.array(clock)


def learned(laid: tuple[float, ...], clock: np.ndarray, widths: np.ndarray, bad: np.ndarray) -> tuple[float, ...]:
    """Add a mark in the middle of every bad panel that lies between two marks.

    Parameters
    ----------
    laid
        Marks so far.
    clock, widths, bad : ndarray (k,)
        Of the panels laid from them.
    """
    middles = {
        round(start + 0.5 * width, _DIGITS)
        for start, width in zip(clock[bad].tolist(), widths[bad].tolist(), strict=True)
        if start + width <= LONGEST and _marked(laid, start) and _marked(laid, start + width)
    }
    return tuple(sorted({*laid, *middles})) if middles else laid


def _marked(laid: tuple[float, ...], at: float) -> bool:
    place = bisect_right(laid, at + 1e-6)
    return place > 0 and abs(laid[place - 1] - at) <= 1e-6


def halved(starts: np.ndarray, widths: np.ndarray, bad: np.ndarray) -> Grid:
    """Halve the panels marked ``bad``."""
    parts = np.where(bad, 2, 1)
    narrow = np.repeat(widths / parts, parts)
    first = np.repeat(starts, parts)
    second = np.concatenate([[False], (np.diff(np.repeat(np.arange(len(starts)), parts)) == 0)])
    return np.where(second, first + narrow, first), narrow


def cut(starts: np.ndarray, widths: np.ndarray, at: np.ndarray) -> Grid:
    """Cut panels at times inside them."""
    for time in np.sort(at):
        k = int(np.searchsorted(starts, time, side="right")) - 1
        inside = time - starts[k]
        if inside <= 0 or inside >= widths[k]:
            continue
        widths = np.concatenate([widths[:k], [inside, widths[k] - inside], widths[k + 1 :]])
        starts = np.concatenate([starts[: k + 1], [time], starts[k + 1 :]])
    return starts, widths
