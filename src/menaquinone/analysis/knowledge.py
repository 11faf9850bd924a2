"""What is not known apart from how people differ: intervals over draws of parameters, and over people within a draw."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from menaquinone import units
from menaquinone.analysis import _axes as axes
from menaquinone.errors import refused

_PARTS = (
    ("_median", "median person, median of the draws"),
    ("_known_low", "median person, lower end of the interval of the draws (what is not known)"),
    ("_known_high", "median person, upper end of the interval of the draws (what is not known)"),
    ("_people_low", "lower end of the interval of people, median of the draws (how people differ)"),
    ("_people_high", "upper end of the interval of people, median of the draws (how people differ)"),
    ("_low", "lower end of the interval of all people in all draws (both)"),
    ("_high", "upper end of the interval of all people in all draws (both)"),
)


def unknown_and_people(
    result: xr.Dataset, variables: str | Iterable[str] | None = None, *, share: float = 0.90
) -> xr.Dataset:
    """Return the interval of what is not known, that of how people differ, and that of both together.

    Parameters
    ----------
    result
        Of ``simulate(..., uncertainty=k)``, dims draw and subject. Whoever is missing (NaN) is left out.
    variables
        Names; all numbers in time that differ between draws unless given.
    share
        Of draws and of people that intervals hold, equal tails; above 0, below 1.

    Returns
    -------
    xarray.Dataset
        For every variable ``<name>_median``; ``_known_low`` and ``_known_high``, of the median person over draws;
        ``_people_low`` and ``_people_high``, of people within a draw, the median of the draws; ``_low`` and ``_high``,
        of all people in all draws.

    Raises
    ------
    UnknownNameError
        If a variable is not in the result.
    InputError
        If there is no dim draw or subject, or ``share`` is not between 0 and 1.
    """
    given, share = share, units.magnitude(share, "1", "share in the interval")
    if not 0 < share < 1:
        raise refused("share in the interval", given, "a number between 0 and 1")
    tails = [(1 - share) / 2, (1 + share) / 2]
    found: dict[str, xr.DataArray] = {}
    for name in axes.chosen(result, variables):
        one = result[name]
        if not {"draw", "subject"} <= set(one.dims):
            if variables is None:
                continue
            expected = "'draw' and 'subject' among them, as simulate(..., uncertainty=20) gives them"
            raise refused(f"dimensions of '{name}'", tuple(map(str, one.dims)), expected)
        moved = one.transpose(..., "draw", "subject")
        template = moved.isel(draw=0, subject=0, drop=True)
        parts = _parts(np.asarray(moved.values, float), tails)
        for (suffix, meaning), values in zip(_PARTS, parts, strict=True):
            about = {"units": axes.unit_of(one), "long_name": f"{axes.long_name(one)}, {meaning}"}
            about |= {"source": f"derived from {name}"} | axes.rests_on(one)
            found[name + suffix] = template.copy(data=values).assign_attrs(about)
    return xr.Dataset(found, attrs=result.attrs)


def _parts(people: np.ndarray, tails: list[float]) -> list[np.ndarray]:
    """Return what the parts hold, (...) each, from people (..., draw, subject)."""
    low, median, high = axes.quantiles(people, [tails[0], 0.5, tails[1]])
    both = axes.quantiles(people.reshape(*people.shape[:-2], -1), tails)
    known = axes.quantiles(median, tails)
    middle: list[Any] = [axes.quantiles(one, [0.5])[0] for one in (median, low, high)]
    return [middle[0], *known, *middle[1:], *both]


__all__ = ["unknown_and_people"]
