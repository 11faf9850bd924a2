"""Compiled algebra of the cascade: small dense matrices of sixteen subjects at a time.

Subjects (lanes) lie on the last axis, and there are always ``LANES`` of them. Every lane is computed by the same
operations in the same order whatever its neighbours are: no reduction, comparison or exit crosses lanes.
Shapes: n states, s collocation nodes, s + 1 points with the panel's start.
"""

import numpy as np

from menaquinone.solve._compiled import exact, inlined, inner
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
    CAUTIOUS,
    DIFFERENCE,
    FAST,
    LARGEST,
    LEAST,
    LED,
    LOWER_DIFFERENCE,
    LOWER_RATIO,
    LOWEST_DIFFERENCE,
    SLAVED,
    SLOPES,
    STAGES,
    TERM_RATIO,
)

L = LANES
S = STAGES

WAITING, STILL, ITERATED, KNOWN, GOING, SEEKING, BEGINS, COUNTS = range(8)
"""Rows of ``work.whole``: integers of all lanes."""


@inner
def take(work, count):
    """Return the first of so many free elements of scratch; they are free again when ``work.top`` is set back."""
    at = work.top[0]
    work.top[0] = at + count
    return at


@inlined
def rows_of(work, n):
    """Return (n, L) of scratch."""
    return view(work.scratch, take(work, n * L), (n, L))


@inlined
def zeros_of(work, n):
    """Return (n, L) of scratch, all zero."""
    made = rows_of(work, n)
    for i in range(n):
        store(work.scratch, work.top[0] - (n - i) * L, splat(0.0))
    return made


@exact
def copy(into, x):
    """Copy x (n, L)."""
    for i in range(x.shape[0]):
        for lane in range(L):
            into[i, lane] = x[i, lane]


@inner
def fill(into, value):
    """Set all of (n, L) to one value."""
    for i in range(into.shape[0]):
        for lane in range(L):
            into[i, lane] = value


@inlined
def _falling(last, lower, lowest):
    """Return by what share terms fall, at most 1: the last may be small by accident, and the one before it counts."""
    one = div(mul(magnitude(last), splat(TERM_RATIO)), magnitude(lower))
    two = div(mul(magnitude(lower), splat(LOWER_RATIO)), magnitude(lowest))
    return smallest(splat(1.0), largest(one, two))


@inlined
def _next_term(last, lower, lowest):
    """Return what the term after the last is likely to be, terms falling as they did: the last is still in use."""
    share = _falling(last, lower, lowest)
    before = mul(mul(magnitude(lower), splat(1.0 / TERM_RATIO)), mul(share, share))
    found = largest(mul(magnitude(last), largest(splat(LEAST), share)), before)
    return select(lower, found, magnitude(last))


@inlined
def _last_term(last, lower, lowest):
    """Return what the last term is likely to be where it is not small by accident."""
    likely = mul(mul(magnitude(lower), splat(1.0 / TERM_RATIO)), _falling(last, lower, lowest))
    return select(lower, largest(magnitude(last), likely), magnitude(last))


@inner
def estimate(rows, row, n, linked, a, widths, panel, b, q, moving, slope, spread):
    """Fill spread (n, L): the largest effect over the nodes of leaving the panel's start out of the interpolation.

    A state that follows its inputs at once errs as they do at the nodes: nothing says then that the next term is less.
    """
    square, width = n * n * L, load(widths, panel * L)
    for i in range(n):
        total, lower, lowest = splat(0.0), splat(0.0), splat(0.0)
        for point in range(S + 1):
            value = load(b, ((q + point * moving) * n + i) * L)
            total = fma(value, splat(DIFFERENCE[point]), total)
            lower = fma(value, splat(LOWER_DIFFERENCE[point]), lower)
            lowest = fma(value, splat(LOWEST_DIFFERENCE[point]), lowest)
        store(slope, i * L, _next_term(total, lower, lowest))
        store(slope, (n + i) * L, magnitude(total))
    for i in range(n):
        fast = mul(mul(load(a, (i * n + i) * L), width), splat(1.0 / FAST))
        led, worst = smallest(splat(1.0), mul(fast, fast)), splat(0.0)
        for node in range(S):
            error = splat(0.0)
            for j in range(n):
                if linked[i, j]:
                    at = (2 * S + S * (S + 1)) * square + ((i * n + j) * S + node) * L
                    term = largest(load(slope, j * L), mul(led, load(slope, (n + j) * L)))
                    error = fma(load(rows, row + at), term, error)
            worst = largest(worst, magnitude(error))
        store(spread, i * L, worst)


@exact
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


@inner
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


@inlined
def slaved(h, rate):
    """Return the entry of the filter that goes with a rate, its diagonal without the 1."""
    return mul(mul(h, rate), splat(-SLAVED))


@inner
def _caused(a, b, q, moving, h, r, linked, x, path, n, i, falling):
    """Return what the last divided difference of the rate of state i along a path does to it in a panel of width h.

    Or, if terms may be taken to go on falling, what the one after it does.
    """
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
    reach = mul(h, splat(LARGEST))
    if not falling:  # the last term may be small by accident where something fills up inside the panel
        return mul(largest(magnitude(off), mul(magnitude(lower), splat(CAUTIOUS / TERM_RATIO))), reach)
    fast = mul(mul(h, load(a, (((q + S * moving) * n + i) * n + i) * L)), splat(1.0 / FAST))
    led = mul(_last_term(off, lower, lowest), mul(splat(LED), smallest(splat(1.0), mul(fast, fast))))
    return mul(largest(magnitude(_next_term(off, lower, lowest)), led), reach)


@inner
def collocation_error(a, b, q, moving, widths, panel, r, linked, x, path, size, matrix, right, spread, falling):
    """Fill spread (n, L): what the last divided difference of the rates along a path does to the end.

    The path (points, n, L) stands in x from element ``path`` on; size (n, n): structure of the filter's elimination;
    falling: whether terms may be taken to go on falling, which those of rates with a saturable part need not do.

    Stiff modes are damped by the rule, their defect is no error: it is filtered.
    """
    n = r.shape[0]
    h = load(widths, panel * L)
    for i in range(n):
        store(right, i * L, _caused(a, b, q, moving, h, r, linked, x, path, n, i, falling))
        for j in range(n):
            value = slaved(h, load(a, (((q + S * moving) * n + i) * n + j) * L))
            store(matrix, (i * n + j) * L, add(value, splat(1.0 if i == j else 0.0)))
    _eliminate(matrix, right, 1, size, size)
    for i in range(n):
        store(spread, i * L, magnitude(load(right, i * L)))


@exact
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


@exact
def move(source, first, into, place, n):
    """Copy n vectors from an element of one array to an element of another."""
    for i in range(n):
        store(into, place + i * L, load(source, first + i * L))


@inner
def raise_to(peak, path, first, n):
    """Raise peaks (n, L) to the magnitudes of n vectors from an element of a path on."""
    for i in range(n):
        store(peak, i * L, largest(load(peak, i * L), magnitude(load(path, first + i * L))))


@inner
def judge(ratio, panel, path, stop, n, spread, widths, lost, noise, first, peak, rtol, floor):
    """Raise the ratio (panels, L) of a panel to that of n states: their estimate over what is allowed.

    The end of its path (n, L) stands from element ``stop`` on: what a state has fallen from does not excuse it.
    lost (L,): the rate at which errors are forgotten. What a state forgets only slowly adds up: it may err less in a
    panel.
    """
    worst = load(ratio, panel * L)
    patience = root(smallest(splat(1.0), mul(load(widths, panel * L), load(lost, 0))))
    for i in range(n):
        end = load(path, stop + i * L)
        scale = fma(load(peak, i * L), splat(floor), magnitude(end))
        allowed = fma(mul(scale, splat(rtol)), patience, load(noise, (first + i) * L))
        off = load(spread, i * L)
        found = select(off, div(off, allowed), splat(0.0))
        found = select(sub(found, found), splat(np.inf), found)  # not a number, or beyond all
        found = select(sub(end, end), splat(np.inf), found)
        worst = largest(worst, found)
    store(ratio, panel * L, worst)
