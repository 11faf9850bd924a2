"""Across people: median and interval, mean and SD, quantiles. Who failed is left out and counted."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import xarray as xr

from menaquinone import units
from menaquinone.analysis import _axes as axes
from menaquinone.errors import refused


def quantiles(
    result: xr.Dataset,
    q: Iterable[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
    variables: str | Iterable[str] | None = None,
) -> xr.Dataset:
    """Return quantiles across people, per arm, time and member.

    Parameters
    ----------
    result
        A result or trial outcome with dim subject.
    q
        Probabilities, 0 to 1.
    variables
        Names; all numbers in time unless given.

    Returns
    -------
    xarray.Dataset
        The same names with dim ``quantile`` in place of subject, units kept, and ``<name>_n`` and ``<name>_failed``:
        people counted and people left out because the number is missing.

    Raises
    ------
    UnknownNameError
        If a variable is not in the result.
    InputError
        If a probability is not between 0 and 1, or there is no dim subject.
    """
    wanted = axes.several(q, "1", "quantile", "(0.05, 0.5, 0.95)")
    for one in wanted:
        if not 0 <= one <= 1:
            raise refused("quantile", one, "a probability from 0 to 1")

    def take(one: xr.DataArray) -> dict[str, xr.DataArray]:
        return {"": _across(one, wanted)}

    return _of_each(result, variables, take)


def median_interval(
    result: xr.Dataset, variables: str | Iterable[str] | None = None, *, share: float = 0.90
) -> xr.Dataset:
    """Return the median and the interval that holds a share of people, equal tails.

    Parameters
    ----------
    result, variables
        As for :func:`quantiles`.
    share
        Above 0, below 1.

    Returns
    -------
    xarray.Dataset
        ``<name>_median``, ``<name>_low``, ``<name>_high``, ``<name>_n`` and ``<name>_failed``.

    Raises
    ------
    UnknownNameError
        If a variable is not in the result.
    InputError
        If ``share`` is not between 0 and 1, or there is no dim subject.
    """
    given, share = share, units.magnitude(share, "1", "share of people in the interval")
    if not 0 < share < 1:
        raise refused("share of people in the interval", given, "a number between 0 and 1")
    wanted = [0.5, (1 - share) / 2, (1 + share) / 2]

    def take(one: xr.DataArray) -> dict[str, xr.DataArray]:
        found = _across(one, wanted)
        meanings = ("median", f"lower end of the interval of {share:.0%} of people", "upper end of that interval")
        return {
            suffix: found.isel(quantile=place, drop=True).assign_attrs(long_name=f"{axes.long_name(one)}, {meaning}")
            for place, (suffix, meaning) in enumerate(zip(("_median", "_low", "_high"), meanings, strict=True))
        }

    return _of_each(result, variables, take)


def mean_sd(result: xr.Dataset, variables: str | Iterable[str] | None = None) -> xr.Dataset:
    """Return mean and SD across people, per arm, time and member.

    Parameters
    ----------
    result, variables
        As for :func:`quantiles`.

    Returns
    -------
    xarray.Dataset
        ``<name>_mean``, ``<name>_sd`` (n - 1; NaN for one person), ``<name>_n`` and ``<name>_failed``.

    Raises
    ------
    UnknownNameError
        If a variable is not in the result.
    InputError
        If there is no dim subject.
    """

    def take(one: xr.DataArray) -> dict[str, xr.DataArray]:
        count = one.count("subject")
        mean = one.mean("subject")
        squares = ((one - mean) ** 2).sum("subject", skipna=True)
        spread = (squares / (count - 1).where(count > 1)) ** 0.5
        name, unit = axes.long_name(one), axes.unit_of(one)
        return {
            "_mean": axes.relabelled(mean, one, unit, f"{name}, mean"),
            "_sd": axes.relabelled(spread, one, unit, f"{name}, SD between people"),
        }

    return _of_each(result, variables, take)


def _of_each(
    result: xr.Dataset,
    variables: str | Iterable[str] | None,
    take: Callable[[xr.DataArray], dict[str, xr.DataArray]],
) -> xr.Dataset:
    found: dict[str, xr.DataArray] = {}
    for name in axes.chosen(result, variables):
        one = result[name]
        if variables is None and "subject" not in one.dims:
            continue
        axes.need(one, "subject")
        found |= {name + suffix: values for suffix, values in take(one).items()}
        here = one.notnull()
        found[f"{name}_n"] = axes.relabelled(here.sum("subject"), one, "1", f"people counted in {name}")
        found[f"{name}_failed"] = axes.relabelled((~here).sum("subject"), one, "1", f"people missing in {name}")
    return xr.Dataset(found, attrs=result.attrs)


def _across(one: xr.DataArray, wanted: list[float]) -> xr.DataArray:
    """Return quantiles across people, along a new first dim."""
    moved = one.transpose(..., "subject")
    template = moved.isel(subject=0, drop=True)
    coords: dict[Any, Any] = {
        **template.coords,
        "quantile": ("quantile", wanted, {"units": "1", "long_name": "share of people below"}),
    }
    values = axes.quantiles(np.asarray(moved.values, float), wanted)
    attrs = {"units": axes.unit_of(one), "long_name": axes.long_name(one), "source": f"derived from {one.name}"}
    attrs |= axes.rests_on(one)
    return xr.DataArray(values, coords, ("quantile", *template.dims), attrs=attrs)


__all__ = ["mean_sd", "median_interval", "quantiles"]
