"""Calcification: hazard, onset and growth of a surface, and how little MGP changes of it."""

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from menaquinone.blocks.calcification import CALCIFICATION, HAZARD, INHIBITION
from menaquinone.testing import check_block
from menaquinone.units import HOURS_PER_YEAR

YEAR = HOURS_PER_YEAR


def drive(p, share):
    return INHIBITION.outputs(p, None, INHIBITION.Inputs(share)).calcification_drive


def hazard(p, years, phi=1.0):
    return HAZARD.rates(p, None, HAZARD.Inputs(phi, years * YEAR)).accumulated


def grown(hazard_, phi=1.0, noise=1.0):
    return CALCIFICATION.Inputs(phi, hazard_, 0.14 / YEAR, noise)


def test_claims():
    check_block(INHIBITION)
    check_block(HAZARD)
    check_block(CALCIFICATION)


def test_the_drive_is_one_at_the_reference_share_and_where_mgp_has_no_potency(parameters):
    assert drive(parameters(INHIBITION), 0.75) == pytest.approx(1.0, rel=1e-12)
    assert drive(parameters(INHIBITION, potency=0), 0.1) == 1.0


def test_full_carboxylation_slows_calcification_by_a_tenth_at_most(parameters):
    p = parameters(INHIBITION)
    assert 0.9 < drive(p, 1.0) < drive(p, 0.8) < 1 < drive(p, 0.4) < drive(p, 0.0)


@pytest.mark.parametrize("age", [40.0, 60.0, 75.0])
def test_the_hazard_lived_is_its_integral_from_birth(parameters, age):
    p = parameters(HAZARD)
    integral, _ = quad(lambda a: hazard(p, a) * YEAR, 0, age, epsabs=0, epsrel=1e-12)
    lived = HAZARD.start(p, HAZARD.Inputs(1.0, age * YEAR)).accumulated
    at_birth = 0.186 / 0.14 * np.exp(-0.14 * 60)
    assert lived == pytest.approx(integral + at_birth, rel=1e-9)
    assert at_birth < 4e-4


@pytest.mark.parametrize(("age", "positive"), [(40, 0.07), (60, 0.57)])
def test_shares_with_calcium_at_40_and_60_years(parameters, age, positive):
    lived = HAZARD.start(parameters(HAZARD), HAZARD.Inputs(1.0, age * YEAR)).accumulated
    # Exp(1) thresholds and Gamma(1) frailties over all people
    assert 1 - 1 / (1 + lived) == pytest.approx(positive, abs=0.01)


def test_hazard_factors_multiply(parameters):
    p = parameters(HAZARD, frailty=2.0, onset_factor=1.5)
    assert hazard(p, 60.0, phi=0.9) == pytest.approx(2.0 * 1.5 * 0.9 * 0.186 / YEAR, rel=1e-12)
    assert hazard(p, 61.0) / hazard(p, 60.0) == pytest.approx(np.exp(0.14), rel=1e-12)


def test_the_cube_root_of_the_score_rises_by_a_third_of_the_growth_each_year(parameters):
    p = parameters(CALCIFICATION)
    assert CALCIFICATION.rates(p, CALCIFICATION.State(5.0), grown(2.0)).size * YEAR == pytest.approx(
        0.95 / 3, rel=1e-12
    )
    score = CALCIFICATION.outputs(p, CALCIFICATION.State(5.0), None).agatston
    assert score == pytest.approx(125.0, rel=1e-12)


@pytest.mark.parametrize("exponent", [0.5, 2 / 3, 0.8])
def test_the_size_grows_as_the_score_equation_says(parameters, exponent):
    p = parameters(CALCIFICATION, exponent=exponent, loss="0.05 1/a")
    size = 3.0
    slope = CALCIFICATION.rates(p, CALCIFICATION.State(size), grown(2.0)).size
    score = lambda b: CALCIFICATION.outputs(p, CALCIFICATION.State(b), None).agatston
    by_chain_rule = (score(size + 1e-5) - score(size - 1e-5)) / 2e-5 * slope
    assert by_chain_rule * YEAR == pytest.approx(0.95 * score(size) ** exponent - 0.05 * score(size), rel=1e-8)


def test_without_loss_deposits_never_shrink(parameters):
    p = parameters(CALCIFICATION)
    for size in (0.0, 1.0, 20.0):
        assert CALCIFICATION.rates(p, CALCIFICATION.State(size), grown(2.0, phi=0.5)).size > 0


def test_a_life_below_the_threshold_leaves_no_deposit_and_at_it_the_first(parameters):
    p = parameters(CALCIFICATION)
    assert CALCIFICATION.start(p, grown(p.onset_threshold * 0.999)).size == 0
    assert CALCIFICATION.start(p, grown(p.onset_threshold)).size == pytest.approx(1.0, rel=1e-12)
    assert CALCIFICATION.onset.then == CALCIFICATION.State(size=1.0)


def test_a_life_past_the_threshold_has_grown_since(parameters):
    p = parameters(CALCIFICATION, person_growth=1.5)
    ten_years = p.onset_threshold * np.exp(0.14 * 10)
    begun = CALCIFICATION.start(p, grown(ten_years, phi=1.1)).size
    assert begun == pytest.approx(1 + 0.95 * 1.5 * 1.1 * 10 / 3, rel=1e-9)


def test_a_life_with_loss_is_the_solution_of_the_rates(parameters):
    p = parameters(CALCIFICATION, loss="0.05 1/a")
    u = grown(p.onset_threshold * np.exp(0.14 * 12))
    rate = lambda t, y: [CALCIFICATION.rates(p, CALCIFICATION.State(y[0]), u).size]
    solved = solve_ivp(rate, (0, 12 * YEAR), [1.0], method="DOP853", rtol=1e-12, atol=1e-12)
    assert CALCIFICATION.start(p, u).size == pytest.approx(solved.y[0, -1], rel=1e-9)


def test_no_deposit_has_no_score_and_the_bone_like_share_rises_with_it(parameters):
    p = parameters(CALCIFICATION)
    shares = [CALCIFICATION.outputs(p, CALCIFICATION.State(size), None).bone_like for size in (0.0, 1.0, 4.64, 20.0)]
    assert CALCIFICATION.outputs(p, CALCIFICATION.State(0.0), None).agatston == 0
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[2] == pytest.approx(0.5, abs=0.01)
    assert shares[-1] < 1
