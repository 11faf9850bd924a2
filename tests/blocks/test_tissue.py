"""Delivery to a tissue and its pool: everything relative to the untreated healthy person."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.blocks.tissue import DELIVERY, TISSUE
from menaquinone.testing import assert_mass_balance, check_block


def supply(p, u):
    return p.person_basal * p.basal_factor * (1 - u.reference_delivered) + p.delivery_factor * u.delivered


def test_claims_of_delivery():
    check_block(DELIVERY)


def test_claims_of_the_pool():
    check_block(TISSUE)


def test_the_pool_loses_what_it_holds_and_gains_its_supply():
    lost = lambda p, x, u: x.pool / p.residence_time - supply(p, u) / p.residence_time
    assert_mass_balance(TISSUE, lost, states=("pool",))


def test_the_healthy_reference_person_holds_one(parameters, steady):
    for reference in (0.0, 0.12, 0.29):
        u = TISSUE.Inputs(delivered=reference, reference_delivered=reference, delivered_mk4=0.0)
        assert steady(TISSUE, parameters(TISSUE), u).pool == pytest.approx(1.0, rel=1e-12)


def test_the_pool_settles_at_the_supply_and_its_mk4_share_between_those_of_its_sources(parameters, steady):
    p = parameters(TISSUE, person_basal=1.4, basal_factor=0.74, delivery_factor=0.55)
    u = TISSUE.Inputs(delivered=2.0, reference_delivered=0.1, delivered_mk4=2.0)
    settled = steady(TISSUE, p, u)
    assert settled.pool == pytest.approx(1.4 * 0.74 * 0.9 + 0.55 * 2.0, rel=1e-9)
    assert p.basal_mk4 < TISSUE.outputs(p, settled, u).mk4_share < 1
    without = steady(TISSUE, p, u._replace(delivered=0.0, delivered_mk4=0.0))
    assert TISSUE.outputs(p, without, u).mk4_share == pytest.approx(p.basal_mk4, rel=1e-9)


def test_the_pool_turns_over_in_36_hours(parameters, affine):
    a, _ = affine(TISSUE, parameters(TISSUE), TISSUE.Inputs(1.0, 0.1, 0.1))
    assert a == pytest.approx(-np.eye(2) / 36.0, rel=1e-12)


@pytest.mark.parametrize(("mk7", "k1", "basal"), [(1.9, 14.0, 0.71), (18.1, 10.0, 0.88), (7.1, 42.0, 0.92)])
def test_the_basal_share_of_liver_vessel_and_bone(parameters, mk7, k1, basal):
    of_mk7 = parameters(DELIVERY, reference_level=f"{mk7} nmol/L", reference_plasma="0.43 nmol/L")
    of_k1 = parameters(DELIVERY, reference_level=f"{k1} nmol/L", reference_plasma="0.94 nmol/L")
    nothing = DELIVERY.Inputs(0.0, 0.0)
    delivered = [DELIVERY.outputs(p, None, nothing).reference_delivered for p in (of_mk7, of_k1)]
    assert 1 - sum(delivered) == pytest.approx(basal, abs=0.006)


def test_one_reference_level_delivers_one_healthy_supply(parameters):
    p = parameters(DELIVERY)
    assert DELIVERY.outputs(p, None, DELIVERY.Inputs(p.reference_level, 0.0)).delivered == pytest.approx(1, rel=1e-12)


@given(level=st.floats(0, 1e6))
def test_saturable_delivery_never_passes_its_limit(level):
    p = DELIVERY.Parameters(50 / 4.9, 50.0, 0.0, 1.0, 0.15)
    got = DELIVERY.outputs(p, None, DELIVERY.Inputs(level, 0.0))
    assert 0 <= got.delivered <= 4.9
    assert got.delivered <= level / p.reference_level
    assert got.delivered_mk4 == pytest.approx(got.delivered, rel=1e-12)


def test_delivery_is_linear_where_no_saturation_is_set(parameters):
    p = parameters(DELIVERY)
    one, ten = (DELIVERY.outputs(p, None, DELIVERY.Inputs(level, 0.0)).delivered for level in (3.0, 30.0))
    assert ten == pytest.approx(10 * one, rel=1e-12)


def test_conversion_follows_absorption_and_not_the_plasma_level(parameters):
    p = parameters(DELIVERY, converted=0.2)
    injected = DELIVERY.outputs(p, None, DELIVERY.Inputs(plasma_concentration=20.0, absorbed_level=0.0))
    swallowed = DELIVERY.outputs(p, None, DELIVERY.Inputs(plasma_concentration=20.0, absorbed_level=20.0))
    assert injected.delivered_mk4 == 0
    assert swallowed.delivered_mk4 == pytest.approx(0.2 * swallowed.delivered, rel=1e-12)


def test_the_mk4_share_is_a_share_even_while_conversion_runs_ahead_of_plasma(parameters):
    p = parameters(TISSUE)
    assert TISSUE.outputs(p, TISSUE.State(pool=2.0, mk4_pool=0.5), None).mk4_share == 0.25
    assert TISSUE.outputs(p, TISSUE.State(pool=2.0, mk4_pool=7.0), None).mk4_share == 1.0
