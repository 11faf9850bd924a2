"""Compiled parts of the march that stand alone: a small solver, powers of affine maps, records by reference."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit
from numba.core.errors import TypingError

from menaquinone.solve import _periods as periods
from menaquinone.solve import _powers as powers
from menaquinone.solve._compiled import OPTIONS
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


def led(square, g, times, x, reach=None):
    """Return where a map leads x, done so many times (lanes,) in each lane: (lanes, n)."""
    n = len(g)
    square, g, x = (
        np.ascontiguousarray(np.repeat(np.array(one, float)[..., None], LANES, axis=-1)) for one in (square, g, x)
    )
    reach = np.ones((n, n), np.uint8) if reach is None else reach.astype(np.uint8)
    count = max(1, powers.doublings_of(max(times)))
    power, shift = np.full((count, n, n, LANES), np.nan), np.full((count, n, LANES), np.nan)
    powers.double(n, reach, square, g, count, power, shift)
    powers.lead(n, reach, np.array(times), power, shift, x, np.full((n + 1, LANES), np.nan))
    return x.T


@pytest.mark.accuracy
@given(
    entries=st.lists(st.floats(0, 1), min_size=9, max_size=9),
    g=st.lists(st.floats(-5, 5), min_size=3, max_size=3),
    times=st.lists(st.integers(0, 300), min_size=LANES, max_size=LANES),
    one_way=st.booleans(),
)
def test_a_map_is_done_as_often_as_each_lane_asks(entries, g, times, one_way):
    square, reach = np.reshape(entries, (3, 3)), np.tril(np.ones((3, 3))) if one_way else np.ones((3, 3))
    square = reach * square / max(1.0, square.sum(axis=1).max())  # a period forgets
    moved = [np.array([1.0, 2.0, 3.0])]
    for _ in range(max(times)):
        moved.append(square @ moved[-1] + g)
    for got, often in zip(led(square, g, times, moved[0], reach), times, strict=True):
        assert got == pytest.approx(moved[often], rel=1e-10, abs=1e-10 * max(1, often))


def test_what_is_only_added_up_grows_in_proportion():
    got = led(np.eye(2), [0.5, -1.0], [1000] * LANES, [0.0, 3.0])
    assert got[3] == pytest.approx([500.0, -997.0], rel=1e-14)


def test_a_map_done_no_time_leaves_everything_as_it_is():
    assert (led([[0.3]], [7.0], [0] * LANES, [0.1]) == 0.1).all()


class Pair(NamedTuple):
    real: np.ndarray
    whole: np.ndarray


@njit(**OPTIONS)
def by_reference(pair):
    """Read a record's fields in another function, and write through one of them."""
    return inside(refer(pair))


@njit(**OPTIONS)
def inside(pair):
    pair.real[0] = 7.0
    return pair.real[1] + pair.whole[0]


@njit(**OPTIONS)
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
    @njit(**OPTIONS)
    def astray(pair):
        return refer(pair).imaginary[0]

    with pytest.raises(TypingError, match="imaginary"):
        astray(Pair(np.zeros(1), np.zeros(1, int)))
