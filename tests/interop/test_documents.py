"""Documents: units, and events that know when they are next."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.errors import InputError
from menaquinone.interop.documents import Document, house_unit, number

libsbml = pytest.importorskip("libsbml")
roadrunner = pytest.importorskip("roadrunner")


@pytest.mark.parametrize(
    ("declared", "house"),
    [
        ("nmol/L", {"nmol": 1, "L": -1}),
        ("pmol/L", {"nmol": 1, "L": -1}),
        ("mL/min", {"L": 1, "h": -1}),
        ("1/a", {"h": -1}),
        ("%/a", {"h": -1}),
        ("m/s/a", {"speed": 1, "h": -1}),
        ("1/(mL/min/{1.73_m2})", {"egfr": -1}),
        ("mL/min/{1.73_m2}", {"egfr": 1}),
        ("L^2/h", {"L": 2, "h": -1}),
        ("ug/L", {"ug": 1, "L": -1}),
        ("h/d", {}),
        ("AU", {}),
        ("furlong", None),
        ("ug/(100 g)", None),
        ("AU^0.5", None),
        ("mg/dL/AU", {"mg": 1, "L": -1}),
    ],
)
def test_units_become_house_units(declared, house):
    assert house_unit(declared) == house


@pytest.mark.parametrize(("declared", "size"), [("mL/min", 1e-3 / 3600), ("mL/min/{1.73_m2}", 1e-6 / 60 / 1.73)])
def test_units_are_defined_in_base_units(declared, size):
    document = Document("units", [])
    document.parameter("clearance", 1.0, declared)
    model = libsbml.readSBMLFromString(document.text()).getModel()
    units = libsbml.UnitDefinition.convertToSI(model.getUnitDefinition(model.getParameter("clearance").getUnits()))
    each = [units.getUnit(k) for k in range(units.getNumUnits())]
    sizes = [(one.getMultiplier() * 10.0 ** one.getScale()) ** one.getExponent() for one in each]
    assert np.prod(sizes) == pytest.approx(size, rel=1e-12)


def run(document, ids, times):
    runner = roadrunner.RoadRunner(document.text())
    runner.integrator.relative_tolerance = 1e-10
    runner.timeCourseSelections = ids
    return np.array(runner.simulate(times=[0.0, *times]))[1:]


def counting(times, amounts):
    """Return a document that adds amounts at times."""
    document = Document("counting", [])
    total = document.parameter("total", 0.0)
    document.rate(total, "0")
    document.repeat("gift", np.array(times), 1, {total: [f"{total} + {one!r}" for one in amounts]})
    return document


steps = st.sampled_from([24.0, 0.1, 1 / 3, 500 / 60, 7.0])


@given(
    first=st.sampled_from([0.0, 0.5, 1 / 3]),
    step=steps,
    kept=st.lists(st.booleans(), min_size=2, max_size=40),
    data=st.data(),
)
def test_repetition_happens_at_its_times(first, step, kept, data):
    times = np.round(first + step * np.flatnonzero(kept), 9)
    if not times.size:
        return
    if data.draw(st.booleans()):
        times = np.unique(np.round(times * data.draw(st.floats(0.9, 1.1)) ** 2, 9))
    amounts = data.draw(
        st.lists(st.integers(1, 3), min_size=len(times), max_size=len(times)) | st.just([1] * len(times))
    )
    total = run(counting(times.tolist(), amounts), ["total"], np.sort([*(times + 1e-6), times[-1] + 1]))[:, 0]
    assert total.tolist() == [*np.cumsum(amounts), sum(amounts)]


def test_two_times_that_nearly_meet_are_events_of_their_own():
    document = counting([0.0, 1.0, 1.0 + 1e-9], [1, 2, 4])
    assert run(document, ["total"], [0.5, 2.0])[:, 0].tolist() == [1, 7]


def test_of_two_events_at_one_time_the_higher_priority_is_first():
    document = Document("order", [])
    level = document.parameter("level", 1.0)
    document.event("add", "time >= 3", 1, {level: f"{level} + 10"})
    document.event("double", "time >= 3", 2, {level: f"2 * {level}"})
    document.event("add more", "time >= 3", 1, {level: f"{level} + 100"})
    assert run(document, ["level"], [2.0, 4.0])[:, 0].tolist() == [1, 112]


@pytest.mark.parametrize(
    ("value", "written"), [(0.1, "0.1"), (-2.0, "(-2.0)"), (np.float64(1e-300), "1e-300"), (5e-324, "0.0"), (0, "0.0")]
)
def test_numbers_are_such_as_every_reader_takes(value, written):
    assert number(value) == written


def test_a_parameter_of_next_to_nothing_is_one_that_can_be_read():
    document = Document("small", [])
    document.parameter("little", 5e-324)
    document.parameter("endless", np.inf)
    runner = roadrunner.RoadRunner(document.text())
    assert (runner["little"], runner["endless"]) == (0.0, np.inf)


def test_ids_are_given_once():
    document = Document("ids", [])
    assert document.id("model ids") == "model_ids__2"
    assert [document.id("a[b]"), document.id("a[b]", "c a[b]"), document.id("a[b]", "c a[b]"), document.id("a[b]")] == [
        "a__b", "c_a__b", "c_a__b__2", "a__b__2",
    ]  # fmt: skip


def test_a_formula_that_nobody_reads_is_refused():
    with pytest.raises(InputError) as refused:
        Document("wrong", []).assign("x", "1 +")
    assert str(refused.value) == "formula: got '1 +', expected one that libSBML reads."
