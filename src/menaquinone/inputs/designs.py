"""Which values a sweep takes: laws to draw them from, and ways to combine several of them."""

from dataclasses import dataclass
from math import inf, log, sqrt
from typing import Any

import numpy as np

from menaquinone.errors import refused
from menaquinone.inputs.distributions import Distribution, LogNormal, Normal, Uniform
from menaquinone.units import magnitude, split


@dataclass(frozen=True)
class Law:
    """A distribution of a swept quantity.

    Attributes
    ----------
    distribution
        In ``unit``.
    unit
        Empty for the unit of whatever is swept.
    """

    distribution: Distribution
    unit: str

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return the values below which the shares ``u`` lie."""
        return self.distribution.quantile(u)


def lognormal(median: Any, *, cv: Any = None, omega: Any = None, low: Any = None, high: Any = None) -> Law:
    """Describe a log-normal quantity of a sweep.

    Parameters
    ----------
    median
        Above 0: a number in the unit of what is swept, or a quantity such as ``"1.1 L/h"``.
    cv, omega
        One of them: coefficient of variation (``0.3``, ``"30 %"``), or SD of the logarithm.
    low, high
        Where the law is cut, if anywhere.

    Raises
    ------
    InputError
        If the median or the spread is not above 0, or both or none of ``cv`` and ``omega`` are given.
    """
    (middle, lowest, highest), unit = _alike(("median", median), ("low", low), ("high", high))
    if middle <= 0:
        raise refused("median", median, "a number greater than 0")
    if (cv is None) == (omega is None):
        raise refused("spread of a log-normal", {"cv": cv, "omega": omega}, "either cv or omega")
    name, given = ("omega", omega) if cv is None else ("cv", cv)
    spread = magnitude(given, "1", name)
    if spread <= 0:
        raise refused(name, given, "a number greater than 0")
    width = spread if cv is None else sqrt(log(1 + spread**2))
    _check_limits(lowest, highest)
    return Law(LogNormal(middle, width, max(lowest, 0.0), highest), unit)


def normal(mean: Any, sd: Any, *, low: Any = None, high: Any = None) -> Law:
    """Describe a normal quantity of a sweep.

    Parameters
    ----------
    mean, sd
        Before it is cut: numbers in the unit of what is swept, or quantities.
    low, high
        Where the law is cut, if anywhere: a clearance cannot be negative.

    Raises
    ------
    InputError
        If the SD is not above 0, or ``low`` is not below ``high``.
    """
    (middle, spread, lowest, highest), unit = _alike(("mean", mean), ("sd", sd), ("low", low), ("high", high))
    if spread <= 0:
        raise refused("sd", sd, "a number greater than 0")
    _check_limits(lowest, highest)
    return Law(Normal(middle, spread, lowest, highest), unit)


def uniform(low: Any, high: Any) -> Law:
    """Describe a quantity of a sweep whose values are all alike between two limits.

    Parameters
    ----------
    low, high
        Numbers in the unit of what is swept, or quantities.

    Raises
    ------
    InputError
        If ``low`` is not below ``high``.
    """
    for name, one in (("low", low), ("high", high)):
        if one is None:
            raise refused(name, one, "a number or a quantity")
    (lowest, highest), unit = _alike(("low", low), ("high", high))
    _check_limits(lowest, highest)
    return Law(Uniform(lowest, highest), unit)


_LIMITS = ("low", "high")


def _alike(*named: tuple[str, Any]) -> tuple[list[float], str]:
    """Return numbers in one unit, that of the first; limits that are not given are infinite."""
    name, first = named[0]
    bare = isinstance(first, (int, float, np.number))
    unit = "" if bare else split(first, name, "1.1 L/h")[1]
    numbers = []
    for name, one in named:
        if one is None and name in _LIMITS:
            numbers.append(-inf if name == "low" else inf)
        elif bare and not isinstance(one, (int, float, np.number)):
            raise refused(name, one, f"a number without a unit, as {named[0][0]}")
        else:
            numbers.append(magnitude(one, unit or "1", name))
    return numbers, unit


def _check_limits(low: float, high: float) -> None:
    if low >= high:
        raise refused("low", low, f"a number below high ({high:g})")


@dataclass(frozen=True)
class Grid:
    """Every combination of the values."""

    levels: int | None = None


@dataclass(frozen=True)
class Table:
    """The first values together, then the second, and so on."""


def grid(levels: int | None = None) -> Grid:
    """Combine every value of a sweep with every value of the others; the result has a dimension for each name.

    Parameters
    ----------
    levels
        Into how many values a law is cut: those in the middle of as many parts of equal probability.

    Raises
    ------
    InputError
        If it is not a whole number of at least 1.
    """
    given: Any = levels
    if given is not None and (isinstance(given, bool) or not isinstance(given, int) or given < 1):
        raise refused("levels", given, "a whole number of at least 1")
    return Grid(levels)


def table() -> Table:
    """Take the values of a sweep row by row; the result has a dimension ``point``."""
    return Table()


__all__ = ["Grid", "Law", "Table", "grid", "lognormal", "normal", "table", "uniform"]
