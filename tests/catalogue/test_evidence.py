"""The evidence table: every row can be read, and nothing in it can be misread by code."""

import csv
import pickle
import re
from collections import Counter, defaultdict
from dataclasses import FrozenInstanceError, fields
from importlib.resources import files

import pandas as pd
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


def test_study_ids_start_the_ids_of_their_rows_and_name_one_paper():
    papers = defaultdict(set)
    for row in evidence.rows().values():
        assert row.id == row.study_id or row.id.startswith(f"{row.study_id}-")
        if row.doi:
            papers[row.study_id].add(row.doi)
    assert [study for study, dois in papers.items() if len(dois) > 1] == []
    studies = Counter(row.study_id for row in evidence.rows().values())
    assert studies["dalmeijer-2012"] == 7
    assert studies["kaytwo-label-mk4-iv"] == 6
    assert evidence.row("knapen-2015-yogurt-mk7-ss").study_id != evidence.row("knapen-2015-cfpwv-change-mk7").study_id
    assert {evidence.row(name).file for name in ("theuwissen-2013-inr-45", "theuwissen-2013-mk7-45-inr")} == {
        "carboxylation", "coagulation"
    }  # fmt: skip
    assert evidence.row("theuwissen-2013-inr-45").study_id == evidence.row("theuwissen-2013-mk7-45-inr").study_id


def test_a_whole_trial_is_not_an_arm():
    """The studies that the notes or the audit name: their ``n`` cannot be used as a weight."""
    for row in evidence.rows().values():
        assert row.arm_n is None or row.n is not None, row.id
        assert row.arm_n is None or row.arm_n <= row.n, row.id
        if re.search(r"n is (the whole|both|all|cohort)|n = whole study", row.note):
            assert row.arm_n is None, row.id
    for study in ("caluwe-2014", "avadec-2022", "kurnatowska-2015", "chertow-2002", "cmr-pwv-2021", "mesa-2025"):
        rows = [row for row in evidence.rows().values() if row.id.startswith(study)]
        assert rows
        assert {row.arm_n for row in rows} == {None}, study
    assert evidence.row("ronn-2016-ucoc-375-3mo").arm_n is None
    assert evidence.row("dalmeijer-2012-dpucmgp-180").arm_n == 20


def test_bounds_are_marked():
    assert evidence.row("koitaya-2014-ucoc-baseline").bound == "lower"
    assert evidence.row("kronmal-2007-cac-incidence-lt50").bound == "upper"
    assert evidence.row("dalmeijer-2012-dpucmgp-180").bound == ""
    for row in evidence.rows().values():
        assert bool(row.bound) == row.note.startswith("BOUND"), row.id
        assert row.bound in {"", "lower", "upper"}


@pytest.mark.parametrize(
    ("name", "link", "read_on"),
    [
        ("thane-2006-k1-all", None, None),
        (
            "dalmeijer-2012-dpucmgp-180",
            "https://doi.org/10.1016/j.atherosclerosis.2012.09.019",
            "abstract",
        ),
        (
            "kaytwo-label-mk4-iv-c6min",
            "https://www.pmda.go.jp/PmdaSearch/iyakuDetail/170033_3160401A6041_1_04",
            "full text",
        ),
        ("groothof-prevend-dpucmgp", None, "abstract on a copy at omicsdi.org"),
        ("wajima-2009-vk-kel", None, "secondary page at github.com"),
        (
            "hamberg-2010-s-cl-allele1",
            evidence.row("hamberg-2010-s-cl-allele1").url,
            None,
        ),
    ],
)
def test_a_row_leads_to_its_paper(name, link, read_on):
    row = evidence.row(name)
    assert row.link == (link or row.link)
    assert row.link.startswith(("https://", "http://"))
    assert row.read_on == (read_on or row.read_on)


def test_every_row_leads_somewhere():
    lost = [row.id for row in evidence.rows().values() if not row.link.startswith(("https://", "http://"))]
    assert lost == ["nakajima-2021-lowmk7-natto"]  # a journal's volume and page; the search result had no address


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


def test_a_table_is_shown_short_and_turns_into_a_frame():
    table = evidence.table(topic="bone")
    assert repr(table) == f"<evidence: {len(table)} rows of {len({row.study_id for row in table.values()})} studies>"
    frame = pd.DataFrame(table.values())
    assert list(frame["id"]) == list(table)
    assert list(frame.columns) == [one.name for one in fields(evidence.Row)]
    assert pickle.loads(pickle.dumps(table)) == table


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
