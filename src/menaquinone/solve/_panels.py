"""Compiled march of an affine member through the panels of a window: maps of periods, path, error, outputs.

Everything about a panel, from the coefficients to what other members read, is done before the next one is looked at:
what it takes stays in the nearest level of cache, and only what is offered to others and the end of a path are kept.
"""

import numpy as np

from menaquinone.solve._algebra import (
    L,
    S,
    collocate,
    collocation_error,
    estimate,
    judge,
    move,
    onward,
    raise_to,
    rows_of,
    zeros_of,
)
from menaquinone.solve._board import move_on, offer
from menaquinone.solve._compiled import exact, inner
from menaquinone.solve._exponentials import propagators, row_size
from menaquinone.solve._in_turn import one_way, solve_in_turn
from menaquinone.solve._inside import begin_inside
from menaquinone.solve._kinds import FLOOR, HOLD, IDLE, KEEP, PT, SAFETY, STEP
from menaquinone.solve._pointers import invoke9
from menaquinone.solve._records import address, view
from menaquinone.solve._through import to_end, to_nodes
from menaquinone.solve._vectors import add, load, magnitude, select, splat, store
from menaquinone.solve.program import (
    A_MOVES,
    B_MOVES,
    COEFFICIENTS,
    DOSED,
    FILLED,
    FIRST_MEMBER,
    FIRST_PARAMETER,
    FIRST_STATE,
    INPUTS,
    MASK,
    PARAMETERS,
    STATES,
    THEN,
    USED,
)


@inner
def _add_to(x, i, lane, values, event):
    """Add to a state what an event gives it, in one lane or in all; a state that gets nothing stays to the last bit."""
    if lane < 0:
        value, now = load(values, event * L), load(x, i * L)
        store(x, i * L, select(value, add(now, value), now))
    elif values[event, lane] != 0.0:
        x[i, lane] += values[event, lane]


@exact
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
                _add_to(r, slot - first, lane, values, event)
            elif kind == 0 and amounts:
                _add_to(x, slot - first, lane, values, event)
        event = following[event]


@inner
def _gather(rows, which, table, size, begin, into):
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
        for place in range(0, size, L):
            value = load(data, source + place)
            store(data, into + place, value if leader == 0 else select(of_row, value, load(data, into + place)))


@inner
def _see_to(program, table, work, stage, everyone, row, asked):
    """See to it that a member's propagators over the widths of one row are there: as much of them as is asked for."""
    if table.fresh[everyone, row] >= asked:
        return
    columns = program.stage[stage]
    n, driven = columns[STATES], columns[B_MOVES] == 1
    a, reach = view(table.a, table.known[everyone], (n, n, L)), view(program.reach, columns[MASK], (n, n))
    at = table.begin[everyone] + row * row_size(n, driven)
    propagators(a, table.widths, row, reach, asked > KEEP, driven, table.data, at, work)
    table.fresh[everyone, row] = asked


@inner
def _row(program, plan, table, work, stage, member, panel, asked):
    """Return where in the table a panel's propagators stand, those made that nobody has asked for yet.

    asked: KEEP where only the effect of a start is read, HOLD where that of a constant input is as well.
    Where lanes' rows differ they are put together; in a place of their own, so that panels alike find them again, or
    for want of room at the table's end.
    """
    columns, place, rows = program.stage[stage], plan.place[panel], table.widths.shape[0]
    everyone, size = columns[FIRST_MEMBER] + member, row_size(columns[STATES], columns[B_MOVES] == 1)
    begin = table.begin[everyone]
    if place >= 0:
        _see_to(program, table, work, stage, everyone, place, asked)
        return begin + place * size
    kept = place < -1
    into = begin + (rows - 2 - place) * size if kept else table.data.size - size
    if not kept or table.fresh[everyone, rows - 2 - place] < asked:
        for lane in range(L):
            _see_to(program, table, work, stage, everyone, plan.rows[panel, lane], asked)
        _gather(plan.rows, panel, table, size, begin, into)
        if kept:
            table.fresh[everyone, rows - 2 - place] = asked
    return into


@inner
def refresh(table, member, a, n, kind):
    """Note the coefficients (n, n, L) of a member; what the table holds for others is of no more use.

    Lanes that stand still in this window keep those that they had.
    """
    known, same = view(table.a, table.known[member], (n, n, L)), True
    for i in range(n):
        for k in range(n):
            for lane in range(L):
                same = same and (kind[lane] == IDLE or known[i, k, lane] == a[i, k, lane])
    if same:
        return
    table.fresh[member, :] = 0
    for i in range(n):
        for k in range(n):
            for lane in range(L):
                if kind[lane] != IDLE:
                    known[i, k, lane] = a[i, k, lane]


@inner
def look(program, plan, tile, work, stage, member, j, k, over_samples, over_points):
    """Read the coefficients at the points of a panel, unless those that are there still hold."""
    columns = program.stage[stage]
    if not (columns[A_MOVES] or columns[B_MOVES]):
        return
    if not over_points and (k > 0 or (j > 0 and not over_samples)):
        return
    p = tile.p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] :]
    move_on(work, columns[INPUTS], j, k)
    invoke9(
        columns[COEFFICIENTS], address(p), address(work.moved), address(work.board), 1, PT if over_points else 1,
        address(work.path), address(work.a), address(work.b), columns[A_MOVES],
    )  # fmt: skip


@inner
def _constant(program, plan, table, work, stage, member, panel, r):
    """Return where a panel's propagators stand.

    ``work.total`` gets the constant inputs (n, L), and behind them whether there are any.
    """
    columns = program.stage[stage]
    n, driven = columns[STATES], columns[B_MOVES] == 1
    total, most, held = work.total, splat(0.0), False
    for s in range(n):
        value = load(r, s * L) if driven else add(load(r, s * L), load(work.b, s * L))
        store(total, s * L, value)
        most = add(most, magnitude(value))  # what is not a number stays
    store(total, n * L, most)
    for lane in range(L):
        held = held or total[n * L + lane] != 0.0
    total[n * L] = 1.0 if held else 0.0
    return _row(program, plan, table, work, stage, member, panel, HOLD if held or driven else KEEP)


@exact
def _stay(plan, panel, n, x, x_at, out, into, nodes):
    """Let lanes stay where they are whose panel has no width: the propagators are those of others."""
    if plan.padded[panel]:
        width = load(plan.widths, panel * L)
        for node in range(nodes):
            for i in range(n):
                at = into + (node * n + i) * L
                store(out, at, select(width, load(out, at), load(x, x_at + i * L)))


@inner
def _varying(program, plan, work, stage, panel, moving, r):
    """Collocate a panel of a member whose states act on one another both ways: keep and psi."""
    columns = program.stage[stage]
    n = columns[STATES]
    acts = view(program.acts, columns[MASK], (n, n))
    used = view(program.used, columns[USED], (n * S, n * S))
    filled = view(program.filled, columns[FILLED], (n * S, n + 1))
    collocate(work.a, work.b, 0, moving, plan.widths, panel, r, acts, used, filled, work.newton, work.right, work.keep,
              0, work.psi, 0)  # fmt: skip


@inner
def compose(program, plan, tile, table, work, stage, member, n, first, J, J_square, over_samples, over_points):
    """Compose the maps of a period: square (J, n, n, L) times its start plus g (J, n, L)."""
    columns = program.stage[stage]
    K, top, widest = plan.size[1], work.top[0], work.square.shape[1]
    acts, reach = view(program.acts, columns[MASK], (n, n)), view(program.reach, columns[MASK], (n, n))
    varies, moving = columns[A_MOVES] == 1, 1 if over_points else 0
    in_turn, skip = varies and one_way(acts), (S - 1) * n * n * L
    r, nothing = rows_of(work, n), zeros_of(work, n)
    starts, nodes = rows_of(work, (n + 1) * n), rows_of(work, (n + 1) * n * S)
    zero = starts[:n]  # what a start of 0 leads to
    for j in range(J):
        count = n + 1 if j < J_square else 1
        move(tile.r, first * L, r, 0, n)
        for place in range(count * n):
            store(starts, place * L, splat(1.0 if place >= n and place // n - 1 == place % n else 0.0))
        for k in range(K):
            panel = j * K + k
            look(program, plan, tile, work, stage, member, j, k, over_samples, over_points)
            if columns[DOSED]:
                happen(plan, tile, panel, first, n, zero, r, False)
                happen(plan, tile, panel, first, n, zero, r, True)
            if in_turn:
                solve_in_turn(work.a, work.b, 0, moving, plan.widths, panel, r, acts, starts, 0, count, nodes, 0, 0, r)
                for c in range(count):
                    move(nodes, (c * S + S - 1) * n * L, starts, c * n * L, n)
                continue
            if varies:
                _varying(program, plan, work, stage, panel, moving, r)
                onward(work.keep, skip, work.psi, (S - 1) * n * L, 1, reach, zero, nodes, 0)
                move(nodes, 0, starts, 0, n)
                for c in range(1, count):
                    onward(work.keep, skip, nothing, 0, 1, reach, starts[c * n :], nodes, 0)
                    move(nodes, 0, starts, c * n * L, n)
                continue
            row = _constant(program, plan, table, work, stage, member, panel, r)
            held, driven = np.int64(work.total[n * L]), columns[B_MOVES]
            for c in range(count):
                for i in range(n):
                    to_end(table.data, row, n, i, reach, starts, c * n * L, work.total, held, work.b, 0,
                           moving * n * L, driven, nodes, i * L, 0)  # fmt: skip
                _stay(plan, panel, n, starts, c * n * L, nodes, 0, 1)
                move(nodes, 0, starts, c * n * L, n)
                held, driven = 0, 0  # unit starts are led on alone
        move(starts, 0, work.g, j * widest * L, n)
        for c in range(1, count):
            for i in range(n):
                store(work.square, ((j * widest + i) * widest + c - 1) * L, load(starts, (c * n + i) * L))
    work.top[0] = top


@inner
def _cross(program, plan, table, work, stage, member, panel, moving, r, x, in_turn, spread):
    """Lead a start x (n, L) through a panel: points 1 to s of the path, and what the end may be off by (n, L)."""
    columns = program.stage[stage]
    n, path = columns[STATES], work.path
    acts, reach = view(program.acts, columns[MASK], (n, n)), view(program.reach, columns[MASK], (n, n))
    if columns[A_MOVES]:
        if in_turn:
            solve_in_turn(work.a, work.b, 0, moving, plan.widths, panel, r, acts, x, 0, 1, path, n * L, 1, spread)
            return
        _varying(program, plan, work, stage, panel, moving, r)
        onward(work.keep, 0, work.psi, 0, S, reach, x, path, n * L)
        filters = view(program.filters, columns[MASK], (n, n))
        collocation_error(work.a, work.b, 0, moving, plan.widths, panel, r, acts, path, 0, filters, work.newton,
                          work.right, spread, True)  # fmt: skip
        return
    row = _constant(program, plan, table, work, stage, member, panel, r)
    heeded, first, held = program.heeded, columns[FIRST_STATE] + member * n, np.int64(work.total[n * L])
    for i in range(n):
        if heeded[first + i]:
            to_nodes(table.data, row, n, i, reach, x, 0, work.total, held, work.b, 0, moving * n * L, columns[B_MOVES],
                     path, (n + i) * L, n * L)  # fmt: skip
        else:  # inside a panel nobody looks at it
            to_end(table.data, row, n, i, reach, x, 0, work.total, held, work.b, 0, moving * n * L, columns[B_MOVES],
                   path, (S * n + i) * L, 0)  # fmt: skip
    _stay(plan, panel, n, x, 0, path, n * L, S)
    if columns[B_MOVES]:
        a = view(table.a, table.known[columns[FIRST_MEMBER] + member], (n, n, L))
        estimate(table.data, row, n, reach, a, plan.widths, panel, work.b, 0, moving, work.right, spread)
        if plan.padded[panel]:
            width = load(plan.widths, panel * L)
            for i in range(n):
                store(spread, i * L, select(width, load(spread, i * L), splat(0.0)))
    else:
        for i in range(n):
            store(spread, i * L, splat(0.0))


@inner
def _held(work, panel, n, idle, begins, spread):
    """Let the lanes stand still in which nothing happens, or not yet."""
    path = work.path
    for lane in range(L):
        if idle[lane] or begins[lane] > panel:
            for place in range(n, PT * n):
                path[place * L + lane] = path[place % n * L + lane]
            for i in range(n):
                spread[i, lane] = 0.0


@inner
def _walked(plan, work, everyone, j):
    """Return whether a member is taken through a sampled period.

    Of one that nobody reads, the first and the last period of a leap stand for all in which no output is wanted: its
    maps tell where it ends.
    """
    found = j < 2 or work.read[everyone] != 0
    for panel in range(j * plan.size[1], (j + 1) * plan.size[1]):
        found = found or plan.shown[panel] != 0
    return found


@inner
def walk(program, plan, tile, table, work, stage, member, n, first, J, over_samples, over_points, begins):
    """Take a member through the panels of J samples: what it offers, ends of its path, and error estimates."""
    columns, K, then = program.stage[stage], plan.size[1], program.then
    idle, moving = tile.idle[columns[FIRST_MEMBER] + member], 1 if over_points else 0
    in_turn = columns[A_MOVES] == 1 and one_way(view(program.acts, columns[MASK], (n, n)))
    x, r, special = rows_of(work, n), rows_of(work, n), False
    for lane in range(L):
        special = special or idle[lane] != 0 or begins[lane] >= 0
    for j in range(J):
        if not _walked(plan, work, columns[FIRST_MEMBER] + member, j):
            continue
        move(work.z, j * work.z.shape[1] * L, x, 0, n)
        move(tile.r, first * L, r, 0, n)
        for k in range(K):
            panel = j * K + k
            spread = view(work.spread, panel * n * L, (n, L))
            look(program, plan, tile, work, stage, member, j, k, over_samples, over_points)
            if columns[DOSED]:
                happen(plan, tile, panel, first, n, x, r, False)
                happen(plan, tile, panel, first, n, x, r, True)
            if special:
                for lane in range(L):
                    if begins[lane] >= panel:
                        for i in range(n):
                            x[i, lane] = then[columns[THEN] + i] if begins[lane] == panel else 0.0
            move(x, 0, work.path, 0, n)
            _cross(program, plan, table, work, stage, member, panel, moving, r, x, in_turn, spread)
            if special:
                _held(work, panel, n, idle, begins, spread)
                begin_inside(program, plan, tile, table, work, stage, member, n, panel, moving, r, begins, spread)
            move(work.path, S * n * L, x, 0, n)
            move(x, 0, work.ends, panel * n * L, n)
            if work.read[columns[FIRST_MEMBER] + member] or plan.shown[panel]:
                offer(program, tile, work, stage, member, j, k, plan.shown[panel] != 0)
        if j == 0:
            for lane in range(L):
                steps = plan.kind[lane] == STEP
                for i in range(n):
                    if steps or plan.kind[lane] == IDLE:
                        work.z[plan.size[0] + plan.size[2], i, lane] = x[i, lane]
                    tile.r_next[first + i, lane] = r[i, lane] if steps else tile.r[first + i, lane]


@inner
def assess(program, plan, tile, work, stage, member, n, first, J, rtol, horizon, decay):
    """Judge every panel of the path by what its end may be off by."""
    peak, lost, K = rows_of(work, n), rows_of(work, 1), plan.size[1]
    everyone = program.stage[stage, FIRST_MEMBER] + member
    for lane in range(L):
        lost[0, lane] = max(decay[0, lane], 1.0 / horizon)
    move(tile.peak, first * L, peak, 0, n)
    for j in range(J):
        if _walked(plan, work, everyone, j):
            for panel in range(j * K, (j + 1) * K):
                raise_to(peak, work.ends, panel * n * L, n)
    move(peak, 0, tile.peak_next, first * L, n)
    for j in range(J):
        if _walked(plan, work, everyone, j):
            for panel in range(j * K, (j + 1) * K):
                end = panel * n * L
                judge(plan.ratio, panel, work.ends, end, n, view(work.spread, end, (n, L)), plan.widths, lost,
                      tile.noise, first, peak, SAFETY * rtol, FLOOR)  # fmt: skip
