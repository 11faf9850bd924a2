"""What an engine hands back, before anything has a label: pieces of a solution, one block of subjects at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING, Protocol

import numpy as np

from menaquinone.errors import refused

if TYPE_CHECKING:
    from menaquinone.solve.problem import Problem

Progress = Callable[[int, int], None]
"""Called with subjects done and subjects in all."""

STATUS = ("solved", "tolerance not reached", "value not finite")
"""Meaning of each status, by its number."""


@dataclass(frozen=True)
class Ends:
    """Where some of the subjects stand at the end of a run.

    Attributes
    ----------
    x : ndarray (states, k)
        Every state, stage after stage, state after state, member after member; NaN for subjects who failed.
    begun : ndarray (members, k) of bool
        Whether the states of each member of a block with an onset exist.
    """

    x: np.ndarray
    begun: np.ndarray


@dataclass(frozen=True)
class Piece:
    """Outputs of some of the subjects.

    Attributes
    ----------
    subjects : ndarray (k,)
        Their positions among the people of the problem.
    outputs
        By name, (times, members, k), in house units; NaN from a subject's failure on.
    status : ndarray (k,)
        Index into ``STATUS``.
    failed_at : ndarray (k,)
        Hours at which a subject failed; NaN for the others.
    ends
        Where they stand at the end, if the problem asks for it.
    """

    subjects: np.ndarray
    outputs: dict[str, np.ndarray]
    status: np.ndarray
    failed_at: np.ndarray
    ends: Ends | None = None


@dataclass(frozen=True)
class Solution:
    """Outputs of every subject.

    Attributes
    ----------
    outputs
        By name, (times, members, subjects), in house units; NaN from a subject's failure on.
    status : ndarray (subjects,)
        Index into ``STATUS``.
    failed_at : ndarray (subjects,)
        Hours at which a subject failed; NaN for the others.
    """

    outputs: dict[str, np.ndarray]
    status: np.ndarray
    failed_at: np.ndarray


class Engine(Protocol):
    """What ``simulate`` asks of an engine."""

    @property
    def label(self) -> str:
        """Name and settings, for the result's attributes."""

    def pieces(
        self, problem: "Problem", wanted: tuple[str, ...], *, workers: int, progress: Progress | None
    ) -> Iterator[Piece]:
        """Solve a problem for the outputs wanted, a few subjects at a time, every subject once.

        The order of pieces does not depend on ``workers``. Few of them exist at one time, so that whoever adds them up
        needs memory for few; closing the iterator stops the run.
        """


def blank(problem: "Problem", wanted: tuple[str, ...], subjects: np.ndarray) -> Piece:
    """Return a piece full of NaN, to be filled."""
    k = len(subjects)
    outputs = {name: np.full((*_shape(problem, name), k), np.nan) for name in wanted}
    return Piece(subjects, outputs, np.zeros(k, np.int8), np.full(k, np.nan))


def gathered(problem: "Problem", wanted: tuple[str, ...], pieces: Iterator[Piece]) -> Solution:
    """Put the pieces of a solution together; the iterator is closed whatever happens."""
    n = problem.people.n
    whole = unfilled({name: np.empty((*_shape(problem, name), n)) for name in wanted}, n)
    gather(whole, pieces, 0, n)
    return whole


def unfilled(outputs: dict[str, np.ndarray], n: int) -> Solution:
    """Return a solution of n subjects that pieces can be gathered into."""
    return Solution(outputs, np.empty(n, np.int8), np.empty(n))


def gather(whole: Solution, pieces: Iterator[Piece], first: int, n: int) -> None:
    """Put the pieces of one problem into a solution of several; the iterator is closed whatever happens.

    Parameters
    ----------
    whole
        To be filled.
    pieces
        Of the problem.
    first
        Where its subject 0 stands in the whole.
    n
        Subjects of the problem.

    Raises
    ------
    InputError
        If the engine did not hand over as many.
    """
    missing = n
    with closing(pieces):
        for piece in pieces:
            missing -= len(piece.subjects)
            place = _place(piece.subjects, first)
            for name, values in whole.outputs.items():
                values[..., place] = piece.outputs[name]
            whole.status[place], whole.failed_at[place] = piece.status, piece.failed_at
            del piece  # else it would live on beside the next one
    if missing:
        raise refused("pieces of the engine", n - missing, f"each of {n} subjects once")


def _shape(problem: "Problem", name: str) -> tuple[int, int]:
    return len(problem.times), len(problem.model.offers[name].members)


def _place(subjects: np.ndarray, first: int) -> slice | np.ndarray:
    """Return positions as a slice where they follow one another: ten times faster to write to."""
    start, last = int(subjects[0]), int(subjects[-1])
    row = last - start + 1 == len(subjects) and bool((np.diff(subjects) == 1).all())
    return slice(first + start, first + last + 1) if row else subjects + first


@contextmanager
def closing(pieces: Iterator[Piece]) -> Iterator[None]:
    """Close an iterator of pieces at the end, so that its threads end with whoever asked for them."""
    try:
        yield
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


def streamed(
    run: Callable[[np.ndarray], Piece], blocks: Sequence[np.ndarray], workers: int, stopped: Event
) -> Iterator[Piece]:
    """Run blocks of subjects on threads and yield their pieces in order.

    Parameters
    ----------
    run
        From positions to a piece; looks at ``stopped`` now and then.
    blocks
        Positions of the subjects of each block.
    workers
        Threads. At most two pieces more than that exist at one time.
    stopped
        Set when the iterator is closed or anything fails, so that no thread goes on; all have ended on return.
    """
    left: Iterable[np.ndarray] = iter(blocks)
    ahead: deque[Future[Piece]] = deque()
    with ThreadPoolExecutor(max(1, min(workers, len(blocks)))) as pool:
        try:
            ahead.extend(pool.submit(run, subjects) for subjects in islice(left, workers + 1))
            while ahead:
                first = ahead.popleft()
                first.result()
                ahead.extend(pool.submit(run, subjects) for subjects in islice(left, 1))
                yield first.result()
                del first
        finally:
            stopped.set()
            for one in ahead:
                one.cancel()


__all__ = [
    "STATUS",
    "Ends",
    "Engine",
    "Piece",
    "Progress",
    "Solution",
    "blank",
    "closing",
    "gather",
    "gathered",
    "streamed",
    "unfilled",
]
