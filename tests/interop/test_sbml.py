"""Documents that another simulator runs as both engines do: libRoadRunner shares no code with this library."""

import os
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.solve.own_blocks import CURVED, VARYING, WHY, behind_plasma

import menaquinone as mk
from menaquinone import errors
from menaquinone.declare import Array, Block, Member, covariate, output, param, stage, state
from menaquinone.errors import InputError, MissingExtraError
from menaquinone.inputs.covariates import Covariate
from menaquinone.inputs.population import Population
from menaquinone.interop.events import from_table
from menaquinone.interop.sbml import sbml_id, to_sbml, write_sbml
from menaquinone.model import Model, bracketed
from menaquinone.testing import strategies
from menaquinone.units import from_house

libsbml = pytest.importorskip("libsbml")
roadrunner = pytest.importorskip("roadrunner")

TOLERANCE = 1e-6
NOTHING = 1e-6
"""No value below this is compared in its own size: libRoadRunner's states are known to 1e-14 at best."""
BEFORE = 1e-8
"""h; libRoadRunner shows what is after an event, this library what is before it."""
WHOLE = mk.models.vitamin_k()
SMALL = mk.models.vitamin_k(forms=["MK-4", "MK-7"], tissues=["liver"], proteins=["prothrombin"])
CORONARY = mk.models.vitamin_k(forms=["MK-7"], tissues=["vessel"], proteins=["MGP"], sites=["coronary"])
PEOPLE = mk.population("postmenopausal", 4, rng=3)
DAILY = mk.dose("MK-7", "360 ug", every="24 h")


def without_events(text):
    document = libsbml.readSBMLFromString(text)
    while document.getModel().getNumEvents():
        document.getModel().removeEvent(0)
    return libsbml.writeSBMLToString(document)


def road_run(text, ids, hours):
    """Return values (times, ids) by libRoadRunner, each just before its time; at time 0 those without any event."""
    runner = roadrunner.RoadRunner(text)
    states = [runner.model.getStateVectorId(one) for one in range(runner.model.getNumRateRules())]
    later = [0.0, *(hours[hours > 0] - BEFORE)]
    # twice: how small is nothing depends on how large a state becomes
    largest = np.abs(_road_run(runner, states, np.linspace(0, later[-1], 50), 1e-6, [1e-9] * len(states))).max(axis=0)
    table = _road_run(runner, ids, later, 1e-10, 1e-12 * np.maximum(largest, 1e-2))[1:]
    if hours[0] > 0:
        return table
    calm = roadrunner.RoadRunner(without_events(text))
    return np.array([[calm[one] for one in ids], *table])


def _road_run(runner, ids, times, rtol, atol):
    runner.resetToOrigin()
    # no block is stiff; with BDF, a Jacobian by differences gets stuck where a state is nothing but rounding
    runner.integrator.stiff = False
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = rtol, list(map(float, atol))
    runner.integrator.maximum_num_steps = 10**6
    runner.timeCourseSelections = ids
    return np.array(runner.simulate(times=list(map(float, times))))


def outputs_of(model):
    """Return every output and member: name, members, id in a document."""
    return [
        (name, dict(zip(offer.axes, member, strict=True)), sbml_id(bracketed(name, ", ".join(member))))
        for name, offer in model.offers.items()
        for member in offer.members
    ]


def columns(result, model):
    """Return a result as (times, outputs), in the order of ``outputs_of``."""
    assert (result["status"] == 0).all()
    return np.array([result[name].isel(subject=0).sel(at).values for name, at, _ in outputs_of(model)]).T


def values_of(model, people, regimen, hours, **options):
    result = mk.simulate(model, people, regimen, times=np.asarray(hours) / 24, outputs=list(model.offers), **options)
    return columns(result, model)


def assert_agree(model, people, regimen, days, *, engines=("cascade", "reference"), **options):
    """Hold libRoadRunner and the engines to 1e-6 of each value, or of a thousandth of the largest in the run."""
    hours = np.round(np.asarray(days, float) * 24, 9)
    outputs = outputs_of(model)
    text = to_sbml(model, people, regimen, until=f"{float(hours[-1])!r} h", **options)
    found = road_run(text, [one for *_, one in outputs], hours)
    units = [model.offers[name].declared.unit for name, *_ in outputs]
    found = np.array([from_house(column, unit) for column, unit in zip(found.T, units, strict=True)]).T
    dense = np.unique(np.round([*hours, *np.linspace(0, hours[-1], 49)], 6))
    largest = np.abs(values_of(model, people, regimen, dense, **options)).max(axis=0)
    for name in engines:
        engine = {"rtol": 1e-8} if name == "cascade" else {"engine": mk.Reference()}
        wanted = values_of(model, people, regimen, hours, **engine, **options)
        off = np.abs(found - wanted) / np.maximum(np.maximum(np.abs(wanted), 1e-3 * largest), NOTHING)
        row, column = np.unravel_index(np.argmax(off), off.shape)
        assert off[row, column] <= TOLERANCE, (
            f"{outputs[column][-1]} at {hours[row]:g} h: {name} {wanted[row, column]!r}, "
            f"libRoadRunner {found[row, column]!r}, off by {off[row, column]:.3g}"
        )


def read(text):
    document = libsbml.readSBMLFromString(text)
    document.getModel().document = document  # which it would not outlive
    return document.getModel()


def events_of(text):
    model = read(text)
    return [model.getEvent(one).getName() for one in range(model.getNumEvents())]


# The default model ----------------------------------------------------------------------------------------------------


@pytest.mark.accuracy
def test_the_default_model_with_daily_doses_runs_as_here():
    assert_agree(WHOLE, PEOPLE.select([2]), DAILY, np.linspace(0, 14, 8))


@pytest.mark.accuracy
def test_two_years_of_daily_doses_run_as_here():
    days = [0, 1, 30, 365.25, 365.26, 500, 730]
    text = to_sbml(WHOLE, None, DAILY, until="730 d")
    assert sum("MK-7" in name for name in events_of(text)) == 1
    assert_agree(WHOLE, None, DAILY, days, engines=["cascade"])


@pytest.mark.slow
@pytest.mark.accuracy
def test_the_default_model_agrees_over_more_weeks_and_through_a_steady_state():
    assert_agree(WHOLE, PEOPLE.select([1]), DAILY, np.linspace(0, 42, 15))
    assert_agree(WHOLE, PEOPLE.select([1]), mk.dose("MK-7", "1 mg", every="12 h", steady_state=True), [0, 0.25, 0.5, 2])


# What can happen to a person ------------------------------------------------------------------------------------------

SCENARIOS = {
    "two forms": DAILY + mk.dose("MK-4", "15 mg", every="8 h", until="3 d"),
    "infusions that overlap": mk.dose("MK-7", "1 mg", every="12 h", until="3 d", duration="30 h"),
    "missed doses": (DAILY + mk.dose("MK-4", "5 mg", every="8 h", lag="1 h", duration="2 h")) * mk.adherence(0.6),
    "intervals that do not fit": mk.dose("MK-7", "1 mg", every="500 min", bioavailability=0.3) * mk.adherence(0.7),
    "meals and formulations": mk.dose("MK-7", "1 mg", every="1 d", fat="30 g") + mk.dose("MK-4", "1 mg", fat="5 g"),
    "resets": from_table({
        "TIME": [0, 36, 48, 72, 72], "AMT": [360, 0, 1000, 0, 90], "RATE": [30, 0, 0, 0, 0], "II": [24, 0, 8, 0, 0],
        "ADDL": [6, 0, 20, 0, 0], "EVID": [1, 3, 1, 3, 1],
        "CMT": ["oral[MK-7]", ".", "oral[MK-4]", ".", "oral[MK-7]"],
    }),
    "placebo": mk.dose("MK-7", "0 ug", every="12 h"),
    "preparations of two speeds": (
        mk.dose("MK-7", "100 ug", every="1 d", formulation="oil capsule")
        + mk.dose("MK-7", "100 ug", every="8 h", start="3 h", formulation="food")
    ),
}  # fmt: skip


@pytest.mark.accuracy
@pytest.mark.parametrize("regimen", SCENARIOS.values(), ids=SCENARIOS)
def test_whatever_is_given_arrives_as_here(regimen):
    assert_agree(SMALL, PEOPLE.select([1]), regimen, [0, 0.5, 1, 1.5, 1.6, 2, 3, 3.01, 4], rng=5)


@pytest.mark.accuracy
@pytest.mark.parametrize("meals", [None, ("8 h", "19 h")])
def test_foods_arrive_as_here(meals):
    model = mk.models.vitamin_k(forms=["K1", "MK-7"], tissues=["liver"], proteins=[])
    natto = mk.diet({"natto": "50 g/d"}, region="JP", meals=meals)
    habitual = mk.population("postmenopausal", 2, rng=3, diet=natto).select([1])
    assert "diet into" in to_sbml(model, habitual, until="1 d")
    assert_agree(model, habitual, DAILY, [0, 1, 3])
    assert_agree(model, PEOPLE.select([1]), natto + DAILY, [0, 1, 3])


@pytest.mark.accuracy
@pytest.mark.parametrize("ways", [{}, {"vkor": mk.models.competition, "cycle": mk.models.three_states}], ids=len)
def test_warfarin_acts_as_here(ways):
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], antagonists=["warfarin"], **ways)
    tablets = mk.dose("warfarin", "5 mg", every="24 h", start="6 h") + mk.dose("MK-7", "90 ug", start="1 d")
    patient = PEOPLE.select([0]).taking({"warfarin": "6 mg/d"}, until="1 d")
    assert "inr" in to_sbml(model, patient, tablets, until="3 d")
    assert_agree(model, patient, tablets, [0, 0.25, 1, 1.01, 2, 3], engines=["cascade"])


@pytest.mark.accuracy
def test_doses_into_plasma_and_muscle_arrive_as_here():
    model = mk.models.vitamin_k(forms=["K1"], tissues=["liver"], proteins=[])
    regimen = mk.dose("K1", "1 mg", route="iv", start="6 h", duration="1 h") + mk.dose("K1", "2 mg", route="im")
    assert_agree(model, None, regimen + mk.dose("K1", "1 mg", route="iv", start="1 d"), [0, 0.25, 0.3, 1, 1.01, 2])


@pytest.mark.accuracy
def test_covariates_step_and_deposits_begin_as_here():
    years = [0, 20, 365.25, 365.26, 400, 800, 1200]
    regimen = mk.dose("MK-7", "5 mg", every="1 wk", until="10 wk")
    people = PEOPLE.select([3])
    hazard = mk.simulate(CORONARY, people, regimen, times=years, outputs=["onset_hazard"])["onset_hazard"].values[
        0, :, 0
    ]
    model = CORONARY.replace({"onset_threshold[coronary]": float(np.mean(hazard[4:6]))})
    people = replace(people, values={k: v for k, v in people.values.items() if "onset" not in k})
    score = mk.simulate(model, people, regimen, times=years)["agatston"].values[0, :, 0]
    assert (score[:5] == 0).all()
    assert (score[5:] > 0).all()
    assert_agree(model, people, regimen, years, growth_noise=True)


@pytest.mark.accuracy
def test_an_antagonist_that_is_stopped_runs_as_here():
    model = mk.models.vitamin_k(
        forms=["K1"], tissues=["liver"], antagonists=["warfarin"], inr=mk.models.PROTHROMBIN_ALONE
    )
    people = mk.population("reference", 1).taking({"warfarin": "4 mg/d"}, until="1 d")
    regimen = mk.dose("warfarin", "5 mg") + mk.dose("K1", "1 mg", start="30 h")
    assert_agree(model, people, regimen, [0.5, 1.5, 3])


def test_bone_is_lost_by_a_personal_clock_as_here():
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["bone"], proteins=["osteocalcin"])
    people = mk.population("postmenopausal", 200, rng=1)
    since = people.table["years_since_last_period"].values
    one = people.select([int(people.ids[np.argmin(np.abs(since - 4.5))])])
    assert any("bone_loss" in name for name in events_of(to_sbml(model, one, until="4 y")))
    assert_agree(model, one, None, [0, 100, 366, 731, 1461])


def quick_model():
    """Return a model that turns over fast: the reference engine doses until nothing changes."""
    model = mk.models.vitamin_k(forms=["MK-4"], tissues=["liver"], proteins=["prothrombin"])
    fast = {
        "clearance[MK-4]": 8.0, "central_volume[MK-4]": 4.0, "peripheral_volume[MK-4]": 5.0, "exchange[MK-4]": 4.0,
        "residence_time[liver]": 0.5, "k_out[prothrombin]": 0.3,
    }  # fmt: skip
    return model.replace(fast)


@pytest.mark.accuracy
@pytest.mark.parametrize("kind", [1, 2])
def test_steady_states_are_put_as_here(kind):
    table = {
        "TIME": [0, 7, 12], "AMT": [3000, 500, 5000], "RATE": [0, 0, 1000], "II": [6, 0, 12], "SS": [2, 0, kind],
        "ADDL": [4, 0, 3], "LAG": [0, 0, 0.5], "CMT": ["oral[MK-4]"] * 3,
    }  # fmt: skip
    # the numbers come from the reference engine
    assert_agree(quick_model(), None, from_table(table), [0, 0.2, 0.5, 0.501, 1, 1.5, 2], engines=["cascade"])


# Whatever can be generated --------------------------------------------------------------------------------------------

EVENTS = tuple(event for event in strategies.EVENTS if event != "steady state")


@st.composite
def runs(draw, *, days=2):
    """Draw a model with a user's block at its end, one person, a regimen and output times."""
    model = draw(strategies.models(max_forms=2))
    model = model.replace(draw(strategies.parameter_sets(model, max_size=4)))
    own = draw(strategies.blocks())
    model = Model(*model.stages, stage(own, *(Member((name,)) for name in model.members("form"))))
    regimen = draw(strategies.regimens(among=model.members("form"), days=days, events=EVENTS, max_doses=2))
    times = draw(strategies.times(days=days, max_size=5).filter(lambda times: times[-1] > 0))
    return model, draw(strategies.populations(max_n=1)), regimen, times


@pytest.mark.accuracy
@settings(max_examples=20)
@given(run=runs())
def test_generated_runs(run):
    assert_agree(*run)


@pytest.mark.slow
@pytest.mark.accuracy
@settings(max_examples=200)
@given(run=runs(days=6))
def test_many_generated_runs(run):
    assert_agree(*run)


@pytest.mark.slow
@pytest.mark.accuracy
@settings(max_examples=15)
@given(regimen=strategies.regimens(among=["MK-4"], days=2, max_doses=2), people=strategies.populations(max_n=1))
def test_many_steady_states(regimen, people):
    assert_agree(quick_model(), people, regimen, [0.3, 1.0, 3.0])


@pytest.mark.accuracy
@pytest.mark.parametrize("block", [VARYING, CURVED], ids=lambda one: one.name)
def test_blocks_of_a_users_own_run_as_here(block):
    regimen = mk.dose("MK-7", "5 mg", every="8 h") + mk.dose("MK-4", "20 mg")
    assert_agree(behind_plasma(block, "MK-4", "MK-7"), PEOPLE.select([0]), regimen, [0, 0.1, 0.75, 2])


# Covariates of every rule, and outputs that are piecewise -------------------------------------------------------------


class Growing(NamedTuple):
    gain: Array = param(0.1, "1/h", "gain", source=WHY)
    bend: Array = param(3.0, "1", "where the output bends", source=WHY)


class Level(NamedTuple):
    level: Array = state("1", "level", start=1.0)


class Weather(NamedTuple):
    rain: Array = covariate("1", "rain")
    rain_at_entry: Array = covariate("1", "rain at first", of="rain", at_entry=True)
    wind: Array = covariate("1", "wind")
    light: Array = covariate("1", "light")


class Shown(NamedTuple):
    level: Array = output("1", "level")
    bent: Array = output("%", "level, bent")
    windy: Array = output("1", "wind")


def grow(p, x, u):
    return Level(level=p.gain * (u.rain + u.wind - u.rain_at_entry) - 0.05 * x.level * np.exp(-u.light))


def shown(p, x, u):
    bent = np.where(x.level > p.bend, p.bend + np.log(x.level / p.bend), x.level)
    return Shown(level=x.level, bent=bent + np.minimum(u.wind, 0.5), windy=np.sqrt(np.maximum(u.wind, u.light)))


GROWTH = Block("growth", Growing, Level, grow, Weather, Shown, shown, over="site")


class Outdoors(Population):
    """People with covariates of every rule; wind is another at every site."""

    def covariates(self, horizon, **options):
        hours = np.array([0.0, 10.0, 31.0, 50.0])
        levels = np.array([[1.0, 3.0, 2.0, 0.5]])
        return {
            "rain": Covariate("1", hours, levels, hold="linear"),
            "wind": Covariate("1", hours, np.stack([levels, 2 - levels / 2], -1), "next", "site", ("here", "there")),
            "light": Covariate("1", hours, levels, hold="previous"),
        }


@pytest.mark.accuracy
def test_covariates_of_every_rule_and_piecewise_outputs_run_as_here():
    model = Model(stage(GROWTH, Member(("there",)), Member(("here",))))
    assert_agree(model, Outdoors("outdoors", np.array([0]), 0), None, np.array([0, 5, 10, 20, 31, 49, 60]) / 24)


# The document ---------------------------------------------------------------------------------------------------------


def test_the_document_is_consistent():
    regimen = SCENARIOS["missed doses"] + SCENARIOS["resets"] + DAILY
    document = libsbml.readSBMLFromString(to_sbml(WHOLE, PEOPLE, regimen, until="2 y", subject=1))
    found = [document.getError(one) for one in range(document.checkConsistency())]
    assert [one.getMessage() for one in found if one.getSeverity() != libsbml.LIBSBML_SEV_WARNING] == []
    undeclared = 99505  # numbers in a formula that have no unit of their own
    assert {one.getErrorId() for one in found} <= {undeclared}
    assert (document.getLevel(), document.getVersion(), document.getNamespaces().getLength()) == (3, 2, 1)


def test_names_units_and_sources_are_kept():
    model = read(to_sbml(WHOLE, PEOPLE, DAILY, until="4 wk", subject=2))
    clearance = model.getParameter("clearance__MK_7")
    value = PEOPLE.factors["clearance[MK-7]"][2] * WHOLE.parameters["clearance[MK-7]"].value
    assert clearance.getName() == "clearance[MK-7]"
    assert clearance.getConstant()
    assert clearance.getValue() == pytest.approx(value, rel=1e-14)
    assert clearance.getUnits() == "L_per_h"
    assert "plasma clearance (CL)" in clearance.getNotesString()
    assert WHOLE.parameters["clearance[MK-7]"].source in clearance.getNotesString()
    assert model.getParameter("dp_ucmgp").getUnits() == "nmol_per_L"
    assert "Divided by 0.001 it is in pmol/L." in model.getParameter("dp_ucmgp").getNotesString()
    assert model.getParameter("egfr").getUnits() == "egfr"
    assert model.getTimeUnits() == "h"
    for said in ("not medical advice", "Subject 2 of population", "MK-7 360 ug oral", *WHOLE.sources()):
        assert said in model.getNotesString()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("pwv", "pwv"),
        ("plasma_concentration[MK-7]", "plasma_concentration__MK_7"),
        ("delivered[vessel, MK-7]", "delivered__vessel__MK_7"),
        ("agatston[aortic valve]", "agatston__aortic_valve"),
        ("2nd (pool)", "_2nd_pool"),
        ("Time", "Time_"),
    ],
)
def test_ids_are_made_of_names(name, written):
    assert sbml_id(name) == written


def test_every_output_has_the_id_of_its_name():
    model = read(to_sbml(WHOLE, until="1 d"))
    assert [one for *_, one in outputs_of(WHOLE) if not model.getAssignmentRuleByVariable(one)] == []


def test_a_state_that_is_called_like_an_output_has_a_longer_id():
    model = read(to_sbml(WHOLE, until="1 d"))
    assert model.getAssignmentRuleByVariable("uncarboxylated__MGP") is not None
    assert model.getRateRuleByVariable("carboxylation_uncarboxylated__MGP") is not None


def test_the_text_is_the_same_in_every_process():
    code = (
        "import sys, menaquinone as mk; from menaquinone.interop.sbml import to_sbml; "
        "sys.stdout.write(to_sbml(mk.models.vitamin_k(), mk.population('postmenopausal', 1, rng=1), until='2 y'))"
    )
    texts = set()
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        texts.add(subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True).stdout)
    assert len(texts) == 1


def test_missed_doses_are_those_of_a_run_here():
    people = mk.population("reference", 3, rng=1)
    regimen = DAILY * mk.adherence(0.5)
    text = to_sbml(SMALL, people, regimen, until="30 d", subject=2, rng=9)
    counted = road_run(text, ["MK_7_oral__record_0__counter"], np.array([29.5 * 24]))
    taken = mk.simulate(SMALL, people, regimen, times=[30], rng=9)["dose_taken"].values[2]
    assert counted[0, 0] == np.flatnonzero(taken)[-1] - np.flatnonzero(taken)[0] + 1


def test_a_person_of_several_has_their_own_regimen():
    none, daily = mk.Regimen(), DAILY
    for regimens in ([none, none, daily, none], {2: daily, 0: none}):
        assert events_of(to_sbml(SMALL, PEOPLE, regimens, until="1 wk", subject=2)) == ["MK-7 oral, record 0"]
    assert events_of(to_sbml(SMALL, PEOPLE, [daily, daily, none, daily], until="1 wk", subject=2)) == []


def test_a_file_is_written_whole(tmp_path):
    path = tmp_path / "person.xml"
    write_sbml(path, SMALL, regimen=DAILY, until="1 d")
    text = path.read_text(encoding="utf-8")
    assert read(text).getName() == "vitamin K"
    with pytest.raises(InputError):
        write_sbml(path, SMALL, PEOPLE, DAILY, until="1 d")
    assert [one.name for one in tmp_path.iterdir()] == ["person.xml"]
    assert path.read_text(encoding="utf-8") == text


# Refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "subject: got none of the 4 people of population 'postmenopausal', expected the id of one."),
        ({"subject": 9}, "subject: got 9, expected an id of population 'postmenopausal', which has 4 people."),
        ({"until": "0 h", "subject": 1}, "until: got '0 h', expected a time after the start."),
        ({"people": 3}, "people: got 3, expected a population such as mk.population('postmenopausal', 100)."),
        ({"model": "MK-7"}, "model: got 'MK-7', expected a model such as mk.models.vitamin_k()."),
        ({"regimen": [DAILY], "subject": 1}, "regimens: got a sequence of 1, expected one for each of 4 subjects."),
        ({"regimen": {0: DAILY}, "subject": 1}, "regimens: got none for subject 1, expected one for every subject."),
    ],
)
def test_what_cannot_be_written_is_refused(given, message):
    with pytest.raises(InputError) as refused:
        to_sbml(**({"model": SMALL, "people": PEOPLE, "regimen": DAILY, "until": "1 d"} | given))
    assert str(refused.value) == message


@pytest.mark.parametrize("missing", ["libsbml", "sympy"])
def test_a_missing_extra_is_named(monkeypatch, missing):
    def absent(name):
        if name == missing:
            raise ImportError(name)
        return import_module(name)

    monkeypatch.setattr(errors, "import_module", absent)
    with pytest.raises(MissingExtraError) as refused:
        to_sbml(SMALL, until="1 d")
    assert str(refused.value) == (
        f"writing SBML needs '{missing}': got no such package, expected `pip install 'menaquinone[sbml]'`."
    )
