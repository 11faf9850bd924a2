"""Many people in one run of few at a time: portions are drawn, solved, added up and forgotten."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from menaquinone.inputs.doses import Regimens, given, prescribed
from menaquinone.inputs.records import DoseRecord, Regimen
from menaquinone.inputs.schedule import expand
from menaquinone.results import Accumulator, Statistics, Summaries, cells_of, groups_of
from menaquinone.solve.asked import Asked, Failures, molar_masses
from menaquinone.solve.problem import Problem
from menaquinone.solve.solution import Progress, closing

PORTION = 32_768
"""People whose covariates and missed doses exist at one time; a multiple of every block of subjects."""
_FEWEST = 1024
_MISSED = 2**27
"""Bytes of missed doses at one time; a fixed number, so that no result depends on the memory of a machine."""


def summarised(asked: Asked, regimen: Regimens, wanted: Summaries) -> tuple[Statistics, Failures, tuple[str, ...]]:
    """Solve and summarise people portion by portion, keeping none of them.

    Parameters
    ----------
    asked
        The run.
    regimen
        As for ``simulate``.
    wanted
        What to keep.

    Returns
    -------
    statistics, failures, unused
        Arrays (cells, 1, groups), who failed, and effects of the population that the model has no parameter for. The
        order of people, not of workers or blocks, decides the last bit of a mean; counts and quantiles depend on
        neither.
    """
    groups, failures = groups_of(asked.people, wanted.by), Failures()
    cells = cells_of(asked.model, asked.wanted, asked.hours)
    sizes = np.bincount(groups.codes, minlength=len(groups)).tolist()
    parts = [Accumulator(len(cells), wanted.accuracy, expected=size) for size in sizes]
    unused: tuple[str, ...] = ()
    for first, problem in portions(asked, regimen):
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
    return together([one.statistics(wanted.quantiles) for one in parts]), failures, unused


def together(groups: list[Statistics]) -> Statistics:
    """Put the statistics (cells,) of groups side by side: (cells, 1, groups)."""
    stacked = {
        name: np.stack([getattr(one, name) for one in groups], axis=1)[:, None]
        for name in ("n", "failed", "mean", "sd", "quantiles")
    }
    return Statistics(**stacked, error=max(one.error for one in groups))


def portions(asked: Asked, regimen: Regimens) -> Iterator[tuple[int, Problem]]:
    """Yield the problem of one portion of the people after another, with the number of its first."""
    regimens, which = prescribed(regimen, asked.people.ids)
    n, size = asked.people.n, portion_size(regimens, float(asked.hours[-1]))
    for first in range(0, n, size):
        chosen = slice(first, min(first + size, n))
        people = asked.people if n <= size else asked.people.select(chosen)
        yield first, _aligned(replace(asked, people=people), regimens, which[chosen])


def problem_of(asked: Asked, regimen: Regimens) -> Problem:
    """Align a run."""
    return _aligned(asked, *prescribed(regimen, asked.people.ids))


def _aligned(asked: Asked, regimens: list[Regimen], which: np.ndarray) -> Problem:
    doses = given(regimens, which, asked.people.ids, asked.seed, float(asked.hours[-1]))
    molar = molar_masses(regimens)
    return Problem(asked.model, asked.people, doses, asked.hours, asked.rtol, asked.growth_noise, molar)


def portion_size(regimens: Sequence[Regimen], horizon: float) -> int:
    """Return how many people are drawn at one time: fewer where each of them may miss many doses."""
    fitting = _MISSED // max(1, *(doses_at_risk(one, horizon) for one in regimens)) // _FEWEST * _FEWEST
    return min(PORTION, max(_FEWEST, fitting))


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


__all__ = ["PORTION", "doses_at_risk", "portion_size", "portions", "problem_of", "summarised", "together"]
