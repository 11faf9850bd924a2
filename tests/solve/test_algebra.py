"""Compiled algebra against closed forms and SciPy: exponentials, driven panels, collocation, lanes that do not mix."""

import inspect
from decimal import Decimal, localcontext
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from menaquinone.solve import _algebra as algebra
from menaquinone.solve import _exponentials as exponentials
from menaquinone.solve import _through as through
from menaquinone.solve._compiled import OPTIONS
from menaquinone.solve._records import refer
from menaquinone.solve.equations import LANES
from menaquinone.solve.program import Work
from menaquinone.solve.structure import elimination
from menaquinone.solve.tableau import (
    DIFFERENCE,
    FAST,
    LEAST,
    LOWER_DIFFERENCE,
    LOWER_RATIO,
    LOWEST_DIFFERENCE,
    POINTS,
    STAGES,
    TERM_RATIO,
)

PT = STAGES + 1


# How compiled functions are called: arguments by name, offsets 0, what is only scratch as it comes --------------------


def called(function, **named):
    """Call a compiled function with those of the named arguments that it takes."""
    wanted = list(inspect.signature(function.py_func).parameters)
    return function(*(named[name] for name in wanted))


def linked_of(a):
    """Return which states act on which at once, and in the long run."""
    n = len(a)
    direct = (a != 0).any(axis=-1) | np.eye(n, dtype=bool)
    reach = direct.copy()
    for _ in range(n):
        reach = reach @ reach
    return direct.astype(np.uint8), reach.astype(np.uint8)


def work_of(**fields):
    """Return a record of the engine's own that has some fields: what is compiled for it knows of no test."""
    return Work(*(fields.get(name, np.zeros(1)) for name in Work._fields))


@njit(**OPTIONS)
def propagated(a, widths, linked, held, driven, out, scratch):
    exponentials.propagators(a, widths, 0, linked, held, driven, out, 0, refer(scratch))


@njit(**OPTIONS)
def led(rows, n, linked, x, total, b, driven, out):
    for i in range(n):
        through.to_nodes(rows, 0, n, i, linked, x, 0, total, 1, b, 0, n * LANES, driven, out, i * LANES, n * LANES)


class Row:
    """Propagators of one panel width: effects of start, constant input and driving input, and of the defect."""

    def __init__(self, a, width, *, held=True, driven=True):
        n = self.n = len(a)
        self.a, self.width = np.ascontiguousarray(a), np.ascontiguousarray(np.broadcast_to(width, (1, LANES)), float)
        self.driven, (_, self.reach) = driven, linked_of(a)
        self.flat = np.full(int(called(exponentials.row_size, n=n, driven=driven)), np.nan)
        widths = np.ascontiguousarray(np.broadcast_to(width, (1, LANES)), float)
        scratch = work_of(
            scratch=np.full(14 * n * n * LANES + 3 * LANES, np.nan),
            top=np.zeros(1, int),
            whole=np.zeros((algebra.COUNTS + 1, LANES), int),
            steps=np.zeros(2 * n * n * (n + 1) + 1, int),
        )
        propagated(np.ascontiguousarray(a), widths, self.reach, held, driven, self.flat, scratch)
        assert scratch.top[0] == 0
        cut = np.cumsum([one * n * n * LANES for one in (STAGES, STAGES, STAGES * PT)])
        parts = np.split(self.flat, cut)
        self.keep, self.hold = (np.moveaxis(one.reshape(n, n, STAGES, LANES), 2, 0) for one in parts[:2])
        if driven:
            self.drive = np.moveaxis(parts[2].reshape(n, n, PT, STAGES, LANES), (3, 2), (0, 1))
            self.defect = np.moveaxis(parts[3].reshape(n, n, STAGES, LANES), 2, 0)

    def forced(self, total, b):
        psi = np.full((STAGES, self.n, LANES), np.nan)
        driven, nothing = int(self.driven), np.zeros((self.n, LANES))
        led(self.flat, self.n, self.reach, nothing, total, np.ascontiguousarray(b), driven, psi)
        return psi

    def estimate(self, b):
        spread = np.full((self.n, LANES), np.nan)
        called(
            algebra.estimate, rows=self.flat, row=0, n=self.n, linked=self.reach, a=self.a, widths=self.width, panel=0,
            b=np.ascontiguousarray(b), q=0, moving=1, slope=np.empty((2 * self.n, LANES)), spread=spread,
        )  # fmt: skip
        return spread

    def walk(self, x, psi):
        return onward(self.keep, psi, self.reach, x)


def onward(keep, psi, reach, x):
    """Return the state at every node, (s, n, L)."""
    out = np.full(psi.shape, np.nan)
    called(
        algebra.onward, keep=np.ascontiguousarray(keep), keeps=0, psi=np.ascontiguousarray(psi), psis=0, nodes=len(psi),
        linked=reach, x=np.ascontiguousarray(x), out=out, into=0,
    )  # fmt: skip
    return out


def collocated(a, b, width, x, r):
    """Return states at the points (points, n, L) and the estimate of their error; a (points, n, n, L)."""
    n = x.shape[0]
    acts, reach = linked_of(a.max(axis=0) - a.min(axis=0) + np.abs(a).max(axis=0))
    used, filled, filters = (one.astype(np.uint8) for one in elimination(acts.astype(bool)))
    matrix, right = np.full((n * STAGES, n * STAGES, LANES), np.nan), np.full((n * STAGES, n + 1, LANES), np.nan)
    keep, psi = np.full((STAGES, n, n, LANES), np.nan), np.full((STAGES, n, LANES), np.nan)
    widths = np.ascontiguousarray(np.broadcast_to(width, (1, LANES)), float)
    panel = {"a": a, "b": b, "q": 0, "moving": 1, "width": widths[0], "widths": widths, "panel": 0, "r": r}
    called(
        algebra.collocate, **panel, linked=acts, used=used, filled=filled, matrix=matrix, right=right, keep=keep,
        keeps=0, psi=psi, psis=0,
    )  # fmt: skip
    path = np.concatenate([x[None], onward(keep, psi, reach, x)])
    spread = np.full((n, LANES), np.nan)
    called(
        algebra.collocation_error, **panel, linked=acts, x=path, path=0, size=filters, matrix=np.empty((n, n, LANES)),
        right=np.empty((n, 1, LANES)), spread=spread, falling=True,
    )  # fmt: skip
    return path, spread


def lanes(one):
    """Give every lane the same."""
    return np.ascontiguousarray(np.repeat(np.asarray(one, float)[..., None], LANES, axis=-1))


def compartments(rates):
    """Build a matrix of pools that exchange and lose, from as many rates as it has entries."""
    n = int(np.sqrt(len(rates)))
    table = np.abs(np.reshape(rates, (n, n)))
    a = table - np.diag(np.diag(table))
    return a - np.diag(a.sum(axis=0) + np.diag(table))


def rates_of(n):
    """Draw rates, some of them nothing at all."""
    return st.lists(st.one_of(st.just(0.0), st.floats(1e-4, 3)), min_size=n * n, max_size=n * n)


def test_what_is_kept_between_programs_knows_of_no_test():
    Row(lanes([[-1.0]]), 1.0)  # compiles
    kept = [one for one in vars(exponentials).values() if hasattr(one, "signatures")]
    records = [
        kind.record.instance_class for one in kept for kinds in one.signatures for kind in kinds if is_record(kind)
    ]
    assert records
    assert {one.__module__ for one in records} == {"menaquinone.solve.program"}


def is_record(kind):
    return hasattr(kind, "record")


# Propagators ----------------------------------------------------------------------------------------------------------


@pytest.mark.accuracy
@given(rates=st.one_of(rates_of(1), rates_of(2), rates_of(3)), width=st.floats(0.01, 30))
def test_keep_and_hold_are_the_exact_solution(rates, width):
    a = compartments(rates)
    n, row = len(a), Row(lanes(a), width, driven=False)
    for node, share in enumerate(POINTS[1:]):
        # x' = a x + r from 0 with r the unit input: one exponential of a larger matrix
        exact = expm(np.block([[a, np.eye(n)], [np.zeros((n, 2 * n))]]) * share * width)
        assert row.keep[node, :, :, 3] == pytest.approx(exact[:n, :n], rel=1e-10, abs=1e-12)
        assert row.hold[node, :, :, 3] == pytest.approx(exact[:n, n:], rel=1e-10, abs=1e-12 * width)


@given(rates=st.one_of(rates_of(1), rates_of(3)), width=st.floats(0.01, 300))
def test_what_a_start_leads_to_is_the_same_number_whether_a_constant_input_is_asked_for_or_not(rates, width):
    a = lanes(compartments(rates))
    both, alone = (Row(a, width, held=held, driven=False) for held in (True, False))
    assert (alone.keep == both.keep).all()
    assert np.isnan(alone.hold).all()
    assert not np.isnan(both.hold).any()


@pytest.mark.accuracy
@pytest.mark.parametrize("z", [-1e-9, -1e-3, -0.4, -3.0, -40.0, -700.0])
def test_the_exponential_of_a_number_and_the_functions_behind_it(z):
    row = Row(np.full((1, 1, LANES), z), 1.0)
    with localcontext(prec=400):
        exact = [Decimal(z).exp()]
        for k in range(PT + 1):
            exact.append((exact[k] - 1 / Decimal(factorial(k))) / Decimal(z))
        moments = [float(Decimal(factorial(k)) * exact[k + 1]) for k in range(PT)]
    rel = max(1e-13, 1e-15 * abs(z))  # every doubling squares an exponential: rounding grows with their number
    assert row.keep[-1, 0, 0] == pytest.approx(float(exact[0]), rel=rel)
    assert row.hold[-1, 0, 0] == pytest.approx(float(exact[1]), rel=rel)
    for power, moment in enumerate(moments):  # integral of exp(z (1 - t)) t^power
        got = np.einsum("pl,p->l", row.drive[-1, :, 0, 0], POINTS**power)
        assert got == pytest.approx(moment, rel=1e-11, abs=1e-14)


@pytest.mark.accuracy
@given(st.floats(0.001, 2), st.floats(0.1, 20), st.lists(st.floats(-1, 1), min_size=PT, max_size=PT))
def test_a_polynomial_input_is_solved_exactly(loss, width, powers):
    row = Row(np.full((1, 1, LANES), -loss), width)
    b = lanes(np.polyval(powers[::-1], POINTS)[:, None])
    got = row.walk(np.full((1, LANES), 0.7), row.forced(np.zeros((1, LANES)), b))
    shares, weights = np.polynomial.legendre.leggauss(60)
    for node, end in enumerate(POINTS[1:]):
        at, weight = end * (shares + 1) / 2, end * weights / 2
        exact = 0.7 * np.exp(-loss * width * end)
        exact += width * weight @ (np.exp(-loss * width * (end - at)) * np.polyval(powers[::-1], at))
        assert got[node, 0] == pytest.approx(exact, rel=1e-11, abs=1e-11 * width)
    assert (np.abs(row.estimate(b)) < 10 * width).all()


@pytest.mark.accuracy
def falling(values):
    """Return what is counted of the last difference: by how terms fall, from the last and from the one before it."""
    last, lower, lowest = (abs(one @ values) for one in (DIFFERENCE, LOWER_DIFFERENCE, LOWEST_DIFFERENCE))
    share = min(1.0, max(last * TERM_RATIO / lower, lower * LOWER_RATIO / lowest))
    return max(LEAST, share, lower / TERM_RATIO * share**2 / last)


def test_the_estimate_is_what_leaving_the_start_out_does_as_far_as_terms_fall():
    # an input of two degrees less has neither of the terms that are looked at: nothing is lost
    row = Row(lanes([[-0.3]]), 2.0)
    low, high = (lanes((POINTS**power)[:, None]) for power in (STAGES - 2, STAGES))
    assert row.estimate(low) == pytest.approx(0.0, abs=1e-11)
    assert (row.estimate(high) > 1e-6).all()
    other = np.linalg.solve(np.vander(POINTS[1:]), POINTS[1:] ** STAGES)  # the interpolant without the start
    without = lanes(np.polyval(other, POINTS)[:, None])
    zero = np.zeros((1, LANES))
    off = np.abs(row.forced(zero, high) - row.forced(zero, without)).max(axis=0)
    share = falling(POINTS**STAGES)
    assert 0.03 < share < 1.0
    assert row.estimate(high) == pytest.approx(share * off, rel=1e-9)


@pytest.mark.parametrize("loss", [2.0, 10.0, 30.0])
def test_a_state_that_follows_its_input_at_once_gets_less_credit_for_terms_that_fall(loss):
    values = sum(30.0**fall * POINTS ** (STAGES - fall) for fall in range(3))
    row, high, zero = Row(lanes([[-loss]]), 1.0), lanes(values[:, None]), np.zeros((1, LANES))
    other = np.linalg.solve(np.vander(POINTS[1:]), values[1:])
    off = np.abs(row.forced(zero, high) - row.forced(zero, lanes(np.polyval(other, POINTS)[:, None]))).max(axis=0)
    share = falling(values)
    assert share < 0.1
    assert row.estimate(high) == pytest.approx(max(share, min(1.0, (loss / FAST) ** 2)) * off, rel=1e-6)


def test_a_panel_of_no_width_changes_nothing():
    row = Row(np.full((2, 2, LANES), -0.3), 0.0)
    assert (row.keep == np.eye(2)[:, :, None]).all()
    for one in (row.hold, row.drive, row.defect):
        assert not one.any()


@pytest.mark.accuracy
@pytest.mark.parametrize("n", [1, 3, 8])
def test_the_march_is_exact_over_many_panels(n):
    rng = np.random.default_rng(n)
    a = compartments(rng.uniform(0, 1, n * n))
    x, r = rng.uniform(0, 5, n), rng.uniform(0, 1, n)
    rest, time, now = -np.linalg.solve(a, r), 0.0, lanes(x)
    for width in rng.uniform(0.1, 3, 20):
        row = Row(lanes(a), width, driven=False)
        now = row.walk(now, row.forced(lanes(r), np.zeros((1, n, LANES))))[-1]
        time += width
        assert now == pytest.approx(lanes(expm(a * time) @ (x - rest) + rest), rel=1e-10)


@pytest.mark.accuracy
@given(split=st.floats(0.05, 0.95), rates=rates_of(3), width=st.floats(0.1, 20))
def test_two_panels_are_one(split, rates, width):
    a, x, total = lanes(compartments(rates)), lanes([1.0, 0.5, 2.0]), lanes([0.1, 0.0, 0.3])
    nothing = np.zeros((1, 3, LANES))
    now = x
    for part in (split, 1 - split):
        row = Row(a, width * part, driven=False)
        now = row.walk(now, row.forced(total, nothing))[-1]
    whole = Row(a, width, driven=False)
    assert now == pytest.approx(whole.walk(x, whole.forced(total, nothing))[-1], rel=1e-9, abs=1e-12)


# Collocation ----------------------------------------------------------------------------------------------------------


@pytest.mark.accuracy
def test_collocation_solves_a_varying_rate_with_order_nine():
    def solved(count):  # x' = -(1 + sin t) x + cos t, x(0) = 1
        x, spread, h = np.ones((1, LANES)), [], 4.0 / count
        for k in range(count):
            at = h * (k + POINTS)
            a, b = lanes(-(1 + np.sin(at))[:, None, None]), lanes(np.cos(at)[:, None])
            path, error = collocated(a, b, h, x, np.zeros((1, LANES)))
            x = np.ascontiguousarray(path[-1])
            spread.append(error)
        return x[0, 0], np.max(spread)

    grown = lambda t: np.exp(t - np.cos(t) + 1)
    shares, weights = np.polynomial.legendre.leggauss(80)
    hours, weights = 2 * (shares + 1), 2 * weights
    exact = (1 + weights @ (grown(hours) * np.cos(hours))) / grown(4.0)
    errors = []
    for panels in (2, 4, 8):
        x, spread = solved(panels)
        errors.append(abs(x - exact))
        assert spread > errors[-1]  # the estimate is that of a rule of lower order
    assert np.log2(errors[0] / errors[1]) > 8
    assert np.log2(errors[1] / errors[2]) > 8
    assert solved(32)[0] == pytest.approx(exact, rel=1e-13)


@pytest.mark.accuracy
@settings(max_examples=10)
@given(rates=rates_of(3), input_=st.lists(st.floats(-1, 1), min_size=3, max_size=3))
def test_collocation_and_exponential_agree_where_coefficients_are_constant(rates, input_):
    a, x = compartments([0.2 * one for one in rates]), lanes([1.0, 2.0, 0.5])
    b = np.repeat(lanes(input_)[None], PT, axis=0)
    row = Row(lanes(a), 0.4)
    exact = row.walk(x, row.forced(np.zeros((3, LANES)), b))
    got, _ = collocated(np.repeat(lanes(a)[None], PT, axis=0), b, 0.4, x, np.zeros((3, LANES)))
    assert got[-1] == pytest.approx(exact[-1], rel=1e-10)
    assert got[1:] == pytest.approx(exact, rel=1e-6)


@pytest.mark.accuracy
def test_collocation_of_two_states_that_exchange_and_are_driven():
    def coefficients(t):
        return np.array([[-1 - np.sin(t), 0.3], [0.5 * np.cos(t), -0.7]]), np.array([np.cos(t), 0.2 * t])

    r = np.array([0.3, 0.0])
    exact = solve_ivp(
        lambda t, y: coefficients(t)[0] @ y + coefficients(t)[1] + r, (0, 2), [1.0, 2.0], rtol=1e-12, atol=1e-13,
        method="DOP853",
    ).y[:, -1]  # fmt: skip
    x = lanes([1.0, 2.0])
    for k in range(8):
        many = [coefficients(0.25 * (k + point)) for point in POINTS]
        a, b = (lanes(np.array(one)) for one in zip(*many, strict=True))
        x = np.ascontiguousarray(collocated(a, b, 0.25, x, lanes(r))[0][-1])
    assert x == pytest.approx(lanes(exact), rel=1e-10)


def test_a_stiff_mode_is_damped_and_its_rate_no_error():
    a = lanes(np.repeat(np.array([[[-1e6]]]), PT, axis=0))
    b = lanes(np.full((PT, 1), 2e6))
    path, spread = collocated(a, b, 1.0, lanes([1.0]), np.zeros((1, LANES)))
    assert path[-1] == pytest.approx(2.0, rel=1e-4)
    other = collocated(100 * a, 100 * b, 1.0, lanes([1.0]), np.zeros((1, LANES)))[1]
    assert other == pytest.approx(spread, rel=1e-3)  # the size of the jump, not of the rate
    assert (spread < 1.0 / np.prod(POINTS[1:])).all()


# Lanes ----------------------------------------------------------------------------------------------------------------


def panel_of(a, width, x, total, b, *, driven):
    """Return everything that one panel gives, by both ways of solving it."""
    row = Row(a, width, driven=driven)
    psi = row.forced(total, b)
    found = [row.flat.reshape(-1, LANES), psi, row.walk(x, psi), *collocated(np.stack([a] * PT), b, width, x, total)]
    return [*found, row.estimate(b)] if driven else found


@settings(max_examples=10)
@given(lane=st.integers(0, LANES - 1), seed=st.integers(0, 2**32 - 1), driven=st.booleans())
def test_a_lane_does_not_see_its_neighbours(lane, seed, driven):
    rng = np.random.default_rng(seed)
    a = np.stack([compartments(rng.uniform(0, 1, 9)) for _ in range(LANES)], axis=-1)
    width, x, total = rng.uniform(0.01, 200, LANES), rng.uniform(0, 9, (3, LANES)), rng.uniform(0, 1, (3, LANES))
    b = rng.uniform(0, 1, (PT, 3, LANES))
    together = panel_of(a, width, x, total, b, driven=driven)
    same = [np.ascontiguousarray(np.repeat(one[..., lane : lane + 1], LANES, -1)) for one in (a, width, x, total, b)]
    for got, wanted in zip(together, panel_of(*same, driven=driven), strict=True):
        assert got[..., lane].tobytes() == wanted[..., lane].tobytes()


@settings(max_examples=6)
@given(lane=st.integers(0, LANES - 1), bad=st.sampled_from([np.nan, np.inf, -1e300, 0.0]), seed=st.integers(0, 99))
def test_whatever_is_wrong_with_a_lane_stays_there(lane, bad, seed):
    rng = np.random.default_rng(seed)
    a = np.stack([compartments(rng.uniform(0.1, 1, 9)) for _ in range(LANES)], axis=-1)
    width, x, total = rng.uniform(0.01, 20, LANES), rng.uniform(0, 9, (3, LANES)), rng.uniform(0, 1, (3, LANES))
    b, others = rng.uniform(0, 1, (PT, 3, LANES)), np.arange(LANES) != lane
    before = panel_of(a, width, x, total, b, driven=True)
    for one in (a, x, total, b):
        one[..., lane] = bad
    with np.errstate(all="ignore"):
        after = panel_of(a, width, x, total, b, driven=True)
    for got, wanted in zip(after, before, strict=True):
        assert got[..., others].tobytes() == wanted[..., others].tobytes()
