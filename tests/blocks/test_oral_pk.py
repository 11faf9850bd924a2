"""Oral PK: an Erlang chain into two compartments; what leaves is clearance and nothing else."""

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import gamma

from menaquinone.blocks.oral_pk import ORAL_PK
from menaquinone.testing import assert_mass_balance, check_block

STATES = list(ORAL_PK.states)


def half_lives(a):
    chosen = [STATES.index("central"), STATES.index("peripheral")]
    return np.sort(np.log(2) / -np.linalg.eigvals(a[np.ix_(chosen, chosen)]))


def test_claims():
    check_block(ORAL_PK)


def test_only_clearance_leaves():
    assert_mass_balance(ORAL_PK, lambda p, x, u: p.clearance * x.central / p.central_volume)


@pytest.mark.parametrize("entry", ["transit_1", "transit_3", "muscle", "central"])
def test_exposure_is_dose_over_clearance_by_any_way_in(parameters, affine, entry):
    p = parameters(ORAL_PK)
    a, b = affine(ORAL_PK, p)
    assert not b.any()
    amounts = np.linalg.solve(-a, np.eye(len(STATES))[STATES.index(entry)])  # integral of the amounts, for one nmol
    assert amounts[STATES.index("central")] / p.central_volume == pytest.approx(1 / p.clearance, rel=1e-9)


@pytest.mark.parametrize("depots", [1, 2, 3, 4, 5])
def test_a_form_with_n_depots_is_absorbed_as_an_erlang_distribution(parameters, affine, depots):
    p = parameters(ORAL_PK, depots=depots, absorption_time="4 h")
    a, _ = affine(ORAL_PK, p)
    dose = np.eye(len(STATES))[STATES.index(f"transit_{6 - depots}")]
    chain = np.linalg.solve(-a, dose)[:5]
    assert chain.sum() == pytest.approx(4.0, rel=1e-9)
    for t in (0.5, 3.0, 9.0):
        absorbed = p.depots / p.absorption_time * (expm(a * t) @ dose)[STATES.index("transit_5")]
        assert absorbed == pytest.approx(gamma.pdf(t, depots, scale=4.0 / depots), rel=1e-9)


def test_the_muscle_depot_empties_with_its_mean_time(parameters, affine):
    a, _ = affine(ORAL_PK, parameters(ORAL_PK))
    place = STATES.index("muscle")
    assert -1 / a[place, place] == pytest.approx(9.2, rel=1e-12)


def test_mk4_has_two_phases_and_the_quoted_range_is_their_mixture(parameters, affine):
    p = parameters(
        ORAL_PK, clearance="2.47 L/h", central_volume="3.3 L", exchange="0.70 L/h", peripheral_volume="13.6 L"
    )
    assert half_lives(affine(ORAL_PK, p)[0]) == pytest.approx([0.71, 17.5], abs=0.06)


def test_the_default_terminal_half_life_is_that_of_mk7(parameters, affine):
    assert 65 < half_lives(affine(ORAL_PK, parameters(ORAL_PK))[0])[1] < 71


def test_a_constant_intake_holds_intake_over_clearance(parameters, affine):
    p = parameters(ORAL_PK)
    a, _ = affine(ORAL_PK, p)
    intake = 2.0 * np.eye(len(STATES))[STATES.index("transit_3")]
    held = ORAL_PK.outputs(p, ORAL_PK.State(*np.linalg.solve(-a, intake)), None)
    assert held.plasma_concentration == pytest.approx(2.0 / p.clearance, rel=1e-9)
    assert held.absorbed_level == pytest.approx(held.plasma_concentration, rel=1e-9)


def test_doses_superpose_and_scale(parameters, affine):
    a, _ = affine(ORAL_PK, parameters(ORAL_PK))
    first, second = np.eye(len(STATES))[2], np.eye(len(STATES))[6]
    both = expm(a * 7.0) @ (3 * first + 2 * second)
    assert both == pytest.approx(3 * (expm(a * 7.0) @ first) + 2 * (expm(a * 7.0) @ second), rel=1e-12)
