"""What a trial reports of a person (a measure) and of its people (a statistic), as plain arrays of simulated people.

Every function takes the people along the last axis and leaves the axes before it (points of a design) alone.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from menaquinone.errors import refused, unknown
from menaquinone.units import HOURS_PER_DAY, HOURS_PER_YEAR

if TYPE_CHECKING:
    from xarray import DataArray, Dataset

Array = np.ndarray
_ALONE = ("arm", "draw", "point", "subject", "time")
"""Dimensions without members of a variable; those of a sweep are told by the result."""


# of a person ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Course:
    """A variable of every person from a first visit to a later one.

    Attributes
    ----------
    levels : ndarray (..., subject, time)
        At the first visit, the times between, and the later one.
    hours : ndarray (time,)
        Of these times.
    """

    levels: Array
    hours: Array

    @property
    def first(self) -> Array:
        """At the first visit."""
        return self.levels[..., 0]

    @property
    def last(self) -> Array:
        """At the later visit."""
        return self.levels[..., -1]

    @property
    def years(self) -> float:
        """Between the two."""
        return float(self.hours[-1] - self.hours[0]) / HOURS_PER_YEAR


def _relative(of: Course) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(of.first > 0, of.last / of.first, np.nan)


def _log_growth(of: Course) -> Array:
    there = (of.first > 0) & (of.last > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(there, np.log(of.last / of.first) / of.years, np.nan)


@dataclass(frozen=True)
class Measure:
    """What of a person is reported.

    Attributes
    ----------
    meaning
        One phrase.
    unit
        Turns the unit of the variable into that of the measure.
    take
        From a course to one number a person, (..., subject).
    course
        Whether it needs every time between the visits; else the two visits are enough.
    entry
        Whether it needs the first visit at all.
    """

    meaning: str
    unit: Callable[[str], str]
    take: Callable[[Course], Array]
    course: bool = False
    entry: bool = True


MEASURES: dict[str, Measure] = {
    "level": Measure("the level", lambda unit: unit, lambda of: of.last, entry=False),
    "change": Measure("the change", lambda unit: unit, lambda of: of.last - of.first),
    "percent change": Measure("the change in %", lambda _: "%", lambda of: 100 * (_relative(of) - 1)),
    "ratio": Measure("the level relative to the first", lambda _: "1", _relative),
    "change per year": Measure(
        "the change per year", lambda unit: f"{unit}/a", lambda of: (of.last - of.first) / of.years
    ),
    "log growth": Measure("the rise of the logarithm per year", lambda _: "1/a", _log_growth),
    "area": Measure(
        "the area under the curve", lambda unit: f"{unit}*h",
        lambda of: np.trapezoid(of.levels, of.hours, axis=-1), course=True,
    ),
    "maximum": Measure("the highest level", lambda unit: unit, lambda of: of.levels.max(axis=-1), course=True),
    "time of maximum": Measure(
        "when the level is highest", lambda _: "h",
        lambda of: of.hours[of.levels.argmax(axis=-1)] - of.hours[0], course=True,
    ),
}  # fmt: skip
"""What of a person can be reported, by name; all but ``level`` compare with a first visit, entry unless said."""


def measure(name: str) -> Measure:
    """Return a measure by its name.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    if name not in MEASURES:
        raise unknown("measure", name, MEASURES)
    return MEASURES[name]


def pick(result: "Dataset", name: str) -> "DataArray":
    """Return one variable of a result, a member chosen in brackets.

    Parameters
    ----------
    result
        A result of a simulation, a sweep or a trial.
    name
        ``dp_ucmgp``, ``agatston[coronary]``, or a column of the people: ``drug[warfarin]``.

    Raises
    ------
    UnknownNameError
        If the result has no such variable or member.
    InputError
        If a member is asked for of a variable without members.
    """
    variable, _, rest = name.partition("[")
    if name in result.data_vars and not (rest and variable in result.data_vars):  # a score, not the column of entry
        return result[name]
    if variable not in result.data_vars:
        raise unknown("variable of the result", variable, [str(one) for one in result.data_vars])
    found = result[variable]
    if not rest:
        return found
    label, alone = rest.removesuffix("]"), {*_ALONE, *json.loads(result.attrs.get("swept", "{}"))}
    for axis in found.dims:
        if axis not in alone:
            members = [str(one) for one in found[axis].values]
            if label not in members:
                raise unknown(f"{axis} of '{variable}' in the result", label, members)
            return found.isel({axis: members.index(label)})
    raise refused(f"member of '{variable}'", label, f"'{variable}' alone, which has no members")


def place_of(found: "DataArray", days: float) -> int | None:
    """Return the position of a time in days since entry, or nothing where the variable was not saved then."""
    times = np.asarray(found["time"].values, dtype=float)
    near = np.flatnonzero(np.abs(times - days) <= 1e-6 * max(1.0, abs(days)))
    return int(near[0]) if len(near) else None


def of_people(found: "DataArray", of: str, days: float, since: float = 0.0) -> Array | None:
    """Return a measure of every person.

    Parameters
    ----------
    found
        A variable in time, or a column of the people, which has its level at all times.
    of
        Name of a measure.
    days, since
        The visit, and the first one.

    Returns
    -------
    ndarray (..., subject) or None
        Nothing where the variable was not saved at a visit that is needed.
    """
    if "time" not in found.dims:
        return np.asarray(found.transpose(..., "subject").values, dtype=float) if of == "level" else None
    wanted, last = measure(of), place_of(found, days)
    first = place_of(found, since) if wanted.entry else last
    if first is None or last is None:
        return None
    levels = np.asarray(found.transpose(..., "subject", "time").values, dtype=float)
    hours = np.asarray(found["time"].values, dtype=float) * HOURS_PER_DAY
    chosen = np.arange(first, last + 1) if wanted.course else np.array([first, last])
    return np.asarray(wanted.take(Course(levels[..., chosen], hours[chosen])))


# of people ------------------------------------------------------------------------------------------------------------

Statistic = Callable[[Array], Array]


def mean(people: Array) -> Array:
    """Return the mean of those who have a value."""
    known = np.isfinite(people)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, people, 0.0).sum(axis=-1) / known.sum(axis=-1))


def median(people: Array) -> Array:
    """Return the median of those who have a value."""
    people = np.where(np.isfinite(people), people, np.nan)
    if not np.isnan(people).any():
        return np.asarray(np.median(people, axis=-1))
    some = ~np.isnan(people).all(axis=-1)
    return np.where(some, np.nanmedian(np.where(some[..., None], people, 0.0), axis=-1), np.nan)


def geometric_mean(people: Array) -> Array:
    """Return the geometric mean of those with a value above 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.exp(mean(np.where(people > 0, np.log(people), np.nan))))


def geometric_percent(people: Array) -> Array:
    """Return the percent change of the geometric mean: percent changes are averaged as logarithms of ratios."""
    return np.asarray(100 * (geometric_mean(1 + people / 100) - 1))


def share_above(threshold: float) -> Statistic:
    """Return the statistic 'share of people above a threshold', in % of those who have a value."""

    def share(people: Array) -> Array:
        return 100 * mean(np.where(np.isfinite(people), people > threshold, np.nan))

    return share


def statistic(name: str, of: str = "level", threshold: float = 0.0) -> Statistic:
    """Return a statistic by its name.

    Parameters
    ----------
    name
        ``mean``, ``median``, ``geometric mean`` or ``share above``.
    of
        Name of the measure: percent changes have a geometric mean of their own.
    threshold
        Of ``share above``.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    known = {
        "mean": mean,
        "median": median,
        "geometric mean": geometric_percent if of == "percent change" else geometric_mean,
        "share above": share_above(threshold),
    }
    if name not in known:
        raise unknown("statistic", name, known)
    return known[name]


STATISTICS = ("mean", "median", "geometric mean", "share above")

COMPARISONS: dict[str, Callable[[Array, Array], Array]] = {
    "difference": lambda one, other: one - other,
    "ratio": lambda one, other: one / other,
    "percent difference": lambda one, other: 100 * (one / other - 1),
}
"""How the statistic of an arm is compared with that of another."""

__all__ = [
    "COMPARISONS", "MEASURES", "STATISTICS", "Course", "Measure", "geometric_mean", "geometric_percent", "mean",
    "measure", "median", "of_people", "pick", "place_of", "share_above", "statistic",
]  # fmt: skip
