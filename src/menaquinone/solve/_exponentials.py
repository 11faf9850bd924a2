"""Compiled matrix exponentials: propagators of constant coefficients over a panel, sixteen subjects at a time.

By scaling, a Taylor series and doubling, each lane as often as it needs; what cannot act on what is left out.
"""

import numpy as np

from menaquinone.solve._algebra import COUNTS, L, S, rows_of, take
from menaquinone.solve._compiled import exact, inner
from menaquinone.solve._records import view
from menaquinone.solve._vectors import add, div, fma, largest, load, magnitude, mul, select, splat, store
from menaquinone.solve.tableau import LAGRANGE, NODE_POLYNOMIAL, POINTS

_TERMS, _PARTS = 20, 5
"""Terms of the series at norm 1: the rest is below 1e-18; and how many are summed at a time."""
_SPILL = NODE_POLYNOMIAL.coef.copy()
_INVERSE = np.array([1.0 / float(np.prod(np.arange(1.0, k + 1))) for k in range(_TERMS + S + 4)])
"""1 / k!"""


@inner
def row_size(n, driven):
    """Return how many numbers the propagators of one panel width take."""
    square = n * n * L
    return (2 * S + (S * (S + 1) + S if driven else 0)) * square


@inner
def _list_products(linked, steps):
    """List what a product of matrices takes: for each entry where it stands, how many terms, and where they stand."""
    n, at = linked.shape[0], 0
    for i in range(n):
        for j in range(n):
            if linked[i, j]:
                first, at = at, at + 2
                for k in range(n):
                    if linked[i, k] and linked[k, j]:
                        steps[at], steps[at + 1] = (i * n + k) * L, (k * n + j) * L
                        at += 2
                steps[first], steps[first + 1] = (i * n + j) * L, (at - first) // 2 - 1
    steps[at] = -1


@exact
def _multiply(left, right, steps, out, into):
    """Multiply matrices (n, n, L) as listed, the result from element ``into`` of out on."""
    at = 0
    while steps[at] >= 0:
        place, count, total = steps[at], steps[at + 1], splat(0.0)
        at += 2
        for _ in range(count):
            total = fma(load(left, steps[at]), load(right, steps[at + 1]), total)
            at += 2
        store(out, into + place, total)


@inner
def _norm(a):
    """Return the largest column sum of magnitudes of a matrix (n, n, L)."""
    n, norm = a.shape[0], splat(0.0)
    for j in range(n):
        column = splat(0.0)
        for i in range(n):
            column = add(column, magnitude(load(a, (i * n + j) * L)))
        norm = largest(norm, column)
    return norm


@inner
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


@inner
def _powers(z, steps, powers):
    """Fill powers (5, n, n, L) with those of a matrix from the first on."""
    n = z.shape[0]
    square = n * n * L
    for place in range(n * n):
        store(powers, place * L, load(z, place * L))
        for k in range(1, _PARTS):
            store(powers, k * square + place * L, splat(0.0))
    for k in range(1, _PARTS):
        _multiply(z, powers[k - 1], steps, powers, k * square)


@inner
def _series(powers, scale, linked, steps, order, last, spare):
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
            _multiply(powers[_PARTS - 1], last, steps, spare, 0)
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


@inner
def _phi(powers, scale, linked, steps, order, phi, spare, counts, most, keep):
    """Fill phi[k] = phi_k(z), k = 0..order: a series for the last, recurrence down, doubling back up.

    phi_0 has a series of its own where nothing, or phi_1 alone, is asked for beside it: the same number either way.
    z is ``scale`` times the first of the powers, doubled as often as ``counts`` says, ``most`` times at the most.
    """
    n = linked.shape[0]
    square = n * n * L
    _series(powers, scale, linked, steps, order, phi[order], spare)
    by_recurrence = order if order > 1 else 0
    if order == 1:
        _series(powers, scale, linked, steps, 0, phi[0], spare)
    for k in range(by_recurrence - 1, -1, -1):
        _multiply(powers[0], phi[k + 1], steps, spare, 0)
        for i in range(n):
            for j in range(n):
                if linked[i, j]:
                    at = (i * n + j) * L
                    store(phi, k * square + at, fma(load(spare, at), scale, splat(_INVERSE[k] if i == j else 0.0)))
    for turn in range(most):
        for lane in range(L):
            keep[lane] = 1.0 if turn < counts[lane] else 0.0
        for k in range(order, -1, -1):  # phi_k(2z) needs the old phi_0 .. phi_k
            _multiply(phi[0], phi[k], steps, spare, 0)
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


@inner
def propagators(a, widths, row, linked, held, driven, out, begin, work):
    """Fill ``out`` with the exact propagators of x' = a x + polynomial over one panel width of each lane.

    a (n, n, L); widths (rows, L), of which one row; linked (n, n): which states act on which. ``out`` holds from
    element ``begin`` on, one after the other, keep and hold (n, n, s, L): effect of the start and, where ``held``, of a
    constant input at each node; and where ``driven``, which asks for all, drive (n, n, s + 1, s, L): of the input at
    each point, and defect (n, n, s, L): of the input's divided difference when the start is left out of the
    interpolation. They are read in this order.
    """
    n = a.shape[0]
    order = S + 1 if driven else (1 if held else 0)
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
    _list_products(linked, work.steps)
    _powers(z, work.steps, powers)
    for node in range(S):
        step = mul(width, splat(POINTS[node + 1]))
        most = _halvings(norms[0], POINTS[node + 1], counts, scale[0])
        _phi(powers, div(load(scale, 0), whole), linked, work.steps, order, phi, spare, counts, most, keep[0])
        for place in range(n * n):
            store(out, begin + (place * S + node) * L, load(phi, place * L))
            if order > 0:
                store(out, begin + S * square + (place * S + node) * L, mul(step, load(phi, square + place * L)))
        if driven:
            _drives(node, width, phi, out, begin + 2 * S * square)
    work.top[0] = top


@inner
def _drives(node, width, phi, out, begin):
    n = phi.shape[1]
    square = n * n * L
    for place in range(n * n):
        for point in range(S + 2):
            which = n * n * (S + 1) + place if point > S else place * (S + 1) + point
            total = splat(0.0)
            factorial, power = 1.0, POINTS[node + 1]
            for k in range(S + 1):
                weight = power * factorial * (_SPILL[k] if point > S else LAGRANGE[point, k])
                total = fma(load(phi, (k + 1) * square + place * L), splat(weight), total)
                factorial *= k + 1
                power *= POINTS[node + 1]
            store(out, begin + (which * S + node) * L, mul(total, width))
