"""Runs that go on from the state of another: split or whole, they are one run."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.solve.splitting import rest_of

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.inputs.records import DoseRecord
from menaquinone.interop.events import from_table
from menaquinone.testing import strategies

SMALL = mk.models.vitamin_k(forms=["K1", "MK-4", "MK-7"], tissues=["liver"], proteins=[])
WHOLE = mk.models.vitamin_k(forms=["K1", "MK-7"])
FORMS = SMALL.members("form")
DAYS = 6
EVENTS = tuple(event for event in strategies.EVENTS if event != "meal")
REGIMENS = strategies.regimens(among=FORMS, days=DAYS, events=EVENTS)


def parts(model, people, regimen, cut, times, **options):
    """Simulate up to the cut (d) and on from there; return the two results."""
    options |= {"outputs": list(model.offers)}
    before, after = times[times <= cut], times[times > cut]
    first = mk.simulate(model, people, regimen, times=np.unique([*before, cut]), final_state=True, **options)
    rest = rest_of(regimen, round(cut * 24, 9))
    second = mk.simulate(model, people, rest, times=np.unique([0.0, *(after - cut)]), initial=first, **options)
    return first, second


def assert_joined(model, whole, first, second, cut, rtol):
    """Hold both parts against the whole, to a share of each output's largest value."""
    assert (first["status"] == 0).all()
    assert (second["status"] == 0).all()
    for name in model.offers:
        wanted = whole[name]
        largest = np.nanmax(np.abs(wanted.values), initial=0.0)
        for time in whole["time"].values:
            part, at = (first, time) if time <= cut else (second, time - cut)
            got = part[name].sel(time=at, method="nearest").values
            off = np.abs(got - wanted.sel(time=time).values) - rtol * (np.abs(got) + 1e-3 * largest)
            assert np.nanmax(off, initial=0.0) <= 0, (name, time, np.nanmax(off))
        same = np.abs(first[name].sel(time=cut, method="nearest").values - second[name].sel(time=0).values)
        assert np.nanmax(same, initial=0.0) <= 1e-9 * largest, name


def one_steady(regimen):
    """Keep steady states of the first record that has one: later ones go on with it, which a rest does not know."""
    seen, records = False, []
    for one in regimen.records:
        steady = isinstance(one, DoseRecord) and bool(one.steady)
        records.append(replace(one, steady=0) if steady and seen and not one.endless else one)
        seen = seen or steady
    return replace(regimen, records=tuple(one for one in records if not getattr(one, "endless", False)))


@settings(max_examples=40)
@given(
    regimen=REGIMENS.map(one_steady),
    cut=st.integers(1, 24 * DAYS - 1) | st.floats(0.1, 24 * DAYS - 0.1).map(lambda one: round(one, 3)),
    times=strategies.times(days=DAYS, max_size=5),
    seed=st.integers(0, 2**32),
)
def test_a_run_may_be_split_anywhere(regimen, cut, times, seed):
    people, cut = mk.population("postmenopausal", 3, rng=seed), cut / 24
    whole = mk.simulate(SMALL, people, regimen, times=times, outputs=list(SMALL.offers))
    first, second = parts(SMALL, people, regimen, cut, times)
    assert_joined(SMALL, whole, first, second, cut, 1e-5)


@settings(max_examples=3)
@given(
    regimen=strategies.regimens(among=("MK-7",), days=2, events=("infusion", "bolus", "lag", "adherence", "stop")),
    cut=st.integers(1, 47),
)
@pytest.mark.accuracy
def test_the_reference_may_be_split_too(regimen, cut):
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=[])
    options = {"engine": mk.Reference()}
    people, times = mk.population("postmenopausal", 1, rng=cut), np.array([0.0, cut / 24, 2.0])
    whole = mk.simulate(model, people, regimen, times=np.unique(times), outputs=list(model.offers), **options)
    first, second = parts(model, people, regimen, cut / 24, times, **options)
    assert_joined(model, whole, first, second, cut / 24, 1e-8)


@pytest.mark.accuracy
def test_split_at_a_dose_the_reference_gives_the_same_bits():
    people, regimen, engine = (
        mk.population("postmenopausal", 1, rng=7),
        mk.dose("MK-7", "1 mg", every="12 h"),
        mk.Reference(),
    )
    whole = mk.simulate(WHOLE, people, regimen, times=[0, 2], outputs=list(WHOLE.offers), engine=engine)
    first = mk.simulate(WHOLE, people, regimen, times=[1], engine=engine, final_state=True)
    second = mk.simulate(WHOLE, people, regimen, times=[1], outputs=list(WHOLE.offers), engine=engine, initial=first)
    for name in WHOLE.offers:
        assert second[name].values[:, -1].tobytes() == whole[name].values[:, -1].tobytes(), name


def test_slow_states_onsets_and_steps_of_covariates_go_on():
    people = mk.population("postmenopausal", 24, rng=11)
    regimen, times = mk.dose("MK-7", "360 ug", every="24 h"), np.array([0.0, 500.0, 1000.0, 1500.0, 3000.0])
    options = {"growth_noise": True, "engine": mk.Cascade()}
    whole = mk.simulate(WHOLE, people, regimen, times=times, outputs=list(WHOLE.offers), **options)
    assert (np.diff(whole["agatston"].values > 0, axis=1) > 0).any(), "nobody's onset falls into the run"
    for cut in (500.0, 730.5):  # the second is the end of a year, at which kidney function steps
        first, second = parts(WHOLE, people, regimen, cut, times, **options)
        assert_joined(WHOLE, whole, first, second, cut, 1e-5)
        assert second.attrs["began_at"] == cut


def test_the_rest_of_a_run_agrees_between_the_engines():
    people, regimen = mk.population("postmenopausal", 1, rng=3), mk.dose("MK-7", "360 ug", every="24 h")
    start = mk.simulate(WHOLE, people, regimen, times=[0, 400], final_state=True)
    cascade, reference = (
        mk.simulate(WHOLE, people, regimen, times=[0, 2], outputs=list(WHOLE.offers), initial=start, engine=engine)
        for engine in (mk.Cascade(), mk.Reference())
    )
    for name in WHOLE.offers:
        assert cascade[name].values == pytest.approx(reference[name].values, rel=1e-6, abs=1e-12, nan_ok=True), name


def test_a_reset_leads_back_to_the_habitual_diet():
    people, dosing = mk.population("postmenopausal", 3, rng=1), mk.dose("MK-7", "1 mg", every="12 h", duration="20 h")
    start = mk.simulate(SMALL, people, dosing, times=[0, 3.1], final_state=True)
    for time in (0, 12):
        reset = from_table([{"TIME": time, "EVID": 3, "AMT": 0.0, "CMT": "oral[MK-7]"}])
        found = [
            mk.simulate(SMALL, people, reset, times=[0, 0.25, 0.5, 1, 60], initial=start, engine=engine)
            for engine in (mk.Cascade(), mk.Reference())
        ]
        for one in found:
            seen = one["plasma_concentration"].sel(form="MK-7")
            assert seen[:, 0].values == pytest.approx(start["plasma_concentration"].sel(form="MK-7")[:, -1].values)
            assert seen[:, 3].values == pytest.approx(seen[:, 4].values, rel=1e-6)
            if time:
                assert (seen[:, 2] > 2 * seen[:, 3]).all()
        assert found[0]["plasma_concentration"].values == pytest.approx(
            found[1]["plasma_concentration"].values, rel=1e-6
        )


def test_what_is_in_the_depots_is_absorbed_as_fast_as_it_was():
    tablets = mk.dose("MK-7", "1 mg", every="24 h", formulation="tablet")
    people, times = mk.population("reference", 1), np.array([0.0, 1.0, 1.2, 1.5])
    whole = mk.simulate(SMALL, people, tablets, times=times, outputs=list(SMALL.offers))
    first, second = parts(SMALL, people, tablets, 1.1, times)
    assert_joined(SMALL, whole, first, second, 1.1, 1e-6)
    once = mk.dose("MK-7", "1 mg", formulation="tablet")
    whole = mk.simulate(SMALL, people, once, times=times, outputs=list(SMALL.offers))
    first, second = parts(SMALL, people, once, 0.1, times)
    assert_joined(SMALL, whole, first, second, 0.1, 1e-6)


def test_a_run_may_go_on_again_and_again():
    people = mk.population("postmenopausal", 3, rng=2)
    late = mk.dose("MK-7", "1 mg", lag="60 h") + mk.dose("K1", "1 mg", duration="70 h") * mk.adherence(0.9)
    whole = mk.simulate(SMALL, people, late, times=[0, 4, 5], outputs=["plasma_concentration"])
    one = mk.simulate(SMALL, people, late, times=[1], final_state=True)
    two = mk.simulate(SMALL, people, None, times=[1], initial=one, final_state=True)
    three = mk.simulate(SMALL, people, None, times=[2, 3], initial=mk.final_state(two), final_state=True)
    assert three["plasma_concentration"].values == pytest.approx(whole["plasma_concentration"].values[:, 1:], rel=1e-6)
    assert mk.final_state(three)["final_state"].attrs["time_since_entry"] == 5
    assert "dose_on_its_way" not in three


def test_a_changed_diet_acts_from_the_hand_over_on():
    people = mk.population("reference", 1)
    start = mk.simulate(SMALL, people, None, times=[0, 1], final_state=True)
    more = people.eating({"MK-7": 100.0})
    later = mk.simulate(SMALL, more, None, times=[0, 40], initial=start)["plasma_concentration"].sel(form="MK-7")
    before = start["plasma_concentration"].sel(form="MK-7").values
    steady = mk.simulate(SMALL, more, None, times=[0])["plasma_concentration"].sel(form="MK-7").values
    assert later.values[0, 0] == pytest.approx(before[0, -1])
    assert later.values[0, 1] == pytest.approx(steady[0, 0], rel=1e-3)


# Rules ----------------------------------------------------------------------------------------------------------------

TITRATED = mk.models.vitamin_k(forms=["MK-7"], tissues=["vessel"], proteins=["MGP"], sites=[])
DAILY = mk.dose("MK-7", "90 ug", every="24 h")
TO_RANGE = mk.titration.stepwise("dp_ucmgp", 150, 250, rises=False, far_high=400, hold=80, most=1500)
MARKER = ["dp_ucmgp"]


def by_luck(time, seen):
    """Doses of chance, and of the person's own past."""
    before = seen.earlier[-1]["dp_ucmgp"] if seen.earlier else seen["dp_ucmgp"]
    return seen.dose * (0.5 + seen.uniform("dose")) * np.where(seen["dp_ucmgp"] < before, 0.9, 1.1)


RULES = {
    "titration": mk.rule(DAILY, TO_RANGE, visits="7:28:7 d"),
    "luck": mk.rule(DAILY, by_luck, visits=[0, 3.5, 14], observes="dp_ucmgp"),
    "infused, missed": mk.rule(
        mk.dose("MK-7", "90 ug", every="36 h", duration="30 h", lag="10 h"), TO_RANGE, visits=[3, 7.25]
    )
    * mk.adherence(0.7),
}


def ruled(people, regimen, **options):
    options = {"times": "0:35:7 d", "outputs": MARKER, "final_state": True} | options
    return mk.simulate(TITRATED, people, regimen, **options)


@settings(max_examples=8)
@given(
    name=st.sampled_from(sorted(RULES)), seed=st.integers(0, 2**32), n=st.integers(2, 40), data=st.data(),
    lanes=st.sampled_from([16, 32]),
)  # fmt: skip
def test_a_person_is_the_same_in_any_company_bit_for_bit(name, seed, n, data, lanes):
    people = mk.population("postmenopausal", n, rng=seed)
    whole = ruled(people, RULES[name])
    some = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=5, unique=True))
    part = ruled(people.select(some), RULES[name], engine=mk.Cascade(lanes=lanes), workers=1)
    for variable in ("dp_ucmgp", "rule_dose", "final_state"):
        assert part[variable].values.tobytes() == whole[variable].sel(subject=some).values.tobytes(), variable


def test_what_a_rule_looks_back_on_grows_with_visits_alone():
    held = []

    def look(time, seen):
        held.append((time, [one.time for one in seen.earlier], [one.earlier for one in seen.earlier]))
        return seen.dose

    ruled(mk.population("reference", 2), mk.rule(DAILY, look, visits="0:2:0.5 d"), times=[2])
    times = [0, 0.5, 1, 1.5, 2]
    assert held[::2] == [(time, times[:k], [()] * k) for k, time in enumerate(times)]  # each asked of all, then of one


def test_the_same_run_again_is_the_same():
    people = mk.population("postmenopausal", 5, rng=1)
    one, other = ruled(people, RULES["luck"]), ruled(people, RULES["luck"])
    assert one.identical(other)
    another = ruled(people, RULES["luck"], rng=9)
    assert (another["rule_dose"] != one["rule_dose"]).all()


@pytest.mark.parametrize("name", RULES)
def test_both_engines_follow_a_rule(name):
    people, end = mk.population("postmenopausal", 1, rng=5), {"titration": 29, "luck": 15}.get(name, 9)
    cascade, reference = (
        ruled(people, RULES[name], times=[0, 5, end], engine=engine) for engine in (mk.Cascade(), mk.Reference())
    )
    assert cascade["dp_ucmgp"].values == pytest.approx(reference["dp_ucmgp"].values, rel=1e-6)
    assert cascade["rule_dose"].values == pytest.approx(reference["rule_dose"].values, rel=1e-6)


def test_a_rule_that_knows_beforehand_is_a_regimen():
    """Doses of 90 ug for two weeks and 180 ug from then on, decided or written."""
    people = mk.population("postmenopausal", 3, rng=4)
    twice = mk.rule(DAILY, lambda time, seen: np.full(len(seen.ids), 180.0), visits=[14])
    written = mk.dose("MK-7", "90 ug", every="24 h", until="14 d") + mk.dose(
        "MK-7", "180 ug", every="24 h", start="14 d"
    )
    decided, known = ruled(people, twice), ruled(people, written)
    assert decided["dp_ucmgp"].values == pytest.approx(known["dp_ucmgp"].values, rel=1e-6)
    assert decided["rule_dose"].values.tolist() == [[[180.0]]] * 3
    assert decided["rule_dose"].attrs["units"] == "ug"
    assert np.isnan(decided["dose_amount"]).all()
    held = mk.rule(mk.dose("MK-7", "90 ug", every="24 h", steady_state=True), lambda time, seen: seen.dose, visits=[14])
    flat = ruled(people, held)["dp_ucmgp"].values
    assert flat[:, 2:] == pytest.approx(np.repeat(flat[:, 1:2], 4, axis=1), rel=1e-6)


def test_a_dose_without_an_interval_is_given_after_every_visit():
    people = mk.population("reference", 2)
    both = {"daily": DAILY, "once": mk.dose("MK-7", "0 mg", start="12 h")}
    rule = mk.rule(both, lambda time, seen: {"daily": seen.doses["daily"], "once": seen.ids * 1000.0}, visits=[7, 14])
    found = ruled(people, DAILY + rule.unattended(), times=[0, 7.5, 14.5, 20])
    written = DAILY + DAILY + mk.dose("MK-7", "1 mg", start="180 h") + mk.dose("MK-7", "1 mg", start="348 h")
    found = ruled(people, DAILY + rule, times=[0, 7.5, 8, 14.5, 20])
    known = ruled(people, [DAILY + DAILY, written], times=[0, 7.5, 8, 14.5, 20])
    assert found["dp_ucmgp"].values == pytest.approx(known["dp_ucmgp"].values, rel=1e-6)
    assert found["rule_dose"].sel(decided="once").values.tolist() == [[0, 0], [1000, 1000]]


def test_stable_people_go_on_with_their_doses():
    people = mk.population("postmenopausal", 4, rng=8)
    run_in = ruled(people, RULES["titration"])
    whole = ruled(people, RULES["titration"], times=[0, 35, 42, 49])
    later = ruled(people, RULES["titration"].unattended(), times=[0, 7, 14], initial=run_in)
    assert later["dp_ucmgp"].values == pytest.approx(whole["dp_ucmgp"].values[:, 1:], rel=1e-6)
    assert "rule_dose" not in later
    again = ruled(people, RULES["titration"], times=[0, 28], initial=run_in.isel(subject=[1, 3, 0, 2]))
    assert (again["rule_dose"][:, 0] <= 1.15 * run_in["rule_dose"][:, -1] * (1 + 1e-12)).all()


def test_people_may_have_rules_of_their_own():
    people = mk.population("postmenopausal", 6, rng=6)
    every = [RULES["titration"], DAILY, RULES["luck"], None or mk.Regimen(), RULES["luck"], RULES["titration"]]
    mixed = ruled(people, every)
    for one in range(people.n):
        alone = ruled(people.select([one]), every[one])
        assert (alone["dp_ucmgp"].values == mixed["dp_ucmgp"].sel(subject=[one]).values).all()
    decided = mixed["rule_dose"].isel(decided=0)
    assert decided["visit"].values.tolist() == [0, 3.5, 7, 14, 21, 28]
    assert np.isfinite(decided).sum("visit").values.tolist() == [4, 0, 3, 0, 3, 4]
    later = ruled(people, every, times=[0, 28], initial=mixed)
    assert (later["status"] == 0).all()


def test_warfarin_is_titrated_by_inr_and_vitamin_k_undoes_it():
    model = mk.models.vitamin_k(forms=["K1", "MK-7"], antagonists=["warfarin"], sites=[])
    people = mk.population("reference", 3, rng=1).having(
        {"age": 71, "VKORC1": ["GG", "GA", "AA"], "CYP2C9": ["*1/*1", "*1/*2", "*1/*3"]}
    )
    warfarin = mk.rule(
        mk.dose("warfarin", "5 mg", every="24 h"), mk.titration.inr(), visits=[5, *range(10, 100, 10)], unit="mg"
    )
    run_in = mk.simulate(model, people, warfarin, times=[0, 5, 100], outputs=["inr"], final_state=True)
    inr, doses = run_in["inr"].values, run_in["rule_dose"].values[:, -1, 0]
    assert (inr[:, 0] < 1.1).all()
    assert ((inr[:, -1] > 1.9) & (inr[:, -1] < 3.1)).all()
    assert doses[0] > doses[1] > doses[2]  # those who need less get less
    go_on = {"times": [0, 14, 28], "outputs": ["inr"], "initial": run_in}
    flat = mk.simulate(model, people, warfarin.unattended(), **go_on)["inr"].values
    assert flat == pytest.approx(np.repeat(flat[:, :1], 3, axis=1), rel=0.03)
    with pytest.warns(mk.InteractionWarning, match="'MK-7' beside 'warfarin'"):
        fed = mk.simulate(model, people, warfarin.unattended() + mk.dose("MK-7", "45 ug", every="24 h"), **go_on)
    assert (fed["inr"].values[:, -1] < 0.8 * flat[:, -1]).all()


def test_summaries_follow_rules():
    people = mk.population("postmenopausal", 20, rng=6)
    told = ruled(people, RULES["titration"], summaries=mk.Summaries(), final_state=False)
    kept = ruled(people, RULES["titration"])
    assert told["dp_ucmgp_mean"].values.ravel() == pytest.approx(kept["dp_ucmgp"].mean("subject").values, rel=1e-9)


def test_progress_counts_people_once():
    seen = []
    people = mk.population("postmenopausal", 40, rng=6)
    ruled(people, RULES["titration"], progress=lambda done, total: seen.append((done, total)), workers=1)
    assert seen == sorted(seen)
    assert seen[-1] == (40, 40)


def test_a_person_that_fails_is_decided_for_no_more():
    people = mk.population("postmenopausal", 3, rng=6)
    seen = []

    def note(time, at):
        seen.append(at.ids.tolist())
        return np.where(at.ids == 1, 1e300, at.dose)

    with pytest.warns(RuntimeWarning, match="1 of 3 subjects could not be solved"):
        found = ruled(people, mk.rule(DAILY, note, visits=[7, 14, 21], observes="dp_ucmgp"))
    assert (found["status"].values != 0).tolist() == [False, True, False]
    assert seen == [[0, 1, 2], *[[0]] * 0, *seen[1:]]
    assert all(1 not in ids for ids in seen[2:])
    assert np.isnan(found["rule_dose"].values[1, 1:]).all()
    assert np.isnan(found["final_state"].sel(quantity="oral_pk.central[MK-7]").values).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ruled(None, mk.rule(DAILY, TO_RANGE, visits=[7, 36])),
            "visits: got 36 d, expected times within the run, which ends at 35 d.",
        ),
        (
            lambda: ruled(None, mk.rule(DAILY, TO_RANGE, visits=[7]), final_state=True, summaries=mk.Summaries()),
            "final_state: got True, expected a run that keeps its people, without `summaries`.",
        ),
        (
            lambda: ruled(None, mk.rule(DAILY, TO_RANGE, visits=[7], observes="inr")),
            (
                "output that a rule observes 'inr': got model 'vitamin K' without an antagonist, expected one as in "
                "mk.models.vitamin_k(antagonists=['warfarin'])."
            ),
        ),
        (
            lambda: ruled(None, mk.rule(DAILY, TO_RANGE, visits=[7], observes="bmd")),
            (
                "unknown output that a rule observes: got 'bmd', expected one of "
                f"{', '.join(map(repr, list(TITRATED.offers)[:-1]))} and '{list(TITRATED.offers)[-1]}'."
            ),
        ),
    ],
)
def test_runs_that_are_refused(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
