"""Compiled parts of the march that stand alone: a small solver, powers of affine maps, records by reference."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from menaquinone.solve import _stages as stages
from menaquinone.solve import _structs as structs
from menaquinone.solve.program import Agenda, Crowd, Lanes, Plan, Program, Raw, Table, Tile, Work


@given(st.lists(st.floats(-1, 1), min_size=9, max_size=9), st.lists(st.floats(-5, 5), min_size=3, max_size=3))
def test_the_small_solver_solves(entries, right):
    matrix = np.reshape(entries, (3, 3)) + 2.5 * np.eye(3)[:, [1, 2, 0]]  # the pivot is never on the diagonal
    got = np.array(right)
    solvable = stages._solve(matrix.copy(), got)
    if np.linalg.cond(matrix) < 1e6:
        assert solvable
        assert got == pytest.approx(np.linalg.solve(matrix, right), rel=1e-8, abs=1e-9)


def test_a_system_without_a_solution_is_told():
    assert not stages._solve(np.array([[1.0, 1.0], [1.0, 1.0]]), np.ones(2))
    assert not stages._solve(np.full((1, 1), np.nan), np.ones(1))
    assert stages._solve(np.array([[0.0, 1.0], [1.0, 0.0]]), np.ones(2))


def jumped(square, g, times):
    n = len(g)
    named = {name: np.full((n, n), np.nan) for name in ("power", "base", "spare")}
    named |= {name: np.full(n, np.nan) for name in ("shift", "move", "vector")}
    named |= {"square": square, "g": g, "n": n, "times": times}
    stages._jump(*(named[name] for name in inspect.signature(stages._jump.py_func).parameters))
    return named["power"], named["shift"]


@pytest.mark.accuracy
@given(
    entries=st.lists(st.floats(0, 1), min_size=9, max_size=9),
    g=st.lists(st.floats(-5, 5), min_size=3, max_size=3),
    times=st.integers(0, 300),
)
def test_a_map_is_raised_to_a_power(entries, g, times):
    square = np.reshape(entries, (3, 3))
    square = square / max(1.0, square.sum(axis=1).max())  # a period forgets
    power, shift = jumped(square, np.array(g), times)
    x, moved = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])
    for _ in range(times):
        moved = square @ moved + g
    assert power @ x + shift == pytest.approx(moved, rel=1e-10, abs=1e-10 * max(1, times))
    assert power == pytest.approx(np.linalg.matrix_power(square, times), rel=1e-10, abs=1e-14)


def test_what_is_only_added_up_grows_in_proportion():
    power, shift = jumped(np.eye(2), np.array([0.5, -1.0]), 1000)
    assert power.tolist() == np.eye(2).tolist()
    assert shift == pytest.approx([500.0, -1000.0], rel=1e-14)


@njit
def by_reference(starts, widths, clocks, count, plain):
    """Read a record's fields, and write through one of them."""
    raw = structs.RawStruct(starts, widths, clocks, count, plain)
    raw.widths[0, 0] = 7.0
    return raw.starts[0, 0], raw.clocks[0, 0], raw.count[0, 0], raw.plain[0]


def test_a_record_by_reference_shares_the_arrays_it_is_made_of():
    raw = Raw(np.ones((1, 1)), np.zeros((1, 1)), np.full((1, 1), 3.0), np.full((1, 1), 4), np.full(1, 5))
    assert by_reference(*raw) == (1.0, 3.0, 4, 5)
    assert raw.widths[0, 0] == 7.0


@pytest.mark.parametrize("record", [Agenda, Crowd, Lanes, Plan, Program, Raw, Table, Tile, Work])
def test_every_record_has_a_type_by_reference(record):
    assert structs.KINDS[record].__name__ == f"{record.__name__}Kind"
    assert hasattr(structs, f"{record.__name__}Struct")
