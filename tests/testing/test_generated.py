"""Generated blocks are right blocks: what they claim is measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.testing import assert_mass_balance, check_block, strategies
from menaquinone.testing.generated import exchange, gathering, induced, turnover

NUMBERS = {"gain": 0.2, "base": 0.1, "loss": 0.05}


@given(one=strategies.blocks())
def test_claims(one):
    check_block(one, samples=5)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_exchange_loses_nothing_between_pools(size):
    links = {(a, b) for a in range(size) for b in range(size) if a != b}
    one = exchange(size, links, exchange_rate=0.3, **NUMBERS)

    def lost(p, x, u):
        return p.pool_loss * sum(x) - p.filling * u.plasma_concentration - p.basal_filling

    assert len(one.states) == size
    assert_mass_balance(one, lost)


def test_links_are_one_way():
    one = exchange(2, {(0, 1)}, exchange_rate=0.3, **NUMBERS)
    p = one.Parameters(0.0, 0.0, 0.0, 0.3)
    assert one.rates(p, one.State(1.0, 0.0), one.Inputs(0.0)) == (-0.3, 0.3)
    assert one.rates(p, one.State(0.0, 1.0), one.Inputs(0.0)) == (0.0, 0.0)


@given(level=st.floats(0, 1e6))
def test_turnover_saturates(level):
    one = turnover(capacity=2.0, half_level=5.0, **NUMBERS)
    p = one.Parameters(0.0, 0.0, 0.0, 2.0, 5.0)
    lost = -one.rates(p, one.State(level), one.Inputs(0.0)).first
    assert 0 <= lost <= 2.0
    assert lost == pytest.approx(2.0 * level / (5.0 + level))


def test_equal_wiring_has_an_equal_name_and_other_wiring_another():
    names = [exchange(3, links, exchange_rate=0.3, **NUMBERS).name for links in ({(0, 1)}, {(0, 1)}, {(1, 0)})]
    assert names[0] == names[1] != names[2]


INDUCED = induced(gain=0.2, loss=0.05, induction=3.0, half_level=2.0, exchange_rate=0.1)


def test_claims_of_blocks_behind_a_generated_one():
    check_block(INDUCED, samples=5)
    check_block(gathering(gain=0.5), samples=5)


def test_plasma_raises_the_loss_of_an_induced_block():
    p = INDUCED.Parameters(0.0, 0.05, 3.0, 2.0, 0.0)
    lost = [-INDUCED.rates(p, INDUCED.State(1.0, 0.0), INDUCED.Inputs(level, 0.0)).first for level in (0.0, 2.0, 1e9)]
    assert lost == pytest.approx([0.05, 0.05 * 2.5, 0.05 * 4])


def test_a_gathering_block_adds_up():
    one = gathering(gain=0.5)
    assert one.rates(one.Parameters(0.5), one.State(7.0), one.Inputs(1.0, 3.0)) == (1.5,)
