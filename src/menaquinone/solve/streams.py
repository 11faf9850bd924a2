"""Many people in one run of few at a time: portions are drawn, solved, added up and forgotten."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from menaquinone.inputs.doses import given
from menaquinone.inputs.records import DoseRecord, Regimen
from menaquinone.inputs.schedule import expand
from menaquinone.results import Accumulator, Groups, Statistics, Summaries, cells_of
from menaquinone.solve.asked import Asked, Failures, molar_masses
from menaquinone.solve.problem import Problem
from menaquinone.solve.solution import Progress, closing

PORTION = 32_768
"""People whose covariates and missed doses exist at one time; a multiple of every block of subjects."""
_FEWEST = 1024
_AT_ONCE = 2**27
"""Bytes of values or of missed doses at one time; a fixed number: no result depends on the memory of a machine."""


def summarised(
    asked: Asked,
    regimens: list[Regimen],
    which: np.ndarray,
    wanted: Summaries,
    groups: Groups,
    failures: Failures,
) -> tuple[Statistics, tuple[str, ...]]:
    """Solve and summarise people portion by portion, keeping none of them.

    Parameters
    ----------
    asked
        The run.
    regimens, which
        Different ones, and the index of each person's.
    wanted, groups
        What to keep, and of whom.
    failures
        Takes note of those who fail.

    Returns
    -------
    statistics, unused
        Arrays (cells, 1, groups), and effects of the population that the model has no parameter for. The order of
        people, not of workers or blocks, decides the last bit of a mean; counts and quantiles depend on neither.
    """
    cells = cells_of(asked.model, asked.wanted, asked.hours)
    sizes = np.bincount(groups.codes, minlength=len(groups)).tolist()
    parts = [Accumulator(len(cells), wanted.accuracy, expected=size) for size in sizes]
    unused: tuple[str, ...] = ()
    for first, problem in portions(asked, regimens, which):
        unused = problem.unused_effects
        progress = _shifted(asked.progress, first, asked.people.n)
        pieces = asked.engine.pieces(problem, asked.wanted, workers=asked.workers, progress=progress)
        with closing(pieces):
            for piece in pieces:
                subjects = piece.subjects + first
                failures.note(subjects, piece.status, piece.failed_at)
                rows, codes = cells.rows(piece.outputs), groups.codes[subjects]
                for code in np.unique(codes) if len(groups) > 1 else (0,):
                    parts[code].add(rows[:, codes == code] if len(groups) > 1 else rows)
                del piece, rows  # else they would live on beside the next one
        del problem, pieces
    return together([one.statistics(wanted.quantiles) for one in parts]), unused


def together(groups: list[Statistics]) -> Statistics:
    """Put the statistics (cells,) of groups side by side: (cells, 1, groups)."""
    stacked = {
        name: np.stack([getattr(one, name) for one in groups], axis=1)[:, None]
        for name in ("n", "failed", "mean", "sd", "quantiles")
    }
    return Statistics(**stacked, error=max(one.error for one in groups))


def portions(asked: Asked, regimens: list[Regimen], which: np.ndarray) -> Iterator[tuple[int, Problem]]:
    """Yield the problem of one portion of the people after another, with the number of its first."""
    cells = len(cells_of(asked.model, asked.wanted, asked.hours))
    n, size = asked.people.n, portion_size(regimens, float(asked.hours[-1]), cells)
    for first in range(0, n, size):
        chosen = slice(first, min(first + size, n))
        people = asked.people if n <= size else asked.people.select(chosen)
        yield first, aligned(replace(asked, people=people), regimens, which[chosen])


def aligned(asked: Asked, regimens: list[Regimen], which: np.ndarray) -> Problem:
    """Align a run whose regimens are handed out."""
    doses = given(regimens, which, asked.people.ids, asked.seed, float(asked.hours[-1]))
    molar = molar_masses(regimens)
    return Problem(asked.model, asked.people, doses, asked.hours, asked.rtol, asked.growth_noise, molar)


def portion_size(regimens: Sequence[Regimen], horizon: float, cells: int = 1) -> int:
    """Return how many people are drawn at one time: fewer where each may miss many doses or has many values."""
    each = max(1, 8 * cells, *(doses_at_risk(one, horizon) for one in regimens))
    return min(PORTION, max(_FEWEST, _AT_ONCE // each // _FEWEST * _FEWEST))


def doses_at_risk(regimen: Regimen, horizon: float) -> int:
    """Return how many doses of a regimen are drawn one by one, because some of them may be missed."""
    if all(one.adherence >= 1 for one in regimen.records if isinstance(one, DoseRecord)):
        return 0
    return len(expand(regimen, horizon))


def _shifted(progress: Progress | None, first: int, n: int) -> Progress | None:
    """Return a report on a portion that counts in the whole."""
    if progress is None:
        return None

    def report(done: int, _: int) -> None:
        progress(first + done, n)

    return report


__all__ = ["PORTION", "aligned", "doses_at_risk", "portion_size", "portions", "summarised", "together"]
