"""What an engine hands back, before anything has a label: pieces of a solution, one block of subjects at a time."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from menaquinone.errors import refused
from menaquinone.results import Cells, cells_of
from menaquinone.solve.lines import empty

if TYPE_CHECKING:
    from menaquinone.solve.problem import Problem

Block = TypeVar("Block")
Progress = Callable[[int, int], None]
"""Called with subjects done and subjects in all."""
_PATIENCE = 0.2
"""Seconds after which whoever waits for a piece is told so."""

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
    rows : ndarray (cells, k)
        The array that all outputs are parts of, if there is one.
    placed
        Whether the outputs stand in the room that the engine was given, and nowhere else.
    """

    subjects: np.ndarray
    outputs: dict[str, np.ndarray]
    status: np.ndarray
    failed_at: np.ndarray
    ends: Ends | None = None
    rows: np.ndarray | None = None
    placed: bool = False


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


@dataclass(frozen=True)
class Room:
    """Where outputs are wanted, so that an engine need not hand over what is copied there.

    Attributes
    ----------
    rows : ndarray (cells, subjects)
        One array for the outputs of everybody, as ``Cells`` has them; contiguous.
    first
        Column of the problem's first subject.
    """

    rows: np.ndarray
    first: int = 0


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
        needs memory for few; closing the iterator stops the run. An engine whose attribute ``fills`` is true takes a
        ``room`` as well, and may leave outputs there.
        """


def blank(problem: "Problem", wanted: tuple[str, ...], subjects: np.ndarray) -> Piece:
    """Return a piece full of NaN, to be filled."""
    k = len(subjects)
    outputs = {name: np.full((*_shape(problem, name), k), np.nan) for name in wanted}
    return Piece(subjects, outputs, np.zeros(k, np.int8), np.full(k, np.nan))


def room_for(problem: "Problem", wanted: tuple[str, ...]) -> Room:
    """Return room for the outputs of a problem's people."""
    return Room(empty((len(cells_of(problem.model, wanted, problem.times)), problem.people.n)))


def gathered(
    problem: "Problem", wanted: tuple[str, ...], pieces: Iterator[Piece], room: Room | None = None
) -> Solution:
    """Put the pieces of a solution together; the iterator is closed whatever happens.

    Parameters
    ----------
    problem, wanted
        What is solved, for which outputs.
    pieces
        Of the problem.
    room
        That the engine was given, if it was.
    """
    room = room_for(problem, wanted) if room is None else room
    whole = unfilled(cells_of(problem.model, wanted, problem.times), room.rows)
    gather(whole, pieces, 0, problem.people.n)
    return whole


def unfilled(cells: Cells, rows: np.ndarray) -> Solution:
    """Return a solution that pieces can be gathered into, its outputs parts of rows (cells, subjects)."""
    n = rows.shape[1]
    return Solution(cells.parts(rows), np.empty(n, np.int8), np.empty(n))


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
            place = placed(piece.subjects + first)
            for name, values in () if piece.placed else whole.outputs.items():
                values[..., place] = piece.outputs[name]
            whole.status[place], whole.failed_at[place] = piece.status, piece.failed_at
            del piece  # else it would live on beside the next one
    if missing:
        raise refused("pieces of the engine", n - missing, f"each of {n} subjects once")


def pieces_of(
    engine: Engine, problem: "Problem", wanted: tuple[str, ...], workers: int, progress: Progress | None,
    room: Room | None,
) -> Iterator[Piece]:  # fmt: skip
    """Have an engine solve a problem, in the room that there is if it can."""
    more: dict[str, Any] = {"room": room} if room is not None and getattr(engine, "fills", False) else {}
    return engine.pieces(problem, wanted, workers=workers, progress=progress, **more)


def _shape(problem: "Problem", name: str) -> tuple[int, int]:
    return len(problem.times), len(problem.model.offers[name].members)


def placed(positions: np.ndarray) -> slice | np.ndarray:
    """Return positions as a slice where they follow one another: ten times faster to write to."""
    start, last = int(positions[0]), int(positions[-1])
    row = last - start + 1 == len(positions) and bool((np.diff(positions) == 1).all())
    return slice(start, last + 1) if row else positions


@contextmanager
def closing(pieces: Iterator[Piece]) -> Iterator[None]:
    """Close an iterator of pieces at the end, so that its threads end with whoever asked for them."""
    try:
        yield
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


class Stop:
    """A switch that threads look at, and compiled code: its first element is 0 until it is set."""

    def __init__(self) -> None:
        self.flag = np.zeros(1, np.uint8)

    def set(self) -> None:
        """Have everybody stop."""
        self.flag[0] = 1

    def is_set(self) -> bool:
        """Return whether everybody is to stop."""
        return bool(self.flag[0])


def streamed(
    run: Callable[[Block], Piece | None],
    blocks: Sequence[Block],
    workers: int,
    stopped: Stop,
    waiting: Callable[[], None] | None = None,
) -> Iterator[Piece]:
    """Send every thread to one block of subjects after another and yield the pieces in order.

    Parameters
    ----------
    run
        Works on a block, beside others that do, as long as there is anything to do; looks at ``stopped`` now and then.
        One of those who worked on a block returns its piece, the others nothing.
    blocks
        Of subjects.
    workers
        Threads. At most four pieces exist at one time.
    stopped
        Set when the iterator is closed or anything fails, so that no thread goes on; all have ended on return.
    waiting
        Called a few times a second while a piece is waited for.
    """
    if len(blocks) == 1 and workers == 1:  # a thread takes longer to begin than few people take
        yield from filter(None, [run(blocks[0])])
        return
    left: Iterator[Block] = (block for block in blocks for _ in range(workers))
    ahead: deque[Future[Piece | None]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            ahead.extend(pool.submit(run, block) for block in islice(left, 2 * workers))
            while ahead:
                first = ahead.popleft()
                while waiting is not None and not wait([first], _PATIENCE).done:
                    waiting()
                first.result()
                ahead.extend(pool.submit(run, block) for block in islice(left, 1))
                yield from filter(None, [first.result()])
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
    "Room",
    "Solution",
    "Stop",
    "blank",
    "closing",
    "gather",
    "gathered",
    "pieces_of",
    "placed",
    "room_for",
    "streamed",
    "unfilled",
]
