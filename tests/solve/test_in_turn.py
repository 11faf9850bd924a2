"""States solved one after the other against the general elimination, and what holds of either."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.solve.test_algebra import PT, called, lanes

from menaquinone.solve import _algebra as algebra
from menaquinone.solve import _in_turn as turns
from menaquinone.solve.equations import LANES
from menaquinone.solve.structure import elimination
from menaquinone.solve.tableau import POINTS, SLOPES, STAGES

SEEDS = st.integers(0, 2**32 - 1)


def acts_of(a):
    """Return which states act on which, of coefficients (points, n, n, L)."""
    return ((a != 0).any(axis=(0, -1)) | np.eye(a.shape[1], dtype=bool)).astype(np.uint8)


def panel(width):
    return {"widths": np.ascontiguousarray(np.broadcast_to(width, (1, LANES)), float), "panel": 0}


def in_turn(a, b, width, x, r, *, columns=None, moving=1, acts=None, spread=None):
    """Return the states at the nodes (columns, s, n, L): led on from x, then from a unit start of each state.

    ``spread`` (n, L), where given, is filled with what the end of the first column may be off by.
    """
    n = x.shape[0]
    columns = n + 1 if columns is None else columns
    acts = acts_of(a) if acts is None else acts
    starts = np.concatenate([x[None], np.repeat(np.eye(n)[..., None], LANES, axis=-1)])
    found, untouched = np.full((columns, STAGES, n, LANES), np.nan), np.full((n, LANES), 7.0)
    called(
        turns.solve_in_turn, a=a, b=b, q=0, moving=moving, **panel(width), r=r, acts=acts,
        starts=np.ascontiguousarray(starts), first=0, columns=columns, x=found, at=0, judged=int(spread is not None),
        spread=untouched if spread is None else spread,
    )  # fmt: skip
    assert (untouched == 7.0).all()
    return found


def judged(a, b, width, x, r):
    """Return the states at the points (points, n, L) and what the end may be off by (n, L)."""
    spread = np.full(x.shape, np.nan)
    found = in_turn(a, b, width, x, r, columns=1, spread=spread)
    return np.ascontiguousarray(np.concatenate([x[None], found[0]])), spread


def error_along(a, b, width, r, path):
    """Return what general elimination makes of the defect along a path."""
    acts, n = acts_of(a), a.shape[1]
    spread, filters = np.full((n, LANES), np.nan), elimination(acts.astype(bool))[2].astype(np.uint8)
    called(
        algebra.collocation_error, a=a, b=b, q=0, moving=1, **panel(width), r=r, linked=acts, x=path, path=0,
        size=filters, matrix=np.full((n, n, LANES), np.nan), right=np.full((n, 1, LANES), np.nan), spread=spread,
        falling=True,
    )  # fmt: skip
    return spread


def maps(a, b, width, r):
    """Return what general elimination makes of the same panel: keep (s, n, n, L) and psi (s, n, L)."""
    n, acts = a.shape[1], acts_of(a)
    used, filled, _ = (one.astype(np.uint8) for one in elimination(acts.astype(bool)))
    keep, psi = np.full((STAGES, n, n, LANES), np.nan), np.full((STAGES, n, LANES), np.nan)
    called(
        algebra.collocate, a=a, b=b, q=0, moving=1, **panel(width), r=r, linked=acts, used=used, filled=filled,
        matrix=np.full((n * STAGES, n * STAGES, LANES), np.nan), right=np.full((n * STAGES, n + 1, LANES), np.nan),
        keep=keep, keeps=0, psi=psi, psis=0,
    )  # fmt: skip
    return keep, psi


def drawn(seed, n, *, loss=1.0):
    """Draw a panel of n states that act only on those behind them, some of them on none: a, b, width, x, r."""
    rng = np.random.default_rng(seed)
    acts = np.tril(rng.random((n, n)) < 0.6, -1)
    level, swing = rng.uniform(0.1, 2, (2, n, n, LANES))
    phase, at = rng.uniform(0, 6, (n, n, LANES)), POINTS[:, None, None, None]
    a = level * (1 + 0.5 * np.sin(swing * at + phase)) * acts[..., None]
    a = a - np.eye(n)[..., None] * loss * level * (1 + 0.5 * np.cos(swing * at + phase))
    b = rng.uniform(-1, 1, (n, LANES)) * np.cos(rng.uniform(0, 2, (n, LANES)) * at[..., 0] + 1)
    x, r = rng.uniform(0, 5, (n, LANES)), rng.uniform(0, 1, (n, LANES))
    return np.ascontiguousarray(a), np.ascontiguousarray(b), rng.uniform(0.01, 3, LANES), x, r


# Against general elimination ------------------------------------------------------------------------------------------


@pytest.mark.accuracy
@given(seed=SEEDS, n=st.integers(1, 5), loss=st.sampled_from([-0.1, 0.0, 1.0, 100.0]))
def test_in_turn_is_what_elimination_of_all_states_at_once_gives(seed, n, loss):
    a, b, width, x, r = drawn(seed, n, loss=loss)
    found, (keep, psi) = in_turn(a, b, width, x, r), maps(a, b, width, r)
    scale = np.abs(found[0]).max()
    assert found[0] == pytest.approx(np.einsum("pijl,jl->pil", keep, x) + psi, rel=1e-11, abs=1e-12 * scale)
    assert found[1:] == pytest.approx(np.moveaxis(keep, 2, 0), rel=1e-11, abs=1e-12 * np.abs(keep).max())


@pytest.mark.accuracy
@given(seed=SEEDS, n=st.integers(1, 5), loss=st.sampled_from([0.0, 1.0, 100.0, 1e6]))
def test_the_error_in_turn_is_that_of_all_states_at_once(seed, n, loss):
    a, b, width, x, r = drawn(seed, n, loss=loss)
    path, found = judged(a, b, width, x, r)
    assert (found >= 0).all()
    # rates are weighted sums of changes here, and sums of gains and losses there: a difference of them is rounded so
    assert found == pytest.approx(error_along(a, b, width, r, path), rel=1e-6, abs=1e-12 * np.abs(path).max())


@given(seed=SEEDS, n=st.integers(1, 5))
def test_a_path_is_the_same_whether_it_is_judged_or_not(seed, n):
    given_ = drawn(seed, n)
    assert judged(*given_)[0][1:].tobytes() == in_turn(*given_, columns=1)[0].tobytes()


@given(seed=SEEDS, n=st.integers(1, 5), columns=st.integers(1, 6))
def test_fewer_columns_are_the_first_of_all(seed, n, columns):
    a, b, width, x, r = drawn(seed, n)
    columns = min(columns, n + 1)
    assert in_turn(a, b, width, x, r, columns=columns).tobytes() == in_turn(a, b, width, x, r)[:columns].tobytes()


@given(seed=SEEDS, n=st.integers(1, 4))
def test_coefficients_that_stand_still_are_read_at_one_point(seed, n):
    a, b, width, x, r = drawn(seed, n)
    still = [np.ascontiguousarray(np.repeat(one[:1], PT, axis=0)) for one in (a, b)]
    one_point = [np.ascontiguousarray(one[:1]) for one in (a, b)]
    assert in_turn(*one_point, width, x, r, moving=0).tobytes() == in_turn(*still, width, x, r).tobytes()


@given(seed=SEEDS, n=st.integers(2, 5))
def test_a_state_that_does_not_act_is_never_read(seed, n):
    a, b, width, x, r = drawn(seed, n)
    acts = acts_of(a)
    silent = np.where(acts[..., None] != 0, a, np.nan)
    assert in_turn(silent, b, width, x, r, acts=acts).tobytes() == in_turn(a, b, width, x, r).tobytes()


@given(seed=SEEDS, n=st.integers(2, 5))
def test_what_starts_in_a_state_is_nothing_in_those_before_it(seed, n):
    found = in_turn(*drawn(seed, n))
    for state in range(n):
        assert not found[1 + state, :, :state].any()


# Laws -----------------------------------------------------------------------------------------------------------------


@settings(max_examples=10)
@given(seed=SEEDS, n=st.integers(1, 4), lane=st.integers(0, LANES - 1))
def test_a_lane_does_not_see_its_neighbours(seed, n, lane):
    given_ = drawn(seed, n)
    same = [np.ascontiguousarray(np.repeat(one[..., lane : lane + 1], LANES, axis=-1)) for one in given_]
    found, alone = ((in_turn(*one), judged(*one)[1]) for one in (given_, same))
    for together, one in zip(found, alone, strict=True):
        assert together[..., lane].tobytes() == one[..., lane].tobytes()


@settings(max_examples=10)
@given(seed=SEEDS, lane=st.integers(0, LANES - 1), bad=st.sampled_from([np.nan, np.inf, -1e300]))
def test_whatever_is_wrong_with_a_lane_stays_there(seed, lane, bad):
    given_, others = drawn(seed, 3), np.arange(LANES) != lane
    before, acts = in_turn(*given_), acts_of(given_[0])
    for one in (given_[0], given_[1], *given_[3:]):
        one[..., lane] = bad
    assert in_turn(*given_, acts=acts)[..., others].tobytes() == before[..., others].tobytes()


@given(seed=SEEDS, n=st.integers(1, 5))
def test_a_panel_of_no_width_changes_nothing(seed, n):
    a, b, width, x, r = drawn(seed, n)
    width[::2] = 0.0
    found = in_turn(a, b, width, x, r)
    for node in range(STAGES):
        assert (found[0, node] == x)[:, ::2].all()
        assert (found[1:, node] == np.eye(n)[..., None])[..., ::2].all()
    assert not judged(a, b, width, x, r)[1][:, ::2].any()


@given(seed=SEEDS, n=st.integers(1, 5), width=st.floats(-6, 12).map(lambda power: 2.0**power), exact=st.booleans())
def test_a_state_at_rest_stays_to_the_last_bit(seed, n, width, exact):
    # whole numbers, so that gain and loss cancel without rounding; a width is a power of two, or losses in it are small
    rng = np.random.default_rng(seed)
    a = np.tril(rng.integers(0, 9, (n, n)), -1) - np.diag(rng.integers(1, 9, n))
    x = rng.integers(0, 999, n)
    width = 2.0 ** np.rint(np.log2(width)) if exact else min(width, 2.0) / 160
    moved = np.repeat(lanes(a)[None], PT, axis=0)
    b, r = np.repeat(lanes(-(a @ x) - 3)[None], PT, axis=0), lanes(np.full(n, 3))
    found = in_turn(moved, b, width, lanes(x), r)[0]
    assert (found == x[None, :, None]).all()


@pytest.mark.accuracy
@pytest.mark.parametrize("z", [-1.0, -10.0, -1e3, -1e5, -1e8])
@pytest.mark.parametrize("n", [1, 3])
def test_a_stiff_loss_is_damped_whatever_its_size(z, n):
    # each state follows the one before it, the first follows 1 + t: the last node comes to rest on it
    a = np.repeat(lanes(z * np.eye(n) - z * np.eye(n, k=-1))[None], PT, axis=0)
    b = np.zeros((PT, n, LANES))
    b[:, 0] = -z * (1 + POINTS[:, None])
    found = in_turn(a, b, 1.0, lanes(np.full(n, 5.0)), np.zeros((n, LANES)))
    assert np.isfinite(found).all()
    assert np.abs(found[0]).max() < 2 * 5.0 * n
    assert (np.abs(found[1:]) < 2.0 * n).all()
    if z < -1e3:
        assert found[0, -1] == pytest.approx(2.0, abs=30 * n / -z)
        assert found[1:, -1] == pytest.approx(0.0, abs=30 * n / -z)


@pytest.mark.accuracy
@given(seed=SEEDS, n=st.integers(1, 4), powers=st.tuples(st.floats(-3, 8), st.floats(-3, 8)))
def test_unlike_losses_of_any_size_are_solved_as_with_row_exchange(seed, n, powers):
    a, b, width, x, r = drawn(seed, n)
    for i in range(n):
        a[:, i, i] *= 10.0 ** powers[i % 2]
    found, at = in_turn(a, b, width, x, r), 3
    for i in range(n):
        z = width[at] * a[1:, i, i, at]
        felt = b[1:, i, at] + r[i, at] + (a[1:, i, :i, at] * found[0, :, :i, at]).sum(axis=1)
        change = np.linalg.solve(SLOPES - np.diag(z), width[at] * felt + z * x[i, at])
        scale = np.abs(found[0, :, i, at]).max() + x[i, at]
        assert found[0, :, i, at] == pytest.approx(x[i, at] + change, rel=1e-9, abs=1e-11 * scale)


@pytest.mark.accuracy
def test_the_end_of_a_panel_has_order_nine():
    def solved(count):  # x' = -(1 + sin t) x + cos t, and a second state that the first one feeds
        x, h = np.ones((2, LANES)), 4.0 / count
        for k in range(count):
            at = h * (k + POINTS)
            a, b = np.zeros((PT, 2, 2, LANES)), np.zeros((PT, 2, LANES))
            a[:, 0, 0], a[:, 1, 1] = -(1 + np.sin(at))[:, None], -0.5
            a[:, 1, 0], b[:, 0] = np.cos(2 * at)[:, None], np.cos(at)[:, None]
            x = np.ascontiguousarray(in_turn(a, b, h, x, np.zeros((2, LANES)), columns=1)[0, -1])
        return x[:, 0]

    grown = lambda t: np.exp(t - np.cos(t) + 1)
    shares, weights = np.polynomial.legendre.leggauss(80)
    hours, weights = 2 * (shares + 1), 2 * weights
    exact = (1 + weights @ (grown(hours) * np.cos(hours))) / grown(4.0)
    finest = solved(64)
    assert finest[0] == pytest.approx(exact, rel=1e-13)
    errors = [np.abs(solved(panels) - finest) for panels in (2, 4, 8)]
    for wide, half in pairwise(errors):
        assert (np.log2(wide / half) > 8).all()


# What is solved in turn -----------------------------------------------------------------------------------------------


@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.booleans(), min_size=n * n, max_size=n * n)))
def test_states_act_one_way_if_none_acts_on_one_before_it(acts):
    n = int(np.sqrt(len(acts)))
    acts = np.reshape(acts, (n, n)).astype(np.uint8)
    assert turns.one_way(acts) == (not np.triu(acts, 1).any())
    assert turns.one_way(np.tril(acts))
