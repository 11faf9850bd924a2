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
                known[key] = _rates(np.moveaxis(a[:, :, target.member], -1, 0), target.state)
            if key in known:
                slow, quick = known[key]
                slowest[lanes] = np.minimum(slowest, slow)[lanes]
                quickest[lanes] = np.maximum(quickest, quick)[lanes]
    return np.where(np.isfinite(slowest), slowest, 0.0), quickest


def _rates(a: np.ndarray, state: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest rate constant (lanes,) of the modes of a (lanes, n, n) that a unit of one state excites.

    And the largest rate at which any state is lost: by inverse iteration from the dose the one, read off the other.
    """
    from menaquinone.solve._modes import growth_of

    quickest = np.abs(np.diagonal(a, axis1=1, axis2=2)).max(axis=1)
    quickest = np.where(np.isfinite(quickest), quickest, 0.0)
    try:
        inverse = np.ascontiguousarray(np.moveaxis(np.linalg.inv(a), 0, -1))
    except np.linalg.LinAlgError:
        return np.zeros(len(a)), quickest
    growth = np.empty(len(a))
    growth_of(inverse, state, growth)
    return np.asarray(1.0 / np.where(growth > 0, growth, np.inf)), quickest


__all__ = ["transients"]
