"""How well an anticoagulant is controlled: the share of time in a therapeutic range. Not a dosing tool."""

from numbers import Real
from typing import Any

import numpy as np
import xarray as xr

from menaquinone import units
from menaquinone.analysis import _axes as axes
from menaquinone.errors import InputError, refused


def time_in_range(
    result: xr.Dataset,
    variable: str = "inr",
    *,
    low: float = 2.0,
    high: float = 3.0,
    start: Any = None,
    longest: Any = "56 d",
) -> xr.DataArray:
    """Return the share of time that a reading lies within a range, straight lines between readings (Rosendaal).

    Parameters
    ----------
    result
        A result or trial outcome; its times are the visits.
    variable
        A name in it.
    low, high
        The range, limits included.
    start
        Time of the first reading that counts, ``"28 d"``; the first time unless given.
    longest
        Intervals between readings longer than this are left out, as if nothing were known of them.

    Returns
    -------
    xarray.DataArray
        0 to 1; NaN for those without two readings in a row. Intervals with a missing reading are left out.

    Raises
    ------
    UnknownNameError
        If the variable is not in the result.
    InputError
        If the range is none, the result was not saved at ``start``, or there are not two readings.
    """
    one = axes.variable(result, variable)
    if not (isinstance(low, Real) and isinstance(high, Real) and low < high):
        raise refused("range", (low, high), "a lower limit below the upper one")
    first = 0 if start is None else int(axes.positions(one, [start], "start")[0])
    times, values = axes.hours(one)[first:], axes.last(one)[..., first:]
    if len(times) < 2:
        raise InputError(f"time in range of '{variable}': got {len(times)} reading, expected at least two.")
    lasts = np.diff(times)
    lasts = np.where(lasts <= units.hours(longest, "longest"), lasts, 0.0)
    inside = _share_inside(values[..., :-1], values[..., 1:], low, high)
    known = np.where(np.isnan(inside), 0.0, lasts)
    total = known.sum(axis=-1)
    share = np.where(total > 0, (np.nan_to_num(inside) * known).sum(axis=-1) / np.where(total > 0, total, 1.0), np.nan)
    said = f"share of time that {axes.long_name(one)} is within {low:g} to {high:g}"
    return axes.without_time(one, share, "1", said)


def _share_inside(before: np.ndarray, after: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return which share of a straight line lies within the range; of a level one, all or nothing."""
    bottom, top = np.minimum(before, after), np.maximum(before, after)
    overlap = np.minimum(top, high) - np.maximum(bottom, low)
    slope = top > bottom
    share = np.where(slope, np.clip(overlap, 0.0, None) / np.where(slope, top - bottom, 1.0), overlap >= 0)
    return np.where(np.isnan(before + after), np.nan, share)


__all__ = ["time_in_range"]
