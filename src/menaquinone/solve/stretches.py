"""Stretches of a schedule in which everything repeats with a period of at most four weeks."""

import numpy as np

from menaquinone.solve.actions import RESET, Actions

LONGEST_PERIOD = 672.0
"""h."""
_LEAST_PERIODS = 12
"""Fewer are not worth a leap."""
_SAME = 2e-10
"""Times (h) closer than this are equal: they are multiples of 1e-9. A period repeats to the last digit, or it is none,
and some multiple of it may be one (three times twenty minutes)."""
_DIGITS = 9

Stretch = tuple[float, float, float]
"""Begin, period, end: what happens from begin on happens again a period later, as long as that lies before end."""


def stretches(actions: Actions) -> list[Stretch]:
    """Find the stretches of a schedule, in order, none overlapping another.

    Parameters
    ----------
    actions
        All that the schedule does.

    Returns
    -------
    list of (begin, period, end)
        h. Resets and steady states lie in none of them (one may begin where a steady state is).
    """
    time = actions.time
    stops = sorted({*time[actions.order == RESET].tolist(), *(one.time for one in actions.orbits), np.inf})
    found: list[Stretch] = []
    first = 0
    while first < len(time):
        begin = time[first]
        stop = next(one for one in stops if one > begin + _SAME)
        last = int(np.searchsorted(time, stop - _SAME))
        best = None if actions.order[first] == RESET else _repeating(actions, first, last, stop)
        if best is None:
            first = int(np.searchsorted(time, begin + _SAME))
        else:
            found.append(best)
            first = int(np.searchsorted(time, best[2] - _SAME))
    return found


def _repeating(actions: Actions, first: int, last: int, stop: float) -> Stretch | None:
    """Return the shortest period with which the actions from ``first`` on repeat often enough."""
    time = actions.time
    ahead = int(np.searchsorted(time[:last], time[first] + LONGEST_PERIOD + _SAME))
    for other in range(first + 1, ahead):
        period = round(float(time[other] - time[first]), _DIGITS)
        shift = other - first
        if period < _SAME or not _again(actions, first, last, shift, period):
            continue
        same = _runs(actions, first, last, shift, period)
        end_of_match = first + shift + same
        # until the first action that is not expected, or the first that is expected and missing
        end = min(time[end_of_match] if end_of_match < last else stop, time[end_of_match - shift] + period)
        if end - time[first] >= _LEAST_PERIODS * period - _SAME and _balanced(actions, first, shift):
            return float(time[first]), float(period), float(end)
    return None


def _again(actions: Actions, first: int, last: int, shift: int, period: float) -> bool:
    """Return whether an action comes again at each of the least number of periods: a quick look."""
    for k in range(1, _LEAST_PERIODS):
        other = first + k * shift
        if other >= last or not _alike(actions, first, other):
            return False
        if abs(actions.time[other] - actions.time[first] - k * period) > _SAME:
            return False
    return True


def _alike(actions: Actions, one: int, other: int) -> bool:
    return bool(
        actions.order[one] == actions.order[other]
        and actions.kind[one] == actions.kind[other]
        and actions.target[one] == actions.target[other]
        and abs(actions.value[one] - actions.value[other]) <= 1e-15 * abs(actions.value[one])
    )


def _runs(actions: Actions, first: int, last: int, shift: int, period: float) -> int:
    """Return how many actions from ``first`` on are followed by their like one period later."""
    here, there = slice(first, last - shift), slice(first + shift, last)
    same = (
        (np.abs(actions.time[there] - actions.time[here] - period) <= _SAME)
        & (actions.order[there] == actions.order[here])
        & (actions.kind[there] == actions.kind[here])
        & (actions.target[there] == actions.target[here])
        & (np.abs(actions.value[there] - actions.value[here]) <= 1e-15 * np.abs(actions.value[here]))
        & (actions.order[here] != RESET)
    )
    return int(same.argmin()) if not same.all() else len(same)


def _balanced(actions: Actions, first: int, shift: int) -> bool:
    """Return whether input rates are at the end of a period what they were at its begin."""
    part = slice(first, first + shift)
    rates = actions.kind[part] == 1
    for target in np.unique(actions.target[part][rates]):
        changes = actions.value[part][rates & (actions.target[part] == target)]
        if abs(changes.sum()) > 1e-12 * np.abs(changes).sum():
            return False
    return True


__all__ = ["LONGEST_PERIOD", "stretches"]
