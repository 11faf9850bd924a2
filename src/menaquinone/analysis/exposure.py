"""Non-compartmental analysis of plasma concentrations, for all subjects, arms and forms at once.

Areas are in the concentration's unit times h, times in h. A half-life is always that of a stated window or of stated
samples: with several phases there is no other way to say which one is meant.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from menaquinone import units
from menaquinone.analysis import _axes as axes
from menaquinone.catalogue.forms import FORMS, Form, form
from menaquinone.declare import Value
from menaquinone.errors import refused, unknown
from menaquinone.inputs import draws

PLASMA = "plasma_concentration"

RESIDUAL = Value(0.125, "1", "assumed: middle of the 10-15 % usual for such assays")
"""Proportional residual error of a plasma concentration."""


def linear(times: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return areas of trapezoids.

    Parameters
    ----------
    times : ndarray (t,)
        Rising.
    levels : ndarray (..., t)

    Returns
    -------
    ndarray (..., t - 1)
    """
    return np.asarray((levels[..., 1:] + levels[..., :-1]) / 2 * np.diff(times))


def linear_up_log_down(times: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return areas of trapezoids, logarithmic where the level falls and stays positive; shapes as in :func:`linear`."""
    first, second = levels[..., :-1], levels[..., 1:]
    falls = (second < first) & (second > 0)
    drop, above = np.where(falls, first - second, 1.0), np.where(falls, second, 1.0)
    near = drop < above  # log1p keeps every digit of a small fall, a difference of logarithms cannot overflow
    logs = np.where(near, np.log1p(drop / np.where(near, above, drop)), np.log(above + drop) - np.log(above))
    return np.where(falls, drop / logs * np.diff(times), linear(times, levels))


METHODS = {"linear-up log-down": linear_up_log_down, "linear": linear}


def auc(one: xr.DataArray, method: str = "linear-up log-down") -> xr.DataArray:
    """Return the area under the curve from the first to the last time.

    Parameters
    ----------
    one
        A concentration with dim ``time``; select times first for part of a curve.
    method
        ``"linear-up log-down"`` or ``"linear"``.

    Raises
    ------
    UnknownNameError
        If there is no such method.
    """
    if method not in METHODS:
        raise unknown("method for areas", method, METHODS)
    areas = METHODS[method](axes.hours(one), axes.last(one)).sum(-1)
    name = f"area under {axes.long_name(one)}, {method}"
    return axes.without_time(one, areas, f"{axes.unit_of(one)}*h", name)


def terminal(one: xr.DataArray, window: tuple[Any, Any]) -> xr.Dataset:
    """Fit one exponential through the samples inside a window, least squares on the logarithm.

    Parameters
    ----------
    one
        A concentration with dim ``time``.
    window
        First and last time of the fit, ends included: ``("72 h", "14 d")``.

    Returns
    -------
    xarray.Dataset
        ``half_life`` (h), ``rate`` (1/h), ``r_squared`` and ``points``; NaN where a level is not positive or the
        curve does not fall.

    Raises
    ------
    InputError
        If the window holds fewer than three times.
    """
    start, stop = (units.hours(edge, "edge of the window") for edge in window)
    times = axes.hours(one)
    slack = 1e-6 * max(1.0, abs(stop))
    inside = np.flatnonzero((times >= start - slack) & (times <= stop + slack))
    if len(inside) < 3:
        raise refused("window of the half-life", window, f"three times or more inside it, the result has {len(inside)}")
    return _fitted(one, inside, f"{start:g} to {stop:g} h")


def apparent_half_life(one: xr.DataArray, samples: Iterable[Any]) -> xr.Dataset:
    """Fit one exponential through samples taken at stated times, as a study with few samples would.

    Parameters
    ----------
    one
        A concentration with dim ``time``.
    samples
        ``["6 h", "8 h", "12 h", "24 h"]``: at least two times at which the result was saved.

    Returns
    -------
    xarray.Dataset
        As from :func:`terminal`.

    Raises
    ------
    InputError
        If the result was not saved at one of the times, or there are fewer than two.
    """
    samples = list(samples)
    inside = axes.positions(one, samples, "time of a sample")
    if len(inside) < 2:
        raise refused("samples of the half-life", samples, "two times or more")
    return _fitted(one, inside, "samples at " + ", ".join(f"{time:g}" for time in axes.hours(one)[inside]) + " h")


def _fitted(one: xr.DataArray, inside: np.ndarray, stated: str) -> xr.Dataset:
    times, levels = axes.hours(one)[inside], axes.last(one)[..., inside]
    positive = np.asarray((levels > 0).all(-1))
    logs = np.log(np.where(positive[..., None], levels, 1.0))
    centred = times - times.mean()
    deviations = logs - logs.mean(-1, keepdims=True)
    slope = (deviations * centred).sum(-1) / (centred**2).sum()
    spread = (deviations**2).sum(-1)
    explained = slope**2 * (centred**2).sum() / np.where(spread > 0, spread, 1.0)
    rate = np.where(positive & (slope < 0), -slope, np.nan)
    valid = np.isfinite(rate)
    made = {
        "half_life": (np.log(2) / rate, "h", "half-life"),
        "rate": (rate, "1/h", "rate constant"),
        "r_squared": (
            np.where(valid, explained, np.nan),
            "1",
            "share of the spread of the logarithm that the fit explains",
        ),
        "points": (np.where(valid, float(len(inside)), np.nan), "1", "samples in the fit"),
    }
    return xr.Dataset(
        {
            name: axes.without_time(one, values, unit, f"{meaning}, {stated}").assign_attrs(window=stated)
            for name, (values, unit, meaning) in made.items()
        }
    )


def auc_inf(one: xr.DataArray, window: tuple[Any, Any], method: str = "linear-up log-down") -> xr.Dataset:
    """Return the area extrapolated to infinity with the terminal rate of a stated window.

    Parameters
    ----------
    one, window
        As for :func:`terminal`; the last level is the observed one.
    method
        As for :func:`auc`.

    Returns
    -------
    xarray.Dataset
        ``auc_inf`` and ``extrapolated``, the share of it beyond the last time.
    """
    seen = auc(one, method)
    fit = terminal(one, window)
    beyond = axes.last(one)[..., -1] / fit["rate"].values
    whole = seen.values + beyond
    stated = str(fit["rate"].attrs["window"])
    name = f"area under {axes.long_name(one)} to infinity, window {stated}"
    return xr.Dataset(
        {
            "auc_inf": axes.without_time(one, whole, f"{axes.unit_of(one)}*h", name),
            "extrapolated": axes.without_time(one, beyond / whole, "1", "share of the area beyond the last time"),
        }
    )


def exposure(
    result: xr.Dataset,
    variable: str = PLASMA,
    *,
    window: tuple[Any, Any] | None = None,
    method: str = "linear-up log-down",
    above_entry: bool = False,
) -> xr.Dataset:
    """Return peak, time of the peak and area, and with a window half-life and area to infinity.

    Parameters
    ----------
    result
        A result or trial outcome; every dim but time is kept.
    variable
        A concentration in it.
    window
        First and last time of the terminal phase, such as ``("72 h", "14 d")``.
    method
        As for :func:`auc`.
    above_entry
        Subtract the level at the first time, which habitual diet holds.

    Returns
    -------
    xarray.Dataset
        ``cmax``, ``tmax`` (h), ``auc``; with a window also ``half_life`` (h), ``rate``, ``r_squared``, ``points``,
        ``auc_inf`` and ``extrapolated``. NaN for a subject who failed.

    Raises
    ------
    UnknownNameError
        If the variable or the method is unknown.
    InputError
        If the variable has no dim time, or the window holds fewer than three times.
    """
    one = axes.variable(result, variable)
    axes.need(one, "time")
    one = _above_entry(one) if above_entry else one
    levels = axes.last(one)
    peak = levels.max(-1)
    when = np.where(np.isnan(peak), np.nan, axes.hours(one)[levels.argmax(-1)])
    found = {
        "cmax": axes.without_time(one, peak, axes.unit_of(one), f"peak of {axes.long_name(one)}"),
        "tmax": axes.without_time(one, when, "h", f"time of the peak of {axes.long_name(one)}"),
        "auc": auc(one, method),
    }
    if window is not None:
        found |= {str(name): fit for name, fit in terminal(one, window).data_vars.items()}
        found |= {str(name): whole for name, whole in auc_inf(one, window, method).data_vars.items()}
    return xr.Dataset(found)


def _above_entry(one: xr.DataArray) -> xr.DataArray:
    """Return what a concentration is beyond that at the first time."""
    return (one - one.isel(time=0, drop=True)).assign_attrs(one.attrs).rename(one.name)


def clearance(area: xr.DataArray, dose: Any, of: str | Form) -> xr.DataArray:
    """Return clearance over bioavailability: dose / area.

    Parameters
    ----------
    area
        To infinity after one dose, or over one interval at steady state, nmol/L*h.
    dose
        The dose, or the dose of an interval: ``"15 mg"``.
    of
        The form given; an area with an axis ``form`` is read at that form.

    Returns
    -------
    xarray.DataArray
        L/h.

    Raises
    ------
    UnknownNameError
        If there is no such form, or the area has none of it.
    InputError
        If the area is not in nmol/L*h, or the dose is not a mass or molar amount.
    """
    record = form(of)
    if axes.unit_of(area) != "nmol/L*h":
        raise refused("unit of the area", axes.unit_of(area), "'nmol/L*h'")
    if "form" in area.dims:
        known = [str(one) for one in area["form"].values]
        if record.name not in known:
            raise unknown("form in the area", record.name, known)
        area = area.isel(form=known.index(record.name))
    amount = units.nmol(dose, record.molar_mass.value)
    name = f"clearance of {record.name} over bioavailability"
    return axes.relabelled(amount / area, area, "L/h", name, f"derived: dose {dose} over area")


def accumulation(
    result: xr.Dataset,
    interval: Any,
    last: Any,
    variable: str = PLASMA,
    *,
    first: Any = "0 h",
    above_entry: bool = False,
) -> xr.Dataset:
    """Return how much more there is in a late dosing interval than in the first.

    Parameters
    ----------
    result
        Saved at both ends of both intervals, and often enough between.
    interval
        Length of a dosing interval: ``"24 h"``.
    last, first
        Start of the late and of the first interval.
    variable
        A concentration in the result.
    above_entry
        Subtract the level at the first time, which habitual diet holds.

    Returns
    -------
    xarray.Dataset
        Ratios ``auc``, ``peak`` and ``trough`` (the end of the interval), late over first.

    Raises
    ------
    InputError
        If the result was not saved at an end of an interval.
    """
    one = axes.variable(result, variable)
    one = _above_entry(one) if above_entry else one
    length = units.hours(interval, "dosing interval")
    parts = []
    for start in (first, last):
        begin = units.hours(start, "start of a dosing interval")
        edges = axes.positions(one, [f"{begin!r} h", f"{begin + length!r} h"], "end of a dosing interval")
        parts.append(one.isel(time=slice(edges[0], edges[1] + 1)))
    early, late = ((auc(part).values, axes.last(part).max(-1), axes.last(part)[..., -1]) for part in parts)
    names = ("auc", "peak", "trough")
    return xr.Dataset(
        {
            name: axes.without_time(one, after / before, "1", f"accumulation of {axes.long_name(one)}, {name}")
            for name, before, after in zip(names, early, late, strict=True)
        }
    )


def observe_plasma(
    result: xr.Dataset, rng: Any, *, error: float = RESIDUAL.value, variable: str = PLASMA
) -> xr.Dataset:
    """Add what an assay would read: proportional error, and nothing below the limit of quantification.

    Parameters
    ----------
    result
        With a concentration in nmol/L along ``form``.
    rng
        Seed; a reading depends on the seed, the form, the subject and the time of the visit alone.
    error
        SD of the error, relative to the concentration.
    variable
        The concentration.

    Returns
    -------
    xarray.Dataset
        The result with ``<variable>_observed``; NaN below the limit of a built-in form (0.1 ug/L).

    Raises
    ------
    UnknownNameError
        If the variable is not in the result.
    InputError
        If it lacks one of the dims subject, time and form, or ``error`` is no number of at least 0.
    """
    error = axes.spread(error, "error")
    one = axes.variable(result, variable)
    axes.need(one, "form")
    read = one * (1 + error * axes.keyed(one, rng, "assay", draws.normal))
    limits = xr.DataArray([_limit(str(name)) for name in one["form"].values], {"form": one["form"]}, ("form",))
    source = f"{RESIDUAL.source}; SD {error:g} of variable {variable}"
    read = axes.relabelled(
        read.where(read >= limits), one, axes.unit_of(one), f"{axes.long_name(one)}, as an assay reads it", source
    )
    return result.assign({f"{variable}_observed": read.transpose(*one.dims)})


def _limit(name: str) -> float:
    """Return the limit of quantification in nmol/L, 0 for a form that is not built in."""
    return FORMS[name].lloq.value * 1e3 / FORMS[name].molar_mass.value if name in FORMS else 0.0


__all__ = [
    "accumulation", "apparent_half_life", "auc", "auc_inf", "clearance", "exposure", "linear", "linear_up_log_down",
    "observe_plasma", "terminal",
]  # fmt: skip
