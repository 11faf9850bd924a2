"""Small systems of equations, each solved for itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.solve._small import solve_each


def systems(n, c, lanes, seed):
    """Return matrices (n, n, lanes), some of whose pivots are zero unless rows change places, and right sides."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, n, lanes)) * 10.0 ** rng.integers(-3, 4, (n, 1, lanes))
    a[0, 0, ::3] = 0.0 if n > 1 else 1.0
    return a, rng.normal(size=(n, c, lanes))


@given(n=st.integers(1, 8), c=st.integers(1, 8), lanes=st.integers(1, 150), seed=st.integers(0, 2**32))
def test_solutions_satisfy_their_equations(n, c, lanes, seed):
    a, right = systems(n, c, lanes, seed)
    x = right.copy()
    assert solve_each(a, x)
    left = np.abs(np.einsum("ijl,jkl->ikl", a, x) - right)
    assert (left <= 1e-12 * (np.einsum("ijl,jkl->ikl", np.abs(a), np.abs(x)).max(axis=0) + np.abs(right))).all()


@given(n=st.integers(1, 6), lanes=st.integers(2, 150), seed=st.integers(0, 2**32))
def test_each_is_solved_as_if_it_were_alone(n, lanes, seed):
    a, right = systems(n, 2, lanes, seed)
    whole = right.copy()
    solve_each(a, whole)
    for lane in {0, lanes // 2, lanes - 1}:
        alone = right[:, :, lane : lane + 1].copy()
        solve_each(np.ascontiguousarray(a[:, :, lane : lane + 1]), alone)
        assert alone[:, :, 0].tobytes() == whole[:, :, lane].tobytes()


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_singular_system_is_said_to_be_one(n):
    a, right = systems(n, 1, 80, 0)
    a[:, 0, 70] = 0.0
    assert not solve_each(a, right)


def test_what_is_not_a_number_concerns_nobody_else():
    a, right = systems(3, 1, 20, 1)
    clean = right.copy()
    solve_each(a, clean)
    a[1, 2, 7] = np.nan
    assert solve_each(a, right)
    assert np.isnan(right[:, :, 7]).any()
    others = np.arange(20) != 7
    assert np.array_equal(right[:, :, others], clean[:, :, others])
