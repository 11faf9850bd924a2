"""Compiled march of one member of one stage through a window: coefficients, panels, period maps, path, error, outputs.

A window holds J samples of K panels each. A stepped window is one sample. A leaping window is a run of many equal
periods of which J are sampled: the map of a period over its own state is affine, its coefficients are smooth in the
number of the period, so they are interpolated between samples and the map is iterated. A closing window is one period
whose start is sought on the periodic orbit.
"""

from menaquinone.solve._algebra import STILL, WAITING, L, copy, move, rows_of
from menaquinone.solve._board import close_rows, gather, lay_rows, offer, publish
from menaquinone.solve._compiled import addressed, inner
from menaquinone.solve._curved import curved
from menaquinone.solve._kinds import CLOSE, IDLE, LEAP, NEVER, PT, SAME
from menaquinone.solve._panels import assess, compose, refresh, walk
from menaquinone.solve._periods import find_starts
from menaquinone.solve._pointers import invoke9
from menaquinone.solve._records import address, view
from menaquinone.solve._vectors import load, select, store
from menaquinone.solve.program import (
    A_MOVES,
    AFFINE,
    COEFFICIENTS,
    FIRST_INPUT,
    FIRST_MEMBER,
    FIRST_PARAMETER,
    FIRST_STATE,
    INPUTS,
    MASK,
    PARAMETERS,
    STATES,
    STEADY,
)


@addressed
def march(program, plan, tile, table, work, stage, member, rtol, horizon, begins):
    """Take one member through the window; begins (L,): panel at which its states start to exist, -1 where they do."""
    kind, tile_idle, x, x_next = plan.kind, tile.idle, tile.x, tile.x_next
    r_next, r, peak_next, peak = tile.r_next, tile.r, tile.peak_next, tile.peak
    path, columns = work.path, program.stage[stage]
    work.top[0] = 0
    n, inputs = columns[STATES], columns[INPUTS]
    first = columns[FIRST_STATE] + member * n
    everyone = columns[FIRST_MEMBER] + member
    over_samples, over_points = gather(program, plan, work, columns[FIRST_INPUT] + member * inputs, inputs)
    idle, closing = True, False
    for lane in range(L):
        closing = closing or kind[lane] == CLOSE
        idle = idle and (tile_idle[everyone, lane] != 0 or kind[lane] == IDLE)
    if n == 0 or (idle and not over_points):
        for i in range(n):
            for lane in range(L):
                path[i * L + lane] = x[first + i, lane]
                x_next[first + i, lane] = x[first + i, lane]
                r_next[first + i, lane] = r[first + i, lane]
                peak_next[first + i, lane] = peak[first + i, lane]
        if n == 0 and over_points and not work.read[everyone]:
            _show(program, plan, tile, work, stage, member, over_samples)
        else:
            publish(program, plan, tile, work, stage, member, over_samples, over_points, False)
        return
    if closing and not columns[STEADY]:  # what is slow stands still on the orbit of what is fast
        for place in range(plan.size[1] * PT * n * L):
            path[place] = x[first + place // L % n, place % L]
        publish(program, plan, tile, work, stage, member, over_samples, over_points, True)
        return
    if not columns[AFFINE]:
        curved(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins)
        publish(program, plan, tile, work, stage, member, over_samples, over_points, True)
        return
    _affine(program, plan, tile, table, work, stage, member, n, first, over_samples, over_points, rtol, horizon, begins)


@inner
def _show(program, plan, tile, work, stage, member, over_samples):
    """Evaluate outputs of a member without states that nobody reads, where they are looked at."""
    lay_rows(program, plan, work, stage, member, over_samples, True)
    K = plan.size[1]
    for panel in range(plan.size[0] * K):
        if plan.shown[panel] and (over_samples or panel < K):
            offer(program, tile, work, stage, member, panel // K, panel % K, True)
    close_rows(program, plan, tile, work, stage, member, over_samples, over_samples)


@inner
def _begin(program, plan, tile, table, work, stage, member, n, decay):
    """Read the coefficients where the window begins: slowest loss of any state; constant ones are kept."""
    columns, board, reads, path = program.stage[stage], work.board, work.reads, work.path
    p = tile.p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] :]
    invoke9(
        columns[COEFFICIENTS], address(p), address(reads), address(board), 1, 1, address(path), address(work.a),
        address(work.b), 1,
    )  # fmt: skip
    for lane in range(L):
        decay[0, lane] = abs(work.a[lane])
    for i in range(1, n):
        for lane in range(L):
            decay[0, lane] = min(decay[0, lane], abs(work.a[(i * n + i) * L + lane]))
    if not columns[A_MOVES]:
        refresh(table, columns[FIRST_MEMBER] + member, view(work.a, 0, (n, n, L)), n, plan.kind)


@inner
def _affine(program, plan, tile, table, work, stage, member, n, first, over_samples, over_points, rtol, horizon,
            begins):  # fmt: skip
    """Take one member of an affine stage through the window: maps of periods, starts, path, outputs, error."""
    kind, g, square, z, x_next = plan.kind, work.g, work.square, work.z, tile.x_next
    columns, J = program.stage[stage], plan.size[0]
    reach = view(program.reach, columns[MASK], (n, n))
    decay = rows_of(work, 1)
    _begin(program, plan, tile, table, work, stage, member, n, decay)
    J_forced = J if over_samples or plan.size[SAME] == 0 else 1
    waiting, mapped = work.whole[WAITING], False
    for lane in range(L):
        waiting[lane] = 1 if begins[lane] == NEVER else 0
        mapped = mapped or kind[lane] == LEAP or kind[lane] == CLOSE
    if mapped:
        J_square = J_forced if columns[A_MOVES] else 1
        compose(program, plan, tile, table, work, stage, member, n, first, J_forced, J_square, over_samples,
                over_points)  # fmt: skip
        for j in range(J_forced, J):
            copy(g[j, :n], g[0, :n])
        for j in range(J_square, J):
            for i in range(n):
                copy(square[j, i, :n], square[0, i, :n])
    still = work.whole[STILL]
    everyone_still = find_starts(program, plan, tile, work, stage, member, n, first, reach, rtol, waiting, still)
    J_path = 1 if everyone_still and J_forced == 1 else J
    by_sample = over_samples or J_path > 1
    lay_rows(program, plan, work, stage, member, by_sample, True)
    walk(program, plan, tile, table, work, stage, member, n, first, J_path, over_samples, over_points, begins)
    assess(program, plan, tile, work, stage, member, n, first, J_path, rtol, horizon, decay)
    end, wide, resting = (plan.size[1] - 1) * n * L, z.shape[1], rows_of(work, 1)
    for lane in range(L):
        resting[0, lane] = 1.0 if still[lane] != 0 else 0.0
    for o in range(plan.size[2]):  # who is periodic is at a boundary what the period ends with, to the bit
        for i in range(n):
            at = ((J + o) * wide + i) * L
            store(z, at, select(load(resting, 0), load(work.ends, end + i * L), load(z, at)))
    move(z, (J + plan.size[2]) * wide * L, x_next, first * L, n)
    close_rows(program, plan, tile, work, stage, member, over_samples, by_sample)
