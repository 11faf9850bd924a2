"""Legs of a run, and what a rule observes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.solve.visits import legs, observed

MODEL = mk.models.vitamin_k(forms=["K1", "MK-7"], proteins=["MGP"])
BOTH = "'plasma_concentration[K1]' and 'plasma_concentration[MK-7]'"
NEAR = "the nearest is 'plasma_concentration[MK-7]'"
HOURS = st.lists(st.integers(0, 100), min_size=1, max_size=8, unique=True).map(lambda one: np.array(sorted(one), float))


@given(hours=HOURS, visits=st.sets(st.integers(0, 100)))
def test_legs_share_out_the_times(hours, visits):
    inside = tuple(float(one) for one in sorted(visits) if one <= hours[-1])
    found = legs(inside, hours)
    assert [row for leg in found for row in leg.rows] == list(range(len(hours)))
    assert [leg.stop for leg in found if leg.visit is not None] == list(inside)
    assert [leg.visit for leg in found if leg.visit is not None] == list(range(len(inside)))
    assert found[0].start == 0
    assert found[-1].stop == hours[-1]
    for leg in found:
        every, own = leg.times(hours)
        assert every[-1] == leg.stop - leg.start
        assert np.allclose(every[own] + leg.start, hours[leg.rows])


def test_observed_outputs():
    assert observed(MODEL, "dp_ucmgp") == ("dp_ucmgp", 0)
    assert observed(MODEL, "plasma_concentration[MK-7]") == ("plasma_concentration", 1)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "plasma_concentration",
            f"output that a rule observes: got 'plasma_concentration', expected one of {BOTH}.",
        ),
        (
            "plasma_concentration[MK-4]",
            f"unknown output that a rule observes: got 'plasma_concentration[MK-4]', expected one of {BOTH}; {NEAR}.",
        ),
    ],
)  # fmt: skip
def test_outputs_that_nobody_observes(name, message):
    with pytest.raises(InputError) as caught:
        observed(MODEL, name)
    assert str(caught.value) == message
