"""Compiled maps of periods: interpolated between samples, iterated, raised to powers, solved for their orbit."""

import numpy as np

from menaquinone.solve._algebra import ITERATED, L, fill, move, rows_of, take
from menaquinone.solve._basis import fitted, most_base
from menaquinone.solve._compiled import inner
from menaquinone.solve._iteration import iterate
from menaquinone.solve._kinds import CLOSE, FLOOR, IDLE, LEAP, MOST_BASE
from menaquinone.solve._records import view
from menaquinone.solve._stops import pick
from menaquinone.solve._vectors import div, fma, largest, load, magnitude, mul, select, smallest, splat, store, sub
from menaquinone.solve.program import A_MOVES, FIRST_MEMBER, STEADY
from menaquinone.solve.tableau import LEAST

_LEAP = 0.3
"""Share of the tolerance that interpolation between samples may take."""
_KEPT = 1e-300
"""What a period's map loses of a state, at least: nothing."""
_SNAP = 1e-3
"""Share of the tolerance within which a state is taken to be on its periodic orbit."""


@inner
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


@inner
def orbit_of(work, n, lane, found):
    """Find the start that a period's map (of sample 0) leads back to; return whether there is one."""
    square, g = work.square, work.g
    matrix = view(work.small, 0, (n, n))
    for i in range(n):
        for k in range(n):
            matrix[i, k] = (1.0 if i == k else 0.0) - square[0, i, k, lane]
        found[i] = g[0, i, lane]
    return _solve(matrix, found)


@inner
def _interpolate(plan, work, n, many, moving_square, newton):
    """Fill newton (many, c, L) with coefficients that interpolate those of the maps.

    c is n, or n n + n where ``moving_square``. Lanes whose samples are all equal come out as exact zeros.
    """
    g, square = work.g, work.square
    columns = n + (n * n if moving_square else 0)
    for place in range(many):
        for i in range(n):
            for lane in range(L):
                newton[place, i, lane] = g[place, i, lane]
            if moving_square:
                for k in range(n):
                    for lane in range(L):
                        newton[place, n + i * n + k, lane] = square[place, i, k, lane]
    fitted(plan, newton, columns, many)
    return columns


@inner
def _iterate(plan, work, n, many, columns, newton, reach, iterated, x):
    """Iterate the interpolated maps as long as they differ; track (.., n, L) gets every state.

    What a lane does beyond its own last period is of no interest.
    """
    most, square, track = 0, work.square, work.track
    for lane in range(L):
        most = max(most, iterated[lane])
    move(x, 0, track, 0, n)
    for place in range(many, MOST_BASE):
        fill(newton[place], 0.0)
    iterate(newton, newton.shape[1] * L, many, plan.psi, square, square.shape[1], columns - n, reach, n, track,
            track.shape[1] * L, most)  # fmt: skip


@inner
def _settled_maps(plan, work, n, many, columns, newton, square, g):
    """Evaluate the maps where the variable of interpolation no longer moves: (n, n, L), (n, L)."""
    psi, samples, width, wide = rows_of(work, many), work.square, newton.shape[1] * L, work.square.shape[1]
    for place in range(many):
        for lane in range(L):
            psi[place, lane] = plan.psi[max(plan.iterated[lane] - 1, 0), place, lane]
    for c in range(columns):
        value = load(newton, c * L)
        for place in range(1, many):
            value = fma(load(psi, place * L), load(newton, place * width + c * L), value)
        if c < n:
            store(g, c * L, value)
        else:
            store(square, (c - n) * L, value)
    if columns == n:
        for i in range(n):
            move(samples, i * wide * L, square, i * n * L, n)


@inner
def _lead(plan, work, n, many, columns, newton, reach, still, iterated):
    """Fill z of leaping lanes: where they are at every stop."""
    top = work.top[0]
    square, g = rows_of(work, n * n), rows_of(work, n)
    _settled_maps(plan, work, n, many, columns, newton, square, g)
    pick(plan, work, n, reach, iterated, still, square, g)
    work.top[0] = top


@inner
def _leave_out(recent, both):
    """Write over the last of three terms in use, last first (3, L), what the first term left out may be.

    Terms fall as they did, as far as that is to be credited; one that is small by accident does not vouch for the next.
    Where there are three samples, or terms are those of two variables (``both``), the last itself has to do.
    """
    last, second, third = load(recent, 0), load(recent, L), load(recent, 2 * L)
    share = smallest(splat(1.0), largest(div(last, second), div(second, third)))
    following = largest(mul(last, largest(share, splat(LEAST))), mul(second, mul(share, share)))
    found = select(load(both, 0), last, select(mul(second, third), following, last))
    store(recent, 0, select(sub(found, found), splat(np.inf), found))  # not a number, or beyond all


@inner
def _note_errors(plan, tile, work, n, first, many, columns, newton, still, rtol):
    """Raise leaps' errors, over what is allowed, to those of one member: of each term, and of the first left out.

    Every term is taken to swing as the last does.
    """
    swing, peak, noise, terms = plan.swing, tile.peak, tile.noise, plan.terms
    z, square, sizes, leaping = work.z, work.square, rows_of(work, n), rows_of(work, 1)
    wide, width, recent, bases = square.shape[1], newton.shape[1] * L, rows_of(work, 3), rows_of(work, 1)
    for lane in range(L):
        leaping[0, lane] = 1.0 if plan.kind[lane] == LEAP and still[lane] == 0 else 0.0
        bases[0, lane] = plan.base[lane]
    for i in range(n):
        size = magnitude(load(z, i * L))
        for j in range(1, plan.size[0]):
            size = largest(size, magnitude(load(z, (j * wide + i) * L)))
        store(sizes, i * L, size)
    for i in range(n):
        size, lost = load(sizes, i * L), sub(splat(1.0), magnitude(load(square, (i * wide + i) * L)))
        scale = fma(largest(load(peak, (first + i) * L), size), splat(FLOOR), size)
        allowed = fma(scale, splat(_LEAP * rtol), load(noise, (first + i) * L))
        gain = smallest(load(swing, 0), div(load(swing, L), largest(lost, splat(_KEPT))))
        fill(recent, 0.0)
        for term in range(1, many):
            off = magnitude(load(newton, term * width + i * L))
            if columns > n:
                for c in range(n):
                    step = magnitude(load(newton, term * width + (n + i * n + c) * L))
                    off = fma(step, load(sizes, c * L), off)
            found = select(off, div(mul(off, gain), allowed), splat(0.0))
            found = select(sub(found, found), splat(np.inf), found)  # not a number, or beyond all
            found = select(load(leaping, 0), found, splat(0.0))
            store(terms, term * L, largest(load(terms, term * L), found))
            used = largest(sub(load(bases, 0), splat(float(term))), splat(0.0))
            for k in range(2, 0, -1):
                store(recent, k * L, select(used, load(recent, (k - 1) * L), load(recent, k * L)))
            store(recent, 0, select(used, found, load(recent, 0)))
        _leave_out(recent, plan.both)
        store(plan.leap_ratio, 0, largest(load(plan.leap_ratio, 0), load(recent, 0)))


@inner
def _constant(newton, many, columns, lane):
    """Return whether the maps of all periods of a lane are the same."""
    constant = True
    for place in range(1, many):
        for c in range(columns):
            constant = constant and newton[place, c, lane] == 0.0
    return constant


@inner
def _rests(tile, work, x, n, first, lane, rtol, found):
    """Find the periodic orbit of a lane; return whether there is one and the lane is on it."""
    if not orbit_of(work, n, lane, found):
        return False
    near = True
    for i in range(n):
        scale = abs(found[i]) + FLOOR * tile.peak[first + i, lane]
        near = near and abs(x[i, lane] - found[i]) <= _SNAP * rtol * scale + tile.noise[first + i, lane]
    return near


@inner
def find_starts(program, plan, tile, work, stage, member, n, first, reach, rtol, waiting, still):
    """Fill z: where every sample starts, and the end of the window; note who is periodic.

    Of lanes that leap and are not periodic also what holds at every boundary.

    still (L,) gets who is. Returns whether all lanes are, so that one sample shows them all.
    """
    idle = tile.idle[program.stage[stage, FIRST_MEMBER] + member]
    kind, leap_ratio, plan_iterated, z = plan.kind, plan.leap_ratio, plan.iterated, work.z
    columns = program.stage[stage]
    J, O = plan.size[0], plan.size[2]
    size = J + O
    x = tile.x[first : first + n]
    newton = view(work.scratch, take(work, MOST_BASE * (n + n * n) * L), (MOST_BASE, n + n * n, L))
    found, iterated = view(work.small, n * n, (n,)), work.whole[ITERATED]
    leaping = False
    for lane in range(L):
        still[lane], iterated[lane] = 1, 0
        leaping = leaping or kind[lane] == LEAP
    count, many = n, most_base(plan)
    if leaping:
        count = _interpolate(plan, work, n, many, columns[A_MOVES] == 1, newton)
    for i in range(n):
        for lane in range(L):
            z[size, i, lane] = 0.0 if waiting[lane] != 0 else x[i, lane]
    for slot in range(J):
        move(z, size * z.shape[1] * L, z, slot * z.shape[1] * L, n)
    for lane in range(L):
        if kind[lane] == IDLE or waiting[lane] != 0 or idle[lane] != 0:
            continue
        still[lane] = 0
        if kind[lane] == CLOSE:
            if orbit_of(work, n, lane, found):
                for i in range(n):
                    z[0, i, lane] = found[i]
                    z[size, i, lane] = found[i]
            else:
                leap_ratio[lane] = np.inf
        if kind[lane] != LEAP:
            continue
        constant = _constant(newton, plan.base[lane], count, lane)
        if constant and columns[STEADY] and _rests(tile, work, x, n, first, lane, rtol, found):
            still[lane] = 1
            for i in range(n):
                z[size, i, lane] = found[i]
                for slot in range(J):
                    z[slot, i, lane] = found[i]
            continue
        iterated[lane] = 0 if constant else max(plan_iterated[lane], 0)
        if plan_iterated[lane] < 0 and not constant:
            leap_ratio[lane] = np.inf
    if leaping:
        _iterate(plan, work, n, many, count, newton, reach, iterated, x)
        _lead(plan, work, n, many, count, newton, reach, still, iterated)
        _note_errors(plan, tile, work, n, first, many, count, newton, still, rtol)
    everyone = True
    for lane in range(L):
        everyone = everyone and (still[lane] != 0 or kind[lane] != LEAP)
    return everyone
