"""Calcium scores over time: change, new onset, shares above thresholds, mass and volume; and what a scanner reads.

People who failed (NaN) are left out of shares and counted in ``n``.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from menaquinone import units
from menaquinone.analysis import _axes as axes
from menaquinone.declare import Value
from menaquinone.errors import refused
from menaquinone.inputs import draws
from menaquinone.units import HOURS_PER_YEAR

SCORE = "agatston"

SCANNER_ROOT = Value(1.78, "AU^0.5", "sevrukov-2005-agatston-coef", note="4.93/(1.96 sqrt(2)), of a single scan")
SCANNER_SHARE = Value(
    0.05, "1", "mesa-2008-repeat-lin-coef", note="0.17/(1.96 sqrt(2)) is 0.06; less, for the root term is in it too"
)
READ_FROM = Value(1.0, "AU", "assumed: a reading below 1 counts as none")
FLIP = Value(
    0.010,
    "1",
    "mesa-2008-discordant",
    note="derived: with the noise of two readings presence differs in 4.1 % of people, ages spread evenly over 45-84",
)
FLIP_BELOW = Value(10.0, "AU", "assumed: nobody overlooks a larger deposit, and noise does not look like one")
PER_MASS = Value(5.6, "AU/mg", "cgps-agatston-median-a cgps-mass-median-a cgps-agatston-median-b")
PER_SCORE = Value(0.85, "mm^3/AU", "assumed: usual ratio of volume and score, no row")


def observe_agatston(
    result: xr.Dataset, rng: Any, *, flip: float = FLIP.value, flip_below: float = FLIP_BELOW.value
) -> xr.Dataset:
    """Add what a scanner reads of the true score: ``agatston_observed``.

    Normal around the true score A with variance 1.78^2 A + (0.05 A)^2, never below 0, a reading below 1 counting as 0.
    Then presence flips, independently of the noise, where A is small: a deposit is overlooked, or noise reads as 1 AU.

    Parameters
    ----------
    result
        With ``agatston``, dims subject, time and site; further dims (arm) share the draws.
    rng
        Seed; a reading depends on the seed, the site, the subject and the time of the visit alone.
    flip
        Probability that presence is read wrongly.
    flip_below
        True score (AU) from which on presence is never flipped; ``inf`` flips at any score.

    Returns
    -------
    xarray.Dataset
        The result with ``agatston_observed``; NaN where the true score is.

    Raises
    ------
    UnknownNameError
        If the result holds no ``agatston``.
    InputError
        If ``flip`` is not a probability.
    """
    given, flip = flip, units.magnitude(flip, "1", "probability of a flip")
    if not 0 <= flip <= 1:
        raise refused("probability of a flip", given, "a number from 0 to 1")
    one = axes.variable(result, SCORE)
    spread = np.sqrt(SCANNER_ROOT.value**2 * one + (SCANNER_SHARE.value * one) ** 2)
    noisy = one + spread * axes.keyed(one, rng, "scanner", draws.normal, 0)
    seen = noisy.where(noisy >= READ_FROM.value, 0.0)
    flips = (axes.keyed(one, rng, "scanner", draws.uniform, 1) < flip) & (one < flip_below)
    seen = seen.where(~flips, (seen == 0) * READ_FROM.value).where(one.notnull())
    source = f"{SCANNER_ROOT.source} {SCANNER_SHARE.source} {FLIP.source}; of variable {SCORE}"
    read = axes.relabelled(seen.transpose(*one.dims), one, "AU", "calcium score, as a scanner reads it", source)
    return result.assign(agatston_observed=read)


def annual_change(result: xr.Dataset, variable: str = SCORE, *, start: Any = None, stop: Any = None) -> xr.Dataset:
    """Return the change per year between two visits.

    Parameters
    ----------
    result
        A result or trial outcome.
    variable
        A score in it.
    start, stop
        Visits, ``"0 y"`` and ``"3 y"``; the first and the last time unless given.

    Returns
    -------
    xarray.Dataset
        ``annual_change`` (AU/a), ``annual_percent`` (compound growth in %/a, NaN without a score at either visit) and
        ``annual_root_change`` (change of the square root, AU^0.5/a).

    Raises
    ------
    UnknownNameError
        If the variable is not in the result.
    InputError
        If the result was not saved at a visit, or the second is not after the first.
    """
    one = axes.variable(result, variable)
    times = axes.hours(one)
    begin = 0 if start is None else int(axes.positions(one, [start], "first visit")[0])
    end = len(times) - 1 if stop is None else int(axes.positions(one, [stop], "second visit")[0])
    if times[end] <= times[begin]:
        raise refused("visits of an annual change", (start, stop), "the second after the first")
    years = (times[end] - times[begin]) / HOURS_PER_YEAR
    levels = axes.last(one)
    first, second = levels[..., begin], levels[..., end]
    both = (first > 0) & (second > 0)
    growth = np.where(both, np.log(np.where(both, second, 1.0) / np.where(both, first, 1.0)) / years, np.nan)
    unit, name = axes.unit_of(one), axes.long_name(one)
    return xr.Dataset(
        {
            "annual_change": axes.without_time(
                one, (second - first) / years, f"{unit}/a", f"change of {name} per year"
            ),
            "annual_percent": axes.without_time(
                one, 100 * np.expm1(growth), "%/a", f"compound growth of {name} per year"
            ),
            "annual_root_change": axes.without_time(
                one,
                (np.sqrt(second) - np.sqrt(first)) / years,
                f"{unit}^0.5/a",
                f"change of the root of {name} per year",
            ),
        }
    )


def share_above(
    result: xr.Dataset, thresholds: Iterable[float] = (0.0, 10.0, 100.0, 400.0), variable: str = SCORE
) -> xr.Dataset:
    """Return the share of people above each threshold, at every time.

    Parameters
    ----------
    result
        A result or trial outcome with dim subject.
    thresholds
        In the unit of the variable.
    variable
        A score in it.

    Returns
    -------
    xarray.Dataset
        ``share_above`` in % with a further dim ``threshold``, and ``n``, the people it is of.

    Raises
    ------
    UnknownNameError
        If the variable is not in the result.
    InputError
        If it has no dim subject, or a threshold is no number in its unit.
    """
    one = axes.variable(result, variable)
    axes.need(one, "subject")
    wanted = axes.several(thresholds, axes.unit_of(one), "threshold", "(0, 100)")
    marks = xr.DataArray(np.array(wanted), dims="threshold", name="threshold")
    marks = marks.assign_coords(threshold=marks.values)
    marks["threshold"].attrs.update(units=axes.unit_of(one), long_name="threshold")
    share = _share((one > marks), one.notnull())
    name = f"share of people whose {axes.long_name(one)} is above the threshold"
    return xr.Dataset({"share_above": axes.relabelled(share, one, "%", name), "n": _count(one.notnull(), one)})


def share_positive(result: xr.Dataset, variable: str = SCORE) -> xr.Dataset:
    """Return the share of people with any calcium at every time: ``share_positive`` in % and ``n``.

    Parameters
    ----------
    result, variable
        As for :func:`share_above`.
    """
    one = axes.variable(result, variable)
    axes.need(one, "subject")
    name = f"share of people whose {axes.long_name(one)} is above 0"
    share = axes.relabelled(_share(one > 0, one.notnull()), one, "%", name)
    return xr.Dataset({"share_positive": share, "n": _count(one.notnull(), one)})


def new_onset_share(result: xr.Dataset, variable: str = SCORE) -> xr.Dataset:
    """Return, of those without calcium at the first time, the share that has some at each time.

    Parameters
    ----------
    result, variable
        As for :func:`share_above`.

    Returns
    -------
    xarray.Dataset
        ``new_onset_share`` in %, and ``n``, those without calcium at the first time; NaN where there is nobody.
    """
    one = axes.variable(result, variable)
    axes.need(one, "subject", "time")
    at_risk = (one.isel(time=0, drop=True) == 0) & one.notnull()
    name = f"share of people without calcium at the first time whose {axes.long_name(one)} is above 0"
    share = axes.relabelled(_share(one > 0, at_risk), one, "%", name)
    return xr.Dataset({"new_onset_share": share, "n": _count(at_risk, one)})


def _share(yes: xr.DataArray, of: xr.DataArray) -> xr.DataArray:
    total = of.sum("subject")
    return 100 * (yes & of).sum("subject") / total.where(total > 0)


def _count(of: xr.DataArray, one: xr.DataArray) -> xr.DataArray:
    return axes.relabelled(of.sum("subject"), one, "1", "people counted")


def mass(result: xr.Dataset, variable: str = SCORE) -> xr.DataArray:
    """Return the mass of calcium of a score, 5.6 AU per mg.

    Parameters
    ----------
    result, variable
        As for :func:`share_above`; any dims.

    Returns
    -------
    xarray.DataArray
        mg.
    """
    one = axes.variable(result, variable)
    return axes.relabelled(one / PER_MASS.value, one, "mg", f"mass of calcium, {axes.long_name(one)}", PER_MASS.source)


def volume(result: xr.Dataset, variable: str = SCORE) -> xr.DataArray:
    """Return the volume of calcium of a score, 0.85 mm^3 per AU; arguments as for :func:`mass`."""
    one = axes.variable(result, variable)
    name = f"volume of calcium, {axes.long_name(one)}"
    return axes.relabelled(one * PER_SCORE.value, one, "mm^3", name, PER_SCORE.source)


__all__ = [
    "annual_change", "mass", "new_onset_share", "observe_agatston", "share_above", "share_positive", "volume",
]  # fmt: skip
