"""The product: stage after stage inside windows of two weeks, a block of subjects at a time.

Every subject has its own windows, panels, error control and onsets; sharing happens only where the regimen makes
panels equal anyway. A block's width never shows in a subject's numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event, Lock

import numpy as np

from menaquinone import units
from menaquinone.errors import refused
from menaquinone.solve.lanes import Lanes
from menaquinone.solve.problem import Problem
from menaquinone.solve.solution import Piece, Progress, blank, streamed

_WIDTH = 16
"""Lanes are padded to a multiple of this by repeating a subject."""
_MOST_LANES = 1024
"""Histories of more would not stay in any cache."""


@dataclass(frozen=True)
class Cascade:
    """The fast engine.

    Parameters
    ----------
    window
        Hours advanced at a time.
    lanes
        Subjects advanced together, a multiple of 16.
    level
        Halvings of every panel to begin with.
    adaptive
        Whether panels are refined where the error estimate asks. Without, panels stay as ``level`` lays them: for
        measuring the order of convergence.
    """

    window: float = 336.0
    lanes: int = 32
    level: int = 0
    adaptive: bool = True

    def __post_init__(self) -> None:
        """Refuse settings that no run could have."""
        if self.lanes not in range(_WIDTH, _MOST_LANES + 1, _WIDTH):
            raise refused("lanes", self.lanes, f"a multiple of {_WIDTH} up to {_MOST_LANES}")
        if self.level not in range(9):
            raise refused("level", self.level, "a whole number from 0 to 8")
        if not units.magnitude(self.window, "1", "window") > 0:
            raise refused("window", self.window, "hours greater than 0")

    @property
    def label(self) -> str:
        """Name and settings, for the result's attributes."""
        return f"cascade(window={self.window:g} h)"

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
        blocks = [order[first : first + self.lanes] for first in range(0, len(order), self.lanes)]
        stopped, lock, done = Event(), Lock(), [0.0]

        def advance(share: float) -> None:
            with lock:
                done[0] += share
                if progress is not None:
                    progress(min(round(done[0]), problem.people.n), problem.people.n)

        def run(subjects: np.ndarray) -> Piece:
            padded = np.concatenate([subjects, np.repeat(subjects[-1:], -len(subjects) % _WIDTH)])
            piece = blank(problem, wanted, subjects)
            lanes = Lanes(problem, padded, len(subjects), self, wanted)
            # a value that overflows is found, reported and left missing; NumPy need not say so as well
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                while not stopped.is_set() and lanes.step(piece):
                    advance(len(subjects) * lanes.share)
            return piece

        problem.prepare()
        yield from streamed(run, blocks, workers, stopped)
        if progress is not None:
            progress(problem.people.n, problem.people.n)
