"""A model is checked when it is built: who reads what of whom, and which numbers may be changed."""

import json
import pickle
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone import analysis
from menaquinone.declare import Array, Block, Member, Value, output, param, reads, stage
from menaquinone.errors import InputError, UnknownNameError
from menaquinone.model import Model, bracketed
from menaquinone.testing import strategies

WHOLE = mk.models.vitamin_k()
PLASMA = WHOLE.stages[0]
PLASMA_FORMS = WHOLE.members("form")
WHY = "assumed: for the test"


def said(error, call):
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


def reader(unit="nmol/L", **named):
    """Build a block that reads one thing and offers its double."""
    called = named.pop("called", "plasma_concentration")
    over = named.pop("over", ())

    class Inputs(NamedTuple):
        level: Array = reads(unit, "what it reads", of=called, **named)

    class Outputs(NamedTuple):
        doubled: Array = output(unit, "twice that")

    return Block("reader", Inputs=Inputs, Outputs=Outputs, outputs=lambda p, x, u: Outputs(2 * u.level), over=over)


def test_a_stage_that_reads_what_nobody_offers():
    message = said(
        UnknownNameError,
        lambda: Model(PLASMA, stage(reader(called="plasma_concentrations", over="form"), Member(("K1",)))),
    )
    assert message == (
        "unknown input of block 'reader', which no earlier stage offers: got 'plasma_concentrations', expected one of "
        "'plasma_concentration' and 'absorbed_level'; the nearest is 'plasma_concentration'."
    )


def test_a_stage_that_stands_before_what_it_reads():
    behind = stage(reader(over="form"), Member(("K1",)))
    assert said(UnknownNameError, lambda: Model(behind, PLASMA)) == (
        "unknown input of block 'reader', which no earlier stage offers: got 'plasma_concentration', expected one of "
        "nothing."
    )


def test_a_stage_that_reads_another_unit():
    behind = stage(reader("ug/L", over="form"), Member(("K1",)))
    assert said(InputError, lambda: Model(PLASMA, behind)) == (
        "input 'plasma_concentration' of block 'reader': got 'nmol/L', expected the unit 'ug/L'."
    )


def test_an_axis_that_is_neither_shared_summed_nor_linked():
    assert said(InputError, lambda: Model(PLASMA, stage(reader()))) == (
        "input 'plasma_concentration' of block 'reader': got values along 'form', expected a link {'form': ...} in the "
        "record of 'reader'."
    )


def test_a_link_to_a_member_that_is_not_there():
    assert said(UnknownNameError, lambda: Model(PLASMA, stage(reader(), links={"form": "MK7"}))) == (
        "unknown form that 'reader' reads 'plasma_concentration' of: got 'MK7', expected one of 'K1', 'MK-4', 'MK-7', "
        "'MK-8' and 'MK-9'; the nearest is 'MK-7'."
    )


def test_a_member_that_is_not_offered():
    behind = stage(reader(over="form"), Member(("MK-6",)))
    assert said(UnknownNameError, lambda: Model(PLASMA, behind)).startswith(
        "unknown form that 'MK-6' reads 'plasma_concentration' of: got 'MK-6', expected one of 'K1', 'MK-4', "
    )


def test_a_sum_over_an_axis_that_is_not_there():
    message = said(UnknownNameError, lambda: Model(PLASMA, stage(reader(sum_over="tissue"))))
    assert message == (
        "unknown axis that block 'reader' sums 'plasma_concentration' over: got 'tissue', expected one of 'form'."
    )


def test_shared_summed_and_linked_reads_are_what_they_say():
    forms = [Member((name,)) for name in ("MK-7", "K1")]
    for behind, wanted in (
        (stage(reader(over="form"), *forms), lambda plasma: [plasma["MK-7"], plasma["K1"]]),
        (stage(reader(sum_over="form")), lambda plasma: [sum(plasma.values())]),
        (stage(reader(), links={"form": "K1"}), lambda plasma: [plasma["K1"]]),
    ):
        result = mk.simulate(Model(PLASMA, behind), times=[0])
        plasma = {name: result["plasma_concentration"].sel(form=name).item() for name in PLASMA_FORMS}
        shown = result["doubled"].dropna("form") if "form" in result["doubled"].dims else result["doubled"]
        order = {"form": ["MK-7", "K1"]} if "form" in shown.dims else {}
        assert shown.sel(order).values.ravel() == pytest.approx([2 * one for one in wanted(plasma)])


def test_an_output_offered_twice():
    twice = [stage(reader(over="form"), Member(("K1",)))] * 2
    assert said(InputError, lambda: Model(PLASMA, *twice)) == (
        "model: got output 'doubled' from both 'reader' and 'reader', expected one."
    )


def test_a_parameter_held_twice():
    class Parameters(NamedTuple):
        clearance: Array = param(1.0, "L/h", "another clearance", source=WHY)

    other = Block("other", Parameters, over="form")
    assert said(InputError, lambda: Model(PLASMA, stage(other, Member(("K1",))))) == (
        "model: got parameter 'clearance[K1]' in both 'oral_pk' and 'other', expected one."
    )


def test_a_model_of_nothing():
    assert said(InputError, Model) == "model: got no stages, expected at least one."


# Parameters -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("1.3 L", "got '1.3 L', expected a quantity in L/h or a unit of the same dimension."),
        ("1.3", "got '1.3', expected a quantity with its unit such as '1 L/h'."),
        ("fast", "got 'fast', expected a quantity with its unit such as '1 L/h'."),
        (float("nan"), "got nan, expected a finite number in L/h."),
        (float("inf"), "got inf, expected a finite number in L/h."),
        (None, "got None, expected a quantity with its unit such as '1 L/h'."),
    ],
)
def test_values_that_are_refused(value, message):
    assert said(InputError, lambda: WHOLE.replace({"clearance[MK-7]": value})) == f"clearance[MK-7]: {message}"


def test_what_is_no_mapping_of_values_is_refused():
    message = "values: got 1.3, expected values by parameter such as {'clearance[MK-7]': 1.3}."
    assert said(InputError, lambda: WHOLE.replace(1.3)) == message


def test_a_parameter_that_is_not_there_names_the_nearest():
    message = said(UnknownNameError, lambda: WHOLE.replace({"clearance[MK7]": 1.0}))
    assert message.startswith("unknown parameter: got 'clearance[MK7]', expected ")
    assert "the nearest is 'clearance[MK-" in message
    small = Model(stage(Block("other", _One)))
    assert said(UnknownNameError, lambda: small.replace({"gian": 1.0})) == (
        "unknown parameter: got 'gian', expected one of 'gain'; the nearest is 'gain'."
    )


class _One(NamedTuple):
    gain: Array = param(1.0, "1/h", "gain", source=WHY)


@pytest.mark.parametrize(
    ("given_", "wanted"), [(1.3, 1.3), ("1.3 L/h", 1.3), ("1300 mL/h", 1.3), ("31.2 L/d", 1.3), (2, 2.0)]
)
def test_values_may_come_in_any_unit(given_, wanted):
    model = WHOLE.replace({"clearance[MK-7]": given_})
    changed = model.parameters["clearance[MK-7]"]
    assert changed.value == pytest.approx(wanted, rel=1e-12)
    assert changed.unit == "L/h"
    assert changed.source == "assumed: set by the user"
    assert WHOLE.parameters["clearance[MK-7]"].value == 1.1  # the first model is what it was
    rest = {name: one for name, one in model.parameters.items() if name != "clearance[MK-7]"}
    assert rest == {name: one for name, one in WHOLE.parameters.items() if name != "clearance[MK-7]"}


def test_a_value_with_a_source_of_its_own_keeps_it():
    mine = Value(1300.0, "mL/h", "assumed: measured by ourselves", omega=0.2)
    changed = WHOLE.replace({"clearance[MK-7]": mine}).parameters["clearance[MK-7]"]
    assert (changed.value, changed.unit, changed.source, changed.omega) == (
        pytest.approx(1.3), "L/h", "assumed: measured by ourselves", 0.2,
    )  # fmt: skip


@given(model=strategies.models(max_forms=2), data=st.data())
def test_replacing_twice_is_replacing_once(model, data):
    one, other = data.draw(strategies.parameter_sets(model)), data.draw(strategies.parameter_sets(model))
    assert model.replace(one).replace(other) == model.replace({**one, **other})
    assert model.replace({}) == model
    assert pickle.loads(pickle.dumps(model.replace(one))) == model.replace(one)


# What a model says of itself ------------------------------------------------------------------------------------------


def test_members_and_axes():
    assert WHOLE.members("site") == ("coronary", "aortic valve", "thoracic aorta")
    assert said(UnknownNameError, lambda: WHOLE.members("forms")) == (
        "unknown axis: got 'forms', expected one of 'form', 'tissue', 'protein' and 'site'; the nearest is 'form'."
    )


def test_outputs_are_those_shown_and_offers_are_all():
    assert set(WHOLE.outputs) < set(WHOLE.offers)
    assert "plasma_concentration" in WHOLE.outputs
    assert "delivered" not in WHOLE.outputs


def test_brackets():
    assert bracketed("clearance", "MK-7") == "clearance[MK-7]"
    assert bracketed("pwv_entry", "") == "pwv_entry"


def test_description_shows_every_parameter_with_unit_and_source():
    text = WHOLE.describe()
    for name, value in WHOLE.parameters.items():
        assert f"{name} = {value.value:g} {value.unit}" in text, name
    assert "omega" in text
    for one in WHOLE.stages:
        assert one.block.name in text


def test_citations_name_every_row():
    found = mk.cite(WHOLE)
    assert sorted(row.id for one in found.entries for row in one.rows) == list(WHOLE.sources())
    assert {name for one in found.entries for name in one.used_for} | set(found.assumed) == set(WHOLE.parameters)


def test_whatever_has_sources_can_be_cited():
    people = mk.population("postmenopausal", 2, rng=1)
    result = mk.simulate(WHOLE, people, times=[0.0])
    rows = {row.id for one in mk.cite(result).entries for row in one.rows}
    assert rows == {row.id for one in mk.cite(WHOLE, people).entries for row in one.rows}
    assert set(json.loads(result.attrs["references"])) == rows
    assert "knapen-2015" in [one.study for one in mk.cite(result["pwv"]).entries]
    assert mk.cite(mk.trials.load("knapen-2015")).entries[0].study == "knapen-2015"
    assert mk.cite("thane-2006-k1-all").entries[0].study == "thane-2006"


@pytest.fixture(scope="module")
def told():
    """Return results of every kind, by name."""
    people = mk.population("hemodialysis", n=2, rng=1)
    dosing = mk.dose("MK-7", "90 ug", every="24 h", until="7 d")
    asked = {"times": [0, 7], "rtol": 1e-3}
    draws = mk.simulate(WHOLE, people, dosing, uncertainty=2, **asked)
    return {
        "draws": draws,
        "bands": analysis.unknown_and_people(draws, "dp_ucmgp"),
        "changes": analysis.percent_change(draws.isel(draw=0)[["dp_ucmgp", "time"]], "dp_ucmgp"),
        "summaries": mk.simulate(WHOLE, people, dosing, summaries=mk.Summaries(), **asked),
        "sweep": mk.sweep(WHOLE, people, dosing, over={"dose": ["90 ug", "180 ug"]}, **asked),
        "trial": mk.trials.load("dalmeijer-2012").run(n=2, rtol=1e-3),
    }


@pytest.mark.parametrize("kind", ["draws", "bands", "changes", "summaries", "sweep", "trial"])
def test_every_number_of_a_result_leads_to_its_papers_in_one_call(told, kind):
    """Or it says that it rests on an assumption; what the run itself says (doses, status) is no number of a paper."""
    own = ("status", "failed_at", "dose_", "quantile", "point")
    names = [str(name) for name in told[kind].variables if "units" in told[kind][name].attrs]
    checked = [name for name in names if name not in ("time", "dose") and not name.startswith(own)]
    assert checked
    for name in checked:
        found = mk.cite(told[kind][name])
        assert len(found) or told[kind][name].attrs["source"].startswith("assumed"), name
        assert all(row.link for one in found.entries for row in one.rows), name


def test_an_output_rests_on_all_that_is_read_on_the_way_to_it(told):
    found = {row.id for one in mk.cite(told["draws"]["dp_ucmgp"]).entries for row in one.rows}
    assert {"vanballegooijen-2018-lasa-dpucmgp", "knapen-2015-yogurt-mk7-ss"} & found
    assert "olson-2002-k1-turnover" in found  # of the tissue, three stages before
    assert found <= {row.id for one in mk.cite(WHOLE).entries for row in one.rows}
    assert set(WHOLE.rests_on["plasma_concentration"]) < set(WHOLE.rests_on["dp_ucmgp"])


def test_what_has_no_sources_cannot_be_cited():
    assert said(InputError, lambda: mk.cite(7)) == (
        "what to cite: got 7, expected a model, a population, a trial, a result, or the id of an evidence row."
    )


def test_the_cascade_is_shown():
    shown = repr(WHOLE)
    assert shown.startswith("<Model 'vitamin K'>\n  oral_pk over form (K1, MK-4, MK-7, MK-8, MK-9): - -> plasma")
    assert len(shown.splitlines()) == 1 + len(WHOLE.stages)


def test_the_shape_is_all_but_the_numbers():
    moved = WHOLE.replace({"clearance[MK-7]": 2.0})
    assert moved.shape == WHOLE.shape
    assert hash(moved.shape) == hash(WHOLE.shape)
    assert pickle.loads(pickle.dumps(WHOLE)).shape == WHOLE.shape
    for other in (mk.models.vitamin_k(forms=["MK-7"]), Model(*WHOLE.stages[:1])):
        assert other.shape != WHOLE.shape
