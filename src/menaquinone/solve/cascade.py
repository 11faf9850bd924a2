"""The product: stage after stage inside windows, sixteen subjects at a time, in compiled code.

Every subject has its own windows, panels, error control, leaps and onsets; sharing happens only where the regimen makes
panels equal anyway. A block's width never shows in a subject's numbers.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from menaquinone import units
from menaquinone.errors import refused
from menaquinone.pause import collecting_later
from menaquinone.results import cells_of
from menaquinone.solve.build import Built, part_of
from menaquinone.solve.entry import Entry
from menaquinone.solve.equations import LANES
from menaquinone.solve.marks import first_marks
from menaquinone.solve.problem import Problem
from menaquinone.solve.program import Crowd, Program
from menaquinone.solve.solution import Piece, Progress, Room, placed, streamed

if TYPE_CHECKING:
    from menaquinone.solve.workspace import Workspace

_ROUGH = 3e-3
_MOST_LANES = 1 << 16
_ROOM = 1 << 23
"""Numbers in the outputs of a block."""
_MOST_SPARE = 8
_AS_ONE = 512
"""People of small blocks who are put into arrays together."""


@dataclass(frozen=True)
class Cascade:
    """The fast engine.

    Parameters
    ----------
    window
        Most hours advanced at a time where every dose is stepped.
    lanes
        Subjects handed to compiled code together at most, a multiple of 16; fewer where their outputs would fill more
        than 64 MB.
    level
        Halvings of every panel to begin with.
    adaptive
        Whether panels are refined where the error estimate asks. Without, panels stay as ``level`` lays them and every
        dose is stepped: for measuring the order of convergence.
    leaps
        Whether stretches in which doses repeat are leaped over: their periods sampled instead of stepped.
    """

    fills: ClassVar[bool] = True
    window: float = 8766.0
    lanes: int = 1024
    level: int = 0
    adaptive: bool = True
    leaps: bool = True

    def __post_init__(self) -> None:
        """Refuse settings that no run could have."""
        if self.lanes not in range(LANES, _MOST_LANES + 1, LANES):
            raise refused("lanes", self.lanes, f"a multiple of {LANES} up to {_MOST_LANES}")
        if self.level not in range(9):
            raise refused("level", self.level, "a whole number from 0 to 8")
        if not units.magnitude(self.window, "1", "window") > 0:
            raise refused("window", self.window, "hours greater than 0")

    @property
    def label(self) -> str:
        """Name and settings, for the result's attributes."""
        return f"cascade(window={self.window:g} h{'' if self.leaps else ', no leaps'})"

    def marks(self, rtol: float) -> np.ndarray:
        """Return the marks (2, m) that a tolerance begins with, after slow and after quick doses.

        Every panel is halved ``level`` times; the shorter row is filled up with infinity.
        """
        return first_marks(rtol if self.adaptive else 0.0, self.level)

    def samples(self, rtol: float) -> int:
        """Return how many periods a first leap is interpolated between, from which later ones learn."""
        return 5 if rtol >= _ROUGH else 8

    def together(self, n: int, workers: int, cells: int) -> int:
        """Return how many of n subjects with so many numbers each go together: a few blocks for every worker."""
        whole = -(-n // (4 * workers * LANES)) * LANES
        return max(LANES, min(self.lanes, whole, _ROOM // max(cells, 1) // LANES * LANES))

    def pieces(
        self,
        problem: Problem,
        wanted: tuple[str, ...],
        *,
        workers: int,
        progress: Progress | None,
        room: Room | None = None,
    ) -> Iterator[Piece]:
        """Solve a problem block by block of subjects, in an order that does not depend on the workers.

        Parameters
        ----------
        problem
            The aligned problem.
        wanted
            Names of outputs.
        workers
            Threads over blocks of subjects; results do not depend on it.
        progress
            Called from time to time with subjects done and in all.
        room
            Where outputs are left instead of in pieces.
        """
        # subjects on one schedule stand together, so that their panels are equal; pieces say whose they are
        order = np.argsort(problem.doses.which, kind="stable")
        cells = len(problem.times) * sum(len(problem.model.offers[name].members) for name in wanted)
        width = self.together(len(order), workers, cells)
        stopped, lock, in_turn, done = Event(), Lock(), Lock(), [0]
        problem.prepare()
        runner = _Runner(self, problem, wanted, room)
        together = max(1, _AS_ONE // width) * width
        cuts = _cuts(len(order), together, workers if together == width else 1)
        blocks = [
            block
            for first, last in pairwise(cuts)
            for block in _Gathering(runner.built, order[first:last], width, in_turn).blocks
        ]

        def run(block: _Block) -> Piece:
            piece = runner(block.subjects, stopped, block)
            with lock:
                done[0] += len(block.subjects)
                if progress is not None and done[0] < problem.people.n and not stopped.is_set():
                    progress(done[0], problem.people.n)
            return piece

        if len(blocks) > 1 and workers > 1:
            blocks[0].gathering.make()  # threads that begin while another runs Python are late
        try:
            yield from streamed(run, blocks, workers, stopped)
        finally:
            runner.leave()
        if progress is not None:
            progress(problem.people.n, problem.people.n)


def _cuts(n: int, width: int, workers: int) -> list[int]:
    """Return where n people are cut into blocks: the first are narrower, a different one for each worker.

    Workers then come to the end of a block one after the other: while all put people into arrays, none would compute.
    """
    cuts = [0]
    for worker in range(1, workers):
        cuts.append(cuts[-1] + max(LANES, width * worker // workers // LANES * LANES))
    while cuts[-1] < n:
        cuts.append(cuts[-1] + width)
    return [*(cut for cut in cuts if cut < n), n]


class _Gathering:
    """People of some blocks, put into arrays together by whichever thread comes first.

    For few people that takes as long for one block as for all. Gatherings of a run share a lock: threads that run
    Python at the same time wait for each other at every call.
    """

    def __init__(self, built: Built, subjects: np.ndarray, width: int, lock: Lock) -> None:
        self.built, self.subjects = built, subjects
        self.blocks = [_Block(self, first, subjects[first : first + width]) for first in range(0, len(subjects), width)]
        self._lock, self._left = lock, len(self.blocks)
        self._made: tuple[Crowd, Entry] | None = None

    def make(self) -> tuple[Crowd, Entry]:
        """Put the people into arrays, unless that is done."""
        if self._made is None:
            # a value that overflows is found, reported and left missing; NumPy need not say so as well
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                self._made = self.built.crowd(self.subjects)
        return self._made

    def taken(self) -> tuple[Crowd, Entry]:
        """Return the people, for one block; they are forgotten when every block has taken them."""
        with self._lock:
            made = self.make()
            self._left -= 1
            self._made = made if self._left > 0 else None
        return made


@dataclass(frozen=True, eq=False)
class _Block:
    """People who are solved one after the other by one thread: from number ``first`` of a gathering on."""

    gathering: _Gathering
    first: int
    subjects: np.ndarray

    def crowd(self) -> tuple[Crowd, dict[str, np.ndarray]]:
        """Return the people as arrays, and what they have at time 0, each (members, k)."""
        crowd, entry = self.gathering.taken()
        chosen = slice(self.first, self.first + len(self.subjects))
        return part_of(crowd, chosen), {name: values[:, chosen] for name, values in entry.offered.items()}


class _Runner:
    """Runs one block of people after another."""

    def __init__(self, engine: Cascade, problem: Problem, wanted: tuple[str, ...], room: Room | None = None) -> None:
        with collecting_later():
            from menaquinone.solve._tile import run

        self.engine, self.problem, self.wanted, self.kernel, self.room = engine, problem, wanted, run, room
        self.built = Built(problem, wanted)
        self.cells = cells_of(problem.model, wanted, problem.times)
        firsts = np.cumsum([0, *self.cells.members]) * self.cells.times
        self.rows = np.array(
            [(first + k, m) for first, m in zip(firsts, self.cells.members, strict=False) for k in range(m)], np.int64
        )
        horizon = problem.horizon
        self.settings = np.array([problem.rtol, max(horizon, 24.0), engine.window, horizon])
        leaps = engine.adaptive and engine.leaps
        self.switches = np.array([engine.adaptive, leaps, engine.samples(problem.rtol)], np.int64)
        self.marks = engine.marks(problem.rtol)
        self.scratch: list[_Scratch] = []

    def _taken(self) -> "_Scratch":
        """Return scratch that no thread is using: of this run, of one before, or new."""
        try:
            return self.scratch.pop()
        except IndexError:
            return _spare.taken(self.built.program, self.marks)

    def leave(self) -> None:
        """Leave scratch to other runs."""
        _spare.left(self.scratch)

    def _raise_errors(self) -> None:
        """Raise what equations that run in Python have raised."""
        for one in self.built.equations:
            error, one.keep.error = one.keep.error, None
            if error is not None:
                raise error

    def __call__(self, subjects: np.ndarray, stopped: Event, block: _Block | None = None) -> Piece:
        """Return the outputs of some people; nothing of use once stopped."""
        k = len(subjects)
        block = _Gathering(self.built, subjects, max(k, 1), Lock()).blocks[0] if block is None else block
        rows = np.empty((len(self.cells), k)) if self.room is None else self.room.rows
        places = np.arange(k) if self.room is None else subjects + self.room.first
        status, failed_at = np.zeros(-(-k // LANES) * LANES, np.int64), np.full(-(-k // LANES) * LANES, np.nan)
        ends = None
        if not stopped.is_set():
            crowd, offered = block.crowd()
            self._solve(crowd, rows, places, status, failed_at, stopped)
            if self.problem.times[0] == 0.0:
                self._begin(rows, places, offered)
            ends = self.built.ends(crowd, k) if self.problem.keeps else None
        made = (status[:k].astype(np.int8), failed_at[:k], ends)
        if self.room is not None:
            return Piece(subjects, {}, *made, placed=True)
        return Piece(subjects, self.cells.parts(rows), *made, rows)

    def _begin(self, rows: np.ndarray, places: np.ndarray, offered: dict[str, np.ndarray]) -> None:
        """Write what people have at time 0."""
        place, first = placed(places), 0
        for name, m in zip(self.wanted, self.cells.members, strict=True):
            rows[first : first + m, place] = offered[name]
            first += m * self.cells.times

    def _solve(
        self, crowd: Crowd, rows: np.ndarray, places: np.ndarray, status: np.ndarray, failed_at: np.ndarray,
        stopped: Event,
    ) -> None:  # fmt: skip
        """Take people from time 0 to the end, with outputs in their places and failures noted."""
        statistics, stop, need = np.zeros(7, np.int64), np.zeros(1, np.uint8), np.zeros(2, np.int64)
        found, noted = np.empty(len(self.cells) * LANES), np.full((self.cells.times + 2, LANES), -1)
        noted[-2:] = [[self.cells.times], [0]]
        scratch, number = self._taken(), 0
        space = scratch.space

        def arguments() -> tuple[Any, ...]:
            return (
                scratch.address, self.built.program, self.built.agenda, crowd, self.problem.times, self.settings,
                self.switches, self.marks, space.plan, space.lanes, space.raw, space.work, space.table, space.space,
                space.since, number, noted, found, rows, self.rows, places, status, failed_at, statistics, stop, need,
            )  # fmt: skip

        scratch.address = scratch.address or _march_address(self.built.program, space, crowd, arguments())
        while number * LANES < len(crowd.schedule) and not stopped.is_set():
            need[0] = 0
            number = self.kernel(*arguments())
            if need[0]:
                space.grow(int(need[0]), int(need[1]))
        self.scratch.append(scratch)
        self._raise_errors()


def _march_address(program: Program, space: "Workspace", crowd: Crowd, arguments: tuple[Any, ...]) -> int:
    """Return the address of the march of a member; arguments: of the driver."""
    from numba import typeof

    from menaquinone.solve.compilation import march_address
    from menaquinone.solve.workspace import march_kinds

    return march_address(march_kinds(program, space, crowd), tuple(map(typeof, arguments)))


@dataclass
class _Scratch:
    """What one thread works in, for one model and a number of marks; and the address of its march, 0 if unknown."""

    space: "Workspace"
    marks: int
    address: int = 0


class _Spare:
    """Scratch of runs that have ended, a few pieces: whoever solves the same model next need not make it.

    What is in it shows in nobody's numbers; the largest arrays that windows have asked for stay.
    """

    def __init__(self) -> None:
        self._held: deque[_Scratch] = deque(maxlen=_MOST_SPARE)

    def taken(self, program: Program, marks: np.ndarray) -> _Scratch:
        """Return scratch for a model and a number of marks."""
        from menaquinone.solve.workspace import Workspace

        for _ in range(len(self._held)):
            try:
                one = self._held.pop()
            except IndexError:  # another thread was faster
                break
            if one.space.program is program and one.marks == marks.shape[1]:
                return one
            self._held.appendleft(one)
        return _Scratch(Workspace(program, marks), marks.shape[1])

    def left(self, scratch: list[_Scratch]) -> None:
        """Take scratch back."""
        self._held.extend(scratch)


_spare = _Spare()
