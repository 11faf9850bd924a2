"""Compiled interpolation over the periods of a leap: functions of a period's number, fitted to sampled periods.

What a period's map depends on fades with the slowest transient of the doses, goes on with time (age), or both. Its
coefficients are interpolated by Chebyshev polynomials of the one, of the other, or by a few of each, of which few must
do for what fades where a leap is late. The functions are made triangular: each vanishes at the samples before its own,
so that coefficients come one by one and the last tells what is left out.
"""

import numpy as np

from menaquinone.solve._algebra import L
from menaquinone.solve._compiled import inner
from menaquinone.solve._functions import functions, table
from menaquinone.solve._kinds import LEAP, MOST_BASE
from menaquinone.solve._vectors import div, load, mul, splat, store, sub

PLACES = np.zeros((MOST_BASE + 1, MOST_BASE), np.int64)
"""(samples, q): the place at which the q-th of so many samples is taken up: ends first, then evenly inside."""
for _order in ([0, 2, 1], [0, 3, 1, 2], [0, 4, 2, 1, 3], [0, 5, 2, 3, 1, 4], [0, 7, 3, 5, 1, 6, 2, 4]):
    PLACES[len(_order), _order] = np.arange(len(_order))
_LEAST_PIVOT = 1e-9


@inner
def most_base(plan):
    """Return the most samples that any leaping lane is interpolated between."""
    many = 2
    for lane in range(L):
        if plan.kind[lane] == LEAP:
            many = max(many, plan.base[lane])
    return many


@inner
def _variables(plan, number, lane):
    """Write the variables of one lane at a period, each in [-1, 1]."""
    last = max(plan.periods[lane] - 1, 1)
    plan.going[lane] = 2.0 * number / last - 1.0
    fade = plan.fade[lane]
    low = fade**last if fade < 1.0 else 0.0
    plan.fading[lane] = 2.0 * (fade**number - low) / (1.0 - low) - 1.0 if fade < 1.0 else 0.0


@inner
def _triangular(plan, many):
    """Factor the functions at the samples: rows of samples times columns of functions, ``many`` of them.

    What stands where a lane has fewer is of no interest, but is a number.
    """
    lower, upper, width, base = plan.lower, plan.upper, MOST_BASE * L, plan.base
    for place in range(many):
        for lane in range(L):
            _variables(plan, plan.nodes[place if place < base[lane] else 0, lane], lane)
        functions(plan.drifts, plan.both, plan.late, plan.fading, plan.going, plan.phi)
        for k in range(many):
            total = load(plan.phi, k * L)
            for q in range(min(place, k)):
                total = sub(total, mul(load(lower, place * width + q * L), load(upper, q * width + k * L)))
            if k < place:
                pivot = load(upper, k * width + k * L)
                store(lower, place * width + k * L, div(total, pivot))
            else:
                store(upper, place * width + k * L, total)
        for lane in range(L):
            if place >= base[lane]:
                upper[place, place, lane] = 1.0


@inner
def tabulate(plan, most):
    """Fill what interpolation over the periods takes: lower, psi at the periods up to ``most``, and its swing.

    Behind its last moving period a lane's functions stay as they are.
    """
    upper, swing, width, many = plan.upper, plan.swing, MOST_BASE * L, most_base(plan)
    _triangular(plan, many)
    for k in range(many):
        store(plan.inverse, k * L, div(splat(1.0), load(upper, k * width + k * L)))
    for lane in range(L):
        last = max(plan.periods[lane] - 1, 1)
        fade = plan.fade[lane]
        low = fade**last if fade < 1.0 else 0.0
        plan.step[0, lane], plan.step[1, lane] = fade, 2.0 / last
        plan.step[2, lane] = 2.0 / (1.0 - low) if fade < 1.0 else 0.0
        plan.step[3, lane] = -1.0 - low * plan.step[2, lane] if fade < 1.0 else 0.0
    table(plan.drifts, plan.both, plan.late, plan.step, upper, plan.inverse, plan.iterated, plan.base, most, plan.psi,
          swing)  # fmt: skip
    for lane in range(L):
        for k in range(plan.base[lane]):
            if not abs(upper[k, k, lane]) > _LEAST_PIVOT:
                swing[0, lane], swing[1, lane] = np.inf, np.inf


@inner
def fitted(plan, newton, columns, many):
    """Turn samples (many, columns, L) into coefficients; equal samples come out as exact zeros, as does what is not."""
    lower, width, base = plan.lower, newton.shape[1] * L, plan.base
    for place in range(1, many):
        for q in range(place):
            share = load(lower, (place * MOST_BASE + q) * L)
            for c in range(columns):
                at = place * width + c * L
                store(newton, at, sub(load(newton, at), mul(share, load(newton, q * width + c * L))))
    for lane in range(L):
        for place in range(base[lane], many):
            for c in range(columns):
                newton[place, c, lane] = 0.0
