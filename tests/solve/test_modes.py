"""Inverse iteration, bit for bit as written out in NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.solve._modes import growth_of


def written_out(inverse, state):
    y = np.zeros(inverse.shape[1:])
    y[state] = 1.0
    for turn in range(40):
        y = (inverse * y).sum(axis=1)
        if turn % 8 == 6:
            largest = np.abs(y).max(axis=0)
            y /= np.where(largest > 0, largest, 1.0)
    return np.abs(y).max(axis=0)


@given(n=st.integers(1, 7), lanes=st.integers(16, 200), seed=st.integers(0, 2**32))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_products_are_those_of_numpy_bit_for_bit(n, lanes, seed):
    rng = np.random.default_rng(seed)
    inverse = rng.normal(size=(n, n, lanes)) * 10.0 ** rng.integers(-20, 20, (n, n, lanes))
    inverse[rng.integers(n), rng.integers(n), rng.integers(lanes)] = rng.choice([np.nan, np.inf, 0.0])
    for state in range(n):
        found = np.empty(lanes)
        growth_of(inverse, state, found)
        assert found.tobytes() == written_out(inverse, state).tobytes()


def test_the_slowest_mode_that_a_state_excites_is_what_is_left():
    rates = np.array([[0.5, 0.0, 0.0], [0.0, 0.1, 0.0], [0.0, 0.2, 0.01]])
    inverse = np.repeat(np.linalg.inv(rates)[..., None], 16, axis=2)
    for state, slowest in ((0, 0.5), (1, 0.01), (2, 0.01)):
        found = np.empty(16)
        growth_of(inverse, state, found)
        assert 1 / found == pytest.approx(slowest)
