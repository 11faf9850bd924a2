"""Parts of the matrix exponential: products that leave out what is nothing, norms, halving; lanes of unlike size.

What comes of them together is tested in ``test_algebra.py``.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm
from tests.solve.test_algebra import Row, compartments, lanes, linked_of

from menaquinone.solve import _exponentials as exponentials
from menaquinone.solve.equations import LANES
from menaquinone.solve.tableau import POINTS, STAGES

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed, n):
    """Draw two matrices (n, n, L) with the same structure, closed under products, and that structure."""
    rng = np.random.default_rng(seed)
    _, reach = linked_of(lanes(rng.random((n, n)) < 0.4))
    return *(rng.uniform(-1, 1, (2, n, n, LANES)) * reach[..., None]), reach


@given(seed=SEEDS, n=st.integers(1, 6))
def test_a_listed_product_is_a_product_and_touches_nothing_else(seed, n):
    left, right, reach = drawn(seed, n)
    steps, out = np.full(2 * n * n * (n + 1) + 1, 99), np.full((2, n, n, LANES), np.nan)
    exponentials._list_products(reach, steps)
    exponentials._multiply(left, right, steps, out, n * n * LANES)
    assert np.isnan(out[0]).all()
    assert np.isnan(out[1, reach == 0]).all()
    wanted = np.einsum("ikl,kjl->ijl", left, right)
    assert out[1, reach != 0] == pytest.approx(wanted[reach != 0], rel=1e-13, abs=1e-14)


@given(seed=SEEDS, n=st.integers(1, 6))
def test_the_list_has_a_place_for_every_product_there_can_be(seed, n):
    _, _, reach = drawn(seed, n)
    most = 2 * n * n * (n + 1) + 1
    steps = np.full(most + 1, -99)
    exponentials._list_products(reach, steps)
    assert steps[most] == -99
    assert (steps == -1).sum() == 1


@given(norms=st.lists(st.floats(0, 1e6), min_size=LANES, max_size=LANES), share=st.floats(0.05, 1))
def test_every_lane_is_halved_as_often_as_it_needs(norms, share):
    counts, scale = np.zeros(LANES, int), np.zeros(LANES)
    most = exponentials._halvings(np.array(norms), share, counts, scale)
    assert most == counts.max()
    assert scale == pytest.approx(share / 2.0**counts, rel=1e-15)
    left = np.array(norms) * scale
    assert (left <= 1.0).all()
    assert (left[counts > 0] > 0.5).all()


@pytest.mark.accuracy
@given(seed=SEEDS, n=st.integers(1, 4), powers=st.lists(st.floats(-6, 3), min_size=LANES, max_size=LANES))
def test_lanes_whose_panels_are_of_unlike_size_are_each_exact(seed, n, powers):
    rng = np.random.default_rng(seed)
    a = compartments((rng.uniform(0, 1, (n, n)) * (rng.random((n, n)) < 0.6)).ravel())
    widths = 10.0 ** np.array(powers)
    row = Row(lanes(a), widths, driven=False)
    for lane in (0, int(np.argmax(widths)), int(np.argmin(widths))):
        for node, share in enumerate(POINTS[1:]):
            exact = expm(np.block([[a, np.eye(n)], [np.zeros((n, 2 * n))]]) * share * widths[lane])
            rel = max(1e-11, 1e-14 * np.abs(a).sum() * widths[lane])  # rounding grows with the number of doublings
            assert row.keep[node, ..., lane] == pytest.approx(exact[:n, :n], rel=rel, abs=1e-12)
            assert row.hold[node, ..., lane] == pytest.approx(exact[:n, n:], rel=rel, abs=1e-12 * widths[lane])


@given(seed=SEEDS, n=st.integers(1, 5), driven=st.booleans())
def test_what_can_never_act_is_nothing_and_rows_are_as_long_as_they_say(seed, n, driven):
    a = np.random.default_rng(seed).uniform(0, 1, (n, n)) * np.tril(np.ones((n, n)))
    row = Row(lanes(compartments(a.ravel())), 0.7, driven=driven)
    assert row.flat.size == (2 * STAGES + (STAGES * (STAGES + 2) if driven else 0)) * n * n * LANES
    assert np.isfinite(row.flat).all()
    for part in (row.keep, row.hold, *((row.drive, row.defect) if driven else ())):
        assert not part[..., row.reach == 0, :].any()


@given(seed=SEEDS, lost=st.floats(0.01, 5), width=st.floats(0.1, 5))
def test_a_row_may_be_computed_afresh_in_place_of_another(seed, lost, width):
    rng = np.random.default_rng(seed)
    a = compartments(rng.uniform(0, 1, 9))
    assert Row(lanes(a), width).flat.tobytes() == Row(lanes(a), width).flat.tobytes()
    assert Row(lanes(a), width).flat.tobytes() != Row(lanes(a - lost * np.eye(3)), width).flat.tobytes()
