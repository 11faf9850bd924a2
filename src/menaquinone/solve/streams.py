"""Many people in one run of few at a time: portions are drawn, solved, added up and forgotten."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from menaquinone.inputs.doses import given
from menaquinone.inputs.records import DoseRecord, Regimen
from menaquinone.inputs.schedule import expand
from menaquinone.results import Accumulator, Groups, Statistics, Summaries, cells_of
from menaquinone.solve.asked import Asked, Failures, molar_masses
from menaquinone.solve.course import Course
from menaquinone.solve.problem import Problem
from menaquinone.solve.solution import Piece, Progress, Room, closing, pieces_of

PORTION = 32_768
"""People whose covariates and missed doses exist at one time; a multiple of every block of subjects."""
_FEWEST = 1024
_LOOKED_AT = 16
"""Regimens, at least, that stand for all where there are more."""
_AT_ONCE = 2**27
"""Bytes of values or of missed doses at one time; a fixed number: no result depends on the memory of a machine."""


def summarised(
    asked: Asked,
    problems: Iterable[tuple[int, Problem | Course]],
    wanted: Summaries,
    groups: Groups,
    failures: Failures,
    before: int = 0,
) -> Statistics:
    """Solve and summarise people portion by portion, keeping none of them.

    Parameters
    ----------
    asked
        The run.
    problems
        Portions, with the number of the first person of each.
    wanted, groups
        What to keep, and of whom.
    failures
        Takes note of those who fail.
    before
        Subjects of a larger run that came before.

    Returns
    -------
    Statistics
        Arrays (cells, 1, groups). The order of people, not of workers or blocks, decides the last bit of a mean; counts
        and quantiles depend on neither.
    """
    cells = cells_of(asked.model, asked.wanted, asked.hours)
    sizes = np.bincount(groups.codes, minlength=len(groups)).tolist()
    parts = [Accumulator(len(cells), wanted.accuracy, expected=size) for size in sizes]
    for first, problem in problems:
        pieces = solving(asked, problem, before + first)
        with closing(pieces):
            for piece in pieces:
                subjects = piece.subjects + first
                failures.note(subjects + before, piece.status, piece.failed_at)
                rows = cells.rows(piece.outputs) if piece.rows is None else piece.rows
                codes = groups.codes[subjects]
                for code in np.unique(codes) if len(groups) > 1 else (0,):
                    parts[code].add(rows[:, codes == code] if len(groups) > 1 else rows)
                del piece, rows  # else they would live on beside the next one
        del problem, pieces
    return together([one.statistics(wanted.quantiles) for one in parts])


def together(groups: list[Statistics]) -> Statistics:
    """Put the statistics (cells,) or (cells, points) of groups side by side: (cells, points, groups)."""
    stacked = {
        name: np.stack(
            [getattr(one, name) if one.n.ndim > 1 else getattr(one, name)[:, None] for one in groups], axis=2
        )
        for name in ("n", "failed", "mean", "sd", "quantiles")
    }
    return Statistics(**stacked, error=max(one.error for one in groups))


def portions(asked: Asked, regimens: list[Regimen], which: np.ndarray) -> Iterator[tuple[int, Problem | Course]]:
    """Yield the problem of one portion of the people after another, with the number of its first."""
    cells = len(cells_of(asked.model, asked.wanted, asked.hours))
    n, size = asked.people.n, portion_size(regimens, float(asked.hours[-1]), cells)
    for first in range(0, n, size):
        chosen = slice(first, min(first + size, n))
        some = asked if n <= size else asked.some(chosen)
        yield first, aligned(some, regimens, which[chosen])


def aligned(asked: Asked, regimens: list[Regimen], which: np.ndarray) -> Problem | Course:
    """Align a run whose regimens are handed out; as a course where it follows a rule or goes on from a state."""
    if asked.initial is not None or asked.keeps or any(one.rule is not None for one in regimens):
        return Course(asked, regimens, which)
    doses = given(regimens, which, asked.people.ids, asked.seed, float(asked.hours[-1]))
    molar = molar_masses(regimens)
    return Problem(asked.model, asked.people, doses, asked.hours, asked.rtol, asked.growth_noise, molar)


def portion_size(regimens: Sequence[Regimen], horizon: float, cells: int = 1) -> int:
    """Return how many people are drawn at one time: fewer where each may miss many doses or has many values."""
    each = max(1, 8 * cells, *(doses_at_risk(one, horizon) for one in some(regimens)))
    return min(PORTION, max(_FEWEST, _AT_ONCE // each // _FEWEST * _FEWEST))


def some(regimens: Sequence[Regimen]) -> Sequence[Regimen]:
    """Return a few regimens that stand for all where there are many."""
    return regimens[:: max(1, len(regimens) // _LOOKED_AT)]


def doses_at_risk(regimen: Regimen, horizon: float) -> int:
    """Return how many doses of a regimen are drawn one by one, because some of them may be missed."""
    if all(one.adherence >= 1 for one in regimen.prescribed if isinstance(one, DoseRecord)):
        return 0
    return len(expand(Regimen(regimen.prescribed), horizon))


def solving(asked: Asked, problem: Problem | Course, first: int = 0, room: Room | None = None) -> Iterator[Piece]:
    """Have the engine solve one portion, whose first subject is number ``first``; progress counts in the whole."""
    progress = telling(asked, first)
    if isinstance(problem, Course):
        return problem.pieces(progress)
    return pieces_of(asked.engine, problem, asked.wanted, asked.workers, progress, room)


def telling(asked: Asked, first: int = 0) -> Progress | None:
    """Return a progress of a portion, whose first subject is number ``first``, that counts in the whole run."""
    told = asked.progress
    return None if told is None else lambda done, _: told(first + done, asked.subjects)


__all__ = [
    "PORTION",
    "aligned",
    "doses_at_risk",
    "portion_size",
    "portions",
    "solving",
    "some",
    "summarised",
    "telling",
    "together",
]
