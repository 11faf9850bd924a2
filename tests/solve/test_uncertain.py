"""Draws of parameters as an outer loop: apart from people, the same for every arm, and nothing but replaced values."""

import json
from dataclasses import replace

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.catalogue.calibration import calibration, with_followers
from menaquinone.errors import InputError
from menaquinone.solve.uncertain import drawn, parameter_sets, sets, uncertain

MODEL = mk.models.vitamin_k(forms=["K1", "MK-7"])
DOSING = mk.dose("MK-7", "180 ug", every="24 h", until="12 weeks")
ASKED = {"times": [0, 84], "outputs": ["dp_ucmgp", "ucoc_ratio"], "rtol": 1e-4, "rng": 3}


@pytest.fixture(scope="module")
def people():
    return mk.population("healthy", n=5, rng=3)


@pytest.fixture(scope="module")
def result(people):
    return mk.simulate(MODEL, people, DOSING, uncertainty=4, **ASKED)


def test_draws_depend_on_the_seed_and_their_number_alone():
    few, many, other = drawn(3, 7), drawn(50, 7), drawn(3, 8)
    for name in few:
        np.testing.assert_array_equal(few[name], many[name][:3])
        assert not np.array_equal(few[name], other[name])


def test_draws_have_the_stored_mean_and_covariance():
    stored, found = calibration(), drawn(4000, 1)
    scores = np.stack([one.on.there(found[name]) for name, one in stored.parameters.items()])
    inside = np.isfinite(scores).all(0)
    spread = np.sqrt(np.diag(stored.covariance))
    np.testing.assert_allclose(scores[:, inside].mean(1), stored.mean, atol=0.15 * spread.max())
    np.testing.assert_allclose(np.corrcoef(scores[:, inside]), stored.covariance / np.outer(spread, spread), atol=0.1)


def test_a_draw_is_a_run_with_these_values(people, result):
    for place, (model, moved, values) in enumerate(sets(MODEL, people, 4, 3)):
        alone = mk.simulate(model, moved, DOSING, **ASKED)
        np.testing.assert_array_equal(result["dp_ucmgp"][place], alone["dp_ucmgp"])
        for name, value in values.items():
            assert float(result[name][place]) == value == model.parameters[name].value
            assert model.parameters[name].source == MODEL.parameters[name].source


def test_results_hold_draws_with_units_and_the_models_own_parameters(result):
    assert result["dp_ucmgp"].dims[:2] == ("draw", "subject")
    assert result["reference_level[vessel, MK-7]"].attrs["units"] == "nmol/L"
    assert json.loads(result.attrs["parameters"])["u0[MGP]"][0] == MODEL.parameters["u0[MGP]"].value
    assert result.attrs["uncertainty"].startswith("parameters drawn from the posterior of the calibration of version")
    assert "draw" not in result["weight"].dims
    assert result["clearance[MK-7]"].dims == ("draw",)
    assert result["person_clearance[MK-7]"].dims == ("subject",)


def test_the_reference_person_keeps_the_reference_level_of_the_markers():
    """The references of the markers follow u0, so that a draw moves responses and not what levels are told in."""
    person = mk.population("reference", 1)
    still = mk.simulate(MODEL, person, times=[0], outputs=["ucoc"], uncertainty=5)
    np.testing.assert_allclose(still["ucoc"].values.ravel(), still["ucoc"].values.ravel()[0], rtol=0.05)


def test_what_was_set_by_hand_stays():
    name = "reference_level[vessel, MK-7]"
    changed = MODEL.replace({name: 12.0})
    assert name not in uncertain(changed)
    assert {
        float(model.parameters[name].value) for model, _, _ in sets(changed, mk.population("reference", 1), 3, 1)
    } == {12.0}
    set_by_hand = MODEL.replace({"ucoc_share_reference": 0.3})
    follower = {
        m.parameters["ucoc_share_reference"].value for m, _, _ in sets(set_by_hand, mk.population("reference", 1), 3, 1)
    }
    assert follower == {0.3}


def test_what_people_have_of_their_own_moves_with_the_typical_value():
    people = mk.population("hemodialysis", n=3, rng=1)
    one = calibration().parameters["u0[MGP]"]
    for _, moved, now in sets(MODEL, people, 5, 2):
        own, away = people.values["u0[MGP]"], one.on.there(now["u0[MGP]"]) - one.on.there(one.default)
        expected = one.on.back(one.on.there(own) + away)
        np.testing.assert_allclose(moved.values["u0[MGP]"], np.clip(expected, one.low, one.high))


def test_followers_follow(people):
    for model, _, now in sets(MODEL, people, 2, 4):
        for name, value in with_followers(now).items():
            if name in model.parameters:
                assert model.parameters[name].value == pytest.approx(value)


def test_summaries_have_draws_too(people):
    found = mk.simulate(MODEL, people, DOSING, uncertainty=2, summaries=mk.Summaries(), **ASKED)
    assert found["dp_ucmgp_mean"].dims[0] == "draw"
    whole = mk.simulate(MODEL, people, DOSING, uncertainty=2, **ASKED)
    np.testing.assert_allclose(found["dp_ucmgp_mean"].squeeze(), whole["dp_ucmgp"].mean("subject").squeeze(), rtol=1e-9)


def test_progress_counts_everybody_in_every_draw(people):
    told = []
    mk.simulate(MODEL, people, None, uncertainty=2, progress=lambda *both: told.append(both), **ASKED)
    assert told[-1] == (10, 10)
    assert told == sorted(told)


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "many", True, 100_001])
def test_what_is_no_number_of_draws_is_refused(wrong):
    with pytest.raises(InputError) as refusal:
        mk.simulate(MODEL, None, None, uncertainty=wrong, **ASKED)
    assert str(refusal.value) == (
        f"uncertainty: got {wrong!r}, expected how many parameter sets to draw, a whole number from 1 to 100000."
    )


@pytest.mark.parametrize("beside", ["initial", "final_state"])
def test_draws_are_refused_beside_a_state_that_holds_one_set(people, beside):
    kept = mk.simulate(MODEL, people, DOSING, final_state=True, **ASKED)
    given = {"initial": kept, "final_state": True}[beside]
    with pytest.raises(InputError) as refusal:
        mk.simulate(MODEL, people, DOSING, uncertainty=3, **ASKED, **{beside: given})
    assert str(refusal.value) == (
        "uncertainty: got 3, expected none beside `initial` or `final_state`, which hold one set."
    )


def test_sets_of_parameters_hold_what_follows(people):
    every = parameter_sets(MODEL, 2, 4)
    assert {"u0[MGP]", "uncarboxylated_reference", "clearance[MK-7]"} <= set(every)
    assert all(len(values) == 2 for values in every.values())
    for place, (model, _, _) in enumerate(sets(MODEL, people, 2, 4)):
        assert {name: model.parameters[name].value for name in every} == {
            name: values[place] for name, values in every.items()
        }


def test_an_older_calibration_keeps_what_the_catalogue_has_changed():
    stored = calibration()
    name = next(iter(stored.parameters))
    old = {**stored.parameters, name: replace(stored.parameters[name], default=99.0)}
    assert name not in uncertain(MODEL, replace(stored, parameters=old))
