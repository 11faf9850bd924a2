import numpy as np
import pytest
import xarray as xr

from menaquinone.errors import InputError
from menaquinone.inputs.population import population
from menaquinone.inputs.regimen import adherence, dose
from menaquinone.models import vitamin_k
from menaquinone.results import Summaries
from menaquinone.solve import simulate
from menaquinone.studies.trial import run_arms

TIMES = [0.0, 14.0, 28.0]


def daily(amount):
    return dose("MK-7", amount, every="24 h")


@pytest.fixture(scope="module")
def model():
    return vitamin_k()


@pytest.fixture(scope="module")
def outcome(model):
    told = []
    arms = {"placebo": None, "low": daily("90 ug") * adherence(0.5), "high": daily("360 ug") * adherence(0.5)}
    result = run_arms(
        model, population("postmenopausal", 3, rng=5), arms, times=TIMES, seed=5, progress=lambda *at: told.append(at)
    )
    result.attrs["told"] = told
    return result


def test_arms_come_first_in_their_order(outcome):
    assert outcome["dp_ucmgp"].dims == ("arm", "subject", "time")
    assert outcome["agatston"].dims == ("arm", "subject", "time", "site")
    assert list(outcome["arm"].values) == ["placebo", "low", "high"]
    assert outcome["age"].dims == ("subject",)


def test_the_same_people_enter_every_arm(outcome):
    entry = outcome[["dp_ucmgp", "agatston", "agatston_observed", "pwv"]].isel(time=0)
    xr.testing.assert_equal(entry.sel(arm="placebo", drop=True), entry.sel(arm="high", drop=True))
    assert (outcome["dp_ucmgp"].isel(time=-1).diff("arm") < 0).all()


def test_an_arm_is_what_simulate_gives(outcome, model):
    people = population("postmenopausal", 3, rng=5)
    alone = simulate(model, people, None, times=TIMES, rng=5, growth_noise=True)
    for name in ("dp_ucmgp", "agatston", "bmd"):
        np.testing.assert_array_equal(outcome[name].sel(arm="placebo"), alone[name])


def test_arms_share_the_doses_that_a_person_misses(outcome):
    taken = outcome["dose_taken"]
    assert (taken.sel(arm="low") == taken.sel(arm="high")).all()
    assert 0 < float(taken.sel(arm="low").mean()) < 1
    assert np.isnan(taken.sel(arm="placebo")).all()


def test_every_variable_keeps_unit_name_and_source(outcome):
    bare = [name for name, one in outcome.data_vars.items() if not {"units", "long_name", "source"} <= set(one.attrs)]
    assert bare == []


def test_the_form_of_a_dose_means_the_same_in_every_arm(model):
    arms = {"two": daily("90 ug") + dose("K1", "1 mg", start="1 d"), "none": None, "one": dose("K1", "1 mg")}
    result = run_arms(model, population("reference", 1, rng=0), arms, times=TIMES, seed=0)
    names = result["dose_form"].attrs["flag_meanings"].split()
    forms = result["dose_form"].isel(schedule=0)
    read = lambda arm: [names[int(code)] for code in forms.sel(arm=arm).values if np.isfinite(code)]
    assert read("two")[:4] == ["MK-7", "MK-7", "K1", "MK-7"]
    assert read("one") == ["K1"]
    assert read("none") == []
    assert result["status"].dtype.kind == "i"


def test_coordinates_keep_what_they_say(outcome):
    assert outcome["time"].attrs["units"] == "d"
    assert {"units", "long_name", "source"} <= set(outcome["age"].attrs)
    assert outcome["arm"].attrs["long_name"] == "arm of the trial"


def test_progress_counts_people_in_all_arms(outcome):
    told = outcome.attrs["told"]
    assert told == sorted(told)
    assert told[-1] == (9, 9)


def test_arms_may_be_summarised_instead_of_kept(outcome, model):
    arms = {"placebo": None, "low": daily("90 ug") * adherence(0.5), "high": daily("360 ug") * adherence(0.5)}
    found = run_arms(
        model, population("postmenopausal", 3, rng=5), arms, times=TIMES, seed=5, summaries=Summaries((0.5,))
    )
    assert found["agatston_mean"].dims == ("arm", "time", "site")
    assert found["arm"].attrs["long_name"] == "arm of the trial"
    for name in ("dp_ucmgp", "agatston", "bmd"):
        np.testing.assert_allclose(found[f"{name}_mean"], outcome[name].mean("subject"), rtol=1e-12)
        np.testing.assert_allclose(
            found[f"{name}_quantile"].sel(quantile=0.5), outcome[name].median("subject"), rtol=1e-12
        )
    assert (found["agatston_n"] == 3).all()
    assert not [name for name in found.variables if str(name).startswith(("subject", "dose", "agatston_observed"))]


def test_no_arm_is_refused(model):
    with pytest.raises(InputError) as refusal:
        run_arms(model, population("reference", 1, rng=0), {}, times=TIMES, seed=0)
    assert str(refusal.value) == "arms: got none, expected at least one."
