"""Compiled march of a member whose rates are not affine: every panel by Newton's method on the collocation rule."""

import numpy as np

from menaquinone.solve._algebra import (
    GOING,
    SEEKING,
    L,
    S,
    collocate,
    collocation_error,
    copy,
    fill,
    judge,
    onward,
    rows_of,
    take,
    zeros_of,
)
from menaquinone.solve._compiled import inner
from menaquinone.solve._kinds import CLOSE, FLOOR, IDLE, PT
from menaquinone.solve._panels import happen
from menaquinone.solve._periods import orbit_of
from menaquinone.solve._pointers import invoke9
from menaquinone.solve._records import address, view
from menaquinone.solve.program import (
    COEFFICIENTS,
    DOSED,
    FILLED,
    FIRST_MEMBER,
    FIRST_PARAMETER,
    INPUTS,
    MASK,
    PARAMETERS,
    THEN,
    USED,
)

_NEWTON_STEPS = 30
_TINY = 1e-300


@inner
def _curved_panel(program, plan, tile, work, stage, member, n, first, panel, r, going, rtol, spread, scratch):
    """Collocate one panel of a stage that is not affine: linearise about the last iterate, solve, repeat.

    Each lane stops on its own. The panel's path holds its start at every point.
    """
    widths, work_a, work_b, board = plan.widths, work.a, work.b, work.board
    columns = program.stage[stage]
    p = tile.p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] :]
    acts = view(program.acts, columns[MASK], (n, n))
    reach = view(program.reach, columns[MASK], (n, n))
    matrix, right = work.newton, work.right
    used = view(program.used, columns[USED], (n * S, n * S))
    filled = view(program.filled, columns[FILLED], (n * S, n + 1))
    filter_used = view(program.filters, columns[MASK], (n, n))
    path = view(work.path, panel * PT * n * L, (PT, n, L))
    keep, psi = view(work.keep, panel * S * n * n * L, (S, n, n, L)), view(work.psi, panel * S * n * L, (S, n, L))
    a, b = view(work_a, 0, (PT, n, n, L)), view(work_b, 0, (PT, n, L))
    top = work.top[0]
    keeps, psis = take(work, S * n * n * L), take(work, S * n * L)
    new_keep, new_psi = view(work.scratch, keeps, (S, n, n, L)), view(work.scratch, psis, (S, n, L))
    trial, error = view(work.scratch, take(work, PT * n * L), (PT, n, L)), rows_of(work, n)
    for lane in range(L):
        going[lane] = 1
    for _ in range(_NEWTON_STEPS):
        invoke9(
            columns[COEFFICIENTS], address(p), address(scratch), address(board), 1, PT,
            address(path), address(work_a), address(work_b), 2,
        )  # fmt: skip
        collocate(a, b, 0, 1, widths, panel, r, acts, used, filled, matrix, right, new_keep, 0, new_psi, 0)
        copy(trial[0], path[0])
        onward(new_keep, 0, new_psi, 0, S, reach, path[0], trial, n * L)
        collocation_error(a, b, 0, 1, widths, panel, r, acts, trial, 0, filter_used, matrix, right, error, False)
        anyone = False
        for lane in range(L):
            if going[lane] == 0:
                continue
            moved = False
            for i in range(n):
                size, change = _TINY, 0.0
                for point in range(PT):
                    size = max(size, abs(trial[point, i, lane]))
                    gap = abs(trial[point, i, lane] - path[point, i, lane])
                    change = gap if not gap <= change else change
                moved = moved or not change <= 1e-3 * rtol * size
                spread[i, lane] = error[i, lane]
                for point in range(PT):
                    path[point, i, lane] = trial[point, i, lane]
                for node in range(S):
                    psi[node, i, lane] = new_psi[node, i, lane]
                    for k in range(n):
                        keep[node, i, k, lane] = new_keep[node, i, k, lane]
            going[lane] = 1 if moved else 0
            anyone = anyone or moved
        if not anyone:
            break
    for lane in range(L):
        if going[lane] != 0:
            for i in range(n):
                spread[i, lane] = np.inf  # a shorter panel is needed
    work.top[0] = top


@inner
def _lead_on(work, n, panel, reach, nothing, column, after):
    """Multiply the derivative so far, in square, by that of a panel's end by its start."""
    square, keeps = work.square, (panel * S + S - 1) * n * n * L
    for k in range(n):
        for i in range(n):
            for lane in range(L):
                column[i, lane] = square[0, i, k, lane]
        onward(work.keep, keeps, nothing, 0, 1, reach, column, after, 0)
        for i in range(n):
            for lane in range(L):
                square[0, i, k, lane] = after[i, lane]


@inner
def _curved_walk(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins, x, judged):
    """Take one member of a stage that is not affine through its panels from x.

    square gets the derivative of the end.
    """
    kind, idle, reads, square = plan.kind, tile.idle, work.reads, work.square
    work_path, a, then = work.path, work.a, program.then
    columns = program.stage[stage]
    top = work.top[0]
    r, spread, decay = rows_of(work, n), zeros_of(work, n), rows_of(work, 1)
    going, scratch = work.whole[GOING], work.moved
    peak, column, lost = rows_of(work, n), rows_of(work, n), rows_of(work, 1)
    fill(decay, np.inf)
    for u in range(columns[INPUTS]):
        scratch[u, 1], scratch[u, 2] = reads[u, 1], reads[u, 2]
    reach = view(program.reach, columns[MASK], (n, n))
    nothing, after = zeros_of(work, n), rows_of(work, n)
    copy(r, tile.r[first : first + n])
    copy(peak, tile.peak[first : first + n])
    for i in range(n):
        for k in range(n):
            for lane in range(L):
                square[0, i, k, lane] = 1.0 if i == k else 0.0
    for panel in range(plan.size[1]):
        if columns[DOSED]:
            happen(plan, tile, panel, first, n, x, r, False)
            happen(plan, tile, panel, first, n, x, x, True)
        path = view(work_path, panel * PT * n * L, (PT, n, L))
        for lane in range(L):
            if begins[lane] >= panel:
                for i in range(n):
                    x[i, lane] = then[columns[THEN] + i] if begins[lane] == panel else 0.0
        for point in range(PT):
            copy(path[point], x)
        for u in range(columns[INPUTS]):
            scratch[u, 0] = reads[u, 0] + panel * PT * reads[u, 2]
        _curved_panel(program, plan, tile, work, stage, member, n, first, panel, r, going, rtol, spread, scratch)
        for lane in range(L):
            if idle[columns[FIRST_MEMBER] + member, lane] or begins[lane] > panel or kind[lane] == IDLE:
                for i in range(n):
                    spread[i, lane] = 0.0
                    for point in range(1, PT):
                        path[point, i, lane] = path[0, i, lane]
            if panel == 0:
                for i in range(n):
                    decay[0, lane] = min(decay[0, lane], abs(a[(i * n + i) * L + lane]))
        copy(x, path[PT - 1])
        for i in range(n):
            for lane in range(L):
                peak[i, lane] = max(peak[i, lane], abs(x[i, lane]))
        copy(view(work.psi, panel * S * n * L, (n, L)), spread)  # psi has served
        _lead_on(work, n, panel, reach, nothing, column, after)
    for lane in range(L):
        lost[0, lane] = max(decay[0, lane], 1.0 / horizon)
    for panel in range(plan.size[1] if judged else 0):
        end, spread = (panel * PT + S) * n * L, view(work.psi, panel * S * n * L, (n, L))
        judge(plan.ratio, panel, work_path, end, n, spread, plan.widths, lost, tile.noise, first, peak,
              rtol, FLOOR)  # fmt: skip
    copy(tile.peak_next[first : first + n], peak)
    copy(tile.r_next[first : first + n], r)
    work.top[0] = top


@inner
def curved(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins):
    """Take one member of a stage that is not affine through a window, or put it on its orbit by Newton's method."""
    kind, leap_ratio, x_next, g = plan.kind, plan.leap_ratio, tile.x_next, work.g
    x, start = rows_of(work, n), rows_of(work, n)
    seeking, found = work.whole[SEEKING], view(work.small, n * n, (n,))
    closing = False
    copy(start, tile.x[first : first + n])
    for lane in range(L):
        seeking[lane] = 1 if kind[lane] == CLOSE else 0
        closing = closing or seeking[lane] != 0
    for _ in range(_NEWTON_STEPS if closing else 0):
        copy(x, start)
        _curved_walk(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins, x, False)
        anyone = False
        for lane in range(L):
            if seeking[lane] == 0:
                continue
            for i in range(n):
                g[0, i, lane] = x[i, lane] - start[i, lane]
            if not orbit_of(work, n, lane, found):
                leap_ratio[lane] = np.inf
                seeking[lane] = 0
                continue
            near = True
            for i in range(n):
                change = found[i]
                # below zero a saturable rate has orbits that no amount can be on
                if start[i, lane] > 0.0 and start[i, lane] + change < 0.0:
                    change = max(change, -0.9 * start[i, lane])
                start[i, lane] += change
                near = near and abs(change) <= 1e-2 * rtol * (abs(start[i, lane]) + _TINY)
            seeking[lane] = 0 if near else 1
            anyone = anyone or not near
        if not anyone:
            break
    for lane in range(L):
        if seeking[lane] != 0:
            leap_ratio[lane] = np.inf
    copy(x, start)
    _curved_walk(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins, x, True)
    for lane in range(L):
        for i in range(n):
            closed = kind[lane] == CLOSE
            x_next[first + i, lane] = start[i, lane] if closed else x[i, lane]
