"""Compiled search for states that begin to exist: in which panel of a stepped window, on which day of a leap."""

import numpy as np

from menaquinone.solve._algebra import L, S
from menaquinone.solve._basis import PLACES
from menaquinone.solve._compiled import inner
from menaquinone.solve._grid import insert
from menaquinone.solve._kinds import LEAP, LEAST_LEAP, MOST_BASE, NEVER, PT, STEP, TINY
from menaquinone.solve.program import (
    AFFINE,
    FIRST_INPUT,
    FIRST_MEMBER,
    FIRST_PARAMETER,
    INPUTS,
    LEVEL,
    MEMBERS,
    PARAMETERS,
    WHEN,
)
from menaquinone.solve.tableau import LAGRANGE

_MOST_HELD = 3
"""Periods stepped until something begins."""
_UNSURE = 0.1
"""Periods that the beginning of something, read off a leap, may be off by."""


@inner
def _share_at(values, level):
    """Return the share of a panel at which rising values (points,) reach a level, by bisection on their interpolant."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        value = 0.0
        for point in range(PT):
            weight = 0.0
            for k in range(S, -1, -1):
                weight = weight * middle + LAGRANGE[point, k]
            value += weight * values[point]
        if value < level:
            low = middle
        else:
            high = middle
    return high


@inner
def _onset_in_leap(plan, board, base, by_sample, end, level, values, lane):
    """Return after how many periods of a leap a rising input reaches a level, infinity where it does not.

    It is known at the ends of sampled periods; between them a cubic tells the day.
    """
    many, number = plan.base[lane], 0
    times, heights = values[: MOST_BASE + 1], values[MOST_BASE + 1 : 2 * (MOST_BASE + 1)]
    times[0], heights[0] = 0.0, board[base]
    for q in range(many):
        j = PLACES[many, q]
        times[q + 1], heights[q + 1] = plan.nodes[j, lane] + 1.0, board[base + j * by_sample + end]
    while number <= many and not heights[number] >= level:
        number += 1
    if number == 0 or number > many:
        return 0.0 if number == 0 else np.inf
    low, high = times[number - 1], times[number]
    first = max(0, min(number - 2, many - 3))
    for _ in range(50):
        middle, value = 0.5 * (low + high), 0.0
        for q in range(first, first + 4):
            weight = 1.0
            for other in range(first, first + 4):
                if other != q:
                    weight *= (middle - times[other]) / (times[q] - times[other])
            value += weight * heights[q]
        if value < level:
            low = middle
        else:
            high = middle
    return high


@inner
def _reached(plan, work, raw, row, level, lane):
    """Return when a rising input reaches a level in a stepped window of one lane, infinity where it does not."""
    board, values, by_point = work.board, raw.spare, work.meta[row, 1]
    base, k = row * work.points[0] * L + lane, 0
    while k < raw.laid[0, lane] and not board[base + (k * PT + S) * by_point] >= level:
        k += 1
    if k == raw.laid[0, lane]:
        return np.inf
    for point in range(PT):
        values[point] = board[base + (k * PT + point) * by_point]
    at = plan.starts[k, lane] + _share_at(values, level) * plan.widths[k, lane]
    return np.rint(at * 1e9) / 1e9


@inner
def _watched(program, tile, stage, member, lane):
    """Return where an input of a member is read that has to reach a level, which place that is, and the level."""
    columns = program.stage[stage]
    place = columns[FIRST_INPUT] + member * columns[INPUTS] + columns[WHEN]
    level = tile.p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] + columns[LEVEL], lane]
    return program.feed[place], place, level


@inner
def _kinks(program, plan, tile, state, stage, lane, cut):
    """Return whether members of earlier stages begin inside a panel of a lane's window; ``cut``: the panel ends there.

    What reads them, and what reads that, has a kink inside a panel: no hour can be read off it.
    """
    found, left = False, plan.left[lane]
    for i in range(stage):
        for member in range(program.stage[i, MEMBERS] if program.stage[i, WHEN] >= 0 else 0):
            at = tile.since[program.stage[i, FIRST_MEMBER] + member, lane]
            if left + TINY < at < plan.right[lane] - TINY:
                many = insert(state.cuts[lane], state.many_cuts[lane], at - left) if cut else 0
                found = found or not cut or many > state.many_cuts[lane]
                state.many_cuts[lane] = many if cut else state.many_cuts[lane]
    return found


@inner
def begin(program, plan, tile, state, work, raw, stage, member, begins):
    """Fill begins (L,) for a member about to be marched: panel in which its states start to exist, -1 where they do.

    What is upstream stands there already: who is stepped through a window for the first time, and whose states begin
    in it, need not go through it again. Nothing is found that way by members that are not affine, that read a sum, or
    behind others that begin in the same window.
    """
    columns, since = program.stage[stage], tile.since[program.stage[stage, FIRST_MEMBER] + member]
    left, right, kind, K = plan.left, plan.right, plan.kind, plan.size[1]
    for lane in range(L):
        begins[lane] = -1
        if columns[WHEN] < 0:
            continue
        row, place, level = _watched(program, tile, stage, member, lane)
        fresh = kind[lane] == STEP and state.tries[lane] == 0 and columns[AFFINE] != 0 and program.sums[place, 1] == 0
        if fresh and since[lane] == np.inf and not _kinks(program, plan, tile, state, stage, lane, False):
            since[lane] = _reached(plan, work, raw, row, level, lane)
        if since[lane] > left[lane] - TINY:
            begins[lane] = NEVER
            if since[lane] < right[lane] - TINY and kind[lane] == STEP:
                k = 0
                while k < K - 1 and plan.starts[k, lane] + plan.widths[k, lane] <= since[lane] + TINY:
                    k += 1
                begins[lane] = k


@inner
def forget_onsets(plan, tile, lane):
    """Forget what was found to begin in a lane's window that does not hold."""
    for member in range(tile.since.shape[0]):
        if plan.left[lane] + TINY < tile.since[member, lane] <= plan.right[lane] + TINY:
            tile.since[member, lane] = np.inf


@inner
def look_for_onsets(program, plan, tile, state, work, lane, raw):
    """Look for states of one lane that begin to exist in its window and have not been found on the way.

    In a stepped window their times become cuts; a leap is shortened to end before, and the period in question is
    stepped behind it. Returns whether anything was found.
    """
    leaping, since, meta, many_cuts = plan.kind[lane] == LEAP, tile.since, work.meta, state.many_cuts
    stage, K, points = program.stage, plan.size[1], work.points[0]
    found, soonest = False, np.inf
    for i in range(stage.shape[0]):
        for member in range(stage[i, MEMBERS] if stage[i, WHEN] >= 0 else 0):
            everyone = stage[i, FIRST_MEMBER] + member
            if since[everyone, lane] != np.inf:
                continue
            row, _, level = _watched(program, tile, i, member, lane)
            if leaping:
                base, by_sample, by_point = row * points * L + lane, meta[row, 0], meta[row, 1]
                end = (K * PT - 1) * by_point
                at = _onset_in_leap(plan, work.board, base, by_sample, end, level, raw.spare, lane)
                soonest = min(soonest, at)
                continue
            at = _reached(plan, work, raw, row, level, lane)
            if at < np.inf:
                found = True
                if not _kinks(program, plan, tile, state, i, lane, True):
                    since[everyone, lane] = at
                    many_cuts[lane] = insert(state.cuts[lane], many_cuts[lane], at - plan.left[lane])
    if soonest < np.inf:
        count = max(np.int64(np.floor(soonest - _UNSURE)), 0)
        periods = np.int64(np.floor(soonest + _UNSURE)) + 1 - count
        if count < LEAST_LEAP:  # it is stepped through; what comes behind is leaped as before
            state.hold[lane] = min(count + periods, _MOST_HELD)
        else:
            state.reach[lane], state.hold[lane] = count, -periods
        return True
    return found


__all__ = ["begin", "forget_onsets", "look_for_onsets"]
