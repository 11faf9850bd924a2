"""Compiled kernels of the cascade engine. They know arrays, not blocks: no model change recompiles them.

Subjects (lanes) lie on the last axis. Every lane is computed by the same operations in the same order whatever its
neighbours are: no reduction, comparison or exit crosses lanes, and no fast-math lets the compiler reorder.
Shapes: n states, m members, L lanes, H distinct steps, K panels, s collocation nodes, s + 1 points with the start.
"""

import numpy as np
from numba import njit

BOLUS, RATE, RESET = 0, 1, 2
_TAYLOR = 16
"""Terms of the series at norm 1/2: the rest is below 1e-19."""


@njit(cache=True, nogil=True, error_model="numpy")
def _multiply(left, right, out):
    n = left.shape[0]
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += left[i, k] * right[k, j]
            out[i, j] = total


@njit(cache=True, nogil=True, error_model="numpy")
def _phi(a, order, phi, work):
    """Fill phi[k] = phi_k(a), k = 0..order: scaled Taylor series for the last, recurrence down, doubling back up."""
    n = a.shape[0]
    norm = 0.0
    for j in range(n):
        column = 0.0
        for i in range(n):
            column += abs(a[i, j])
        norm = max(norm, column)
    halvings = 0
    while norm > 0.5 and halvings < 60:
        norm *= 0.5
        halvings += 1
    z, spare = work[0], work[1]
    for i in range(n):
        for j in range(n):
            z[i, j] = a[i, j] * 0.5**halvings
    inverse = np.empty(_TAYLOR + order + 2)
    inverse[0] = 1.0
    for k in range(1, inverse.size):
        inverse[k] = inverse[k - 1] / k
    last = phi[order]
    for i in range(n):
        for j in range(n):
            last[i, j] = inverse[_TAYLOR + order] if i == j else 0.0
    for term in range(_TAYLOR - 1, -1, -1):
        _multiply(z, last, spare)
        for i in range(n):
            for j in range(n):
                last[i, j] = spare[i, j] + (inverse[term + order] if i == j else 0.0)
    for k in range(order - 1, -1, -1):
        _multiply(z, phi[k + 1], phi[k])
        for i in range(n):
            phi[k, i, i] += inverse[k]
    for _ in range(halvings):
        for k in range(order, 0, -1):  # phi_k(2z) needs the old phi_0 .. phi_k
            _multiply(phi[0], phi[k], spare)
            for i in range(n):
                for j in range(n):
                    total = spare[i, j]
                    for q in range(1, k + 1):
                        total += phi[q, i, j] * inverse[k - q]
                    phi[k, i, j] = total * 0.5**k
        _multiply(phi[0], phi[0], spare)
        phi[0, :, :] = spare


@njit(cache=True, nogil=True, error_model="numpy")
def propagators(a, steps, points, lagrange, node_polynomial, driven, keep, hold, drive, defect):
    """Exact propagators of x' = a x + polynomial over every distinct step.

    a (n, n, m, L); steps (H, L); keep and hold (H, s, n, n, m, L): effect of the start and of a constant input at each
    node; drive (H, s, s + 1, n, n, m, L): of the input at each point; defect (H, s, n, n, m, L): of the input's
    divided difference when the start is left out of the interpolation. The last two only where ``driven``.
    """
    n, m, lanes = a.shape[1], a.shape[2], a.shape[3]
    s = points.size - 1
    order = s + 1 if driven else 1
    phi = np.empty((order + 1, n, n))
    work = np.empty((2, n, n))
    scaled = np.empty((n, n))
    for q in range(steps.shape[0]):
        for lane in range(lanes):
            h = steps[q, lane]
            if h == 0.0:  # a panel of no width, or a row that this lane does not use
                keep[q, :, :, :, :, lane] = 0.0
                hold[q, :, :, :, :, lane] = 0.0
                for i in range(n):
                    keep[q, :, i, i, :, lane] = 1.0
                if driven:
                    drive[q, :, :, :, :, :, lane] = 0.0
                    defect[q, :, :, :, :, lane] = 0.0
                continue
            for member in range(m):
                for node in range(s):
                    c = points[node + 1]
                    for i in range(n):
                        for j in range(n):
                            scaled[i, j] = a[i, j, member, lane] * (c * h)
                    _phi(scaled, order, phi, work)
                    for i in range(n):
                        for j in range(n):
                            keep[q, node, i, j, member, lane] = phi[0, i, j]
                            hold[q, node, i, j, member, lane] = c * h * phi[1, i, j]
                    if driven:
                        for i in range(n):
                            for j in range(n):
                                spill = 0.0
                                factorial, power = 1.0, c
                                for k in range(s + 1):
                                    spill += power * factorial * node_polynomial[k] * phi[k + 1, i, j]
                                    factorial *= k + 1
                                    power *= c
                                defect[q, node, i, j, member, lane] = h * spill
                                for point in range(s + 1):
                                    total = 0.0
                                    factorial, power = 1.0, c
                                    for k in range(s + 1):
                                        total += power * factorial * lagrange[point, k] * phi[k + 1, i, j]
                                        factorial *= k + 1
                                        power *= c
                                    drive[q, node, point, i, j, member, lane] = h * total


@njit(cache=True, nogil=True, error_model="numpy")
def _begin_panel(k, cursor, events, values, x, r, rest, base, begins, then):
    """Apply the events (panel, kind, state, member, lane) at the start of panel k; return the new cursor."""
    n, m, lanes = x.shape
    while cursor < events.shape[0] and events[cursor, 0] == k:
        kind, state, member, lane = events[cursor, 1], events[cursor, 2], events[cursor, 3], events[cursor, 4]
        if kind == BOLUS:
            x[state, member, lane] += values[cursor]
        elif kind == RATE:
            r[state, member, lane] += values[cursor]
        else:
            for i in range(n):
                for j in range(m):
                    x[i, j, lane] = rest[i, j, lane]
                    r[i, j, lane] = base[i, j, lane]
        cursor += 1
    for member in range(m):
        for lane in range(lanes):
            if begins[member, lane] > k:
                for i in range(n):
                    x[i, member, lane] = 0.0
            elif begins[member, lane] == k:
                for i in range(n):
                    x[i, member, lane] = then[i]
    return cursor


@njit(cache=True, nogil=True, error_model="numpy")
def _fed(r, constant, fed):
    """Note which states get any constant input: what is zero for every lane need not be multiplied."""
    n, m, lanes = r.shape
    for i in range(n):
        for member in range(m):
            fed[i, member] = False
            for lane in range(lanes):
                if r[i, member, lane] + constant[i, member, lane] != 0.0:
                    fed[i, member] = True


@njit(cache=True, nogil=True, error_model="numpy")
def _drivers(k, member, r, constant, b, difference, driven, total, slope):
    """Sum what is constant in panel k, and take the divided difference of what is not."""
    n, lanes = total.shape
    for i in range(n):
        for lane in range(lanes):
            total[i, lane] = r[i, member, lane] + constant[i, member, lane]
            slope[i, lane] = 0.0
        if driven:
            for point in range(difference.size):
                for lane in range(lanes):
                    slope[i, lane] += difference[point] * b[k, point, i, member, lane]


@njit(cache=True, nogil=True, error_model="numpy")
def _together(matrices, q, driven, linked, fed, k, b, x, total, slope, member, row, error, path, spread):
    """Take one member through panel k where the steps of all lanes stand in row q of the tables."""
    keep, hold, drive, defect = matrices
    n, lanes = x.shape[0], x.shape[2]
    for node in range(path.shape[1] - 1):
        for i in range(n):
            for lane in range(lanes):
                row[lane] = 0.0
                error[lane] = 0.0
            for j in range(n):
                if linked[i, j]:
                    for lane in range(lanes):
                        row[lane] += keep[q, node, i, j, member, lane] * x[j, member, lane]
                    if fed[j, member]:
                        for lane in range(lanes):
                            row[lane] += hold[q, node, i, j, member, lane] * total[j, lane]
                    if driven:
                        for point in range(drive.shape[2]):
                            for lane in range(lanes):
                                row[lane] += drive[q, node, point, i, j, member, lane] * b[k, point, j, member, lane]
                        for lane in range(lanes):
                            error[lane] += defect[q, node, i, j, member, lane] * slope[j, lane]
            for lane in range(lanes):
                path[k, node + 1, i, member, lane] = row[lane]
            if driven:
                for lane in range(lanes):
                    spread[k, i, member, lane] = max(spread[k, i, member, lane], abs(error[lane]))


@njit(cache=True, nogil=True, error_model="numpy")
def _apart(matrices, rows, driven, linked, fed, k, b, x, total, slope, member, row, error, path, spread):
    """Do the same, operation by operation, where they stand in different rows."""
    keep, hold, drive, defect = matrices
    n, lanes = x.shape[0], x.shape[2]
    for node in range(path.shape[1] - 1):
        for i in range(n):
            for lane in range(lanes):
                row[lane] = 0.0
                error[lane] = 0.0
            for j in range(n):
                if linked[i, j]:
                    for lane in range(lanes):
                        row[lane] += keep[rows[lane], node, i, j, member, lane] * x[j, member, lane]
                    if fed[j, member]:
                        for lane in range(lanes):
                            row[lane] += hold[rows[lane], node, i, j, member, lane] * total[j, lane]
                    if driven:
                        for point in range(drive.shape[2]):
                            for lane in range(lanes):
                                q = rows[lane]
                                row[lane] += drive[q, node, point, i, j, member, lane] * b[k, point, j, member, lane]
                        for lane in range(lanes):
                            error[lane] += defect[rows[lane], node, i, j, member, lane] * slope[j, lane]
            for lane in range(lanes):
                path[k, node + 1, i, member, lane] = row[lane]
            if driven:
                for lane in range(lanes):
                    spread[k, i, member, lane] = max(spread[k, i, member, lane], abs(error[lane]))


@njit(cache=True, nogil=True, error_model="numpy")
def _exempt(k, member, idle, begins, x, path, spread):
    """Undo panel k for lanes to which nothing happens, and for states that do not exist yet."""
    n, lanes = x.shape[0], x.shape[2]
    for lane in range(lanes):
        waiting = begins[member, lane] > k
        if waiting or idle[member, lane]:
            for i in range(n):
                spread[k, i, member, lane] = 0.0
                for node in range(path.shape[1] - 1):
                    path[k, node + 1, i, member, lane] = 0.0 if waiting else x[i, member, lane]


@njit(cache=True, nogil=True, error_model="numpy")
def exponential(
    matrices,
    driven,
    linked,
    idle,
    step,
    constant,
    b,
    difference,
    x,
    r,
    rest,
    base,
    events,
    values,
    begins,
    then,
    path,
    spread,
):
    """March an affine stage with constant coefficients through K panels, exactly for polynomial inputs.

    matrices: what ``propagators`` filled; linked (n, n): which states act on which within a panel; idle (m, L): members
    to which nothing ever happens, left where they are; step (K, L): index of the panel's step; constant (n, m, L): the
    part of the input that does not change; b (K, s + 1, n, m, L): the rest; x, r (n, m, L) are advanced in place; path
    (K, s + 1, n, m, L) receives the states at every point, spread (K, n, m, L) the error estimate.
    """
    n, m, lanes = x.shape
    s = path.shape[1] - 1
    total, slope = np.zeros((n, lanes)), np.zeros((n, lanes))
    row, error = np.empty(lanes), np.empty(lanes)
    fed = np.zeros((n, m), np.bool_)
    cursor = 0
    for k in range(step.shape[0]):
        before = cursor
        cursor = _begin_panel(k, cursor, events, values, x, r, rest, base, begins, then)
        if k == 0 or cursor != before:
            _fed(r, constant, fed)
        rows = step[k]
        agree = True
        for lane in range(lanes):
            agree = agree and rows[lane] == rows[0]
        path[k, 0] = x
        for member in range(m):
            if idle[member].all():
                for node in range(s):
                    path[k, node + 1, :, member] = x[:, member]
                continue
            _drivers(k, member, r, constant, b, difference, driven, total, slope)
            rest_of = (driven, linked, fed, k, b, x, total, slope, member, row, error, path, spread)
            if agree:
                _together(matrices, rows[0], *rest_of)
            else:
                _apart(matrices, rows, *rest_of)
            _exempt(k, member, idle, begins, x, path, spread)
            x[:, member] = path[k, s, :, member]


@njit(cache=True, nogil=True, error_model="numpy")
def _solve(matrix, right):
    """Solve in place by elimination with row exchange; right becomes the solution."""
    n = right.size
    for column in range(n):
        best = column
        for i in range(column + 1, n):
            if abs(matrix[i, column]) > abs(matrix[best, column]):
                best = i
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


@njit(cache=True, nogil=True, error_model="numpy")
def collocation(
    a, b, width, weights, difference, node_integrals, x, r, rest, base, events, values, begins, then, path, spread
):
    """March an affine stage with varying coefficients through K panels by Radau IIA collocation.

    a (K, s + 1, n, n, m, L) and b (K, s + 1, n, m, L) at every point; width (K, L); the rest as in ``exponential``.
    """
    n, m, lanes = x.shape
    s = weights.shape[0]
    matrix, right = np.empty((s * n, s * n)), np.empty(s * n)
    filter_, off = np.empty((n, n)), np.empty(n)
    cursor = 0
    for k in range(width.shape[0]):
        cursor = _begin_panel(k, cursor, events, values, x, r, rest, base, begins, then)
        path[k, 0] = x
        for member in range(m):
            for lane in range(lanes):
                h = width[k, lane]
                if begins[member, lane] > k:
                    for node in range(s):
                        for i in range(n):
                            path[k, node + 1, i, member, lane] = 0.0
                    continue
                for p in range(s):
                    for i in range(n):
                        right[p * n + i] = x[i, member, lane]
                        for q in range(s):
                            right[p * n + i] += h * weights[p, q] * (b[k, q + 1, i, member, lane] + r[i, member, lane])
                            for j in range(n):
                                same = 1.0 if p == q and i == j else 0.0
                                matrix[p * n + i, q * n + j] = (
                                    same - h * weights[p, q] * a[k, q + 1, i, j, member, lane]
                                )
                _solve(matrix, right)
                for node in range(s):
                    for i in range(n):
                        path[k, node + 1, i, member, lane] = right[node * n + i]
                for i in range(n):
                    off[i] = 0.0
                    for point in range(s + 1):
                        rate = b[k, point, i, member, lane] + r[i, member, lane]
                        for j in range(n):
                            rate += a[k, point, i, j, member, lane] * path[k, point, j, member, lane]
                        off[i] += difference[point] * rate
                largest = 0.0
                for node in range(s):
                    largest = max(largest, abs(node_integrals[node]))
                for i in range(n):
                    off[i] *= h * largest
                    for j in range(n):
                        filter_[i, j] = (1.0 if i == j else 0.0) - h * weights[0, 0] * a[k, s, i, j, member, lane]
                _solve(filter_, off)  # stiff modes are damped by the rule: their defect is not an error
                for i in range(n):
                    spread[k, i, member, lane] = abs(off[i])
                    x[i, member, lane] = path[k, s, i, member, lane]
