"""Vectors of compiled code: every operation is NumPy's, in every lane, wherever in an array the vector stands."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numba import njit

from menaquinone.solve import _vectors as vectors
from menaquinone.solve._vectors import add, div, fma, largest, load, magnitude, mul, select, splat, store, sub
from menaquinone.solve.equations import LANES

OPERATIONS = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "largest": np.fmax,
    "magnitude": lambda a, b: np.abs(a),
    "splat": lambda a, b: np.full(LANES, a[0]),
    "same": lambda a, b: a,
}
NUMBERS = st.floats(-1e100, 1e100, allow_subnormal=False)
ANY = st.floats(allow_nan=False)
VECTORS = arrays(float, LANES, elements=NUMBERS)


@njit(error_model="numpy", fastmath={"contract"})
def operate(a, b, c, out):
    """Write one result to each row of out."""
    one, two, three = load(a, 0), load(b, 0), load(c, 0)
    results = (
        add(one, two), sub(one, two), mul(one, two), div(one, two), largest(one, two), magnitude(one), splat(a[0]), one,
        fma(one, two, three), select(three, one, two),
    )  # fmt: skip
    for row, result in enumerate(results):
        store(out, row * LANES, result)


@njit
def moved(source, first, into, second):
    """Copy one vector between two places."""
    store(into, second, load(source, first))


@njit
def summed(values, rows):
    """Add up rows by vectors."""
    total = splat(0.0)
    for row in range(rows):
        total = add(total, load(values, row * LANES))
    out = np.empty(LANES)
    store(out, 0, total)
    return out


def operated(a, b, c):
    out = np.full((len(OPERATIONS) + 2, LANES), np.nan)
    operate(a, b, c, out)
    return dict(zip((*OPERATIONS, "fma", "select"), out, strict=True))


@given(a=VECTORS, b=VECTORS)
def test_operations_are_those_of_numpy_to_the_bit(a, b):
    found = operated(a, b, np.zeros(LANES))
    with np.errstate(all="ignore"):
        for name, function in OPERATIONS.items():
            np.testing.assert_array_equal(found[name], function(a, b), name)


@given(a=VECTORS, b=VECTORS, c=VECTORS)
def test_a_product_and_a_sum_round_once_or_twice(a, b, c):
    with np.errstate(all="ignore"):
        twice = a * b + c
        once = np.array([float(_exactly(*one)) for one in zip(a.tolist(), b.tolist(), c.tolist(), strict=True)])
    found = operated(a, b, c)["fma"]
    assert ((found == twice) | (found == once) | ~np.isfinite(twice)).all()


def _exactly(a, b, c):
    total = Fraction(a) * Fraction(b) + Fraction(c)
    return total if abs(total) < 10**300 else np.copysign(np.inf, float(np.sign(total)))


@given(
    a=arrays(float, LANES, elements=ANY),
    chosen=arrays(float, LANES, elements=st.sampled_from([0.0, -0.0, 1.0, -2.0, np.inf, np.nan])),
)
def test_select_chooses_lane_by_lane_and_nan_is_not_0(a, chosen):
    found = operated(a, -a, chosen)["select"]
    np.testing.assert_array_equal(found, np.where(chosen != 0.0, a, -a))


def test_the_larger_of_a_number_and_none_is_the_number():
    a, b = np.full(LANES, np.nan), np.arange(LANES) - 3.0
    np.testing.assert_array_equal(operated(a, b, b)["largest"], b)
    np.testing.assert_array_equal(operated(b, a, b)["largest"], b)


@pytest.mark.parametrize("at", [0, 1, 5, LANES, 3 * LANES + 7])
def test_a_vector_may_stand_anywhere(at):
    source, into = np.arange(100.0), np.full(100, -1.0)
    moved(source, at, into, at + 2)
    wanted = np.full(100, -1.0)
    wanted[at + 2 : at + 2 + LANES] = source[at : at + LANES]
    np.testing.assert_array_equal(into, wanted)


def test_arrays_of_any_shape_are_read_as_flat_ones():
    source, into = np.arange(4.0 * 3 * LANES).reshape(4, 3, LANES), np.zeros((2, LANES))
    moved(source, 7 * LANES, into, LANES)
    np.testing.assert_array_equal(into[1], source[2, 1])
    assert not into[0].any()
    moved(source[2:], LANES, into, 0)  # a view begins where it begins
    np.testing.assert_array_equal(into[0], source[2, 1])


@given(lane=st.integers(0, LANES - 1), bad=st.sampled_from([np.nan, np.inf, -np.inf, 0.0]))
def test_no_lane_sees_another(lane, bad):
    rng = np.random.default_rng(lane)
    a, b, c = rng.normal(size=(3, LANES))
    before = operated(a.copy(), b.copy(), c.copy())
    for one in (a, b, c):
        one[lane] = bad
    after = operated(a, b, c)
    others = np.arange(LANES) != lane
    for name in before:
        if name != "splat" or lane > 0:
            assert before[name][others].tobytes() == after[name][others].tobytes(), name


def test_sums_go_in_the_order_of_the_rows():
    values = np.random.default_rng(4).normal(size=(31, LANES)) * 10.0 ** np.arange(-15, 16)[:, None]
    wanted = np.zeros(LANES)
    for row in values:
        wanted = wanted + row
    assert summed(values, len(values)).tobytes() == wanted.tobytes()


def test_what_is_offered():
    assert {"load", "store", "splat", "fma", "select", *OPERATIONS} - {"same"} <= set(vectors.__all__)
