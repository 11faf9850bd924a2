"""The engine to trust: one subject at a time, the whole system at once, a stop at every event, SciPy in between.

It shares with the cascade the declarations and the list of what happens when, and no numerics: steady orbits are found
by dosing until nothing changes, onsets by SciPy's event location.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from menaquinone.errors import refused, unknown
from menaquinone.solve.actions import END, RESET, START, Actions, Orbit
from menaquinone.solve.entry import Entry, enter
from menaquinone.solve.problem import TIME_DIGITS, Problem, Wired, inputs, published, rates, unpack
from menaquinone.solve.solution import Ends, Piece, Progress, blank

_METHODS = ("LSODA", "DOP853", "Radau", "BDF", "RK45")
_MOST_PERIODS = 4000
_MOST_ASKED = 5000
"""Evaluations at one time: many Jacobians by differences of the largest models."""


class _Stuck(Exception):  # noqa: N818 - never leaves this file
    """Steps no longer move time: the solution ends here, which not every method of SciPy notices."""


class _Clock:
    """Watches that an integrator gets on."""

    def __init__(self, start: float) -> None:
        self.furthest, self.asked = start, 0

    def see(self, t: float) -> None:
        """Count evaluations since time last moved."""
        if t > self.furthest + 1e-12 * max(abs(t), 1.0):
            self.furthest, self.asked = t, 0
        self.asked += 1
        if self.asked > _MOST_ASKED:
            raise _Stuck


@dataclass(frozen=True)
class Reference:
    """The slow engine.

    Parameters
    ----------
    rtol
        Relative tolerance of the integrator, whatever tolerance the results are promised to.
    method
        A method of ``scipy.integrate.solve_ivp``.
    """

    rtol: float = 1e-10
    method: str = "LSODA"

    def __post_init__(self) -> None:
        """Refuse settings that no run could have."""
        if self.method not in _METHODS:
            raise unknown("method", self.method, _METHODS)
        if not 1e-13 <= self.rtol <= 1e-2:
            raise refused("rtol of the reference engine", self.rtol, "a number from 1e-13 to 0.01")

    @property
    def label(self) -> str:
        """Name and settings, for the result's attributes."""
        return f"reference({self.method}, rtol={self.rtol:g})"

    def pieces(
        self,
        problem: Problem,
        wanted: tuple[str, ...],
        *,
        workers: int,  # noqa: ARG002 - the protocol's; one worker does it all
        progress: Progress | None,
    ) -> Iterator[Piece]:
        """Solve a problem for the outputs wanted, subject by subject, by one worker."""
        for subject in range(problem.people.n):
            piece = blank(problem, wanted, np.array([subject]))
            person = _Person(problem, subject, self, piece, wanted)
            person.run()
            piece = replace(piece, ends=person.ends()) if problem.keeps else piece
            if progress is not None:
                progress(subject + 1, problem.people.n)
            yield piece


class _Person:
    """One subject on the way through time."""

    def __init__(
        self, problem: Problem, subject: int, engine: Reference, piece: Piece, wanted: tuple[str, ...]
    ) -> None:
        self.problem, self.engine, self.piece, self.wanted = problem, engine, piece, wanted
        self.lanes = np.array([subject])
        self.entry: Entry = enter(problem, self.lanes)
        self.stages = problem.stages
        self.sizes = [one.n * one.m for one in self.stages]
        self.cuts = np.cumsum([0, *self.sizes])
        self.y = np.concatenate([x.ravel() for x in self.entry.x])
        self.r = np.concatenate([base.ravel() for base in self.entry.intake])
        self.clock = problem.clock  # everything below counts time since entry
        self.diet, self.rest = self.r.copy(), np.concatenate([x.ravel() for x in self.entry.rest])
        # a state that is a difference may be nothing but rounding, which no step should follow
        self.least = np.maximum(np.concatenate([reach.ravel() for reach in self.entry.reach]), 1e-6)
        self.actions: Actions = problem.actions[problem.doses.which[subject]]
        self.when = self._since_entry(self.actions.time)
        self.taken = problem.taken_by(subject)
        self.alive = np.ones(len(self.y), bool)
        self.waiting = self._waiting()

    def _since_entry(self, times: Any) -> Any:
        return np.round(times + self.clock, TIME_DIGITS) if self.clock else times

    def _waiting(self) -> list[tuple[int, int]]:
        """Stages and members whose onset is still to come; one that a run before has just missed is now."""
        found, initial = [], self.problem.initial
        begun = None if initial is None else initial.exist(self.stages, self.lanes)
        u = self._evaluate(self.clock, self.y, self.clock)[1]
        for i, one in enumerate(self.stages):
            if one.block.onset is None:
                continue
            reached = getattr(u[i], one.onset.when) >= getattr(self.entry.parameters[i], one.onset.reaches)
            reached = np.broadcast_to(reached, (one.m, 1))[:, 0]
            for member in range(one.m):
                slots = self._slots(i, member)
                if not reached[member] and not (begun is not None and begun[i][member, 0]):
                    found.append((i, member))
                    self.alive[slots] = False
                elif begun is not None and not begun[i][member, 0]:
                    self.y[slots] = one.onset.then
        return found

    def ends(self) -> Ends:
        """Return where the person stands; nowhere after a failure."""
        waiting = set(self.waiting)
        begun = [
            [(i, member) not in waiting]
            for i, one in enumerate(self.stages)
            if one.block.onset is not None
            for member in range(one.m)
        ]
        x = np.where(self.piece.status[0] == 0, self.y, np.nan)[:, None]
        return Ends(x, np.array(begun, bool).reshape(-1, 1))

    def _slots(self, i: int, member: int) -> np.ndarray:
        one = self.stages[i]
        return np.asarray(self.cuts[i] + np.arange(one.n) * one.m + member)

    def _evaluate(self, t: float, y: np.ndarray, since: float) -> tuple[np.ndarray, list[Any], dict[str, np.ndarray]]:
        """Return rates, inputs of every stage and outputs at one time."""
        offered: dict[str, np.ndarray] = {}
        gathered, moved = [], []
        hours, step = np.array([t]), np.array([since])
        for i, one in enumerate(self.stages):
            p, x = self.entry.parameters[i], self._split(y, i, one)
            u = inputs(one, offered, self.entry.known, self.entry.held, hours, step)
            if one.n:
                moved.append(rates(one, p, x, u).ravel())
            offered |= published(one, one.block.outputs(p, unpack(one, x), u), (one.m, 1))
            gathered.append(u)
        return np.concatenate([*moved, np.zeros(0)]), gathered, offered

    def _split(self, y: np.ndarray, i: int, one: Wired) -> np.ndarray:
        return y[self.cuts[i] : self.cuts[i + 1]].reshape(one.n, one.m, 1)

    def run(self) -> None:
        """Go from time 0 to the horizon, stopping at everything that happens."""
        times, horizon = self._since_entry(self.problem.times), self._since_entry(self.problem.horizon)
        breaks = self._since_entry(self.actions.breaks)
        stops = np.unique(np.concatenate([times, breaks, self.entry.held.breaks(0, horizon), [self.clock]]))
        stops = stops[(stops >= self.clock) & (stops <= horizon)]
        shown = 0
        for left, right in zip(stops, [*stops[1:], None], strict=True):
            if shown < len(times) and times[shown] == left:
                self._capture(shown, left)
                shown += 1
            self._happen(left)
            if right is not None and not self._advance(left, right):
                self.piece.status[0], self.piece.failed_at[0] = 2, left - self.clock
                return

    def _capture(self, row: int, time: float) -> None:
        # a covariate that steps at this very time has not stepped yet
        offered = self.entry.offered
        if time > self.clock:
            offered = self._evaluate(time, self.y, np.nextafter(time, -np.inf))[2]
        for name in self.wanted:
            self.piece.outputs[name][row, :, 0] = offered[name][:, 0]

    def _happen(self, time: float) -> None:
        actions = self.actions
        now = np.flatnonzero(self.when == time)
        for e in now[actions.order[now] != START]:
            self._act(int(e))
        for one in actions.orbits:
            if self._since_entry(one.time) == time:
                self._settle(one, time)
        for e in now[actions.order[now] == START]:
            self._act(int(e))

    def _act(self, e: int) -> None:
        actions, dose = self.actions, self.actions.dose[e]
        if actions.order[e] == RESET:
            for i, one in enumerate(self.stages):
                if one.doses:
                    part = slice(self.cuts[i], self.cuts[i + 1])
                    self.y[part], self.r[part] = self.rest[part], self.diet[part]
            return
        if self.taken is not None and not self.taken[dose]:
            return
        slot, share = self._aim(actions.targets[actions.target[e]])
        if actions.order[e] == END or actions.kind[e] == 1:
            self.r[slot] += actions.value[e] * share
        else:
            self.y[slot] += actions.value[e] * share

    def _aim(self, target: Any) -> tuple[int, float]:
        share = float(self.problem.arriving(target, self.entry.parameters, self.lanes)[0])
        return int(self._slots(target.stage, target.member)[target.state]), share

    def _advance(self, left: float, right: float) -> bool:
        """Integrate between two stops, onsets in between included; return whether that was possible."""
        from scipy.integrate import solve_ivp

        while left < right:
            self._begin_what_is_due(left)
            since = left
            events = [self._onset_event(i, member, since) for i, member in self.waiting]

            clock = _Clock(left)

            def system(t: float, y: np.ndarray, since: float = since, clock: _Clock = clock) -> np.ndarray:
                clock.see(t)
                return np.where(self.alive, self._evaluate(t, y, since)[0] + self.r, 0.0)

            scale = 1e-3 * np.maximum(np.abs(self.y), self.least)
            try:
                with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                    solved = solve_ivp(
                        system, (left, right), self.y, self.engine.method, rtol=self.engine.rtol,
                        atol=self.engine.rtol * scale, events=events or None, first_step=min(1e-3, right - left),
                    )  # fmt: skip
            except _Stuck:
                return False
            if solved.status < 0 or not np.isfinite(solved.y[:, -1]).all():
                return False
            left, self.y = float(solved.t[-1]), solved.y[:, -1].copy()
            if solved.status == 1:
                self._begin([k for k, found in enumerate(solved.t_events) if found.size])
        return True

    def _onset_event(self, i: int, member: int, since: float) -> Any:
        one = self.stages[i]
        level = getattr(self.entry.parameters[i], one.onset.reaches)[member, 0]
        name = one.onset.when

        def event(t: float, y: np.ndarray) -> float:
            u = self._evaluate(t, y, since)[1][i]
            return float(np.broadcast_to(getattr(u, name), (one.m, 1))[member, 0] - level)

        event.terminal, event.direction = True, 1.0  # type: ignore[attr-defined]
        return event

    def _begin_what_is_due(self, t: float) -> None:
        """Let states begin whose level has been reached in a step: by a dose, or by what has just begun itself."""
        while True:
            due = [k for k, (i, member) in enumerate(self.waiting) if self._onset_event(i, member, t)(t, self.y) >= 0]
            if not due:
                return
            self._begin(due)

    def _begin(self, which: list[int]) -> None:
        for k in sorted(which, reverse=True):
            i, member = self.waiting.pop(k)
            slots, onset = self._slots(i, member), self.stages[i].onset
            self.alive[slots], self.y[slots] = True, onset.then

    # steady states ----------------------------------------------------------------------------------------------------

    def _settle(self, one: Orbit, time: float) -> None:
        """Dose until nothing changes: amounts alone for the new doses, everything upstream of slow states for all."""
        kept = self.y.copy()
        fresh = self._cycled(one, time, [*one.new], diet=False)
        joint = self._cycled(one, time, [*one.joint], diet=True)
        for i, each in enumerate(self.stages):
            part = slice(self.cuts[i], self.cuts[i + 1])
            if each.doses:
                kept[part] = (self.rest[part] if one.replace else kept[part]) + fresh[part]
            elif each.steady:
                kept[part] = joint[part]
        self.y = kept

    def _cycled(self, one: Orbit, time: float, doses: list[Any], *, diet: bool) -> np.ndarray:
        from scipy.integrate import solve_ivp

        moving = np.concatenate(
            [
                np.full(size, each.steady if diet else each.doses)
                for size, each in zip(self.sizes, self.stages, strict=True)
            ]
        )
        base = self.diet if diet else np.zeros_like(self.diet)
        y = np.where(
            np.concatenate([np.full(size, each.doses) for size, each in zip(self.sizes, self.stages, strict=True)])
            & (not diet),
            0.0,
            self.y,
        )
        for cycle in range(_MOST_PERIODS):
            before, largest = y.copy(), np.abs(y)
            for left, right, rate, boluses in self._period(one, doses):
                for slot, amount in boluses:
                    y[slot] += amount

                def system(_: float, z: np.ndarray, rate: np.ndarray = rate) -> np.ndarray:
                    return np.where(moving, self._evaluate(time, z, time)[0] + base + rate, 0.0)

                scale = 1e-3 * np.maximum(np.abs(y), self.least)
                path = solve_ivp(
                    system, (left, right), y, self.engine.method, rtol=self.engine.rtol, atol=self.engine.rtol * scale
                ).y
                y, largest = path[:, -1], np.maximum(largest, np.abs(path).max(axis=1))
            # what is left of a depot that empties within the period is noise beside what was in it
            scale = np.maximum(np.abs(y), 1e-3 * largest)
            if cycle and (np.abs(y - before) <= 10 * self.engine.rtol * np.maximum(scale, 1e-12)).all():
                break
        return y

    def _period(self, one: Orbit, doses: list[Any]) -> list[tuple[float, float, np.ndarray, list[tuple[int, float]]]]:
        """Return segments of one period: from, to, input rate in force, amounts given at its start."""
        edges = {0.0, one.period}
        pieces, boluses = [], []
        for dose, target in doses:
            slot, share = self._aim(target)
            for k in range(-int(np.ceil(dose.duration / dose.ii)) - 1, max(1, round(one.period / dose.ii))):
                at = dose.phase + k * dose.ii
                start, end = round(at, 9), round(at + dose.duration, 9)
                if start < end:  # times are rounded, amounts are not
                    pieces.append((slot, dose.rate * dose.duration / (end - start) * share, start, end))
                    edges |= {edge for edge in (start, end) if 0 < edge < one.period}
                elif k >= 0:
                    boluses.append((slot, dose.amount * share, at))
                    edges.add(at)
        cuts = np.unique(np.round(sorted(edges), 9))
        segments = []
        for left, right in pairwise(cuts):
            rate = np.zeros_like(self.diet)
            for slot, value, start, end in pieces:
                if start < right - 1e-9 and end > left + 1e-9:
                    rate[slot] += value
            now = [(slot, amount) for slot, amount, at in boluses if abs(at - left) < 1e-9]
            segments.append((float(left), float(right), rate, now))
        return segments
