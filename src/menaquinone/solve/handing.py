"""The cascade with where people end: its compiled driver leaves that in the crowd, from which it is read here."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event, local
from typing import Any

import numpy as np

from menaquinone.errors import refused
from menaquinone.solve import cascade
from menaquinone.solve.cascade import Cascade
from menaquinone.solve.problem import Problem
from menaquinone.solve.program import Crowd
from menaquinone.solve.solution import Engine, Piece, Progress, streamed


def pieces_with_ends(
    engine: Engine, problem: Problem, wanted: tuple[str, ...], *, workers: int, progress: Progress | None
) -> Iterator[Piece]:
    """Solve a problem as ``engine.pieces`` does, with the state at the end in every piece if the problem keeps it.

    Raises
    ------
    InputError
        If the engine hands over no state.
    """
    found = (
        _kept(engine, problem, wanted, workers=workers, progress=progress)
        if problem.keeps and isinstance(engine, Cascade)
        else engine.pieces(problem, wanted, workers=workers, progress=progress)
    )
    for piece in found:
        if problem.keeps and piece.ends is None:
            raise refused("engine", engine.label, "one that hands over the state at the end")
        yield piece


def _kept(
    engine: Cascade, problem: Problem, wanted: tuple[str, ...], *, workers: int, progress: Progress | None
) -> Iterator[Piece]:
    order = np.argsort(problem.doses.which, kind="stable")
    width = min(engine.lanes, cascade._width(len(order), workers))  # noqa: SLF001 - until it hands over by itself
    blocks = [order[first : first + width] for first in range(0, len(order), width)]
    problem.prepare()
    run, stopped, done = _Keeping(engine, problem, wanted), Event(), 0
    for piece in streamed(lambda subjects: run(subjects, stopped), blocks, workers, stopped):
        done += len(piece.subjects)
        yield piece
        if progress is not None:
            progress(done, problem.people.n)


class _Keeping(cascade._Runner):  # noqa: SLF001 - likewise
    """Runs blocks of people and keeps where they end."""

    def __init__(self, engine: Cascade, problem: Problem, wanted: tuple[str, ...]) -> None:
        super().__init__(engine, problem, wanted)
        self.ended = local()
        self.kernel = _noting(self.kernel, self.ended)

    def __call__(self, subjects: np.ndarray, stopped: Event) -> Piece:
        """Return the outputs of some people and where they end."""
        piece = super().__call__(subjects, stopped)
        if stopped.is_set():
            return piece
        return replace(piece, ends=self.built.ends(self.ended.crowd, len(subjects)))


def _noting(driver: Callable[..., int], ended: local) -> Callable[..., int]:
    """Return the driver with a note of the crowd that it moves to its end.

    A method would tie the runner to itself, and its workspace would outlive the leg.
    """

    def noted(march: int, program: Any, agenda: Any, crowd: Crowd, *rest: Any) -> int:
        ended.crowd = crowd
        return driver(march, program, agenda, crowd, *rest)

    return noted


__all__ = ["pieces_with_ends"]
