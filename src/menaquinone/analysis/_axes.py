"""Times in hours, visits as keys of draws, and the arithmetic of labelled results that every analysis shares."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import xarray as xr

from menaquinone import units
from menaquinone.errors import InputError, refused, unknown
from menaquinone.inputs import draws
from menaquinone.results import AXES


def variable(data: xr.Dataset, name: str) -> xr.DataArray:
    """Return a variable of a result.

    Raises
    ------
    UnknownNameError
        If the result has none of that name.
    """
    if name not in data.data_vars:
        raise unknown("variable of the result", name, map(str, data.data_vars))
    return data[name]


def numeric(data: xr.Dataset) -> tuple[str, ...]:
    """Return the names of the variables of people that are numbers in time, doses apart."""
    return tuple(
        str(name)
        for name, one in data.data_vars.items()
        if "time" in one.dims and one.dtype.kind == "f" and not str(name).startswith("dose_")
    )


def chosen(data: xr.Dataset, variables: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return the names asked for, checked; all numbers in time if none are."""
    if variables is None:
        return numeric(data)
    names = (variables,) if isinstance(variables, str) else tuple(variables)
    for name in names:
        variable(data, name)
    return names


def hours(data: Any) -> np.ndarray:
    """Return the time coordinate in hours.

    Raises
    ------
    InputError
        If there is no time, or its ``units`` are missing.
    """
    if "time" not in data.coords:
        raise refused("dimensions of the result", tuple(map(str, data.dims)), "'time' among them")
    unit = data["time"].attrs.get("units")
    if unit is None:
        raise InputError("time of the result: got no attribute 'units', expected one such as 'd'.")
    return np.asarray(data["time"].values, float) * units.factor(unit)


def positions(data: Any, times: Iterable[Any], what: str) -> np.ndarray:
    """Return where times stand on the time axis.

    Raises
    ------
    InputError
        If the result was not saved at one of them.
    """
    grid = hours(data)
    found = []
    for time in times:
        wanted = units.hours(time, what)
        near = np.flatnonzero(np.abs(grid - wanted) <= 1e-6 * max(1.0, abs(wanted)))
        if not near.size:
            raise refused(what, time, f"a time at which the result was saved, {grid[0]:g} to {grid[-1]:g} h")
        found.append(near[0])
    return np.array(found, int)


def need(one: xr.DataArray, *dims: str) -> None:
    """Refuse a variable that lacks one of some dims.

    Raises
    ------
    InputError
        If it does.
    """
    for dim in dims:
        if dim not in one.dims:
            raise refused(f"dimensions of '{one.name}'", tuple(map(str, one.dims)), f"'{dim}' among them")


def several(given: Any, unit: str, what: str, example: str) -> list[float]:
    """Return numbers in a unit.

    Raises
    ------
    InputError
        If they are none, or one of them has another dimension.
    """
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise refused(f"{what}s", given, f"numbers such as {example}")
    return [units.magnitude(one, unit, what) for one in given]


def spread(given: Any, what: str) -> float:
    """Return an SD without a unit.

    Raises
    ------
    InputError
        If it is no number of at least 0.
    """
    value = units.magnitude(given, "1", what)
    if value < 0:
        raise refused(what, given, "a number of at least 0")
    return value


def quantiles(values: np.ndarray, wanted: list[float]) -> np.ndarray:
    """Return quantiles over the last axis, NaN left out: (q, ...); NaN where nobody is left."""
    counted = np.isfinite(values).any(-1)
    safe = np.where(counted[..., None], values, 0.0)  # nanquantile warns where all are NaN
    return np.where(counted, np.nanquantile(safe, wanted, axis=-1), np.nan)


def last(one: xr.DataArray) -> np.ndarray:
    """Return values with time as the last axis."""
    return np.asarray(one.transpose(..., "time").values, float)


def without_time(one: xr.DataArray, values: np.ndarray, unit: str, long_name: str, source: str = "") -> xr.DataArray:
    """Label numbers that have the dims of ``one`` but time."""
    template = one.transpose(..., "time").isel(time=0, drop=True)
    attrs = {"units": unit, "long_name": long_name, "source": source or f"derived from {one.name}"} | rests_on(one)
    return xr.DataArray(values, template.coords, template.dims, attrs=attrs)


def relabelled(one: xr.DataArray, of: xr.DataArray, unit: str, long_name: str, source: str = "") -> xr.DataArray:
    """Give numbers computed from variable ``of`` their own attributes, in the order of its dims."""
    same = [dim for dim in of.dims if dim in one.dims]
    attrs = {"units": unit, "long_name": long_name, "source": source or f"derived from {of.name}"} | rests_on(of)
    return one.transpose(..., *same).drop_attrs(deep=False).assign_attrs(attrs)


def rests_on(one: xr.DataArray) -> dict[str, str]:
    """Return the attribute that names the evidence rows behind a variable, where it has one: for what is derived."""
    return {"rests_on": one.attrs["rests_on"]} if "rests_on" in one.attrs else {}


def unit_of(one: xr.DataArray) -> str:
    """Return the unit of a variable, ``1`` where it says nothing."""
    return str(one.attrs.get("units", "1"))


def long_name(one: xr.DataArray) -> str:
    """Return what a variable is called, its name where it says nothing."""
    return str(one.attrs.get("long_name", one.name))


def keyed(one: xr.DataArray, rng: Any, purpose: str, law: Callable[..., np.ndarray], draw: int = 0) -> xr.DataArray:
    """Draw a random number for every subject, member and time of a variable.

    A draw depends on the seed, the purpose, the member, the subject and the minute of the visit: neither on which other
    visits or subjects there are, nor on the arm.

    Parameters
    ----------
    one
        With dims subject and time, and at most one axis of members; further dims (arm) share the draws.
    rng
        As for :func:`menaquinone.inputs.draws.entropy`.
    purpose
        What the draw is for.
    law
        One of :mod:`menaquinone.inputs.draws`: ``uniform``, ``normal``.
    draw
        Number of the draw, for purposes that need several.

    Returns
    -------
    xarray.DataArray
        Dims (subject, time) and the axis of members.

    Raises
    ------
    InputError
        If subject or time is missing.
    """
    seed = draws.entropy(rng)
    need(one, "subject", "time")
    ids = np.array([int(label) for label in one["subject"].values], np.int64)[:, None]
    visits = np.rint(hours(one) * 60).astype(np.int64)
    coords = {"subject": one["subject"], "time": one["time"]}
    axis = next((dim for dim in one.dims if dim in AXES), None)
    if axis is None:
        return xr.DataArray(law(seed, purpose, ids, visits, draw), coords, ("subject", "time"))
    labels = [f"{purpose}[{label}]" for label in one[axis].values]
    drawn = np.stack([law(seed, label, ids, visits, draw) for label in labels], axis=2)
    return xr.DataArray(drawn, {**coords, axis: one[axis]}, ("subject", "time", axis))
