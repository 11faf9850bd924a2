"""The product: stage after stage inside windows, sixteen subjects at a time, in compiled code.

Every subject has its own windows, panels, error control, leaps and onsets; sharing happens only where the regimen makes
panels equal anyway. A block's width never shows in a subject's numbers.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from menaquinone import units
from menaquinone.errors import refused
from menaquinone.pause import collecting_later
from menaquinone.results import cells_of
from menaquinone.solve.build import Built
from menaquinone.solve.equations import LANES
from menaquinone.solve.lines import empty
from menaquinone.solve.marks import first_marks
from menaquinone.solve.problem import Problem
from menaquinone.solve.program import Crowd, Program
from menaquinone.solve.solution import Piece, Progress, Room, Stop, placed, streamed

if TYPE_CHECKING:
    from menaquinone.solve.workspace import Workspace

_ROUGH = 3e-3
_MOST_LANES = 1 << 16
_ROOM = 1 << 23
"""Numbers in the outputs of a block."""
_MOST_SPARE = 8
_GROWTH = 4
"""How many times the people of a block are those of the one before, until there are as many as may be."""


@dataclass(frozen=True)
class Cascade:
    """The fast engine.

    Parameters
    ----------
    window
        Most hours advanced at a time where every dose is stepped.
    lanes
        Subjects put into arrays together at most, a multiple of 16; fewer where outputs that are handed over in pieces
        would fill more than 64 MB.
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
    lanes: int = 2048
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

    def together(self, cells: int) -> int:
        """Return how many subjects with so many numbers each go together at most."""
        return max(LANES, min(self.lanes, _ROOM // max(cells, 1) // LANES * LANES))

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
            Threads that share every block of subjects; results do not depend on it.
        progress
            Called from time to time with subjects done and in all.
        room
            Where outputs are left instead of in pieces.
        """
        # subjects on one schedule stand together, so that their panels are equal; pieces say whose they are
        order = np.argsort(problem.doses.which, kind="stable")
        cells = len(problem.times) * sum(len(problem.model.offers[name].members) for name in wanted)
        problem.prepare()
        runner, stopped, in_turn = _Runner(self, problem, wanted, room), Stop(), Lock()
        cuts = _cuts(len(order), self.together(0 if room is not None else cells))
        blocks = [_Block(runner, order[first:last], in_turn) for first, last in pairwise(cuts)]
        for one, following in pairwise(blocks):
            one.following = following

        def tell() -> None:
            done = sum(block.solved for block in blocks)
            if progress is not None and done < problem.people.n:
                progress(done, problem.people.n)

        workers = min(workers, -(-len(order) // LANES))
        if workers > 1:
            blocks[0].make()  # threads that begin while another runs Python are late
        waiting = None if progress is None else tell
        try:
            for piece in streamed(lambda block: runner(block, stopped), blocks, workers, stopped, waiting):
                tell()
                yield piece
                del piece  # else it would live on beside the next one
        finally:
            runner.leave()
        if progress is not None:
            progress(problem.people.n, problem.people.n)


def _cuts(n: int, width: int) -> list[int]:
    """Return where n people are cut into blocks of at most so many.

    Nothing is computed while the first is made, and the next one is made by one thread while the others are busy with
    the one before: blocks begin small.
    """
    cuts, size = [0], width // _GROWTH**2
    while cuts[-1] < n:
        cuts.append(cuts[-1] + max(size // LANES, 1) * LANES)
        size = min(_GROWTH * size, width)
    return [*(cut for cut in cuts if cut < n), n]


class _Block:
    """People who are put into arrays together, and whose tiles threads then take one after the other.

    Blocks of a run share a lock for that: threads that run Python at the same time wait for each other at every call.

    Attributes
    ----------
    subjects : ndarray (k,)
        Who they are.
    following
        The next block of the run.
    made
        Their arrays, once they have been made.
    counted : ndarray (2,)
        How many tiles have been taken and how many have been solved.
    """

    def __init__(self, runner: "_Runner", subjects: np.ndarray, in_turn: Lock) -> None:
        self.subjects = subjects
        self.following: _Block | None = None
        self.made: _Made | None = None
        self.counted = np.zeros(2, np.int64)
        self._runner, self._in_turn, self._noting = runner, in_turn, Lock()
        self._left = -(-len(subjects) // LANES)

    @property
    def solved(self) -> int:
        """How many people have been solved."""
        return min(int(self.counted[1]) * LANES, len(self.subjects))

    def make(self, *, wait: bool = True) -> None:
        """Put the people into arrays, unless that is done; not now if another thread does so and nobody waits."""
        if self._wanted() and self._in_turn.acquire(blocking=wait):
            try:
                if self._wanted():
                    self.made = self._runner.made(self.subjects)
            finally:
                self._in_turn.release()

    def _wanted(self) -> bool:
        return self.made is None and self._left > 0

    def ended(self, tiles: int) -> bool:
        """Note that a thread has solved so many tiles; return whether they were the last, which is said once."""
        with self._noting:
            self._left -= tiles
            return tiles > 0 and self._left == 0


@dataclass(frozen=True, eq=False)
class _Made:
    """People of a block as arrays, and where their outputs go.

    offered: what they have at time 0, each (members, k). rows (cells, columns): outputs, in the columns ``places``.
    """

    crowd: Crowd
    offered: dict[str, np.ndarray]
    rows: np.ndarray
    places: np.ndarray
    status: np.ndarray
    failed_at: np.ndarray


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

    def made(self, subjects: np.ndarray) -> _Made:
        """Put people into arrays."""
        k = len(subjects)
        padded = -(-k // LANES) * LANES
        # a value that overflows is found, reported and left missing; NumPy need not say so as well
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            crowd, entry = self.built.crowd(subjects)
        rows = empty((len(self.cells), k)) if self.room is None else self.room.rows
        places = np.arange(k) if self.room is None else subjects + self.room.first
        return _Made(crowd, entry.offered, rows, places, np.zeros(padded, np.int64), np.full(padded, np.nan))

    def __call__(self, block: _Block, stopped: Stop) -> Piece | None:
        """Solve people of a block as long as some are left; whoever solves the last returns the outputs of all."""
        if stopped.is_set():
            return None
        block.make()
        if block.following is not None:
            block.following.make(wait=False)
        made = block.made
        if made is None or not block.ended(self._solve(made, block.counted, stopped)):
            return None
        block.made, k = None, len(block.subjects)
        if self.problem.times[0] == 0.0:
            self._begin(made)
        ends = self.built.ends(made.crowd, k) if self.problem.keeps else None
        told = (made.status[:k].astype(np.int8), made.failed_at[:k], ends)
        if self.room is not None:
            return Piece(block.subjects, {}, *told, placed=True)
        return Piece(block.subjects, self.cells.parts(made.rows), *told, made.rows)

    def _begin(self, made: _Made) -> None:
        """Write what people have at time 0."""
        place, first = placed(made.places), 0
        for name, m in zip(self.wanted, self.cells.members, strict=True):
            made.rows[first : first + m, place] = made.offered[name][:, : len(made.places)]
            first += m * self.cells.times

    def _solve(self, made: _Made, counted: np.ndarray, stopped: Stop) -> int:
        """Take people from time 0 to the end, with outputs in their places and failures noted; return how many tiles.

        Other threads may be at it: tiles are ``counted`` as they are taken, and once more when they are solved.
        """
        statistics, need, number = np.zeros(7, np.int64), np.zeros(2, np.int64), -1
        found, noted = empty(len(self.cells) * LANES), np.full((self.cells.times + 2, LANES), -1)
        noted[-2:] = [[self.cells.times], [0]]
        scratch = self._taken()
        space = scratch.space

        def arguments() -> tuple[Any, ...]:
            return (
                scratch.address, self.built.program, self.built.agenda, made.crowd, self.problem.times, self.settings,
                self.switches, self.marks, space.plan, space.lanes, space.raw, space.work, space.table, space.space,
                space.since, counted, number, noted, found, made.rows, self.rows, made.places, made.status,
                made.failed_at, statistics, stopped.flag, need,
            )  # fmt: skip

        scratch.address = scratch.address or _march_address(self.built.program, space, made.crowd, arguments())
        while True:
            need[0] = 0
            number = self.kernel(*arguments())
            if not need[0]:
                break
            space.grow(int(need[0]), int(need[1]))
        self.scratch.append(scratch)
        self._raise_errors()
        return int(statistics[5]) // LANES


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
