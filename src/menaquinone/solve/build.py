"""From an aligned problem to the arrays of :mod:`menaquinone.solve.program`."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from menaquinone import units
from menaquinone.solve.actions import RESET, Actions, Target
from menaquinone.solve.entry import Entry, enter
from menaquinone.solve.equations import LANES, equations
from menaquinone.solve.kept import Kept
from menaquinone.solve.lines import contiguous
from menaquinone.solve.orbits import acting
from menaquinone.solve.problem import TIME_DIGITS, Problem, Wired, inputs
from menaquinone.solve.program import COLUMNS, Agenda, Crowd, Program
from menaquinone.solve.solution import Ends
from menaquinone.solve.stretches import stretches
from menaquinone.solve.structure import elimination, structure
from menaquinone.solve.transients import transients

_ROUNDING = 1e-13
"""Share of what its inputs could do to a state that passes for rounding."""
_FEW_SCHEDULES = 4
"""Tables of more schedules are large, and hardly ever asked for again."""
_programs: Kept[tuple[Program, dict[str, int], list[tuple[str, int]], list[tuple[str, bool, int]]]] = Kept(16)
_agendas: Kept[tuple[list[tuple[Target, ...]], Agenda, list[np.ndarray]]] = Kept(8)


class Built:
    """A problem as arrays: the model and the regimens once, people block by block.

    Parameters
    ----------
    problem
        The aligned problem.
    wanted
        Names of outputs to keep; stages without states that nobody needs are left out.
    """

    def __init__(self, problem: Problem, wanted: tuple[str, ...]) -> None:
        self.problem, self.wanted = problem, wanted
        self.stages = _needed(problem.stages, wanted)
        self.linear = {
            name for name, one in problem.covariates.items() if one.hold == "linear" and one.values.shape[1] > 1
        }
        self.targets: list[tuple[Target, ...]] = []
        self.first_row: dict[str, int] = {}
        self.covariate_rows: list[tuple[str, int]] = []
        self.entry_rows: list[tuple[str, bool, int]] = []
        self.equations = [equations(one.block) for one in self.stages]
        key = self._key()
        self.program, self.first_row, self.covariate_rows, self.entry_rows = _programs(key, self._laid)
        few = len(problem.actions) <= _FEW_SCHEDULES
        self.targets, self.agenda, self.quiet = _agendas((key, problem.actions), self._dosed) if few else self._dosed()
        doses = problem.doses
        missing = [doses.taken_for(schedule) is not None for schedule in range(len(doses.schedules))]
        self.missing = np.array(missing, np.uint8)

    def _key(self) -> tuple[Any, ...]:
        """Return all that the arrays of the model rest on: none of it is a number of a parameter or of a person."""
        covariates = tuple(
            (name, one.hold, one.values.shape[1], one.axis, one.members)
            for name, one in self.problem.covariates.items()
        )
        addresses = tuple((one.coefficients, one.outputs) for one in self.equations)
        return self.problem.model.shape, self.wanted, covariates, addresses, self.problem.initial is None

    def _laid(self) -> tuple[Program, dict[str, int], list[tuple[str, int]], list[tuple[str, bool, int]]]:
        """Return the tables of the model and where things stand on the board."""
        return self._program(), self.first_row, self.covariate_rows, self.entry_rows

    def _dosed(self) -> tuple[list[tuple[Target, ...]], Agenda, list[np.ndarray]]:
        """Return what is to be known of every schedule."""
        every = self.problem.actions
        self.targets = [_targets(one) for one in every]
        return self.targets, self._agenda(), [self._quiet(one) for one in every]

    # the model --------------------------------------------------------------------------------------------------------

    def steps_only(self, one: Wired) -> frozenset[str]:
        """Return the inputs of a stage that are constant inside a window."""
        return frozenset(
            wire.name for wire in one.wires if wire.at_entry or (wire.covariate and wire.of not in self.linear)
        )

    def _program(self) -> Program:
        table = np.zeros((len(self.stages), COLUMNS), np.int64)
        acts, reach, felt, then = [np.zeros(0, np.uint8)], [np.zeros(0, np.uint8)], [], [np.zeros(0)]
        used, filled, filters = [[np.zeros(0, np.uint8)] for _ in range(3)]
        rows = sum(one.m * len(one.block.offers) for one in self.stages)
        outputs = state = parameter = read = member = mask = begin = widest = widest_b = 0
        for place, one in enumerate(self.stages):
            block, found = one.block, structure(one.block, self.steps_only(one))
            when, level = _onset(one)
            made = self.equations[place]
            direct = np.array(found.acts, bool).reshape(one.n, one.n)
            table[place] = (
                one.n, one.m, state, parameter, len(block.parameters), read, len(block.inputs), outputs,
                len(block.offers), made.coefficients, made.outputs, block.affine, found.a_moves, found.b_moves,
                one.steady, when, level, one.doses, member, mask, begin, sum(map(len, used)), sum(map(len, filled)),
            )  # fmt: skip
            for offset, name in enumerate(block.offers):
                self.first_row[name] = outputs + offset
            acts.append((direct | np.eye(one.n, dtype=bool)).ravel().astype(np.uint8))
            reach.append(_closure(direct).ravel().astype(np.uint8))
            for parts, part in zip((used, filled, filters), elimination(direct), strict=True):
                parts.append(part.ravel().astype(np.uint8))
            felt += [np.array(found.felt, bool).reshape(len(block.offers), one.n)] * one.m
            if block.onset is not None:
                then.append(np.array(block.onset.then, float))
                begin += one.n
            outputs += one.m * len(block.offers)
            state, parameter = state + one.n * one.m, parameter + one.m * len(block.parameters)
            read, member, mask = read + one.m * len(block.inputs), member + one.m, mask + one.n**2
            widest = max(widest, one.n**2 if found.a_moves else 0)
            widest_b = max(widest_b, one.n if found.a_moves or found.b_moves else 0)
        feed, sums, terms, rows = self._wires(rows)
        counts = (
            rows, state, parameter, member, max((one.n for one in self.stages), default=1) or 1,
            max((len(one.block.inputs) for one in self.stages), default=0),
            max((len(one.block.offers) for one in self.stages), default=0),
            all(one.block.affine for one in self.stages), widest, widest_b,
        )  # fmt: skip
        others_read, rules = np.zeros(rows, np.uint8), {"previous": 0, "next": 1}
        others_read[feed] = others_read[terms] = 1
        return Program(
            table, feed, sums, terms, np.concatenate(acts), np.concatenate(reach), np.concatenate(used),
            np.concatenate(filled), np.concatenate(filters),
            np.array([feels.any() for one in felt for feels in one], np.uint8), others_read,
            _heeded(felt, others_read), np.concatenate(then),
            np.array(
                [
                    (2 if name in self.linear else rules.get(self.problem.covariates[name].hold, 0), row)
                    for name, row in self._covariate_members()
                ],
                np.int64,
            ).reshape(-1, 2),
            np.array([row + k for _, _, row, m in self._entries() for k in range(m)], np.int64),
            np.array(
                [row for name in self.wanted for row in self._rows_of(name)], np.int64
            ),
            np.array(counts, np.int64),
        )  # fmt: skip

    def _rows_of(self, name: str) -> list[int]:
        """Return the rows of the board that hold an output, member by member."""
        one = next(one for one in self.stages if name in one.block.offers)
        return [self.first_row[name] + k * len(one.block.offers) for k in range(one.m)]

    def _covariate_members(self) -> list[tuple[str, int]]:
        return [(name, row + k) for name, row in self.covariate_rows for k in range(self._width(name))]

    def _width(self, name: str) -> int:
        one = self.problem.covariates[name]
        return len(one.members) if one.axis else 1

    def _entries(self) -> list[tuple[str, bool, int, int]]:
        """Return name, whether a covariate, first row and rows of what is read at time 0."""
        found = []
        for name, of_covariate, row in self.entry_rows:
            m = self._width(name) if of_covariate else len(self.problem.model.offers[name].members)
            found.append((name, of_covariate, row, m))
        return found

    def _wires(self, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """Resolve every input of every member to a row of the board, adding rows for what no stage offers."""
        feed: list[int] = []
        sums: list[tuple[int, int]] = []
        terms: list[int] = []
        of_entry: dict[str, int] = {}
        of_covariate: dict[str, int] = {}
        for one in self.stages:
            for k in range(one.m):
                for wire in one.wires:
                    sources: list[int] = []
                    if wire.covariate:
                        known = of_entry if wire.at_entry else of_covariate
                        if wire.of not in known:
                            known[wire.of] = rows
                            if wire.at_entry:
                                self.entry_rows.append((wire.of, True, rows))
                            else:
                                self.covariate_rows.append((wire.of, rows))
                            rows += self._width(wire.of)
                        feed.append(known[wire.of] + self._place(one, k, wire.of))
                    elif wire.at_entry:
                        if wire.of not in of_entry:
                            of_entry[wire.of] = rows
                            self.entry_rows.append((wire.of, False, rows))
                            rows += len(self.problem.model.offers[wire.of].members)
                        sources = [of_entry[wire.of] + int(index) for index in wire.index[k]]
                    else:
                        offered = self._rows_of(wire.of)
                        sources = [offered[index] for index in wire.index[k]]
                    if len(sources) == 1:
                        feed.append(sources[0])
                    elif sources:
                        feed.append(rows)
                        rows += 1
                    sums.append((len(terms), len(sources) if len(sources) > 1 else 0))
                    terms += sources if len(sources) > 1 else []
        return np.array(feed, np.int64), np.array(sums, np.int64).reshape(-1, 2), np.array(terms, np.int64), rows

    def _place(self, one: Wired, k: int, name: str) -> int:
        """Return which member of a covariate a member reads."""
        found = self.problem.covariates[name]
        if found.axis not in one.block.axes:
            return 0
        member = one.stage.members[k].name[one.block.axes.index(found.axis)]
        return found.members.index(member) if member in found.members else 0  # `enter` refuses others

    # the regimens -----------------------------------------------------------------------------------------------------

    def _slot(self, target: Any) -> int:
        one = self.problem.stages[target.stage]
        place = next((k for k, kept in enumerate(self.stages) if kept is one), -1)
        if place < 0:
            return -1
        return int(self.program.stage[place, 2]) + int(target.member * one.n + target.state)

    def _agenda(self) -> Agenda:
        every = self.problem.actions
        most = max((len(one) for one in self.targets), default=0)
        slot = np.full((len(every), max(most, 1)), -1, np.int64)
        for row, targets in enumerate(self.targets):
            slot[row, : len(targets)] = [self._slot(target) for target in targets]
        breaks = [one.breaks for one in every]
        found = [stretches(one) for one in every]
        orbits = [[(one.time, one.period, one.replace) for one in each.orbits] for each in every]
        cycles, running = [], []
        for each, targets in zip(every, self.targets, strict=True):
            for one in each.orbits:
                for joint in (True, False):
                    events, on = acting(one, joint=joint)
                    cycles.append([(at, kind, targets.index(target), value) for at, kind, target, value in events])
                    running.append([(targets.index(target), value) for target, value in on])
        return Agenda(
            _from(breaks), _joined(breaks, float),
            _from([one.time for one in every]),
            _joined([one.time for one in every], float), _joined([one.order for one in every], np.int64),
            _joined([one.kind for one in every], np.int64), _joined([one.value for one in every], float),
            _joined([one.dose for one in every], np.int64), _joined([one.target for one in every], np.int64),
            slot, _from(found), _table(found, 3), _from(orbits), _table(orbits, 3), _from(cycles), _table(cycles, 4),
            _from(running), _table(running, 2),
        )  # fmt: skip

    def _quiet(self, actions: Actions) -> np.ndarray:
        """Return the members to which nothing ever happens under a schedule: all they depend on stands still."""
        still_rows: set[int] = set()
        once = {name for name, one in self.problem.covariates.items() if one.values.shape[1] == 1}
        dosed = {self._slot(target) for target in actions.targets}
        stirred = bool(actions.orbits) or bool((actions.order == RESET).any())
        found = []
        for place, one in enumerate(self.stages):
            columns = self.program.stage[place]
            for k in range(one.m):
                first = columns[5] + k * columns[6]
                still = not stirred
                for u, wire in enumerate(one.wires):
                    if wire.at_entry or (wire.covariate and wire.of in once):
                        continue
                    if wire.covariate:
                        still = False
                        continue
                    start, count = self.program.sums[first + u]
                    rows = self.program.terms[start : start + count] if count else [self.program.feed[first + u]]
                    still = still and all(int(row) in still_rows for row in rows)
                if one.n:
                    own = range(int(columns[2]) + k * one.n, int(columns[2]) + (k + 1) * one.n)
                    # a state that was handed over is on its way to rest
                    still = still and self.problem.initial is None and one.steady
                    still = still and not any(slot in dosed for slot in own)
                if still:
                    still_rows |= set(range(columns[7] + k * columns[8], columns[7] + (k + 1) * columns[8]))
                found.append(still)
        return np.array(found, np.uint8)

    # the people -------------------------------------------------------------------------------------------------------

    def crowd(self, subjects: np.ndarray) -> tuple[Crowd, Entry]:
        """Return people as the engine reads them, the last repeated up to a multiple of the lanes."""
        problem = self.problem
        padded = np.concatenate([subjects, np.repeat(subjects[-1:], -len(subjects) % LANES)])
        n = len(padded)
        entry = enter(problem, padded)
        which = problem.doses.which[padded]
        mine = [problem.stages.index(one) for one in self.stages]
        parameters = [
            _by_member(_stacked(entry.parameters[i], one.m, n)) for i, one in zip(mine, self.stages, strict=True)
        ]
        x = [_by_member(entry.x[i]) for i in mine]
        base = [_by_member(entry.intake[i]) for i in mine]
        noise = [_by_member(_ROUNDING * entry.reach[i]) for i in mine]
        share = np.ones((self.agenda.slot.shape[1], n))
        for schedule in np.unique(which):
            lanes = which == schedule
            for row, target in enumerate(self.targets[schedule]):
                share[row, lanes] = problem.arriving(target, entry.parameters, padded)[lanes]
        knots, levels = self._covariates(entry.held, n)
        rest = [_by_member(entry.rest[i]) for i in mine]
        crowd = Crowd(
            which.astype(np.int64), _tiled(_all(parameters, n)), _tiled(_all(x, n)), _tiled(_all(rest, n)),
            _tiled(_all(base, n)), _tiled(_all(noise, n)), share, self._taken(padded),
            self.missing[which], self._edges(entry.held, which, n), _tiled(knots), _tiled(levels),
            _tiled(_all([entry.known[name].reshape(-1, n) for name, *_ in self._entries()], n)),
            _tiled(np.stack(self.quiet)[which].T), _tiled(self._onsets(entry, padded, n)),
            *transients(problem, self.targets, entry, which),
        )  # fmt: skip
        return Crowd(*map(contiguous, crowd)), entry

    def ends(self, crowd: Crowd, k: int) -> Ends:
        """Return where the first k people stand, from a crowd whose ``x`` and ``onset`` the engine has moved there."""
        x, since, parts, begun, first = _people(crowd.x), _people(crowd.onset), [], [], 0
        width = x.shape[1]
        for place, one in enumerate(self.stages):
            at, n = int(self.program.stage[place, 2]), one.n * one.m
            parts.append(x[at : at + n].reshape(one.m, one.n, width).swapaxes(0, 1).reshape(n, width))
            if one.block.onset is not None:
                begun.append(since[first : first + one.m] < np.inf)
            first += one.m
        return Ends(_all(parts, width)[:, :k], _all(begun, width)[:, :k] != 0)

    def _taken(self, subjects: np.ndarray) -> np.ndarray:
        if not self.missing.any():
            return np.zeros((len(subjects), 0), np.uint8)
        masks = [self.problem.taken_by(subject) for subject in subjects.tolist()]
        also = [len(rows) for rows in self.problem.flying] or [0] * len(self.problem.doses.schedules)
        most = max(len(one.given) + more for one, more in zip(self.problem.doses.schedules, also, strict=True))
        taken = np.ones((len(subjects), most), np.uint8)
        for row, mask in enumerate(masks):
            if mask is not None:
                taken[row, : len(mask)] = mask
        return taken

    def _edges(self, held: Any, which: np.ndarray, n: int) -> np.ndarray:
        """Return the times (n, e) at which the windows of each lane have to end: steps, orbits, the horizon."""
        horizon = self.problem.horizon
        columns = [np.full((n, 1), horizon)]
        for name, one in held.covariates.items():
            times = np.round(np.broadcast_to(one.times, one.values.shape[:2]), TIME_DIGITS)
            columns.append((times[:, 1:-1] if name in self.linear else times[:, 1:]) - self.problem.clock)
        orbits = [[orbit.time for orbit in one.orbits] for one in self.problem.actions]
        most = max(map(len, orbits), default=0)
        if most:
            padded = np.array([times + [horizon] * (most - len(times)) for times in orbits])
            columns.append(padded[which])
        edges = np.concatenate(columns, axis=1)
        edges = np.where((edges > 0) & (edges < horizon), edges, horizon)
        edges.sort(axis=1)
        return edges[:, : int((edges < horizon).sum(axis=1).max(initial=0)) + 1]

    def _covariates(self, held: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self._covariate_members()
        most = max((held.covariates[name].values.shape[1] for name, _ in rows), default=0)
        knots, levels = np.full((len(rows), max(most, 2), n), np.inf), np.zeros((len(rows), max(most, 2), n))
        place = 0
        for name, _ in self.covariate_rows:
            one = held.covariates[name]
            times = np.round(np.broadcast_to(one.times, one.values.shape[:2]), TIME_DIGITS).T - self.problem.clock
            values = (one.values if one.axis else one.values[..., None]) * units.factor(one.unit)
            for k in range(values.shape[2]):
                knots[place, : len(times)] = times
                levels[place, : len(times)] = values[:, :, k].T
                levels[place, len(times) :] = values[:, -1, k]
                place += 1
        return knots, levels

    def _onsets(self, entry: Entry, subjects: np.ndarray, n: int) -> np.ndarray:
        """Return -inf where states exist from time 0 on, inf where their onset is still to come."""
        now = np.full(n, self.problem.clock)
        parts = [np.zeros((0, n))]
        begun = None if self.problem.initial is None else self.problem.initial.exist(self.problem.stages, subjects)
        for one in self.stages:
            since = np.full((one.m, n), -np.inf)
            if begun is not None and one.block.onset is not None:
                since[~begun[self.problem.stages.index(one)]] = np.inf
            elif one.block.onset is not None:
                u = inputs(one, entry.offered, entry.known, entry.held, now, now)
                p = entry.parameters[self.problem.stages.index(one)]
                since[~np.broadcast_to(getattr(u, one.onset.when) >= getattr(p, one.onset.reaches), since.shape)] = (
                    np.inf
                )
            parts.append(since)
        return np.concatenate(parts)


def _needed(stages: tuple[Wired, ...], wanted: Iterable[str]) -> list[Wired]:
    """Return the stages with states and those whose outputs are wanted or read.

    What has no states has no errors either: whether it is left out shows nowhere else.
    """
    names, kept = set(wanted), []
    for one in reversed(stages):
        if one.n or names & set(one.block.offers):
            kept.append(one)
            names |= {wire.of for wire in one.wires if not wire.covariate and not wire.at_entry}
    return kept[::-1]


def _heeded(felt: list[np.ndarray], read: np.ndarray) -> np.ndarray:
    """Return of every state whether anything that others read depends on it; felt: (outputs, n) of each member."""
    first, found = 0, [np.zeros(0, np.uint8)]
    for feels in felt:
        rows = slice(first, first + len(feels))
        found.append((feels & (read[rows, None] != 0)).any(axis=0).astype(np.uint8))
        first = rows.stop
    return np.concatenate(found)


def _onset(one: Wired) -> tuple[int, int]:
    if one.block.onset is None:
        return -1, -1
    return list(one.block.inputs).index(one.onset.when), list(one.block.parameters).index(one.onset.reaches)


def _closure(acts: np.ndarray) -> np.ndarray:
    reach: np.ndarray = acts | np.eye(len(acts), dtype=bool)
    for _ in range(len(acts)):
        reach = reach @ reach
    return reach


def _stacked(parameters: Any, m: int, n: int) -> np.ndarray:
    """Stack parameters, each (m, n), to (names, m, n)."""
    return np.array(parameters, float) if len(parameters) else np.zeros((0, m, n))


def _by_member(values: np.ndarray) -> np.ndarray:
    """Put (k, m, n) as (m k, n), one member after the other."""
    return values.swapaxes(0, 1).reshape(-1, values.shape[-1])


def _tiled(values: np.ndarray) -> np.ndarray:
    """Put (.., n) as (tiles, .., lanes)."""
    split = values.reshape(*values.shape[:-1], values.shape[-1] // LANES, LANES)
    return contiguous(split.transpose(split.ndim - 2, *range(split.ndim - 2), split.ndim - 1))


def _people(values: np.ndarray) -> np.ndarray:
    """Put (tiles, k, lanes) as (k, n)."""
    return values.swapaxes(0, 1).reshape(values.shape[1], -1)


def _all(parts: list[np.ndarray], n: int) -> np.ndarray:
    return np.concatenate([np.zeros((0, n)), *parts])


def _from(parts: list[Any]) -> np.ndarray:
    return np.cumsum([0, *map(len, parts)]).astype(np.int64)


def _joined(parts: list[np.ndarray], kind: Any) -> np.ndarray:
    return np.concatenate([np.zeros(0, kind), *parts]).astype(kind)


def _table(parts: list[Any], columns: int) -> np.ndarray:
    return np.array([row for part in parts for row in part], float).reshape(-1, columns)


def _targets(actions: Actions) -> tuple[Target, ...]:
    """Return every place that doses go to, those of steady states included, once."""
    of_orbits = [target for one in actions.orbits for _, target in (*one.new, *one.joint)]
    # doses that differ in name alone may share a target: their places are those the actions count on
    return (*actions.targets, *dict.fromkeys(one for one in of_orbits if one not in actions.targets))


__all__ = ["Built"]
