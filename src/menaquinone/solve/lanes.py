"""One block of subjects on its way through time: windows, panels, error control, onsets, steady states, capture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.solve import grid
from menaquinone.solve.actions import END, RESET, START, Actions, Orbit, Target
from menaquinone.solve.entry import enter
from menaquinone.solve.march import NEVER, NO_EVENTS, Forcing, Panels, Propagators, Steps, crossing, march, moving
from menaquinone.solve.problem import Problem, inputs, published, unpack
from menaquinone.solve.tableau import STAGES

if TYPE_CHECKING:
    from menaquinone.solve.cascade import Cascade
    from menaquinone.solve.solution import Piece

_ATTEMPTS = 16
_MOST_PANELS = 4096
"""A lane that asks for more panels than this in a window has no solution to be found."""
_FLOOR = 1e-3
"""A value is controlled relative to itself plus this share of the largest it has had."""
_ROUNDING = 1e-13
"""Share of what its inputs could do to a state that passes for rounding."""
_SAFETY = 3.0
"""The estimate is that of a rule one order lower; measured errors stay below the tolerance with this factor."""
Grid = grid.Grid


class Lanes:
    """Subjects advanced together. Mutable, private to the cascade.

    Parameters
    ----------
    problem
        The aligned problem.
    subjects : ndarray (L,)
        Positions of the people, padded by repetition.
    real
        How many of them are not padding.
    engine
        Settings.
    wanted
        Names of outputs to capture.
    """

    def __init__(
        self, problem: Problem, subjects: np.ndarray, real: int, engine: Cascade, wanted: tuple[str, ...]
    ) -> None:
        self.problem, self.subjects, self.real, self.engine, self.wanted = problem, subjects, real, engine, wanted
        self.stages = problem.stages
        n = len(subjects)
        entry = enter(problem, subjects)
        self.p, self.held, self.intake, self.entry = entry.parameters, entry.held, entry.intake, entry.offered
        self.x = list(entry.x)
        self.rest = entry.x
        self.r = [base.copy() for base in entry.intake]
        self.peak = [np.abs(x) for x in self.x]
        self.noise = [_ROUNDING * reach for reach in entry.reach]
        self.actions = [problem.actions[which] for which in problem.doses.which[subjects]]
        self.share_of, self.taken = self._doses()
        self.steps_only = self._steps_only()
        self.onsets = {
            i: np.where(self._past(i), -np.inf, np.inf) for i, one in enumerate(self.stages) if one.block.onset
        }
        self.began = {i: np.isneginf(since) for i, since in self.onsets.items()}
        self.marks = [grid.marks(engine.level)] * n
        self.clock: list[Any] = [None] * n
        self.idle = [self._idle(i) for i in range(len(self.stages))]
        self.since = np.full(n, grid.LONGEST)
        self.status, self.failed_at = np.zeros(n, np.int8), np.full(n, np.nan)
        self.edges = [self._edges(lane) for lane in range(n)]
        self.window = np.zeros(n, int)
        self.steps = Steps(n)
        self.caches = [Propagators(False) for _ in self.stages]
        self.grids: dict[Any, Any] = {}
        self.share = 1 / max(map(len, self.edges))
        self.started = False

    # what happens when ------------------------------------------------------------------------------------------------

    def _doses(self) -> tuple[list[np.ndarray], list[np.ndarray | None]]:
        """Fraction that arrives at each target, by lane, and which administrations are taken."""
        n = len(self.subjects)
        by_actions = {
            id(one): np.array([*(self._arriving(target) for target in one.targets), np.ones(n)]) for one in self.actions
        }
        shares = [by_actions[id(one)][:, lane] for lane, one in enumerate(self.actions)]
        return shares, [self.problem.taken_by(subject) for subject in self.subjects.tolist()]

    def _arriving(self, target: Target) -> np.ndarray:
        return self.problem.arriving(target, self.p, self.subjects)

    def _steps_only(self) -> list[frozenset[str]]:
        linear = {
            name for name, one in self.held.covariates.items() if one.hold == "linear" and one.values.shape[1] > 1
        }
        return [
            frozenset(wire.name for wire in one.wires if wire.at_entry or (wire.covariate and wire.of not in linear))
            for one in self.stages
        ]

    def _past(self, i: int) -> np.ndarray:
        """Whether the onset of stage i lies before time 0."""
        one = self.stages[i]
        zero = np.zeros(len(self.subjects))
        u = inputs(one, self.entry, self.entry, self.held, zero, zero)
        past: np.ndarray = getattr(u, one.onset.when) >= getattr(self.p[i], one.onset.reaches)
        return np.broadcast_to(past, (one.m, len(self.subjects)))

    def _idle(self, i: int) -> np.ndarray:
        """Members of a stage that takes doses to which nothing happens in the whole run, by lane."""
        one = self.stages[i]
        idle = np.full((one.m, len(self.subjects)), one.doses and one.steady and all(self._still(i)))
        for lane, actions in enumerate(self.actions):
            if actions.orbits or RESET in actions.order:
                idle[:, lane] = False
            for target in actions.targets:
                if target.stage == i:
                    idle[target.member, lane] = False
        return idle

    def _still(self, i: int) -> list[bool]:
        """Whether each input of a stage is one number for the whole run."""
        once = {name for name, one in self.held.covariates.items() if one.values.shape[1] == 1}
        return [wire.at_entry or (wire.covariate and wire.of in once) for wire in self.stages[i].wires]

    def _edges(self, lane: int) -> np.ndarray:
        """Edges of a lane's windows: whole windows, steps of covariates, steady states, the horizon."""
        horizon = self.problem.horizon
        whole = np.arange(0.0, horizon, self.engine.window)
        orbits = [one.time for one in self.actions[lane].orbits if 0 < one.time < horizon]
        return np.unique(np.concatenate([whole, self.held.breaks(lane, horizon), orbits, [horizon]]))

    # one window -------------------------------------------------------------------------------------------------------

    def step(self, piece: Piece) -> bool:
        """Advance every lane by one of its windows; return whether any had one left."""
        if not self.started:
            self._capture_entry(piece)
            self.started = True
        going = np.array([window + 1 < len(edges) for window, edges in zip(self.window, self.edges, strict=True)])
        if not going.any():
            return False
        left = np.array([e[min(w, len(e) - 1)] for e, w in zip(self.edges, self.window, strict=True)])
        right = np.array([e[min(w + 1, len(e) - 1)] for e, w in zip(self.edges, self.window, strict=True)])
        at_orbit = {
            lane: one
            for lane, a in enumerate(self.actions)
            for one in a.orbits
            if going[lane] and one.time == left[lane]
        }
        if at_orbit:
            self._settle(at_orbit, left)
        grids = [self._grid(lane, left[lane], right[lane]) if going[lane] else _NOTHING for lane in range(len(going))]
        path, offered, grids = self._controlled(grids, left, right, at_orbit)
        self._capture(piece, offered, grids, left, right)
        for i, one in enumerate(self.stages):
            if one.n:
                self.x[i], self.r[i] = path[i][0][-1, -1].copy(), path[i][1]
                self.peak[i] = np.maximum(self.peak[i], np.abs(path[i][0][:, -1]).max(axis=0))
        for i, since in self.onsets.items():
            self.began[i] = self.began[i] | (since < right)
        self._mark_failures(piece)
        self.window += going
        return True

    def _grid(self, lane: int, left: float, right: float) -> Grid:
        """Lay a lane's panels; lanes on one schedule and level share them."""
        key = (id(self.actions[lane]), left, right, self.marks[lane], float(self.since[lane]))
        if key not in self.grids:
            if len(self.grids) > 256:
                self.grids.clear()
            breaks, times = self.actions[lane].breaks, self.problem.times
            doses = breaks[(breaks >= left) & (breaks < right)]
            shown = times[(times > left) & (times < right)]
            bounds = np.unique(np.concatenate([[left], doses, shown, [right]]))
            laid = grid.panels(bounds, np.isin(bounds, doses), float(self.since[lane]), self.marks[lane])
            last = doses[-1] if len(doses) else left - self.since[lane]
            self.grids[key] = (*laid, min(right - last, grid.LONGEST))
        starts, widths, self.clock[lane], self.since[lane] = self.grids[key]
        return starts, widths

    def _controlled(
        self, grids: list[Grid], left: np.ndarray, right: np.ndarray, at_orbit: dict[int, Orbit]
    ) -> tuple[Any, Any, list[Grid]]:
        """March all stages until every lane's panels are fine enough and every onset is an edge.

        Every lane has its own count of attempts: one that fails takes nothing from its neighbours.
        """
        tries, uncut = np.zeros(len(grids), int), np.ones(len(grids), bool)
        limit = _ATTEMPTS if self.engine.adaptive else 1
        most = np.array([len(one[0]) for one in grids]) + _MOST_PANELS
        while True:
            panels = self._panels(grids)
            forcings = [self._forcing(i, grids, left, right, at_orbit) for i in range(len(self.stages))]
            path, offered, ratio = self._sweep(panels, left, forcings)
            bad = self.bad(ratio, panels)
            crowded = np.array([len(one[0]) for one in grids]) + bad.sum(axis=0) > most
            self._fail(bad & ((tries + 1 >= limit) | crowded), panels, ratio)
            asking = bad.any(axis=0) & (self.status == 0)
            if asking.any():
                fresh = uncut & (tries == 0)
                grids = [
                    self._finer(lane, one, bad[: len(one[0]), lane], fresh[lane]) if asking[lane] else one
                    for lane, one in enumerate(grids)
                ]
                tries += asking
                continue
            cuts = self._find_onsets(panels, offered, grids)
            if not cuts:
                return path, offered, grids
            grids = [grid.cut(*one, np.array(cuts[lane])) if lane in cuts else one for lane, one in enumerate(grids)]
            uncut[list(cuts)] = False

    def bad(self, ratio: np.ndarray, panels: Panels) -> np.ndarray:
        """Return which panels are too wide, (K, L); those behind a value that is not finite say nothing."""
        lost = ~np.isfinite(ratio)
        bad = ~(ratio <= 1.0) if self.engine.adaptive else lost
        behind: np.ndarray = np.cumsum(lost, axis=0) - lost > 0
        found: np.ndarray = bad & ~behind & (panels.widths > 0) & (self.status == 0)
        return found

    def _finer(self, lane: int, one: Grid, bad: np.ndarray, fresh: bool) -> Grid:
        """Halve a lane's bad panels; where they are as laid, remember it, so that the next window starts with them."""
        if fresh:
            self.marks[lane] = grid.learned(self.marks[lane], self.clock[lane], one[1], bad)
        return grid.halved(*one, bad)

    def _panels(self, grids: list[Grid]) -> Panels:
        most = max(len(one[0]) for one in grids)
        starts, widths = np.zeros((most, len(grids))), np.zeros((most, len(grids)))
        for lane, (start, width) in enumerate(grids):
            starts[: len(start), lane], widths[: len(width), lane] = start, width
            if len(start):
                starts[len(start) :, lane] = start[-1] + width[-1]
        return Panels(starts, widths, self.steps.index(widths))

    def _sweep(
        self, panels: Panels, left: np.ndarray, forcings: list[Forcing]
    ) -> tuple[Any, dict[str, np.ndarray], np.ndarray]:
        """March every stage once; return paths and end rates, outputs at all points, and error ratios (K, L)."""
        offered: dict[str, np.ndarray] = {}
        paths: list[Any] = []
        ratio = np.zeros(panels.widths.shape)
        hours = panels.hours
        shape = (len(panels.widths), STAGES + 1)
        horizon = max(self.problem.horizon, 24.0)
        for i, one in enumerate(self.stages):
            u = inputs(one, offered, self.entry, self.held, hours, left)
            path = self.x[i]
            if one.n:
                how = (self.steps, self.cache(i), self.steps_only[i], self.problem.rtol)
                path, spread, decay, r = march(one, self.p[i], u, self.x[i], forcings[i], panels, *how)
                ratio = np.maximum(
                    ratio, self.ratio(path, spread, decay, panels.widths, self.peak[i], self.noise[i], horizon)
                )
                paths.append((path, r))
            else:
                paths.append((path, self.r[i]))
            offered |= published(
                one, one.block.outputs(self.p[i], unpack(one, path), u), (*shape, one.m, hours.shape[-1])
            )
        return paths, offered, ratio

    def ratio(
        self,
        path: np.ndarray,
        spread: np.ndarray,
        decay: np.ndarray,
        widths: np.ndarray,
        peak: np.ndarray,
        noise: np.ndarray,
        horizon: float,
    ) -> np.ndarray:
        """Return the worst estimate over the error allowed, (K, L).

        What a state forgets only slowly adds up: it may err less in a panel.
        """
        ends = np.abs(path[:, -1])
        if not spread.any():
            return np.asarray(np.where(np.isfinite(ends), 0.0, np.inf).max(axis=(1, 2)))
        scale = np.maximum(np.abs(path[:, 0]), ends) + _FLOOR * np.maximum(peak, ends.max(axis=0))
        memory = np.minimum(horizon, 1 / np.maximum(decay, 1 / horizon))
        patience = np.sqrt(np.minimum(1.0, widths[:, None, :] / memory))
        allowed = _SAFETY * self.problem.rtol * scale * patience[:, None] + noise
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(spread == 0.0, 0.0, spread / allowed)
        ratio = np.where(np.isfinite(ends), ratio, np.inf)
        return np.asarray(ratio.max(axis=(1, 2)))

    def cache(self, i: int) -> Propagators:
        """Return the propagators of a stage, knowing whether inputs drive it inside a window."""
        if self.caches[i].a is None:
            block = self.stages[i].block
            self.caches[i].driven = block.affine and moving(block, self.steps_only[i])[1]
        return self.caches[i]

    # forcing: doses, resets, onsets -----------------------------------------------------------------------------------

    def _forcing(
        self, i: int, grids: list[Grid], left: np.ndarray, right: np.ndarray, at_orbit: dict[int, Orbit]
    ) -> Forcing:
        one = self.stages[i]
        begins = np.full((one.m, len(left)), -1)
        then = np.zeros(max(one.n, 1))
        if i in self.onsets:
            then = np.array(one.onset.then, float)
            for member, lane in zip(*np.nonzero(~self.began[i]), strict=True):
                since = self.onsets[i][member, lane]
                inside = since < right[lane]
                begins[member, lane] = max(0, int(np.searchsorted(grids[lane][0], since - 1e-9))) if inside else NEVER
        events = self._events(i, grids, left, right, at_orbit) if one.doses else NO_EVENTS
        return Forcing(self.r[i], self.intake[i], self.rest[i], events, begins, then, self.idle[i])

    def _events(
        self, i: int, grids: list[Grid], left: np.ndarray, right: np.ndarray, at_orbit: dict[int, Orbit]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the index table (e, 5) of what happens to stage i in the window, and its values."""
        tables, values = [], []
        for lane, actions in enumerate(self.actions):
            e = np.arange(*np.searchsorted(actions.time, [left[lane], right[lane]]))
            e = e[self._acts(i, lane, actions, e)]
            if lane in at_orbit:  # what comes before a steady state has been applied
                e = e[(actions.time[e] > left[lane]) | (actions.order[e] == START)]
            if e.size:
                panel = np.searchsorted(grids[lane][0], actions.time[e] - 1e-9)
                _, state, member = actions.place[:, e]
                tables.append(np.stack([panel, actions.kind[e], state, member, np.full(len(e), lane)], axis=1))
                values.append(actions.value[e] * self.share_of[lane][actions.target[e]])
        if not tables:
            return NO_EVENTS
        table, amounts = np.concatenate(tables).astype(np.int64), np.concatenate(values)
        sort = np.argsort(table[:, 0], kind="stable")
        return table[sort], amounts[sort]

    def _acts(self, i: int, lane: int, actions: Actions, e: np.ndarray) -> np.ndarray:
        """Return which of some actions act on stage i: resets, and doses that go there and are taken."""
        acts = (actions.place[0, e] == i) | (actions.order[e] == RESET)
        taken = self.taken[lane]
        return np.asarray(acts if taken is None else acts & (taken[actions.dose[e]] | (actions.order[e] == RESET)))

    def _find_onsets(self, panels: Panels, offered: dict[str, np.ndarray], grids: list[Grid]) -> dict[int, list[float]]:
        """Return new onset times by lane: where the input first reaches its level, on the panel's interpolant."""
        cuts: dict[int, list[float]] = {}
        for i, since in self.onsets.items():
            one = self.stages[i]
            u = inputs(one, offered, self.entry, self.held, panels.hours, panels.starts[0])
            rising = np.broadcast_to(getattr(u, one.onset.when), (*panels.hours.shape[:2], one.m, len(self.subjects)))
            level = getattr(self.p[i], one.onset.reaches)
            for member, lane in zip(*np.nonzero(np.isposinf(since) & (rising[-1, -1] >= level)), strict=True):
                if not len(grids[lane][0]):
                    continue
                k = int(np.argmax(rising[:, -1, member, lane] >= level[member, lane]))
                share = crossing(rising[k, :, member, lane], float(level[member, lane]))
                at = round(panels.starts[k, lane] + share * panels.widths[k, lane], 9)
                since[member, lane] = at
                cuts.setdefault(int(lane), []).append(at)
        return cuts

    # steady states ----------------------------------------------------------------------------------------------------

    def _settle(self, at_orbit: dict[int, Orbit], left: np.ndarray) -> None:
        from menaquinone.solve.orbit import settle

        for lane in at_orbit:
            actions = self.actions[lane]
            for e in range(*np.searchsorted(actions.time, [left[lane], np.nextafter(left[lane], np.inf)])):
                if actions.order[e] in (END, RESET):
                    self._apply(lane, actions, e)
        settle(self, at_orbit, left)

    def _apply(self, lane: int, actions: Actions, e: int) -> None:
        for i, one in enumerate(self.stages):
            if one.doses and self._acts(i, lane, actions, np.array([e]))[0]:
                if actions.order[e] == RESET:
                    self.x[i][..., lane], self.r[i][..., lane] = self.rest[i][..., lane], self.intake[i][..., lane]
                else:
                    _, state, member = actions.place[:, e]
                    self.r[i][state, member, lane] += actions.value[e] * self.share_of[lane][actions.target[e]]

    # capture ----------------------------------------------------------------------------------------------------------

    def _capture_entry(self, piece: Piece) -> None:
        if self.problem.times[0] == 0.0:
            for name in self.wanted:
                piece.outputs[name][0] = self.entry[name][:, : self.real]

    def _capture(
        self,
        piece: Piece,
        offered: dict[str, np.ndarray],
        grids: list[Grid],
        left: np.ndarray,
        right: np.ndarray,
    ) -> None:
        """Copy outputs at the ends of panels that end at an output time: before anything happens there."""
        rows, lanes, ends = [], [], []
        times = self.problem.times
        for lane in range(self.real):
            starts = grids[lane][0]
            if len(starts):
                inside = np.arange(*np.searchsorted(times, [left[lane], right[lane]], side="right"))
                rows.append(inside)
                lanes.append(np.full(len(inside), lane))
                ends.append(np.searchsorted(starts, times[inside] - 1e-9) - 1)
        if rows:
            row, lane_, end = (np.concatenate(one) for one in (rows, lanes, ends))
            for name in self.wanted:
                piece.outputs[name][row, :, lane_] = offered[name][end, -1, :, lane_]

    def _fail(self, bad: np.ndarray, panels: Panels, ratio: np.ndarray) -> None:
        for lane in np.flatnonzero(bad.any(axis=0)):
            k = int(np.argmax(bad[:, lane]))
            self.status[lane] = 1 if np.isfinite(ratio[k, lane]) else 2
            self.failed_at[lane] = panels.starts[k, lane]

    def _mark_failures(self, piece: Piece) -> None:
        for lane in np.flatnonzero(self.status[: self.real]):
            late = self.problem.times > self.failed_at[lane]
            for name in self.wanted:
                piece.outputs[name][late, :, lane] = np.nan
            piece.status[lane], piece.failed_at[lane] = self.status[lane], self.failed_at[lane]


_NOTHING: Grid = (np.empty(0), np.empty(0))
