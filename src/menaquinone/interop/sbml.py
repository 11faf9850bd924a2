"""One person, a model and a regimen as an SBML document, which many other programs simulate.

No equation is typed again: :mod:`menaquinone.interop.formulas` calls the blocks' own code with symbols. Parameters are
constants, states are parameters with rate rules, outputs have assignment rules, and whatever happens at a time is an
event. Every number is in house units: h, nmol, L, and other units as declared.
"""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from menaquinone.catalogue import evidence
from menaquinone.declare import Value
from menaquinone.errors import refused, require
from menaquinone.inputs.doses import Regimens
from menaquinone.inputs.population import Population
from menaquinone.interop.documents import Document, number, sbml_id
from menaquinone.interop.formulas import formulas
from menaquinone.interop.persons import AMOUNT, Person, person
from menaquinone.model import Model, bracketed
from menaquinone.results import NOT_ADVICE, atomic, package_version
from menaquinone.solve.actions import END, Target
from menaquinone.solve.problem import TIME_DIGITS, Held, Wire, Wired
from menaquinone.units import factor, hours

ENDS, STEPS, RESETS, SETTLES, STARTS, ONSETS = 6, 5, 4, 3, 2, 1
"""Priorities of events at one time: the order of the specification page, onsets last."""

_CONVENTIONS = (
    "Times are h since entry, amounts nmol, volumes L; other units are as declared.",
    "At the time of a dose this document holds the value after it, a result of menaquinone the value before it.",
)


def to_sbml(
    model: Model,
    people: Population | None = None,
    regimen: Regimens = None,
    *,
    until: Any,
    subject: int | None = None,
    rng: Any = None,
    growth_noise: bool = False,
) -> str:
    """Return a model with one person and their doses as an SBML document (Level 3 Version 2, core).

    Parameters
    ----------
    model
        What happens, such as ``models.vitamin_k()``.
    people
        To whom; one reference person if left out.
    regimen
        As for ``simulate``.
    until
        End of the run, ``"2 y"``; what happens at that time or later is left out.
    subject
        Id of the person, where there are several.
    rng
        Seed of adherence, as for ``simulate``.
    growth_noise
        As for ``simulate``.

    Returns
    -------
    str
        XML. An output has the id that :func:`sbml_id` makes of its name, and is in house units.

    Raises
    ------
    InputError
        If there are several people and no ``subject``, an argument cannot be used as it is, or an equation is more
        than the arithmetic that blocks are written in.
    MissingExtraError
        If python-libsbml or SymPy is not installed.
    SolveError
        If the reference engine cannot reach a steady state of the regimen.
    """
    if not isinstance(model, Model):
        raise refused("model", model, "a model such as mk.models.vitamin_k()")
    end = hours(until, "until")
    if not end > 0:
        raise refused("until", until, "a time after the start")
    return _Writer(person(model, people, regimen, end, subject, rng, growth_noise=growth_noise)).text()


def write_sbml(
    path: str | os.PathLike[str],
    model: Model,
    people: Population | None = None,
    regimen: Regimens = None,
    *,
    until: Any,
    subject: int | None = None,
    rng: Any = None,
    growth_noise: bool = False,
) -> None:
    """Write the document of :func:`to_sbml` to a file, all or nothing.

    Parameters
    ----------
    path
        The file; it appears, or replaces an older one, only once it is whole.
    model, people, regimen, until, subject, rng, growth_noise
        As for :func:`to_sbml`.

    Raises
    ------
    InputError, MissingExtraError, SolveError
        As :func:`to_sbml`.
    OSError
        If the folder cannot be written to.
    """
    text = to_sbml(model, people, regimen, until=until, subject=subject, rng=rng, growth_noise=growth_noise)
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


class _Writer:
    """Writes a person into a document, part by part."""

    def __init__(self, one: Person) -> None:
        self.person, self.problem, self.entry, self.stages = one, one.problem, one.entry, one.problem.stages
        self.document = Document(self.problem.model.name, _notes(one))
        # outputs come first, so that their ids are the plainest
        self.outputs = {name: ids for each in self.stages for name, ids in self.named(each, each.block.offers).items()}
        self.parameters = [self.named(each, each.block.parameters) for each in self.stages]
        self.covariates = {name: self.covariate(name) for name in self.problem.covariates}
        self.states = [self.named(each, each.block.states) for each in self.stages]
        self.at_entry: dict[tuple[str, int], str] = {}
        self.infused = self.infusions()

    def named(self, one: Wired, names: Iterable[str]) -> dict[str, list[str]]:
        """Give out ids: by name, one for each member."""
        new, block = self.document.id, one.block.name
        labels = [member.label for member in one.stage.members]
        return {
            name: [new(bracketed(name, label), bracketed(f"{block} {name}", label)) for label in labels]
            for name in names
        }

    def text(self) -> str:
        """Write everything and return the document."""
        for i, one in enumerate(self.stages):
            for k in range(one.m):
                self.constants(i, one, k)
                self.equations(i, one, k)
        self.doses()
        self.resets()
        self.steady_states()
        return self.document.text()

    # numbers ----------------------------------------------------------------------------------------------------------

    def constants(self, i: int, one: Wired, k: int) -> None:
        """Write a member's parameters."""
        for name, declared in one.block.parameters.items():
            key = bracketed(name, one.stage.members[k].label)
            value = getattr(self.entry.parameters[i], name)[k, 0]
            notes = [declared.meaning, _sourced(self.problem.model.parameters[key])]
            self.document.parameter(
                key, value, declared.unit, id=self.parameters[i][name][k], notes=notes, constant=True
            )

    def covariate(self, name: str) -> list[str]:
        """Write a covariate and return its ids, one for each member of its axis."""
        one, ids = self.problem.covariates[name], []
        read = next(
            read
            for stage in self.stages
            for key, read in stage.block.inputs.items()
            if read.covariate and name == (read.of or key)
        )
        times, starts, slopes = _pieces(Held({name: one}, {name: one.members}), name, self.problem.horizon)
        moves = bool(slopes.any())
        for k, label in enumerate(one.members or ("",)):
            start = None if moves else starts[0, k]
            ids.append(self.document.parameter(bracketed(name, label), start, read.unit, notes=[read.meaning]))
            if moves:
                self.document.assign(ids[k], _line(times, starts[:, k], slopes[:, k]))
        steps = 1 + np.flatnonzero((np.diff(starts, axis=0) != 0).any(axis=1))
        if steps.size and not moves:
            levels = {one_id: [number(level) for level in starts[steps, k]] for k, one_id in enumerate(ids)}
            self.document.repeat(f"{name} steps", times[steps], STEPS, levels)
        return ids

    def read(self, one: Wired, wire: Wire, k: int) -> list[str]:
        """Return the ids whose sum a member reads."""
        if wire.at_entry:
            rows = [k if len(self.entry.offered[wire.of]) > 1 else 0] if wire.covariate else wire.index[k].tolist()
            return [self.value_at_entry(one, wire, row) for row in rows]
        if not wire.covariate:
            return [self.outputs[wire.of][row] for row in wire.index[k]]
        found = self.problem.covariates[wire.of]
        if not found.axis:
            return [self.covariates[wire.of][0]]
        along = one.block.axes.index(found.axis)
        return [self.covariates[wire.of][found.members.index(one.stage.members[k].name[along])]]

    def value_at_entry(self, one: Wired, wire: Wire, row: int) -> str:
        """Return the id of a value at time 0, written on first use."""
        if (wire.of, row) not in self.at_entry:
            read = one.block.inputs[wire.name]
            offer = self.problem.model.offers.get(wire.of)
            label = ", ".join(offer.members[row]) if offer and not wire.covariate else ""
            self.at_entry[wire.of, row] = self.document.parameter(
                bracketed(f"{wire.of} at entry", label), self.entry.offered[wire.of][row, 0], read.unit,
                notes=[read.meaning, "Computed by menaquinone: steady on the habitual diet."], constant=True,
            )  # fmt: skip
        return self.at_entry[wire.of, row]

    # equations --------------------------------------------------------------------------------------------------------

    def equations(self, i: int, one: Wired, k: int) -> None:
        """Write a member's outputs and states."""
        symbol = require("sympy", "sbml", "writing SBML").Symbol
        block, label = one.block, one.stage.members[k].label
        reads = {wire.name: self.read(one, wire, k) for wire in one.wires}
        p = block.Parameters(**{name: symbol(ids[k]) for name, ids in self.parameters[i].items()})
        x = block.State(**{name: symbol(ids[k]) for name, ids in self.states[i].items()})
        u = block.Inputs(**{name: sum(map(symbol, ids)) for name, ids in reads.items()})
        for (name, declared), formula in zip(block.offers.items(), formulas(block, "outputs", p, x, u), strict=True):
            scale = factor(declared.unit)
            notes = [declared.meaning] + [f"Divided by {scale:g} it is in {declared.unit}."] * (scale != 1)
            written = self.outputs[name][k]
            self.document.parameter(bracketed(name, label), None, declared.unit, id=written, notes=notes)
            self.document.assign(written, formula)
        begun = self.begun(i, one, k, reads)
        rates = formulas(block, "rates", p, x, u)
        for state, ((name, stated), formula) in enumerate(zip(block.states.items(), rates, strict=True)):
            written = self.states[i][name][k]
            start = self.entry.x[i][state, k, 0]
            self.document.parameter(bracketed(name, label), start, stated.unit, id=written, notes=[stated.meaning])
            whole = " + ".join([formula, *self.supply(i, one, state, k)])
            self.document.rate(written, f"{begun} * ({whole})" if begun else whole)

    def supply(self, i: int, one: Wired, state: int, k: int) -> Iterator[str]:
        """Yield the ids of what flows into a state: habitual diet, infusions."""
        intake = self.entry.intake[i][state, k, 0]
        if intake:
            name = f"diet into {bracketed(list(one.block.states)[state], one.stage.members[k].label)}"
            notes = ["habitual diet, after absorption losses"]
            yield self.document.parameter(name, intake, "nmol/h", notes=notes, constant=True)
        if (i, state, k) in self.infused:
            yield self.infused[i, state, k]

    def begun(self, i: int, one: Wired, k: int, reads: dict[str, list[str]]) -> str:
        """Write the onset of a member whose states are still to begin; return the id of what is 1 from then on."""
        if not self.person.waits(i)[k]:
            return ""
        label, onset = one.stage.members[k].label, one.onset
        switch = self.document.parameter(
            bracketed(f"{one.block.name} begun", label), 0.0, notes=["0 before onset and 1 after it"]
        )
        then = {ids[k]: number(value) for ids, value in zip(self.states[i].values(), onset.then, strict=True)}
        reached = f"{' + '.join(reads[onset.when])} >= {self.parameters[i][onset.reaches][k]}"
        name = bracketed(f"{one.block.name} begins", label)
        self.document.event(name, f"{switch} < 0.5 && {reached}", ONSETS, {switch: "1"} | then)
        return switch

    # what happens when ------------------------------------------------------------------------------------------------

    def infusions(self) -> dict[tuple[int, int, int], str]:
        """Write the rates of infusions; return their ids by stage, state and member."""
        found: dict[tuple[int, int, int], str] = {}
        for e in self.person.taken:
            to = self.person.actions.targets[self.person.actions.target[e]]
            place = (to.stage, to.state, to.member)
            if self.person.actions.kind[e] != AMOUNT and place not in found:
                one = self.stages[to.stage]
                name = bracketed(list(one.block.states)[to.state], one.stage.members[to.member].label)
                notes = ["infusions that run"]
                found[place] = self.document.parameter(f"infusion into {name}", 0.0, "nmol/h", notes=notes)
        return found

    def doses(self) -> None:
        """Write one event for each record of the regimen, two for infusions; missed doses are left out."""
        actions, schedule = self.person.actions, self.person.schedule
        series: dict[tuple[int, ...], list[int]] = {}
        for e in self.person.taken.tolist():
            dose = actions.dose[e]
            key = (schedule.record[dose], actions.order[e] == END, actions.kind[e], actions.target[e])
            series.setdefault(tuple(map(int, key)), []).append(e)
        for (record, ends, kind, target), rows in series.items():
            to, dose = actions.targets[target], actions.dose[rows[0]]
            times, place = np.unique(actions.time[rows], return_inverse=True)
            variable = self.infused.get((to.stage, to.state, to.member), "")
            if kind == AMOUNT:
                variable = list(self.states[to.stage].values())[to.state][to.member]
            does = "" if kind == AMOUNT else ", infusion ends" if ends else ", infusion starts"
            name = f"{schedule.form[dose]} {schedule.route[dose]}, record {record}{does}"
            amounts = np.bincount(place, weights=actions.value[rows]).tolist()
            given = [f"{variable} + {amount}" for amount in self.arriving(name, kind, to, amounts)]
            self.document.repeat(name, times, ENDS if ends else STARTS, {variable: given})

    def arriving(self, name: str, kind: int, to: Target, amounts: list[float]) -> list[str]:
        """Return formulas of what arrives of amounts or rates; one that is always the same becomes a parameter."""
        written = [number(amount) for amount in amounts]
        if len(set(amounts)) == 1:
            what, unit = ("amount", "nmol") if kind == AMOUNT else ("rate", "nmol/h")
            notes = ["before bioavailability"]
            same = self.document.parameter(f"{name}, {what}", amounts[0], unit, notes=notes, constant=True)
            written = [same] * len(amounts)
        share = [self.parameters[to.stage][to.parameter][to.member]] if to.parameter else []
        if to.factor != 1.0:
            share.append(number(to.factor))
        return [" * ".join([one, *share]) for one in written]

    def resets(self) -> None:
        """Write resets: plasma and depots back to the start, infusions off."""
        times = np.unique(np.round(self.person.schedule.resets, TIME_DIGITS))
        if not times.size:
            return
        back = {
            ids[k]: number(self.entry.x[i][state, k, 0])
            for i, one in enumerate(self.stages)
            if one.doses
            for state, ids in enumerate(self.states[i].values())
            for k in range(one.m)
        }
        self.document.repeat("reset", times, RESETS, back | dict.fromkeys(self.infused.values(), "0"))

    def steady_states(self) -> None:
        """Write steady states: the numbers that the reference engine finds for this person."""
        for time, found in self.person.settled():
            put = {
                ids[k]: number(found[i][state, k])
                for i, one in enumerate(self.stages)
                if one.doses or one.steady
                for state, ids in enumerate(self.states[i].values())
                for k in range(one.m)
            }
            self.document.event("steady state", f"time >= {time!r}", SETTLES, put)


def _notes(one: Person) -> list[str]:
    """Return what a reader has to know about the whole document."""
    people, model = one.problem.people, one.problem.model
    who = f"Subject {people.ids[0]} of population '{people.name}', seed {people.seed}; seed of adherence {one.seed}."
    written = f"Written by menaquinone {package_version()} for {one.problem.horizon:.12g} h."
    rows = [evidence.row(name) for name in model.sources() if evidence.exists(name)]
    cited = [f"{row.id}: {row.read_as or 'not stated'}, {f'doi:{row.doi}' if row.doi else row.url}" for row in rows]
    doses = [f"Prescribed: {each}." for each in one.regimen.records]
    return [NOT_ADVICE, *model.notes, *people.notes, written, *_CONVENTIONS, who, *doses, *cited]


def _sourced(value: Value) -> str:
    said = f"In the model: {value.value:g} {value.unit}, source: {value.source}"
    return f"{said}; {value.note}" if value.note else said


def _pieces(held: Held, name: str, horizon: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a covariate as straight pieces: times (k,) from which each holds, values then and slopes, (k, members)."""
    one, breaks = held.covariates[name], held.breaks(0, horizon)
    knots = np.round(np.atleast_2d(one.times)[0], TIME_DIGITS)
    linear = one.hold == "linear" and len(knots) > 1
    if linear:
        breaks = breaks[breaks < knots[-1]]  # the last slope goes on beyond the last knot
    times = np.array([0.0, *breaks])
    starts = np.array([_at(held, name, time) for time in times])
    if not linear:
        return times, starts, np.zeros_like(starts)
    values = one.values[0].reshape(len(knots), -1) * factor(one.unit)
    left = np.searchsorted(knots[1:-1], times, side="right")
    return times, starts, (values[left + 1] - values[left]) / (knots[left + 1] - knots[left])[:, None]


def _at(held: Held, name: str, time: float) -> np.ndarray:
    return held(name, np.array([time]), np.array([time]))[:, 0]


def _line(times: np.ndarray, starts: np.ndarray, slopes: np.ndarray) -> str:
    """Return straight pieces as a formula of time."""
    pieces = [
        f"{number(start)} + {number(slope)} * (time - {number(time)})"
        for time, start, slope in zip(times, starts, slopes, strict=True)
    ]
    cases = [f"{piece}, time < {number(end)}" for piece, end in zip(pieces, times[1:], strict=False)]
    return f"piecewise({', '.join([*cases, pieces[-1]])})" if cases else pieces[-1]


__all__ = ["sbml_id", "to_sbml", "write_sbml"]
