"""Records of antagonists: routes, potency, and the IC50 behind the apparent one."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.blocks.carboxylation import CARBOXYLATION, uncarboxylated_share
from menaquinone.blocks.cycle import CYCLE
from menaquinone.blocks.vkor import INHIBITED_VKOR
from menaquinone.catalogue.antagonists import (
    ACENOCOUMAROL,
    ANTAGONISTS,
    CYCLE_DEFAULTS,
    IC50_RATIO,
    WARFARIN,
    Antagonist,
    antagonist,
    ic50_ratio,
)
from menaquinone.catalogue.clotting import OHARA_2014, PROTHROMBIN_COMPLEX
from menaquinone.catalogue.forms import MK7
from menaquinone.catalogue.substances import SUBSTANCES, substance
from menaquinone.declare import member
from menaquinone.errors import InputError, UnknownNameError


def production(level, ratio, u0=0.09, cycle=None):
    """Return what a level of antagonist, relative to the apparent IC50, leaves of the production of a factor."""
    p = cycle or CYCLE.Parameters(*(one.default for one in CYCLE.parameters.values()))
    left = CYCLE.outputs(p, None, CYCLE.Inputs(1.0, 1 / (1 + level / ratio))).hydroquinone
    parameters = CARBOXYLATION.Parameters(u0, 1.0, 1.0, 0.0, 90.0)
    return (1 - uncarboxylated_share(parameters, CARBOXYLATION.Inputs(left, 90.0))) / (1 - u0)


def test_the_defaults_of_the_cycle_are_those_of_its_block():
    shares = ("quinone_share", "hydroquinone_share", "epoxide_share", "bypass", "escape")
    assert tuple(CYCLE.parameters[name].default for name in shares) == CYCLE_DEFAULTS
    assert INHIBITED_VKOR.parameters["ic50_ratio"].default == pytest.approx(IC50_RATIO.value, rel=1e-4)


def test_cycle_and_apparent_ic50_agree_where_treated_people_are():
    assert production(3.0, IC50_RATIO.value) == pytest.approx(0.25, rel=1e-9)
    assert production(1.0, IC50_RATIO.value) == pytest.approx(0.5, rel=0.06)  # the cycle is a little steeper there
    assert production(0.0, IC50_RATIO.value) == pytest.approx(1.0, rel=1e-9)


@given(share=st.floats(0.1, 0.8), u0=st.floats(0.05, 0.15), bypass=st.floats(0.1, 0.6))
def test_the_quadratic_for_any_cycle(share, u0, bypass):
    cycle = CYCLE.Parameters(0.88, 0.06, 0.06, bypass, 6e-5)
    ratio = ic50_ratio(u0, *cycle, production=share)
    assert production(1 / share - 1, ratio, u0, cycle) == pytest.approx(share, rel=1e-8)


@pytest.mark.parametrize("one", ANTAGONISTS.values(), ids=lambda one: one.name)
def test_a_record_survives_pickling_and_is_found(one):
    assert pickle.loads(pickle.dumps(one)) == one
    assert antagonist(one.name) is antagonist(one) is substance(one.name) is substance(one) is one


def test_a_link_brings_its_own_levels():
    levels = [WARFARIN.sensitivity(link).values["ic50_gg"].value for link in (PROTHROMBIN_COMPLEX, OHARA_2014)]
    assert levels == [0.104, 0.192]
    assert pickle.loads(pickle.dumps(OHARA_2014)) == OHARA_2014


def test_half_as_much_acenocoumarol_is_assumed_to_act_as_warfarin():
    values, potency = ACENOCOUMAROL.pk.values, ACENOCOUMAROL.potency
    held = 1.25 * values["bioavailability"].value / 24 / values["r_clearance"].value
    assert held * potency["r_potency"].value == pytest.approx(2.5 / 24 / 0.348)
    assert potency["s_potency"].value == 0.0
    assert "assumed" in ACENOCOUMAROL.flags[0]


REFUSALS = [
    (lambda: antagonist("warferin"), UnknownNameError,
     "unknown antagonist: got 'warferin', expected one of 'warfarin' and 'acenocoumarol'; the nearest is 'warfarin'."),
    (lambda: WARFARIN.entry("iv"), InputError,
     "route of warfarin: got 'iv', expected 'oral', the only one that the model knows."),
    (lambda: WARFARIN.entry("nasal"), UnknownNameError,
     "unknown route of warfarin: got 'nasal', expected one of 'oral'."),
    (lambda: WARFARIN.formulation("tablet"), UnknownNameError,
     "unknown formulation of warfarin: got 'tablet', expected one of nothing."),
    (lambda: Antagonist("A", WARFARIN.molar_mass, member("B"), {}), InputError,
     "pk record of antagonist 'A': got 'B', expected a member named 'A'."),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "kind", "message"), REFUSALS)
def test_refusals(ask, kind, message):
    with pytest.raises(kind) as caught:
        ask()
    assert str(caught.value) == message


def test_substances_are_forms_and_antagonists():
    assert substance("MK-7") is MK7
    assert list(SUBSTANCES)[-2:] == ["warfarin", "acenocoumarol"]
