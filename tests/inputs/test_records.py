"""Records written otherwise: as if they had been prescribed like that."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.inputs.records import DoseRecord, varied

HOURS = st.integers(1, 400)


def only(regimen):
    (one,) = regimen.records
    return one


def daily(start="0 h", every="24 h", until="9 d"):
    return only(mk.dose("MK-7", "90 ug", start=start, every=every, until=until))


@given(start=st.integers(0, 200), every=HOURS, until=HOURS)
def test_times_of_repetition_are_counted_anew(start, every, until):
    changes = {"start": float(start), "every": float(every), "until": float(start + until)}
    wanted = daily(f"{start} h", f"{every} h", f"{start + until} h")
    assert varied(daily(), changes) == wanted
    assert varied(varied(daily(), {"start": 8.0}), changes) == wanted


def test_the_end_that_was_written_holds_for_another_interval():
    two_years = only(mk.dose("MK-7", "90 ug", every="24 h", until="2 y"))
    assert two_years.doses == 731
    assert varied(two_years, {"every": 12.0}) == only(mk.dose("MK-7", "90 ug", every="12 h", until="2 y"))
    once = daily(until="1 d")
    assert once.every == 0
    assert varied(once, {"until": 72.0}) == daily(until="3 d")


def test_without_an_end_there_is_none():
    endless = only(mk.dose("MK-7", "90 ug", every="24 h"))
    assert varied(endless, {"every": 12.0}).doses is None
    assert varied(endless, {"until": 48.0}).doses == 2


def test_a_number_of_doses_that_was_written_stays():
    counted = DoseRecord("MK-7", 649.0, 100.0, every=24.0, doses=5)
    assert varied(counted, {"every": 12.0}) == DoseRecord("MK-7", 649.0, 100.0, every=12.0, doses=5)
    assert varied(counted, {"start": 12.0}).doses == 5


def test_other_fields_are_replaced():
    changes = {"dose": 7.0, "lag": 2.0, "duration": 3.0, "bioavailability": 0.5, "adherence": 0.9, "fat": 4.0}
    found = varied(daily(), changes | {"formulation": "capsule"})
    assert (found.amount, found.lag, found.infused, found.formulation) == (7.0, 2.0, 3.0, "capsule")
    assert (found.bioavailability, found.adherence, found.fat) == (0.5, 0.9, 4.0)
    assert (found.doses, found.every) == (9, 24.0)
    assert varied(only(mk.dose("MK-7", "1 ug")), {"start": 5.0}).time == 5.0


def test_what_was_written_takes_no_part_in_comparisons_but_is_kept():
    assert daily(until="9 d") == daily(until="200 h")
    assert hash(daily(until="9 d")) == hash(daily(until="200 h"))
    assert pickle.loads(pickle.dumps(daily())).prescribed == (24.0, 216.0)


@pytest.mark.parametrize(
    ("one", "changes", "message"),
    [
        (daily(), {"until": 24.0, "start": 24.0}, "until: got '24 h', expected a time after start (24 h)."),
        (daily(), {"start": 300.0}, "until: got '216 h', expected a time after start (300 h)."),
        (
            only(mk.dose("MK-7", "1 ug")),
            {"until": 24.0},
            "until: got a dose that is given once, expected one with `every`, the interval of its repetition.",
        ),
    ],
)
def test_messages(one, changes, message):
    with pytest.raises(InputError) as refused:
        varied(one, changes)
    assert str(refused.value) == message
