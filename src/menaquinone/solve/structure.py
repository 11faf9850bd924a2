"""What a block's equations depend on, measured: which states act on which, and what moves the coefficients."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from menaquinone.declare import Block, Member, Stage
from menaquinone.solve.entry import jacobian
from menaquinone.solve.problem import Wired, coefficients, published, unpack
from menaquinone.solve.tableau import STAGES

_POINTS = 3
_MOVED = (1.7, 1e3, 1e-3, 0.0)
"""What states are multiplied by to see which outputs depend on them: far enough for most bounds to be met."""


@dataclass(frozen=True)
class Structure:
    """Dependencies of one block.

    Attributes
    ----------
    acts : tuple of tuples of bool
        ``acts[i][k]``: whether state k enters the rate of state i.
    a_moves, b_moves
        Whether A and whether b of an affine block vary while the inputs given as steps stand still.
    felt : tuple of tuples of bool
        ``felt[o][k]``: whether output o depends on state k.
    """

    acts: tuple[tuple[bool, ...], ...]
    a_moves: bool
    b_moves: bool
    felt: tuple[tuple[bool, ...], ...]


@lru_cache(maxsize=256)
def structure(block: Block, steps_only: frozenset[str]) -> Structure:
    """Measure a block at random parameters, inputs and states; what is not a number counts as a dependency.

    Parameters
    ----------
    block
        The mechanism.
    steps_only
        Its inputs that are constant inside a window.
    """
    rng = np.random.default_rng(0)
    one = Wired(Stage(block, (Member(("",) * len(block.axes)),)), ())
    acts = np.zeros((one.n, one.n), bool)
    felt = np.zeros((len(block.offers), one.n), bool)
    a_moves = b_moves = False
    with np.errstate(all="ignore"):
        for _ in range(_POINTS):
            p = block.Parameters(*(np.full((1, 1), rng.uniform(0.3, 0.9)) for _ in block.parameters))
            u = block.Inputs(*(np.full((1, 1), rng.uniform(0.5, 1.5)) for _ in block.inputs))
            x = rng.uniform(0.4, 1.6, (one.n, 1, 1))
            felt |= _felt(one, p, u, x)
            if not one.n:
                continue
            if not block.affine:
                acts |= jacobian(one, p, x, u)[..., 0, 0] != 0.0  # NaN is not 0
                a_moves = b_moves = True
                continue
            a, b = coefficients(one, p, u, (1, 1))
            acts |= a[..., 0, 0] != 0.0
            for name in block.inputs:
                if name not in steps_only:
                    for factor in (0.7, 1.9):
                        moved = u._replace(**{name: getattr(u, name) * factor})
                        other_a, other_b = coefficients(one, p, moved, (1, 1))
                        a_moves |= not np.allclose(a, other_a, rtol=1e-12, atol=0)
                        b_moves |= not np.allclose(b, other_b, rtol=1e-12, atol=0)
    return Structure(tuple(map(tuple, acts.tolist())), a_moves, b_moves, tuple(map(tuple, felt.tolist())))


def _felt(one: Wired, p: Any, u: Any, x: np.ndarray) -> np.ndarray:
    def evaluated(state: np.ndarray) -> np.ndarray:
        outputs = one.block.outputs(p, unpack(one, state), u)
        return np.array([value.item() for value in published(one, outputs, (1, 1)).values()])

    first = evaluated(x)
    felt = np.zeros((len(first), one.n), bool)
    for i in range(one.n):
        for factor in _MOVED:
            moved = x.copy()
            moved[i] *= factor
            felt[:, i] |= ~(evaluated(moved) == first)
    return felt


def elimination(acts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what can become nonzero when the collocation equations are eliminated, unknowns state by state.

    Parameters
    ----------
    acts : ndarray (n, n) of bool
        Which states act on which.

    Returns
    -------
    used : ndarray (n s, n s) of bool
        The equations at s nodes.
    filled : ndarray (n s, n + 1) of bool
        Their right sides: a unit start of every state, and a constant.
    filters : ndarray (n, n) of bool
        The equations at one node.
    """
    n = len(acts)
    direct = acts | np.eye(n, dtype=bool)
    alone = np.eye(n, dtype=bool)
    used = np.kron(alone, np.ones((STAGES, STAGES), bool)) | np.kron(direct, np.eye(STAGES, dtype=bool))
    right = np.concatenate([direct, np.ones((n, 1), bool)], axis=1)
    filled = np.repeat(right, STAGES, axis=0)
    for column in range(n * STAGES):
        below = np.flatnonzero(used[:, column])
        below = below[below > column]
        used[below, column:] |= used[column, column:]
        filled[below] |= filled[column]
    for i in range(n * STAGES - 1, -1, -1):
        filled[i] |= filled[i + 1 :][used[i, i + 1 :]].any(axis=0)
    filters = direct.copy()
    for column in range(n):
        below = np.flatnonzero(filters[:, column])
        filters[below[below > column], column:] |= filters[column, column:]
    return used, filled, filters


__all__ = ["Structure", "elimination", "structure"]
