"""Points of safety: found whatever the regimen looks like, said once for each kind, silenced by kind."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.catalogue.antagonists import ANTAGONISTS
from menaquinone.errors import HighDoseWarning, InteractionWarning, SafetyWarning
from menaquinone.inputs.safety import NOTHING, concerns, told, unsaid, warn_of
from menaquinone.inputs.schedule import expand
from menaquinone.studies.trial import run_arms

YEAR = 8766.0
WARFARIN = mk.dose("warfarin", "5 mg", every="24 h")
HIGH = mk.dose("MK-7", "360 ug", every="24 h")
LOW = mk.dose("MK-7", "180 ug", every="24 h")
INTERACTION = (
    "'MK-7' beside 'warfarin': vitamin K acts against the drug and moves INR, so nobody who takes it changes intake "
    "without those who watch the INR (theuwissen-2013-mk7-45-inr, schurgers-2004-k1-inr-threshold, "
    "sconce-2007-k150-dose-after)"
)
TOO_MUCH = (
    "360 ug of MK-7 in a day from supplements is more than 200 ug: ask a healthcare professional "
    "(vkm-2018-evm-guidance)"
)
SMALL = mk.models.vitamin_k(forms=["MK-7"], proteins=[], sites=[])


def kinds(*regimens, people=None, horizon=YEAR):
    return [one.category for one in concerns(regimens, people, horizon)]


# What is found --------------------------------------------------------------------------------------------------------


def test_sentences():
    assert [str(one) for one in concerns([HIGH + WARFARIN], None, YEAR)] == [INTERACTION, TOO_MUCH]
    assert told(concerns([HIGH], None, YEAR)) == TOO_MUCH
    assert told(concerns([LOW], None, YEAR)) == NOTHING


@pytest.mark.parametrize(
    ("regimen", "high"),
    [
        (mk.dose("MK-7", "200 ug", every="24 h"), False),
        (mk.dose("MK-7", "201 ug", every="24 h"), True),
        (mk.dose("MK-7", "360 ug"), True),
        (mk.dose("MK-7", "101 ug", every="12 h"), True),
        (mk.dose("MK-7", "100 ug", every="12 h"), False),
        (mk.dose("MK-7", "101 ug", every="12 h", until="1 h"), False),
        (mk.dose("MK-7", "150 ug", every="24 h") + mk.dose("MK-7", "60 ug", every="7 d", start="30 d"), True),
        (mk.dose("MK-7", "180 ug", every="24 h", until="7 d") + mk.dose("MK-7", "180 ug", start="8 d"), False),
        (mk.dose("MK-7", "360 ug", every="24 h", start="400 d"), False),
        (mk.dose("MK-7", "300 ug", every="72 h", duration="48 h"), False),
        (mk.dose("MK-7", "0.35 umol", every="24 h"), True),
        (mk.dose("MK-4", "45 mg", every="24 h"), False),
        (mk.diet({"natto": "50 g/d"}, region="JP"), False),
        (mk.Regimen(), False),
    ],
)  # fmt: skip
def test_doses_in_a_day(regimen, high):
    assert kinds(regimen) == [HighDoseWarning] * high


@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.sampled_from([0, 6, 8, 12, 24, 36, 168]), st.integers(0, 100)), max_size=4
    )
)
def test_the_largest_day_is_that_of_the_written_out_schedule(written):
    regimen = sum(
        (
            mk.dose("MK-7", f"{ug} ug", start=f"{start} h", **({"every": f"{every} h"} if every else {}))
            for start, every, ug in written
        ),
        mk.Regimen(),
    )
    schedule = expand(regimen, 500.0)
    ug = np.round(schedule.amount * 649.02 / 1e3, 2)
    days = [ug[(schedule.start >= one) & (schedule.start < one + 24)].sum() for one in schedule.start]
    assert kinds(regimen, horizon=500.0) == [HighDoseWarning] * int(max(days, default=0.0) > 200.01)


def test_any_antagonist_beside_any_form():
    for form in ("K1", "MK-4", "MK-8"):
        assert kinds(mk.dose(form, "10 ug") + WARFARIN) == [InteractionWarning]
    natto = mk.diet({"natto": "50 g/d"}, region="JP")
    assert kinds(natto + WARFARIN) == [InteractionWarning]
    assert kinds(WARFARIN) == []
    assert kinds(mk.dose("MK-7", "0 ug") + WARFARIN) == []
    assert kinds(LOW, WARFARIN) == []  # two people
    own = replace(ANTAGONISTS["warfarin"], name="mine", pk=replace(ANTAGONISTS["warfarin"].pk, name=("mine",)))
    assert kinds(mk.dose(own, "5 mg") + LOW) == [InteractionWarning]


def test_long_standing_users_of_a_drug():
    people = mk.population("reference", 2)
    users = people.taking({"warfarin": np.array([0.0, 5.0])})
    assert kinds(LOW, people=users) == [InteractionWarning]
    assert kinds(None, people=users) == []
    assert kinds(LOW, people=users.select([0])) == []


def test_a_rule_counts_for_the_interaction_whatever_is_written_and_for_high_doses_by_what_it_gave():
    nothing = mk.dose("MK-7", "0 ug", every="24 h")

    def ruled(doses):
        return mk.rule(doses, lambda _, seen: seen.dose, visits="7:21:7 d", observes="dp_ucmgp")

    assert kinds(ruled({"drug": WARFARIN, "vitamin": nothing})) == [InteractionWarning]
    assert kinds(ruled(nothing), people=mk.population("reference", 1).taking({"warfarin": 5})) == [InteractionWarning]
    assert kinds(WARFARIN + ruled(nothing)) == [InteractionWarning]
    assert kinds(ruled(WARFARIN)) == []
    assert kinds(ruled(LOW)) == []
    assert kinds(ruled(HIGH)) == [HighDoseWarning]
    regimen = ruled(LOW)
    (most,) = concerns([regimen], None, YEAR, {regimen.rule: [regimen.rule.records[0].amount * 2]})
    assert str(most) == TOO_MUCH


def test_what_a_rule_decides_is_warned_of_once_the_run_is_over():
    model = mk.models.vitamin_k(forms=["MK-7"], sites=[])
    doubled = mk.rule(LOW, lambda _, seen: np.where(seen.ids == 1, 360.0, 180.0), visits=[3, 7], observes="dp_ucmgp")
    for options in ({}, {"summaries": mk.Summaries()}, {"final_state": True}):
        with pytest.warns(SafetyWarning) as seen:
            result = mk.simulate(model, mk.population("reference", 2, rng=1), doubled, times=[0, 8], **options)
        assert [str(one.message) for one in seen] == [TOO_MUCH]
        assert seen[0].filename == __file__
        assert result.attrs["safety"] == TOO_MUCH
    with pytest.warns(HighDoseWarning) as seen:  # the dose reached goes on, though nothing more is decided
        mk.simulate(model, mk.population("reference", 2, rng=1), doubled.unattended(), times=[0, 8], initial=result)
    assert len(seen) == 1
    already = mk.rule(HIGH, lambda _, seen: 2 * seen.dose, visits=[3], observes="dp_ucmgp")
    with pytest.warns(SafetyWarning) as seen:
        result = mk.simulate(model, None, already, times=[0, 8])
    assert [str(one.message) for one in seen] == [TOO_MUCH]
    assert result.attrs["safety"].startswith("720 ug of MK-7 in a day")


def test_each_kind_once_and_the_largest_dose():
    found = concerns([HIGH, mk.dose("MK-7", "720 ug", every="24 h"), HIGH + WARFARIN], None, YEAR)
    assert [one.category for one in found] == [InteractionWarning, HighDoseWarning]
    assert found[1].message.startswith("720 ug of MK-7")


# What is said ---------------------------------------------------------------------------------------------------------


def test_a_kind_can_be_silenced():
    found = concerns([HIGH + WARFARIN], None, YEAR)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", HighDoseWarning)
        warn_of(found)
    assert [one.category for one in seen] == [InteractionWarning]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with unsaid():
            warn_of(found)
    assert issubclass(InteractionWarning, SafetyWarning)


def test_a_run_warns_once_and_its_result_says_so():
    people = mk.population("reference", 3)
    regimens = [HIGH, HIGH + mk.dose("MK-7", "1 ug"), LOW]
    with pytest.warns(SafetyWarning) as seen:
        result = mk.simulate(SMALL, people, regimens, times=[0, 7])
    (one,) = seen
    assert one.category is HighDoseWarning
    assert one.filename == __file__
    assert result.attrs["safety"].startswith("361 ug of MK-7")
    summary = mk.simulate(SMALL, people, HIGH, times=[0, 7], summaries=mk.Summaries())
    assert summary.attrs["safety"] == TOO_MUCH
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mk.simulate(SMALL, people, LOW, times=[0, 7]).attrs["safety"] == NOTHING


def test_a_silenced_kind_stays_in_the_result():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", HighDoseWarning)
        assert mk.simulate(SMALL, None, HIGH, times=[0, 1]).attrs["safety"] == TOO_MUCH


def test_a_sweep_warns_of_its_largest_dose():
    with pytest.warns(HighDoseWarning) as seen:
        result = mk.sweep(SMALL, None, LOW, over={"dose": ["90 ug", "360 ug"]}, times=[0, 1])
    assert len(seen) == 1
    assert seen[0].filename == __file__
    assert result.attrs["safety"] == TOO_MUCH


def test_a_trial_says_it_in_its_report_alone():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outcome = run_arms(SMALL, mk.population("reference", 1), {"placebo": None, "MK-7": HIGH}, times=[0, 1], seed=1)
    assert outcome.attrs["safety"] == TOO_MUCH


def test_what_is_uncertain_about_foods_is_in_the_result():
    eaten = mk.diet({"natto": "50 g/d"}, region="NL") + mk.diet({"gouda": "40 g/d"}, region="NL")
    model = mk.models.vitamin_k(proteins=[], sites=[])
    result = mk.simulate(model, None, eaten, times=[0, 1])
    assert result.attrs["regimen_notes"] == " ".join(eaten.notes)
    assert "regimen_notes" not in mk.simulate(model, None, LOW, times=[0, 1]).attrs
    people = mk.population("reference", 1, diet=mk.diet("Japan"))
    assert "natto is eaten unevenly" in mk.simulate(model, people, None, times=[0, 1]).attrs["notes"]
