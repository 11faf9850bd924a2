"""Compiled march of an affine member through the panels of a window: forcing, maps of periods, path, error."""

from numba import njit

from menaquinone.solve._algebra import (
    OPTIONS,
    L,
    S,
    collocate,
    collocation_error,
    copy,
    estimate,
    fill,
    forced,
    judge,
    move,
    onward,
    propagators,
    raise_to,
    row_size,
    rows_of,
    zeros_of,
)
from menaquinone.solve._kinds import FLOOR, IDLE, MIXED, PT, SAFETY, STEP
from menaquinone.solve._records import view
from menaquinone.solve._vectors import load, select, store
from menaquinone.solve.program import A_MOVES, B_MOVES, DOSED, FILLED, FIRST_MEMBER, MASK, STATES, THEN, USED


@njit(**OPTIONS)
def happen(plan, tile, panel, first, n, x, r, amounts):
    """Apply to one member what happens at the start of a panel: rates, and where ``amounts`` amounts."""
    kinds, slots, lanes, values = plan.kinds, plan.slots, plan.lanes, plan.values
    following, rest, base = plan.following, tile.rest, tile.base
    event = plan.head[panel]
    while event >= 0:
        kind, slot, lane = kinds[event], slots[event], lanes[event]
        if kind == 2:
            for s in range(n):
                if amounts:
                    x[s, lane] = rest[first + s, lane]
                else:
                    r[s, lane] = base[first + s, lane]
        elif first <= slot < first + n:
            if kind == 1 and not amounts:
                r[slot - first, lane] += values[event]
            elif kind == 0 and amounts:
                x[slot - first, lane] += values[event]
        event = following[event]


@njit(**OPTIONS)
def _gather(rows, which, table, size, begin, first, last, into):
    """Put together elements of a row from the rows (.., L) of all lanes."""
    data, mine = table.data, table.mine
    for leader in range(L):
        row, known = rows[which, leader], False
        for lane in range(leader):
            known = known or rows[which, lane] == row
        if known:
            continue
        for lane in range(L):
            mine[lane] = 1.0 if rows[which, lane] == row else 0.0
        of_row, source = load(mine, 0), begin + row * size
        for place in range(first, last, L):
            value = load(data, source + place)
            store(data, into + place, value if leader == 0 else select(of_row, value, load(data, into + place)))


@njit(**OPTIONS)
def _row(plan, table, panel, size, begin, first, last):
    """Return where in the table a panel's propagators stand.

    Where lanes' rows differ and there was no room for a mixed row, the elements from ``first`` to ``last`` are gathered
    at the table's end.
    """
    place = plan.place[panel]
    if place >= 0:
        return begin + place * size
    if place < -1:
        return table.mixed[0] + (-2 - place) * size
    into = table.data.size - size  # one at a time: a row is used before the next is asked for
    _gather(plan.rows, panel, table, size, begin, first, last, into)
    return into


@njit(**OPTIONS)
def refresh(plan, table, work, member, a, reach, n, driven):
    """See to it that the table holds the propagators of every row for these coefficients."""
    done, used, begin, widths = table.done, table.used, table.begin, table.widths
    data = table.data
    known = view(table.a, table.known[member], (n, n, L))
    same = done[member] > 0
    for i in range(n):
        for k in range(n):
            for lane in range(L):
                same = same and known[i, k, lane] == a[i, k, lane]
    if not same:
        done[member] = 0
        for i in range(n):
            copy(known[i], a[i])
    size = row_size(n, driven)
    most = 0
    for lane in range(L):
        most = max(most, used[lane])
    for row in range(done[member], most):
        propagators(a, widths, row, reach, driven, data, begin[member] + row * size, work)
    done[member] = most
    for c in range(plan.size[MIXED]):
        _gather(plan.mixed, c, table, size, begin[member], 0, size, table.mixed[0] + c * size)


@njit(**OPTIONS)
def forcing(program, plan, tile, table, work, stage, member, n, first, over_samples, over_points, reach, J):
    """Fill psi, and for stages with moving coefficients keep, panel by panel."""
    widths, kind, tile_r, r_next = plan.widths, plan.kind, tile.r, tile.r_next
    work_psi, work_keep, begin, data = work.psi, work.keep, table.begin, table.data
    columns = program.stage[stage]
    K = plan.size[1]
    Qb = K * PT if over_points else 1
    Jb = J if over_samples else 1
    everyone = columns[FIRST_MEMBER] + member
    a = view(work.a, 0, (Jb * Qb if columns[A_MOVES] else 1, n, n, L))
    b = view(work.b, 0, (Jb * Qb if columns[B_MOVES] or columns[A_MOVES] else 1, n, L))
    driven = columns[B_MOVES] == 1
    size = row_size(n, driven)
    acts = view(program.acts, columns[MASK], (n, n))
    total, r = rows_of(work, n), rows_of(work, n)
    matrix, right = work.newton, work.right
    used = view(program.used, columns[USED], (n * S, n * S))
    filled = view(program.filled, columns[FILLED], (n * S, n + 1))
    moving = 1 if over_points else 0
    for j in range(J):
        for s in range(n):
            for lane in range(L):
                r[s, lane] = tile_r[first + s, lane]
        for k in range(K):
            panel = j * K + k
            if columns[DOSED]:
                happen(plan, tile, panel, first, n, total, r, False)
            q = (j * Qb if over_samples else 0) + (k * PT if over_points else 0)
            psis = panel * S * n * L
            if columns[A_MOVES]:
                collocate(a, b, q, moving, widths, panel, r, acts, used, filled, matrix, right, work_keep, psis * n,
                          work_psi, psis)  # fmt: skip
            else:
                for s in range(n):
                    for lane in range(L):
                        total[s, lane] = r[s, lane] + (0.0 if driven else b[0, s, lane])
                square = n * n * L
                row = _row(plan, table, panel, size, begin[everyone], S * square, size - (S * square if driven else 0))
                forced(data, row, n, driven, reach, total, b, q, moving, work_psi, psis)
        if j == 0:
            for s in range(n):
                for lane in range(L):
                    stepped = kind[lane] == STEP
                    r_next[first + s, lane] = r[s, lane] if stepped else tile_r[first + s, lane]


@njit(**OPTIONS)
def _forward(program, plan, table, work, stage, member, panel, psi, psis, first_node, reach, x, out, into):
    """Lead a start x (n, L) through a panel, from one of its nodes on; psi from element ``psis`` on is added."""
    columns = program.stage[stage]
    n = columns[STATES]
    skip = first_node * n * n * L
    if columns[A_MOVES]:
        onward(work.keep, panel * S * n * n * L + skip, psi, psis, S - first_node, reach, x, out, into)
    else:
        size = row_size(n, columns[B_MOVES] == 1)
        row = _row(plan, table, panel, size, table.begin[columns[FIRST_MEMBER] + member], skip, S * n * n * L)
        onward(table.data, row + skip, psi, psis, S - first_node, reach, x, out, into)


@njit(**OPTIONS)
def compose(program, plan, tile, table, work, stage, member, n, first, reach, J, J_square, J_forced):
    """Compose the maps of a period: square (J, n, n, L) times its start plus g (J, n, L)."""
    g, psi, work_square = work.g, work.psi, work.square
    columns = program.stage[stage]
    K = plan.size[1]
    after, nothing, x = rows_of(work, n), zeros_of(work, n), rows_of(work, n)
    moving = columns[A_MOVES] == 1
    end = S - 1
    for j in range(J):
        fill(x, 0.0)
        for k in range(K):
            panel = j * K + k
            if columns[DOSED]:
                happen(plan, tile, panel, first, n, x, x, True)
            own = ((k if J_forced == 1 else panel) * S + end) * n * L
            square = k if J_square == 1 and moving else panel
            _forward(program, plan, table, work, stage, member, square, psi, own, end, reach, x, after, 0)
            move(after, 0, x, 0, n)
        for i in range(n):
            for lane in range(L):
                g[j, i, lane] = x[i, lane]
    for j in range(J_square):
        for c in range(n):
            fill(x, 0.0)
            for lane in range(L):
                x[c, lane] = 1.0
            for k in range(K):
                _forward(program, plan, table, work, stage, member, j * K + k, nothing, 0, end, reach, x, after, 0)
                move(after, 0, x, 0, n)
            for i in range(n):
                for lane in range(L):
                    work_square[j, i, c, lane] = x[i, lane]


@njit(**OPTIONS)
def walk(program, plan, tile, table, work, stage, member, n, first, reach, J, J_forced, begins):
    """Fill the path: from the start of every sample through its panels."""
    size, kind, idle, z = plan.size, plan.kind, tile.idle, work.z
    path, psi, then = work.path, work.psi, program.then
    columns = program.stage[stage]
    K = size[1]
    everyone = columns[FIRST_MEMBER] + member
    x = rows_of(work, n)
    special = False
    for lane in range(L):
        special = special or idle[everyone, lane] != 0 or begins[lane] >= 0
    for j in range(J):
        for i in range(n):
            for lane in range(L):
                x[i, lane] = z[j, i, lane]
        for k in range(K):
            panel = j * K + k
            if columns[DOSED]:
                happen(plan, tile, panel, first, n, x, x, True)
            if special:
                for lane in range(L):
                    if begins[lane] >= panel:
                        for i in range(n):
                            x[i, lane] = then[columns[THEN] + i] if begins[lane] == panel else 0.0
            at = panel * PT * n * L
            move(x, 0, path, at, n)
            own = k if J_forced == 1 else panel
            square = own if columns[A_MOVES] else panel
            _forward(program, plan, table, work, stage, member, square, psi, own * S * n * L, 0, reach, x, path,
                     at + n * L)  # fmt: skip
            if special:
                for lane in range(L):
                    if idle[everyone, lane] or begins[lane] > panel:
                        for place in range(n, PT * n):
                            path[at + place * L + lane] = path[at + place % n * L + lane]
            move(path, at + S * n * L, x, 0, n)
        if j == 0:
            for lane in range(L):
                if kind[lane] == STEP or kind[lane] == IDLE:
                    for i in range(n):
                        z[size[0] + size[2], i, lane] = x[i, lane]


@njit(**OPTIONS)
def assess(program, plan, tile, table, work, stage, member, n, first, J, over_samples, over_points, rtol, horizon,
            begins, decay):  # fmt: skip
    """Judge every panel of the path."""
    widths, tile_peak, tile_r, idle = plan.widths, tile.peak, tile.r, tile.idle
    path, begin, ratio, noise = work.path, table.begin, plan.ratio, tile.noise
    data, peak_next = table.data, tile.peak_next
    columns = program.stage[stage]
    K = plan.size[1]
    everyone = columns[FIRST_MEMBER] + member
    driven, moving = columns[B_MOVES] == 1, 1 if over_points else 0
    a, b = work.a, work.b
    peak, slope, lost = rows_of(work, n), rows_of(work, n), rows_of(work, 1)
    spread, r = zeros_of(work, n), rows_of(work, n)
    matrix, right = work.newton, work.right
    acts, reach = view(program.acts, columns[MASK], (n, n)), view(program.reach, columns[MASK], (n, n))
    used = view(program.filters, columns[MASK], (n, n))
    special = False
    for lane in range(L):
        special = special or idle[everyone, lane] != 0 or begins[lane] >= 0
        lost[0, lane] = max(decay[0, lane], 1.0 / horizon)
    move(tile_peak, first * L, peak, 0, n)
    for panel in range(J * K):
        raise_to(peak, path, (panel * PT + S) * n * L, n)
    move(peak, 0, peak_next, first * L, n)
    for j in range(J):
        move(tile_r, first * L, r, 0, n)
        for k in range(K):
            panel = j * K + k
            q = (j * (K * PT if over_points else 1) if over_samples else 0) + (k * PT if over_points else 0)
            if columns[DOSED]:
                happen(plan, tile, panel, first, n, spread, r, False)
            if columns[A_MOVES]:
                collocation_error(a, b, q, moving, widths, panel, r, acts, path, panel * PT * n * L, used, matrix,
                                  right, spread)  # fmt: skip
            elif driven:
                size = row_size(n, True)
                row = _row(plan, table, panel, size, begin[everyone], size - S * n * n * L, size)
                estimate(data, row, n, reach, b, q, moving, slope, spread)
            if special:
                for lane in range(L):
                    if idle[everyone, lane] or begins[lane] > panel:
                        for i in range(n):
                            spread[i, lane] = 0.0
            judge(ratio, panel, path, panel * PT * n * L, n, spread, widths, lost, noise, first, peak, SAFETY * rtol,
                  FLOOR)  # fmt: skip
