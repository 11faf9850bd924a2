"""Compiled march of one member of one stage through a window: coefficients, panels, period maps, path, error, outputs.

A window holds J samples of K panels each. A stepped window is one sample. A leaping window is a run of many equal
periods of which J are sampled: the map of a period over its own state is affine, its coefficients are smooth in the
number of the period, so they are interpolated between samples and the map is iterated. A closing window is one period
whose start is sought on the periodic orbit.
"""

import numpy as np
from numba import njit

from menaquinone.solve._algebra import (
    OPTIONS,
    L,
    S,
    block,
    collocate,
    collocation_error,
    copy,
    cube,
    estimate,
    fill,
    forced,
    onward,
    plane,
    propagators,
    row_size,
    structure,
)
from menaquinone.solve._pointers import invoke7, invoke9
from menaquinone.solve.program import (
    A_MOVES,
    AFFINE,
    B_MOVES,
    COEFFICIENTS,
    DOSED,
    EVALUATE,
    FIRST_INPUT,
    FIRST_MEMBER,
    FIRST_PARAMETER,
    FIRST_ROW,
    FIRST_STATE,
    INPUTS,
    MASK,
    OUTPUTS,
    PARAMETERS,
    STATES,
    STEADY,
    THEN,
)

PT = S + 1
IDLE, STEP, LEAP, CLOSE = 0, 1, 2, 3
"""What a lane does in a window."""
BASE_SAMPLES = 8
"""Periods sampled in a leaping window, unless outputs ask for more."""
ORDER = np.array([0, 7, 3, 5, 1, 6, 2, 4])
"""Samples in the order in which the interpolant takes them up: ends first, then evenly inside."""
MOST_ITERATED = 512
NEVER = 1 << 40
_FLOOR = 1e-3
"""A value is controlled relative to itself plus this share of the largest it has had."""
_SAFETY = 3.0
"""The estimate is that of a rule one order lower; measured errors stay below the tolerance with this factor."""
_SNAP = 1e-3
"""Share of the tolerance within which a state is taken to be on its periodic orbit."""
_NEWTON_STEPS = 30
_TINY = 1e-300


@njit(**OPTIONS)
def gather(program, plan, work, first, count):
    """Fill the reads of a member from the board; return whether anything moves over samples and over points."""
    over_samples, over_points = False, False
    points = work.points[0]
    for u in range(count):
        row = program.feed[first + u]
        if program.sums[first + u, 1] > 0:
            _add_up(program, plan, work, first + u, row)
        work.reads[u, 0] = row * points * L
        work.reads[u, 1] = work.meta[row, 0]
        work.reads[u, 2] = work.meta[row, 1]
        over_samples = over_samples or work.meta[row, 0] > 0
        over_points = over_points or work.meta[row, 1] > 0
    return over_samples, over_points


@njit(**OPTIONS)
def settle_meta(plan, work, row, over_samples, over_points):
    """Note how a row is laid out; return whether its boundaries have to be written."""
    J, K, O = plan.size[0], plan.size[1], plan.size[2]
    Q = K * PT
    work.meta[row, 0] = (Q if over_points else 1) * L if over_samples else 0
    work.meta[row, 1] = L if over_points else 0
    if over_samples:
        work.meta[row, 2] = J * Q * L
        work.meta[row, 3] = L
    else:  # the same in every period: at its boundary as at its end
        work.meta[row, 2] = (Q - 1) * L if over_points else 0
        work.meta[row, 3] = 0
    return over_samples and O > 0


@njit(**OPTIONS)
def _add_up(program, plan, work, place, row):
    J, K, O = plan.size[0], plan.size[1], plan.size[2]
    Q = K * PT
    first, count = program.sums[place, 0], program.sums[place, 1]
    over_samples, over_points = False, False
    for term in range(first, first + count):
        other = program.terms[term]
        over_samples = over_samples or work.meta[other, 0] > 0
        over_points = over_points or work.meta[other, 1] > 0
    boundaries = settle_meta(plan, work, row, over_samples, over_points)
    board = work.board
    base = row * work.points[0] * L
    for term in range(first, first + count):
        other = program.terms[term]
        source, by_sample, by_point = other * work.points[0] * L, work.meta[other, 0], work.meta[other, 1]
        for j in range(J if over_samples else 1):
            for q in range(Q if over_points else 1):
                into = base + j * work.meta[row, 0] + q * work.meta[row, 1]
                read = source + j * by_sample + q * by_point
                if term == first:
                    for lane in range(L):
                        board[into + lane] = board[read + lane]
                else:
                    for lane in range(L):
                        board[into + lane] += board[read + lane]
        if boundaries:
            for o in range(O):
                into = base + work.meta[row, 2] + o * L
                read = source + work.meta[other, 2] + o * work.meta[other, 3]
                if term == first:
                    for lane in range(L):
                        board[into + lane] = board[read + lane]
                else:
                    for lane in range(L):
                        board[into + lane] += board[read + lane]


@njit(**OPTIONS)
def _publish(program, plan, work, p, stage, member, over_samples, over_points, x_samples, x_points, count):
    """Evaluate a member's outputs on its path, and at the boundaries of periods."""
    columns = program.stage[stage]
    J, K, O = plan.size[0], plan.size[1], plan.size[2]
    points = work.points[0]
    first = columns[FIRST_ROW] + member * columns[OUTPUTS]
    by_sample, by_point = over_samples or x_samples, over_points or x_points
    for o in range(columns[OUTPUTS]):
        row = first + o
        settle_meta(plan, work, row, by_sample, by_point)
        work.writes[o, 0] = row * points * L
        work.writes[o, 1], work.writes[o, 2] = work.meta[row, 0], work.meta[row, 1]
    where = p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] :]
    invoke7(
        columns[EVALUATE], where.ctypes.data, work.reads.ctypes.data, work.board.ctypes.data,
        J if by_sample else 1, K * PT if by_point else 1, work.path.ctypes.data, work.writes.ctypes.data,
    )  # fmt: skip
    if by_sample and O > 0:
        base = columns[FIRST_INPUT] + member * columns[INPUTS]
        for u in range(count):
            row = program.feed[base + u]
            work.reads[u, 0] = row * points * L + work.meta[row, 2]
            work.reads[u, 1], work.reads[u, 2] = 0, work.meta[row, 3]
        for o in range(columns[OUTPUTS]):
            work.writes[o, 0] += work.meta[first + o, 2]
            work.writes[o, 1], work.writes[o, 2] = 0, L
        n = columns[STATES]
        for o in range(O):
            for i in range(n):
                for lane in range(L):
                    work.bounds[(o * n + i) * L + lane] = work.z[J + o, i, lane]
        invoke7(
            columns[EVALUATE], where.ctypes.data, work.reads.ctypes.data, work.board.ctypes.data,
            1, O, work.bounds.ctypes.data, work.writes.ctypes.data,
        )  # fmt: skip
    for o in range(columns[OUTPUTS]):
        row = first + o
        if not program.felt[row]:  # equal over samples although the state is not
            if not over_samples and by_sample:
                work.meta[row, 0], work.meta[row, 3] = 0, 0


@njit(**OPTIONS)
def _happen(plan, tile, panel, first, n, x, r, amounts):
    """Apply to one member what happens at the start of a panel: rates, and where ``amounts`` amounts."""
    event = plan.head[panel]
    changed = False
    while event >= 0:
        kind, slot, lane = plan.kinds[event], plan.slots[event], plan.lanes[event]
        if kind == 2:
            for s in range(n):
                if amounts:
                    x[s, lane] = tile.rest[first + s, lane]
                else:
                    r[s, lane] = tile.base[first + s, lane]
            changed = True
        elif first <= slot < first + n:
            if kind == 1 and not amounts:
                r[slot - first, lane] += plan.values[event]
                changed = True
            elif kind == 0 and amounts:
                x[slot - first, lane] += plan.values[event]
        event = plan.following[event]
    return changed


@njit(**OPTIONS)
def _row(plan, table, work, panel, size, begin):
    """Return the propagators of a panel: rows of the table, gathered where lanes have different ones."""
    if plan.place[panel] >= 0:
        at = begin + plan.place[panel] * size
        return table.data[at : at + size]
    out = work.keep[:size]  # one at a time: a row is used before the next is asked for
    for place in range(size // L):
        for lane in range(L):
            out[place * L + lane] = table.data[begin + plan.rows[panel, lane] * size + place * L + lane]
    return out


@njit(**OPTIONS)
def _refresh(plan, table, work, member, a, reach, n, driven):
    """See to it that the table holds the propagators of every row for these coefficients."""
    known = cube(table.a, table.known[member], n, n, L)
    same = table.done[member] > 0
    for i in range(n):
        for k in range(n):
            for lane in range(L):
                same = same and known[i, k, lane] == a[i, k, lane]
    if not same:
        table.done[member] = 0
        for i in range(n):
            copy(known[i], a[i])
    size = row_size(n, driven)
    most = 0
    for lane in range(L):
        most = max(most, table.used[lane])
    for row in range(table.done[member], most):
        at = table.begin[member] + row * size
        propagators(a, table.widths[row], reach, driven, table.data[at : at + size])
    table.done[member] = most


@njit(**OPTIONS)
def _forcing(program, plan, tile, table, work, stage, member, n, first, over_samples, over_points, reach, J):
    """Fill psi, and for stages with moving coefficients keep, panel by panel."""
    columns = program.stage[stage]
    K = plan.size[1]
    Qb = K * PT if over_points else 1
    Jb = J if over_samples else 1
    everyone = columns[FIRST_MEMBER] + member
    a = block(work.a, 0, Jb * Qb if columns[A_MOVES] else 1, n, n, L)
    b = cube(work.b, 0, Jb * Qb if columns[B_MOVES] or columns[A_MOVES] else 1, n, L)
    driven = columns[B_MOVES] == 1
    size = row_size(n, driven)
    acts = plane(program.acts, columns[MASK], n, n)
    total, r = np.empty((n, L)), np.empty((n, L))
    matrix, right = cube(work.newton, 0, n * S, n * S, L), np.empty((n * S, n + 1, L))
    used, filled = np.zeros((n * S, n * S), np.bool_), np.zeros((n * S, n + 1), np.bool_)
    if columns[A_MOVES]:
        structure(acts, used, filled)
    moving = 1 if over_points else 0
    for j in range(J):
        for s in range(n):
            for lane in range(L):
                r[s, lane] = tile.r[first + s, lane]
        for k in range(K):
            panel = j * K + k
            if columns[DOSED]:
                _happen(plan, tile, panel, first, n, total, r, False)
            q = (j * Qb if over_samples else 0) + (k * PT if over_points else 0)
            psi = cube(work.psi, panel * S * n * L, S, n, L)
            if columns[A_MOVES]:
                keep = block(work.keep, panel * S * n * n * L, S, n, n, L)
                collocate(a, b, q, moving, plan.widths[panel], r, acts, used, filled, matrix, right, keep, psi)
            else:
                for s in range(n):
                    for lane in range(L):
                        total[s, lane] = r[s, lane] + (0.0 if driven else b[0, s, lane])
                row = _row(plan, table, work, panel, size, table.begin[everyone])
                forced(row, n, driven, reach, total, b, q, moving, psi)
        if j == 0:
            for s in range(n):
                for lane in range(L):
                    stepped = plan.kind[lane] == STEP
                    tile.r_next[first + s, lane] = r[s, lane] if stepped else tile.r[first + s, lane]


@njit(**OPTIONS)
def _keep(program, plan, table, work, stage, member, panel, n):
    """Return the effect of a panel's start at its nodes, (s, n, n, L)."""
    columns = program.stage[stage]
    if columns[A_MOVES]:
        return block(work.keep, panel * S * n * n * L, S, n, n, L)
    size = row_size(n, columns[B_MOVES] == 1)
    row = _row(plan, table, work, panel, size, table.begin[columns[FIRST_MEMBER] + member])
    return block(row, 0, S, n, n, L)


@njit(**OPTIONS)
def _compose(program, plan, tile, table, work, stage, member, n, first, reach, J, J_square, J_forced):
    """Compose the maps of a period: square (J, n, n, L) times its start plus g (J, n, L)."""
    columns = program.stage[stage]
    K = plan.size[1]
    after = np.empty((1, n, L))
    nothing = np.zeros((1, n, L))
    column = np.empty((n, L))
    for j in range(J):
        x = work.g[j, :n]
        fill(x, 0.0)
        for k in range(K):
            panel = j * K + k
            if columns[DOSED]:
                _happen(plan, tile, panel, first, n, x, x, True)
            own = (k if J_forced == 1 else panel) * S * n * L
            psi = cube(work.psi, own, S, n, L)
            square = (k if J_square == 1 else panel) if columns[A_MOVES] else panel
            keep = _keep(program, plan, table, work, stage, member, square, n)
            onward(keep[S - 1 :], psi[S - 1 :], reach, x, after)
            copy(x, after[0])
    for j in range(J_square):
        for c in range(n):
            fill(column, 0.0)
            for lane in range(L):
                column[c, lane] = 1.0
            for k in range(K):
                keep = _keep(program, plan, table, work, stage, member, j * K + k, n)
                onward(keep[S - 1 :], nothing, reach, column, after)
                copy(column, after[0])
            for i in range(n):
                for lane in range(L):
                    work.square[j, i, c, lane] = column[i, lane]


@njit(**OPTIONS)
def _solve(matrix, right):
    """Solve one small system in place by elimination with row exchange; return whether it has a solution."""
    n = right.size
    for column in range(n):
        best = column
        for i in range(column + 1, n):
            if abs(matrix[i, column]) > abs(matrix[best, column]):
                best = i
        if not abs(matrix[best, column]) > 1e-14:
            return False
        if best != column:
            for j in range(n):
                matrix[column, j], matrix[best, j] = matrix[best, j], matrix[column, j]
            right[column], right[best] = right[best], right[column]
        for i in range(column + 1, n):
            factor = matrix[i, column] / matrix[column, column]
            for j in range(column, n):
                matrix[i, j] -= factor * matrix[column, j]
            right[i] -= factor * right[column]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            right[i] -= matrix[i, j] * right[j]
        right[i] /= matrix[i, i]
    return True


@njit(**OPTIONS)
def _orbit(work, n, lane, found):
    """Find the start that a period's map (of sample 0) leads back to; return whether there is one."""
    matrix = np.empty((n, n))
    for i in range(n):
        for k in range(n):
            matrix[i, k] = (1.0 if i == k else 0.0) - work.square[0, i, k, lane]
        found[i] = work.g[0, i, lane]
    return _solve(matrix, found)


@njit(**OPTIONS)
def _jump(square, g, n, times, power, shift):
    """Raise the affine map (n, n), (n,) to a power: repeated squaring."""
    base, move = np.empty((n, n)), np.empty(n)
    for i in range(n):
        shift[i], move[i] = 0.0, g[i]
        for k in range(n):
            base[i, k] = square[i, k]
            power[i, k] = 1.0 if i == k else 0.0
    spare, vector = np.empty((n, n)), np.empty(n)
    while times > 0:
        if times & 1:  # first what has been gathered, then base
            for i in range(n):
                vector[i] = move[i]
                for k in range(n):
                    vector[i] += base[i, k] * shift[k]
                    spare[i, k] = 0.0
                    for q in range(n):
                        spare[i, k] += base[i, q] * power[q, k]
            for i in range(n):
                shift[i] = vector[i]
                for k in range(n):
                    power[i, k] = spare[i, k]
        times >>= 1
        if times:
            for i in range(n):
                vector[i] = move[i]
                for k in range(n):
                    vector[i] += base[i, k] * move[k]
                    spare[i, k] = 0.0
                    for q in range(n):
                        spare[i, k] += base[i, q] * base[q, k]
            for i in range(n):
                move[i] = vector[i]
                for k in range(n):
                    base[i, k] = spare[i, k]


@njit(**OPTIONS)
def _interpolate(plan, work, n, J, moving_square, newton):
    """Fill newton (BASE, c, L) with divided differences of the maps' coefficients in the order ORDER; c is n, or n n + n
    where ``moving_square``. Lanes whose samples are all equal come out as exact zeros."""
    columns = n + (n * n if moving_square else 0)
    for place in range(BASE_SAMPLES):
        j = ORDER[place]
        for i in range(n):
            for lane in range(L):
                newton[place, i, lane] = work.g[j, i, lane]
            if moving_square:
                for k in range(n):
                    for lane in range(L):
                        newton[place, n + i * n + k, lane] = work.square[j, i, k, lane]
    for level in range(1, BASE_SAMPLES):
        for place in range(BASE_SAMPLES - 1, level - 1, -1):
            for c in range(columns):
                for lane in range(L):
                    gap = plan.node_omega[ORDER[place], lane] - plan.node_omega[ORDER[place - level], lane]
                    rise = newton[place, c, lane] - newton[place - 1, c, lane]
                    newton[place, c, lane] = rise / gap if gap != 0.0 else 0.0
    return columns


@njit(**OPTIONS)
def _iterate(plan, work, n, columns, newton, iterated, x):
    """Iterate the interpolated maps; track (n + 1, n, L) gets every state. Return how far any lane goes."""
    most = 0
    for lane in range(L):
        most = max(most, iterated[lane])
    value, now, then = np.empty((columns, L)), np.empty((n, L)), np.empty((n, L))
    omega, node_omega, square, track = plan.omega, plan.node_omega, work.square, work.track
    distance = np.empty((BASE_SAMPLES - 1, L))
    copy(now, x)
    copy(track[0], now)
    for number in range(most):
        for place in range(BASE_SAMPLES - 1):
            node = ORDER[place]
            for lane in range(L):
                distance[place, lane] = omega[number, lane] - node_omega[node, lane]
        for c in range(columns):
            for lane in range(L):
                value[c, lane] = newton[BASE_SAMPLES - 1, c, lane]
            for place in range(BASE_SAMPLES - 2, -1, -1):
                for lane in range(L):
                    value[c, lane] = value[c, lane] * distance[place, lane] + newton[place, c, lane]
        for i in range(n):
            for lane in range(L):
                then[i, lane] = value[i, lane]
            for k in range(n):
                if columns > n:
                    for lane in range(L):
                        then[i, lane] += value[n + i * n + k, lane] * now[k, lane]
                else:
                    for lane in range(L):
                        then[i, lane] += square[0, i, k, lane] * now[k, lane]
        for i in range(n):
            for lane in range(L):
                now[i, lane] = then[i, lane] if number < iterated[lane] else now[i, lane]
                track[number + 1, i, lane] = now[i, lane]
    return most


@njit(**OPTIONS)
def _settled_maps(plan, work, n, columns, newton, lane, square, g):
    """Evaluate one lane's map where the variable of interpolation no longer moves."""
    omega = plan.omega[plan.iterated[lane] - 1, lane] if plan.iterated[lane] > 0 else 0.0
    for c in range(columns):
        value = newton[BASE_SAMPLES - 1, c, lane]
        for place in range(BASE_SAMPLES - 2, -1, -1):
            value = value * (omega - plan.node_omega[ORDER[place], lane]) + newton[place, c, lane]
        if c < n:
            g[c] = value
        else:
            square[(c - n) // n, (c - n) % n] = value
    if columns == n:
        for i in range(n):
            for k in range(n):
                square[i, k] = work.square[0, i, k, lane]


@njit(**OPTIONS)
def _pick(plan, work, n, columns, newton, iterated, lane):
    """Fill z of one lane: its state at every sample, every boundary and the end, in the order of the periods."""
    square, g = np.empty((n, n)), np.empty(n)
    power, shift, now, then = np.empty((n, n)), np.empty(n), np.empty(n), np.empty(n)
    at, known = iterated[lane], -1
    for i in range(n):
        now[i] = work.track[at, i, lane]
    for stop in range(plan.stops.shape[1]):
        number, slot = plan.stops[0, stop, lane], plan.stops[1, stop, lane]
        if number < 0:
            break
        if number <= iterated[lane]:
            for i in range(n):
                work.z[slot, i, lane] = work.track[number, i, lane]
            continue
        if number > at:
            if known < 0:
                _settled_maps(plan, work, n, columns, newton, lane, square, g)
            if number - at != known:
                known = number - at
                _jump(square, g, n, known, power, shift)
            for i in range(n):
                then[i] = shift[i]
                for k in range(n):
                    then[i] += power[i, k] * now[k]
            for i in range(n):
                now[i] = then[i]
            at = number
        for i in range(n):
            work.z[slot, i, lane] = now[i]


@njit(**OPTIONS)
def _leap_error(plan, tile, work, n, first, columns, newton, lane, rtol):
    """Return the error of interpolating between samples, over what is allowed."""
    worst = 0.0
    J = plan.samples[lane]
    for i in range(n):
        largest = tile.peak[first + i, lane]
        size = 0.0
        for j in range(J):
            size = max(size, abs(work.z[j, i, lane]))
        lost = 1.0 - abs(work.square[0, i, i, lane])
        error = 0.0
        for c in range(1 + (n if columns > n else 0)):
            place, weight = i, 1.0
            if c > 0:
                place, weight = n + i * n + c - 1, 0.0
                for j in range(J):
                    weight = max(weight, abs(work.z[j, c - 1, lane]))
            step = abs(newton[BASE_SAMPLES - 1, place, lane])
            last = step * plan.swing[0, lane]
            once = step * plan.swing[1, lane]
            before = abs(newton[BASE_SAMPLES - 2, place, lane]) * plan.before[0, lane]
            shrink = min(1.0, last / before) if before > 0.0 else 1.0
            whole = last if lost * last <= once else once / lost
            error += whole * shrink * weight
        if error > 0.0:
            allowed = rtol * (size + _FLOOR * max(largest, size)) + tile.noise[first + i, lane]
            ratio = error / allowed
            worst = ratio if not ratio <= worst else worst
    return worst


@njit(**OPTIONS)
def _find_starts(program, plan, tile, work, stage, member, n, first, rtol, waiting):
    """Fill z: where every sample starts, what holds at every boundary, and the end of the window; note who is periodic.

    Returns whether all lanes are, so that one sample shows them all.
    """
    columns = program.stage[stage]
    J, O = plan.size[0], plan.size[2]
    size = J + O
    x = tile.x[first : first + n]
    newton = np.zeros((BASE_SAMPLES, n + n * n, L))
    found = np.empty(n)
    iterated = np.zeros(L, np.int64)
    still = np.empty(L, np.bool_)
    leaping = False
    for lane in range(L):
        still[lane] = True
        leaping = leaping or plan.kind[lane] == LEAP
    count = n
    if leaping:
        count = _interpolate(plan, work, n, J, columns[A_MOVES] == 1, newton)
    for lane in range(L):
        for slot in range(size + 1):
            for i in range(n):
                work.z[slot, i, lane] = 0.0 if waiting[lane] else x[i, lane]
        if plan.kind[lane] == IDLE or waiting[lane]:
            continue
        still[lane] = False
        if plan.kind[lane] == CLOSE:
            if _orbit(work, n, lane, found):
                for i in range(n):
                    work.z[0, i, lane] = found[i]
                    work.z[size, i, lane] = found[i]
            else:
                plan.leap_ratio[lane] = np.inf
        if plan.kind[lane] != LEAP:
            continue
        constant = True
        for place in range(1, BASE_SAMPLES):
            for c in range(count):
                constant = constant and newton[place, c, lane] == 0.0
        if constant and columns[STEADY] and _orbit(work, n, lane, found):
            near = True
            for i in range(n):
                scale = abs(found[i]) + _FLOOR * tile.peak[first + i, lane]
                near = near and abs(x[i, lane] - found[i]) <= _SNAP * rtol * scale + tile.noise[first + i, lane]
            if near:
                still[lane] = True
                for slot in range(size + 1):
                    for i in range(n):
                        work.z[slot, i, lane] = found[i]
                continue
        iterated[lane] = 0 if constant else max(plan.iterated[lane], 0)
        if plan.iterated[lane] < 0 and not constant:
            plan.leap_ratio[lane] = np.inf
    if leaping:
        _iterate(plan, work, n, count, newton, iterated, x)
        for lane in range(L):
            if plan.kind[lane] == LEAP and not still[lane]:
                _pick(plan, work, n, count, newton, iterated, lane)
                ratio = _leap_error(plan, tile, work, n, first, count, newton, lane, rtol)
                if not ratio <= plan.leap_ratio[lane]:
                    plan.leap_ratio[lane] = ratio
    everyone = True
    for lane in range(L):
        everyone = everyone and (still[lane] or plan.kind[lane] != LEAP)
    return everyone


@njit(**OPTIONS)
def _judge(plan, tile, work, first, n, panel, spread, decay, rtol, horizon, peak):
    """Raise the ratio of a panel to that of this member: its estimate over what is allowed.

    What a state forgets only slowly adds up: it may err less in a panel.
    """
    path = cube(work.path, panel * PT * n * L, PT, n, L)
    for lane in range(L):
        memory = min(horizon, 1.0 / max(decay[lane], 1.0 / horizon))
        patience = np.sqrt(min(1.0, plan.widths[panel, lane] / memory))
        worst = plan.ratio[panel, lane]
        for i in range(n):
            start, end = abs(path[0, i, lane]), abs(path[PT - 1, i, lane])
            if not np.isfinite(end):
                worst = np.inf
            elif spread[i, lane] != 0.0:
                scale = max(start, end) + _FLOOR * peak[i, lane]
                allowed = _SAFETY * rtol * scale * patience + tile.noise[first + i, lane]
                ratio = spread[i, lane] / allowed
                worst = ratio if not ratio <= worst else worst
        plan.ratio[panel, lane] = worst


@njit(**OPTIONS)
def _walk(program, plan, tile, table, work, stage, member, n, first, reach, J, J_forced, begins):
    """Fill the path: from the start of every sample through its panels."""
    columns = program.stage[stage]
    K = plan.size[1]
    everyone = columns[FIRST_MEMBER] + member
    x = np.empty((n, L))
    for j in range(J):
        copy(x, work.z[j, :n])
        for k in range(K):
            panel = j * K + k
            if columns[DOSED]:
                _happen(plan, tile, panel, first, n, x, x, True)
            path = cube(work.path, panel * PT * n * L, PT, n, L)
            for lane in range(L):
                if begins[lane] >= panel:
                    for i in range(n):
                        x[i, lane] = program.then[columns[THEN] + i] if begins[lane] == panel else 0.0
            copy(path[0], x)
            own = (k if J_forced == 1 else panel) * S * n * L
            psi = cube(work.psi, own, S, n, L)
            square = (k if J_forced == 1 else panel) if columns[A_MOVES] else panel
            keep = _keep(program, plan, table, work, stage, member, square, n)
            onward(keep, psi, reach, x, path[1:])
            for lane in range(L):
                if tile.idle[everyone, lane] or begins[lane] > panel:
                    for point in range(1, PT):
                        for i in range(n):
                            path[point, i, lane] = path[0, i, lane]
            copy(x, path[PT - 1])
        if j == 0:
            for lane in range(L):
                if plan.kind[lane] == STEP or plan.kind[lane] == IDLE:
                    for i in range(n):
                        work.z[plan.size[0] + plan.size[2], i, lane] = x[i, lane]


@njit(**OPTIONS)
def _assess(program, plan, tile, table, work, stage, member, n, first, J, over_samples, over_points, rtol, horizon,
            begins, decay):  # fmt: skip
    """Judge every panel of the path."""
    columns = program.stage[stage]
    K = plan.size[1]
    everyone = columns[FIRST_MEMBER] + member
    driven, moving = columns[B_MOVES] == 1, 1 if over_points else 0
    a = block(work.a, 0, work.a.size // (n * n * L), n, n, L)
    b = cube(work.b, 0, work.b.size // (n * L), n, L)
    peak = np.empty((n, L))
    spread, r = np.zeros((n, L)), np.empty((n, L))
    matrix, right = cube(work.newton, 0, n, n, L), np.empty((n, 1, L))
    acts = plane(program.acts, columns[MASK], n, n)
    reach = plane(program.reach, columns[MASK], n, n)
    for i in range(n):
        for lane in range(L):
            peak[i, lane] = tile.peak[first + i, lane]
    for panel in range(J * K):
        path = cube(work.path, panel * PT * n * L, PT, n, L)
        for i in range(n):
            for lane in range(L):
                peak[i, lane] = max(peak[i, lane], abs(path[PT - 1, i, lane]))
    copy(tile.peak_next[first : first + n], peak)
    for j in range(J):
        copy(r, tile.r[first : first + n])
        for k in range(K):
            panel = j * K + k
            q = (j * (K * PT if over_points else 1) if over_samples else 0) + (k * PT if over_points else 0)
            path = cube(work.path, panel * PT * n * L, PT, n, L)
            if columns[DOSED]:
                _happen(plan, tile, panel, first, n, spread, r, False)
            if columns[A_MOVES]:
                collocation_error(a, b, q, moving, plan.widths[panel], r, acts, path, matrix, right, spread)
            elif driven:
                row = _row(plan, table, work, panel, row_size(n, True), table.begin[everyone])
                estimate(row, n, reach, b, q, moving, spread)
            for lane in range(L):
                if tile.idle[everyone, lane] or begins[lane] > panel:
                    for i in range(n):
                        spread[i, lane] = 0.0
            _judge(plan, tile, work, first, n, panel, spread, decay, rtol, horizon, peak)


@njit(**OPTIONS)
def _curved_panel(program, plan, tile, work, stage, member, n, first, panel, r, going, rtol, spread, scratch):
    """Collocate one panel of a stage that is not affine: linearise about the last iterate, solve, repeat.

    Each lane stops on its own. The panel's path holds its start at every point.
    """
    columns = program.stage[stage]
    p = tile.p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] :]
    acts = plane(program.acts, columns[MASK], n, n)
    reach = plane(program.reach, columns[MASK], n, n)
    matrix, right = cube(work.newton, 0, n * S, n * S, L), np.empty((n * S, n + 1, L))
    used, filled = np.zeros((n * S, n * S), np.bool_), np.zeros((n * S, n + 1), np.bool_)
    structure(acts, used, filled)
    path = cube(work.path, panel * PT * n * L, PT, n, L)
    keep, psi = block(work.keep, panel * S * n * n * L, S, n, n, L), cube(work.psi, panel * S * n * L, S, n, L)
    a, b = block(work.a, 0, PT, n, n, L), cube(work.b, 0, PT, n, L)
    new_keep, new_psi = np.empty((S, n, n, L)), np.empty((S, n, L))
    trial, error = np.empty((PT, n, L)), np.empty((n, L))
    for lane in range(L):
        going[lane] = True
    for _ in range(_NEWTON_STEPS):
        invoke9(
            columns[COEFFICIENTS], p.ctypes.data, scratch.ctypes.data, work.board.ctypes.data, 1, PT,
            path.ctypes.data, work.a.ctypes.data, work.b.ctypes.data, 2,
        )  # fmt: skip
        collocate(a, b, 0, 1, plan.widths[panel], r, acts, used, filled, matrix, right, new_keep, new_psi)
        copy(trial[0], path[0])
        onward(new_keep, new_psi, reach, path[0], trial[1:])
        collocation_error(a, b, 0, 1, plan.widths[panel], r, acts, trial, matrix, right, error)
        anyone = False
        for lane in range(L):
            if not going[lane]:
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
            going[lane] = moved
            anyone = anyone or moved
        if not anyone:
            break
    for lane in range(L):
        if going[lane]:
            for i in range(n):
                spread[i, lane] = np.inf  # a shorter panel is needed


@njit(**OPTIONS)
def _curved_walk(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins, x, judged):
    """Take one member of a stage that is not affine through its panels from x; square gets the derivative of the end."""
    columns = program.stage[stage]
    r, spread, decay = np.empty((n, L)), np.zeros((n, L)), np.full(L, np.inf)
    going, scratch = np.zeros(L, np.bool_), work.reads.copy()
    peak, column = np.empty((n, L)), np.empty((n, L))
    reach = plane(program.reach, columns[MASK], n, n)
    nothing, after = np.zeros((1, n, L)), np.empty((1, n, L))
    copy(r, tile.r[first : first + n])
    copy(peak, tile.peak[first : first + n])
    for i in range(n):
        for k in range(n):
            for lane in range(L):
                work.square[0, i, k, lane] = 1.0 if i == k else 0.0
    for panel in range(plan.size[1]):
        if columns[DOSED]:
            _happen(plan, tile, panel, first, n, x, r, False)
            _happen(plan, tile, panel, first, n, x, x, True)
        path = cube(work.path, panel * PT * n * L, PT, n, L)
        for lane in range(L):
            if begins[lane] >= panel:
                for i in range(n):
                    x[i, lane] = program.then[columns[THEN] + i] if begins[lane] == panel else 0.0
        for point in range(PT):
            copy(path[point], x)
        for u in range(columns[INPUTS]):
            scratch[u, 0] = work.reads[u, 0] + panel * PT * work.reads[u, 2]
        _curved_panel(program, plan, tile, work, stage, member, n, first, panel, r, going, rtol, spread, scratch)
        for lane in range(L):
            if tile.idle[columns[FIRST_MEMBER] + member, lane] or begins[lane] > panel or plan.kind[lane] == IDLE:
                for i in range(n):
                    spread[i, lane] = 0.0
                    for point in range(1, PT):
                        path[point, i, lane] = path[0, i, lane]
            if panel == 0:
                for i in range(n):
                    decay[lane] = min(decay[lane], abs(work.a[(i * n + i) * L + lane]))
        copy(x, path[PT - 1])
        for i in range(n):
            for lane in range(L):
                peak[i, lane] = max(peak[i, lane], abs(x[i, lane]))
        if judged:
            _judge(plan, tile, work, first, n, panel, spread, decay, rtol, horizon, peak)
        keep = block(work.keep, panel * S * n * n * L, S, n, n, L)
        for k in range(n):
            for i in range(n):
                for lane in range(L):
                    column[i, lane] = work.square[0, i, k, lane]
            onward(keep[S - 1 :], nothing, reach, column, after)
            for i in range(n):
                for lane in range(L):
                    work.square[0, i, k, lane] = after[0, i, lane]
    copy(tile.peak_next[first : first + n], peak)
    copy(tile.r_next[first : first + n], r)


@njit(**OPTIONS)
def _curved(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins):
    """Take one member of a stage that is not affine through a window, or put it on its orbit by Newton's method."""
    x, start = np.empty((n, L)), np.empty((n, L))
    seeking, found = np.zeros(L, np.bool_), np.empty(n)
    closing = False
    copy(start, tile.x[first : first + n])
    for lane in range(L):
        seeking[lane] = plan.kind[lane] == CLOSE
        closing = closing or seeking[lane]
    for _ in range(_NEWTON_STEPS if closing else 0):
        copy(x, start)
        _curved_walk(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins, x, False)
        anyone = False
        for lane in range(L):
            if not seeking[lane]:
                continue
            for i in range(n):
                work.g[0, i, lane] = x[i, lane] - start[i, lane]
            if not _orbit(work, n, lane, found):
                plan.leap_ratio[lane] = np.inf
                seeking[lane] = False
                continue
            near = True
            for i in range(n):
                change = found[i]
                # below zero a saturable rate has orbits that no amount can be on
                if start[i, lane] > 0.0 and start[i, lane] + change < 0.0:
                    change = max(change, -0.9 * start[i, lane])
                start[i, lane] += change
                near = near and abs(change) <= 1e-2 * rtol * (abs(start[i, lane]) + _TINY)
            seeking[lane] = not near
            anyone = anyone or not near
        if not anyone:
            break
    for lane in range(L):
        if seeking[lane]:
            plan.leap_ratio[lane] = np.inf
    copy(x, start)
    _curved_walk(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins, x, True)
    for lane in range(L):
        for i in range(n):
            closed = plan.kind[lane] == CLOSE
            tile.x_next[first + i, lane] = start[i, lane] if closed else x[i, lane]


@njit(**OPTIONS)
def march(program, plan, tile, table, work, stage, member, rtol, horizon, begins):
    """Take one member through the window; begins (L,): panel at which its states start to exist, -1 where they do."""
    columns = program.stage[stage]
    n, inputs = columns[STATES], columns[INPUTS]
    first = columns[FIRST_STATE] + member * n
    everyone = columns[FIRST_MEMBER] + member
    over_samples, over_points = gather(program, plan, work, columns[FIRST_INPUT] + member * inputs, inputs)
    J, K = plan.size[0], plan.size[1]
    size = J + plan.size[2]
    idle, closing = True, False
    for lane in range(L):
        closing = closing or plan.kind[lane] == CLOSE
        idle = idle and (tile.idle[everyone, lane] != 0 or plan.kind[lane] == IDLE)
    if n == 0 or (idle and not over_points):
        for i in range(n):
            for lane in range(L):
                work.path[i * L + lane] = tile.x[first + i, lane]
                tile.x_next[first + i, lane] = tile.x[first + i, lane]
                tile.r_next[first + i, lane] = tile.r[first + i, lane]
                tile.peak_next[first + i, lane] = tile.peak[first + i, lane]
        _publish(program, plan, work, tile.p, stage, member, over_samples, over_points, False, False, inputs)
        return
    if closing and not columns[STEADY]:  # what is slow stands still on the orbit of what is fast
        for place in range(K * PT * n * L):
            work.path[place] = tile.x[first + place // L % n, place % L]
        _publish(program, plan, work, tile.p, stage, member, over_samples, over_points, False, True, inputs)
        return
    if not columns[AFFINE]:
        _curved(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins)
        _publish(program, plan, work, tile.p, stage, member, over_samples, over_points, False, True, inputs)
        return
    Jc, Qc = J if over_samples else 1, K * PT if over_points else 1
    p = tile.p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] :]
    mode, Ja, Qa = 1, Jc, Qc
    if not columns[A_MOVES]:
        Ja, Qa = 1, 1
    invoke9(
        columns[COEFFICIENTS], p.ctypes.data, work.reads.ctypes.data, work.board.ctypes.data, Ja, Qa,
        work.path.ctypes.data, work.a.ctypes.data, work.b.ctypes.data, mode,
    )  # fmt: skip
    if columns[B_MOVES] and not columns[A_MOVES]:
        invoke9(
            columns[COEFFICIENTS], p.ctypes.data, work.reads.ctypes.data, work.board.ctypes.data, Jc, Qc,
            work.path.ctypes.data, work.a.ctypes.data, work.b.ctypes.data, 0,
        )  # fmt: skip
    reach = plane(program.reach, columns[MASK], n, n)
    acts = plane(program.acts, columns[MASK], n, n)
    decay = np.empty(L)
    for lane in range(L):
        decay[lane] = abs(work.a[lane])
    for i in range(1, n):
        for lane in range(L):
            decay[lane] = min(decay[lane], abs(work.a[(i * n + i) * L + lane]))
    if not columns[A_MOVES]:
        a = cube(work.a, 0, n, n, L)
        _refresh(plan, table, work, everyone, a, reach, n, columns[B_MOVES] == 1)
    J_forced = J if over_samples or plan.size[3] == 0 else 1
    _forcing(program, plan, tile, table, work, stage, member, n, first, over_samples, over_points, reach, J_forced)
    waiting = np.empty(L, np.bool_)
    mapped = False
    for lane in range(L):
        waiting[lane] = begins[lane] == NEVER
        mapped = mapped or plan.kind[lane] == LEAP or plan.kind[lane] == CLOSE
    if mapped:
        J_square = J if columns[A_MOVES] and J_forced > 1 else 1
        _compose(program, plan, tile, table, work, stage, member, n, first, reach, J_forced, J_square, J_forced)
        for j in range(J_forced, J):
            copy(work.g[j, :n], work.g[0, :n])
        for j in range(J_square, J):
            for i in range(n):
                copy(work.square[j, i, :n], work.square[0, i, :n])
    still = _find_starts(program, plan, tile, work, stage, member, n, first, rtol, waiting)
    J_path = 1 if still and J_forced == 1 else J
    _walk(program, plan, tile, table, work, stage, member, n, first, reach, J_path, J_forced, begins)
    _assess(program, plan, tile, table, work, stage, member, n, first, J_path, over_samples, over_points, rtol,
            horizon, begins, decay)  # fmt: skip
    for i in range(n):
        for lane in range(L):
            tile.x_next[first + i, lane] = work.z[size, i, lane]
    _publish(program, plan, work, tile.p, stage, member, over_samples, over_points, J_path > 1, True, inputs)
