"""Titration step by step: the table of its docstring, and laws of every step."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.inputs.rules import Seen


def next_dose(decide, observed, dose=5.0, usual=None):
    observed = np.atleast_1d(np.asarray(observed, float))
    n = len(observed)
    doses, before = np.broadcast_to(dose, n), np.broadcast_to(dose if usual is None else usual, n)
    seen = Seen(7.0, np.arange(n), {decide.observed: observed}, {"warfarin": doses}, {"warfarin": before})
    return decide(7.0, seen)


@pytest.mark.parametrize(
    ("inr", "factor"),
    [(1.2, 1.15), (1.5, 1.1), (1.9, 1.1), (2.0, 1), (2.5, 1), (3.0, 1), (3.1, 0.9), (4.0, 0.9), (4.5, 0.85), (5.1, 0)],
)
def test_warfarin_by_inr(inr, factor):
    assert next_dose(mk.titration.inr(), inr) == pytest.approx([5 * factor])


def test_after_a_hold_doses_begin_again_lower():
    rule = mk.titration.inr()
    assert next_dose(rule, [5.5, 3.5, 2.5, 1.2], dose=0.0, usual=6.0) == pytest.approx([0, 0, 5.1, 5.1])
    assert next_dose(rule, 2.5, dose=0.0) == [0]  # who never took any is given none


def test_tablets_are_whole_and_a_change_is_one_at_least():
    rule = mk.titration.inr(tablet=0.5)
    assert next_dose(rule, [1.9, 2.5, 3.1, 1.2], dose=3.0) == pytest.approx([3.5, 3, 2.5, 3.5])
    assert next_dose(rule, 1.2, dose=20.0) == [20]


def test_an_output_that_falls_with_the_dose():
    rule = mk.titration.stepwise("dp_ucmgp", 200, 300, rises=False, hold=100, far_high=500, most=720)
    assert next_dose(rule, [90, 150, 250, 400, 600], dose=100.0) == pytest.approx([0, 90, 100, 110, 115])
    assert next_dose(rule, 600, dose=700.0) == [720]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mk.titration.stepwise("inr", 3, 2), "range: got 3 to 2, expected a low end below a high end."),
        (
            lambda: mk.titration.stepwise("inr", 2, 3, far_low=2.5),
            "far: got 2.5 and inf, expected limits outside 2 to 3.",
        ),
        (lambda: mk.titration.stepwise("inr", 2, 3, hold=1), "hold: got 1, expected a limit above the range 2 to 3."),
        (
            lambda: mk.titration.stepwise("inr", 2, 3, hold=4, rises=False),
            "hold: got 4, expected a limit below the range 2 to 3.",
        ),
        (lambda: mk.titration.stepwise("inr", 2, 3, step=0), "step: got 0, expected a share between 0 and 1."),
        (lambda: mk.titration.stepwise("inr", 2, 3, far_step=1), "far_step: got 1, expected a share between 0 and 1."),
        (lambda: mk.titration.stepwise("inr", 2, 3, most=0), "most: got 0, expected a dose greater than 0."),
        (
            lambda: mk.titration.inr(tablet="0.5 mg"),
            "tablet: got '0.5 mg', expected a plain number in the unit of the output or of the rule.",
        ),
        (lambda: mk.titration.stepwise("inr", 2, 3, tablet=-1), "tablet: got -1, expected a dose of at least 0."),
    ],
)
def test_titrations_that_are_refused(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message


@given(
    values=st.lists(st.tuples(st.floats(0.5, 10), st.floats(0, 20), st.floats(0.1, 20)), min_size=1, max_size=30),
    tablet=st.sampled_from([0.0, 0.5, 1.0]),
    data=st.data(),
)
def test_a_person_is_titrated_alone(values, tablet, data):
    rule = mk.titration.inr(tablet=tablet)
    inr, dose, usual = np.array(values).T
    whole = next_dose(rule, inr, dose, usual)
    one = data.draw(st.integers(0, len(values) - 1))
    assert next_dose(rule, inr[one], dose[one], usual[one])[0] == whole[one]
    assert ((whole >= 0) & (whole <= 20)).all()
    assert (whole[(inr > 3) & (dose <= 20)] <= dose[(inr > 3) & (dose <= 20)]).all()


def test_it_names_itself_and_is_frozen():
    rule = mk.titration.inr()
    assert pickle.loads(pickle.dumps(rule)) == rule
    assert mk.rule(mk.dose("K1", "1 mg", every="24 h"), rule, visits=[7]).rule.observes == ("inr",)
    assert str(mk.rule(mk.dose("K1", "1 mg", every="24 h"), rule, visits=[7]).rule) == (
        "K1 as stepwise titration of inr to 2 to 3 decides, a visit at 7 d, seeing inr"
    )
