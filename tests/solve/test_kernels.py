"""Compiled kernels against closed forms and SciPy: exponentials, propagators, marches, lanes that do not mix."""

from decimal import Decimal, localcontext
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from menaquinone.solve import _kernels as kernels
from menaquinone.solve.tableau import DIFFERENCE, LAGRANGE, NODE_INTEGRALS, NODE_POLYNOMIAL, POINTS, STAGES, WEIGHTS

ORDER = STAGES + 1
LANES = 16


def phi(a, order=ORDER):
    n = len(a)
    found = np.empty((order + 1, n, n))
    kernels._phi(np.ascontiguousarray(a), order, found, np.empty((2, n, n)))
    return found


def augmented(a, order=ORDER):
    """All phi functions from one exponential of a larger matrix (Sidje 1998)."""
    n = len(a)
    big = np.zeros((n * (order + 1), n * (order + 1)))
    big[:n, :n] = a
    for k in range(order):
        big[k * n : (k + 1) * n, (k + 1) * n : (k + 2) * n] = np.eye(n)
    return [expm(big)[:n, k * n : (k + 1) * n] for k in range(order + 1)]


def compartments(rates):
    """Build a matrix of pools that exchange and lose, from as many rates as it has entries."""
    n = int(np.sqrt(len(rates)))
    table = np.abs(np.reshape(rates, (n, n)))
    a = table - np.diag(np.diag(table))
    return a - np.diag(a.sum(axis=0) + np.diag(table))


def propagators(a, widths, *, driven=True):
    """Kernel call for one member: a (n, n, L), widths (H, L)."""
    n, lanes, h = a.shape[0], a.shape[-1], len(widths)
    square = (h, STAGES, n, n, 1, lanes)
    keep, hold, defect = (np.full(square, np.nan) for _ in range(3))
    drive = np.full((h, STAGES, STAGES + 1, n, n, 1, lanes), np.nan)
    coefficients = np.ascontiguousarray(NODE_POLYNOMIAL.coef)
    kernels.propagators(a[:, :, None], widths, POINTS, LAGRANGE, coefficients, driven, keep, hold, drive, defect)
    return keep, hold, drive, defect


@pytest.mark.accuracy
@given(st.lists(st.floats(0, 3), min_size=9, max_size=9))
def test_phi_functions_are_scipys(rates):
    a = compartments(rates)
    for got, wanted in zip(phi(a), augmented(a), strict=True):
        assert got == pytest.approx(wanted, rel=1e-11, abs=1e-13)


@pytest.mark.accuracy
@pytest.mark.parametrize("z", [-1e-9, -1e-3, -0.4, -3.0, -40.0, -700.0])
def test_phi_functions_of_a_number(z):
    with localcontext(prec=400):
        exact = [Decimal(z).exp()]
        for k in range(ORDER):
            exact.append((exact[k] - 1 / Decimal(factorial(k))) / Decimal(z))
    got = phi(np.array([[z]]))[:, 0, 0]
    # every doubling squares an exponential: rounding grows with the number of halvings
    assert got == pytest.approx([float(one) for one in exact], rel=max(1e-13, 1e-15 * abs(z)))


@pytest.mark.accuracy
@given(st.lists(st.floats(0, 2), min_size=4, max_size=4), st.floats(0.01, 30))
def test_keep_and_hold_are_the_exact_solution(rates, width):
    a = compartments(rates)
    keep, hold, _, _ = propagators(np.repeat(a[:, :, None], LANES, axis=2), np.full((1, LANES), width), driven=False)
    for node, share in enumerate(POINTS[1:]):
        # x' = a x + r from 0 with r the unit input: one exponential of a larger matrix
        exact = expm(np.block([[a, np.eye(2)], [np.zeros((2, 4))]]) * share * width)
        assert keep[0, node, :, :, 0, 3] == pytest.approx(exact[:2, :2], rel=1e-11, abs=1e-13)
        assert hold[0, node, :, :, 0, 3] == pytest.approx(exact[:2, 2:], rel=1e-11, abs=1e-12 * width)


@pytest.mark.accuracy
@given(st.floats(0.001, 2), st.floats(0.1, 20), st.lists(st.floats(-1, 1), min_size=6, max_size=6))
def test_a_polynomial_input_is_solved_exactly(loss, width, powers):
    keep, _, drive, _ = propagators(np.full((1, 1, LANES), -loss), np.full((1, LANES), width))
    b = np.polyval(powers[::-1], POINTS)
    got = keep[0, -1, 0, 0, 0, 0] * 0.7 + drive[0, -1, :, 0, 0, 0, 0] @ b
    shares, weights = np.polynomial.legendre.leggauss(60)
    shares, weights = (shares + 1) / 2, weights / 2
    exact = 0.7 * np.exp(-loss * width)
    exact += width * weights @ (np.exp(-loss * width * (1 - shares)) * np.polyval(powers[::-1], shares))
    assert got == pytest.approx(exact, rel=1e-11, abs=1e-12 * width)


def test_a_panel_of_no_width_changes_nothing():
    a = np.full((2, 2, LANES), -0.3)
    keep, hold, drive, defect = propagators(a, np.zeros((1, LANES)))
    assert (keep[0, :, :, :, 0, :] == np.eye(2)[:, :, None]).all()
    assert not hold.any()
    assert not drive.any()
    assert not defect.any()


def march_exponential(a, widths, x, *, r=None, b=None, events=None, idle=None, begins=None, then=None):
    """March one member with constant coefficients: every panel has the row of its own number."""
    n, lanes, k = a.shape[0], a.shape[-1], len(widths)
    matrices = propagators(a, widths, driven=b is not None)
    x, r = x[:, None].copy(), np.zeros((n, 1, lanes)) if r is None else r[:, None].copy()
    path, spread = np.full((k, STAGES + 1, n, 1, lanes), np.nan), np.zeros((k, n, 1, lanes))
    index, values = events or (np.empty((0, 5), np.int64), np.empty(0))
    linked = np.ones((n, n), bool)
    kernels.exponential(
        matrices, b is not None, linked, np.zeros((1, lanes), bool) if idle is None else idle,
        np.repeat(np.arange(k)[:, None], lanes, 1), np.zeros((n, 1, lanes)),
        np.zeros((1, 1, 1, 1, 1)) if b is None else b[:, :, :, None], DIFFERENCE,
        x, r, np.full((n, 1, lanes), 5.0), np.full((n, 1, lanes), 0.25), index, values,
        np.full((1, lanes), -1) if begins is None else begins, np.zeros(n) if then is None else then, path, spread,
    )  # fmt: skip
    return path[:, :, :, 0], spread[:, :, 0], x[:, 0], r[:, 0]


def march_collocation(a, widths, x, b, *, r=None):
    """March one member whose coefficients vary: a (K, points, n, n, L), b (K, points, n, L)."""
    n, lanes, k = x.shape[0], x.shape[-1], len(widths)
    x, r = x[:, None].copy(), np.zeros((n, 1, lanes)) if r is None else r[:, None].copy()
    path, spread = np.full((k, STAGES + 1, n, 1, lanes), np.nan), np.zeros((k, n, 1, lanes))
    kernels.collocation(
        a[:, :, :, :, None], b[:, :, :, None], widths, WEIGHTS, DIFFERENCE, NODE_INTEGRALS,
        x, r, x.copy(), r.copy(), np.empty((0, 5), np.int64), np.empty(0), np.full((1, lanes), -1), np.zeros(n),
        path, spread,
    )  # fmt: skip
    return path[:, :, :, 0], spread[:, :, 0], x[:, 0]


def test_events_act_on_their_own_lane_at_the_start_of_their_panel():
    lanes, widths = LANES, np.ones((3, LANES))
    a = np.zeros((1, 1, lanes))
    # an amount for lane 2 in panel 1, a rate for lane 3 in panel 1 that ends in panel 2, a reset of lane 4 in panel 2
    index = np.array([[1, 0, 0, 0, 2], [1, 1, 0, 0, 3], [2, 1, 0, 0, 3], [2, 2, 0, 0, 4]])
    path, _, x, r = march_exponential(a, widths, np.ones((1, lanes)), events=(index, np.array([7.0, 2.0, -2.0, 0.0])))
    wanted = np.ones((3, lanes))
    wanted[1:, 2], wanted[1:, 3], wanted[2, 4] = 8.0, 3.0, 5.25
    assert path[:, -1, 0] == pytest.approx(wanted, rel=1e-14)
    assert path[1, 0, 0, 2] == 8.0
    assert x[0] == pytest.approx(wanted[-1], rel=1e-14)
    assert r[0].tolist() == [0.25 if lane == 4 else 0.0 for lane in range(lanes)]


def test_members_that_have_not_begun_are_zero_and_start_at_then():
    begins = np.full((1, LANES), -1)
    begins[0, 1], begins[0, 2] = 1, np.iinfo(np.int64).max
    a = np.zeros((1, 1, LANES))
    path, _, _, _ = march_exponential(
        a, np.ones((3, LANES)), np.ones((1, LANES)), r=np.full((1, LANES), 2.0), begins=begins, then=np.array([4.0])
    )
    assert path[:, -1, 0, 0] == pytest.approx([3, 5, 7], rel=1e-14)
    assert path[:, -1, 0, 1] == pytest.approx([0, 6, 8], rel=1e-14)
    assert not path[..., 2].any()


def test_idle_members_stay_where_they_are_to_the_bit():
    idle = np.zeros((1, LANES), bool)
    idle[0, 5] = True
    x = np.full((1, LANES), 0.1)
    path, _, _, _ = march_exponential(np.full((1, 1, LANES), -0.3), np.ones((2, LANES)), x, idle=idle)
    assert (path[..., 5] == 0.1).all()
    assert path[-1, -1, 0, 4] == pytest.approx(0.1 * np.exp(-0.6), rel=1e-13)


@given(st.integers(0, LANES - 1), st.integers(0, 2**32 - 1), st.booleans())
def test_a_lane_does_not_see_its_neighbours(lane, seed, driven):
    rng = np.random.default_rng(seed)
    widths = rng.uniform(0.1, 5, (4, LANES))
    a = np.stack([compartments(rng.uniform(0, 1, 9)) for _ in range(LANES)], axis=-1)
    x, r = rng.uniform(0, 9, (3, LANES)), rng.uniform(0, 1, (3, LANES))
    b = rng.uniform(0, 1, (4, STAGES + 1, 3, LANES)) if driven else None
    together = march_exponential(a, widths, x, r=r, b=b)
    for one in (a, widths, x, r):  # the same lane everywhere: every panel takes the other way through the kernel
        one[...] = one[..., lane : lane + 1]
    if b is not None:
        b[...] = b[..., lane : lane + 1]
    alone = march_exponential(a, widths, x, r=r, b=b)
    for got, wanted in zip(together, alone, strict=True):
        assert got[..., lane].tobytes() == wanted[..., lane].tobytes()


@pytest.mark.accuracy
def test_the_march_is_exact_over_many_panels():
    rng = np.random.default_rng(3)
    a = compartments(rng.uniform(0, 1, 9))
    widths = rng.uniform(0.1, 3, (20, 1)).repeat(LANES, axis=1)
    x, r = rng.uniform(0, 5, 3), rng.uniform(0, 1, 3)
    lanes = lambda one: np.repeat(one[..., None], LANES, axis=-1)
    path, _, _, _ = march_exponential(lanes(a), widths, lanes(x), r=lanes(r))
    rest = -np.linalg.solve(a, r)
    for k, time in enumerate(np.cumsum(widths[:, 0])):
        assert path[k, -1, :, 0] == pytest.approx(expm(a * time) @ (x - rest) + rest, rel=1e-11)


@pytest.mark.accuracy
def test_collocation_solves_a_varying_rate_with_order_nine():
    def march(count):  # x' = -(1 + sin t) x + cos t, x(0) = 1
        widths = np.full((count, LANES), 4.0 / count)
        hours = np.arange(count)[:, None] * 4.0 / count + POINTS * 4.0 / count
        a = np.repeat(-(1 + np.sin(hours))[:, :, None, None, None], LANES, axis=-1)
        b = np.repeat(np.cos(hours)[:, :, None, None], LANES, axis=-1)
        return march_collocation(a, widths, np.ones((1, LANES)), b)

    grown = lambda t: np.exp(t - np.cos(t) + 1)
    shares, weights = np.polynomial.legendre.leggauss(80)
    hours, weights = 2 * (shares + 1), 2 * weights
    exact = (1 + weights @ (grown(hours) * np.cos(hours))) / grown(4.0)
    errors = []
    for panels in (2, 4, 8):
        path, spread, x = march(panels)
        assert path[-1, -1, 0, 0] == x[0, 0]
        errors.append(abs(x[0, 0] - exact))
        assert spread.max() > errors[-1]  # the estimate is that of a rule of lower order
    assert np.log2(errors[0] / errors[1]) > 8
    assert np.log2(errors[1] / errors[2]) > 8
    assert march(32)[2][0, 0] == pytest.approx(exact, rel=1e-13)


def test_collocation_and_exponential_agree_where_coefficients_are_constant():
    rng = np.random.default_rng(5)
    a = np.repeat(compartments(rng.uniform(0, 0.2, 4))[:, :, None], LANES, axis=-1)
    widths, x = np.full((5, LANES), 0.5), rng.uniform(0, 5, (2, LANES))
    b = np.repeat(rng.uniform(0.9, 1.1, (5, 1, 2, LANES)), STAGES + 1, axis=1)
    exact = march_exponential(a, widths, x, b=b)[0]
    got = march_collocation(np.broadcast_to(a, (5, STAGES + 1, *a.shape)).copy(), widths, x, b)[0]
    assert got[:, -1] == pytest.approx(exact[:, -1], rel=1e-11)


@given(st.lists(st.floats(-1, 1), min_size=9, max_size=9), st.lists(st.floats(-5, 5), min_size=3, max_size=3))
def test_the_small_solver_solves(entries, right):
    matrix = np.reshape(entries, (3, 3)) + 2.5 * np.eye(3)[:, [1, 2, 0]]  # the pivot is never on the diagonal
    wanted = np.linalg.solve(matrix, right) if np.linalg.cond(matrix) < 1e6 else None
    got = np.array(right)
    kernels._solve(matrix.copy(), got)
    if wanted is not None:
        assert got == pytest.approx(wanted, rel=1e-8, abs=1e-9)
