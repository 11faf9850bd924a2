"""Effects of covariates: 1 where nothing is wrong, the stated number where it is, monotone in between."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.catalogue import effects

POSITIVE = st.floats(0.01, 1e3)


def test_allometry_is_one_at_seventy_kilograms():
    assert all(factor == 1.0 for factor in effects.allometry(70.0).values())
    both = effects.allometry(np.array([35.0, 140.0]))
    np.testing.assert_allclose(both["clearance"], [2**-0.75, 2**0.75])
    np.testing.assert_allclose(both["peripheral_volume"], [0.5, 2.0])
    assert set(both) == {"clearance", "exchange", "central_volume", "peripheral_volume"}


@given(POSITIVE)
def test_half_lives_grow_with_the_quarter_power_of_weight(weight):
    factors = effects.allometry(weight)
    assert factors["central_volume"] / factors["clearance"] == pytest.approx((weight / 70) ** 0.25)


def test_triglycerides_keep_k1_in_plasma():
    assert effects.triglycerides(1.3) == 1.0
    assert np.all(np.diff(effects.triglycerides(np.array([0.5, 1.0, 2.0, 4.0]))) < 0)


def test_cholestasis():
    np.testing.assert_array_equal(effects.cholestasis([False, True]), [1.0, 0.01])


def test_kidney_factors_run_from_healthy_to_dialysis():
    healthy = effects.kidney(90.0)
    assert (healthy["basal_factor"], healthy["delivery_factor"], healthy["u0[MGP]"]) == (1.0, 1.0, 0.25)
    dialysis = effects.kidney(90.0, dialysis=True)
    assert (dialysis["basal_factor"], dialysis["delivery_factor"], dialysis["u0[MGP]"]) == (0.74, 0.55, 0.31)
    between = effects.kidney(np.array([30.0, 20.0, 10.0, 4.0]))
    np.testing.assert_allclose(between["basal_factor"], [1.0, 0.87, 0.74, 0.74])
    np.testing.assert_allclose(between["u0[MGP]"], [0.25, 0.28, 0.31, 0.31])


def test_egfr_falls_in_yearly_steps():
    np.testing.assert_allclose(effects.egfr_at(85.0, [0.0, 0.99, 1.0, 2.5]), [85.0, 85.0, 84.54, 84.08])
    np.testing.assert_allclose(effects.egfr_at([6.0, 3.0], 10.0), [5.0, 3.0])


def test_coronary_incidence_by_sex():
    np.testing.assert_array_equal(effects.coronary_incidence([True, False]), [0.12, 0.35])


def test_phosphate_acts_above_three_and_a_half():
    np.testing.assert_allclose(effects.phosphate([2.0, 3.5, 4.5]), [1.0, 1.0, np.exp(0.11)])


def test_risk_factors_on_onset_and_growth():
    assert effects.onset_factor() == effects.growth_factor() == 1.0
    assert effects.onset_factor(diabetes=True) == 1.0
    assert effects.onset_factor(ckd=True, serum_phosphate=4.5) == pytest.approx(1.5 * np.exp(0.11))
    assert effects.growth_factor(diabetes=True, serum_phosphate=4.5) == pytest.approx(1.5 * np.exp(0.11))
    np.testing.assert_array_equal(effects.growth_factor(statin=[False, True], dialysis=True), [1.0, 1.0])


def test_bone_loss_by_years_since_the_last_period():
    years = [-5.0, -1.0, -0.1, 0.0, 1.9, 2.0, 6.9, 7.0, 30.0, np.nan]
    np.testing.assert_array_equal(effects.bone_loss(years), [0.0, 1.7, 1.7, 3.3, 3.3, 1.1, 1.1, 0.5, 0.5, 0.5])
    assert effects.BONE_LOSS_YEARS == (-1.0, 0.0, 2.0, 7.0)
    assert effects.bone_loss(3.0) == 1.1


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=5))
def test_effects_keep_the_shape_they_are_given(numbers):
    array = np.array(numbers)
    for effect in (effects.bone_loss, effects.phosphate, effects.cholestasis):
        assert effect(array).shape == array.shape


@pytest.mark.parametrize(
    ("genotype", "two", "three"), [(11, 0, 0), (12, 1, 0), (13, 0, 1), (22, 2, 0), (23, 1, 1), (33, 0, 2)]
)
def test_alleles_are_counted(genotype, two, three):
    assert effects.cyp2c9_2(np.array([genotype])) == two
    assert effects.cyp2c9_3(np.array([genotype])) == three


def test_one_allele_is_enough_to_be_a_carrier():
    assert effects.cyp4f2_carrier([0, 1, 2]).tolist() == [0, 1, 1]
    assert effects.vkorc1_a([0, 1, 2]).tolist() == [0, 1, 2]
