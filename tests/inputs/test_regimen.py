"""Doses and their sums: what is kept, what is refused, and that regimens are values."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.catalogue.forms import K1, MK7, Form, enters
from menaquinone.declare import Value, member
from menaquinone.errors import InputError, UnknownNameError
from menaquinone.inputs.records import DoseRecord, Regimen, ResetRecord
from menaquinone.inputs.schedule import expand
from menaquinone.units import registry

UNITS = (
    "'h', 'min', 's', 'd', 'wk', 'mo', 'a', 'y', 'nmol', 'pmol', 'umol', 'mmol', 'mol', 'L', 'dL', 'mL', 'uL', '1', "
    "'m', 'mm', 'AU', 'IU', 'ng', 'ug', 'mg', 'g', 'kg', '%', 'mL/min/{1.73_m2}' and 'm/s'"
)


def only(regimen: Regimen) -> DoseRecord:
    (record,) = regimen.records
    assert isinstance(record, DoseRecord)
    return record


def test_a_dose_is_kept_in_hours_and_nmol():
    one = only(
        mk.dose(
            "MK-4", "15 mg", every="12 h", until="3 d", start="1 d", route="iv", duration="30 min", lag="15 min",
            bioavailability=0.5, steady_state=True, formulation="oil capsule", fat="20 g",
        )
    )  # fmt: skip
    assert one.amount == 15e6 / one.molar_mass
    assert (one.form, one.route, one.formulation, one.steady) == ("MK-4", "iv", "oil capsule", 2)
    assert (one.time, one.every, one.doses, one.duration, one.lag) == (24, 12, 4, 0.5, 0.25)
    assert (one.bioavailability, one.fat, one.adherence) == (0.5, 20, 1)


def test_equal_prescriptions_are_equal_whatever_the_units():
    assert mk.dose("MK-7", "0.36 mg", every="1 d", until="7 d") == mk.dose("MK-7", "360 ug", every="24 h", until="1 wk")
    assert mk.dose("K1", "1 mg", every="1 d", until="24 h") == mk.dose("K1", "1 mg")
    assert mk.dose("MK-7", registry().Quantity(360, "ug")) == mk.dose(MK7, "360 ug")
    assert mk.dose("MK-7", "1 umol") == mk.dose("MK-7", "1000 nmol")
    assert mk.dose("MK-7", "360 ug") != mk.dose("MK-7", "361 ug")


def test_a_form_of_ones_own_is_dosed_by_its_molar_mass():
    mk6 = Form("MK-6", Value(580.9, "g/mol", "assumed: test"), member("MK-6", enters=enters(3)), delivery={})
    one = only(mk.dose(mk6, "100 ug"))
    assert (one.form, one.molar_mass, one.amount) == ("MK-6", 580.9, 100e3 / 580.9)
    assert one.described is mk6
    assert expand(mk.dose(mk6, "100 ug"), 1.0).forms == {"MK-6": mk6}


@pytest.mark.parametrize(
    ("every", "until", "doses"),
    [
        ("24 h", "2 d", 2),
        ("24 h", "49 h", 3),
        ("8 h", "1 d", 3),
        ("0.1 h", "0.3 h", 3),
        ("20 min", "1 h", 3),
        ("7 d", "1 h", 1),
    ],
)
def test_until_is_exclusive_also_where_hours_do_not_add_up_exactly(every, until, doses):
    assert only(mk.dose("MK-7", "90 ug", every=every, until=until)).doses == doses


def test_without_until_doses_go_on_to_the_end_of_the_run():
    assert only(mk.dose("MK-7", "90 ug", every="1 d")).doses is None
    assert len(expand(mk.dose("MK-7", "90 ug", every="1 d"), 10 * 24.0)) == 10


def test_a_sum_keeps_all_records_in_the_order_of_writing():
    a, b, c = (mk.dose(form, "1 mg") for form in ("K1", "MK-4", "MK-7"))
    assert [one.form for one in (a + b + c).records] == ["K1", "MK-4", "MK-7"]
    assert a + (b + c) == (a + b) + c == sum([a, b, c])
    assert a + Regimen() == a == Regimen() + a


def test_thrice_weekly_is_three_weekly_doses():
    thrice = sum(mk.dose("MK-7", "360 ug", every="7 d", start=f"{day} d", until="4 wk") for day in (0, 2, 4))
    given = expand(thrice, 28 * 24.0).given / 24
    assert given.tolist() == [0, 2, 4, 7, 9, 11, 14, 16, 18, 21, 23, 25]


def test_adherence_applies_to_every_dose_and_multiplies():
    regimen = (mk.dose("K1", "1 mg") + Regimen((ResetRecord(5.0),)) + mk.dose("MK-7", "90 ug")) * mk.adherence(0.5)
    assert [getattr(one, "adherence", None) for one in regimen.records] == [0.5, None, 0.5]
    assert [getattr(one, "adherence", None) for one in (mk.adherence("50 %") * regimen).records] == [0.25, None, 0.25]


amounts = st.builds(lambda value, unit: f"{value} {unit}", st.integers(0, 5000), st.sampled_from(["ug", "nmol"]))
times = st.builds(lambda value, unit: f"{value} {unit}", st.integers(1, 400), st.sampled_from(["h", "d", "min"]))
doses = st.builds(
    mk.dose,
    st.sampled_from(["K1", "MK-4"]),
    amounts,
    every=times,
    start=times,
    lag=st.none() | times,
    duration=st.none() | times,
    route=st.sampled_from(["oral", "iv", "im"]),
    steady_state=st.booleans(),
    bioavailability=st.none() | st.floats(0, 1),
    fat=st.none() | st.just("20 g"),
)
regimens = st.lists(doses, max_size=4).map(lambda several: sum(several, Regimen()))


@given(regimens)
def test_regimens_are_values(regimen):
    again = pickle.loads(pickle.dumps(regimen))
    assert again == regimen
    assert hash(again) == hash(regimen)
    assert repr(again) == repr(regimen)
    assert not hasattr(regimen, "__len__")


def test_a_regimen_cannot_be_changed():
    with pytest.raises(AttributeError):
        mk.dose("MK-7", "90 ug").records = ()


def test_repr_is_for_people():
    daily = mk.dose("MK-7", "360 ug", every="24 h", until="2 wk", steady_state=True) * mk.adherence(0.8)
    meal = mk.dose("MK-4", "15 mg", fat="20 g", lag="30 min", formulation="oil capsule", bioavailability=0.1)
    drip = mk.dose("K1", "1 mg", route="iv", duration="90 min", start="3 d", every="1 wk")
    assert repr(Regimen()) == "Regimen()"
    assert repr(mk.dose("MK-7", "360 ug")) == "Regimen(MK-7 360 ug oral, at 0 h)"
    assert repr(daily + meal + drip + Regimen((ResetRecord(36.0),))) == (
        "Regimen(\n"
        "  MK-7 360 ug oral, every 24 h from 0 h, 14 doses, at steady state, 80 % taken\n"
        "  MK-4 15000 ug oral, at 0 h, lag 0.5 h, bioavailability 0.1, oil capsule, with 20 g fat\n"
        "  K1 1000 ug iv, every 7 d from 3 d, to the end, over 1.5 h\n"
        "  reset at 36 h\n"
        ")"
    )


REFUSALS = [
    (
        {"form": "MK7"},
        UnknownNameError,
        (
            "unknown form or antagonist: got 'MK7', expected one of 'K1', 'MK-4', 'MK-7', 'MK-8', 'MK-9', 'warfarin' "
            "and 'acenocoumarol'; the nearest is 'MK-7'."
        ),
    ),
    (
        {"amount": "360 uug"},
        UnknownNameError,
        f"unknown unit: got 'uug', expected one of {UNITS}; the nearest is 'ug'.",
    ),
    ({"amount": 360}, InputError, "dose: got 360, expected a quantity with its unit such as '360 ug'."),
    ({"amount": "360"}, InputError, "dose: got '360', expected a quantity with its unit such as '360 ug'."),
    ({"amount": "-360 ug"}, InputError, "dose: got '-360 ug', expected an amount of at least 0."),
    (
        {"amount": "nan ug"},
        InputError,
        "dose: got 'nan ug', expected a finite number, in a quantity with its unit such as '360 ug'.",
    ),
    ({"amount": "3 h"}, InputError, "dose: got '3 h', expected a mass or a molar amount such as '360 ug'."),
    ({"every": "0 h"}, InputError, "every: got '0 h', expected a time greater than 0."),
    ({"every": "-1 d"}, InputError, "every: got '-1 d', expected a time greater than 0."),
    (
        {"every": "1 d", "steady_state": "no"},
        InputError,
        "steady_state: got 'no', expected True or False.",
    ),
    ({"every": 24}, InputError, "every: got 24, expected a quantity with its unit such as '24 h'."),
    ({"every": "3 ug"}, InputError, "every: got '3 ug', expected a time such as '24 h'."),
    (
        {"until": "1 d"},
        InputError,
        "until: got '1 d', expected `every` beside it, the interval at which doses are repeated.",
    ),
    (
        {"every": "1 d", "start": "2 d", "until": "2 d"},
        InputError,
        "until: got '2 d', expected a time after start (2 d).",
    ),
    (
        {"steady_state": True},
        InputError,
        "steady_state: got True, expected `every` beside it, the interval at which doses are repeated.",
    ),
    ({"start": "-1 h"}, InputError, "start: got '-1 h', expected a time of at least 0."),
    ({"lag": "-1 h"}, InputError, "lag: got '-1 h', expected a time of at least 0."),
    ({"duration": "-1 h"}, InputError, "duration: got '-1 h', expected a time of at least 0."),
    ({"bioavailability": -0.1}, InputError, "bioavailability: got -0.1, expected a fraction of at least 0."),
    (
        {"bioavailability": float("nan")},
        InputError,
        "bioavailability: got nan, expected a finite number without a unit.",
    ),
    ({"fat": 20}, InputError, "fat: got 20, expected a quantity with its unit such as '20 g'."),
    ({"fat": "-2 g"}, InputError, "fat: got '-2 g', expected a mass of at least 0."),
    (
        {"formulation": "tablets"},
        UnknownNameError,
        (
            "unknown formulation of MK-7: got 'tablets', expected one of 'oil capsule', 'tablet', 'food', 'cheese' and "
            "'nano'; the nearest is 'tablet'."
        ),
    ),
    (
        {"route": "iv"},
        InputError,
        (
            "route of MK-7: got 'iv', expected 'oral', because clearance and volumes of MK-7 are known only "
            "relative to its oral bioavailability."
        ),
    ),
    (
        {"route": "orally"},
        UnknownNameError,
        "unknown route of MK-7: got 'orally', expected one of 'oral'; the nearest is 'oral'.",
    ),
]


@pytest.mark.parametrize(("arguments", "kind", "message"), REFUSALS)
def test_refusals_say_what_was_got_and_what_was_expected(arguments, kind, message):
    with pytest.raises(InputError) as error:
        mk.dose(**{"form": "MK-7", "amount": "360 ug"} | arguments)
    assert str(error.value) == message
    assert type(error.value) is kind


def test_a_regimen_is_only_multiplied_by_an_adherence():
    with pytest.raises(InputError) as error:
        mk.dose("MK-7", "90 ug") * 2
    assert str(error.value) == "factor of a regimen: got 2, expected an adherence such as mk.adherence(0.8)."
    with pytest.raises(TypeError):
        mk.dose("MK-7", "90 ug") + 1


def test_routes_that_a_form_offers_are_taken():
    assert only(mk.dose(K1, "1 mg", route="im")).route == "im"
