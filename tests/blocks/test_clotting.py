"""Factors and the two links to INR."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.blocks import clotting
from menaquinone.catalogue import evidence
from menaquinone.testing import check_block

FACTORS, LINK_B, LINK_A = clotting.FACTORS, clotting.PROTHROMBIN_COMPLEX, clotting.OHARA_2014


def defaults(block):
    return block.Parameters(*(one.default for one in block.parameters.values()))


def inr(block, activity):
    return block.outputs(defaults(block), None, block.Inputs(np.log(activity))).inr


@pytest.mark.parametrize("block", [FACTORS, LINK_B, LINK_A], ids=lambda one: one.name)
def test_claims(block):
    check_block(block)


@given(activity=st.floats(1e-6, 1.2))
def test_the_closed_form_inverts_the_cubic(activity):
    p, y = defaults(LINK_B), 1 / inr(LINK_B, activity)
    back = p.cubic * y**3 - p.square * y**2 + p.linear * y - p.constant
    assert back == pytest.approx(100 * activity, rel=1e-9, abs=1e-9)


@pytest.mark.accuracy
@pytest.mark.parametrize("percent", [40, 30, 25, 20, 15, 10])
def test_inr_of_prothrombin_complex_activities(percent):
    row = evidence.row(f"medalg-pca{percent}")
    assert inr(LINK_B, percent / 100) == pytest.approx(row.value, rel=0.025)


@pytest.mark.accuracy
def test_treated_people_have_the_joint_activity_that_was_measured():
    """Medians of II, VII and X over those of healthy donors; their geometric mean is 21.6 %."""
    treated, healthy = (
        [evidence.row(f"watala-2003-{who}-f{one}").value for one in ("ii", "vii", "x")] for who in ("oat", "healthy")
    )
    activity = np.prod(np.array(treated) / np.array(healthy)) ** (1 / 3)
    assert activity == pytest.approx(0.216, abs=0.002)
    assert inr(LINK_B, activity) == pytest.approx(evidence.row("watala-2003-oat-inr").value, rel=0.03)


@given(low=st.floats(1e-4, 1.1), more=st.floats(1e-3, 0.5))
def test_less_activity_never_means_less_inr(low, more):
    for block in (LINK_B, LINK_A):
        assert inr(block, low) >= inr(block, low + more)


def test_healthy_people():
    assert inr(LINK_B, 1.0) == pytest.approx(1.0, abs=1e-4)
    assert inr(LINK_A, 1.0) == inr(LINK_A, 1.1) == 1.05
    assert inr(LINK_B, 1.1) > 0.95


def test_an_activity_is_relative_and_weighted_on_the_log_scale(parameters):
    p = parameters(FACTORS, weight=0.5)
    found = FACTORS.outputs(p, None, FACTORS.Inputs(0.91 / 4))
    assert found.factor_activity == pytest.approx(0.25)
    assert np.exp(found.weighted_log) == pytest.approx(0.5)
    assert np.isfinite(FACTORS.outputs(p, None, FACTORS.Inputs(0.0)).weighted_log)
