"""Time 0: the steady state of each person's habitual diet, which nothing but doses and age moves."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.declare import Member, stage
from menaquinone.model import Model
from menaquinone.testing import strategies

MOVING = frozenset({"onset_hazard", "agatston", "bone_like", "pwv", "bmd"})
"""What goes on by itself: a life lived since birth."""
ENGINES = pytest.mark.parametrize("engine", [mk.Cascade(), mk.Reference()], ids=["cascade", "reference"])


def with_own_block(model, own):
    return Model(*model.stages, stage(own, *(Member((name,)) for name in model.members("form"))))


@settings(max_examples=15)
@given(
    model=strategies.models(max_forms=3),
    own=strategies.blocks(),
    people=strategies.populations(max_n=3),
    days=st.integers(1, 360),
    data=st.data(),
)
def test_without_doses_and_drift_nothing_moves(model, own, people, days, data):
    model = with_own_block(model.replace(data.draw(strategies.parameter_sets(model))), own)
    still = [name for name in model.offers if name not in MOVING]
    result = mk.simulate(model, people, None, times=[0, days / 3, days], outputs=still)
    for name in still:
        values = result[name].values
        scale = max(np.abs(values).max(initial=0.0), 1e-30)  # what nothing feeds is nothing, or nearly so
        assert values[:, 1:] == pytest.approx(np.repeat(values[:, :1], 2, axis=1), rel=1e-9, abs=1e-12 * scale), name


@ENGINES
def test_kidneys_age_in_yearly_steps_and_nothing_else_moves_the_markers(engine):
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["vessel"], proteins=["MGP"], sites=[])
    levels = mk.simulate(model, times=[0, 364, 800], outputs=["dp_ucmgp"], engine=engine)["dp_ucmgp"].values[0]
    assert levels[1] == pytest.approx(levels[0], rel=1e-9)
    assert levels[2] > levels[0] * 1.005


# Habitual diet --------------------------------------------------------------------------------------------------------


@settings(max_examples=15)
@given(
    form=st.sampled_from(["K1", "MK-4", "MK-7", "MK-8", "MK-9"]),
    less=st.floats(0, 50),
    more=st.floats(1, 500),
    seed=st.integers(0, 2**32),
)
def test_two_people_who_differ_only_in_habitual_diet_differ_at_time_0(form, less, more, seed):
    model = mk.models.vitamin_k()
    people = mk.population("postmenopausal", 1, rng=seed)
    low, high = people.eating({form: less}), people.eating({form: less + more})
    runs = [
        mk.simulate(model, one, times=[0], outputs=["plasma_concentration", "tissue_vitamin_k", "dp_ucmgp", "ucoc"])
        for one in (low, high)
    ]
    plasma = [one["plasma_concentration"].sel(form=form).item() for one in runs]
    assert plasma[1] > plasma[0]
    for other in set(model.members("form")) - {form}:
        assert runs[0]["plasma_concentration"].sel(form=other) == runs[1]["plasma_concentration"].sel(form=other)
    assert (runs[1]["tissue_vitamin_k"] > runs[0]["tissue_vitamin_k"]).all()
    assert (runs[1]["dp_ucmgp"] < runs[0]["dp_ucmgp"]).all()
    assert (runs[1]["ucoc"] < runs[0]["ucoc"]).all()


def test_plasma_on_a_diet_is_intake_over_clearance():
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=[])
    people = mk.population("reference", 1).eating({"MK-7": 29.0})
    held = mk.simulate(model, people, times=[0], outputs=["plasma_concentration"])["plasma_concentration"].item()
    eaten = mk.simulate(model, people, mk.dose("MK-7", "29 ug"), times=[1])["dose_amount"].item()
    assert held == pytest.approx(eaten / 24 / 1.1, rel=1e-9)


@ENGINES
def test_a_dose_adds_to_the_diet(engine):
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=[])
    people = mk.population("reference", 1)
    plasma = lambda who, regimen: (
        mk.simulate(model, who, regimen, times=[0, 0.2, 1], outputs=["plasma_concentration"], engine=engine)[
            "plasma_concentration"
        ].values
    )
    starved = people.eating({"MK-7": 0.0})
    dose = mk.dose("MK-7", "100 ug")
    added = plasma(people, dose) - plasma(people, None)
    assert added == pytest.approx(plasma(starved, dose), rel=1e-6, abs=1e-9)
    assert (plasma(starved, None) == 0).all()


# People who differ in one number --------------------------------------------------------------------------------------


def given_people(**held):
    base = mk.population("reference", 2)
    return replace(base, **held)


def test_factors_multiply_and_values_replace():
    model = mk.models.vitamin_k()
    changed = given_people(
        factors={"clearance[MK-7]": np.array([1.0, 2.0])}, values={"pwv_entry": np.array([9.0, 12.0])}
    )
    result = mk.simulate(model, changed, times=[0], outputs=["plasma_concentration", "pwv"])
    plasma = result["plasma_concentration"].sel(form="MK-7").values[:, 0]
    assert plasma[1] == pytest.approx(plasma[0] / 2, rel=1e-12)
    assert result["pwv"].values[:, 0].tolist() == [9.0, 12.0]
    by_hand = mk.simulate(model.replace({"clearance[MK-7]": 2.2}), times=[0], outputs=["plasma_concentration"])
    assert by_hand["plasma_concentration"].sel(form="MK-7").item() == pytest.approx(plasma[1], rel=1e-12)


def test_a_value_of_a_person_acts_as_the_same_value_of_the_model():
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["vessel"], proteins=["MGP"], sites=["coronary"])
    people = given_people(
        values={"growth[coronary]": np.array([0.5, 1.5]), "onset_threshold[coronary]": np.full(2, 0.01)}
    )
    result = mk.simulate(model, people, times=[0, 300], outputs=["agatston"])["agatston"].values[:, 1, 0]
    for k, growth in enumerate([0.5, 1.5]):
        own = model.replace({"growth[coronary]": growth, "onset_threshold[coronary]": 0.01})
        alone = mk.simulate(own, mk.population("reference", 1), times=[0, 300], outputs=["agatston"])
        assert alone["agatston"].values.ravel()[1] == pytest.approx(result[k], rel=1e-12)
