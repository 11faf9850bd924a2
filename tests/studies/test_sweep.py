"""A sweep is a loop of simulations over the points of a design: the same numbers, as one job."""

import json
import threading
import time
import warnings
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
import xarray as xr
from scipy.stats import qmc
from tests.inputs.grown import GROWN
from tests.solve.instant import Instant

import menaquinone as mk
from menaquinone.analysis.summary import mean_sd, quantiles
from menaquinone.declare import Array, Block, output, param, stage
from menaquinone.errors import InputError, SolveError, UnknownNameError
from menaquinone.inputs.records import DoseRecord
from menaquinone.model import Model
from menaquinone.results import HELD
from menaquinone.solve import memory, streams
from menaquinone.units import magnitude, registry

MODEL = mk.models.vitamin_k()
PEOPLE = mk.population(GROWN, 7, rng=3).select([5, 1, 4, 6])
WANTED = ["plasma_concentration", "dp_ucmgp", "agatston", "pwv"]
TIMES = [0, 3, 400]
FIRST = mk.dose("MK-7", "90 ug", every="24 h", until="9 d", steady_state=True)
SECOND = mk.dose("K1", "1 mg", every="48 h", duration="20 h", lag="2 h", until="10 d")
THIRD = mk.dose("MK-4", "5 mg", fat="10 g")
BEFORE = FIRST * mk.adherence(0.7) + SECOND
DOSING = BEFORE + THIRD


def run(model=MODEL, people=PEOPLE, regimen=DOSING, **options):
    return {"times": TIMES, "outputs": WANTED, "growth_noise": True, "rng": 11, "engine": Instant(), **options} | {
        "model": model, "people": people, "regimen": regimen,
    }  # fmt: skip


def second(**changes):
    fields = {"every": "48 h", "duration": "20 h", "lag": "2 h", "until": "10 d", "amount": "1 mg"} | changes
    return FIRST * mk.adherence(0.7) + mk.dose("K1", fields.pop("amount"), **fields) + THIRD


def first(amount="90 ug", taken=0.7, **changes):
    fields = {"every": "24 h", "until": "9 d", "steady_state": True} | changes
    return mk.dose("MK-7", amount, **fields) * mk.adherence(taken) + SECOND + THIRD


def in_ug_per_d(intake):
    return magnitude(intake, "ug/d", "intake")


# For every kind of thing that can be swept: its values, and the run that each of them stands for.
KINDS = {
    "clearance[MK-7]": ([0.7, "25 L/d", 1.1], lambda v: {"model": MODEL.replace({"clearance[MK-7]": v})}),
    "u0[MGP]": (np.array([300.0, 500.0]), lambda v: {"model": MODEL.replace({"u0[MGP]": v})}),
    "weight": ([50, "80 kg"], lambda v: {"people": PEOPLE.having({"weight": v})}),
    "age": ([55.0, 75.0], lambda v: {"people": PEOPLE.having({"age": v})}),
    "egfr": ([30.0, 90.0], lambda v: {"people": PEOPLE.having({"egfr": v})}),
    "diabetes": ([0, 1], lambda v: {"people": PEOPLE.having({"diabetes": v})}),
    "pwv_entry": (["9 m/s", 12.0], lambda v: {"people": PEOPLE.having({"pwv_entry": v})}),
    "person_basal": ([0.5, 1.5], lambda v: {"people": PEOPLE.having({"person_basal": v})}),
    "diet[MK-7]": (["0 ug/d", 20, "0.03 mg/d"], lambda v: {"people": PEOPLE.eating({"MK-7": in_ug_per_d(v)})}),
    "dose[MK-7]": (["90 ug", "0.36 mg", "0 ug"], lambda v: {"regimen": first(v)}),
    "dose[1]": (["1 mg", "0.5 umol"], lambda v: {"regimen": second(amount=v)}),
    "every[MK-7]": (["12 h", "1 d"], lambda v: {"regimen": first(every=v)}),
    "until[MK-7]": (["1 d", "2 wk", "200 h"], lambda v: {"regimen": first(until=v)}),
    "start[K1]": (["0 h", "1.5 d"], lambda v: {"regimen": second(start=v)}),
    "duration[K1]": (["1 h", "50 h"], lambda v: {"regimen": second(duration=v)}),
    "lag[K1]": (["0 h", "30 min"], lambda v: {"regimen": second(lag=v)}),
    "bioavailability[1]": ([0.1, "50 %"], lambda v: {"regimen": second(bioavailability=v)}),
    "adherence[0]": ([0.2, 1, "50 %"], lambda v: {"regimen": first(taken=mk.adherence(v).probability)}),
    "fat[2]": (["0 g", "40 g"], lambda v: {"regimen": BEFORE + mk.dose("MK-4", "5 mg", fat=v)}),
}  # fmt: skip


def assert_same(found, wanted, rel=0.0):
    for name in WANTED:
        if rel:
            np.testing.assert_allclose(found[name].values, wanted[name].values, rtol=rel, atol=0)
        else:
            np.testing.assert_array_equal(found[name].values, wanted[name].values)
    np.testing.assert_array_equal(found["status"].values, wanted["status"].values)


@pytest.mark.parametrize("name", KINDS)
def test_every_point_is_what_simulate_gives(name):
    values, changed = KINDS[name]
    found = mk.sweep(**run(), over={name: values})
    assert found["agatston"].dims == (name, "subject", "time", "site")
    scaled = name.startswith("dose")  # a factor on an amount may round the last bit otherwise
    for place, value in enumerate(values):
        assert_same(found.isel({name: place}), mk.simulate(**run() | changed(value)), 1e-13 if scaled else 0.0)
    last = found.isel({name: -1})
    assert any((found.isel({name: 0})[one].values != last[one].values).any() for one in WANTED)


def test_formulations_may_be_swept():
    names = ["tablet", "nano", "food"]
    found = mk.sweep(**run(regimen=mk.dose("K1", "1 mg")), over={"formulation": names})
    assert found["formulation"].values.tolist() == names
    assert "units" not in found["formulation"].attrs
    for place, name in enumerate(names):
        regimen = mk.dose("K1", "1 mg", formulation=name)
        assert_same(found.isel(formulation=place), mk.simulate(**run(regimen=regimen)))


@pytest.mark.parametrize("name", ["sex", "VKORC1"])
def test_categories_may_be_swept_by_name_or_code(name):
    categories = PEOPLE.table[name].categories
    found, coded = (mk.sweep(**run(), over={name: list(values)}) for values in (categories, categories.values()))
    assert found[name].values.tolist() == list(categories.values())
    xr.testing.assert_identical(found, coded)


SMALL = mk.models.vitamin_k(forms=["K1", "MK-7"], tissues=["liver"], proteins=[])


def two(amount="90 ug", every="8 h", steady=True):
    daily = mk.dose("MK-7", amount, every="24 h") * mk.adherence(0.7)
    return daily + mk.dose("K1", "1 mg", steady_state=steady, every=every)


def test_the_cascade_finds_the_same_in_a_sweep():
    over = {
        "dose[MK-7]": ["90 ug", "1 mg"],
        "clearance[MK-7]": [0.8, 1.3],
        "weight": [60],
        "every[K1]": ["8 h", "12 h"],
    }
    options = {"times": [0, 5], "outputs": ["plasma_concentration"]}
    found = mk.sweep(SMALL, PEOPLE, two(), over=over, **options)
    for at in np.ndindex(2, 2, 1, 2):
        amount, clearance, weight, every = (values[place] for values, place in zip(over.values(), at, strict=True))
        model, people = SMALL.replace({"clearance[MK-7]": clearance}), PEOPLE.having({"weight": weight})
        wanted = mk.simulate(model, people, two(amount, every), **options)["plasma_concentration"]
        here = found["plasma_concentration"].isel(dict(zip(over, at, strict=True)))
        np.testing.assert_allclose(here, wanted, rtol=1e-12)


def test_the_reference_finds_the_same_in_a_sweep():
    options = {"times": [0, 1], "outputs": ["plasma_concentration"], "engine": mk.Reference(rtol=1e-8)}
    over = {"dose[MK-7]": ["90 ug", "1 mg"], "clearance[MK-7]": [0.8]}
    found = mk.sweep(SMALL, PEOPLE.select([5]), two(steady=False), over=over, **options)
    for place, amount in enumerate(over["dose[MK-7]"]):
        model = SMALL.replace({"clearance[MK-7]": 0.8})
        wanted = mk.simulate(model, PEOPLE.select([5]), two(amount, steady=False), **options)["plasma_concentration"]
        np.testing.assert_allclose(found["plasma_concentration"][place, 0], wanted, rtol=1e-7)


# Designs --------------------------------------------------------------------------------------------------------------


def test_a_grid_has_a_dimension_for_every_name():
    found = mk.sweep(**run(), over={"dose[MK-7]": ["90 ug", "0.18 mg", "360 ug"], "age": [50, 60]})
    assert found["dp_ucmgp"].dims == ("dose[MK-7]", "age", "subject", "time")
    assert found["status"].dims == ("dose[MK-7]", "age", "subject")
    assert found["dose[MK-7]"].values.tolist() == [90, 180, 360]
    assert found["dose[MK-7]"].attrs == {"long_name": "amount of a dose of MK-7", "units": "ug"}
    assert found["age"].attrs["units"] == "a"
    assert found["subject"].values.tolist() == [5, 1, 4, 6]
    one = found.sel({"dose[MK-7]": 180, "age": 60})
    assert_same(one, mk.simulate(**run(people=PEOPLE.having({"age": 60}), regimen=first("180 ug"))), 1e-13)


def test_a_table_goes_row_by_row():
    over = {"age": [50, 60, 70], "clearance[MK-7]": [0.5, 1, 2]}
    found, crossed = (mk.sweep(**run(), over=over, design=one) for one in (mk.table(), mk.grid()))
    assert found["dp_ucmgp"].dims == ("point", "subject", "time")
    assert found["age"].dims == ("point",)
    for k in range(3):
        assert_same(found.isel(point=k), crossed.isel({"age": k, "clearance[MK-7]": k}))


def test_a_sampler_draws_points_from_laws_and_lists():
    over = {
        "clearance[MK-7]": mk.lognormal("1.1 L/h", cv=0.3),
        "dose[MK-7]": mk.uniform("50 ug", "0.4 mg"),
        "age": [50, 70],
    }
    found = mk.sweep(**run(), over=over, design=qmc.Sobol(3, rng=5), n=16)
    shares = qmc.Sobol(3, rng=5).random(16)
    law = mk.lognormal(1.1, cv=0.3)
    assert found["clearance[MK-7]"].values == pytest.approx(law.quantile(shares[:, 0]))
    assert found["dose[MK-7]"].values == pytest.approx(50 + 350 * shares[:, 1])
    assert found["dose[MK-7]"].attrs["units"] == "ug"
    assert found["age"].values.tolist() == np.where(shares[:, 2] < 0.5, 50, 70).tolist()
    rows = {name: found[name].values for name in ("clearance[MK-7]", "age")}
    amounts = {"dose[MK-7]": [f"{one!r} ug" for one in found["dose[MK-7]"].values.tolist()]}
    assert_same(found, mk.sweep(**run(), over=rows | amounts, design=mk.table()), 1e-12)


@pytest.mark.parametrize("sampler", [qmc.LatinHypercube(1, rng=1), qmc.Halton(1, rng=1), qmc.Sobol(1, scramble=False)])
def test_any_sampler_of_scipy_will_do(sampler):
    found = mk.sweep(**run(), over={"age": mk.normal(60, 5)}, design=sampler, n=4)
    assert np.isfinite(found["age"]).all()
    assert found.sizes["point"] == 4


def test_a_grid_may_cut_a_law_into_levels():
    found = mk.sweep(**run(), over={"age": mk.uniform(50, 60), "diabetes": [0, 1]}, design=mk.grid(levels=5))
    assert found["age"].values == pytest.approx([51, 53, 55, 57, 59])
    assert found["dp_ucmgp"].shape == (5, 2, 4, 3)


def test_arrays_with_a_unit_are_values_too():
    over = {"dose[MK-7]": registry().Quantity(np.array([0.09, 0.18]), "mg")}
    found = mk.sweep(**run(), over=over)
    assert found["dose[MK-7]"].values.tolist() == [0.09, 0.18]
    assert found["dose[MK-7]"].attrs["units"] == "mg"
    assert_same(found, mk.sweep(**run(), over={"dose[MK-7]": ["90 ug", "180 ug"]}), 1e-12)


# What a result says ---------------------------------------------------------------------------------------------------


def test_the_result_says_what_was_swept_and_keeps_the_people():
    found = mk.sweep(**run(), over={"age": [50, 60], "clearance[MK-7]": [1], "diet[K1]": [50]})
    assert json.loads(found.attrs["swept"]) == {"age": "column", "clearance[MK-7]": "parameter", "diet[K1]": "diet"}
    assert found.attrs["design"] == "grid"
    assert found.attrs["regimen"].startswith("MK-7 90 ug oral, every 24 h")
    assert found.attrs["seed"] == "11"
    assert found["weight"].dims == ("subject",)
    assert found["person_clearance[MK-7]"].values.tolist() == PEOPLE.table["clearance[MK-7]"].values.tolist()
    assert "person_age" not in found
    assert not [name for name in found.variables if str(name).startswith("dose")]
    for name, one in found.data_vars.items():
        assert {"units", "long_name", "source"} <= set(one.attrs), name


def test_regimens_of_each_person_may_stand_still():
    regimens = [DOSING, mk.Regimen(), mk.dose("K1", "1 mg") * mk.adherence(0.5), DOSING]
    found = mk.sweep(**run(regimen=regimens), over={"age": [50, 60, 70]})
    for place, age in enumerate((50, 60, 70)):
        assert_same(found.isel(age=place), mk.simulate(**run(people=PEOPLE.having({"age": age}), regimen=regimens)))
    assert found.attrs["regimen"] == "by subject"


def test_without_people_and_doses_one_reference_person_is_swept():
    found = mk.sweep(MODEL, over={"egfr": [30, 90]}, times=[0], outputs=["dp_ucmgp"], engine=Instant())
    assert found["dp_ucmgp"].shape == (2, 1, 1)
    assert found.attrs["regimen"] == "none"


# Portions -------------------------------------------------------------------------------------------------------------

OVER = {
    "age": [50, 60, 70], "dose[MK-7]": ["90 ug", "180 ug"], "adherence[MK-7]": [0.5, 0.9], "every[K1]": ["48 h", "1 d"],
    "clearance[MK-7]": [1.0, 1.2],
}  # fmt: skip


@pytest.mark.parametrize("portion", [1, 3, 4, 11, 40])
@pytest.mark.parametrize("summaries", [None, mk.Summaries((0.1, 0.5), by="group")], ids=["people", "summaries"])
def test_portions_leave_no_trace(monkeypatch, portion, summaries):
    grouped = {**PEOPLE.table, "group": replace(PEOPLE.table["sex"], values=[1.0, 2.0, 1.0, 1.0])}
    people = replace(PEOPLE, table=grouped)
    whole = mk.sweep(**run(people=people, summaries=summaries), over=OVER)
    monkeypatch.setattr(streams, "_FEWEST", 1)
    monkeypatch.setattr(streams, "PORTION", portion)
    engine = Instant(width=2, seen=[])
    parts = mk.sweep(**run(people=people, engine=engine, summaries=summaries), over=OVER)
    assert max(one.people.n for one in engine.seen) <= max(portion, 1)
    assert len(engine.seen) >= 48 * 4 / max(portion, 4)
    xr.testing.assert_allclose(parts, whole, rtol=1e-12 if summaries else 0, atol=0)


def test_points_share_the_draws_of_their_people():
    found = mk.sweep(**run(), over={"age": [60, 60], "adherence[MK-7]": [0.5, 0.5]})
    for place in np.ndindex(2, 2):
        assert_same(found[{"age": place[0], "adherence[MK-7]": place[1]}], found[{"age": 0, "adherence[MK-7]": 0}])


def test_progress_counts_everybody_at_every_point(monkeypatch):
    monkeypatch.setattr(streams, "_FEWEST", 1)
    monkeypatch.setattr(streams, "PORTION", 8)
    told = []
    mk.sweep(**run(progress=lambda *at: told.append(at), engine=Instant(2)), over=OVER)
    assert told == [(done, 192) for done in range(2, 193, 2)]


def test_an_amount_needs_no_schedule_of_its_own():
    engine = Instant(seen=[])
    over = {"dose[MK-7]": [f"{k} ug" for k in range(1, 30)], "adherence[MK-7]": [0.2, 0.4]}
    mk.sweep(**run(engine=engine), over=over)
    assert [len(one.doses.schedules) for one in engine.seen] == [1]


# Summaries ------------------------------------------------------------------------------------------------------------


def test_summaries_are_those_of_the_people_at_each_point():
    found = mk.sweep(**run(summaries=mk.Summaries((0.25, 0.5))), over=OVER)
    whole = mk.sweep(**run(), over=OVER)
    assert found["agatston_quantile"].dims == (*OVER, "time", "site", "quantile")
    told, moments = quantiles(whole, (0.25, 0.5), WANTED), mean_sd(whole, WANTED)
    for name in WANTED:
        np.testing.assert_allclose(found[f"{name}_quantile"].transpose("quantile", ...), told[name], rtol=1e-12)
        np.testing.assert_allclose(found[f"{name}_mean"], moments[f"{name}_mean"], rtol=1e-12)
        np.testing.assert_allclose(found[f"{name}_sd"], moments[f"{name}_sd"], rtol=1e-9)
    assert found["agatston_quantile"].attrs["relative_error"] == 0.0
    assert "subject" not in found.dims


def test_points_with_many_people_are_summarised_within_the_error_stated():
    people = mk.population("postmenopausal", HELD + 100, rng=1)
    options = run(people=people, regimen=None, outputs=["dp_ucmgp"], times=[0], engine=Instant(1024))
    over = {"egfr": [30, 60], "clearance[K1]": [3.0, 6.0]}
    found = mk.sweep(**options | {"summaries": mk.Summaries((0.5,), accuracy=0.002)}, over=over)
    whole = mk.sweep(**options, over=over)
    np.testing.assert_allclose(
        found["dp_ucmgp_quantile"].isel(quantile=0), whole["dp_ucmgp"].median("subject"), rtol=0.002
    )
    np.testing.assert_allclose(found["dp_ucmgp_mean"], whole["dp_ucmgp"].mean("subject"), rtol=1e-12)
    assert found["dp_ucmgp_quantile"].attrs["relative_error"] == 0.002


# Failures, memory and ends --------------------------------------------------------------------------------------------


class Failing(Instant):
    """Person 1 fails where they are older than 55 at entry."""

    def piece(self, problem, wanted, subjects):
        made = super().piece(problem, wanted, subjects)
        ages = problem.people.table["age"].values[subjects]
        failed = (problem.people.drawn_as[subjects] == 1) & (ages > 55)
        made.status[failed], made.failed_at[failed] = 2, 24.0
        for values in made.outputs.values():
            values[1:, :, failed] = np.nan
        return made


MESSAGE = (
    "4 of 24 subjects could not be solved (1 at age 60 a, dose[MK-7] 90 ug, 1 at age 60 a, dose[MK-7] 180 ug, "
    "1 at age 70 a, dose[MK-7] 90 ug, 1 at age 70 a, dose[MK-7] 180 ug): the first, 1 at age 60 a, dose[MK-7] 90 ug, "
    "because of 'value not finite' at 1 d; their values are missing from then on, and a looser rtol or bounded "
    "parameters may help."
)


def test_who_fails_at_a_point_is_named_with_it():
    over = {name: OVER[name] for name in ("age", "dose[MK-7]")}
    with pytest.warns(RuntimeWarning) as told:
        found = mk.sweep(**run(engine=Failing(5)), over=over)
    assert str(told[0].message) == MESSAGE
    assert told[0].filename == __file__
    assert found["status"].sel(age=60, subject=1).values.tolist() == [2, 2]
    assert found["failed_at"].sel(age=70, subject=1).values.tolist() == [1, 1]
    assert np.isnan(found["dp_ucmgp"].sel(age=60, subject=1).isel(time=1)).all()
    assert np.isfinite(found["dp_ucmgp"].sel(age=50)).all()
    with pytest.warns(RuntimeWarning) as told:
        counted = mk.sweep(**run(engine=Failing(5), summaries=mk.Summaries()), over=over)
    assert str(told[0].message) == MESSAGE
    assert counted["dp_ucmgp_failed"].isel(time=1).values.tolist() == [[0, 0], [1, 1], [1, 1]]
    with pytest.raises(SolveError) as raised, warnings.catch_warnings():
        mk.sweep(**run(engine=Failing(5), on_failure="raise"), over=over)
    assert str(raised.value) == MESSAGE


@pytest.mark.parametrize("summaries", [None, mk.Summaries()], ids=["people", "summaries"])
def test_stopping_leaves_no_thread_and_no_result(summaries):
    small = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=[])
    before, told = threading.active_count(), []

    def stop(done, of):
        told.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mk.sweep(
            small, PEOPLE, over={"age": np.arange(50, 80)}, times=[0, 100], engine=mk.Cascade(lanes=16), workers=2,
            progress=stop, summaries=summaries,
        )  # fmt: skip
    assert told
    assert threading.active_count() == before


def test_a_sweep_that_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 100_000_000)
    options = run(times=np.arange(400)) | {"over": {"age": np.arange(100.0), "clearance[MK-7]": np.arange(1.0, 20)}}
    with pytest.raises(InputError) as refused:
        mk.sweep(**options)
    assert str(refused.value) == (
        "memory: got a run that needs about 282 MB, expected at most the 100 MB that are available; keep fewer outputs "
        "or times, run people.select(...) in chunks, or ask for summaries=mk.Summaries()."
    )


# What is refused ------------------------------------------------------------------------------------------------------

LAW = mk.lognormal(1.0, cv=0.3)
REFUSED = [
    ({}, {}, "over: got {}, expected names with their values, such as {'dose': ['90 ug', '180 ug']}."),
    (["age"], {}, "over: got ['age'], expected names with their values, such as {'dose': ['90 ug', '180 ug']}."),
    ({"age": []}, {}, "age: got no values, expected at least one."),
    ({"age": 50}, {}, "age: got 50, expected a list of values, or a law such as mk.lognormal(1, cv=0.3)."),
    ({"age": "50 a"}, {}, "age: got '50 a', expected a list of values, or a law such as mk.lognormal(1, cv=0.3)."),
    ({"age": [50, np.nan]}, {}, "age: got nan, expected a finite number of at least 0 and at most 120 in a."),
    ({"age": [50, -5]}, {}, "age: got -5.0, expected a finite number of at least 0 and at most 120 in a."),
    ({"age": ["121 a"]}, {}, "age: got 121.0, expected a finite number of at least 0 and at most 120 in a."),
    ({"egfr": [90, 0]}, {}, "egfr: got 0.0, expected a finite number above 0 in mL/min/{1.73_m2}."),
    ({"frailty": [np.inf]}, {}, "frailty: got inf, expected a finite number."),
    ({"sex": [0, 7]}, {}, "sex: got 7.0, expected one of 'male' and 'female'."),
    ({"sex": [np.nan]}, {}, "sex: got nan, expected one of 'male' and 'female'."),
    ({"sex": ["woman"]}, {}, "unknown category of 'sex': got 'woman', expected one of 'male' and 'female'."),
    ({"diabetes": mk.uniform(0, 1)}, {"design": mk.grid(2)}, "diabetes: got 0.25, expected one of 'no' and 'yes'."),
    ({"VKORC1": [0, 7]}, {}, "VKORC1: got 7.0, expected one of 'GG', 'GA' and 'AA'."),
    ({"age": ["50 kg"]}, {}, "age: got '50 kg', expected a quantity in a or a unit of the same dimension."),
    ({"age": [True]}, {}, "age: got True, expected a quantity with its unit such as '1 a'."),
    ({"age": np.ones((2, 2))}, {}, "age: got 'an array of 2 dimensions', expected values in one dimension."),
    ({"diet[MK-7]": [-1]}, {}, "diet[MK-7]: got -1.0, expected an intake of at least 0."),
    ({"dose[MK-7]": [90]}, {}, "dose[MK-7]: got 90, expected a quantity with its unit such as '360 ug'."),
    ({"dose[MK-7]": ["-9 ug"]}, {}, "dose[MK-7]: got '-9 ug', expected an amount of at least 0."),
    ({"dose[MK-7]": ["9 h"]}, {}, "dose[MK-7]: got '9 h', expected a mass or a molar amount such as '360 ug'."),
    ({"every[MK-7]": ["0 h"]}, {}, "every[MK-7]: got 0.0, expected a time greater than 0."),
    (
        {"every[MK-4]": ["9 h"]},
        {},
        (
            "every[MK-4] 9 h: every: got a dose that is given once, expected one with `every`, the interval of its "
            "repetition."
        ),
    ),
    (
        {"until[MK-7]": ["9 d"], "start[MK-7]": ["9 d"]},
        {},
        "until[MK-7] 9 d, start[MK-7] 9 d: until: got '216 h', expected a time after start (216 h).",
    ),
    ({"adherence": [1.5]}, {}, "adherence: got 1.5, expected a probability from 0 to 1."),
    ({"formulation[MK-4]": [1]}, {}, "formulation[MK-4]: got 1, expected the name of a formulation."),
    (
        {"dose": ["9 ug"]},
        {},
        "dose: got 3 records of the regimen, expected one of 'dose[MK-7]', 'dose[K1]', 'dose[MK-4]'.",
    ),
    (
        {"dose[MK-7]": ["9 ug"]},
        {"regimen": FIRST + FIRST},
        "dose[MK-7]: got 2 records of the regimen, expected one of 'dose[0]', 'dose[1]'.",
    ),
    ({"dose": ["9 ug"]}, {"regimen": None}, "dose: got a regimen without doses, expected one to sweep it over."),
    (
        {"dose": ["9 ug"]},
        {"regimen": [FIRST] * 4},
        "dose: got a regimen for each subject, expected one for all to sweep it over.",
    ),
    (
        {"age": LAW},
        {},
        "age: got a law, expected a list of values, mk.grid(levels=5), or a sampler such as scipy.stats.qmc.Sobol.",
    ),
    (
        {"age": LAW},
        {"design": mk.table()},
        "age: got a law, expected a list of values, or a sampler such as scipy.stats.qmc.Sobol.",
    ),
    (
        {"age": [1, 2], "egfr": [1]},
        {"design": mk.table()},
        "egfr: got 1 values, expected 2 in this table, as many as of 'age'.",
    ),
    ({"age": [1]}, {"n": 5}, "n: got 5, expected none: only a sampler draws as many points as it is asked for."),
    ({"age": LAW}, {"design": qmc.Sobol(1)}, "n: got None, expected the number of points to draw, at least 1."),
    (
        {"age": LAW},
        {"design": qmc.Sobol(2), "n": 4},
        "design: got a sampler of 2 dimensions, expected 1, one for each swept name.",
    ),
    (
        {"age": [1]},
        {"design": "grid"},
        "design: got 'grid', expected mk.grid(), mk.table() or a sampler such as scipy.stats.qmc.Sobol(d).",
    ),
    (
        {"dose[MK-7]": ["9 ug"], "dose[0]": ["9 ug"]},
        {},
        "over: got 'dose[MK-7]' and 'dose[0]', expected one name for one thing.",
    ),
    (
        {"age": [50]},
        {"summaries": mk.Summaries(by="age")},
        "column to summarise by: got 'age', expected one that is not swept.",
    ),
    ({"age": [50]}, {"summaries": 1}, "summaries: got 1, expected mk.Summaries()."),
    (
        {"dose[MK-7]": mk.uniform(1, 2)},
        {"design": mk.grid(2)},
        "dose[MK-7]: got 1.25, expected a quantity with its unit such as '360 ug'.",
    ),
    (
        {"clearance[MK-7]": mk.uniform("1 kg", "2 kg")},
        {"design": mk.grid(2)},
        "clearance[MK-7]: got '1 kg', expected a quantity in L/h or a unit of the same dimension.",
    ),
]


@pytest.mark.parametrize(("over", "options", "message"), REFUSED, ids=[one[2][:40] for one in REFUSED])
def test_messages(over, options, message):
    with pytest.raises(InputError) as refused:
        mk.sweep(**run(**options), over=over)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        (
            "clearance[MK7]",
            "unknown swept name: got 'clearance[MK7]', expected one of ",
            "; the nearest is 'clearance[MK-7]'.",
        ),
        ("ages", "unknown swept name: got 'ages', expected one of ", "; the nearest is 'age'."),
        ("diet[MK7]", "unknown swept name: got 'diet[MK7]', expected one of ", "; the nearest is 'diet[MK-7]'."),
        (
            "dose[MK-8]",
            "unknown dose whose 'dose' is swept: got 'MK-8', expected one of 'MK-7', 'K1' and 'MK-4'",
            "; the nearest is 'MK-7'.",
        ),
        (5, "unknown swept name: got 5, expected one of ", "."),
    ],
)
def test_unknown_names(name, start, end):
    with pytest.raises(UnknownNameError) as refused:
        mk.sweep(**run(), over={name: [1.0]})
    assert str(refused.value).startswith(start)
    assert str(refused.value).endswith(end)


def test_a_column_whose_effects_are_not_known():
    people = replace(PEOPLE, record=None)
    with pytest.raises(UnknownNameError) as refused:
        mk.sweep(**run(people=people), over={"weight": [60]})
    assert str(refused.value) == (
        "unknown column of population 'postmenopausal' that can be swept: got 'weight', expected one of 'age', "
        "'years_since_last_period' and 'egfr'."
    )


def test_people_who_are_no_longer_as_drawn():
    people = replace(PEOPLE, factors={**PEOPLE.factors, "clearance[MK-7]": np.ones(4)})
    with pytest.raises(InputError) as refused:
        mk.sweep(**run(people=people), over={"weight": [60]})
    assert str(refused.value) == (
        "'weight' of population 'postmenopausal': got effects on 'clearance[MK-7]' that are not those of its columns, "
        "expected people as they were drawn."
    )


def test_an_infusion_given_by_its_rate():
    regimen = mk.Regimen((DoseRecord("K1", 450.7, 100.0, route="iv", rate=10.0),))
    for name in ("dose", "duration"):
        with pytest.raises(InputError) as refused:
            mk.sweep(**run(regimen=regimen), over={name: ["1 h"]})
        assert str(refused.value) == (
            f"{name}: got an infusion given by its rate, expected a dose given by amount and duration."
        )
    found = mk.sweep(**run(regimen=regimen), over={"start": ["0 h", "1 d"]})
    later = mk.Regimen((replace(regimen.records[0], time=24.0),))
    assert_same(found.isel(start=1), mk.simulate(**run(regimen=later)))


def test_a_sampler_outside_the_unit_cube():
    sampler = qmc.MultivariateNormalQMC([0.0])
    sampler.d = 1
    with pytest.raises(InputError, match=r"^design: got .*, expected a sampler of the unit cube, such as scipy"):
        mk.sweep(**run(), over={"age": LAW}, design=sampler, n=8)


class Gain(NamedTuple):
    time: Array = param(1.0, "1", "gain", source="assumed: for the test")


class Read(NamedTuple):
    reading: Array = output("1", "what is read")


def test_a_parameter_that_is_called_like_a_part_of_the_result():
    model = Model(stage(Block("gauge", Gain, Outputs=Read, outputs=lambda p, x, u: Read(p.time))))
    with pytest.raises(InputError) as refused:
        mk.sweep(model, over={"time": [1, 2]}, times=[0])
    assert str(refused.value) == "swept name: got 'time', expected one that is not a name of the result."


def test_one_call_of_many_points_is_quick():
    engine = Instant(width=4096)
    over = {"clearance[MK-7]": np.linspace(0.5, 2, 100), "dose[MK-7]": [f"{k} ug" for k in range(1, 101)]}
    started = time.perf_counter()
    found = mk.sweep(MODEL, PEOPLE, FIRST, over=over, times=[0], outputs=["pwv"], engine=engine)
    assert found["pwv"].shape == (100, 100, 4, 1)
    assert time.perf_counter() - started < 20
