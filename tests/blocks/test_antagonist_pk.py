"""Pharmacokinetics of a racemate: one depot, two enantiomers, genotype, age and size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.blocks.antagonist_pk import ANTAGONIST_PK, r_clearance, s_clearance, size
from menaquinone.catalogue.antagonists import ANTAGONISTS
from menaquinone.testing import assert_mass_balance, check_block
from menaquinone.units import HOURS_PER_YEAR

Inputs = ANTAGONIST_PK.Inputs


def person(mg_per_day=0.0, age=71.0, weight=70.0):
    return Inputs(mg_per_day / 24, age * HOURS_PER_YEAR, weight)


def test_claims():
    check_block(ANTAGONIST_PK, members=[one.pk for one in ANTAGONISTS.values()])


def test_what_leaves_is_what_both_enantiomers_lose_less_what_is_swallowed():
    def lost(p, x, u):
        s, r, scale = s_clearance(p, u), r_clearance(p, u), size(p, u)
        swallowed = p.bioavailability * u.habitual_drug / p.molar_mass
        return s * x.s / (p.s_volume * scale) + r * x.r / (p.r_volume * scale) - swallowed

    assert_mass_balance(ANTAGONIST_PK, lost)


def test_a_daily_dose_holds_half_of_it_over_the_clearance(parameters, steady):
    p, u = parameters(ANTAGONIST_PK), person(5.0)
    held = ANTAGONIST_PK.outputs(p, steady(ANTAGONIST_PK, p, u), u)
    assert held.s_concentration == pytest.approx(2.5 / 24 / 0.348)
    assert held.r_concentration == pytest.approx(2.5 / 24 / 0.139)


@pytest.mark.parametrize(
    ("two", "three", "expected"),
    [(0, 0, 0.348), (1, 0, 0.2619), (0, 1, 0.2162), (2, 0, 0.1758), (1, 1, 0.1301), (0, 2, 0.0844)],
)
def test_clearance_of_s_is_the_sum_of_two_alleles(parameters, two, three, expected):
    p = parameters(ANTAGONIST_PK, cyp2c9_2=two, cyp2c9_3=three)
    assert s_clearance(p, person()) == pytest.approx(expected)
    assert r_clearance(p, person()) == pytest.approx(0.139)


@given(age=st.floats(20, 95), weight=st.floats(40, 150))
def test_the_young_and_the_heavy_clear_more(age, weight):
    p = ANTAGONIST_PK.Parameters(
        *(1.0 for _ in ANTAGONIST_PK.parameters)
    )._replace(s_ageing=0.0057 / HOURS_PER_YEAR, r_ageing=0.0, stated_age=71 * HOURS_PER_YEAR, stated_weight=70.0,
               size_exponent=0.75, cyp2c9_2=0.0, cyp2c9_3=0.0)  # fmt: skip
    one = person(age=age, weight=weight)
    s, r = s_clearance(p, one), r_clearance(p, one)
    assert r == pytest.approx((weight / 70) ** 0.75)
    assert s / r == pytest.approx(2 * (1 - 0.0057 * (age - 71)))


def test_half_life_of_s_warfarin(parameters, affine):
    a, _ = affine(ANTAGONIST_PK, parameters(ANTAGONIST_PK), person())
    assert np.log(2) / -a[1, 1] == pytest.approx(28.5, abs=0.05)  # hamberg-2010-ke
