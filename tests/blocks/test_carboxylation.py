"""Carboxylation: the share at secretion follows hydroquinone at once, plasma follows by turnover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.blocks.carboxylation import CARBOXYLATION, uncarboxylated_share
from menaquinone.testing import assert_mass_balance, check_block


def inputs(hydroquinone=1.0, egfr=90.0):
    return CARBOXYLATION.Inputs(hydroquinone, egfr)


def test_claims():
    check_block(CARBOXYLATION)
    check_block(CARBOXYLATION, inputs={"hydroquinone": (0.01, 30)})


def test_protein_made_is_protein_lost():
    def lost(p, x, u):
        cleared = p.k_out * np.exp(p.renal_slope * (u.egfr - p.reference_egfr)) * x.uncarboxylated
        return cleared + p.k_out * x.carboxylated - p.k_out * p.synthesis

    assert_mass_balance(CARBOXYLATION, lost)


@pytest.mark.parametrize(
    ("u0", "h", "share"),
    [(0.25, 1, 0.25), (0.25, 0, 1.0), (0.25, 3, 0.1), (0.48, 1, 0.48), (0.48, 12 / 13, 0.5), (0.09, 0.1, 90 / 181)],
)
def test_known_shares(parameters, u0, h, share):
    assert uncarboxylated_share(parameters(CARBOXYLATION, u0=u0), inputs(h)) == pytest.approx(share, rel=1e-12)


@given(u0=st.floats(0.05, 0.6), h=st.floats(0, 1e3), more=st.floats(1, 10))
def test_the_share_is_a_share_and_falls_with_hydroquinone(u0, h, more):
    p = CARBOXYLATION.Parameters(u0, 1.0, 0.02, 0.0, 90.0)
    share, less = uncarboxylated_share(p, inputs(h)), uncarboxylated_share(p, inputs(h * more))
    assert 0 < less <= share * (1 + 1e-12) <= 1 + 1e-12
    assert share * h * (1 - u0) == pytest.approx((1 - share) * u0, rel=1e-9, abs=1e-12)


def test_plasma_settles_at_the_share_at_secretion(parameters, steady):
    p = parameters(CARBOXYLATION, synthesis=1.5)
    settled = steady(CARBOXYLATION, p, inputs(3.0))
    assert settled == pytest.approx((1.5 * 0.1, 1.5 * 0.9), rel=1e-9)
    assert CARBOXYLATION.outputs(p, settled, inputs(3.0)) == pytest.approx((*settled, 0.9), rel=1e-9)


def test_falling_filtration_slows_only_the_uncarboxylated_protein(parameters, steady):
    p = parameters(CARBOXYLATION, renal_slope="0.0151 1/(mL/min/{1.73_m2})")
    healthy, reference = steady(CARBOXYLATION, p, inputs()), steady(CARBOXYLATION, p, inputs(egfr=85.0))
    assert healthy.uncarboxylated == pytest.approx(0.25, rel=1e-9)
    assert reference.uncarboxylated == pytest.approx(0.2696, rel=1e-4)
    assert reference.carboxylated == pytest.approx(healthy.carboxylated, rel=1e-12)


def test_half_life_of_osteocalcin_and_of_a_day_and_a_half(parameters, affine):
    for k_out, hours in (("0.14 1/h", 4.951), (f"{np.log(2) / 1.5} 1/d", 36.0)):
        a, _ = affine(CARBOXYLATION, parameters(CARBOXYLATION, k_out=k_out), inputs())
        assert np.log(2) / -np.diag(a) == pytest.approx([hours, hours], rel=1e-4)
