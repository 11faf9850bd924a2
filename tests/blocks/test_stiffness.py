"""Stiffness: velocity goes with the root of the modulus; both effects on it hold 0 inside their priors."""

import numpy as np
import pytest

from menaquinone.blocks.stiffness import STIFFNESS
from menaquinone.testing import check_block
from menaquinone.units import HOURS_PER_YEAR

YEAR = HOURS_PER_YEAR


def inputs(years=0.0, calcium=0.0, share=0.75):
    return STIFFNESS.Inputs(100.0 + calcium, 100.0, share, 0.75, (60 + years) * YEAR, 60 * YEAR)


def velocity(p, u, wall=0.0):
    return STIFFNESS.outputs(p, STIFFNESS.State(wall), u).pwv


def test_claims():
    check_block(STIFFNESS, signed=["wall_effect"])


def test_velocity_at_entry_is_the_persons_own(parameters):
    assert velocity(parameters(STIFFNESS, pwv_entry="11.2 m/s"), inputs()) == pytest.approx(11.2, rel=1e-12)


def test_the_natural_rise_is_004_a_year_at_first(parameters):
    p = parameters(STIFFNESS)
    assert velocity(p, inputs(years=1e-3)) - 9.8 == pytest.approx(0.04e-3, rel=1e-4)
    assert 0.118 < velocity(p, inputs(years=3)) - 9.8 < 0.12


def test_velocity_goes_with_the_root_of_the_modulus(parameters):
    p = parameters(STIFFNESS, calcium_effect=0.3)
    assert velocity(p, inputs(calcium=1000.0)) == pytest.approx(9.8 * np.sqrt(1.3), rel=1e-12)
    assert velocity(parameters(STIFFNESS, calcium_effect=0), inputs(calcium=1e4)) == pytest.approx(9.8, rel=1e-12)


def test_the_wall_effect_settles_at_its_share_of_the_change(parameters, steady, affine):
    p = parameters(STIFFNESS, carboxylation_effect="-3 m/s")
    settled = steady(STIFFNESS, p, inputs(share=0.85))
    assert settled.wall_effect == pytest.approx(-0.3, rel=1e-9)
    assert velocity(p, inputs(share=0.85), settled.wall_effect) == pytest.approx(9.5, rel=1e-9)
    assert -1 / affine(STIFFNESS, p, inputs())[0][0, 0] == pytest.approx(0.1 * YEAR, rel=1e-12)


def test_nothing_changes_for_who_stays_at_entry(parameters):
    p = parameters(STIFFNESS, carboxylation_effect="3 m/s")
    assert STIFFNESS.rates(p, STIFFNESS.State(0.0), inputs()).wall_effect == 0
