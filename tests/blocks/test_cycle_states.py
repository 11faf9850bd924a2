"""The cycle as three states: the steady state of the algebra, and close to it on the way."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from menaquinone.blocks.cycle import CYCLE
from menaquinone.blocks.cycle_states import TISSUE_CYCLE
from menaquinone.blocks.tissue import TISSUE
from menaquinone.testing import assert_mass_balance, check_block

Inputs = TISSUE_CYCLE.Inputs


def algebraic(p, pool, active):
    return CYCLE.outputs(p, None, CYCLE.Inputs(pool, active)).hydroquinone


def test_claims():
    check_block(TISSUE_CYCLE)


def test_the_three_species_gain_and_lose_what_the_pool_does():
    def lost(p, x, u):
        pool = TISSUE.rates(p, TISSUE.State(x.quinone + x.hydroquinone + x.epoxide, x.mk4_pool), u)
        return -pool.pool

    assert_mass_balance(TISSUE_CYCLE, lost, states=("quinone", "hydroquinone", "epoxide"))


@pytest.mark.parametrize("active", [1.0, 0.3, 0.01, 1e-3])
@pytest.mark.parametrize("delivered", [0.3, 4.0])
def test_same_steady_state(parameters, steady, active, delivered):
    p, u = parameters(TISSUE_CYCLE), Inputs(delivered, 0.3, 0.0, active)
    held = TISSUE_CYCLE.outputs(p, steady(TISSUE_CYCLE, p, u), u)
    assert held.tissue_vitamin_k == pytest.approx(0.7 + delivered, rel=1e-9)
    assert held.hydroquinone == pytest.approx(algebraic(p, 0.7 + delivered, active), rel=2e-4)
    assert held.epoxide < 17 * held.tissue_vitamin_k


@pytest.mark.accuracy
def test_close_to_the_algebra_while_an_antagonist_comes_and_goes(parameters, steady):
    """A day's swing of S-warfarin around its mean: hydroquinone stays within 4 % of the algebra."""
    p = parameters(TISSUE_CYCLE)

    def active(t):
        return 0.002 * (1 + 0.3 * np.sin(2 * np.pi * t / 24))

    start = steady(TISSUE_CYCLE, p, Inputs(0.3, 0.3, 0.0, active(0.0)))

    def system(t, y):
        return TISSUE_CYCLE.rates(p, TISSUE_CYCLE.State(*y), Inputs(0.3, 0.3, 0.0, active(t)))

    times = np.linspace(24, 72, 200)
    path = solve_ivp(system, (0, 72), start, "Radau", t_eval=times, rtol=1e-8, atol=1e-12)
    found = path.y[1] / p.hydroquinone_share
    np.testing.assert_allclose(found, algebraic(p, path.y[:3].sum(axis=0), active(times)), rtol=0.04)
