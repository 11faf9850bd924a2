"""March one stage over the panels of a window: exactly where coefficients are constant, by collocation elsewhere."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from menaquinone.declare import Block, Member, Stage
from menaquinone.solve import _kernels as kernels
from menaquinone.solve.entry import jacobian, solved
from menaquinone.solve.problem import Wired, coefficients, offset, rates
from menaquinone.solve.tableau import DIFFERENCE, LAGRANGE, NODE_INTEGRALS, NODE_POLYNOMIAL, POINTS, STAGES, WEIGHTS

NO_EVENTS = (np.empty((0, 5), np.int64), np.empty(0))
NEVER = np.iinfo(np.int64).max
_MOST_ROWS = 64
_NEWTON_STEPS = 30


@dataclass
class Steps:
    """Distinct panel widths of each lane: each has its row, and propagators are computed once for it.

    Row 0 is a panel of no width, for lanes that have fewer panels than others.
    """

    lanes: int
    rows: list[dict[float, int]] = field(default_factory=list)
    widths: np.ndarray = field(default_factory=lambda: np.zeros((1, 0)))

    def __post_init__(self) -> None:
        """Start with row 0 alone."""
        self.clear()

    def clear(self) -> None:
        """Forget all widths."""
        self.rows = [{0.0: 0} for _ in range(self.lanes)]
        self.widths = np.zeros((1, self.lanes))

    def index(self, widths: np.ndarray) -> np.ndarray:
        """Return the row of every panel (K, L), adding rows for widths not met before."""
        distinct = [np.unique(widths[:, lane], return_inverse=True) for lane in range(self.lanes)]
        if len(self.widths) + max(len(values) for values, _ in distinct) > _MOST_ROWS:
            self.clear()
        found = np.empty(widths.shape, np.int64)
        first = len(self.widths)
        fresh: list[list[float]] = []
        for lane, (values, inverse) in enumerate(distinct):
            known = self.rows[lane]
            fresh.append([width for width in values.tolist() if width not in known])
            known.update({width: first + place for place, width in enumerate(fresh[-1])})
            found[:, lane] = np.array([known[width] for width in values.tolist()])[inverse]
        added = np.zeros((max(map(len, fresh)), self.lanes))
        for lane, new in enumerate(fresh):
            added[: len(new), lane] = new
        self.widths = np.concatenate([self.widths, added])
        return found


@dataclass
class Propagators:
    """Exact propagators of one stage for every row of ``Steps``, recomputed when its coefficients change."""

    driven: bool
    a: np.ndarray | None = None
    widths: np.ndarray | None = None
    matrices: tuple[np.ndarray, ...] = ()

    def of(self, a: np.ndarray, steps: Steps) -> tuple[np.ndarray, ...]:
        """Return keep, hold, drive and defect for all rows."""
        done = 0
        if self.a is not None and self.widths is not None and np.array_equal(self.a, a):
            # rows are only ever added at the end
            done = len(self.widths) * np.array_equal(self.widths, steps.widths[: len(self.widths)])
        if done == len(steps.widths):
            return self.matrices
        fresh = _propagators(a, np.ascontiguousarray(steps.widths[done:]), self.driven)
        self.matrices = (
            tuple(np.concatenate([old, new]) for old, new in zip(self.matrices, fresh, strict=True)) if done else fresh
        )
        self.a, self.widths = a.copy(), steps.widths.copy()
        return self.matrices


def _propagators(a: np.ndarray, widths: np.ndarray, driven: bool) -> tuple[np.ndarray, ...]:
    n, _, m, lanes = a.shape
    square = (len(widths), STAGES, n, n, m, lanes)
    keep, hold = np.empty(square), np.empty(square)
    defect = np.empty(square if driven else (1, 1, 1, 1, 1, 1))
    drive = np.empty((len(widths), STAGES, STAGES + 1, n, n, m, lanes) if driven else (1, 1, 1, 1, 1, 1, 1))
    kernels.propagators(a, widths, POINTS, LAGRANGE, NODE_POLYNOMIAL.coef, driven, keep, hold, drive, defect)
    return keep, hold, drive, defect


@lru_cache(maxsize=256)
def moving(block: Block, steps_only: frozenset[str]) -> tuple[bool, bool]:
    """Return whether A and whether b of an affine block vary inside a window.

    Measured: every input that does not just step is changed at random parameters, and A and b are compared.

    Parameters
    ----------
    block
        An affine block.
    steps_only
        Its inputs that are constant inside a window.
    """
    rng = np.random.default_rng(0)
    one = Wired(Stage(block, (Member(("",) * len(block.axes)),)), ())
    p = block.Parameters(*(np.full((1, 1), rng.uniform(0.3, 0.9)) for _ in block.parameters))
    u = block.Inputs(*(np.full((1, 1), rng.uniform(0.5, 1.5)) for _ in block.inputs))
    a, b = coefficients(one, p, u, (1, 1))
    a_moves = b_moves = False
    for name in block.inputs:
        if name not in steps_only:
            for factor in (0.7, 1.9):
                other_a, other_b = coefficients(one, p, u._replace(**{name: getattr(u, name) * factor}), (1, 1))
                a_moves |= not np.allclose(a, other_a, rtol=1e-12, atol=0)
                b_moves |= not np.allclose(b, other_b, rtol=1e-12, atol=0)
    return a_moves, b_moves


@dataclass(frozen=True)
class Panels:
    """Panels of all lanes in a window, padded with panels of no width.

    Attributes
    ----------
    starts, widths : ndarray (K, L)
        h.
    rows : ndarray (K, L)
        Row of each width in ``Steps``.
    """

    starts: np.ndarray
    widths: np.ndarray
    rows: np.ndarray

    @property
    def hours(self) -> np.ndarray:
        """Times of all points, (K, points, L)."""
        return np.asarray(self.starts[:, None, :] + self.widths[:, None, :] * POINTS[:, None])


@dataclass(frozen=True)
class Forcing:
    """What acts on a stage beside its inputs.

    Attributes
    ----------
    r, base, rest : ndarray (n, m, L)
        Input rate at the start, that of the habitual diet, and the state a reset returns to.
    events
        Index table (e, 5) and values, as the kernels read them.
    begins : ndarray (m, L)
        Panel at which the states start to exist; -1 where they do already.
    then : ndarray (n,)
        State at onset.
    idle : ndarray (m, L)
        Members to which nothing happens from time 0 on: they stay at their steady state, to the bit.
    """

    r: np.ndarray
    base: np.ndarray
    rest: np.ndarray
    events: tuple[np.ndarray, np.ndarray]
    begins: np.ndarray
    then: np.ndarray
    idle: np.ndarray


def march(
    one: Wired,
    p: Any,
    u: Any,
    x: np.ndarray,
    forcing: Forcing,
    panels: Panels,
    steps: Steps,
    cache: Propagators,
    steps_only: frozenset[str],
    rtol: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """March a stage from ``x`` (n, m, L).

    Returns
    -------
    path : ndarray (K, points, n, m, L)
    spread : ndarray (K, n, m, L)
        Error estimate of every panel.
    decay : ndarray (m, L)
        Slowest loss rate, 1/h.
    r : ndarray (n, m, L)
        Input rate at the end.
    """  # fmt: skip
    k = len(panels.widths)
    shape = (k, STAGES + 1, one.m, x.shape[-1])
    path = np.empty((k, STAGES + 1, *x.shape))
    spread = np.zeros((k, *x.shape))
    x, r = x.copy(), forcing.r.copy()
    tail = (x, r, forcing.rest, forcing.base, *forcing.events, forcing.begins, forcing.then, path, spread)
    if not one.block.affine:
        decay = _newton(one, p, u, x, r, forcing, panels, path, spread, rtol)
        return path, spread, decay, r
    a_moves, b_moves = moving(one.block, steps_only)
    first = type(u)(*(_first(value) for value in u))
    if a_moves:
        a, b = coefficients(one, p, u, shape)
        kernels.collocation(a, b, panels.widths, WEIGHTS, DIFFERENCE, NODE_INTEGRALS, *tail)
        return path, spread, _slowest(a[0, 0]), r
    a, constant = coefficients(one, p, first, shape[-2:])
    b = offset(one, p, u, shape) if b_moves else np.zeros((1, 1, 1, 1, 1))
    constant = np.zeros(x.shape) if b_moves else constant
    matrices = cache.of(a, steps)
    kernels.exponential(matrices, b_moves, _linked(a), forcing.idle, panels.rows, constant, b, DIFFERENCE, *tail)
    return path, spread, _slowest(a), r


def _linked(a: np.ndarray) -> np.ndarray:
    """Return which states act on which within a panel (n, n): the reach of the nonzero coefficients."""
    reach: np.ndarray = (a != 0).any(axis=(2, 3)) | np.eye(len(a), dtype=bool)
    for _ in range(len(a)):
        reach = reach @ reach
    return reach


def _first(value: np.ndarray) -> np.ndarray:
    """Return an input at the first point: its leading (panel, point) axes dropped where it has them."""
    return value[0, 0] if value.ndim == 4 else value


def _slowest(a: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(np.stack([a[i, i] for i in range(len(a))])).min(axis=0))


def _newton(
    one: Wired,
    p: Any,
    u: Any,
    x: np.ndarray,
    r: np.ndarray,
    forcing: Forcing,
    panels: Panels,
    path: np.ndarray,
    spread: np.ndarray,
    rtol: float,
) -> np.ndarray:
    """Collocate a stage that is not affine: linearise about the last iterate, solve, repeat.

    Each lane stops on its own.
    """
    lanes = x.shape[-1]
    events, values = forcing.events
    fields = {name: np.broadcast_to(value, (*path.shape[:2], one.m, lanes)) for name, value in u._asdict().items()}
    decay = np.zeros((one.m, lanes))
    for k in range(len(path)):
        now = events[:, 0] == k
        happening = (np.where(np.arange(5) == 0, 0, events[now]), values[now])
        begins = np.where(forcing.begins == k, 0, np.where(forcing.begins > k, NEVER, -1))
        here = type(u)(**{name: value[k : k + 1] for name, value in fields.items()})
        guess = np.broadcast_to(x, (1, STAGES + 1, *x.shape)).copy()
        going = np.ones((one.m, lanes), bool)
        best, off, r_end = guess, np.zeros((1, *x.shape)), r
        for _ in range(_NEWTON_STEPS):
            a = jacobian(one, p, guess, here)
            b = rates(one, p, guess, here) - np.einsum("...ijml,...jml->...iml", a, guess)
            trial, error, end, r_end = np.empty_like(guess), np.zeros_like(off), x.copy(), r.copy()
            kernels.collocation(
                a, b, panels.widths[k : k + 1], WEIGHTS, DIFFERENCE, NODE_INTEGRALS,
                end, r_end, forcing.rest, forcing.base, *happening, begins, forcing.then, trial, error,
            )  # fmt: skip
            best = np.where(going, trial, best)
            off = np.where(going, error, off)
            scale = np.abs(trial).max(axis=(0, 1)) + 1e-300
            going &= (np.abs(trial - guess).max(axis=(0, 1)) > 1e-3 * rtol * scale).any(axis=0)
            guess = best
            if not going.any():
                break
        off[0][:, going] = np.inf  # no convergence: a shorter panel is needed
        path[k], spread[k] = best[0], off[0]
        x[...], r[...] = best[0, -1], r_end
        if k == 0:
            decay = _slowest(jacobian(one, p, x, type(u)(**{name: value[k, -1] for name, value in fields.items()})))
    return decay


def closure(
    one: Wired,
    p: Any,
    u: Any,
    forcing: Forcing,
    panels: Panels,
    steps: Steps,
    cache: Propagators,
    steps_only: frozenset[str],
    rtol: float,
    guess: np.ndarray,
) -> np.ndarray:
    """Return the state (n, m, L) that the panels map onto itself: the periodic orbit's start.

    The period's map is affine for an affine stage: one march gives its offset, n more its matrix. Otherwise Newton on
    the map with differences for its matrix; NaN where that does not converge.
    """  # fmt: skip
    x = np.zeros_like(guess) if one.block.affine else guess.copy()
    going = np.ones(x.shape[1:], bool)  # every lane stops on its own
    for _ in range(1 if one.block.affine else _NEWTON_STEPS):

        def end(start: np.ndarray) -> np.ndarray:
            return np.asarray(march(one, p, u, start, forcing, panels, steps, cache, steps_only, rtol)[0][-1, -1])

        reached = end(x)
        if one.block.affine:  # as large as what is reached, or differences would lose digits beside large doses
            size = np.broadcast_to(np.maximum(1.0, np.abs(reached).max(axis=0)), x.shape)
        else:
            size = 1e-6 * (np.abs(x) + 1e-9)
        matrix = np.empty((one.n, one.n, *x.shape[1:]))
        for j in range(one.n):
            moved = x.copy()
            moved[j] += size[j]
            matrix[:, j] = -(end(moved) - reached) / size[j]
            matrix[j, j] += 1.0
        change = solved(one, matrix, reached - x)
        if not one.block.affine:  # below zero a saturable rate has orbits that no amount can be on
            change = np.where((x > 0) & (x + change < 0), np.maximum(change, -0.9 * x), change)
        x = np.where(going, x + change, x)
        going &= ~(np.abs(change) <= 1e-2 * rtol * (np.abs(x) + 1e-300)).all(axis=0)
        if not going.any():
            break
    return x if one.block.affine else np.where(going, np.nan, x)


def interpolated(values: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """Evaluate the panel's interpolant with values (points,) at shares of its width."""
    return np.asarray(np.polyval((values @ LAGRANGE)[::-1], share))


def crossing(values: np.ndarray, level: float) -> float:
    """Return the share of a panel at which rising values (points,) reach a level, by bisection on their interpolant."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if interpolated(values, middle) < level:
            low = middle
        else:
            high = middle
    return high


__all__ = ["Forcing", "Panels", "Propagators", "Steps", "closure", "crossing", "march", "moving"]
