"""Markers against entry: percent change, ratio, time to an effect; and what an assay of dp-ucMGP reads."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from menaquinone import units
from menaquinone.analysis import _axes as axes
from menaquinone.declare import Value
from menaquinone.errors import refused
from menaquinone.inputs import draws

ASSAY = Value(0.10, "1", "assumed: usual of the immunoassays; no row gives it")
"""SD of the logarithm of a reading of dp-ucMGP."""


def percent_change(
    result: xr.Dataset, variables: str | Iterable[str] | None = None, *, entry: Any = None
) -> xr.Dataset:
    """Return changes from entry in percent.

    Parameters
    ----------
    result
        A result or trial outcome.
    variables
        Names; all numbers in time unless given.
    entry
        Time of entry, ``"0 d"``; the first time unless given.

    Returns
    -------
    xarray.Dataset
        The same names and dims, in %. NaN where the level at entry is 0.

    Raises
    ------
    UnknownNameError
        If a variable is not in the result.
    InputError
        If the result was not saved at ``entry``.
    """
    return xr.Dataset(
        {
            name: axes.relabelled(
                100 * (_relative(result[name], entry) - 1),
                result[name],
                "%",
                f"change of {axes.long_name(result[name])}",
            )
            for name in axes.chosen(result, variables)
        }
    )


def ratio(result: xr.Dataset, variables: str | Iterable[str] | None = None, *, entry: Any = None) -> xr.Dataset:
    """Return levels relative to entry, what is left of them; arguments as for :func:`percent_change`."""
    return xr.Dataset(
        {
            name: axes.relabelled(
                _relative(result[name], entry), result[name], "1", f"{axes.long_name(result[name])}, relative to entry"
            )
            for name in axes.chosen(result, variables)
        }
    )


def _entry(one: xr.DataArray, entry: Any) -> xr.DataArray:
    axes.need(one, "time")
    place = 0 if entry is None else int(axes.positions(one, [entry], "time of entry")[0])
    return one.isel(time=place, drop=True)


def _relative(one: xr.DataArray, entry: Any) -> xr.DataArray:
    start = _entry(one, entry)
    return (one / start.where(start != 0)).transpose(*one.dims)


def time_to_change(result: xr.Dataset, variable: str, percent: float) -> xr.DataArray:
    """Return when a marker has first changed by so many percent from the first time, straight lines between times.

    Parameters
    ----------
    result
        A result or trial outcome.
    variable
        A name in it.
    percent
        ``-30`` for a fall, ``30`` for a rise; not 0.

    Returns
    -------
    xarray.DataArray
        Days; NaN for those who never get there.

    Raises
    ------
    UnknownNameError
        If the variable is not in the result.
    InputError
        If ``percent`` is 0 or not finite.
    """
    one = axes.variable(result, variable)
    given, percent = percent, units.magnitude(percent, "1", "percent")
    if percent == 0:
        raise refused("percent", given, "a finite number that is not 0")
    reached = (axes.last(_relative(one, None)) - 1) * 100 / percent
    days = _first(axes.hours(one), reached, 1.0) / 24
    return axes.without_time(one, days, "d", f"time until {axes.long_name(one)} has changed by {percent:g} %")


def time_to_share(result: xr.Dataset, variable: str, share: float = 0.9) -> xr.DataArray:
    """Return when a marker has first made a share of its change from the first to the last time.

    Parameters
    ----------
    result, variable
        As for :func:`time_to_change`.
    share
        Above 0, at most 1.

    Returns
    -------
    xarray.DataArray
        Days; NaN where the marker has not changed.

    Raises
    ------
    UnknownNameError
        If the variable is not in the result.
    InputError
        If ``share`` is not above 0 and at most 1.
    """
    one = axes.variable(result, variable)
    given, share = share, units.magnitude(share, "1", "share")
    if not 0 < share <= 1:
        raise refused("share", given, "a number above 0 and at most 1")
    levels = axes.last(one)
    whole = levels[..., -1:] - levels[..., :1]
    made = (levels - levels[..., :1]) / np.where(whole == 0, np.nan, whole)
    days = _first(axes.hours(one), made, share) / 24
    return axes.without_time(one, days, "d", f"time until {axes.long_name(one)} has made {share:.0%} of its change")


def _first(times: np.ndarray, levels: np.ndarray, wanted: float) -> np.ndarray:
    """Return when ``levels`` (..., t) first reach ``wanted``, NaN for never."""
    there = levels >= wanted
    after = there.argmax(-1)[..., None]
    before = np.maximum(after - 1, 0)
    low, high = np.take_along_axis(levels, before, -1), np.take_along_axis(levels, after, -1)
    rise = np.where(high > low, high - low, 1.0)
    when = times[before] + np.where(after > 0, (wanted - low) / rise, 0.0) * (times[after] - times[before])
    return np.where(there.any(-1), when[..., 0], np.nan)


def observe_dp_ucmgp(result: xr.Dataset, rng: Any, *, omega: float = ASSAY.value) -> xr.Dataset:
    """Add what an assay reads of dp-ucMGP: log-normal error with median 1.

    Parameters
    ----------
    result
        With ``dp_ucmgp``.
    rng
        Seed; a reading depends on the seed, the subject and the time of the visit alone.
    omega
        SD of the logarithm.

    Returns
    -------
    xarray.Dataset
        The result with ``dp_ucmgp_observed``.

    Raises
    ------
    UnknownNameError
        If the result holds no ``dp_ucmgp``.
    InputError
        If it lacks subject or time, or ``omega`` is no number of at least 0.
    """
    omega = axes.spread(omega, "omega")
    one = axes.variable(result, "dp_ucmgp")
    read = one * np.exp(omega * axes.keyed(one, rng, "dp-ucMGP assay", draws.normal))
    source = f"{ASSAY.source}; SD of ln {omega:g} of variable dp_ucmgp"
    name = f"{axes.long_name(one)}, as an assay reads it"
    read = axes.relabelled(read.transpose(*one.dims), one, axes.unit_of(one), name, source)
    return result.assign(dp_ucmgp_observed=read)


__all__ = ["observe_dp_ucmgp", "percent_change", "ratio", "time_to_change", "time_to_share"]
