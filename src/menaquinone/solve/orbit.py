"""Steady states of a regimen: amounts, tissue pools and proteins on the periodic orbit, nothing slower touched."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

import numpy as np

from menaquinone.solve import grid
from menaquinone.solve.actions import Orbit
from menaquinone.solve.march import NO_EVENTS, Forcing, Panels, Propagators, Steps, closure, march
from menaquinone.solve.problem import inputs, published, unpack
from menaquinone.solve.tableau import STAGES

if TYPE_CHECKING:
    from menaquinone.inputs.schedule import OrbitDose
    from menaquinone.solve.actions import Target
    from menaquinone.solve.lanes import Grid, Lanes

_ATTEMPTS = 14
_DUMMY: Grid = (np.zeros(1), np.ones(1))


def settle(lanes: Lanes, at_orbit: dict[int, Orbit], now: np.ndarray) -> None:
    """Put lanes on their orbits, in place.

    Parameters
    ----------
    lanes
        The block of subjects.
    at_orbit
        Orbit by lane; other lanes are left alone.
    now : ndarray (L,)
        Time of each lane.
    """
    chosen = np.zeros(len(lanes.subjects), bool)
    chosen[list(at_orbit)] = True
    acting = {lane: _acting(lanes, lane, one, joint=True) for lane, one in at_orbit.items()}
    grids = [
        _period_grid(acting[lane], at_orbit[lane].period, lanes.marks[lane]) if lane in acting else _DUMMY
        for lane in range(len(chosen))
    ]
    orbit = _joint(lanes, acting, grids, now)
    fresh = {lane: _acting(lanes, lane, one, joint=False) for lane, one in at_orbit.items()}
    for i, one in enumerate(lanes.stages):
        if one.doses:
            alone = _of_doses(lanes, i, fresh, at_orbit)
            replaced = {lane: lanes.rest[i][..., lane] for lane, each in at_orbit.items() if each.replace}
            for lane, rest in replaced.items():
                lanes.x[i][..., lane] = rest
            lanes.x[i] = np.where(chosen, lanes.x[i] + alone, lanes.x[i])
        elif one.steady:
            lanes.x[i] = np.where(chosen, orbit[i], lanes.x[i])


Acting = tuple[list[tuple[float, int, "Target", float]], list[tuple["Target", float]]]
"""Events of one period (time, kind, target, value), and input rates that are on when it begins."""


def _acting(lanes: Lanes, lane: int, one: Orbit, *, joint: bool) -> Acting:
    events: list[tuple[float, int, Target, float]] = []
    running: list[tuple[Target, float]] = []
    for dose, target in one.joint if joint else one.new:
        share = float(lanes.problem.arriving(target, lanes.p, lanes.subjects)[lane])
        _repeat(dose, target, share, one.period, events, running)
    events.sort(key=lambda event: (event[0], event[3] > 0))
    return events, running


def _repeat(
    dose: OrbitDose,
    target: Target,
    share: float,
    period: float,
    events: list[tuple[float, int, Target, float]],
    running: list[tuple[Target, float]],
) -> None:
    """Write one dose's events over a period; an infusion longer than its interval overlaps with itself."""  # fmt: skip
    if dose.duration <= 1e-9:
        events += [(at, 0, target, dose.amount * share) for at in _entries(dose.phase, dose.ii, period)]
        return
    whole = floor(dose.duration / dose.ii + 1e-9)
    rest = dose.duration - whole * dose.ii
    rate = dose.rate * share
    if rest <= 1e-9:
        running.append((target, dose.duration / dose.ii * rate))
        return
    running.append((target, whole * rate))
    for at in _entries(dose.phase, dose.ii, period):
        end = round(at + rest, 9)
        exact = rate * rest / (end - at)  # times are rounded, amounts are not
        events.append((at, 1, target, exact))
        if end >= period:
            running.append((target, exact))
        events.append((round(end % period, 9), 1, target, -exact))


def _entries(phase: float, ii: float, period: float) -> list[float]:
    return [round(phase + k * ii, 9) for k in range(max(1, round(period / ii)))]


def _period_grid(acting: Acting, period: float, marks: tuple[float, ...]) -> Grid:
    times = np.unique([event[0] for event in acting[0]])
    bounds = np.unique(np.concatenate([[0.0], times, [period]]))
    starts, widths, _ = grid.panels(bounds, np.isin(bounds, times), grid.LONGEST, marks)
    return starts, widths


def _forcing(lanes: Lanes, i: int, acting: dict[int, Acting], grids: list[Grid], *, diet: bool) -> Forcing:
    one = lanes.stages[i]
    base = lanes.intake[i] if diet else np.zeros_like(lanes.intake[i])
    r = base.copy()
    rows, values = [], []
    for lane, (events, running) in acting.items():
        for target, rate in running:
            if target.stage == i:
                r[target.state, target.member, lane] += rate
        for at, kind, target, value in events:
            if target.stage == i:
                rows.append((int(np.searchsorted(grids[lane][0], at - 1e-9)), kind, target.state, target.member, lane))
                values.append(value)
    table = NO_EVENTS
    if rows:
        index, amounts = np.array(rows, np.int64), np.array(values, float)
        sort = np.argsort(index[:, 0], kind="stable")
        table = index[sort], amounts[sort]
    shape = (one.m, len(lanes.subjects))
    return Forcing(r, base, lanes.rest[i], table, np.full(shape, -1), np.zeros(max(one.n, 1)), np.zeros(shape, bool))


def _of_doses(lanes: Lanes, i: int, acting: dict[int, Acting], at_orbit: dict[int, Orbit]) -> np.ndarray:
    """Return the orbit of the new doses alone, without diet: what linear kinetics lets us add."""
    one = lanes.stages[i]
    grids = [
        _period_grid(acting[lane], at_orbit[lane].period, lanes.marks[lane]) if lane in acting else _DUMMY
        for lane in range(len(lanes.subjects))
    ]
    panels, steps = _panels(grids)
    zero = np.zeros(len(lanes.subjects))
    u = inputs(one, lanes.entry, lanes.entry, lanes.held, zero, zero)
    forcing = _forcing(lanes, i, acting, grids, diet=False)
    cache = Propagators(lanes.cache(i).driven)
    return closure(
        one, lanes.p[i], u, forcing, panels, steps, cache, lanes.steps_only[i], lanes.problem.rtol, lanes.x[i]
    )


def _joint(lanes: Lanes, acting: dict[int, Acting], grids: list[Grid], now: np.ndarray) -> list[np.ndarray]:
    """Return the periodic state of every stage that has one, on panels fine enough for all; mark those without one."""
    for attempt in range(_ATTEMPTS):
        panels, steps = _panels(grids)
        found, ratio = _around(lanes, acting, grids, panels, steps, now)
        bad = lanes.bad(ratio, panels)
        bad[:, [lane for lane in range(len(now)) if lane not in acting]] = False
        if not bad.any() or not lanes.engine.adaptive or attempt == _ATTEMPTS - 1:
            break
        grids = [
            grid.halved(*one, bad[: len(one[0]), lane]) if bad[:, lane].any() else one for lane, one in enumerate(grids)
        ]
    for lane in np.flatnonzero(bad.any(axis=0)):
        lanes.status[lane], lanes.failed_at[lane] = 1, now[lane]
    return found


def _around(
    lanes: Lanes, acting: dict[int, Acting], grids: list[Grid], panels: Panels, steps: Steps, now: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Close every steady stage on one period, upstream first; slower stages stand still at their present outputs."""
    shape = (len(panels.widths), STAGES + 1)
    hours = np.broadcast_to(now, (*shape, len(now)))
    offered: dict[str, np.ndarray] = {}
    found: list[np.ndarray] = []
    ratio = np.zeros(panels.widths.shape)
    for i, one in enumerate(lanes.stages):
        u = inputs(one, offered, lanes.entry, lanes.held, hours, now)
        path = np.broadcast_to(lanes.x[i], (*shape, *lanes.x[i].shape))
        if one.steady:
            forcing = _forcing(lanes, i, acting if one.doses else {}, grids, diet=True)
            tail = (panels, steps, Propagators(lanes.cache(i).driven), lanes.steps_only[i], lanes.problem.rtol)
            x = closure(one, lanes.p[i], u, forcing, *tail, lanes.x[i])
            path, spread, decay, _ = march(one, lanes.p[i], u, x, forcing, *tail)
            how = (np.abs(x), lanes.noise[i], max(lanes.problem.horizon, 24.0))
            ratio = np.maximum(ratio, lanes.ratio(path, spread, decay, panels.widths, *how))
            found.append(x)
        else:
            found.append(lanes.x[i])
        offered |= published(one, one.block.outputs(lanes.p[i], unpack(one, path), u), (*shape, one.m, len(now)))
    return found, ratio


def _panels(grids: list[Grid]) -> tuple[Panels, Steps]:
    most = max(len(one[0]) for one in grids)
    starts, widths = np.zeros((most, len(grids))), np.zeros((most, len(grids)))
    for lane, (start, width) in enumerate(grids):
        starts[: len(start), lane], widths[: len(width), lane] = start, width
    steps = Steps(len(grids))
    return Panels(starts, widths, steps.index(widths)), steps
