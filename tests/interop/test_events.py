"""Event tables: exact round trips, every kind of table, and messages that name row and column."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.catalogue.forms import FORMS, MK7, Form, enters
from menaquinone.declare import Value, member
from menaquinone.errors import InputError, UnknownNameError
from menaquinone.inputs.records import DoseRecord, Regimen, ResetRecord
from menaquinone.inputs.schedule import expand
from menaquinone.interop.events import from_table, observation_times, to_table, write_csv

MK6 = Form("MK-6", Value(580.9, "g/mol", "assumed: test"), member("MK-6", enters=enters(3)), delivery={})
SIX = {
    "TIME": [0, 12, 24, 36, 48, 72],
    "AMT": [360, 0, 1000, 0, 500, 0],
    "RATE": [0, 0, 250, 0, 0, 0],
    "II": [24, 0, 0, 0, 12, 0],
    "ADDL": [6, 0, 0, 0, 3, 0],
    "SS": [0, 0, 0, 0, 1, 0],
    "EVID": [1, 0, 4, 3, 1, 0],
    "CMT": ["oral[MK-7]", "iv[K1]", "iv[K1]", ".", "im[MK-4]", "."],
}


def ug(form, amount):
    return amount * 1e3 / FORMS[form].molar_mass.value


def dose(form="K1", **cells) -> DoseRecord:
    mass = FORMS[form].molar_mass.value
    cells = {"amount": 100e3 / mass} | cells
    return DoseRecord(form=form, molar_mass=mass, described=FORMS[form], **cells)


def test_a_table_is_read_record_by_record():
    assert from_table(SIX) == Regimen(
        (
            dose("MK-7", amount=ug("MK-7", 360), every=24.0, doses=7),
            ResetRecord(24.0),
            dose("K1", amount=ug("K1", 1000), route="iv", time=24.0, rate=ug("K1", 250)),
            ResetRecord(36.0),
            dose("MK-4", amount=ug("MK-4", 500), route="im", time=48.0, every=12.0, doses=4, steady=1),
        )
    )


def test_a_table_means_what_the_same_doses_written_out_mean():
    daily = {"TIME": [2], "AMT": [0.36], "II": [1], "ADDL": [729], "CMT": ["oral[MK-7]"]}
    assert from_table(daily, amount_unit="mg", time_unit="d") == mk.dose(
        "MK-7", "360 ug", every="24 h", start="2 d", until="732 d"
    )


def test_every_kind_of_table_is_read_alike(tmp_path):
    pandas = pytest.importorskip("pandas")
    rows = [dict(zip(SIX, cells, strict=True)) for cells in zip(*SIX.values(), strict=True)]
    path = tmp_path / "events.csv"
    write_csv(SIX, path)
    arrays = {name: np.array(column) for name, column in SIX.items()}
    tables = [rows, arrays, pandas.DataFrame(SIX), path, str(path), {name.lower(): SIX[name] for name in reversed(SIX)}]
    for table in tables:
        assert from_table(table) == from_table(SIX)
        assert observation_times(table).tolist() == [0.5, 3.0]
    sparse = [
        {name: cell for name, cell in row.items() if cell not in (0, ".") or name in ("TIME", "EVID")} for row in rows
    ]
    assert from_table(sparse) == from_table(SIX)
    assert from_table(pandas.DataFrame(sparse)) == from_table(SIX)


def test_a_csv_file_is_read_with_points_and_a_byte_order_mark(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(
        "\ufeffID,TIME,AMT,II,ADDL,CMT,DV\n7,0,90,24,6,1,.\n7,1,.,.,.,.,2.5\n\n8,0,,,,,\n", encoding="utf-8"
    )
    assert from_table(path, compartments={1: ("MK-7", "oral")}) == {
        7: mk.dose("MK-7", "90 ug", every="24 h", until="7 d"),
        8: Regimen(),
    }
    times = observation_times(path)
    assert {one: days.tolist() for one, days in times.items()} == {7: [1 / 24], 8: [0]}


def test_without_evid_a_dose_is_what_has_an_amount_or_a_rate():
    table = {"TIME": [0, 1, 2], "AMT": [90, 0, 0], "RATE": [0, 0, 10], "SS": [0, 0, 1], "CMT": ["iv[K1]"] * 3}
    records = from_table(table).records
    assert [one.time for one in records] == [0, 2]
    assert records[1].endless


def test_optional_columns_say_more_about_a_dose():
    table = {
        "TIME": [0], "AMT": [15], "CMT": ["oral[MK-4]"], "DUR": [2], "ALAG": [0.5], "F": [0.1],
        "FORMULATION": ["oil capsule"], "FAT": [20], "ADHERENCE": [0.8], "MDV": [1], "WT": [70],
    }  # fmt: skip
    expected = mk.dose(
        "MK-4", "15 mg", duration="2 h", lag="30 min", bioavailability=0.1, formulation="oil capsule", fat="20 g"
    ) * mk.adherence(0.8)
    assert from_table(table, amount_unit="mg", ignore=["wt"]) == expected


def test_compartments_may_be_numbered():
    table = {"TIME": [0, 1], "AMT": [90, 90], "CMT": [1, 2.0]}
    boxes = {1: ("MK-7", "oral"), 2: (MK6, "oral")}
    regimen = from_table(table, compartments=boxes)
    assert regimen == mk.dose(MK7, "90 ug") + mk.dose(MK6, "90 ug", start="1 h")
    assert to_table(regimen, compartments=boxes)["CMT"] == [1, 2]


def test_a_form_of_ones_own_is_named_where_it_is_handed_in():
    regimen = mk.dose(MK6, "90 ug", every="1 d", until="4 d")
    assert from_table(to_table(regimen), forms=[MK6]) == regimen


def test_rows_of_several_people_may_alternate():
    table = {"ID": [2, 1, 2, 1], "TIME": [0, 5, 24, 5], "AMT": [90] * 4, "CMT": ["oral[MK-7]"] * 4}
    regimens = from_table(table)
    assert {one: [record.time for record in own.records] for one, own in regimens.items()} == {2: [0, 24], 1: [5, 5]}


mass_amounts = st.floats(0, 1e6, allow_subnormal=False).filter(lambda value: value == 0 or value > 1e-6)
spans = st.floats(0.01, 5000)
routed = st.sampled_from([(form, route) for form, one in FORMS.items() for route in one.pk.enters])


@st.composite
def dose_records(draw):
    """Every kind of dose that a table can hold, as a reader would make it from ug and h."""
    form, route = draw(routed)
    cells = {
        "route": route,
        "amount": ug(form, draw(mass_amounts)),
        "time": draw(spans),
        "every": draw(spans),
        "doses": draw(st.integers(1, 50)),
        "lag": draw(st.just(0.0) | spans),
        "bioavailability": draw(st.none() | st.floats(0, 2)),
        "steady": draw(st.integers(0, 2)),
        "formulation": draw(st.sampled_from(["", *FORMS[form].formulations])),
        "fat": draw(st.none() | st.floats(0, 100)),
        "adherence": draw(st.just(1.0) | st.floats(0, 1)),
    }
    kind = draw(st.sampled_from(["bolus", "duration", "rate", "endless"]))
    if kind == "duration":
        cells["duration"] = draw(spans)
    elif kind == "rate" and cells["amount"]:
        cells["rate"] = ug(form, draw(st.floats(0.1, 1e4)))
    elif kind == "endless":
        cells |= {"amount": 0.0, "rate": ug(form, 25.0), "steady": draw(st.integers(1, 2)), "every": 0.0, "doses": 1}
    return dose(form, **cells)


regimens = st.lists(dose_records() | st.builds(ResetRecord, spans), max_size=5).map(
    lambda records: Regimen(tuple(sorted(records, key=lambda one: one.time)))
)


@given(regimens)
def test_a_regimen_in_ug_and_hours_comes_back_exactly(regimen):
    assert from_table(to_table(regimen)) == regimen


@given(st.dictionaries(st.integers(0, 10**9), regimens, max_size=4))
def test_regimens_of_several_people_come_back_exactly(people):
    assert from_table(to_table(people)) == people


@given(regimens)
def test_tables_come_back_exactly_through_csv(tmp_path_factory, regimen):
    path = tmp_path_factory.mktemp("csv") / "events.csv"
    write_csv(to_table(regimen), path)
    assert from_table(path) == regimen


@given(
    unit=st.sampled_from(["ug", "mg", "nmol", "umol"]),
    time_unit=st.sampled_from(["h", "d", "min", "wk"]),
    cells=st.lists(
        st.tuples(
            st.integers(0, 10**6).map(lambda n: n / 1000),
            st.integers(1, 10**4).map(lambda n: n / 100),
            st.integers(0, 9),
        ),
        max_size=4,
    ),
)
def test_a_table_of_decimal_numbers_comes_back_exactly_in_any_unit(unit, time_unit, cells):
    table = {
        "TIME": [0.1 * n for n in range(len(cells))],
        "AMT": [amount for amount, _, _ in cells],
        "RATE": [0.0 for _ in cells],
        "II": [ii if addl else 0.0 for _, ii, addl in cells],
        "ADDL": [addl for _, _, addl in cells],
        "SS": [0 for _ in cells],
        "EVID": [1 for _ in cells],
        "CMT": ["oral[MK-7]" for _ in cells],
    }
    table["TIME"] = [round(time, 3) for time in table["TIME"]]
    units = {"amount_unit": unit, "time_unit": time_unit}
    assert to_table(from_table(table, **units), **units) == table


def test_records_out_of_order_are_written_in_order_and_give_the_same_doses():
    regimen = mk.dose("K1", "1 mg", start="3 d") + mk.dose("MK-7", "90 ug", every="1 d", until="4 d")
    again = from_table(to_table(regimen))
    assert again == mk.dose("MK-7", "90 ug", every="1 d", until="4 d") + mk.dose("K1", "1 mg", start="3 d")
    assert expand(again, 200.0).start.tolist() == expand(regimen, 200.0).start.tolist()


def test_only_the_columns_that_are_needed_are_written():
    assert to_table(mk.dose("MK-7", "360 ug", every="24 h", until="2 y", start="1 h")) == {
        "TIME": [1.0], "AMT": [360.0], "RATE": [0.0], "II": [24.0], "ADDL": [730], "SS": [0], "EVID": [1],
        "CMT": ["oral[MK-7]"],
    }  # fmt: skip
    assert list(to_table({3: mk.dose("MK-7", "360 ug", lag="1 h")})) == [
        "ID", "TIME", "AMT", "RATE", "II", "ADDL", "SS", "EVID", "CMT", "LAG",
    ]  # fmt: skip


def test_a_reset_and_a_dose_at_one_time_are_a_reset_and_dose():
    together = Regimen((ResetRecord(5.0), dose(time=5.0)))
    assert to_table(together)["EVID"] == [4]
    assert to_table(Regimen((dose(time=5.0), ResetRecord(5.0))))["EVID"] == [1, 3]
    assert from_table(to_table(together)) == together


def test_doses_without_an_end_are_written_out_to_the_horizon():
    regimen = mk.dose("MK-7", "90 ug", every="1 d", start="1 d")
    assert to_table(regimen, horizon="10 d")["ADDL"] == [8]
    with pytest.raises(InputError) as error:
        to_table(regimen)
    assert str(error.value) == (
        "ADDL: got doses without an end (MK-7 90 ug oral, every 24 h from 24 h, to the end), expected `until` in the "
        "regimen or `horizon` here."
    )


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "events.csv"
    write_csv({"TIME": [0.0], "CMT": [None]}, path)
    assert path.read_text(encoding="utf-8").splitlines() == ["TIME,CMT", "0.0,."]
    with pytest.raises(ValueError, match="zip"):
        write_csv({"TIME": [0.0, 1.0], "AMT": [1.0]}, path)
    assert path.read_text(encoding="utf-8").splitlines() == ["TIME,CMT", "0.0,."]
    assert list(tmp_path.iterdir()) == [path]


GOOD = {"TIME": 5, "AMT": 100, "CMT": "iv[K1]"}
ROW_REFUSALS = [
    ({"AMT": -5}, InputError, "AMT in row 2: got -5, expected a number of at least 0."),
    ({"AMT": math.nan, "EVID": 1}, InputError, "AMT in row 2: got an empty cell, expected a number of at least 0."),
    ({"AMT": math.inf}, InputError, "AMT in row 2: got inf, expected a finite number."),
    ({"AMT": "lots"}, InputError, "AMT in row 2: got 'lots', expected a finite number."),
    ({"TIME": 1}, InputError, "TIME in row 2: got 1, expected a time of at least 2 h, that of row 1."),
    ({"TIME": -1}, InputError, "TIME in row 2: got -1, expected a number of at least 0."),
    ({"TIME": "8:30"}, InputError, "TIME in row 2: got '8:30', expected a number of at least 0."),
    ({"TIME": None}, InputError, "TIME in row 2: got an empty cell, expected a number of at least 0."),
    (
        {"CMT": "oral[MK77]"},
        UnknownNameError,
        (
            "unknown form of CMT in row 2: got 'MK77', expected one of 'K1', 'MK-4', 'MK-7', 'MK-8', 'MK-9', "
            "'warfarin' and 'acenocoumarol'; the nearest is 'MK-7'."
        ),
    ),
    (
        {"CMT": "iv[MK-7]"},
        InputError,
        (
            "CMT in row 2, route of MK-7: got 'iv', expected 'oral', because clearance and volumes of MK-7 are known "
            "only relative to its oral bioavailability."
        ),
    ),
    (
        {"CMT": "oral K1"},
        UnknownNameError,
        (
            "unknown CMT in row 2: got 'oral K1', expected one of 'oral[K1]', 'iv[K1]', 'im[K1]', 'oral[MK-4]', "
            "'iv[MK-4]', 'im[MK-4]', 'oral[MK-7]', 'oral[MK-8]', 'oral[MK-9]', 'oral[warfarin]' "
            "and 'oral[acenocoumarol]'; the nearest is 'oral[K1]'."
        ),
    ),
    (
        {"CMT": 3},
        UnknownNameError,
        (
            "unknown CMT in row 2: got 3, expected one of 'oral[K1]', 'iv[K1]', 'im[K1]', 'oral[MK-4]', "
            "'iv[MK-4]', 'im[MK-4]', 'oral[MK-7]', 'oral[MK-8]', 'oral[MK-9]', 'oral[warfarin]' "
            "and 'oral[acenocoumarol]'."
        ),
    ),
    ({"SS": 1}, InputError, "II in row 2: got 0, expected an interval greater than 0 beside SS 1."),
    ({"ADDL": 3, "II": 0}, InputError, "II in row 2: got 0, expected an interval greater than 0 beside ADDL 3."),
    ({"ADDL": -1}, InputError, "ADDL in row 2: got -1, expected a whole number of at least 0."),
    ({"ADDL": 1.5, "II": 24}, InputError, "ADDL in row 2: got 1.5, expected a whole number of at least 0."),
    ({"II": -24}, InputError, "II in row 2: got -24, expected a number of at least 0."),
    ({"SS": 3, "II": 24}, InputError, "SS in row 2: got 3, expected 0, 1 or 2."),
    ({"EVID": 2}, InputError, "EVID in row 2: got 2, expected 0, 1, 3 or 4."),
    ({"EVID": 0}, InputError, "AMT in row 2: got 100, expected 0 beside EVID 0, which gives no dose."),
    (
        {"EVID": 3, "AMT": 0, "RATE": 5},
        InputError,
        "RATE in row 2: got 5, expected 0 beside EVID 3, which gives no dose.",
    ),
    ({"RATE": -2}, InputError, "RATE in row 2: got -2, expected a number of at least 0."),
    (
        {"RATE": 50, "DUR": 2},
        InputError,
        "DUR in row 2: got 2, expected 0 beside RATE 50: one follows from the other.",
    ),
    (
        {"AMT": 0, "RATE": 50},
        InputError,
        "AMT in row 2: got 0, expected an amount greater than 0 beside RATE 50 (0 only with SS 1 or 2 and II 0).",
    ),
    (
        {"AMT": 0, "RATE": 50, "SS": 1, "II": 24},
        InputError,
        "AMT in row 2: got 0, expected an amount greater than 0 beside RATE 50 (0 only with SS 1 or 2 and II 0).",
    ),
    (
        {"AMT": 0, "RATE": 50, "SS": 1, "ADDL": 2},
        InputError,
        "II in row 2: got 0, expected an interval greater than 0 beside ADDL 2.",
    ),
    ({"LAG": -1}, InputError, "LAG in row 2: got -1, expected a number of at least 0."),
    ({"F": -1}, InputError, "F in row 2: got -1, expected a number of at least 0."),
    ({"FAT": -1}, InputError, "FAT in row 2: got -1, expected a number of at least 0."),
    ({"ADHERENCE": 1.5}, InputError, "ADHERENCE in row 2: got 1.5, expected a probability from 0 to 1."),
    (
        {"FORMULATION": "tablets"},
        UnknownNameError,
        (
            "FORMULATION in row 2, unknown formulation of K1: got 'tablets', expected one of 'food', 'tablet' and "
            "'nano'; the nearest is 'tablet'."
        ),
    ),
    (
        {"AMOUNT": 5},
        UnknownNameError,
        (
            "unknown column of the event table: got 'AMOUNT', expected one of 'TIME', 'AMT', 'RATE', 'II', 'ADDL', "
            "'SS', 'EVID', 'CMT', 'ID', 'DUR', 'LAG', 'F', 'FORMULATION', 'FAT' and 'ADHERENCE'; the nearest is 'AMT'."
        ),
    ),
    ({"ALAG": 1, "LAG": 1}, InputError, "event table: got column 'LAG' twice, expected it once."),
]


@pytest.mark.parametrize(("cells", "kind", "message"), ROW_REFUSALS)
def test_refusals_name_row_and_column(cells, kind, message):
    with pytest.raises(InputError) as error:
        from_table([GOOD | {"TIME": 2}, GOOD | cells])
    assert str(error.value) == message
    assert type(error.value) is kind


@pytest.mark.parametrize(
    ("table", "arguments", "message"),
    [
        (
            {"TIME": [0], "CMT": ["iv[K1]"]},
            {},
            "event table: got no column 'AMT', expected 'TIME', 'AMT' and 'CMT' at least.",
        ),
        ({"TIME": [0, 1], "AMT": [1]}, {}, "column 'AMT': got 1 rows, expected 2 as in 'TIME'."),
        ("no such file.csv", {}, "event table: got 'no such file.csv', expected the path of a CSV file."),
        (5, {}, "event table: got 5, expected columns by name, rows as dictionaries, a data frame or a path."),
        ([GOOD | {"ID": 1.5}], {}, "ID in row 1: got 1.5, expected a whole number."),
        (
            [GOOD],
            {"amount_unit": "IU"},
            "AMT in row 1: got '100.0 IU', expected a mass or a molar amount such as '360 ug'.",
        ),
        ([GOOD], {"time_unit": "mg"}, "TIME in row 1: got '5.0 mg', expected a time such as '24 h'."),
        (
            [GOOD],
            {"compartments": {1: ("MK-7", "iv")}},
            (
                "compartment 1, route of MK-7: got 'iv', expected 'oral', because clearance and volumes of MK-7 are "
                "known only relative to its oral bioavailability."
            ),
        ),
        (
            [GOOD],
            {"compartments": {1: "MK-7"}},
            "compartment 1: got 'MK-7', expected form and route such as ('MK-7', 'oral').",
        ),
        (
            [GOOD],
            {"compartments": ["oral[MK-7]"]},
            (
                "compartments: got ['oral[MK-7]'], expected form and route by value of CMT such as "
                "{1: ('MK-7', 'oral')}."
            ),
        ),
    ],
)
def test_tables_that_cannot_be_read_are_refused(table, arguments, message):
    with pytest.raises(InputError) as error:
        from_table(table, **arguments)
    assert str(error.value) == message


def test_csv_files_that_cannot_be_read_are_refused(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("TIME,AMT,CMT\n0,90\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        from_table(path)
    assert str(error.value) == f"row 1 of '{path}': got 2 cells, expected 3."
    path.write_text("", encoding="utf-8")
    with pytest.raises(InputError) as error:
        from_table(path)
    assert str(error.value) == f"event table: got '{path}', expected a CSV file with a line of column names."


@pytest.mark.parametrize("wrong", ["MK-7", {1: "MK-7"}, [mk.dose("K1", "1 mg")]])
def test_what_is_no_regimen_is_refused_on_the_way_out(wrong):
    with pytest.raises(InputError) as error:
        to_table(wrong)
    assert str(error.value) == (
        f"regimen: got {wrong!r}, expected a regimen such as mk.dose('MK-7', '180 ug', every='24 h'), or regimens by "
        "subject id."
    )


def test_a_form_without_a_compartment_is_refused_on_the_way_out():
    with pytest.raises(InputError) as error:
        to_table(mk.dose("K1", "1 mg"), compartments={1: ("MK-7", "oral")})
    assert str(error.value) == "compartments: got none for 'oral[K1]', expected one for every form and route given."
