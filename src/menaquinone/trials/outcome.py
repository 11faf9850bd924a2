"""What a result says where a trial reported something: the same figure of the same people, beside the row's own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone import units
from menaquinone.catalogue import evidence
from menaquinone.catalogue.forms import FORMS
from menaquinone.errors import InputError
from menaquinone.studies.measures import measure, of_people, pick
from menaquinone.studies.predict import RESTORING, Wanted

if TYPE_CHECKING:
    from xarray import Dataset

    from menaquinone.trials.design import Reported, Trial

NORMAL_95 = 1.959964
_NEGLIGIBLE = 1e-9
_DECIMALS = 6
_KINDS = {
    "sd": "SD",
    "sem": "SE",
    "ci95_low;ci95_high": "95 % CI",
    "iqr_low;iqr_high": "IQR",
    "range_low;range_high": "range",
}


@dataclass(frozen=True)
class Figure:
    """A figure of a group of people.

    Attributes
    ----------
    value
        In ``unit``.
    spread, kind
        One number (``sd``, ``sem``) or two (an interval), as the evidence writes them; empty where none was given.
    n
        People behind it; ``None`` where not known.
    unit
        Unit of the value and the spread.
    """

    value: float
    spread: tuple[float, ...]
    kind: str
    n: float | None
    unit: str

    def interval(self) -> tuple[float, float] | None:
        """Return the interval to draw: as given, or the 95 % interval of the mean from an SD or SE; else nothing."""
        if len(self.spread) == 2:
            return self.spread[0], self.spread[1]
        if self.kind == "sd" and self.n:
            half = NORMAL_95 * self.spread[0] / self.n**0.5
        elif self.kind == "sem":
            half = NORMAL_95 * self.spread[0]
        else:
            return None
        return self.value - half, self.value + half

    def said(self, shown: Callable[[float], str]) -> str:
        """Return ``9.9 (SD 1.9)``; ``shown`` turns a number into text."""
        if not self.spread:
            return shown(self.value)
        return f"{shown(self.value)} ({_KINDS.get(self.kind, self.kind)} {' to '.join(map(shown, self.spread))})"


def number(value: float) -> str:
    """Return a number with three significant digits, as computed ones are shown; below 1e-9 it is 0."""
    if not np.isfinite(value):
        return "-"
    if abs(value) < _NEGLIGIBLE:
        return "0"
    digits = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    return f"{value:.{digits}f}" if digits <= _DECIMALS else f"{value:.2e}"


def as_written(value: float) -> str:
    """Return a number with the digits it was published with."""
    return f"{value:.6g}"


def unit_of_figure(reported: "Reported", unit: str) -> str:
    """Return the unit of a figure, given that of its variable."""
    if reported.statistic == RESTORING:
        return "ug/d"
    if reported.statistic == "share above":
        return "%"
    of = measure(reported.of).unit(unit)
    return {"difference": of, "ratio": "1", "percent difference": "%"}[reported.compare] if reported.against else of


def unit_of(result: "Dataset", reported: "Reported") -> str:
    """Return the unit of a figure of a result."""
    return unit_of_figure(reported, str(pick(result, reported.outcome).attrs.get("units", "1")))


def published(reported: "Reported", unit: str) -> Figure:
    """Return what the evidence row of a reported figure holds.

    Parameters
    ----------
    reported
        Of a trial.
    unit
        The unit wanted. A plasma level that was reported as a mass is turned into moles of its form.

    Raises
    ------
    InputError
        If the row's unit cannot be turned into it.
    """
    row = evidence.row(reported.row)
    value, *spread = (_converted(one, row.unit, unit, reported.outcome) for one in (row.value or 0.0, *row.spread))
    return Figure(value, tuple(spread), row.spread_kind, row.arm_n, unit)


def predicted(result: "Dataset", trial: "Trial", reported: "Reported", kind: str) -> Figure | None:
    """Return the model's figure for a reported one.

    Parameters
    ----------
    result
        Of :meth:`Trial.run`.
    trial
        The trial.
    reported
        One of its figures.
    kind
        The spread to give: as the evidence writes it.

    Returns
    -------
    Figure or None
        Nothing where the result lacks the visit or nobody has a value. For a difference between arms the spread is
        that of the difference between independent groups of this size.
    """
    wanted, unit = trial.wanted(reported), unit_of(result, reported)
    found = {group: people_of(result, reported, group) for group in wanted.groups}
    people = {group: values for group, values in found.items() if values is not None and np.isfinite(values).any()}
    if len(people) < len(wanted.groups):
        return None
    value, mine = float(wanted.figure(people)), people[reported.arm]
    n = float(np.isfinite(mine).sum())
    if wanted.among or reported.statistic == "share above" or (wanted.against and wanted.compare != "difference"):
        return Figure(value, (), "", n, unit)
    if wanted.against:
        error = np.hypot(*(np.nanstd(one, ddof=1) / np.isfinite(one).sum() ** 0.5 for one in people.values()))
        return Figure(value, (float(error),), "sem", n, unit)
    spread = _spread(mine, wanted, kind)
    return Figure(value, spread, kind if spread else "", n, unit)


def people_of(result: "Dataset", reported: "Reported", arm: str) -> Any:
    """Return the measure of every person of an arm, (subject,); nothing where the result lacks a visit."""
    since = 0.0 if reported.since is None else reported.since.days
    return of_people(pick(result, reported.outcome).sel(arm=arm), reported.of, reported.visit.days, since)


def _spread(people: Any, wanted: Wanted, kind: str) -> tuple[float, ...]:
    finite = people[np.isfinite(people)]
    n = len(finite)
    if n < 2 or kind not in _KINDS:
        return ()
    sd = float(finite.std(ddof=1))
    spreads: dict[str, tuple[float, ...]] = {
        "sd": (sd,),
        "sem": (sd / n**0.5,),
        "ci95_low;ci95_high": _interval(finite, wanted),
        "iqr_low;iqr_high": tuple(float(one) for one in np.quantile(finite, (0.25, 0.75))),
        "range_low;range_high": (float(finite.min()), float(finite.max())),
    }
    return spreads[kind]


def _interval(people: Any, wanted: Wanted) -> tuple[float, float]:
    """95 % interval of a mean (normal), a median (order statistics) or a geometric mean (normal of the logarithm)."""
    if wanted.statistic == "median":
        half = NORMAL_95 / 2 / len(people) ** 0.5
        low, high = np.quantile(people, (max(0.0, 0.5 - half), min(1.0, 0.5 + half)))
        return float(low), float(high)
    if wanted.statistic == "geometric mean":
        percent = wanted.of == "percent change"
        ratios = 1 + people / 100 if percent else people
        low, high = np.exp(_of_mean(np.log(ratios[ratios > 0])))
        return (100 * (float(low) - 1), 100 * (float(high) - 1)) if percent else (float(low), float(high))
    return _of_mean(people)


def _of_mean(people: Any) -> tuple[float, float]:
    half = NORMAL_95 * float(people.std(ddof=1)) / len(people) ** 0.5
    return float(people.mean()) - half, float(people.mean()) + half


def _converted(value: float, unit: str, wanted: str, outcome: str) -> float:
    if unit == wanted:
        return value
    name = outcome.partition("[")[2].removesuffix("]")
    try:
        return units.converted(value, unit, wanted, "reported value")
    except InputError:
        if not outcome.startswith("plasma_concentration[") or name not in FORMS or "nmol" not in wanted:
            raise
    mass = units.converted(value, unit, wanted.replace("nmol", "ug"), "reported value")
    return mass * 1e3 / FORMS[name].molar_mass.value


__all__ = [
    "NORMAL_95", "Figure", "as_written", "number", "people_of", "predicted", "published", "unit_of",
    "unit_of_figure",
]  # fmt: skip
