"""A schedule of doses as primitive actions on states: amounts, input rates that start and end, resets, orbits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.catalogue.antagonists import ANTAGONISTS
from menaquinone.catalogue.substances import Substance
from menaquinone.errors import InputError, unknown
from menaquinone.inputs.schedule import OrbitDose, Schedule, SteadyState
from menaquinone.model import bracketed

if TYPE_CHECKING:
    from menaquinone.solve.problem import Wired

END, RESET, START = 0, 1, 2
"""Order at equal times: infusions end, then resets, then (steady states and) doses."""
_DIGITS = 9
_BRIEF = 10.0**-_DIGITS
"""An infusion (h) that may begin and end at one rounded time."""
_EQUAL = 1e-13
"""Share of a period that passes for rounding."""
_MOST_INTERVALS = 64


@dataclass(frozen=True)
class Target:
    """Where a dose goes and how much of it arrives.

    Attributes
    ----------
    stage, state, member
        Indices.
    parameter
        Name of the parameter that holds the fraction, empty for all of it.
    factor
        Factor on that parameter (meal, formulation), or the fraction itself where ``parameter`` is empty.
    record
        Record of the regimen, where each person has a factor on the amounts of each record; -1 where nobody has.
    """

    stage: int
    state: int
    member: int
    parameter: str
    factor: float
    record: int = -1

    def share(self, parameters: Sequence[Any]) -> Any:
        """Return the fraction that arrives, (lanes,), given every stage's parameters."""
        if not self.parameter:
            return self.factor
        return getattr(parameters[self.stage], self.parameter)[self.member] * self.factor


@dataclass(frozen=True)
class Orbit:
    """A steady state to be put on: when, with which period, and the doses that make it."""

    time: float
    period: float
    replace: bool
    new: tuple[tuple[OrbitDose, Target], ...]
    joint: tuple[tuple[OrbitDose, Target], ...]


@dataclass(frozen=True, eq=False)
class Actions:
    """All that a schedule does, sorted by time and by the order at equal times.

    Attributes
    ----------
    time, order : ndarray (e,)
        When, and END, RESET or START.
    kind : ndarray (e,)
        0 an amount, 1 a change of input rate, 2 a reset (as the kernels number them).
    value : ndarray (e,)
        nmol, or nmol/h with its sign; before the fraction.
    dose : ndarray (e,)
        Row of the schedule; -1 for a reset.
    target : ndarray (e,)
        Index into ``targets``; -1 for a reset.
    targets
        Every place that doses go to, once.
    orbits
        Steady states, by time.
    factors
        Factors that the formulations put on parameters.
    """

    time: np.ndarray
    order: np.ndarray
    kind: np.ndarray
    value: np.ndarray
    dose: np.ndarray
    target: np.ndarray
    targets: tuple[Target, ...]
    orbits: tuple[Orbit, ...]
    factors: dict[str, float]

    @cached_property
    def place(self) -> np.ndarray:
        """Stage, state and member of each action (3, e); -1 for a reset."""
        places = [(one.stage, one.state, one.member) for one in self.targets]
        return np.array([*places, (-1, -1, -1)]).T[:, self.target]

    @cached_property
    def breaks(self) -> np.ndarray:
        """Times at which a segment has to end."""
        return np.unique(np.concatenate([self.time, [one.time for one in self.orbits]]))


def actions(stages: Sequence["Wired"], schedule: Schedule, *, by_record: bool = False) -> Actions:
    """Resolve a schedule against the stages of a model.

    Parameters
    ----------
    stages
        Of the model.
    schedule
        What is given when.
    by_record
        Whether doses of different records have targets of their own, so that their amounts can be scaled.

    Raises
    ------
    UnknownNameError
        If no stage takes a form that is dosed.
    """
    factors: dict[str, float] = {}
    known: dict[tuple[Any, ...], Target] = {}
    aimed = np.zeros(len(schedule) + 1, int)
    records, firsts = np.unique(schedule.record, return_index=True)
    for record, first in sorted(zip(records.tolist(), firsts.tolist(), strict=True), key=lambda one: one[1]):
        form, route, formulation = schedule.form[first], schedule.route[first], schedule.formulation[first]
        fraction, fat = float(schedule.fraction[first]), float(schedule.fat[first])
        key = (form, route, fraction, fat, formulation, record if by_record else -1)
        name = tuple(map(str, key))  # NaN is not equal to itself
        if name not in known:
            known[name] = _target(stages, schedule.forms, *key, factors)
        aimed[:-1][schedule.record == record] = list(known).index(name)
    aimed[-1] = -1
    start, end = np.round(schedule.start, _DIGITS), np.round(schedule.end, _DIGITS)
    rows = np.arange(len(start))
    amount, rate = _amounts_and_rates(schedule, start, end)
    bolus, infusion = rows[rate == 0], rows[rate > 0]
    resets = np.round(schedule.resets, _DIGITS)
    parts = [
        (start[bolus], START, 0, amount[bolus], bolus),
        (start[infusion], START, 1, rate[infusion], infusion),
        (end[infusion], END, 1, -rate[infusion], infusion),
        (resets, RESET, 2, np.zeros(len(resets)), np.full(len(resets), -1)),
    ]
    time = np.concatenate([part[0] for part in parts])
    order = np.concatenate([np.full(len(part[0]), part[1]) for part in parts])
    kind = np.concatenate([np.full(len(part[0]), part[2]) for part in parts])
    value = np.concatenate([part[3] for part in parts])
    dose = np.concatenate([part[4] for part in parts])
    sort = np.lexsort((dose, order, time))
    target = aimed[dose]
    orbits = tuple(_orbit(stages, schedule.forms, one, factors, by_record) for one in schedule.steady)
    return Actions(
        time[sort],
        order[sort],
        kind[sort],
        value[sort],
        dose[sort],
        target[sort],
        tuple(known.values()),
        orbits,
        factors,
    )


def _amounts_and_rates(schedule: Schedule, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what is given at once, or at which rate between rounded times: times are rounded, amounts are not."""
    lasts, rounded = schedule.end - schedule.start, end - start
    off = np.abs(lasts - rounded) > 4 * np.spacing(schedule.end)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(off, schedule.rate * lasts / rounded, schedule.rate)
        cut_short = schedule.amount / schedule.rate > _BRIEF
    brief = rounded <= 0
    return np.where(brief & cut_short, schedule.rate * lasts, schedule.amount), np.where(brief, 0.0, rate)


def _rounded_period(period: float) -> float:
    """Return a period that is its own rounding: several intervals where one would lose a share of itself each time."""
    for many in range(1, _MOST_INTERVALS):
        if abs(round(many * period, _DIGITS) - many * period) <= _EQUAL * many * period:
            return round(many * period, _DIGITS)
    return round(period, _DIGITS)


def _orbit(
    stages: Sequence["Wired"],
    forms: Mapping[str, Substance],
    one: SteadyState,
    factors: dict[str, float],
    by_record: bool,
) -> Orbit:
    def target(each: OrbitDose) -> Target:
        told = (each.form, each.route, each.fraction, each.fat, each.formulation, each.record if by_record else -1)
        return _target(stages, forms, *told, factors)

    def resolved(doses: tuple[OrbitDose, ...]) -> tuple[tuple[OrbitDose, Target], ...]:
        return tuple((each, target(each)) for each in doses)

    time, period = round(one.time, _DIGITS), _rounded_period(one.period)
    return Orbit(time, period, one.replace, resolved(one.new), resolved(one.orbit))


def _target(
    stages: Sequence["Wired"],
    forms: Mapping[str, Substance],
    form: str,
    route: str,
    fraction: float,
    fat: float,
    formulation: str,
    record: int,
    factors: dict[str, float],
) -> Target:
    for index, one in enumerate(stages):
        for row, member in enumerate(one.stage.members):
            if member.name == (form,) and member.enters:
                if route not in member.enters:
                    raise unknown(f"route of {form} in this model", route, member.enters)
                entry = member.enters[route]
                state = list(one.block.states).index(entry.state)
                factor = _prepared(one, row, forms.get(form), route, fat, formulation, factors)
                if not np.isnan(fraction):
                    return Target(index, state, row, "", float(fraction), record)
                return Target(index, state, row, entry.fraction, factor if entry.fraction else 1.0, record)
    if form in ANTAGONISTS:
        raise InputError(
            f"dose of {form}: got a model without it, expected one as in mk.models.vitamin_k(antagonists=['{form}'])."
        )
    taken = [m.label for one in stages for m in one.stage.members if m.enters]
    raise unknown("form that this model takes doses of", form, taken)


def _prepared(
    one: "Wired",
    row: int,
    form: Substance | None,
    route: str,
    fat: float,
    formulation: str,
    factors: dict[str, float],
) -> float:
    """Return the factor that a meal and a formulation put on bioavailability; note the one on absorption time."""
    if route != "oral" or form is None:
        return 1.0
    factor = float(form.fat.factor(fat)) if form.fat is not None else 1.0
    prepared = form.formulation(formulation)
    if prepared.bioavailability is not None:
        factor *= prepared.bioavailability.value
    slower = 1.0
    if prepared.absorption_time is not None:
        slower = prepared.absorption_time.value / form.pk.values["absorption_time"].value
    key = bracketed("absorption_time", one.stage.members[row].label)
    factors[key] = slower  # one for all doses of a form: `inputs.speeds` has seen to that
    return factor
