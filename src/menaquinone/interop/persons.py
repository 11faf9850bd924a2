"""One person of a population with their doses: everything about them that an exported model holds as numbers."""

from collections import namedtuple
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from menaquinone.declare import Output, Stage
from menaquinone.errors import InputError, refused
from menaquinone.inputs.doses import Regimens, doses_for
from menaquinone.inputs.draws import entropy
from menaquinone.inputs.population import Population, population
from menaquinone.inputs.records import DoseRecord, Regimen
from menaquinone.inputs.safety import unsaid
from menaquinone.inputs.schedule import Schedule
from menaquinone.model import Model
from menaquinone.solve.actions import RESET, START, Actions, Target
from menaquinone.solve.entry import Entry, enter
from menaquinone.solve.problem import Problem, Wired, inputs
from menaquinone.solve.reference import Reference
from menaquinone.solve.simulate import simulate
from menaquinone.units import HOURS_PER_DAY

AMOUNT = 0
"""Kind of an action that adds an amount; others change a rate."""
_TOLERANCE = 1e-9
_AFTER = 1e-9
"""h after a steady state, at which the engine is asked for what it leaves."""


@dataclass(frozen=True)
class Person:
    """A problem with one person in it.

    Attributes
    ----------
    problem
        The model, the person and their doses, aligned.
    regimen
        What was prescribed.
    seed
        Of adherence.
    """

    problem: Problem
    regimen: Regimen
    seed: int

    @cached_property
    def entry(self) -> Entry:
        """Everything that holds at time 0."""
        return enter(self.problem, np.zeros(1, int))

    @property
    def schedule(self) -> Schedule:
        """Every administration."""
        return self.problem.doses.schedules[0]

    @property
    def actions(self) -> Actions:
        """All that the schedule does."""
        return self.problem.actions[0]

    @cached_property
    def taken(self) -> np.ndarray:
        """Rows of the actions that come of doses which are taken."""
        rows = np.flatnonzero(self.actions.order != RESET)
        kept = self.problem.taken_by(0)
        return rows if kept is None else rows[kept[self.actions.dose[rows]]]

    def waits(self, i: int) -> np.ndarray:
        """Return which members of a stage are still to begin at time 0, (members,)."""
        one, zero = self.problem.stages[i], np.zeros(1)
        if one.block.onset is None:
            return np.zeros(one.m, bool)
        u = inputs(one, self.entry.offered, self.entry.offered, self.entry.held, zero, zero)
        before = getattr(u, one.onset.when) < getattr(self.entry.parameters[i], one.onset.reaches)
        return np.broadcast_to(before, (one.m, 1))[:, 0]

    def settled(self) -> Iterator[tuple[float, list[np.ndarray]]]:
        """Yield time and every stage's states (states, members) after each steady state, before the doses of its time.

        The reference engine finds them. It is asked right after, and amounts given at that very time are taken off.
        """
        if not self.actions.orbits:
            return
        model, names = _showing_states(self.problem.model)
        times = [orbit.time + _AFTER for orbit in self.actions.orbits]
        with unsaid():
            result = simulate(
                model, self.problem.people, self.regimen, times=np.array(times) / HOURS_PER_DAY, on_failure="raise",
                outputs=[name for of_stage in names for name in of_stage], engine=Reference(rtol=_TOLERANCE),
                rng=self.seed, growth_noise=self.problem.growth_noise,
            )  # fmt: skip
        run = self._until(times[-1])
        for row, orbit in enumerate(self.actions.orbits):
            now = result.isel(subject=0, time=row)
            found = [
                np.array([[_value(now[name], one, k) for k in range(one.m)] for name in of_stage]).reshape(-1, one.m)
                for of_stage, one in zip(names, self.problem.stages, strict=True)
            ]
            for to, amount in run.given_at(orbit.time):
                found[to.stage][to.state, to.member] -= amount
            yield orbit.time, found

    def _until(self, end: float) -> "Person":
        """Return the same person in a shorter run: a dose at its end may be left out of it by rounding."""
        doses = doses_for(self.regimen, self.problem.people.ids, self.seed, end)
        return replace(self, problem=replace(self.problem, doses=doses, times=np.array([end])))

    def given_at(self, time: float) -> Iterator[tuple[Target, float]]:
        """Yield where amounts given at one time go, and how much of them arrives."""
        actions = self.actions
        for e in self.taken:
            if actions.time[e] == time and actions.order[e] == START and actions.kind[e] == AMOUNT:
                to = actions.targets[actions.target[e]]
                yield to, float(actions.value[e] * np.broadcast_to(to.share(self.entry.parameters), 1)[0])


def person(
    model: Model,
    people: Population | None,
    regimen: Regimens,
    end: float,
    subject: int | None,
    rng: Any,
    *,
    growth_noise: bool,
) -> Person:
    """Choose one person and align everything.

    Parameters
    ----------
    model, people, regimen, rng, growth_noise
        As for ``simulate``.
    end
        h.
    subject
        Id; may be None where there is one person.

    Raises
    ------
    InputError
        If there are several people and no ``subject``, or no regimen for the person.
    """
    people = population("reference", 1) if people is None else people
    if not isinstance(people, Population):
        raise refused("people", people, "a population such as mk.population('postmenopausal', 100)")
    if subject is None and people.n > 1:
        raise InputError(
            f"subject: got none of the {people.n} people of population '{people.name}', expected the id of one."
        )
    if isinstance(regimen, (list, tuple)):
        if len(regimen) != people.n:
            raise InputError(
                f"regimens: got a sequence of {len(regimen)}, expected one for each of {people.n} subjects."
            )
        regimen = dict(zip(people.ids.tolist(), regimen, strict=True))
    chosen = people if subject is None else people.select([subject])
    seed = people.seed if rng is None else entropy(rng)
    doses = doses_for(regimen, chosen.ids, seed, end)
    own = (regimen[int(chosen.ids[0])] if isinstance(regimen, Mapping) else regimen) or Regimen()
    dosed = {one.form: one.molar_mass for one in own.records if isinstance(one, DoseRecord)}
    return Person(Problem(model, chosen, doses, np.array([end]), 1e-6, growth_noise, dosed), own, seed)


def _value(values: Any, one: Wired, k: int) -> float:
    member = dict(zip(one.block.axes, one.stage.members[k].name, strict=True))
    return float(values.sel(member))


def _showing_states(model: Model) -> tuple[Model, list[list[str]]]:
    """Return a model that offers every state as an output too, and the names of those by stage."""
    names = [[f"state_{i}_{name}" for name in one.block.states] for i, one in enumerate(model.stages)]
    return Model(*map(_showing, model.stages, names), name=model.name), names


def _showing(one: Stage, names: list[str]) -> Stage:
    block = one.block
    declared = {**block.offers, **{name: Output("1", "a state", shown=False) for name in names}}
    offers: Any = namedtuple("Offers", declared, defaults=declared.values())  # type: ignore[misc]

    def outputs(p: Any, x: Any, u: Any) -> Any:
        return offers(*block.outputs(p, x, u), *x)

    return replace(one, block=replace(block, Outputs=offers, outputs=outputs))


__all__ = ["AMOUNT", "Person", "person"]
