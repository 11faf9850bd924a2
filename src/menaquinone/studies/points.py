"""The points of a sweep: from values, laws and a design to one number of every swept name at every point."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from menaquinone import units
from menaquinone.errors import InputError, refused
from menaquinone.inputs.designs import Grid, Law, Table
from menaquinone.results import Lead
from menaquinone.studies.swept import Swept

_EDGE = 2.0**-33
"""Shares of 0 and 1, which unscrambled samples begin with, are moved in by so much: a law has no value there."""
_DESIGNS = "mk.grid(), mk.table() or a sampler such as scipy.stats.qmc.Sobol(d)"


@dataclass(frozen=True)
class Values:
    """Values of one swept name.

    Attributes
    ----------
    held : ndarray (k,)
        As the library holds them.
    shown : ndarray (k,)
        In ``unit``, as they were written.
    unit
        Of what is shown.
    """

    held: np.ndarray
    shown: np.ndarray
    unit: str

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.held)

    def __getitem__(self, index: np.ndarray) -> "Values":
        """Return some of them."""
        return Values(self.held[index], self.shown[index], self.unit)


@dataclass(frozen=True)
class Points:
    """What is swept, and its values at every point.

    Attributes
    ----------
    swept
        The names.
    values
        Of each of them at every point, in the same order.
    lead
        Dimensions and coordinates that stand before all others in a result.
    """

    swept: tuple[Swept, ...]
    values: tuple[Values, ...]
    lead: Lead

    def __len__(self) -> int:
        """Return how many points there are."""
        return len(self.values[0])

    def said(self, point: int) -> str:
        """Word one point."""
        return ", ".join(
            f"{one.name} {_plain(values.shown[point])} {values.unit}".removesuffix(" 1").rstrip()
            for one, values in zip(self.swept, self.values, strict=True)
        )


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{value:.6g}"


def points(swept: Sequence[Swept], over: Mapping[str, Any], design: Any, n: Any) -> Points:
    """Lay out the points of a sweep.

    Parameters
    ----------
    swept
        What each name stands for.
    over
        Values or a law for each name.
    design
        ``grid()``, ``table()`` or a sampler of ``scipy.stats.qmc``.
    n
        Points that a sampler draws.

    Raises
    ------
    InputError
        If values are empty, wrong, of different numbers in a table, or the design is none.
    """
    given = [over[one.name] if isinstance(over[one.name], Law) else listed_values(one, over[one.name]) for one in swept]
    sampler = hasattr(design, "random") and hasattr(design, "d")
    if not sampler and n is not None:
        raise refused("n", n, "none: only a sampler draws as many points as it is asked for")
    if sampler:
        return _sampled(swept, given, design, n)
    if isinstance(design, Grid):
        return _crossed(swept, given, design)
    if isinstance(design, Table):
        return _rows(swept, given)
    raise refused("design", design, _DESIGNS)


def _crossed(swept: Sequence[Swept], given: Sequence[Any], design: Grid) -> Points:
    every = []
    for one, values in zip(swept, given, strict=True):
        if isinstance(values, Law):
            if design.levels is None:
                raise InputError(
                    f"{one.name}: got a law, expected a list of values, mk.grid(levels=5), or a sampler such as "
                    "scipy.stats.qmc.Sobol."
                )
            every.append(drawn(one, values, (np.arange(design.levels) + 0.5) / design.levels))
        else:
            every.append(values)
    sizes = tuple(map(len, every))
    places = np.unravel_index(np.arange(prod(sizes)), sizes)
    coords = {
        one.name: ((one.name,), values.shown, _about(one, values)) for one, values in zip(swept, every, strict=True)
    }
    at_points = tuple(values[place] for values, place in zip(every, places, strict=True))
    return Points(tuple(swept), at_points, Lead(tuple(coords), sizes, coords))


def _rows(swept: Sequence[Swept], given: Sequence[Any]) -> Points:
    for one, values in zip(swept, given, strict=True):
        if isinstance(values, Law):
            raise InputError(
                f"{one.name}: got a law, expected a list of values, or a sampler such as scipy.stats.qmc.Sobol."
            )
        if len(values) != len(given[0]):
            raise InputError(
                f"{one.name}: got {len(values)} values, expected {len(given[0])} in this table, as many as of "
                f"'{swept[0].name}'."
            )
    return _in_line(swept, given)


def _sampled(swept: Sequence[Swept], given: Sequence[Any], sampler: Any, n: Any) -> Points:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise refused("n", n, "the number of points to draw, at least 1")
    if sampler.d != len(swept):
        raise InputError(
            f"design: got a sampler of {sampler.d} dimensions, expected {len(swept)}, one for each swept name."
        )
    shares = np.asarray(sampler.random(int(n)), float)
    if shares.shape != (n, len(swept)) or not ((shares >= 0) & (shares <= 1)).all():
        raise refused("design", sampler, "a sampler of the unit cube, such as scipy.stats.qmc.Sobol(d)")
    found = []
    for one, values, share in zip(swept, given, shares.T, strict=True):
        if isinstance(values, Law):
            found.append(drawn(one, values, np.clip(share, _EDGE, 1 - _EDGE)))
        else:  # every value of a list is as likely as every other
            found.append(values[np.minimum((share * len(values)).astype(int), len(values) - 1)])
    return _in_line(swept, found)


def _in_line(swept: Sequence[Swept], values: Sequence[Values]) -> Points:
    count = len(values[0])
    coords: dict[str, Any] = {"point": (("point",), np.arange(count), {"long_name": "number of the point"})}
    for one, each in zip(swept, values, strict=True):
        coords[one.name] = (("point",), each.shown, _about(one, each))
    return Points(tuple(swept), tuple(values), Lead(("point",), (count,), coords))


def _about(one: Swept, values: Values) -> dict[str, Any]:
    about = {"long_name": one.long_name}
    return about | {"units": values.unit} if values.unit else about


# values ---------------------------------------------------------------------------------------------------------------


def listed_values(one: Swept, given: Any) -> Values:
    """Read a list of values.

    Raises
    ------
    InputError
        If it is no list, empty, or a value is wrong.
    """
    if hasattr(given, "magnitude") and hasattr(given, "units"):  # an array with a unit
        numbers, unit = np.atleast_1d(np.asarray(given.magnitude, float)), f"{given.units:~C}"
        return _scaled(one, _some(one, numbers), unit)
    if isinstance(given, (str, bytes, Mapping)) or not hasattr(given, "__iter__"):
        raise refused(one.name, given, "a list of values, or a law such as mk.lognormal(1, cv=0.3)")
    items = given if isinstance(given, np.ndarray) else list(given)
    if isinstance(items, np.ndarray) and items.ndim != 1:
        raise refused(one.name, f"an array of {items.ndim} dimensions", "values in one dimension")
    if one.unit and len(items) and all(map(_is_number, items)):
        return _scaled(one, np.asarray(items, float), one.unit)
    held = _some(one, np.array([one.read(item) for item in items]))
    if held.dtype.kind in "US":
        return Values(held, held, "")
    written = [_written(one, item, number) for item, number in zip(items, held.tolist(), strict=True)]
    unit = written[0][1]
    scale = 1.0 if unit == one.unit else one.read(f"1 {unit}")
    shown = np.array(
        [value if of == unit else number / scale for (value, of), number in zip(written, held, strict=True)]
    )
    one.check(held, shown)
    return Values(held, shown, unit)


def drawn(one: Swept, law: Law, shares: np.ndarray) -> Values:
    """Return values of a law at some of its quantiles."""
    return _scaled(one, law.quantile(shares), law.unit or one.unit)


def _some(one: Swept, values: np.ndarray) -> np.ndarray:
    if not len(values):
        raise InputError(f"{one.name}: got no values, expected at least one.")
    return values


def _scaled(one: Swept, shown: np.ndarray, unit: str) -> Values:
    """Return numbers that are all in one unit."""
    if not unit:
        one.read(float(shown[0]))  # refuses a number without a unit
    held = shown if unit == one.unit else shown * one.read(f"1 {unit}")
    one.check(held, shown)
    return Values(held, shown, unit)


def _written(one: Swept, item: Any, held: float) -> tuple[float, str]:
    """Return the number and unit that somebody wrote; plain numbers are told as they are held."""
    if one.unit == "1" or _is_number(item):
        return held, one.unit
    return units.split(item, one.name, f"1 {one.unit}")


def _is_number(item: Any) -> bool:
    return isinstance(item, (int, float, np.number)) and not isinstance(item, bool)


__all__ = ["Points", "Values", "drawn", "listed_values", "points"]
