"""Scratch of one thread: arrays that the compiled engine works in, replaced by larger ones when a window asks."""

from typing import Any

import numpy as np

from menaquinone.solve import program as tables
from menaquinone.solve._algebra import COUNTS, S
from menaquinone.solve._kinds import EVENTS, MOST_BASE, MOST_ITERATED, PANELS, PT, RAW, ROWS
from menaquinone.solve._records import reference_to
from menaquinone.solve.equations import LANES
from menaquinone.solve.lines import empty, zeros
from menaquinone.solve.program import Crowd, Lanes, Plan, Program, Raw, Table, Tile, Work

SAMPLES, BOUNDARIES = 16, 256
"""Most periods sampled in a leap, and most outputs at boundaries of its periods."""
_MARKS, _CUTS, _MIXED, _DOUBLINGS = 512, 2048, 32, 24


class Workspace:
    """All scratch of one thread for one model.

    Parameters
    ----------
    program
        The model's tables.
    marks : ndarray (2, m)
        Marks that every lane begins with.
    """

    def __init__(self, program: Program, marks: np.ndarray) -> None:
        self.program = program
        self.room = {PANELS: 96, EVENTS: 256, ROWS: 32, RAW: 256}
        self.states, self.members = int(program.counts[1]), int(program.counts[3])
        self.space = zeros((8, self.states, LANES))
        self.since = zeros((self.members, LANES))
        integers = zeros((15, LANES), np.int64)
        self.lanes = Lanes(  # type: ignore[call-arg]
            zeros(LANES), *integers[:7], zeros((LANES, marks.shape[1] + _MARKS)), integers[7],
            zeros((LANES, _CUTS)), *integers[8:],
        )  # fmt: skip
        self.plan, self.raw, self.work, self.table = self._plan(), self._raw(), self._work(), self._table()

    def grow(self, which: int, size: int) -> None:
        """Replace an array that is too small."""
        self.room[which] = size
        if which == RAW:
            self.raw = self._raw()
        elif which == ROWS:
            self.table = self._table()
        else:
            self.plan = self._plan()
            if which == PANELS:
                self.work = self._work()

    def _raw(self) -> Raw:
        room = (LANES, self.room[RAW])
        count = zeros((SAMPLES, LANES), np.int64)
        return Raw(zeros(room), zeros(room), zeros(room), count, zeros(1, np.int64),
                   zeros(max(self.room[RAW], self.lanes.marks.shape[1])))  # fmt: skip

    def _plan(self) -> Plan:
        panels, events = self.room[PANELS], self.room[EVENTS]
        kind, count, samples, schedule, boundaries, base, iterated = zeros((7, LANES), np.int64)
        lanes = (panels, LANES)
        return Plan(  # type: ignore[call-arg]
            zeros(6, np.int64), zeros(LANES), zeros(LANES), kind, count, samples, schedule, boundaries,
            base, zeros(LANES), zeros((SAMPLES, LANES), np.int64), zeros((BOUNDARIES, LANES), np.int64),
            *zeros((2, 3, SAMPLES + BOUNDARIES + 1, LANES), np.int64), zeros((3, BOUNDARIES, LANES), np.int64),
            zeros((3, SAMPLES + BOUNDARIES + 1), np.int64), zeros(3, np.int64), zeros((3, LANES), np.int64),
            *zeros((2, LANES), np.int64),
            zeros(lanes), zeros(lanes), zeros(lanes, np.int64), zeros(panels, np.int64),
            *zeros((2, panels), np.uint8),
            np.ones(LANES), *zeros((5, LANES)), zeros((4, LANES)),
            *zeros((1, MOST_BASE, LANES)), *zeros((2, MOST_BASE, MOST_BASE, LANES)),
            zeros((MOST_BASE, LANES)), zeros((MOST_ITERATED, MOST_BASE, LANES)), iterated,
            zeros((2, LANES)),
            zeros(lanes), zeros(LANES), zeros((MOST_BASE, LANES)), *zeros((2, panels), np.int64),
            *zeros((4, events), np.int64), zeros((events, LANES)),
        )  # fmt: skip

    def _work(self) -> Work:
        counts, panels = self.program.counts.tolist(), self.room[PANELS]
        rows, n, inputs, outputs, wide_a, wide_b = counts[0], counts[4], counts[5], counts[6], counts[8], counts[9]
        points, square = panels * PT + BOUNDARIES, n * n * LANES
        keep = max(wide_a * panels * S * LANES, (2 * S + S * (S + 2)) * square)
        return Work(
            empty(rows * points * LANES), zeros((rows, 4), np.int64), zeros((inputs + 1, 3), np.int64),
            zeros((outputs + 1, 3), np.int64), empty(wide_a * panels * PT * LANES + square),
            empty(wide_b * panels * PT * LANES + square), empty(keep), empty(panels * S * n * LANES),
            empty((panels * PT + 1) * n * LANES), zeros((SAMPLES + BOUNDARIES + 1, n, LANES)),
            zeros(BOUNDARIES * n * LANES), zeros((SAMPLES, n, LANES)), zeros((SAMPLES, n, n, LANES)),
            zeros((MOST_ITERATED + 1, n, LANES)), zeros(square * S * S), zeros(n * (n + 1) * S * LANES),
            zeros(_scratch(n)), zeros(1, np.int64), zeros(max(n * n + n, PT)),
            zeros((COUNTS + 1, LANES), np.int64), zeros((inputs + 1, 3), np.int64),
            zeros((outputs + 1, 3), np.int64), empty(panels * n * LANES), empty(panels * n * LANES),
            zeros((n + 1) * LANES), _read(self.program), zeros(2 * n * n * (n + 1) + 1, np.int64),
            zeros((2, LANES)),
            np.array([points, panels]),
        )  # fmt: skip

    def _table(self) -> Table:
        rows, begin, known, at, place, widest = self.room[ROWS], [], [], 0, 0, 0
        for columns in self.program.stage.tolist():
            n, driven = columns[tables.STATES], columns[tables.B_MOVES]
            square = 0 if columns[tables.A_MOVES] else n * n * LANES
            for _ in range(columns[tables.MEMBERS]):
                begin.append(at)
                known.append(place)
                size = square * (2 * S + (S * (S + 2) if driven else 0))
                at, widest = at + (rows + _MIXED) * size, max(widest, size)
                place += square
        return Table(
            zeros((rows, LANES)), np.ones(LANES, np.int64), np.array(begin, np.int64), empty(at + widest),
            np.array(known, np.int64), zeros(place), zeros(LANES), zeros((_MIXED, LANES), np.int64),
            zeros(1, np.int64), zeros((self.members, rows + _MIXED), np.uint8),
        )  # fmt: skip


def march_kinds(program: Program, space: Workspace, crowd: Crowd) -> tuple[Any, ...]:
    """Return numba's types of what the driver hands to the march of a member."""
    tile = Tile(  # type: ignore[call-arg]
        crowd.parameters[0], space.space[0], space.space[1], crowd.base[0], crowd.x[0], crowd.noise[0],
        *space.space[2:6], crowd.idle[0], space.since, crowd.entry[0], crowd.knots[0], crowd.levels[0],
        *space.space[6:],
    )  # fmt: skip
    from numba import types

    return (
        *(reference_to(one) for one in (program, space.plan, tile, space.table, space.work)),
        types.int64,
        types.int64,
        types.float64,
        types.float64,
        types.Array(types.int64, 1, "C"),
    )


def _read(program: Program) -> np.ndarray:
    """Return whether other members read what each member offers (members,)."""
    found: list[bool] = []
    for columns in program.stage.tolist():
        first, width = columns[tables.FIRST_ROW], columns[tables.OUTPUTS]
        rows = program.read[first : first + width * columns[tables.MEMBERS]]
        found += [bool(one.any()) for one in rows.reshape(columns[tables.MEMBERS], width)]
    return np.array(found, np.uint8)


def _scratch(n: int) -> int:
    """Return how many numbers the march of a member with n states has in use at most."""
    squares = MOST_BASE + S + 12 + _DOUBLINGS
    return int((2 * squares * n * n + (64 + _DOUBLINGS) * (n + 1)) * LANES)


__all__ = ["Workspace", "march_kinds"]
