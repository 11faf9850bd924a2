"""A run in several legs: from visit to visit where a rule decides doses, and on from the state of another run.

Within a leg nothing downstream changes what happens upstream; feedback acts at visits alone, on doses. The engine is
called once a leg for all people who have the same rule, so that their visits, and no others, cut their time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from menaquinone.errors import InputError, refused
from menaquinone.inputs.doses import Doses
from menaquinone.inputs.parts import part
from menaquinone.inputs.population import Population
from menaquinone.inputs.records import Regimen, RuleRecord
from menaquinone.model import Model
from menaquinone.results import cells_of
from menaquinone.solve.asked import Asked
from menaquinone.solve.handed import Flights, Handed, entry_names, no_flights, together
from menaquinone.solve.prescribed import Prescribed, on_their_way, prescribe
from menaquinone.solve.problem import Problem
from menaquinone.solve.solution import STATUS, Ends, Piece, Progress, Solution, pieces_of, room_for
from menaquinone.solve.visits import Leg, Visiting, legs

_LOST = STATUS.index("value not finite")


@dataclass(frozen=True, eq=False)
class Decisions:
    """What a rule has decided.

    Attributes
    ----------
    subjects : ndarray (k,)
        Positions of the people who have it.
    rule
        The rule.
    amounts : ndarray (visits, doses, k)
        In the rule's unit; NaN for people who had failed by then.
    """

    subjects: np.ndarray
    rule: RuleRecord
    amounts: np.ndarray


@dataclass(frozen=True, eq=False)
class Travelled:
    """What a run in legs has found: outputs as of any run, the state at the end if asked for, and decisions."""

    solution: Solution
    handed: Handed | None
    decisions: tuple[Decisions, ...]


@dataclass(frozen=True)
class Course:
    """People on their way through legs; stands in the place of a problem.

    Attributes
    ----------
    asked
        The run; its people are those of this course.
    regimens
        Different ones.
    which : ndarray (n,)
        Index of each person's.
    """

    asked: Asked
    regimens: Sequence[Regimen]
    which: np.ndarray

    def __post_init__(self) -> None:
        """Refuse visits that lie outside the run."""
        end = float(self.asked.hours[-1])
        for one in self.regimens:
            late = [visit for visit in (one.rule.visits if one.rule else ()) if visit > end]
            if late:
                raise InputError(
                    f"visits: got {late[0] / 24:g} d, expected times within the run, which ends at {end / 24:g} d."
                )

    @property
    def model(self) -> Model:
        """Of the run."""
        return self.asked.model

    @property
    def people(self) -> Population:
        """Everybody."""
        return self.asked.people

    @cached_property
    def groups(self) -> list["Group"]:
        """Those who have one rule, or none: each group travels by itself."""
        rules = list(dict.fromkeys(self.regimens[one].rule for one in np.unique(self.which).tolist()))
        number = np.array([rules.index(one.rule) if one.rule in rules else -1 for one in self.regimens])
        found = []
        for place, rule in enumerate(rules):
            subjects = np.flatnonzero(number[self.which] == place)
            found.append(Group(subjects, self._asked_of(subjects), self.regimens, self.which[subjects], rule))
        return found

    def _asked_of(self, subjects: np.ndarray) -> Asked:
        asked, initial = self.asked, self.asked.initial
        if len(subjects) == self.people.n:
            return asked
        some = self.people.select(self.people.ids[subjects])
        return replace(asked, people=some, initial=None if initial is None else initial.take(subjects))

    @property
    def doses(self) -> Doses:
        """What is given when, for the result; amounts that a rule decides are NaN."""
        told = [group.known.told for group in self.groups]
        which, first = np.empty(self.people.n, np.int64), 0
        for group, one in zip(self.groups, told, strict=True):
            which[group.subjects] = one.which + first
            first += len(one.schedules)
        schedules = tuple(each for one in told for each in one.schedules)
        return Doses(schedules, which, tuple(each for one in told for each in one.taken))

    def travel(self, progress: Progress | None) -> Iterator[tuple[np.ndarray, Travelled]]:
        """Solve group after group, and yield the positions of their people with what was found."""
        done = 0
        for group in self.groups:
            yield group.subjects, group.travel(_further(progress, done, self.people.n, 0, 1, len(group.subjects)))
            done += len(group.subjects)

    def pieces(self, progress: Progress | None) -> Iterator[Piece]:
        """Yield outputs alone."""
        for subjects, found in self.travel(progress):
            one = found.solution
            yield Piece(subjects, one.outputs, one.status, one.failed_at)

    def solved(self, progress: Progress | None) -> Travelled:
        """Solve everything and put it together."""
        n, wanted = self.people.n, self.asked.wanted
        shapes = {name: (len(self.asked.hours), len(self.model.offers[name].members), n) for name in wanted}
        whole = Solution({name: np.empty(shape) for name, shape in shapes.items()}, np.empty(n, np.int8), np.empty(n))
        parts, decisions = [], []
        for subjects, found in self.travel(progress):
            if len(subjects) == n:
                return found
            for name, values in whole.outputs.items():
                values[..., subjects] = found.solution.outputs[name]
            whole.status[subjects], whole.failed_at[subjects] = found.solution.status, found.solution.failed_at
            decisions += [replace(one, subjects=subjects) for one in found.decisions]
            if found.handed is not None:
                parts.append((subjects, found.handed))
        return Travelled(whole, together(parts, n) if parts else None, tuple(decisions))


@dataclass(frozen=True)
class Group:
    """People with one rule, or none.

    Attributes
    ----------
    subjects : ndarray (n,)
        Their positions in the course.
    asked
        The run; its people are those of this group.
    regimens, which
        As of the course.
    rule
        Of all of them.
    """

    subjects: np.ndarray
    asked: Asked
    regimens: Sequence[Regimen]
    which: np.ndarray
    rule: RuleRecord | None

    @cached_property
    def flights(self) -> Flights:
        """Doses on their way when the run begins."""
        return no_flights(self.asked.people.n) if self.asked.initial is None else self.asked.initial.flights

    @cached_property
    def known(self) -> Prescribed:
        """What is known of doses beforehand."""
        return prescribe(self.asked, self.regimens, self.which, self.rule, self.flights.patterns)

    @cached_property
    def of_entry(self) -> tuple[str, ...]:
        """Outputs of the time of entry that this run has to note, because they are read later."""
        return entry_names(self.asked.model) if self.asked.initial is None else ()

    def travel(self, progress: Progress | None) -> Travelled:
        """Go from leg to leg."""
        asked, n = self.asked, self.asked.people.n
        visiting = None if self.rule is None else Visiting(asked, self.rule)
        wanted = tuple(dict.fromkeys([*asked.wanted, *(visiting.wanted if visiting else ()), *self.of_entry]))
        found = _nothing(asked, n)
        state, every = asked.initial, legs(self.rule.visits if self.rule else (), asked.hours)
        for number, leg in enumerate(every):
            alive = np.flatnonzero(found.status == 0)
            if not alive.size:
                break
            last = number == len(every) - 1
            problem = self._problem(leg, alive, state, None if visiting is None else visiting.scales)
            problem = replace(problem, keeps=asked.keeps or not last)
            told = _further(progress, 0, n, number, len(every), n)
            outputs, ends = _solve(asked, problem, wanted, told, found, leg, alive)
            if ends is not None:
                state = self._reached(state, ends, alive, outputs, leg)
            fine = found.status[alive] == 0
            if leg.visit is not None and visiting is not None and fine.any():
                seen = {name: values[-1][:, fine] for name, values in outputs.items()}
                visiting.decide(leg.visit, alive[fine], seen)
        decisions = () if visiting is None else (Decisions(np.arange(n), visiting.rule, visiting.made),)
        if visiting is not None and asked.given is not None:
            asked.given(visiting.rule, visiting.largest)
        return Travelled(found, self._handed(state, visiting) if asked.keeps else None, decisions)

    # one leg ----------------------------------------------------------------------------------------------------------

    def _problem(self, leg: Leg, alive: np.ndarray, state: Handed | None, scales: np.ndarray | None) -> Problem:
        """Align one leg for those who have not failed."""
        asked, known = self.asked, self.known
        used, which = np.unique(known.codes[alive], return_inverse=True)
        parts = [part(known.schedules[code], leg.start, leg.stop) for code in used.tolist()]
        masks = [known.taken[code] for code in used.tolist()]
        taken = tuple(None if mask is None else mask[:, rows] for mask, (_, rows) in zip(masks, parts, strict=True))
        doses = Doses(tuple(one for one, _ in parts), which.reshape(-1), taken, known.rows[alive])
        people = asked.people if len(alive) == asked.people.n else asked.people.select(asked.people.ids[alive])
        problem = Problem(
            asked.model, people, doses, leg.times(asked.hours)[0], asked.rtol, asked.growth_noise, known.molar,
            None if scales is None else scales[alive], speed={name: one[alive] for name, one in known.speed.items()},
        )  # fmt: skip
        return problem if state is None else self._going_on(problem, state, leg, alive)

    def _going_on(self, problem: Problem, state: Handed, leg: Leg, alive: np.ndarray) -> Problem:
        """Have a problem begin where people stand, with doses on their way."""
        flights = self.flights.without(self.known.cuts < leg.start).since(leg.start).take(alive)
        which = problem.doses.which
        firsts = [int(np.flatnonzero(which == code)[0]) for code in range(len(problem.doses.schedules))]
        flying = tuple(flights.of(one) for one in firsts)
        return replace(problem, initial=replace(state.take(alive), flights=flights), flying=flying)

    def _reached(
        self, before: Handed | None, ends: Ends, alive: np.ndarray, outputs: Mapping[str, np.ndarray], leg: Leg
    ) -> Handed:
        """Return where people stand at the end of a leg."""
        n = self.asked.people.n
        x, begun = np.full((len(ends.x), n), np.nan), np.zeros((len(ends.begun), n), bool)
        x[:, alive], begun[:, alive] = ends.x, ends.begun
        if before is None or leg.start == 0.0:
            entry = {name: _spread(outputs[name][0], alive, n) for name in self.of_entry}
            entry |= {} if before is None else dict(before.entry)
        else:
            entry = dict(before.entry)
        given = np.zeros((0, n), np.int64)
        return Handed(self.asked.clock + leg.stop, x, begun, entry, {}, given, {}, no_flights(n))

    # the end ----------------------------------------------------------------------------------------------------------

    def _handed(self, state: Handed | None, visiting: Visiting | None) -> Handed | None:
        """Return what is handed over: where people stand, with doses on their way and what was given."""
        if state is None:
            return None
        asked, known, horizon = self.asked, self.known, float(self.asked.hours[-1])
        flights = self.flights.without(known.cuts < horizon).since(horizon)
        more = on_their_way(asked, known, None if visiting is None else visiting.scales)
        decided = {} if asked.initial is None else dict(asked.initial.doses)
        return replace(
            state,
            clock=asked.clock + horizon,
            speed=known.speed,
            given=known.given,
            doses=decided | ({} if visiting is None else visiting.reached()),
            flights=flights if more is None else flights.beside(more),
        )


def _nothing(asked: Asked, n: int) -> Solution:
    """Return a solution to be filled, in which those who had failed in the run before have failed at once."""
    shapes = {name: (len(asked.hours), len(asked.model.offers[name].members), n) for name in asked.wanted}
    lost = np.zeros(n, bool) if asked.initial is None else ~np.isfinite(asked.initial.x).all(axis=0)
    outputs = {name: np.full(shape, np.nan) for name, shape in shapes.items()}
    return Solution(outputs, np.where(lost, _LOST, 0).astype(np.int8), np.where(lost, 0.0, np.nan))


def _solve(
    asked: Asked, problem: Problem, wanted: tuple[str, ...], progress: Progress | None, found: Solution, leg: Leg,
    alive: np.ndarray,
) -> tuple[dict[str, np.ndarray], Ends | None]:  # fmt: skip
    """Solve one leg; note its outputs and failures in what was found, and return outputs and where people end."""
    n, ends, (_, shown) = len(alive), None, leg.times(asked.hours)
    engine, room = asked.engine, room_for(problem, wanted)
    outputs = cells_of(asked.model, wanted, problem.times).parts(room.rows)
    for piece in pieces_of(engine, problem, wanted, asked.workers, progress, room):
        if problem.keeps and piece.ends is None:
            raise refused("engine", engine.label, "one that hands over the state at the end")
        who = piece.subjects
        for name, values in () if piece.placed else outputs.items():
            values[..., who] = piece.outputs[name]
        found.status[alive[who]] = piece.status
        found.failed_at[alive[who]] = piece.failed_at + leg.start
        if piece.ends is not None:
            if ends is None:
                ends = Ends(np.empty((len(piece.ends.x), n)), np.empty((len(piece.ends.begun), n), bool))
            ends.x[:, who] = np.where(piece.status == 0, piece.ends.x, np.nan)
            ends.begun[:, who] = piece.ends.begun
    for name, values in found.outputs.items():
        for row, place in zip(leg.rows.tolist(), shown.tolist(), strict=True):
            values[row][:, alive] = outputs[name][place]
    return outputs, ends


def _spread(values: np.ndarray, alive: np.ndarray, n: int) -> np.ndarray:
    whole = np.full((len(values), n), np.nan)
    whole[:, alive] = values
    return whole


def _further(progress: Progress | None, before: int, n: int, leg: int, legs: int, mine: int) -> Progress | None:
    """Return a progress that tells people done of all, from people done in one of several legs."""
    if progress is None:
        return None
    told = progress
    return lambda done, _: told(before + (leg * mine + done) // legs, n)


__all__ = ["Course", "Decisions", "Group", "Travelled"]
