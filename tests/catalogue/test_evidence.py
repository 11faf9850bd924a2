"""The evidence table: every row can be read, and nothing in it can be misread by code."""

import csv
import pickle
from collections import Counter
from dataclasses import FrozenInstanceError, fields
from importlib.resources import files

import pytest

from menaquinone.catalogue import evidence
from menaquinone.errors import UnknownNameError
from menaquinone.units import factor

COLUMNS = [one.name for one in fields(evidence.Row)][:-1]
PRINTED_UNITS = {"%/(10.a)", "mg/(10.a)", "mg/(70 kg.d)", "ug/(100 g)"}
"""Units as printed that hold a number; no default is stated in them."""
SPREADS = {
    "": 0,
    "sd": 1,
    "sem": 1,
    "cv_pct": 1,
    "rse_pct": 1,
    "iqr_low;iqr_high": 2,
    "ci95_low;ci95_high": 2,
    "ci99.9_low;ci99.9_high": 2,
    "range_low;range_high": 2,
}
TABLES = sorted(one.name for one in files("menaquinone.catalogue.evidence").iterdir() if one.name.endswith(".csv"))


@pytest.mark.parametrize("name", TABLES)
def test_a_file_has_the_columns_of_a_row(name):
    text = (files("menaquinone.catalogue.evidence") / name).read_text(encoding="utf-8")
    assert next(csv.reader(text.splitlines())) == COLUMNS


def test_every_line_of_every_file_is_a_row_of_its_own():
    lines = 0
    for name in TABLES:
        text = (files("menaquinone.catalogue.evidence") / name).read_text(encoding="utf-8")
        lines += sum(1 for _ in csv.DictReader(text.splitlines()))
    assert len(evidence.rows()) == lines > 800
    assert {f"{one.file}.csv" for one in evidence.rows().values()} == set(TABLES)


@pytest.mark.parametrize("topic", evidence.topics())
def test_rows_say_what_they_are(topic):
    for name, row in evidence.table(topic).items():
        assert name == row.id == row.id.strip().lower()
        assert row.topic == topic
        assert row.quantity
        assert row.unit in PRINTED_UNITS or factor(row.unit) > 0, name
        assert row.read_as in {"full_text", "abstract", "secondary"}, name
        assert row.audit in {"confirmed", "not_checked", "not_reachable", "differs"}, name
        assert row.doi or row.url, name


def test_spreads_are_of_a_known_kind_and_in_order():
    for row in evidence.rows().values():
        assert len(row.spread) == SPREADS[row.spread_kind], row.id
        if len(row.spread) == 2:
            low, high = row.spread
            assert low <= row.value <= high or row.bound or row.spread_kind.startswith("range"), row.id
        assert row.n is None or row.n > 0, row.id


def test_a_row_is_read_whole():
    row = evidence.row("kaytwo-label-mk4-iv-c6min")
    assert (row.value, row.unit, row.n, row.time_h, row.spread) == (2760.0, "ug/L", 4.0, 0.1, ())
    assert evidence.row("thane-2006-k1-all").spread == (0.88, 1.0)
    assert evidence.row("kaytwo-label-mk4-iv-doseprop").value is None


def test_study_ids_start_the_ids_of_their_rows():
    for row in evidence.rows().values():
        assert row.id.startswith(row.study_id)
    studies = Counter(row.study_id for row in evidence.rows().values())
    assert studies["dalmeijer-2012"] == 7
    assert evidence.row("dalmeijer-2012-dpucmgp-180").study_id == "dalmeijer-2012"
    assert evidence.row("kaytwo-label-mk4-iv-c6min").study_id == "kaytwo-label-mk4-iv-c6min"


def test_bounds_are_marked():
    assert evidence.row("koitaya-2014-ucoc-baseline").bound
    assert not evidence.row("dalmeijer-2012-dpucmgp-180").bound
    assert sum(row.bound for row in evidence.rows().values()) == 12


def test_rows_are_read_once_and_cannot_be_changed():
    assert evidence.rows() is evidence.rows()
    with pytest.raises(TypeError):
        evidence.rows()["new"] = None
    row = evidence.row("thane-2006-k1-all")
    with pytest.raises(FrozenInstanceError):
        row.value = 1.0
    assert pickle.loads(pickle.dumps(row)) == row


def test_tables_by_topic_make_up_the_whole():
    assert evidence.table() is evidence.rows()
    assert sum(len(evidence.table(topic)) for topic in evidence.topics()) == len(evidence.ids())
    assert evidence.exists("thane-2006-k1-all")
    assert not evidence.exists("thane-2006-k1")


def test_an_unknown_row_is_refused_with_the_nearest_ids():
    with pytest.raises(UnknownNameError) as caught:
        evidence.row("dalmeijer-2012-dpucmgp-18")
    assert str(caught.value).startswith("unknown evidence row: got 'dalmeijer-2012-dpucmgp-18', expected one of ")
    assert str(caught.value).endswith("; the nearest is 'dalmeijer-2012-dpucmgp-180'.")


def test_an_unknown_topic_is_refused():
    with pytest.raises(UnknownNameError) as caught:
        evidence.table("bones")
    assert str(caught.value) == (
        "unknown topic of evidence: got 'bones', expected one of 'bone', 'calcification', 'carboxylation', "
        "'coagulation', 'diet', 'enzyme', 'pk', 'population', 'stiffness' and 'turnover'; the nearest is 'bone'."
    )
