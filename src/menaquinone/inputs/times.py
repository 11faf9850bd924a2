"""Times as people write them: a span with a step, or days."""

import re
from typing import Any

import numpy as np

from menaquinone import units
from menaquinone.errors import InputError, refused

_DIGITS = 9
"""Times are rounded to so many digits of an hour (4 us)."""
_SPAN = re.compile(r"\s*([^:\s]+)\s*:\s*([^:\s]+)\s*:\s*([^:\s]+)\s+(\S+)\s*$")
_WANTED = "'start:stop:step unit' such as '0:730:14 d', or an array of days"


def hours_of(times: Any, what: str = "times") -> np.ndarray:
    """Return times in hours.

    Parameters
    ----------
    times
        ``"start:stop:step unit"``, or an array of days.
    what
        The name of the argument, for messages.

    Raises
    ------
    InputError
        If they are not finite, rising and at least 0, or there are none.
    """
    if isinstance(times, str):
        hours = _span(times, what)
    else:
        try:
            hours = np.atleast_1d(np.asarray(() if times is None else times, float)) * units.HOURS_PER_DAY
        except (TypeError, ValueError):
            raise refused(what, times, _WANTED) from None
    if hours.ndim != 1 or not hours.size:
        raise refused(what, times, "at least one time in one dimension" if times is not None else _WANTED)
    if not (np.isfinite(hours) & (hours >= 0)).all():
        wrong = hours[~(np.isfinite(hours) & (hours >= 0))][0] / units.HOURS_PER_DAY
        raise InputError(f"{what}: got {wrong:g} d, expected finite times of at least 0.")
    hours = np.round(hours, _DIGITS)
    late = np.flatnonzero(np.diff(hours) <= 0)
    if late.size:
        first, second = hours[late[0]] / 24, hours[late[0] + 1] / 24
        raise InputError(f"{what}: got {second:g} d after {first:g} d, expected times in rising order, each once.")
    return hours


def _span(text: str, what: str) -> np.ndarray:
    match = _SPAN.match(text)
    if match is None:
        raise refused(what, text, _WANTED)
    start, stop, step = (units.hours(f"{match[part]} {match[4]}", what) for part in (1, 2, 3))
    if step <= 0 or stop < start:
        raise refused(what, text, "a step greater than 0 and a stop not before the start")
    return np.asarray(start + step * np.arange(np.floor((stop - start) / step + 1e-9) + 1))


__all__ = ["hours_of"]
