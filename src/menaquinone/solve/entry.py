"""The state of everybody at time 0: steady on the habitual diet, or grown from the person's history; stage by stage."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from menaquinone.errors import InputError
from menaquinone.solve.handed import Handed
from menaquinone.solve.problem import (
    Held,
    Problem,
    Wired,
    by_column,
    coefficients,
    inputs,
    pack,
    published,
    rates,
    unpack,
)

_NEWTON_STEPS = 60
_COMPLEX_STEP = 1e-30
_NOTHING = 1e-40
"""Less than this of anything is none: relative to the smallest inputs that can be drawn, Newton would never end."""
_NUDGE = 1e-6


@dataclass(frozen=True)
class Entry:
    """Everything that holds at time 0 for some lanes.

    Attributes
    ----------
    parameters
        Of every stage, each field (members, L).
    held
        Covariates.
    x
        Of every stage, (n, members, L).
    intake
        Of every stage, the constant input (n, members, L) of the habitual diet.
    offered
        Every output and every covariate read at entry, (members, L).
    reach
        Of every stage, how far each state would move (n, members, L) were its inputs to double: the scale of a state
        that is a difference and may be nothing but rounding.
    rest
        Of every stage, the state (n, members, L) of the habitual diet alone, which a reset goes back to.
    known
        As ``offered``, of the time of entry: the same unless a run goes on from the state of another.
    slopes
        Of affine stages that begin at a steady state, by number: A (n, n, members, L) at entry.
    """

    parameters: tuple[Any, ...]
    held: Held
    x: tuple[np.ndarray, ...]
    intake: tuple[np.ndarray, ...]
    offered: dict[str, np.ndarray]
    reach: tuple[np.ndarray, ...]
    rest: tuple[np.ndarray, ...]
    known: dict[str, np.ndarray]
    slopes: dict[int, np.ndarray] = field(default_factory=dict)


def enter(problem: Problem, lanes: np.ndarray) -> Entry:
    """Compute time 0 for some people.

    Parameters
    ----------
    problem
        The aligned problem.
    lanes : ndarray (L,)
        Positions of the people.
    """
    held = problem.held(lanes)
    zero = np.zeros(len(lanes))
    parameters, states, intake, reach = [], [], [], []
    offered: dict[str, np.ndarray] = {}
    slopes: dict[int, np.ndarray] = {}
    for place, one in enumerate(problem.stages):
        p = problem.parameters(one, lanes)
        for wire in one.wires:
            if wire.at_entry and wire.covariate:
                offered[wire.of] = held(wire.of, zero, zero)
        u = inputs(one, offered, offered, held, zero, zero)
        base = problem.intake(one, p, lanes)
        linear = coefficients(one, p, u, (one.m, len(lanes))) if one.block.affine and _steady_states(one) else None
        if linear is not None:
            slopes[place] = linear[0]
        x = start(one, p, u, base, linear)
        offered |= published(one, one.block.outputs(p, unpack(one, x), u), (one.m, len(lanes)))
        parameters.append(p)
        states.append(x)
        intake.append(base)
        reach.append(_reach(one, p, x, u, None if linear is None else linear[0], max(problem.horizon, 24.0)))
    entry = Entry(
        tuple(parameters), held, tuple(states), tuple(intake), offered, tuple(reach), tuple(states), offered, slopes
    )
    return entry if problem.initial is None else _going_on(problem, problem.initial, entry, lanes)


def _going_on(problem: Problem, initial: Handed, entry: Entry, lanes: np.ndarray) -> Entry:
    """Replace the habitual state by one that was handed over; what is read of the time of entry is what it was then."""
    known = {name: entry.offered[name] for name in entry.offered if name not in problem.model.offers}
    known |= {name: values[:, lanes] for name, values in initial.entry.items()}
    states = initial.states(problem.stages, lanes)
    hours = np.full(len(lanes), initial.clock)
    # as the last observation of the run before: a covariate that steps at this very time has not stepped yet
    since = np.nextafter(hours, -np.inf) if initial.clock else hours
    offered = dict(known)
    for one, p, x in zip(problem.stages, entry.parameters, states, strict=True):
        u = inputs(one, offered, known, entry.held, hours, since)
        offered |= published(one, one.block.outputs(p, unpack(one, x), u), (one.m, len(lanes)))
    return replace(entry, x=tuple(states), offered=offered, known=known)


def _reach(one: Wired, p: Any, x: np.ndarray, u: Any, a: np.ndarray | None, horizon: float) -> np.ndarray:
    """Return how far states would move; a: A of an affine stage, if it is known."""
    moved = np.zeros(x.shape)
    if not one.n or not u:
        return moved
    with np.errstate(all="ignore"):
        now = rates(one, p, x, u)
        for name, value in u._asdict().items():
            nudged = rates(one, p, x, u._replace(**{name: value * (1 + _NUDGE)}))
            moved += np.abs(np.subtract(nudged, now, out=nudged), out=nudged)
        slopes = jacobian(one, p, x, u) if a is None else a
        decay = np.fmax(np.abs(np.einsum("iiml->iml", slopes)), 1 / horizon)  # what is not a number counts as slow
        moved /= _NUDGE * decay
        moved[~np.isfinite(moved)] = 0.0
    return moved


def start(
    one: Wired, p: Any, u: Any, base: np.ndarray, linear: tuple[np.ndarray, np.ndarray] | None = None
) -> np.ndarray:
    """Return the initial state (n, members, L) of a stage, given its inputs and constant input at time 0.

    Parameters
    ----------
    one, p, u
        The stage, its parameters and inputs.
    base
        Constant input (n, members, L).
    linear
        A and b of an affine stage, if they are known.

    Raises
    ------
    InputError
        If a state that should start at its steady state has none.
    """
    shape = base.shape[1:]
    if not one.n:
        return np.zeros(base.shape)
    if one.block.start is not None:
        return np.ascontiguousarray(pack(one.block.start(p, u), shape))
    x = np.zeros(base.shape)
    steady = _steady_states(one)
    for i, declared in enumerate(one.block.states.values()):
        if i not in steady:
            x[i] = getattr(p, declared.start) if isinstance(declared.start, str) else declared.start
    if steady and one.block.affine:
        a, b = coefficients(one, p, u, shape) if linear is None else linear
        _steady_affine(one, a, b, base, x, np.array(steady))
    elif steady:
        _steady_newton(one, p, u, base, x, np.array(steady))
    return x


def _steady_states(one: Wired) -> list[int]:
    """Return the states that start at their steady state."""
    if one.block.start is not None:
        return []
    return [i for i, declared in enumerate(one.block.states.values()) if declared.start == "steady"]


def _steady_affine(
    one: Wired, a: np.ndarray, b: np.ndarray, base: np.ndarray, x: np.ndarray, steady: np.ndarray
) -> None:
    rest = b + base + np.einsum("ijml,jml->iml", a, x)
    x[steady] = solved(one, a[np.ix_(steady, steady)], -rest[steady])


def solved(one: Wired, a: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve (n, n, members, L) x = (n, members, L), each small system for itself.

    Raises
    ------
    InputError
        If a system is singular: the stage has no steady state.
    """
    from menaquinone.solve._small import solve_each

    n, x = len(right), right.reshape(len(right), 1, -1).copy()
    if not solve_each(np.ascontiguousarray(a.reshape(n, n, -1)), x):
        raise InputError(
            f"block '{one.block.name}': got states without a steady state, "
            "expected `start=` a number or a parameter for them."
        )
    return np.asarray(x.reshape(right.shape) + 0.0)  # no -0 for those who eat none


def jacobian(one: Wired, p: Any, x: np.ndarray, u: Any) -> np.ndarray:
    """Return the derivative of the rates (..., n, n, members, L) by complex steps: exact to rounding."""
    return by_column(rates(one, p, _stepped(one, x), u).imag / _COMPLEX_STEP)


def _stepped(one: Wired, x: np.ndarray) -> np.ndarray:
    """Return states (n, ..., n, members, L), each of which in turn has taken a step off the real axis."""
    z = np.repeat(x[None].astype(complex), one.n, axis=0)
    for j in range(one.n):
        z[j, ..., j, :, :] += 1j * _COMPLEX_STEP
    return z


def _steady_newton(one: Wired, p: Any, u: Any, base: np.ndarray, x: np.ndarray, steady: np.ndarray) -> None:
    """Newton from all ones; every lane stops on its own."""
    x[steady] = 1.0
    going = np.ones(base.shape[1:], bool)
    for _ in range(_NEWTON_STEPS):
        f = (rates(one, p, x, u) + base)[steady]
        step = solved(one, jacobian(one, p, x, u)[np.ix_(steady, steady)], f)
        shrunk = np.where(x[steady] - step < 0, np.minimum(step, 0.9 * x[steady]), step)
        x[steady] -= np.where(going, shrunk, 0.0)
        going &= (np.abs(step) > 1e-13 * np.abs(x[steady]) + _NOTHING).any(axis=0)
        if not going.any():
            return
    raise InputError(
        f"block '{one.block.name}': got no steady state after {_NEWTON_STEPS} Newton steps, "
        "expected `start=` a number or a parameter for its states."
    )
