"""Compiled algebra of the cascade: small dense matrices of sixteen subjects at a time.

Subjects (lanes) lie on the last axis, and there are always ``LANES`` of them. Every lane is computed by the same
operations in the same order whatever its neighbours are: no reduction, comparison or exit crosses lanes.
Shapes: n states, s collocation nodes, s + 1 points with the panel's start.
"""

import numpy as np
from numba import njit

from menaquinone.solve._records import view
from menaquinone.solve._vectors import (
    add,
    div,
    fma,
    largest,
    load,
    magnitude,
    mul,
    root,
    select,
    smallest,
    splat,
    store,
    sub,
)
from menaquinone.solve.equations import LANES
from menaquinone.solve.tableau import (
    DIFFERENCE,
    LAGRANGE,
    LOWER_DIFFERENCE,
    LOWER_RATIO,
    LOWEST_DIFFERENCE,
    NODE_INTEGRALS,
    NODE_POLYNOMIAL,
    POINTS,
    SLOPES,
    STAGES,
    TERM_RATIO,
)

L = LANES
S = STAGES
_TERMS, _PARTS = 20, 5
"""Terms of the series at norm 1: the rest is below 1e-18; and how many are summed at a time."""
_SPILL = NODE_POLYNOMIAL.coef.copy()
_LARGEST = float(np.abs(NODE_INTEGRALS).max())
_SLAVED = _LARGEST / float(np.prod(1.0 - POINTS[1:-1]))
"""Weight of a filter whose estimate tends to the error of a state that follows its input at once."""
_FAST = 10.0
"""Loss in a panel from which the last term itself is the error: nothing of it is in use by such a state."""
_LEAST = 0.03
"""Most credit that an error estimate gets for terms that fall from one to the next."""
_INVERSE = np.array([1.0 / float(np.prod(np.arange(1.0, k + 1))) for k in range(_TERMS + S + 4)])
"""1 / k!"""

WAITING, STILL, ITERATED, AT, KNOWN, GOING, SEEKING, BEGINS, COUNTS = range(9)
"""Rows of ``work.whole``: integers of all lanes."""
OPTIONS = {"_nrt": False, "cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract"}}


@njit(**OPTIONS)
def take(work, count):
    """Return the first of so many free elements of scratch; they are free again when ``work.top`` is set back."""
    at = work.top[0]
    work.top[0] = at + count
    return at


@njit(inline="always", **OPTIONS)
def rows_of(work, n):
    """Return (n, L) of scratch."""
    return view(work.scratch, take(work, n * L), (n, L))


@njit(inline="always", **OPTIONS)
def zeros_of(work, n):
    """Return (n, L) of scratch, all zero."""
    made = rows_of(work, n)
    for i in range(n):
        store(work.scratch, work.top[0] - (n - i) * L, splat(0.0))
    return made


@njit(**OPTIONS)
def copy(into, x):
    """Copy x (n, L)."""
    for i in range(x.shape[0]):
        for lane in range(L):
            into[i, lane] = x[i, lane]


@njit(**OPTIONS)
def fill(into, value):
    """Set all of (n, L) to one value."""
    for i in range(into.shape[0]):
        for lane in range(L):
            into[i, lane] = value


@njit(**OPTIONS)
def row_size(n, driven):
    """Return how many numbers the propagators of one panel width take."""
    square = n * n * L
    return (2 * S + (S * (S + 1) + S if driven else 0)) * square


@njit(**OPTIONS)
def _multiply(left, right, linked, out, into):
    """Multiply matrices (n, n, L), the result from element ``into`` of out on."""
    n = linked.shape[0]
    for i in range(n):
        for j in range(n):
            if linked[i, j]:
                total = splat(0.0)
                for k in range(n):
                    if linked[i, k] and linked[k, j]:
                        total = fma(load(left, (i * n + k) * L), load(right, (k * n + j) * L), total)
                store(out, into + (i * n + j) * L, total)


@njit(**OPTIONS)
def _norm(a):
    """Return the largest column sum of magnitudes of a matrix (n, n, L)."""
    n, norm = a.shape[0], splat(0.0)
    for j in range(n):
        column = splat(0.0)
        for i in range(n):
            column = add(column, magnitude(load(a, (i * n + j) * L)))
        norm = largest(norm, column)
    return norm


@njit(**OPTIONS)
def _halvings(norms, share, counts, scale):
    """Count how often a share of each lane's norm (L,) has to be halved to be at most 1; return the largest count.

    scale (L,) gets what the whole is multiplied by.
    """
    most = 0
    for lane in range(L):
        norm, counts[lane], scale[lane] = norms[lane] * share, 0, share
        while norm > 1.0 and counts[lane] < 60:
            norm *= 0.5
            scale[lane] *= 0.5
            counts[lane] += 1
        most = max(most, counts[lane])
    return most


@njit(**OPTIONS)
def _powers(z, linked, powers):
    """Fill powers (5, n, n, L) with those of a matrix from the first on."""
    n = z.shape[0]
    square = n * n * L
    for place in range(n * n):
        store(powers, place * L, load(z, place * L))
        for k in range(1, _PARTS):
            store(powers, k * square + place * L, splat(0.0))
    for k in range(1, _PARTS):
        _multiply(z, powers[k - 1], linked, powers, k * square)


@njit(**OPTIONS)
def _series(powers, scale, linked, order, last, spare):
    """Fill ``last`` with the Taylor series of phi_order, twenty terms of it, at a scaled matrix of norm 1 at most.

    Five terms at a time (Paterson and Stockmeyer): only three products are taken.
    """
    n = linked.shape[0]
    square = n * n * L
    shares = splat(1.0)
    for _ in range(_PARTS):
        shares = mul(shares, scale)
    for block in range(_TERMS // _PARTS - 1, -1, -1):
        first = block < _TERMS // _PARTS - 1
        if first:
            _multiply(powers[_PARTS - 1], last, linked, spare, 0)
        for i in range(n):
            for j in range(n):
                if linked[i, j]:
                    at, power = (i * n + j) * L, scale
                    total = splat(_INVERSE[block * _PARTS + order] if i == j else 0.0)
                    for k in range(1, _PARTS):
                        term = mul(power, splat(_INVERSE[block * _PARTS + k + order]))
                        total = fma(load(powers, (k - 1) * square + at), term, total)
                        power = mul(power, scale)
                    store(last, at, fma(load(spare, at), shares, total) if first else total)


@njit(**OPTIONS)
def _phi(powers, scale, linked, order, phi, spare, counts, most, keep):
    """Fill phi[k] = phi_k(z), k = 0..order: a series for the last, recurrence down, doubling back up.

    z is ``scale`` times the first of the powers, doubled as often as ``counts`` says, ``most`` times at the most.
    """
    n = linked.shape[0]
    square = n * n * L
    _series(powers, scale, linked, order, phi[order], spare)
    for k in range(order - 1, -1, -1):
        _multiply(powers[0], phi[k + 1], linked, spare, 0)
        for i in range(n):
            for j in range(n):
                if linked[i, j]:
                    at = (i * n + j) * L
                    store(phi, k * square + at, fma(load(spare, at), scale, splat(_INVERSE[k] if i == j else 0.0)))
    for turn in range(most):
        for lane in range(L):
            keep[lane] = 1.0 if turn < counts[lane] else 0.0
        for k in range(order, -1, -1):  # phi_k(2z) needs the old phi_0 .. phi_k
            _multiply(phi[0], phi[k], linked, spare, 0)
            half = 0.5**k
            for i in range(n):
                for j in range(n):
                    if linked[i, j]:
                        at = (i * n + j) * L
                        total = load(spare, at)
                        for q in range(1, k + 1):
                            total = fma(load(phi, q * square + at), splat(_INVERSE[k - q]), total)
                        old = load(phi, k * square + at)
                        # lanes that are done keep what they have
                        store(phi, k * square + at, select(load(keep, 0), mul(total, splat(half)), old))


@njit(**OPTIONS)
def propagators(a, widths, row, linked, driven, out, begin, work):
    """Fill ``out`` with the exact propagators of x' = a x + polynomial over one panel width of each lane.

    a (n, n, L); widths (rows, L), of which one row; linked (n, n): which states act on which. ``out`` holds from
    element ``begin`` on, one after the other, keep and hold (s, n, n, L): effect of the start and of a constant input
    at each node; and where ``driven`` drive (s, s + 1, n, n, L): of the input at each point, and defect (s, n, n, L):
    of the input's divided difference when the start is left out of the interpolation.
    """
    n = a.shape[0]
    order = S + 1 if driven else 1
    square, top = n * n * L, work.top[0]
    phi = view(work.scratch, take(work, (order + 1) * square), (order + 1, n, n, L))
    powers = view(work.scratch, take(work, _PARTS * square), (_PARTS, n, n, L))
    z = view(work.scratch, take(work, square), (n, n, L))
    spare = view(work.scratch, take(work, square), (n, n, L))
    keep, scale, norms = rows_of(work, 1), rows_of(work, 1), rows_of(work, 1)
    counts, width = work.whole[COUNTS], load(widths, row * L)
    for place in range((order + 1) * n * n):
        store(phi, place * L, splat(0.0))
    for place in range(n * n):
        store(spare, place * L, splat(0.0))
        store(z, place * L, mul(load(a, place * L), width))
    store(norms, 0, _norm(z))
    _halvings(norms[0], 1.0, counts, scale[0])
    whole = load(scale, 0)
    for place in range(n * n):
        store(z, place * L, mul(load(z, place * L), whole))
    _powers(z, linked, powers)
    for node in range(S):
        step = mul(width, splat(POINTS[node + 1]))
        most = _halvings(norms[0], POINTS[node + 1], counts, scale[0])
        _phi(powers, div(load(scale, 0), whole), linked, order, phi, spare, counts, most, keep[0])
        for place in range(n * n):
            store(out, begin + node * square + place * L, load(phi, place * L))
            store(out, begin + (S + node) * square + place * L, mul(step, load(phi, square + place * L)))
        if driven:
            _drives(node, width, phi, out, begin + 2 * S * square)
    work.top[0] = top


@njit(**OPTIONS)
def _drives(node, width, phi, out, begin):
    n = phi.shape[1]
    square = n * n * L
    for place in range(n * n):
        for point in range(S + 2):
            which = S * (S + 1) + node if point > S else node * (S + 1) + point
            total = splat(0.0)
            factorial, power = 1.0, POINTS[node + 1]
            for k in range(S + 1):
                weight = power * factorial * (_SPILL[k] if point > S else LAGRANGE[point, k])
                total = fma(load(phi, (k + 1) * square + place * L), splat(weight), total)
                factorial *= k + 1
                power *= POINTS[node + 1]
            store(out, begin + which * square + place * L, mul(total, width))


@njit(**OPTIONS)
def forced(rows, row, n, driven, linked, total, b, q, moving, from_node, psi, into):
    """Fill psi (s, n, L) from element ``into`` on, from one of the nodes on, by the propagators at element ``row``.

    It is what a constant input ``total`` (n, L) and inputs b (points, n, L) from point q on do.
    """
    square = n * n * L
    for node in range(from_node, S):
        for i in range(n):
            out = splat(0.0)
            for j in range(n):
                if linked[i, j]:
                    place = (i * n + j) * L
                    out = fma(load(rows, row + (S + node) * square + place), load(total, j * L), out)
                    if driven:
                        for point in range(S + 1):
                            at = (2 * S + node * (S + 1) + point) * square + place
                            out = fma(load(rows, row + at), load(b, ((q + point * moving) * n + j) * L), out)
            store(psi, into + (node * n + i) * L, out)


@njit(inline="always", **OPTIONS)
def _next_term(last, lower, lowest):
    """Return what the term after the last is likely to be, terms falling as they did: the last is still in use.

    A last term may be small by accident: what the one before it leads to counts as well.
    """
    one = div(mul(magnitude(last), splat(TERM_RATIO)), magnitude(lower))
    two = div(mul(magnitude(lower), splat(LOWER_RATIO)), magnitude(lowest))
    share = smallest(splat(1.0), largest(one, two))
    before = mul(mul(magnitude(lower), splat(1.0 / TERM_RATIO)), mul(share, share))
    found = largest(mul(magnitude(last), largest(splat(_LEAST), share)), before)
    return select(lower, found, magnitude(last))


@njit(**OPTIONS)
def estimate(rows, row, n, linked, b, q, moving, slope, spread):
    """Fill spread (n, L): the largest effect over the nodes of leaving the panel's start out of the interpolation."""
    square = n * n * L
    for i in range(n):
        total, lower, lowest = splat(0.0), splat(0.0), splat(0.0)
        for point in range(S + 1):
            value = load(b, ((q + point * moving) * n + i) * L)
            total = fma(value, splat(DIFFERENCE[point]), total)
            lower = fma(value, splat(LOWER_DIFFERENCE[point]), lower)
            lowest = fma(value, splat(LOWEST_DIFFERENCE[point]), lowest)
        store(slope, i * L, _next_term(total, lower, lowest))
    for i in range(n):
        worst = splat(0.0)
        for node in range(S):
            error = splat(0.0)
            for j in range(n):
                if linked[i, j]:
                    at = (2 * S + S * (S + 1) + node) * square + (i * n + j) * L
                    error = fma(load(rows, row + at), load(slope, j * L), error)
            worst = largest(worst, magnitude(error))
        store(spread, i * L, worst)


@njit(**OPTIONS)
def _eliminate(matrix, right, columns, used, filled):
    """Solve (N, N, L) for (N, c, L) in place, without row exchange: pivots of the rule stay away from zero."""
    size = used.shape[0]
    for column in range(size):
        at = (column * size + column) * L
        pivot = div(splat(1.0), load(matrix, at))
        store(matrix, at, pivot)
        for i in range(column + 1, size):
            if used[i, column]:
                factor = sub(splat(0.0), mul(load(matrix, (i * size + column) * L), pivot))
                for j in range(column + 1, size):
                    if used[column, j]:
                        at = (i * size + j) * L
                        store(matrix, at, fma(factor, load(matrix, (column * size + j) * L), load(matrix, at)))
                for j in range(columns):
                    if columns == 1 or filled[column, j]:
                        at = (i * columns + j) * L
                        store(right, at, fma(factor, load(right, (column * columns + j) * L), load(right, at)))
    for i in range(size - 1, -1, -1):
        for j in range(columns):
            if columns == 1 or filled[i, j]:
                total = splat(0.0)
                for k in range(i + 1, size):
                    if used[i, k] and (columns == 1 or filled[k, j]):
                        total = fma(load(matrix, (i * size + k) * L), load(right, (k * columns + j) * L), total)
                at = (i * columns + j) * L
                store(right, at, mul(sub(load(right, at), total), load(matrix, (i * size + i) * L)))


@njit(**OPTIONS)
def collocate(a, b, q, moving, widths, panel, r, linked, used, filled, matrix, right, keep, keeps, psi, psis):
    """Solve x' = a(t) x + b(t) + r over one panel by Radau IIA collocation, for every start at once.

    a (points, n, n, L) and b (points, n, L) hold the panel's points from q on; widths (panels, L); r (n, L). Fills keep
    (s, n, n, L), from element ``keeps`` on: effect of the start at each node, and psi (s, n, L), from element ``psis``
    on: that of everything else. matrix and right are scratch.
    """
    n = r.shape[0]
    size, columns = n * S, n + 1
    h = load(widths, panel * L)
    for place in range(size * size):
        store(matrix, place * L, splat(0.0))
    for i in range(n):
        for p in range(S):
            row, here = i * S + p, (q + (p + 1) * moving) * n + i
            for node in range(S):
                store(matrix, (row * size + i * S + node) * L, splat(SLOPES[p, node]))
            for j in range(n):
                value = splat(0.0)
                if linked[i, j] or i == j:
                    value = mul(h, load(a, (here * n + j) * L))
                    at = (row * size + j * S + p) * L
                    store(matrix, at, sub(load(matrix, at), value))
                store(right, (row * columns + j) * L, value)
            store(right, (row * columns + n) * L, mul(h, add(load(b, here * L), load(r, i * L))))
    _eliminate(matrix, right, columns, used, filled)
    for node in range(S):
        for i in range(n):
            row = i * S + node
            store(psi, psis + (node * n + i) * L, load(right, (row * columns + n) * L))
            for j in range(n):
                value = load(right, (row * columns + j) * L) if filled[row, j] else splat(0.0)
                value = add(value, splat(1.0)) if i == j else value  # what has been solved for is the change
                store(keep, keeps + ((node * n + i) * n + j) * L, value)


@njit(inline="always", **OPTIONS)
def slaved(h, rate):
    """Return the entry of the filter that goes with a rate, its diagonal without the 1."""
    return mul(mul(h, rate), splat(-_SLAVED))


@njit(**OPTIONS)
def caused(a, b, q, moving, h, r, linked, x, path, n, i):
    """Return what the last divided difference of the rate of state i along a path does to it in a panel of width h."""
    off, lower, lowest = splat(0.0), splat(0.0), splat(0.0)
    for point in range(S + 1):
        here = (q + point * moving) * n + i
        rate = add(load(b, here * L), load(r, i * L))
        for j in range(n):
            if linked[i, j] or i == j:
                rate = fma(load(a, (here * n + j) * L), load(x, path + (point * n + j) * L), rate)
        off = fma(rate, splat(DIFFERENCE[point]), off)
        lower = fma(rate, splat(LOWER_DIFFERENCE[point]), lower)
        lowest = fma(rate, splat(LOWEST_DIFFERENCE[point]), lowest)
    fast = mul(mul(h, load(a, (((q + S * moving) * n + i) * n + i) * L)), splat(1.0 / _FAST))
    led = mul(magnitude(off), smallest(splat(1.0), mul(fast, fast)))
    return mul(largest(magnitude(_next_term(off, lower, lowest)), led), mul(h, splat(_LARGEST)))


@njit(**OPTIONS)
def collocation_error(a, b, q, moving, widths, panel, r, linked, x, path, size, matrix, right, spread):
    """Fill spread (n, L): what the last divided difference of the rates along a path does to the end.

    The path (points, n, L) stands in x from element ``path`` on; size (n, n): structure of the filter's elimination.

    Stiff modes are damped by the rule, their defect is no error: it is filtered.
    """
    n = r.shape[0]
    h = load(widths, panel * L)
    for i in range(n):
        store(right, i * L, caused(a, b, q, moving, h, r, linked, x, path, n, i))
        for j in range(n):
            value = slaved(h, load(a, (((q + S * moving) * n + i) * n + j) * L))
            store(matrix, (i * n + j) * L, add(value, splat(1.0 if i == j else 0.0)))
    _eliminate(matrix, right, 1, size, size)
    for i in range(n):
        store(spread, i * L, magnitude(load(right, i * L)))


@njit(**OPTIONS)
def onward(keep, keeps, psi, psis, nodes, linked, x, out, into):
    """Write node by node where a start x (n, L) leads: keep x + psi, each from an element of its array on."""
    n = linked.shape[0]
    for node in range(nodes):
        for i in range(n):
            total = load(psi, psis + (node * n + i) * L)
            for j in range(n):
                if linked[i, j]:
                    total = fma(load(keep, keeps + ((node * n + i) * n + j) * L), load(x, j * L), total)
            store(out, into + (node * n + i) * L, total)


@njit(**OPTIONS)
def move(source, first, into, place, n):
    """Copy n vectors from an element of one array to an element of another."""
    for i in range(n):
        store(into, place + i * L, load(source, first + i * L))


@njit(**OPTIONS)
def raise_to(peak, path, first, n):
    """Raise peaks (n, L) to the magnitudes of n vectors from an element of a path on."""
    for i in range(n):
        store(peak, i * L, largest(load(peak, i * L), magnitude(load(path, first + i * L))))


@njit(**OPTIONS)
def judge(ratio, panel, path, start, stop, n, spread, widths, lost, noise, first, peak, rtol, floor):
    """Raise the ratio (panels, L) of a panel to that of n states: their estimate over what is allowed.

    Both ends of its path (n, L) stand from elements ``start`` and ``stop`` on; lost (L,): the rate at which errors are
    forgotten. What a state forgets only slowly adds up: it may err less in a panel.
    """
    worst = load(ratio, panel * L)
    patience = root(smallest(splat(1.0), mul(load(widths, panel * L), load(lost, 0))))
    for i in range(n):
        end = load(path, stop + i * L)
        scale = fma(load(peak, i * L), splat(floor), largest(magnitude(load(path, start + i * L)), magnitude(end)))
        allowed = fma(mul(scale, splat(rtol)), patience, load(noise, (first + i) * L))
        off = load(spread, i * L)
        found = select(off, div(off, allowed), splat(0.0))
        found = select(sub(found, found), splat(np.inf), found)  # not a number, or beyond all
        found = select(sub(end, end), splat(np.inf), found)
        worst = largest(worst, found)
    store(ratio, panel * L, worst)
