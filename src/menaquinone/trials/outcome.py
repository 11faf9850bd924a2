"""What a result says where a trial reported something: the same statistic of the same figure, beside the row's own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone import units
from menaquinone.catalogue import evidence
from menaquinone.errors import refused, unknown
from menaquinone.trials.design import Reported, Trial

if TYPE_CHECKING:
    from xarray import DataArray, Dataset

_NORMAL_95 = 1.959964
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
            half = _NORMAL_95 * self.spread[0] / self.n**0.5
        elif self.kind == "sem":
            half = _NORMAL_95 * self.spread[0]
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


def pick(result: "Dataset", name: str) -> "DataArray":
    """Return one variable of a result, a member chosen in brackets.

    Parameters
    ----------
    result
        A result of a simulation or a trial.
    name
        ``dp_ucmgp``, ``agatston[coronary]``.

    Raises
    ------
    UnknownNameError
        If the result has no such variable or member.
    InputError
        If a member is asked for of a variable without members.
    """
    variable, _, rest = name.partition("[")
    if variable not in result.data_vars:
        raise unknown("variable of the result", variable, [str(one) for one in result.data_vars])
    found = result[variable]
    if not rest:
        return found
    label = rest.removesuffix("]")
    for axis in found.dims:
        if axis not in ("arm", "subject", "time"):
            members = [str(one) for one in found[axis].values]
            if label not in members:
                raise unknown(f"{axis} of '{variable}' in the result", label, members)
            return found.isel({axis: members.index(label)})
    raise refused(f"member of '{variable}'", label, f"'{variable}' alone, which has no members")


def at_visit(found: "DataArray", days: float) -> "DataArray | None":
    """Return a variable at a time, or nothing where the result has no such time.

    Parameters
    ----------
    found
        With dim ``time`` in days.
    days
        Since entry.
    """
    times = np.asarray(found["time"].values, dtype=float)
    near = np.flatnonzero(np.abs(times - days) <= 1e-6 * max(1.0, abs(days)))
    return found.isel(time=int(near[0])) if len(near) else None


def of_people(result: "Dataset", outcome: str, arm: str, days: float, of: str) -> Any:
    """Return the figure of every person of an arm at a visit.

    Parameters
    ----------
    result
        Of :meth:`Trial.run`.
    outcome
        Variable, member in brackets.
    arm
        Name of the arm.
    days
        Of the visit.
    of
        ``level``, or against entry ``change``, ``percent change`` or ``ratio``.

    Returns
    -------
    ndarray (subject,) or None
        Nothing where the result lacks the visit, or entry where that is needed.
    """
    found = pick(result, outcome).sel(arm=arm)
    now, entry = at_visit(found, days), at_visit(found, 0.0)
    if now is None or (of != "level" and entry is None):
        return None
    level = np.asarray(now.values, dtype=float)
    if of == "level":
        return level
    start = np.asarray(entry.values, dtype=float)  # type: ignore[union-attr]
    if of == "change":
        return level - start
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(start > 0, level / start, np.nan)
    return ratio if of == "ratio" else 100 * (ratio - 1)


def unit_of(result: "Dataset", outcome: str, of: str) -> str:
    """Return the unit of a figure: that of the variable, or of its percent change or ratio."""
    return {"percent change": "%", "ratio": "1"}.get(of) or str(pick(result, outcome).attrs.get("units", "1"))


def published(reported: Reported, unit: str) -> Figure:
    """Return what the evidence row of a reported figure holds.

    Parameters
    ----------
    reported
        Of a trial.
    unit
        The unit wanted.
    """
    row = evidence.row(reported.row)
    value, *spread = (_converted(one, row.unit, unit) for one in (row.value or 0.0, *row.spread))
    return Figure(value, tuple(spread), row.spread_kind, row.n, unit)


def predicted(result: "Dataset", reported: Reported, kind: str) -> Figure | None:
    """Return the model's figure for a reported one.

    Parameters
    ----------
    result
        Of :meth:`Trial.run`.
    reported
        Of the trial.
    kind
        The spread to give: as the evidence writes it.

    Returns
    -------
    Figure or None
        Nothing where the result lacks the visit or nobody has a value. For a difference between arms the spread is
        that of the difference between independent groups of this size.
    """
    people, others = (
        of_people(result, reported.outcome, arm, reported.visit.days, reported.of) if arm else None
        for arm in (reported.arm, reported.against)
    )
    if people is None or not np.isfinite(people).any():
        return None
    unit = unit_of(result, reported.outcome, reported.of)
    value, spread, n = _statistic(people, reported.statistic, kind)
    if others is not None:
        value -= _statistic(others, reported.statistic, kind)[0]
        error = np.hypot(*(np.nanstd(one, ddof=1) / np.isfinite(one).sum() ** 0.5 for one in (people, others)))
        spread, kind = (float(error),), "sem"
    return Figure(value, spread, kind if spread else "", n, unit)


def _statistic(people: Any, statistic: str, kind: str) -> tuple[float, tuple[float, ...], float]:
    finite = people[np.isfinite(people)]
    if statistic == "geometric mean":
        finite = finite[finite > 0]
    n = len(finite)
    value = _CENTRES[statistic](finite)
    if n < 2 or kind not in _KINDS:
        return value, (), n
    sd = float(finite.std(ddof=1))
    spreads = {
        "sd": (sd,),
        "sem": (sd / n**0.5,),
        "ci95_low;ci95_high": _interval(finite, statistic),
        "iqr_low;iqr_high": tuple(float(one) for one in np.quantile(finite, (0.25, 0.75))),
        "range_low;range_high": (float(finite.min()), float(finite.max())),
    }
    return value, spreads[kind], n


_CENTRES: dict[str, Callable[[Any], float]] = {
    "mean": lambda people: float(people.mean()),
    "median": lambda people: float(np.median(people)),
    "geometric mean": lambda people: float(np.exp(np.log(people).mean())),
}


def _interval(people: Any, statistic: str) -> tuple[float, float]:
    """95 % interval of a mean (normal), a median (order statistics) or a geometric mean (normal of the logarithm)."""
    if statistic == "median":
        half = _NORMAL_95 / 2 / len(people) ** 0.5
        low, high = np.quantile(people, (max(0.0, 0.5 - half), min(1.0, 0.5 + half)))
        return float(low), float(high)
    if statistic == "geometric mean":
        low, high = _interval(np.log(people), "mean")
        return float(np.exp(low)), float(np.exp(high))
    half = _NORMAL_95 * float(people.std(ddof=1)) / len(people) ** 0.5
    return float(people.mean()) - half, float(people.mean()) + half


def _converted(value: float, unit: str, wanted: str) -> float:
    return value if unit == wanted else units.magnitude(f"{value!r} {unit}", wanted, "reported value")


def reported_for(trial: Trial, outcome: str, arm: str, days: float, of: Sequence[str]) -> list[Reported]:
    """Return the reported figures of an outcome in an arm at a visit.

    Parameters
    ----------
    trial
        The trial.
    outcome, arm, days
        Which.
    of
        Which of ``level``, ``change``, ``percent change`` and ``ratio``.
    """
    return [
        one
        for one in trial.reported
        if one.outcome == outcome and one.arm == arm and one.of in of and abs(one.visit.days - days) < 1e-9
    ]


__all__ = [
    "Figure",
    "as_written",
    "at_visit",
    "number",
    "of_people",
    "pick",
    "predicted",
    "published",
    "reported_for",
    "unit_of",
]
