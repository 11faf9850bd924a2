"""Simulated trials: figures of one set of parameters and of many, and what a trial of a given size would report."""

import pickle

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.studies.predict import NEVER, Plan, Prediction, Wanted, predicted, resized, trimmed

MODEL = mk.models.vitamin_k()
PEOPLE = mk.population("postmenopausal", 24, rng=3)
DAILY = mk.dose("MK-7", "180 ug", every="24 h", until="28 d")
FALL = Wanted("dp_ucmgp", "MK-7", 28.0, of="percent change", size=20, size_against=10)
LEVEL = "reference_level[vessel, MK-7]"


def plan(*wanted, **groups):
    return Plan({"placebo": (PEOPLE, None), "MK-7": (PEOPLE, DAILY), **groups}, wanted or (FALL,), seed=5)


def by_hand(values, wanted=FALL):
    """Return a prediction of people given by hand, one array for every group."""
    return Prediction(plan(wanted), ({name: np.asarray(one, float) for name, one in values.items()},))


def test_figures_are_those_of_a_simulation():
    found = predicted(plan(FALL, Wanted("pivka_ii", "placebo", 28.0)), MODEL, rtol=1e-6)
    result = mk.simulate(MODEL, PEOPLE, DAILY, times=[0.0, 28.0], rng=5)
    change = 100 * (result["dp_ucmgp"].isel(time=1) / result["dp_ucmgp"].isel(time=0) - 1)
    assert found.values[0] == pytest.approx(float(change.mean()), rel=1e-4)
    assert found.values.shape == (2,)


def test_many_sets_agree_with_each_alone():
    sets = {LEVEL: [10.0, 18.1, 40.0], "k_out[MGP]": 0.02}
    together = predicted(plan(), MODEL, sets).values
    alone = [predicted(plan(), MODEL, {LEVEL: one, "k_out[MGP]": 0.02}).values for one in sets[LEVEL]]
    assert together.shape == (3, 1)
    np.testing.assert_allclose(together, alone, rtol=1e-3)
    assert (np.diff(together[:, 0]) > 1).all()


def test_what_people_have_of_their_own_moves_alike_with_one_set_and_with_many():
    """In dialysis everybody has a share of their own; before, many sets replaced it and one set left it."""
    people, share = mk.population("hemodialysis", 12, rng=4), "u0[MGP]"
    level = Wanted("dp_ucmgp", "dialysis", 0.0)
    own = Plan({"dialysis": (people, None)}, (level,), seed=1)
    alone = [float(predicted(own, MODEL, {share: one}).values[0]) for one in (0.2, 0.25, 0.3)]
    together = predicted(own, MODEL, {share: [0.2, 0.25, 0.3]}).values[:, 0]
    np.testing.assert_allclose(together, alone, rtol=1e-6)
    assert alone[0] < alone[1] < alone[2]
    assert alone[1] == pytest.approx(float(predicted(own, MODEL).values[0]), rel=1e-9)


def test_what_nothing_rests_on_changes_nothing():
    sets = {"growth[coronary]": [0.5, 2.0]}
    found = predicted(plan(), MODEL, sets).values
    assert found.shape == (2, 1)
    assert found[0] == found[1] == pytest.approx(predicted(plan(), MODEL).values)


def test_only_the_stages_that_figures_rest_on_are_solved():
    kept = trimmed(MODEL, ["dp_ucmgp"])
    assert [one.block.name for one in kept.stages] == [
        "oral_pk", "delivery", "tissue", "free_vkor", "cycle", "carboxylation", "mgp_markers"
    ]  # fmt: skip
    assert trimmed(MODEL, list(MODEL.outputs)).stages == MODEL.stages
    with pytest.raises(InputError, match="unknown output: got 'dpucmgp'"):
        trimmed(MODEL, ["dpucmgp"])


def test_groups_are_looked_at_where_their_figures_are():
    area = Wanted("plasma_concentration[MK-7]", "MK-7", 2.0, of="area", since=1.0)
    made = Plan({"MK-7": (PEOPLE, DAILY), "other": (PEOPLE, None)}, (area, FALL), seed=1, sampling=0.25)
    assert made.days("MK-7") == [0.0, 1.0, 1.25, 1.5, 1.75, 2.0, 28.0]
    assert made.outputs("MK-7") == ["plasma_concentration", "dp_ucmgp"]
    assert made.of("other") == ()


def test_readings_are_of_the_variable_that_is_read():
    read = Wanted("agatston_observed[coronary]", "placebo", 0.0, statistic="share above", threshold=0.0)
    made = plan(read, Wanted("dp_ucmgp_observed", "placebo", 0.0))
    assert made.outputs("placebo") == ["agatston", "dp_ucmgp"]
    found = predicted(made, MODEL).values
    assert 0 <= found[0] <= 100
    assert found[1] != predicted(plan(Wanted("dp_ucmgp", "placebo", 0.0)), MODEL).values[0]


def test_a_sample_has_the_published_size():
    people = np.linspace(-10, 10, 400)
    one = by_hand({"MK-7": people})
    both = people.std() * np.sqrt(1 / 20 + 1 / 400)  # of the trial and of the simulated people
    assert one.samples(0, 2000).std() == pytest.approx(both, rel=0.1)
    low, high = one.interval(0, resamples=2000)
    assert high - low == pytest.approx(2 * 1.96 * both, rel=0.1)
    assert one.error(0, resamples=2000) == pytest.approx(people.std() / np.sqrt(400), rel=0.1)
    np.testing.assert_array_equal(one.samples(0), one.samples(0))


def test_the_interval_of_many_sets_holds_what_differs_between_them():
    people, moved = np.linspace(-10, 10, 400), np.linspace(-30, 30, 61)
    alone, many = by_hand({"MK-7": people}), by_hand({"MK-7": people + moved[:, None]})
    np.testing.assert_array_equal(by_hand({"MK-7": people[None]}).samples(0), alone.samples(0))
    own = alone.samples(0, 1830).std()
    assert many.samples(0, 1830).std() == pytest.approx(np.hypot(own, moved.std()), rel=0.05)


def test_groups_are_sampled_independently_each_in_its_size():
    wanted = Wanted("pwv", "MK-7", 28.0, against="placebo", size=20, size_against=10)
    people = np.linspace(-10, 10, 400)
    one = by_hand({"MK-7": people, "placebo": people}, wanted)
    assert one.values == 0
    assert one.samples(0, 2000).std() == pytest.approx(people.std() * np.sqrt(1 / 20 + 1 / 10 + 2 / 400), rel=0.1)


def test_the_lowest_dose_that_restores():
    wanted = Wanted(
        "pivka_ii", "450 ug/d", 0.0, statistic="lowest restoring dose", against="usual",
        among=(("86 ug/d", 86.0), ("200 ug/d", 200.0), ("450 ug/d", 450.0)),
    )  # fmt: skip
    assert wanted.groups == ("86 ug/d", "200 ug/d", "450 ug/d", "usual")

    def of(*levels):
        people = {group: np.array([level, level]) for group, level in zip(wanted.groups, levels, strict=True)}
        return wanted.figure(people)

    assert of(2.0, 0.9, 0.8, 1.0) == 200
    assert of(1.0, 0.9, 0.8, 1.0) == 86
    assert of(2.0, 1.9, 1.8, 1.0) == NEVER


def test_a_trial_is_fewer_people_on_demand():
    small = resized(plan(), 5)
    assert {people.n for people, _ in small.groups.values()} == {5}
    assert list(small.groups["MK-7"][0].ids) == list(PEOPLE.ids[:5])
    assert pickle.loads(pickle.dumps(small)).wanted == small.wanted


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: plan(Wanted("pwv", "MK7", 0.0)),
            "unknown group of people: got 'MK7', expected one of 'placebo' and 'MK-7'; the nearest is 'MK-7'.",
        ),
        (
            lambda: predicted(plan(), MODEL, {LEVEL: [1.0, 2.0], "k_out[MGP]": [1.0, 2.0, 3.0]}),
            "numbers of values of the parameters: got [2, 3], expected the same for all of them.",
        ),
        (
            lambda: predicted(plan(), MODEL, {LEVEL: [1.0, np.inf]}),
            f"values of '{LEVEL}': got [1.0, inf], expected a finite number or a list of them.",
        ),
        (
            lambda: Prediction(plan(), ({"MK-7": np.zeros((2, 3))},)).error(0),
            "Monte Carlo error of a prediction: got several sets of parameters, expected one.",
        ),
    ],
)
def test_mistakes_are_answered_in_one_sentence(make, message):
    with pytest.raises(InputError) as refusal:
        make()
    assert str(refusal.value) == message


def test_an_unknown_parameter_is_refused():
    with pytest.raises(InputError, match=r"unknown parameter: got 'u0\[MPG\]'"):
        predicted(plan(), MODEL, {"u0[MPG]": 0.3})


def test_a_person_without_a_value_has_no_interval():
    assert np.isnan(by_hand({"MK-7": [np.nan] * 5}).interval(0)).all()
