"""Rules: what they see, what is refused of what they return, and that a person is decided for alone."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.errors import InputError, UnknownNameError
from menaquinone.inputs.rules import Seen, decided, sizes

DAILY = mk.dose("MK-7", "90 ug", every="24 h")
DOSE = "a dose such as mk.dose('MK-7', '180 ug', every='24 h'), or several by name"


def seen(n=5, **given):
    ids = np.arange(n) + 10
    held = {"outputs": {"inr": np.linspace(1, 5, n)}, "doses": {"MK-7": np.full(n, 90.0)}}
    held["usual"] = held["doses"]
    return Seen(**{"time": 7.0, "ids": ids, **held, "seed": 3, "minute": 7 * 1440, **given})


def made(decide, **given):
    return mk.rule(given.pop("doses", DAILY), decide, **{"visits": [7], "observes": "inr", **given}).rule


def said(call):
    with pytest.raises(InputError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("decide", "message"),
    [
        (lambda t, s: s["inr"][:3], "rule at 7 d: got doses of shape (3,), expected one for each of 5 people."),
        (lambda t, s: 5.0, "rule at 7 d: got doses of shape (), expected one for each of 5 people."),
        (lambda t, s: s.dose - 100, "rule at 7 d: got -10 ug for subject 10, expected a finite dose of at least 0."),
        (lambda t, s: s.dose * np.nan, "rule at 7 d: got nan ug for subject 10, expected a finite dose of at least 0."),
        (lambda t, s: s.dose * np.inf, "rule at 7 d: got inf ug for subject 10, expected a finite dose of at least 0."),
        (lambda t, s: "more", "rule at 7 d: got 'more', expected 5 numbers in ug."),
        (lambda t, s: None, "rule at 7 d: got doses of shape (), expected one for each of 5 people."),
        (
            lambda t, s: s["inr"] - s["inr"].mean() + 10,
            (
                "rule at 7 d: got 8 ug for subject 10 among others and 10 ug alone, expected doses that do not depend "
                "on who else is there."
            ),
        ),
        (lambda t, s: s["INR"], "unknown output that is seen: got 'INR', expected one of 'inr'; the nearest is 'inr'."),
    ],
)
def test_decisions_that_are_refused(decide, message):
    assert said(lambda: decided(made(decide), seen())) == message


def test_a_fault_in_a_rule_goes_on_with_where_it_happened():
    with pytest.raises(ZeroDivisionError) as caught:
        decided(made(lambda t, s: 1 // 0), seen())
    assert caught.value.__notes__ == ["in the rule at 7 d, for 5 people"]


def test_several_doses_come_by_name():
    both = {"slow": DAILY, "rescue": mk.dose("K1", "0 mg")}
    held = {"doses": {"slow": np.ones(5), "rescue": np.zeros(5)}}
    rule = made(lambda t, s: {"rescue": s.doses["slow"], "slow": 2 * s.doses["slow"]}, doses=both, unit="mg")
    assert decided(rule, seen(**held)).tolist() == [[2.0] * 5, [1.0] * 5]
    assert np.allclose(sizes(rule) * [one.molar_mass for one in rule.records], 1e6)
    one = made(lambda t, s: {"slow": s.doses["slow"]}, doses=both)
    assert said(lambda: decided(one, seen(**held))) == (
        "rule at 7 d: got ['slow'], expected doses of 'slow' and 'rescue'."
    )
    none = made(lambda t, s: s.doses["slow"], doses=both)
    assert said(lambda: decided(none, seen(**held))) == (
        "rule at 7 d: got 'ndarray', expected a mapping with 'slow' and 'rescue'."
    )
    assert said(lambda: seen(**held).dose) == (
        "dose of a rule: got 2 of them, expected their names: seen.doses[...] of 'slow' and 'rescue'."
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mk.rule("5 mg", abs, visits=[1]), f"doses of a rule: got '5 mg', expected {DOSE}."),
        (lambda: mk.rule({}, abs, visits=[1]), f"doses of a rule: got {{}}, expected {DOSE}."),
        (lambda: mk.rule(DAILY, 3, visits=[1]), "decide: got 3, expected a function of time and of what is seen."),
        (
            lambda: mk.rule(DAILY, abs, visits=[1], observes=3),
            "observes: got 3, expected a name of an output such as 'inr', or a list of them.",
        ),
        (
            lambda: mk.rule(DAILY, abs, visits=[3, 2]),
            "visits: got 2 d after 3 d, expected times in rising order, each once.",
        ),
        (lambda: mk.rule(DAILY, abs, visits=[-1]), "visits: got -1 d, expected finite times of at least 0."),
        (
            lambda: mk.rule(DAILY, abs, visits=None),
            "visits: got None, expected 'start:stop:step unit' such as '0:730:14 d', or an array of days.",
        ),
        (
            lambda: mk.rule(DAILY, abs, visits=[1]) + mk.rule(DAILY, abs, visits=[1]),
            "regimen: got two rules, expected one; a rule may decide several doses by name.",
        ),
    ],
)
def test_rules_that_are_refused(call, message):
    assert said(call) == message


def test_a_sum_of_doses_is_no_dose_of_a_rule():
    assert said(lambda: mk.rule(DAILY + DAILY, abs, visits=[1])).endswith(f"expected {DOSE}.")
    assert said(lambda: mk.rule(mk.rule(DAILY, abs, visits=[1]), abs, visits=[1])).endswith(f"expected {DOSE}.")


def test_units_are_amounts():
    with pytest.raises(InputError) as caught:
        mk.rule(DAILY, abs, visits=[1], unit="h")
    assert str(caught.value) == "unit of a rule: got '1 h', expected a mass or a molar amount such as '360 ug'."
    with pytest.raises(UnknownNameError):
        mk.rule(DAILY, abs, visits=[1], unit="spoon")


def test_regimens_end_in_a_rule_and_say_so():
    rule = mk.rule(DAILY, abs, visits="7:21:7 d", observes=["inr", "inr"])
    both = mk.dose("K1", "1 mg") + rule
    assert both == rule.__radd__(0) + mk.dose("K1", "1 mg")
    assert len(both.prescribed) == 2
    assert hash(both) == hash(mk.dose("K1", "1 mg") + rule)
    assert repr(rule) == "Regimen(MK-7 as abs decides, 3 visits from 7 d to 21 d, seeing inr)"
    assert repr(rule.unattended()) == "Regimen(MK-7 as abs decides, no visits)"
    assert repr(mk.rule(DAILY, abs, visits=[7])) == "Regimen(MK-7 as abs decides, a visit at 7 d)"
    assert DAILY.unattended() is DAILY
    missed = (both * mk.adherence(0.5)).prescribed
    assert [one.adherence for one in missed] == [0.5, 0.5]
    assert pickle.loads(pickle.dumps(both)) == both


def test_schedules_are_not_written_out_with_a_rule():
    message = (
        "regimen: got one that ends in a rule, expected doses that are known beforehand; mk.simulate follows rules."
    )
    from menaquinone.interop.events import to_table

    rule = mk.rule(DAILY, abs, visits=[7])
    assert said(lambda: to_table(rule, horizon="14 d")) == message
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=[])
    assert said(lambda: mk.sweep(model, None, rule, over={"clearance[MK-7]": [1, 2]}, times=[0, 14])) == message


# Draws ----------------------------------------------------------------------------------------------------------------


@given(
    n=st.integers(1, 30), some=st.lists(st.integers(0, 29), min_size=1, unique=True), minute=st.integers(0, 2**32 - 1)
)
def test_draws_belong_to_the_person_and_the_time(n, some, minute):
    whole, chosen = seen(n, minute=minute), [one for one in some if one < n]
    part = whole.take(np.array(chosen, int)) if chosen else whole
    chosen = chosen or list(range(n))
    assert (part.normal("error") == whole.normal("error")[chosen]).all()
    assert (part.uniform("luck") == whole.uniform("luck")[chosen]).all()
    assert (whole.uniform("luck") != seen(n, minute=(minute + 1) % 2**32).uniform("luck")).all()


def test_what_is_seen_cannot_be_written_to():
    for array in (seen()["inr"], seen().dose, seen().ids):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
