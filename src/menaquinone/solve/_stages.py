"""Compiled march of one member of one stage through a window: coefficients, panels, period maps, path, error, outputs.

A window holds J samples of K panels each. A stepped window is one sample. A leaping window is a run of many equal
periods of which J are sampled: the map of a period over its own state is affine, its coefficients are smooth in the
number of the period, so they are interpolated between samples and the map is iterated. A closing window is one period
whose start is sought on the periodic orbit.
"""

import numpy as np
from numba import njit

from menaquinone.solve._algebra import (
    GOING,
    ITERATED,
    OPTIONS,
    SEEKING,
    STILL,
    TRACKED,
    WAITING,
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
    take,
    zeros_of,
)
from menaquinone.solve._basis import BASE_SAMPLES, ORDER, fitted
from menaquinone.solve._pointers import invoke7, invoke9
from menaquinone.solve._records import address, view
from menaquinone.solve._vectors import div, fma, load, mul, select, splat, store, sub
from menaquinone.solve.program import (
    A_MOVES,
    AFFINE,
    B_MOVES,
    COEFFICIENTS,
    DOSED,
    EVALUATE,
    FILLED,
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
    USED,
)

PT = S + 1
IDLE, STEP, LEAP, CLOSE = 0, 1, 2, 3
"""What a lane does in a window."""
MOST_ITERATED, MOST_TRACKED = 512, 1024
"""Periods whose maps may differ, and periods that are taken one by one where there are no more of them."""
NEVER = 1 << 40
_FLOOR = 1e-3
"""A value is controlled relative to itself plus this share of the largest it has had."""
_SAFETY = 3.0
"""The estimate is that of a rule one order lower; measured errors stay below the tolerance with this factor."""
_LEAP = 0.3
"""Share of the tolerance that interpolation between samples may take."""
_SNAP = 1e-3
"""Share of the tolerance within which a state is taken to be on its periodic orbit."""
_NEWTON_STEPS = 30
_TINY = 1e-300


@njit(**OPTIONS)
def gather(program, plan, work, first, count):
    """Fill the reads of a member from the board; return whether anything moves over samples and over points."""
    reads, meta, feed, sums = work.reads, work.meta, program.feed, program.sums
    over_samples, over_points = False, False
    points = work.points[0]
    for u in range(count):
        row = feed[first + u]
        if sums[first + u, 1] > 0:
            _add_up(program, plan, work, first + u, row)
        reads[u, 0] = row * points * L
        reads[u, 1] = meta[row, 0]
        reads[u, 2] = meta[row, 1]
        over_samples = over_samples or meta[row, 0] > 0
        over_points = over_points or meta[row, 1] > 0
    return over_samples, over_points


@njit(**OPTIONS)
def settle_meta(plan, work, row, over_samples, over_points):
    """Note how a row is laid out; return whether its boundaries have to be written."""
    meta = work.meta
    J, K, O = plan.size[0], plan.size[1], plan.size[2]
    Q = K * PT
    meta[row, 0] = (Q if over_points else 1) * L if over_samples else 0
    meta[row, 1] = L if over_points else 0
    if over_samples:
        meta[row, 2] = J * Q * L
        meta[row, 3] = L
    else:  # the same in every period: at its boundary as at its end
        meta[row, 2] = (Q - 1) * L if over_points else 0
        meta[row, 3] = 0
    return over_samples and O > 0


@njit(**OPTIONS)
def _add_up(program, plan, work, place, row):
    meta, points, terms = work.meta, work.points, program.terms
    J, K, O = plan.size[0], plan.size[1], plan.size[2]
    Q = K * PT
    first, count = program.sums[place, 0], program.sums[place, 1]
    over_samples, over_points = False, False
    for term in range(first, first + count):
        other = terms[term]
        over_samples = over_samples or meta[other, 0] > 0
        over_points = over_points or meta[other, 1] > 0
    boundaries = settle_meta(plan, work, row, over_samples, over_points)
    board = work.board
    base = row * points[0] * L
    for term in range(first, first + count):
        other = terms[term]
        source, by_sample, by_point = other * points[0] * L, meta[other, 0], meta[other, 1]
        for j in range(J if over_samples else 1):
            for q in range(Q if over_points else 1):
                into = base + j * meta[row, 0] + q * meta[row, 1]
                read = source + j * by_sample + q * by_point
                if term == first:
                    for lane in range(L):
                        board[into + lane] = board[read + lane]
                else:
                    for lane in range(L):
                        board[into + lane] += board[read + lane]
        if boundaries:
            for o in range(O):
                into = base + meta[row, 2] + o * L
                read = source + meta[other, 2] + o * meta[other, 3]
                if term == first:
                    for lane in range(L):
                        board[into + lane] = board[read + lane]
                else:
                    for lane in range(L):
                        board[into + lane] += board[read + lane]


@njit(**OPTIONS)
def _publish(program, plan, work, p, stage, member, over_samples, over_points, x_samples, x_points, count):
    """Evaluate a member's outputs on its path, and at the boundaries of periods."""
    writes, meta, reads, board = work.writes, work.meta, work.reads, work.board
    path, bounds, z, feed = work.path, work.bounds, work.z, program.feed
    felt = program.felt
    columns = program.stage[stage]
    J, K, O = plan.size[0], plan.size[1], plan.size[2]
    points = work.points[0]
    first = columns[FIRST_ROW] + member * columns[OUTPUTS]
    by_sample, by_point = over_samples or x_samples, over_points or x_points
    for o in range(columns[OUTPUTS]):
        row = first + o
        settle_meta(plan, work, row, by_sample, by_point)
        writes[o, 0] = row * points * L
        writes[o, 1], writes[o, 2] = meta[row, 0], meta[row, 1]
    where = p[columns[FIRST_PARAMETER] + member * columns[PARAMETERS] :]
    invoke7(
        columns[EVALUATE], address(where), address(reads), address(board),
        J if by_sample else 1, K * PT if by_point else 1, address(path), address(writes),
    )  # fmt: skip
    if by_sample and O > 0:
        base = columns[FIRST_INPUT] + member * columns[INPUTS]
        for u in range(count):
            row = feed[base + u]
            reads[u, 0] = row * points * L + meta[row, 2]
            reads[u, 1], reads[u, 2] = 0, meta[row, 3]
        for o in range(columns[OUTPUTS]):
            writes[o, 0] += meta[first + o, 2]
            writes[o, 1], writes[o, 2] = 0, L
        n = columns[STATES]
        for o in range(O):
            for i in range(n):
                for lane in range(L):
                    bounds[(o * n + i) * L + lane] = z[J + o, i, lane]
        invoke7(
            columns[EVALUATE], address(where), address(reads), address(board),
            1, O, address(bounds), address(writes),
        )  # fmt: skip
    for o in range(columns[OUTPUTS]):
        row = first + o
        if not felt[row] and not over_samples and by_sample:  # equal over samples although the state is not
            meta[row, 0], meta[row, 3] = 0, 0


@njit(**OPTIONS)
def _happen(plan, tile, panel, first, n, x, r, amounts):
    """Apply to one member what happens at the start of a panel: rates, and where ``amounts`` amounts."""
    kinds, slots, lanes, values = plan.kinds, plan.slots, plan.lanes, plan.values
    following, rest, base = plan.following, tile.rest, tile.base
    event = plan.head[panel]
    changed = False
    while event >= 0:
        kind, slot, lane = kinds[event], slots[event], lanes[event]
        if kind == 2:
            for s in range(n):
                if amounts:
                    x[s, lane] = rest[first + s, lane]
                else:
                    r[s, lane] = base[first + s, lane]
            changed = True
        elif first <= slot < first + n:
            if kind == 1 and not amounts:
                r[slot - first, lane] += values[event]
                changed = True
            elif kind == 0 and amounts:
                x[slot - first, lane] += values[event]
        event = following[event]
    return changed


@njit(**OPTIONS)
def _row(plan, table, panel, size, begin):
    """Return where in the table a panel's propagators stand; they are gathered at its end where lanes' rows differ."""
    plan_place, rows, data = plan.place, plan.rows, table.data
    if plan_place[panel] >= 0:
        return begin + plan_place[panel] * size
    into = data.size - size  # one at a time: a row is used before the next is asked for
    for lane in range(L):
        source = begin + rows[panel, lane] * size + lane
        for place in range(0, size, L):
            data[into + place + lane] = data[source + place]
    return into


@njit(**OPTIONS)
def _refresh(plan, table, work, member, a, reach, n, driven):
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


@njit(**OPTIONS)
def _forcing(program, plan, tile, table, work, stage, member, n, first, over_samples, over_points, reach, J):
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
                _happen(plan, tile, panel, first, n, total, r, False)
            q = (j * Qb if over_samples else 0) + (k * PT if over_points else 0)
            psis = panel * S * n * L
            if columns[A_MOVES]:
                collocate(a, b, q, moving, widths, panel, r, acts, used, filled, matrix, right, work_keep, psis * n,
                          work_psi, psis)  # fmt: skip
            else:
                for s in range(n):
                    for lane in range(L):
                        total[s, lane] = r[s, lane] + (0.0 if driven else b[0, s, lane])
                row = _row(plan, table, panel, size, begin[everyone])
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
        row = _row(plan, table, panel, size, table.begin[columns[FIRST_MEMBER] + member])
        onward(table.data, row + skip, psi, psis, S - first_node, reach, x, out, into)


@njit(**OPTIONS)
def _compose(program, plan, tile, table, work, stage, member, n, first, reach, J, J_square, J_forced):
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
                _happen(plan, tile, panel, first, n, x, x, True)
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
    square, g = work.square, work.g
    matrix = view(work.small, 0, (n, n))
    for i in range(n):
        for k in range(n):
            matrix[i, k] = (1.0 if i == k else 0.0) - square[0, i, k, lane]
        found[i] = g[0, i, lane]
    return _solve(matrix, found)


@njit(**OPTIONS)
def _jump(square, g, n, times, power, shift, base, move, spare, vector):
    """Raise the affine map (n, n), (n,) to a power: repeated squaring."""
    for i in range(n):
        shift[i], move[i] = 0.0, g[i]
        for k in range(n):
            base[i, k] = square[i, k]
            power[i, k] = 1.0 if i == k else 0.0
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
    """Fill newton (BASE, c, L) with coefficients that interpolate those of the maps.

    c is n, or n n + n where ``moving_square``. Lanes whose samples are all equal come out as exact zeros.
    """
    g, square = work.g, work.square
    columns = n + (n * n if moving_square else 0)
    for place in range(BASE_SAMPLES):
        j = ORDER[place]
        for i in range(n):
            for lane in range(L):
                newton[place, i, lane] = g[j, i, lane]
            if moving_square:
                for k in range(n):
                    for lane in range(L):
                        newton[place, n + i * n + k, lane] = square[j, i, k, lane]
    fitted(plan, newton, columns)
    return columns


@njit(**OPTIONS)
def _iterate(plan, work, n, columns, newton, reach, iterated, tracked, x):
    """Iterate the interpolated maps, which at last are equal; track (.., n, L) gets every state.

    What a lane does beyond its own last period is of no interest.
    """
    moving, most = 0, 0
    for lane in range(L):
        moving, most = max(moving, iterated[lane]), max(most, tracked[lane])
    value, now, then = rows_of(work, columns), rows_of(work, n), rows_of(work, n)
    psi, square, track = plan.psi, work.square, work.track
    width, wide = newton.shape[1] * L, square.shape[1]
    move(x, 0, now, 0, n)
    move(x, 0, track, 0, n)
    for number in range(most):
        if number < max(moving, 1):
            here = number * BASE_SAMPLES * L
            for c in range(columns):
                total = load(newton, c * L)
                for place in range(1, BASE_SAMPLES):
                    total = fma(load(psi, here + place * L), load(newton, place * width + c * L), total)
                store(value, c * L, total)
        for i in range(n):
            total = load(value, i * L)
            for k in range(n):
                if not reach[i, k]:
                    continue
                if columns > n:
                    total = fma(load(value, (n + i * n + k) * L), load(now, k * L), total)
                else:
                    total = fma(load(square, (i * wide + k) * L), load(now, k * L), total)
            store(then, i * L, total)
        at = (number + 1) * track.shape[1] * L
        for i in range(n):
            reached = load(then, i * L)
            store(now, i * L, reached)
            store(track, at + i * L, reached)


@njit(**OPTIONS)
def _settled_maps(plan, work, n, columns, newton, lane, square, g):
    """Evaluate one lane's map where the variable of interpolation no longer moves."""
    psi, work_square, last = plan.psi, work.square, max(plan.iterated[lane] - 1, 0)
    for c in range(columns):
        value = newton[0, c, lane]
        for place in range(1, BASE_SAMPLES):
            value += psi[last, place, lane] * newton[place, c, lane]
        if c < n:
            g[c] = value
        else:
            square[(c - n) // n, (c - n) % n] = value
    if columns == n:
        for i in range(n):
            for k in range(n):
                square[i, k] = work_square[0, i, k, lane]


@njit(**OPTIONS)
def _pick(plan, work, n, columns, newton, tracked, lane, matrices, vectors):
    """Fill z of one lane: its state at every sample, every boundary and the end, in the order of the periods."""
    stops, track, z = plan.stops, work.track, work.z
    square, power, base, spare = matrices[0], matrices[1], matrices[2], matrices[3]
    g, shift, now, then = vectors[0], vectors[1], vectors[2], vectors[3]
    at, known = tracked[lane], -1
    for i in range(n):
        now[i] = track[at, i, lane]
    for stop in range(stops.shape[1]):
        number, slot = stops[0, stop, lane], stops[1, stop, lane]
        if number < 0:
            break
        if number <= tracked[lane]:
            for i in range(n):
                z[slot, i, lane] = track[number, i, lane]
            continue
        if number > at:
            if known < 0:
                _settled_maps(plan, work, n, columns, newton, lane, square, g)
            if number - at != known:
                known = number - at
                _jump(square, g, n, known, power, shift, base, vectors[4], spare, vectors[5])
            for i in range(n):
                then[i] = shift[i]
                for k in range(n):
                    then[i] += power[i, k] * now[k]
            for i in range(n):
                now[i] = then[i]
            at = number
        for i in range(n):
            z[slot, i, lane] = now[i]


@njit(**OPTIONS)
def _leap_error(plan, tile, work, n, first, columns, newton, lane, rtol):
    """Return the error of interpolating between samples, over what is allowed."""
    swing, peak, noise = plan.swing, tile.peak, tile.noise
    z, square = work.z, work.square
    worst = 0.0
    J = plan.samples[lane]
    for i in range(n):
        largest = peak[first + i, lane]
        size = 0.0
        for j in range(J):
            size = max(size, abs(z[j, i, lane]))
        lost = 1.0 - abs(square[0, i, i, lane])
        error = 0.0
        for c in range(1 + (n if columns > n else 0)):
            place, weight = i, 1.0
            if c > 0:
                place, weight = n + i * n + c - 1, 0.0
                for j in range(J):
                    weight = max(weight, abs(z[j, c - 1, lane]))
            step = abs(newton[BASE_SAMPLES - 1, place, lane])
            last = step * swing[0, lane]
            once = step * swing[1, lane]
            whole = last if lost * last <= once else once / lost
            error += whole * weight
        if error > 0.0:
            allowed = _LEAP * rtol * (size + _FLOOR * max(largest, size)) + noise[first + i, lane]
            ratio = error / allowed
            worst = ratio if not ratio <= worst else worst
    return worst


@njit(**OPTIONS)
def _find_starts(program, plan, tile, work, stage, member, n, first, reach, rtol, waiting, still):
    """Fill z: where every sample starts, what holds at every boundary, and the end of the window; note who is periodic.

    still (L,) gets who is. Returns whether all lanes are, so that one sample shows them all.
    """
    idle = tile.idle[program.stage[stage, FIRST_MEMBER] + member]
    kind, leap_ratio, plan_iterated, peak = plan.kind, plan.leap_ratio, plan.iterated, tile.peak
    noise, z = tile.noise, work.z
    columns = program.stage[stage]
    J, O = plan.size[0], plan.size[2]
    size = J + O
    x = tile.x[first : first + n]
    newton = view(work.scratch, take(work, BASE_SAMPLES * (n + n * n) * L), (BASE_SAMPLES, n + n * n, L))
    matrices, vectors = view(work.small, n * n, (4, n, n)), view(work.small, 5 * n * n, (6, n))
    found = view(work.small, 5 * n * n + 6 * n, (n,))
    iterated, tracked = work.whole[ITERATED], work.whole[TRACKED]
    leaping = False
    for lane in range(L):
        still[lane], iterated[lane], tracked[lane] = 1, 0, 0
        leaping = leaping or kind[lane] == LEAP
    count = n
    if leaping:
        count = _interpolate(plan, work, n, J, columns[A_MOVES] == 1, newton)
    for lane in range(L):
        for slot in range(size + 1):
            for i in range(n):
                z[slot, i, lane] = 0.0 if waiting[lane] != 0 else x[i, lane]
        if kind[lane] == IDLE or waiting[lane] != 0 or idle[lane] != 0:
            continue
        still[lane] = 0
        if kind[lane] == CLOSE:
            if _orbit(work, n, lane, found):
                for i in range(n):
                    z[0, i, lane] = found[i]
                    z[size, i, lane] = found[i]
            else:
                leap_ratio[lane] = np.inf
        if kind[lane] != LEAP:
            continue
        constant = True
        for place in range(1, BASE_SAMPLES):
            for c in range(count):
                constant = constant and newton[place, c, lane] == 0.0
        if constant and columns[STEADY] and _orbit(work, n, lane, found):
            near = True
            for i in range(n):
                scale = abs(found[i]) + _FLOOR * peak[first + i, lane]
                near = near and abs(x[i, lane] - found[i]) <= _SNAP * rtol * scale + noise[first + i, lane]
            if near:
                still[lane] = 1
                for slot in range(size + 1):
                    for i in range(n):
                        z[slot, i, lane] = found[i]
                continue
        iterated[lane] = 0 if constant else max(plan_iterated[lane], 0)
        tracked[lane] = plan.periods[lane] if plan.periods[lane] <= MOST_TRACKED else iterated[lane]
        if plan_iterated[lane] < 0 and not constant:
            leap_ratio[lane] = np.inf
    if leaping:
        _iterate(plan, work, n, count, newton, reach, iterated, tracked, x)
        for lane in range(L):
            if kind[lane] == LEAP and still[lane] == 0:
                _pick(plan, work, n, count, newton, tracked, lane, matrices, vectors)
                ratio = _leap_error(plan, tile, work, n, first, count, newton, lane, rtol)
                if not ratio <= leap_ratio[lane]:
                    leap_ratio[lane] = ratio
    everyone = True
    for lane in range(L):
        everyone = everyone and (still[lane] != 0 or kind[lane] != LEAP)
    return everyone


@njit(**OPTIONS)
def _walk(program, plan, tile, table, work, stage, member, n, first, reach, J, J_forced, begins):
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
                _happen(plan, tile, panel, first, n, x, x, True)
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
def _assess(program, plan, tile, table, work, stage, member, n, first, J, over_samples, over_points, rtol, horizon,
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
                _happen(plan, tile, panel, first, n, spread, r, False)
            if columns[A_MOVES]:
                collocation_error(a, b, q, moving, widths, panel, r, acts, path, panel * PT * n * L, used, matrix,
                                  right, spread)  # fmt: skip
            elif driven:
                row = _row(plan, table, panel, row_size(n, True), begin[everyone])
                estimate(data, row, n, reach, b, q, moving, slope, spread)
            if special:
                for lane in range(L):
                    if idle[everyone, lane] or begins[lane] > panel:
                        for i in range(n):
                            spread[i, lane] = 0.0
            judge(ratio, panel, path, panel * PT * n * L, n, spread, widths, lost, noise, first, peak, _SAFETY * rtol,
                  _FLOOR)  # fmt: skip


@njit(**OPTIONS)
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
        collocation_error(a, b, 0, 1, widths, panel, r, acts, trial, 0, filter_used, matrix, right, error)
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


@njit(**OPTIONS)
def _curved_walk(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins, x, judged):
    """Take one member of a stage that is not affine through its panels from x.

    square gets the derivative of the end.
    """
    kind, idle, reads, square = plan.kind, tile.idle, work.reads, work.square
    work_path, a, work_keep, then = work.path, work.a, work.keep, program.then
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
            _happen(plan, tile, panel, first, n, x, r, False)
            _happen(plan, tile, panel, first, n, x, x, True)
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
        keeps = (panel * S + S - 1) * n * n * L
        for k in range(n):
            for i in range(n):
                for lane in range(L):
                    column[i, lane] = square[0, i, k, lane]
            onward(work_keep, keeps, nothing, 0, 1, reach, column, after, 0)
            for i in range(n):
                for lane in range(L):
                    square[0, i, k, lane] = after[i, lane]
    for lane in range(L):
        lost[0, lane] = max(decay[0, lane], 1.0 / horizon)
    for panel in range(plan.size[1] if judged else 0):
        judge(plan.ratio, panel, work_path, panel * PT * n * L, n, view(work.psi, panel * S * n * L, (n, L)),
              plan.widths, lost, tile.noise, first, peak, _SAFETY * rtol, _FLOOR)  # fmt: skip
    copy(tile.peak_next[first : first + n], peak)
    copy(tile.r_next[first : first + n], r)
    work.top[0] = top


@njit(**OPTIONS)
def _curved(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins):
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
            if not _orbit(work, n, lane, found):
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


@njit(**OPTIONS)
def march(program, plan, tile, table, work, stage, member, rtol, horizon, begins):
    """Take one member through the window; begins (L,): panel at which its states start to exist, -1 where they do."""
    kind, tile_idle, x, x_next = plan.kind, tile.idle, tile.x, tile.x_next
    r_next, r, peak_next, peak = tile.r_next, tile.r, tile.peak_next, tile.peak
    tile_p, path, reads, board = tile.p, work.path, work.reads, work.board
    work_a, b, g, square = work.a, work.b, work.g, work.square
    z = work.z
    columns = program.stage[stage]
    work.top[0] = 0
    n, inputs = columns[STATES], columns[INPUTS]
    first = columns[FIRST_STATE] + member * n
    everyone = columns[FIRST_MEMBER] + member
    over_samples, over_points = gather(program, plan, work, columns[FIRST_INPUT] + member * inputs, inputs)
    J, K = plan.size[0], plan.size[1]
    size = J + plan.size[2]
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
        _publish(program, plan, work, tile_p, stage, member, over_samples, over_points, False, False, inputs)
        return
    if closing and not columns[STEADY]:  # what is slow stands still on the orbit of what is fast
        for place in range(K * PT * n * L):
            path[place] = x[first + place // L % n, place % L]
        _publish(program, plan, work, tile_p, stage, member, over_samples, over_points, False, True, inputs)
        return
    if not columns[AFFINE]:
        _curved(program, plan, tile, work, stage, member, n, first, rtol, horizon, begins)
        _publish(program, plan, work, tile_p, stage, member, over_samples, over_points, False, True, inputs)
        return
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
        _refresh(plan, table, work, everyone, a, reach, n, columns[B_MOVES] == 1)
    J_forced = J if over_samples or plan.size[3] == 0 else 1
    _forcing(program, plan, tile, table, work, stage, member, n, first, over_samples, over_points, reach, J_forced)
    waiting = work.whole[WAITING]
    mapped = False
    for lane in range(L):
        waiting[lane] = 1 if begins[lane] == NEVER else 0
        mapped = mapped or kind[lane] == LEAP or kind[lane] == CLOSE
    if mapped:
        J_square = J if columns[A_MOVES] and J_forced > 1 else 1
        _compose(program, plan, tile, table, work, stage, member, n, first, reach, J_forced, J_square, J_forced)
        for j in range(J_forced, J):
            copy(g[j, :n], g[0, :n])
        for j in range(J_square, J):
            for i in range(n):
                copy(square[j, i, :n], square[0, i, :n])
    still = work.whole[STILL]
    everyone_still = _find_starts(program, plan, tile, work, stage, member, n, first, reach, rtol, waiting, still)
    J_path = 1 if everyone_still and J_forced == 1 else J
    _walk(program, plan, tile, table, work, stage, member, n, first, reach, J_path, J_forced, begins)
    _assess(program, plan, tile, table, work, stage, member, n, first, J_path, over_samples, over_points, rtol,
            horizon, begins, decay)  # fmt: skip
    for o in range(plan.size[2]):  # who is periodic is at a boundary what the period ends with, to the bit
        for i in range(n):
            for lane in range(L):
                if still[lane] != 0:
                    z[J + o, i, lane] = path[((K * PT - 1) * n + i) * L + lane]
    for i in range(n):
        for lane in range(L):
            x_next[first + i, lane] = z[size, i, lane]
    _publish(program, plan, work, tile_p, stage, member, over_samples, over_points, J_path > 1, True, inputs)
