"""What people have of their own stays as far from the typical value, on the scale of the parameter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.catalogue.calibration import calibration
from menaquinone.inputs.typical import moved

U0 = "u0[MGP]"
SHARES = np.array([0.25, 0.31, 0.40])


def odds(share):
    return share / (1 - share)


def test_shares_move_by_their_odds_within_the_bounds():
    now = moved({U0: SHARES}, {U0: 0.25}, {U0: 0.30})[U0]
    np.testing.assert_allclose(odds(now) / odds(SHARES), odds(0.30) / odds(0.25))
    assert moved({U0: SHARES}, {U0: 0.25}, {U0: 0.6})[U0].max() == calibration().parameters[U0].high


@given(st.floats(0.1, 10), st.floats(0.1, 10))
def test_other_parameters_keep_their_ratio(before, now):
    own = np.array([0.5, 1.0, 8.0])
    np.testing.assert_allclose(moved({"k": own}, {"k": before}, {"k": now})["k"], own * now / before)


def test_what_is_not_above_zero_keeps_its_difference():
    np.testing.assert_allclose(moved({"k": np.array([-1.0, 2.0])}, {"k": 1.0}, {"k": 3.0})["k"], [1.0, 4.0])


def test_several_typical_values_make_a_row_each():
    several = moved({U0: SHARES}, {U0: 0.25}, {U0: np.array([0.2, 0.25])})[U0]
    assert several.shape == (2, 3)
    np.testing.assert_array_equal(several[1], SHARES)
    np.testing.assert_array_equal(several[0], moved({U0: SHARES}, {U0: 0.25}, {U0: 0.2})[U0])


@pytest.mark.parametrize("now", [{}, {"u0[osteocalcin]": 0.4}])
def test_what_nobody_has_of_their_own_is_left_out(now):
    assert moved({U0: SHARES}, {U0: 0.25, "u0[osteocalcin]": 0.48}, now) == {}
