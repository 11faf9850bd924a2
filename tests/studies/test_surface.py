import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from menaquinone.errors import InputError
from menaquinone.studies.surface import surface

LOW, HIGH = np.array([-1.0, 0.0, -2.0]), np.array([2.0, 3.0, 2.0])
FINE = np.full(2, 1e-9)


def cubic(points):
    x, y = points[:, 0], points[:, 1]
    return np.stack([1 + x * y**2 - x**3, 2 - y], axis=1)


def test_polynomials_of_the_degree_are_found_exactly_with_their_slopes():
    found = surface(cubic, LOW, HIGH, FINE)
    points = np.random.default_rng(1).uniform(LOW, HIGH, (50, 3))
    np.testing.assert_allclose(found(points), cubic(points), atol=1e-10)
    x, y, _ = points[0]
    np.testing.assert_allclose(found.slope(points[0]), [[y**2 - 3 * x**2, 2 * x * y, 0], [0, -1, 0]], atol=1e-9)
    assert found.error.max() < 1e-10


def test_what_moves_nothing_is_left_out():
    assert surface(cubic, LOW, HIGH, FINE).active == (0, 1)


def test_what_moves_little_is_left_out_and_nothing_leaves_one():
    assert surface(cubic, LOW, HIGH, np.full(2, 1e6)).active == (0,)


def test_error_tells_how_well_other_points_are_met():
    def wavy(points):
        return np.sin(3 * points[:, :1])

    found = surface(wavy, LOW, HIGH, np.full(1, 1e-3), degree=3)
    points = np.random.default_rng(2).uniform(LOW, HIGH, (400, 3))
    off = np.sqrt(((found(points) - wavy(points)) ** 2).mean())
    assert found.error[0] == pytest.approx(off, rel=0.6)
    assert found.error[0] > 0.05


def test_degree_falls_where_points_would_be_too_many():
    found = surface(cubic, LOW, HIGH, FINE, degree=3, most_points=12)
    assert found.powers.sum(1).max() == 2


def test_figures_without_a_value_are_refused():
    def broken(points):
        return np.where(points[:, :1] > 1.9, np.nan, points[:, :1])

    with pytest.raises(InputError) as refusal:
        surface(broken, LOW, HIGH, np.full(1, 1e-3))
    assert str(refusal.value) == ("figures at [2.  1.5 0. ]: got no value, expected one everywhere in the box.")


@settings(max_examples=20)
@given(place=st.tuples(st.floats(-1, 2), st.floats(0, 3), st.floats(-2, 2)))
def test_slope_is_that_of_the_surface(place):
    found = surface(lambda at: np.exp(at[:, :2].sum(1, keepdims=True) / 3), LOW, HIGH, np.full(1, 1e-6))
    point, step = np.array(place), 1e-6
    for one in range(3):
        there = np.tile(point, (2, 1))
        there[:, one] += (-step, step)
        slope = np.diff(found(there), axis=0)[0] / (2 * step)
        np.testing.assert_allclose(found.slope(point)[:, one], slope, atol=1e-7)
