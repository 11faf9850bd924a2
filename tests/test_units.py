"""The only conversions: every unit string, with pint as the second opinion."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone import units
from menaquinone.errors import InputError, UnknownNameError

YEAR = 365.25 * 24


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("1", 1.0),
        ("%", 0.01),
        ("h", 1.0),
        ("min", 1 / 60),
        ("s", 1 / 3600),
        ("d", 24.0),
        ("wk", 168.0),
        ("mo", YEAR / 12),
        ("a", YEAR),
        ("y", YEAR),
        ("1/a", 1 / YEAR),
        ("%/a", 0.01 / YEAR),
        ("nmol", 1.0),
        ("pmol/L", 1e-3),
        ("umol/mL", 1e6),
        ("nmol/L/h", 1.0),
        ("nmol/L/d", 1 / 24),
        ("L/h", 1.0),
        ("mL/min", 0.06),
        ("ug/L", 1.0),
        ("AU", 1.0),
        ("AU/a", 1 / YEAR),
        ("m/s", 1.0),
        ("m/s/a", 1 / YEAR),
        ("mL/min/{1.73_m2}", 1.0),
        ("1/(mL/min/{1.73_m2})", 1.0),
        ("mL/min/{1.73_m2}/a", 1 / YEAR),
        ("h^2", 1.0),
        ("d^2", 576.0),
        ("d^-1", 1 / 24),
        ("nmol*h/L", 1.0),
        ("umol*d/dL", 1e3 * 24 / 0.1),
    ],
)
def test_factor_to_house_units(unit, factor):
    assert units.factor(unit) == pytest.approx(factor, rel=1e-14)


@pytest.mark.parametrize(
    "unit", ["d", "wk", "mo", "a", "y", "1/a", "%", "pmol", "umol/mL", "mL/min", "nmol/L/d", "L/d", "%/a", "nmol*d/mL"]
)
def test_pint_agrees_with_the_table(unit):
    house = {"[time]": "h", "[substance]": "nmol", "[length]": "dm"}
    quantity = units.registry().Quantity(1.0, unit)
    target = units.registry().Unit("")
    for dimension, power in quantity.dimensionality.items():
        target *= units.registry().Unit(house[dimension]) ** power
    assert quantity.to(target).magnitude == pytest.approx(units.factor(unit), rel=1e-14)


def test_units_outside_the_table_go_through_pint():
    assert units.factor("fortnight") == pytest.approx(336.0, rel=1e-14)
    assert units.factor("fmol/uL") == pytest.approx(1.0, rel=1e-12)


def test_au_is_an_agatston_unit_and_no_absorbance():
    assert dict(units.registry().Unit("AU").dimensionality) == {"[calcium_score]": 1}


def test_a_year_is_365_and_a_quarter_days_in_both():
    ours = units.registry()
    for year in ("a", "y"):
        assert ours.Quantity(1.0, year).to("d").magnitude == pytest.approx(365.25, rel=1e-14)
    assert units.HOURS_PER_YEAR == YEAR
    assert ours.Quantity(1.0, "mo").to("h").magnitude == pytest.approx(units.factor("mo"), rel=1e-14)


@given(
    st.floats(-1e12, 1e12, allow_subnormal=False).filter(lambda value: value == 0 or abs(value) > 1e-200),
    st.sampled_from(["d", "a", "pmol/L", "%/a", "m/s", "AU", "mL/min"]),
)
def test_there_and_back(value, unit):
    assert units.from_house(units.to_house(value, unit), unit) == pytest.approx(value, rel=1e-14, abs=0)


def test_conversions_take_arrays_and_leave_them_alone():
    given_ = np.array([1.0, 2.0])
    assert np.array_equal(units.to_house(given_, "d"), [24.0, 48.0])
    assert np.array_equal(given_, [1.0, 2.0])


@pytest.mark.parametrize(
    ("quantity", "hours"),
    [("24 h", 24.0), ("2 y", 2 * YEAR), ("1.5d", 36.0), ("-3 h", -3.0), ("1e2 min", 100 / 60), ("1 fortnight", 336.0)],
)
def test_hours(quantity, hours):
    assert units.hours(quantity) == pytest.approx(hours, rel=1e-14)


def test_hours_takes_a_pint_quantity():
    assert units.hours(units.registry().Quantity(2.0, "week")) == pytest.approx(336.0)


@pytest.mark.parametrize(
    ("quantity", "message"),
    [
        (24, "until: got 24, expected a quantity with its unit such as '24 h'."),
        ("24", "until: got '24', expected a quantity with its unit such as '24 h'."),
        ("soon", "until: got 'soon', expected a quantity with its unit such as '24 h'."),
        ("", "until: got '', expected a quantity with its unit such as '24 h'."),
        (None, "until: got None, expected a quantity with its unit such as '24 h'."),
        ("nan h", "until: got 'nan h', expected a finite number, in a quantity with its unit such as '24 h'."),
        ("inf d", "until: got 'inf d', expected a finite number, in a quantity with its unit such as '24 h'."),
        ("5 ug", "until: got '5 ug', expected a time such as '24 h'."),
        ("5 ug/h", "until: got '5 ug/h', expected a time such as '24 h'."),
        ("5 A", "until: got '5 A', expected a time such as '24 h'."),
        ("5 K*h", "until: got '5 K*h', expected a time such as '24 h'."),
    ],
)
def test_hours_refuses(quantity, message):
    with pytest.raises(InputError) as caught:
        units.hours(quantity, "until")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("amount", "nmol"),
    [
        ("360 ug", 360e3 / 649.0),
        ("0.36 mg", 360e3 / 649.0),
        ("1 g", 1e9 / 649.0),
        ("0 ug", 0.0),
        ("2 nmol", 2.0),
        ("0.5 umol", 500.0),
        ("3 pmol", 0.003),
        ("1 lb", 453.59237e9 / 649.0),
        ("2 picomole", 0.002),
    ],
)
def test_nmol_of_mass_and_amount(amount, nmol):
    assert units.nmol(amount, 649.0) == pytest.approx(nmol, rel=1e-12)


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        ("-5 ug", "dose: got '-5 ug', expected an amount of at least 0."),
        ("nan ug", "dose: got 'nan ug', expected a finite number, in a quantity with its unit such as '360 ug'."),
        (360, "dose: got 360, expected a quantity with its unit such as '360 ug'."),
        ("3 h", "dose: got '3 h', expected a mass or a molar amount such as '360 ug'."),
        ("3 ug/kg", "dose: got '3 ug/kg', expected a mass or a molar amount such as '360 ug'."),
        ("3 cd", "dose: got '3 cd', expected a mass or a molar amount such as '360 ug'."),
    ],
)
def test_nmol_refuses(amount, message):
    with pytest.raises(InputError) as caught:
        units.nmol(amount, 649.0)
    assert str(caught.value) == message


def test_an_unknown_unit_names_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        units.nmol("360 ugg", 649.0)
    text = str(caught.value)
    assert text.startswith("unknown unit: got 'ugg', expected one of 'h', 'min', 's', 'd', ")
    assert text.endswith("; the nearest is 'ug'.")


@pytest.mark.parametrize(
    ("quantity", "unit", "number"),
    [
        (1.3, "L/h", 1.3),
        (2, "L/h", 2.0),
        (np.float64(1.3), "L/h", 1.3),
        (np.int64(2), "L/h", 2.0),
        (np.float32(0.5), "L/h", 0.5),
        ("1.3 L/h", "L/h", 1.3),
        ("31.2 L/d", "L/h", 1.3),
        ("0.4", "1", 0.4),
        ("40 %", "1", 0.4),
        ("1 mo", "d", 365.25 / 12),
        ("5 ng/mL", "ug/L", 5.0),
        ("36 km/h", "m/s", 10.0),
        ("60 mL/min/{1.73_m2}", "mL/min/{1.73_m2}", 60.0),
    ],
)
def test_magnitude(quantity, unit, number):
    got = units.magnitude(quantity, unit, "clearance[MK-7]")
    assert got == pytest.approx(number, rel=1e-12)
    assert type(got) is float


@pytest.mark.parametrize(
    ("quantity", "unit", "message"),
    [
        ("5 L", "L/h", "x: got '5 L', expected a quantity in L/h or a unit of the same dimension."),
        (math.nan, "L/h", "x: got nan, expected a finite number in L/h."),
        (True, "L/h", "x: got True, expected a quantity with its unit such as '1 L/h'."),
        ("5", "L/h", "x: got '5', expected a quantity with its unit such as '1 L/h'."),
        ("high", "1", "x: got 'high', expected a finite number without a unit."),
        (math.nan, "1", "x: got nan, expected a finite number without a unit."),
        ("3 kg", "1", "x: got '3 kg', expected a number without a unit, or a percentage."),
        (None, "1", "x: got None, expected a finite number without a unit."),
    ],
)
def test_magnitude_refuses(quantity, unit, message):
    with pytest.raises(InputError) as caught:
        units.magnitude(quantity, unit, "x")
    assert str(caught.value) == message


def test_the_common_units_need_no_pint():
    lines = (
        "import sys",
        "from menaquinone import units",
        "units.hours('2 y'), units.nmol('3 ug', 649.0), units.factor('mL/min/{1.73_m2}')",
        "assert 'pint' not in sys.modules",
    )
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "number"),
    [
        (5.0, "ng/mL", "ug/L", 5.0),
        (0.4621, "1/d", "1/h", 0.4621 / 24),
        (2.0, "mg/L", "ug/L", 2000.0),
        (7.0, "%/a", "1/d", 0.07 / 365.25),
        (math.inf, "umol/L", "nmol/L", math.inf),
        (0.1, "mL/min/{1.73_m2}/d", "mL/min/{1.73_m2}/a", 36.525),
        (0.24, "m/s/mo", "m/s/a", 2.88),
        (10.0, "mm", "m", 0.01),  # by pint: lengths are kept as declared
        (36.0, "km/h", "m/s", 10.0),  # by pint
    ],
)
def test_converted_also_converts_what_equations_keep_as_declared(value, unit, wanted, number):
    assert units.converted(value, unit, wanted, "x") == pytest.approx(number, rel=1e-12)


def test_converted_refuses_another_dimension():
    with pytest.raises(InputError) as caught:
        units.converted(3.0, "h", "1/h", "'k_out' of 'MGP'")
    assert (
        str(caught.value) == "'k_out' of 'MGP': got '3 h', expected a quantity in 1/h or a unit of the same dimension."
    )


@pytest.mark.parametrize("wrong", ["mm/s/s/x", "hdd", "<speed", "ug^", "nmol/L/{1.73_m2}x", "pixel"])
def test_what_looks_like_a_unit_and_is_none_is_refused(wrong):
    with pytest.raises(UnknownNameError) as caught:
        units.factor(wrong)
    assert str(caught.value).startswith(f"unknown unit: got '{wrong}', expected one of 'h', 'min', 's'")


def test_millimetres_per_second_are_not_metres_per_second():
    assert units.converted(1.0, "mm/s", "m/s", "x") == pytest.approx(1e-3, rel=1e-12)
