"""Compiled beginning of an affine member inside a panel: its states are solved over the part that is left of it."""

from menaquinone.solve._algebra import L, S, collocate, collocation_error, fill, onward, rows_of, take
from menaquinone.solve._compiled import inner
from menaquinone.solve._kinds import PT, TINY
from menaquinone.solve._records import view
from menaquinone.solve.program import A_MOVES, FILLED, FIRST_MEMBER, MASK, THEN, USED
from menaquinone.solve.tableau import LAGRANGE, POINTS


@inner
def _shares_at(at, shares):
    """Fill shares (points,) of the values at a panel's points in that of their interpolant at a part of the panel."""
    for point in range(PT):
        shares[point] = 0.0
        for k in range(S, -1, -1):
            shares[point] = shares[point] * at + LAGRANGE[point, k]


@inner
def _narrowed(table, work, n, known, acts, by_point, moving, begun, a, b):
    """Fill a (points, n, n, L) and b (points, n, L) with coefficients over what is left of lanes' panels.

    by_point: whether coefficients of states differ from point to point; moving: whether inputs do; begun (L,): the
    share of the panel that is over, 0 in lanes that are of no interest and come out as 0.
    """
    shares = work.small
    for lane in range(L):
        for q in range(PT):
            if begun[0, lane] > 0.0:
                _shares_at(begun[0, lane] + (1.0 - begun[0, lane]) * POINTS[q], shares)
            for i in range(n):
                for k in range(n):
                    a[q, i, k, lane] = 0.0
                    if begun[0, lane] > 0.0 and (acts[i, k] or i == k):
                        entry = (i * n + k) * L + lane
                        for point in range(PT if by_point else 1):
                            share = shares[point] if by_point else 1.0
                            value = work.a[point * n * n * L + entry] if known < 0 else table.a[known + entry]
                            a[q, i, k, lane] += share * value
                b[q, i, lane] = 0.0
                for point in range((PT if moving else 1) if begun[0, lane] > 0.0 else 0):
                    b[q, i, lane] += (shares[point] if moving else 1.0) * work.b[(point * n + i) * L + lane]


@inner
def begin_inside(program, plan, tile, table, work, stage, member, n, panel, moving, r, begins, spread):
    """Replace the path of lanes whose states begin inside a panel: nothing before, then what is collocated.

    Inputs are those of the panel's interpolants; spread (n, L) gets the estimate over what is left of the panel.
    """
    columns, then = program.stage[stage], program.then
    everyone, top, anyone = columns[FIRST_MEMBER] + member, work.top[0], False
    begun, width, start = rows_of(work, 1), rows_of(work, 1), rows_of(work, n)
    for lane in range(L):
        begun[0, lane], width[0, lane] = 0.0, 0.0
        late = tile.since[everyone, lane] - plan.starts[panel, lane]
        if begins[lane] == panel and late > TINY:
            begun[0, lane] = late / plan.widths[panel, lane]
            width[0, lane] = plan.widths[panel, lane] - late
            anyone = True
        for i in range(n):
            start[i, lane] = then[columns[THEN] + i]
    if anyone:
        acts, reach = view(program.acts, columns[MASK], (n, n)), view(program.reach, columns[MASK], (n, n))
        used = view(program.used, columns[USED], (n * S, n * S))
        filled = view(program.filled, columns[FILLED], (n * S, n + 1))
        filters = view(program.filters, columns[MASK], (n, n))
        a = view(work.scratch, take(work, PT * n * n * L), (PT, n, n, L))
        b = view(work.scratch, take(work, PT * n * L), (PT, n, L))
        found = view(work.scratch, take(work, PT * n * L), (PT, n, L))
        keep, psi = view(work.keep, 0, (S, n, n, L)), view(work.psi, 0, (S, n, L))
        varies = columns[A_MOVES] == 1
        known = -1 if varies else table.known[everyone]
        _narrowed(table, work, n, known, acts, varies and moving == 1, moving, begun, a, b)
        collocate(a, b, 0, 1, width, 0, r, acts, used, filled, work.newton, work.right, keep, 0, psi, 0)
        for i in range(n):
            for lane in range(L):
                found[0, i, lane] = start[i, lane]
        onward(keep, 0, psi, 0, S, reach, start, found, n * L)
        error = rows_of(work, n)
        fill(error, 0.0)
        collocation_error(a, b, 0, 1, width, 0, r, acts, found, 0, filters, work.newton, work.right, error, False)
        _spread_out(work, n, begun, found, error, spread)
    work.top[0] = top


@inner
def _spread_out(work, n, begun, found, error, spread):
    """Write to the path what is found (points, n, L) over the rest of lanes' panels."""
    path, shares = work.path, work.small
    for lane in range(L):
        if not begun[0, lane] > 0.0:
            continue
        for q in range(PT):
            late = (POINTS[q] - begun[0, lane]) / (1.0 - begun[0, lane])
            _shares_at(late, shares)
            for i in range(n):
                value = 0.0
                for point in range(PT):
                    value += shares[point] * found[point, i, lane]
                value = found[S, i, lane] if q == S else value
                path[(q * n + i) * L + lane] = value if late >= 0.0 else 0.0
        for i in range(n):
            spread[i, lane] = error[i, lane]
