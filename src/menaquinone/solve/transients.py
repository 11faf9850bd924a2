"""How slowly and how quickly the amounts that are dosed come and go: what leaps and first panels are chosen by."""

from collections.abc import Sequence

import numpy as np

from menaquinone.solve.actions import Target
from menaquinone.solve.entry import Entry
from menaquinone.solve.problem import Problem, coefficients, inputs


def transients(
    problem: Problem, targets: Sequence[Sequence[Target]], entry: Entry, which: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the slowest and the quickest rate (n,), 1/h, of what people's doses set off; 0 where nothing is dosed.

    Parameters
    ----------
    problem
        The aligned problem.
    targets
        Of every schedule, the states that its doses enter.
    entry
        The people at time 0.
    which : ndarray (n,)
        Which schedule each is on.
    """
    n = len(which)
    slowest, quickest, now = np.full(n, np.inf), np.zeros(n), np.full(n, problem.clock)
    known: dict[tuple[int, int, int], tuple[np.ndarray, np.ndarray]] = {}
    for schedule in np.unique(which):
        lanes = which == schedule
        for target in targets[schedule]:
            one = problem.stages[target.stage]
            key = (target.stage, target.member, target.state)
            if key not in known and one.block.affine:
                a = entry.slopes.get(target.stage) if problem.initial is None else None
                if a is None:
                    u = inputs(one, entry.offered, entry.known, entry.held, now, now)
                    a, _ = coefficients(one, entry.parameters[target.stage], u, (one.m, n))
                known[key] = _rates(a[:, :, target.member], target.state)
            if key in known:
                slow, quick = known[key]
                slowest[lanes] = np.minimum(slowest, slow)[lanes]
                quickest[lanes] = np.maximum(quickest, quick)[lanes]
    return np.where(np.isfinite(slowest), slowest, 0.0), quickest


def _rates(a: np.ndarray, state: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest rate constant (lanes,) of the modes of a (n, n, lanes) that a unit of one state excites.

    And the largest rate at which any state is lost: by inverse iteration from the dose the one, read off the other.
    """
    from menaquinone.solve._modes import growth_of
    from menaquinone.solve._small import solve_each

    n, lanes = a.shape[0], a.shape[2]
    quickest = np.abs(np.diagonal(a)).max(axis=1)
    quickest = np.where(np.isfinite(quickest), quickest, 0.0)
    inverse = np.zeros((n, n, lanes))
    inverse[range(n), range(n)] = 1.0
    if not solve_each(np.ascontiguousarray(a), inverse):
        return np.zeros(lanes), quickest
    growth = np.empty(lanes)
    growth_of(inverse, state, growth)
    return np.asarray(1.0 / np.where(growth > 0, growth, np.inf)), quickest


__all__ = ["transients"]
