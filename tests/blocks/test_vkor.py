"""VKOR under an antagonist: genotype, tissue and competition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.blocks import vkor
from menaquinone.testing import check_block

SENSITIVITY, INHIBITED, COMPETED = vkor.SENSITIVITY, vkor.INHIBITED_VKOR, vkor.COMPETED_VKOR


@pytest.mark.parametrize("block", [SENSITIVITY, INHIBITED, vkor.COMPETITION, COMPETED], ids=lambda one: one.name)
def test_claims(block):
    check_block(block)


@pytest.mark.parametrize(("alleles", "ic50"), [(0, 0.104), (1, 0.076), (2, 0.050)])
def test_each_genotype_has_its_own_level(parameters, alleles, ic50):
    p = parameters(SENSITIVITY, vkorc1_a=alleles)
    assert vkor.genotype_ic50(p) == pytest.approx(ic50, rel=1e-12)
    felt = SENSITIVITY.outputs(p, None, SENSITIVITY.Inputs(ic50, 123.0)).antagonism
    assert felt == pytest.approx(1.0, rel=1e-12)  # R does nothing


def test_a_carrier_of_cyp4f2_3_needs_more(parameters):
    felt = [
        SENSITIVITY.outputs(parameters(SENSITIVITY, cyp4f2_carrier=one), None, SENSITIVITY.Inputs(0.3, 0.0)).antagonism
        for one in (0, 1)
    ]
    assert felt[0] / felt[1] == pytest.approx(1.3)


@given(felt=st.floats(0, 100), more=st.floats(1e-3, 100))
def test_more_antagonist_leaves_less_vkor(felt, more):
    p = INHIBITED.Parameters(*(one.default for one in INHIBITED.parameters.values()))
    low, high = (INHIBITED.outputs(p, None, INHIBITED.Inputs(one)).vkor_activity for one in (felt + more, felt))
    assert 0 < low < high <= 1


def test_half_of_vkor_is_lost_at_its_own_ic50_and_a_resistant_tissue_needs_more(parameters):
    p = parameters(INHIBITED)
    assert INHIBITED.outputs(p, None, INHIBITED.Inputs(p.ic50_ratio)).vkor_activity == pytest.approx(0.5)
    resistant = parameters(INHIBITED, resistance=5)
    assert INHIBITED.outputs(resistant, None, INHIBITED.Inputs(5 * p.ic50_ratio)).vkor_activity == pytest.approx(0.5)


@given(felt=st.floats(0, 100), rivals=st.floats(0, 50))
def test_competition_multiplies_the_ic50(felt, rivals):
    p = INHIBITED.Parameters(*(one.default for one in INHIBITED.parameters.values()))
    competed = COMPETED.outputs(p, None, COMPETED.Inputs(felt, rivals)).vkor_activity
    assert competed == pytest.approx(INHIBITED.outputs(p, None, INHIBITED.Inputs(felt / (1 + rivals))).vkor_activity)


def test_a_form_at_its_level_counts_one(parameters):
    p = parameters(vkor.COMPETITION)
    assert vkor.COMPETITION.outputs(p, None, vkor.COMPETITION.Inputs(np.array(28.0))).competing == pytest.approx(1.0)
