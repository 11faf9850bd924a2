"""The product: stage after stage inside windows, sixteen subjects at a time, in compiled code.

Every subject has its own windows, panels, error control, leaps and onsets; sharing happens only where the regimen makes
panels equal anyway. A block's width never shows in a subject's numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from threading import Event, Lock, local
from typing import TYPE_CHECKING

import numpy as np

from menaquinone import units
from menaquinone.errors import refused
from menaquinone.solve.build import Built
from menaquinone.solve.equations import LANES
from menaquinone.solve.problem import Problem
from menaquinone.solve.solution import Piece, Progress, blank, streamed

if TYPE_CHECKING:
    from menaquinone.solve.workspace import Workspace

_ROUGH, _LOOSE, _USUAL = 3e-3, 3e-5, 3e-7
_MOST_LANES = 1 << 16
_ROOM = 1 << 23
"""Numbers in the outputs of a block."""
_DOUBLED = (24.0, 48.0, 96.0, 192.0, 336.0, 672.0, 1344.0, 2688.0, 5376.0, 8766.0)
_FEW = (0.0, 4.0, 12.0, *_DOUBLED)
_SOME = (0.0, 2.0, 4.0, 8.0, 12.0, *_DOUBLED)
_MANY = (
    0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0, 192.0, 256.0, 336.0, 512.0, 672.0,
    1024.0, 1344.0, 2048.0, 2688.0, 4096.0, 5376.0, 8766.0,
)  # fmt: skip
"""Marks after a disturbance (h) between which panels suit a loose, a usual and a tight tolerance."""


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
        """Return the marks after a disturbance that a tolerance begins with, every panel halved ``level`` times."""
        marks = _MANY if rtol < _USUAL or not self.adaptive else _SOME if rtol < _LOOSE else _FEW
        parts = 2**self.level
        fine = [a + (b - a) * q / parts for a, b in pairwise(marks) for q in range(parts)]
        return np.array([*fine, marks[-1]])

    def samples(self, rtol: float) -> int:
        """Return how many periods a first leap is interpolated between, from which later ones learn."""
        return 5 if rtol >= _ROUGH else 8

    def together(self, n: int, workers: int, cells: int) -> int:
        """Return how many of n subjects with so many numbers each go together: a few blocks for every worker."""
        whole = -(-n // (4 * workers * LANES)) * LANES
        return max(LANES, min(self.lanes, whole, _ROOM // max(cells, 1) // LANES * LANES))

    def pieces(
        self, problem: Problem, wanted: tuple[str, ...], *, workers: int, progress: Progress | None
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
        """
        # subjects on one schedule stand together, so that their panels are equal; pieces say whose they are
        order = np.argsort(problem.doses.which, kind="stable")
        cells = len(problem.times) * sum(len(problem.model.offers[name].members) for name in wanted)
        width = self.together(len(order), workers, cells)
        blocks = [order[first : first + width] for first in range(0, len(order), width)]
        stopped, lock, done = Event(), Lock(), [0]
        problem.prepare()
        run_block = _Runner(self, problem, wanted)

        def run(subjects: np.ndarray) -> Piece:
            piece = run_block(subjects, stopped)
            with lock:
                done[0] += len(subjects)
                if progress is not None and done[0] < problem.people.n and not stopped.is_set():
                    progress(done[0], problem.people.n)
            return piece

        yield from streamed(run, blocks, workers, stopped)
        if progress is not None:
            progress(problem.people.n, problem.people.n)


class _Runner:
    """Runs one block of people after another."""

    def __init__(self, engine: Cascade, problem: Problem, wanted: tuple[str, ...]) -> None:
        from menaquinone.solve._tile import run

        self.engine, self.problem, self.wanted, self.kernel = engine, problem, wanted, run
        self.built = Built(problem, wanted)
        horizon = problem.horizon
        self.settings = np.array([problem.rtol, max(horizon, 24.0), engine.window, horizon])
        leaps = engine.adaptive and engine.leaps
        self.switches = np.array([engine.adaptive, leaps, engine.samples(problem.rtol)], np.int64)
        self.marks = engine.marks(problem.rtol)
        self.own = local()

    def _workspace(self) -> "Workspace":
        if not hasattr(self.own, "space"):
            from menaquinone.solve.workspace import Workspace

            self.own.space = Workspace(self.built.program, self.marks)
        space: Workspace = self.own.space
        return space

    def _captured(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return room for what is found, all missing, the same for one block after the other."""
        if getattr(self.own, "captured", np.empty(0)).shape != shape:
            self.own.captured = np.empty(shape)
        captured: np.ndarray = self.own.captured
        captured.fill(np.nan)
        return captured

    def _raise_errors(self) -> None:
        """Raise what equations that run in Python have raised."""
        for one in self.built.equations:
            error, one.keep.error = one.keep.error, None
            if error is not None:
                raise error

    def __call__(self, subjects: np.ndarray, stopped: Event) -> Piece:
        """Return the outputs of some people; nothing of use once stopped."""
        piece = blank(self.problem, self.wanted, subjects)
        if stopped.is_set():
            return piece
        k = len(subjects)
        # a value that overflows is found, reported and left missing; NumPy need not say so as well
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            crowd, entry = self.built.crowd(subjects)
        n = len(crowd.schedule)
        times = self.problem.times
        captured = self._captured((len(times), len(self.built.program.wanted), n))
        status, failed_at = np.zeros(n, np.int64), np.full(n, np.nan)
        statistics, stop, need = np.zeros(6, np.int64), np.zeros(1, np.uint8), np.zeros(2, np.int64)
        from menaquinone.solve.workspace import march_address

        space, number = self._workspace(), 0
        while number * LANES < n and not stopped.is_set():
            need[0] = 0
            number = self.kernel(
                march_address(self.built.program, space, crowd), self.built.program, self.built.agenda, crowd, times,
                self.settings, self.switches, self.marks, space.plan, space.lanes, space.raw, space.work, space.table,
                space.space, space.since, number, captured, status, failed_at, statistics, stop, need,
            )  # fmt: skip
            if need[0]:
                space.grow(int(need[0]), int(need[1]))
        self._raise_errors()
        first = 0
        for name in self.wanted:
            m = len(self.problem.model.offers[name].members)
            piece.outputs[name][...] = captured[:, first : first + m, :k]
            first += m
            if times[0] == 0.0:
                piece.outputs[name][0] = entry.offered[name][:, :k]
        piece.status[:], piece.failed_at[:] = status[:k], failed_at[:k]
        return replace(piece, ends=self.built.ends(crowd, k)) if self.problem.keeps else piece
