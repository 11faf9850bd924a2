"""Strategies draw what the library accepts, and reach every kind of event."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from menaquinone.blocks.oral_pk import ORAL_PK
from menaquinone.catalogue.forms import FORMS
from menaquinone.errors import UnknownNameError
from menaquinone.inputs.records import ResetRecord
from menaquinone.inputs.schedule import expand
from menaquinone.interop.events import from_table
from menaquinone.models import vitamin_k
from menaquinone.testing import strategies
from menaquinone.units import hours, magnitude, nmol

MODEL = vitamin_k()
QUICK = settings(max_examples=2000, derandomize=True, database=None, deadline=None, phases=[Phase.generate])


@given(name=strategies.forms())
def test_forms(name):
    assert name in FORMS


@given(data=st.data(), kind=st.sampled_from(sorted(strategies.KINDS)))
def test_quantities_are_read_back(data, kind):
    text = data.draw(strategies.quantities(kind))
    read = {"amount": lambda one: nmol(one, 649.0), "time": hours}
    unit = next(iter(strategies.KINDS[kind]))
    number = read.get(kind, lambda one: magnitude(one, "1" if kind == "fraction" else unit, kind))(text)
    assert np.isfinite(number)
    assert number >= 0


def test_quantities_refuse_a_kind_nobody_knows():
    with pytest.raises(UnknownNameError) as caught:
        find(strategies.quantities("amounts"), lambda _: True)
    assert str(caught.value) == (
        "unknown kind of quantity: got 'amounts', expected one of 'amount', 'time', 'fraction', 'fat', 'clearance', "
        "'volume' and 'concentration'; the nearest is 'amount'."
    )


@given(chosen=strategies.times(days=30, max_size=7))
def test_times_rise(chosen):
    assert 1 <= len(chosen) <= 7
    assert (np.diff(chosen) > 0).all()
    assert chosen[0] >= 0
    assert chosen[-1] <= 30


@given(given_=strategies.regimens(days=20))
def test_regimens_expand(given_):
    schedule = expand(given_, 20 * 24.0)
    assert (np.diff(schedule.start) >= 0).all()
    assert (schedule.amount >= 0).all()


@pytest.mark.parametrize(
    ("event", "shows"),
    [
        ("infusion", lambda one: 0 < one.infused <= 6),
        ("overlapping infusion", lambda one: one.infused > one.every > 0),
        ("lag", lambda one: one.lag > 0),
        ("bioavailability", lambda one: one.bioavailability is not None),
        ("steady state", lambda one: one.steady == 2),
        ("table", lambda one: one.steady == 1),
        ("stop", lambda one: one.doses is not None and one.doses > 1),
        ("meal", lambda one: one.fat is not None),
        ("adherence", lambda one: one.adherence < 1),
        ("reset", lambda one: isinstance(one, ResetRecord)),
    ],
)
def test_regimens_reach_every_kind_of_event(event, shows):
    def held(given_):
        return any(shows(one) for one in given_.records if event == "reset" or not isinstance(one, ResetRecord))

    assert held(find(strategies.regimens(), held, settings=QUICK))


@given(given_=strategies.regimens(among=["MK-7"], routes=["oral"], events=["bolus"], max_doses=1))
def test_regimens_keep_to_what_is_asked_for(given_):
    (one,) = given_.records
    assert (one.form, one.route, one.infused, one.lag, one.steady, one.adherence) == ("MK-7", "oral", 0, 0, 0, 1)


def test_regimens_refuse_an_event_nobody_knows():
    with pytest.raises(UnknownNameError) as caught:
        find(strategies.regimens(events=["resett"]), lambda _: True)
    assert str(caught.value).endswith("; the nearest is 'reset'.")


@given(rows=strategies.event_tables())
def test_event_tables_are_read(rows):
    assert len(from_table(rows).records) >= len(rows)


@given(values=strategies.parameter_sets(MODEL))
def test_parameter_sets_of_a_model(values):
    changed = MODEL.replace(values)
    assert len(values) <= 8
    assert all(changed.parameters[name].value == value for name, value in values.items())


@given(values=strategies.parameter_sets(ORAL_PK))
def test_parameter_sets_of_a_block(values):
    assert set(values) == set(ORAL_PK.parameters) - {"depots"}
    assert all(ORAL_PK.parameters[name].low <= value <= ORAL_PK.parameters[name].high for name, value in values.items())


@given(values=strategies.parameter_sets(MODEL, names=["clearance[MK-7]"], max_size=None))
def test_parameter_sets_keep_to_the_names_asked_for(values):
    assert set(values) == {"clearance[MK-7]"}


def test_parameter_sets_refuse_a_name_nobody_has():
    with pytest.raises(UnknownNameError, match=r"unknown parameter: got 'clearance\[MK7\]'.*nearest is 'clearance\["):
        find(strategies.parameter_sets(MODEL, names=["clearance[MK7]"]), lambda _: True)


@given(values=strategies.parameter_sets(MODEL, names=[n for n in MODEL.parameters if n.startswith("reference_level")]))
def test_parameter_sets_leave_a_basal_supply(values):
    numbers = {name: one.value for name, one in MODEL.replace(values).parameters.items()}
    for tissue in MODEL.members("tissue"):
        names = [f"[{tissue}, {form}]" for form in MODEL.members("form")]
        assert sum(numbers[f"reference_plasma{one}"] / numbers[f"reference_level{one}"] for one in names) <= 0.8


@given(people=strategies.populations(max_n=3))
def test_populations(people):
    assert 1 <= people.n <= 3


@given(model=strategies.models(max_forms=2))
def test_models(model):
    assert 1 <= len(model.members("form")) <= 2
    assert "plasma_concentration" in model.outputs


def test_models_reach_the_smallest_and_the_largest():
    find(strategies.models(), lambda model: "agatston" not in model.outputs and "dp_ucmgp" not in model.outputs)
    find(strategies.models(), lambda model: {"pwv", "bmd", "pivka_ii"} <= set(model.outputs), settings=QUICK)


def test_hypothesis_is_needed_for_strategies_alone():
    code = """
import sys
sys.modules["hypothesis"] = sys.modules["hypothesis.strategies"] = None
from menaquinone.blocks.bone import BONE
from menaquinone.testing import check_block
check_block(BONE, signed=["log_density"])
try:
    from menaquinone.testing import strategies
except ImportError as missing:
    print(type(missing).__name__, missing)
"""
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert shown == (
        "MissingExtraError drawing what goes into a run needs 'hypothesis': got no such package, expected "
        "`pip install 'menaquinone[testing]'`.\n"
    )


def test_a_failing_test_shows_calls_that_can_be_pasted():
    @settings(database=None, derandomize=True, deadline=None, phases=[Phase.generate])
    @given(strategies.models(), strategies.populations(), strategies.regimens())
    def failing(model, people, regimen):
        assert len(regimen.records) < 2

    with pytest.raises(AssertionError) as caught:
        failing()
    shown = "\n".join(caught.value.__notes__)
    assert "model=vitamin_k(" in shown
    assert "people=population(" in shown
    assert any(f"regimen={call}(" in shown for call in ("sum", "from_table", "mul"))
    assert "DoseRecord" not in shown
