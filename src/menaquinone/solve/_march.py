"""Compiled march of one member of one stage through a window: coefficients, panels, period maps, path, error, outputs.

A window holds J samples of K panels each. A stepped window is one sample. A leaping window is a run of many equal
periods of which J are sampled: the map of a period over its own state is affine, its coefficients are smooth in the
number of the period, so they are interpolated between samples and the map is iterated. A closing window is one period
whose start is sought on the periodic orbit.
"""

from numba import njit

from menaquinone.solve._algebra import OPTIONS, STILL, WAITING, L, copy, rows_of
from menaquinone.solve._board import gather, publish
from menaquinone.solve._curved import curved
from menaquinone.solve._kinds import CLOSE, IDLE, LEAP, NEVER, PT, SAME
from menaquinone.solve._panels import assess, compose, forcing, refresh, walk
from menaquinone.solve._periods import find_starts
from menaquinone.solve._pointers import invoke9
from menaquinone.solve._records import address, view
from menaquinone.solve.program import (
    A_MOVES,
    AFFINE,
    B_MOVES,
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


@njit(**OPTIONS)
def march(program, plan, tile, table, work, stage, member, rtol, horizon, begins):
    """Take one member through the window; begins (L,): panel at which its states start to exist, -1 where they do."""
    kind, tile_idle, x, x_next = plan.kind, tile.idle, tile.x, tile.x_next
    r_next, r, peak_next, peak = tile.r_next, tile.r, tile.peak_next, tile.peak
    tile_p, path = tile.p, work.path
    columns = program.stage[stage]
    work.top[0] = 0
    n, inputs = columns[STATES], columns[INPUTS]
    first = columns[FIRST_STATE] + member * n
    everyone = columns[FIRST_MEMBER] + member
    over_samples, over_points = gather(program, plan, work, columns[FIRST_INPUT] + member * inputs, inputs)
    K = plan.size[1]
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
        publish(program, plan, work, tile_p, stage, member, over_samples, over_points, False, False, inputs)
        return
    if closing and not columns[STEADY]:  # what is slow stands still on the orbit of what is fast
        for place in range(K * PT * n * L):
            path[place] = x[first + place // L % n, place % L]
        publish(program, plan, work, tile_p, stage, member, over_samples, over_points, False, True, inputs)
        return
    if not columns[AFFINE]:
        curved(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins)
        publish(program, plan, work, tile_p, stage, member, over_samples, over_points, False, True, inputs)
        return
    _affine(program, plan, tile, table, work, stage, member, n, first, over_samples, over_points, rtol, horizon, begins)


@njit(**OPTIONS)
def _affine(program, plan, tile, table, work, stage, member, n, first, over_samples, over_points, rtol, horizon,
            begins):  # fmt: skip
    """Take one member of an affine stage through the window: coefficients, maps, starts, path, error, outputs."""
    kind, tile_p, path, reads, board = plan.kind, tile.p, work.path, work.reads, work.board
    work_a, b, g, square, z, x_next = work.a, work.b, work.g, work.square, work.z, tile.x_next
    columns = program.stage[stage]
    inputs, everyone = columns[INPUTS], columns[FIRST_MEMBER] + member
    J, K = plan.size[0], plan.size[1]
    size = J + plan.size[2]
    Jc, Qc = J if over_samples else 1, K * PT if over_points else 1
    p = tile_p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] :]
    mode, Ja, Qa = 1, Jc, Qc
    if not columns[A_MOVES]:
        Ja, Qa = 1, 1
    invoke9(
        columns[COEFFICIENTS], address(p), address(reads), address(board), Ja, Qa,
        address(path), address(work_a), address(b), mode,
    )  # fmt: skip
    if columns[B_MOVES] and not columns[A_MOVES]:
        invoke9(
            columns[COEFFICIENTS], address(p), address(reads), address(board), Jc, Qc,
            address(path), address(work_a), address(b), 0,
        )  # fmt: skip
    reach = view(program.reach, columns[MASK], (n, n))
    decay = rows_of(work, 1)
    for lane in range(L):
        decay[0, lane] = abs(work_a[lane])
    for i in range(1, n):
        for lane in range(L):
            decay[0, lane] = min(decay[0, lane], abs(work_a[(i * n + i) * L + lane]))
    if not columns[A_MOVES]:
        a = view(work_a, 0, (n, n, L))
        refresh(plan, table, work, everyone, a, reach, n, columns[B_MOVES] == 1)
    J_forced = J if over_samples or plan.size[SAME] == 0 else 1
    forcing(program, plan, tile, table, work, stage, member, n, first, over_samples, over_points, reach, J_forced)
    waiting = work.whole[WAITING]
    mapped = False
    for lane in range(L):
        waiting[lane] = 1 if begins[lane] == NEVER else 0
        mapped = mapped or kind[lane] == LEAP or kind[lane] == CLOSE
    if mapped:
        J_square = J if columns[A_MOVES] and J_forced > 1 else 1
        compose(program, plan, tile, table, work, stage, member, n, first, reach, J_forced, J_square, J_forced)
        for j in range(J_forced, J):
            copy(g[j, :n], g[0, :n])
        for j in range(J_square, J):
            for i in range(n):
                copy(square[j, i, :n], square[0, i, :n])
    still = work.whole[STILL]
    everyone_still = find_starts(program, plan, tile, work, stage, member, n, first, reach, rtol, waiting, still)
    J_path = 1 if everyone_still and J_forced == 1 else J
    walk(program, plan, tile, table, work, stage, member, n, first, reach, J_path, J_forced, begins)
    assess(program, plan, tile, table, work, stage, member, n, first, J_path, over_samples, over_points, rtol,
            horizon, begins, decay)  # fmt: skip
    for o in range(plan.size[2]):  # who is periodic is at a boundary what the period ends with, to the bit
        for i in range(n):
            for lane in range(L):
                if still[lane] != 0:
                    z[J + o, i, lane] = path[((K * PT - 1) * n + i) * L + lane]
    for i in range(n):
        for lane in range(L):
            x_next[first + i, lane] = z[size, i, lane]
    publish(program, plan, work, tile_p, stage, member, over_samples, over_points, J_path > 1, True, inputs)
