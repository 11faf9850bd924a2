import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import menaquinone as mk
from menaquinone import evidence, report
from menaquinone.errors import InputError
from menaquinone.solve.uncertain import parameter_sets
from menaquinone.trials import load
from menaquinone.trials.arms import Time
from menaquinone.trials.reading import Sourced


def test_the_design_of_knapen_agrees_with_its_rows(knapen):
    rows = [evidence.row(one.row) for one in knapen.reported]
    assert {row.population for row in rows} == {knapen.population.value}
    ends = [row for row in rows if row.duration_d is not None]
    assert {row.duration_d for row in ends} == {knapen.duration.value.days}
    (active,) = (arm for arm in knapen.arms if arm.doses)
    (dose,) = active.doses
    (row,) = (row for row in ends if row.dose_ug)
    assert (row.form, f"{row.dose_ug:g} ug", row.doses_per_day) == (dose.form.value, dose.amount.value, 1)
    assert dose.every.value == "24 h"


def test_every_reported_figure_of_knapen_names_the_arm_of_its_row(knapen):
    for one in knapen.reported:
        row = evidence.row(one.row)
        assert (row.form == "MK-7") == (one.arm == "MK-7")
        assert (row.duration_d == 1095) == (one.visit.label == "1095 d")
        assert (one.of == "change") == (row.quantity == "pwv_change")


def test_every_design_field_has_a_source_that_exists(knapen):
    design = knapen.design()
    assert {"population", "n", "age", "duration", "visits", "allocation"} <= set(design)
    for value, source in design.values():
        assert value is not None
        assert source.startswith("assumed: ") or all(evidence.exists(row) for row in source.split())
    assert design["visits"][0] == ["0 d", "365 d", "730 d", "1095 d"]
    assert design["MK-7: dose 1 amount"] == ("180 ug", "knapen-2015-cfpwv-change-mk7")


def test_times_hold_every_visit_and_rise(knapen):
    times = np.array(knapen.times())
    assert (np.diff(times) > 0).all()
    assert {visit.days for visit in knapen.visits.value} <= set(times)
    assert times[0] == 0
    assert times[-1] == 1095


def test_a_placebo_takes_nothing_and_repeated_doses_end_with_the_trial(knapen):
    regimens = knapen.regimens()
    assert regimens["placebo"] is None
    (record,) = regimens["MK-7"].records
    assert record.doses == 1095


def test_missed_doses_are_part_of_an_arm(edited):
    trial = load(edited("value = 1.0", "value = 0.8"))
    full = load(edited()).regimens()["MK-7"]
    assert trial.regimens()["MK-7"] != full


def test_a_trial_is_equal_by_value_and_picklable(knapen):
    assert pickle.loads(pickle.dumps(knapen)) == knapen == load("knapen-2015")


def test_a_time_is_told_in_days_and_years():
    assert Time("1 y", 8766.0).days == 365.25
    assert Time("1 y", 8766.0).years == 1


def test_sources_are_the_rows_of_design_and_outcomes(knapen):
    assert knapen.sources() == tuple(sorted({one.row for one in knapen.reported}))


def test_a_run_is_repeated_by_the_seed_of_the_file(knapen):
    first, again, other = (knapen.run(n=2, times=[0.0, 28.0], rng=rng) for rng in (None, 2015, 7))
    xr.testing.assert_identical(first, again)
    assert (first.attrs["seed"], other.attrs["seed"]) == ("2015", "7")
    assert (first["dp_ucmgp"] != other["dp_ucmgp"]).all()


def test_arms_may_have_people_of_their_own(edited):
    who = 'population = { value = "reference", source = "assumed: x" }\nn = { value = 7, source = "assumed: x" }'
    having = '[arm.having]\nweight = { value = "80 kg", source = "assumed: x" }'
    trial = load(edited('name = "placebo"', f'name = "placebo"\n{who}\n{having}'))
    plan = trial.plan(n=3)
    assert {name: people.name for name, (people, _) in plan.groups.items()} == {
        "placebo": "reference", "MK-7": "postmenopausal"
    }  # fmt: skip
    assert plan.groups["placebo"][0].table["weight"].values.tolist() == [80.0] * 3
    assert (trial.size("placebo"), trial.size("MK-7")) == (7, 122)
    result = trial.run(n=2, times=[0.0, 28.0], rtol=1e-4)
    assert result["weight"].dims == ("arm", "subject")
    assert json.loads(result.attrs["population_by_arm"]) == {"placebo": "reference", "MK-7": "postmenopausal"}
    assert {name.split(": ")[0] for name in json.loads(result.attrs["population_sources"])} == {"placebo", "MK-7"}
    assert mk.cite(result).entries
    assert "2 virtual people in every arm (reference, postmenopausal), its own;" in report.heading(result, trial)


def test_people_may_take_drugs_and_eat_more(edited):
    taking = '[arm.taking]\nwarfarin = { value = "INR 2.5", source = "assumed: x" }'
    eating = '[arm.eating]\nK1 = { value = "150 ug/d", source = "assumed: x" }'
    trial = load(edited('name = "placebo"', f'name = "placebo"\n{taking}\n{eating}'))
    assert "inr" in trial.model().outputs
    treated, usual = (trial.people(name, 3, 1) for name in ("placebo", "MK-7"))
    np.testing.assert_allclose(treated.diet["K1"], usual.diet["K1"] + 150)
    assert (treated.drugs, usual.drugs) == (("warfarin",), ())
    assert trial.design()["placebo: warfarin"] == ("INR 2.5", "assumed: x")
    assert trial.design()["placebo: habitual K1"] == ("150 ug/d", "assumed: x")
    dose = replace(trial.reported[0], outcome="drug[warfarin]")
    found = replace(trial, reported=(dose,)).predict(n=3, rng=1)
    assert found.values[0] == treated.table["drug[warfarin]"].values.mean()


def test_the_same_people_live_through_every_arm(knapen):
    plan = knapen.plan(n=3, rng=1)
    assert plan.groups["placebo"][0] is plan.groups["MK-7"][0]
    assert plan.seed == 1
    assert knapen.plan(n=3).groups["MK-7"][0].seed == knapen.seed


def test_a_prediction_with_drawn_parameters_is_one_of_many_sets():
    trial = load("dalmeijer-2012")
    found = trial.predict(n=4, uncertainty=3)
    assert found.values.shape == (3, len(trial.reported))
    model = trial.model()
    sets = parameter_sets(model, 3, trial.seed)
    np.testing.assert_array_equal(found.values, trial.predict(model, sets, n=4).values)
    with pytest.raises(InputError) as refusal:
        trial.predict(parameters={"u0[MGP]": 0.3}, n=4, uncertainty=3)
    assert str(refusal.value) == "uncertainty: got 3, expected none beside `parameters`, which are sets of your own."


def test_a_prediction_has_the_figures_of_the_file(knapen):
    found = knapen.predict(n=4)
    assert found.values.shape == (len(knapen.reported),)
    assert [one.size for one in found.plan.wanted] == [112, 111, 112, 111]  # those of the rows
    np.testing.assert_allclose(found.values[0], found.values[1])  # the same people


def test_a_figure_says_what_it_is(knapen):
    level, _, change, _ = knapen.reported
    assert (level.label, change.label) == ("mean pwv", "mean change of pwv")
    assert replace(change, against="placebo").label == "difference of mean change of pwv"
    share = replace(level, statistic="share above", threshold=Sourced(9.0, "assumed: x"))
    assert share.label == "pwv, share above 9"
    assert replace(level, against="placebo", among=(("MK-7", 1.0),), statistic="lowest restoring dose").label == (
        "lowest restoring dose by pwv"
    )


def test_whatever_a_trial_rests_on_can_be_cited(knapen):
    cited = dict(knapen.cited())
    assert cited["knapen-2015: n"].startswith("assumed: ")
    assert cited["knapen-2015: pwv at 1095 d"] == "knapen-2015-cfpwv-change-mk7"
    assert [one.study for one in mk.cite(knapen).entries] == ["knapen-2015"]


def test_a_run_says_what_was_run(knapen):
    result = knapen.run(n=2, times=[0.0, 28.0], rtol=1e-4)
    assert dict(result.sizes) | {"arm": 2, "subject": 2, "time": 2} == dict(result.sizes)
    assert (result.attrs["trial"], result.attrs["trial_file"]) == ("knapen-2015", "knapen-2015.toml")
    assert result.attrs["growth_noise"] == "True"
    assert result.attrs["rtol"] == 1e-4
    written = json.loads(result.attrs["trial_design"])
    assert written["n"] == {"value": 244, "source": knapen.n.source}
    assert "agatston_observed" in result
    ages = result["age"].values
    assert ((ages >= 55) & (ages <= 65)).all()
