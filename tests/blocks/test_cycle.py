"""The vitamin K cycle: an antagonist lowers hydroquinone and raises epoxide to a bound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.blocks.cycle import CYCLE, FREE_VKOR
from menaquinone.testing import check_block

LOSS = 1 / 36


def hydroquinone(p, pool, active):
    return CYCLE.outputs(p, None, CYCLE.Inputs(pool, active)).hydroquinone


def three_species(pool, active, bypass=0.4):
    """Quinone, hydroquinone and epoxide at the steady state of the cycle written out, 1000 turns per molecule."""
    carboxylation = 1000 * LOSS / 0.06
    reduction = carboxylation * 0.06 / 0.88 * (bypass + (1 - bypass) * active)
    rates = np.array([
        [-reduction - LOSS, 0.0, carboxylation * active],
        [reduction, -carboxylation - LOSS, 0.0],
        [0.0, carboxylation, -carboxylation * active - LOSS],
    ])  # fmt: skip
    return np.linalg.solve(rates, [-LOSS * pool, 0.0, 0.0])


def test_claims():
    check_block(CYCLE)
    check_block(FREE_VKOR)


def test_without_an_antagonist_vkor_is_fully_active():
    assert FREE_VKOR.outputs(None, None, None).vkor_activity == 1.0


@given(pool=st.floats(0, 100))
def test_hydroquinone_is_the_pool_where_vkor_is_fully_active(pool):
    p = CYCLE.Parameters(*(one.default for one in CYCLE.parameters.values()))
    assert hydroquinone(p, pool, 1.0) == pytest.approx(pool, rel=1e-12)


@given(pool=st.floats(0.1, 10), active=st.floats(0, 1), less=st.floats(0, 1))
def test_less_active_vkor_means_less_hydroquinone_and_never_none(pool, active, less):
    p = CYCLE.Parameters(*(one.default for one in CYCLE.parameters.values()))
    assert 0 < hydroquinone(p, pool, active * less) <= hydroquinone(p, pool, active) * (1 + 1e-12)


@pytest.mark.accuracy
@pytest.mark.parametrize("active", [0.0, 1e-3, 0.03, 0.2, 0.7, 1.0])
def test_the_algebra_is_the_steady_state_of_the_three_species(parameters, active):
    quinone, reduced, epoxide = three_species(2.0, active)
    assert quinone + reduced + epoxide == pytest.approx(2.0, rel=1e-9)
    # The three species share the loss that the algebra charges to epoxide alone: one part in 1000 turns x 0.06.
    assert hydroquinone(parameters(CYCLE), 2.0, active) == pytest.approx(reduced / 0.06, rel=2e-4)


def test_epoxide_rises_at_most_17_fold(parameters):
    p = parameters(CYCLE)
    folds = []
    for active in (1.0, 0.1, 0.01, 0.0):
        oxidised = hydroquinone(p, 1.0, active) * p.epoxide_share * (1 + p.escape) / (active + p.escape)
        folds.append(oxidised / p.epoxide_share)
    assert folds[0] == pytest.approx(1.0, rel=1e-12)
    assert folds == sorted(folds)
    assert 16 < folds[-1] < 17


def test_the_bypass_alone_does_not_hold_hydroquinone_up(parameters):
    blocked = hydroquinone(parameters(CYCLE, bypass=1.0), 1.0, 0.02)
    assert blocked < 0.3
