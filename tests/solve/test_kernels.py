"""Compiled parts of the march that stand alone: a small solver, powers of affine maps, records by reference."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit
from numba.core.errors import TypingError

from menaquinone.solve import _periods as periods
from menaquinone.solve._algebra import OPTIONS
from menaquinone.solve._records import address, refer, view
from menaquinone.solve.equations import LANES


@given(st.lists(st.floats(-1, 1), min_size=9, max_size=9), st.lists(st.floats(-5, 5), min_size=3, max_size=3))
def test_the_small_solver_solves(entries, right):
    matrix = np.reshape(entries, (3, 3)) + 2.5 * np.eye(3)[:, [1, 2, 0]]  # the pivot is never on the diagonal
    got = np.array(right)
    solvable = periods._solve(matrix.copy(), got)
    if np.linalg.cond(matrix) < 1e6:
        assert solvable
        assert got == pytest.approx(np.linalg.solve(matrix, right), rel=1e-8, abs=1e-9)


def test_a_system_without_a_solution_is_told():
    assert not periods._solve(np.array([[1.0, 1.0], [1.0, 1.0]]), np.ones(2))
    assert not periods._solve(np.full((1, 1), np.nan), np.ones(1))
    assert periods._solve(np.array([[0.0, 1.0], [1.0, 0.0]]), np.ones(2))


class Scratch(NamedTuple):
    scratch: np.ndarray
    top: np.ndarray


PLAIN = {name: value for name, value in OPTIONS.items() if name != "cache"}


@njit(**PLAIN)
def raised(scratch, n, square, g, times, power, shift):
    periods._raise(refer(scratch), n, square, g, times, power, shift)


def powers(square, g, times):
    """Return power (lanes, n, n) and shift (lanes, n) of one map in every lane, to a power (lanes,) each."""
    n, scratch = len(g), Scratch(np.full(1000 * LANES, np.nan), np.zeros(1, int))
    power, shift = np.full((n, n, LANES), np.nan), np.full((n, LANES), np.nan)
    square, g = (np.repeat(np.array(one, float)[..., None], LANES, axis=-1) for one in (square, g))
    raised(scratch, n, square, g, np.array(times), power, shift)
    assert scratch.top[0] == 0
    return np.moveaxis(power, -1, 0), shift.T


@pytest.mark.accuracy
@given(
    entries=st.lists(st.floats(0, 1), min_size=9, max_size=9),
    g=st.lists(st.floats(-5, 5), min_size=3, max_size=3),
    times=st.lists(st.integers(0, 300), min_size=LANES, max_size=LANES),
)
def test_a_map_is_raised_to_a_power_in_every_lane(entries, g, times):
    square = np.reshape(entries, (3, 3))
    square = square / max(1.0, square.sum(axis=1).max())  # a period forgets
    power, shift = powers(square, g, times)
    moved = [np.array([1.0, 2.0, 3.0])]
    for _ in range(max(times)):
        moved.append(square @ moved[-1] + g)
    for lane, often in enumerate(times):
        exact = pytest.approx(moved[often], rel=1e-10, abs=1e-10 * max(1, often))
        assert power[lane] @ moved[0] + shift[lane] == exact
        assert power[lane] == pytest.approx(np.linalg.matrix_power(square, often), rel=1e-10, abs=1e-14)


def test_what_is_only_added_up_grows_in_proportion():
    power, shift = powers(np.eye(2), [0.5, -1.0], np.full(LANES, 1000))
    assert power[3].tolist() == np.eye(2).tolist()
    assert shift[3] == pytest.approx([500.0, -1000.0], rel=1e-14)


class Pair(NamedTuple):
    real: np.ndarray
    whole: np.ndarray


@njit(**PLAIN)
def by_reference(pair):
    """Read a record's fields in another function, and write through one of them."""
    return inside(refer(pair))


@njit(**PLAIN)
def inside(pair):
    pair.real[0] = 7.0
    return pair.real[1] + pair.whole[0]


@njit(**PLAIN)
def seen_from(flat, at, i, j, k):
    """Read and write one element of a view (2, 3, 2)."""
    part = view(flat, at, (2, 3, 2))
    part[i, j, k] += 100.0
    return part.shape, address(part) - address(flat)


def test_a_record_by_reference_shares_the_arrays_it_is_made_of():
    pair = Pair(np.arange(3.0), np.array([40]))
    assert by_reference(pair) == 41.0
    assert pair.real.tolist() == [7.0, 1.0, 2.0]


@given(at=st.integers(0, 4), i=st.integers(0, 1), j=st.integers(0, 2), k=st.integers(0, 1))
def test_a_view_is_a_part_of_what_is_flat(at, i, j, k):
    flat = np.arange(16.0)
    shape, away = seen_from(flat, at, i, j, k)
    assert (shape, away) == ((2, 3, 2), 8 * at)
    expected = np.arange(16.0)
    expected[at : at + 12].reshape(2, 3, 2)[i, j, k] += 100.0
    assert flat.tolist() == expected.tolist()


def test_nothing_is_known_by_a_name_that_a_record_does_not_have():
    @njit(**PLAIN)
    def astray(pair):
        return refer(pair).imaginary[0]

    with pytest.raises(TypingError, match="imaginary"):
        astray(Pair(np.zeros(1), np.zeros(1, int)))
