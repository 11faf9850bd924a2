import json
import sys
from io import StringIO

import numpy as np
import pytest
import xarray as xr

from menaquinone import report
from menaquinone.errors import MissingExtraError
from menaquinone.trials import load

TINY = """
name = "tiny"
title = "MK-7 against placebo, a year"
seed = 1

[population]
name = { value = "postmenopausal", source = "assumed: for a test" }
n = { value = 3, source = "assumed: for a test" }

[design]
allocation = { value = [1, 1], source = "assumed: for a test" }
duration = { value = "365 d", source = "assumed: for a test" }
visits = { value = ["0 d", "365 d"], source = "assumed: for a test" }
sampling = { value = "365 d", source = "assumed: for a test" }

[[arm]]
name = "placebo"

[[arm]]
name = "MK-7"

[[arm.dose]]
form = { value = "MK-7", source = "knapen-2015-cfpwv-change-mk7" }
amount = { value = "180 ug", source = "knapen-2015-cfpwv-change-mk7" }
every = { value = "24 h", source = "assumed: for a test" }

[[reported]]
outcome = "pwv"
arm = "placebo"
visit = "0 d"
of = "level"
statistic = "mean"
row = "knapen-2015-cfpwv-baseline-placebo"

[[reported]]
outcome = "pwv"
arm = "MK-7"
visit = "365 d"
of = "change"
statistic = "mean"
row = "knapen-2015-cfpwv-change-mk7"
"""

TABLE = """\
  visit  arm      median (90 % of people)  model, as reported       reported
  ----------------------------------------------------------------------------------------
dp-ucMGP [pmol/L]
  0 d    placebo  400 (310 to 490)         -                        -
         MK-7     400 (310 to 490)         -                        -
  365 d  placebo  400 (310 to 490)         -                        -
         MK-7     280 (217 to 343)         -                        -
PWV [m/s]
  0 d    placebo  10.0 (8.20 to 11.8)      mean 10.0 (SD 2.00)      mean 9.7 (SD 1.7)
         MK-7     10.0 (8.20 to 11.8)      -                        -
  365 d  placebo  10.0 (8.20 to 11.8)      -                        -
         MK-7     9.50 (7.79 to 11.2)      -                        -
PWV, change [m/s]
  365 d  placebo  0 (0 to 0)               -                        -
         MK-7     -0.500 (-0.590 to -0.410)  mean -0.500 (SD 0.100)  mean -0.36 (SD 1.48)
"""


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return load(path)


@pytest.fixture
def outcome():
    """Return three people: MK-7 takes 30 % of dp-ucMGP and 5 % of velocity in a year."""
    dims = ("arm", "subject", "time")
    markers, speeds = np.array([300.0, 400.0, 500.0]), np.array([8.0, 10.0, 12.0])
    left = lambda share: np.array([[1.0, 1.0], [1.0, share]])[:, None, :]
    return xr.Dataset(
        {
            "dp_ucmgp": (dims, markers[None, :, None] * left(0.7), {"units": "pmol/L"}),
            "pwv": (dims, speeds[None, :, None] * left(0.95), {"units": "m/s"}),
            "status": (("arm", "subject"), np.zeros((2, 3), int)),
        },
        coords={"arm": ["placebo", "MK-7"], "subject": np.arange(3), "time": [0.0, 365.0]},
        attrs={
            "seed": "1",
            "rtol": 1e-6,
            "menaquinone_version": "0.1.0",
            "parameters": json.dumps({"k_out": [0.1, "1/h", "assumed: no row"], "F": [0.7, "1", "rishavy-2018-x"]}),
            "population_sources": json.dumps({"age": "rishavy-2018-x; a note"}),
        },
    )


def cells(text):
    """Return a table without the width of its columns."""
    return [
        [part.strip() for part in line.split("  ") if part.strip()] for line in text.splitlines() if "---" not in line
    ]


def test_the_table_shows_every_visit_and_arm_with_what_was_reported(outcome, tiny):
    assert cells(report.table_text(outcome, tiny)) == cells(TABLE)


def test_columns_are_aligned(outcome, tiny):
    lines = report.table_text(outcome, tiny).splitlines()
    column = lines[0].index("reported", lines[0].index("as reported") + 11)
    assert {line[column - 2 : column] for line in lines if line.startswith("  ") and "--" not in line} == {"  "}
    assert not any(line != line.rstrip() for line in lines)


def test_a_line_with_a_reported_figure_names_its_row(outcome, tiny):
    rows = [line.row for line in report.lines(outcome, tiny) if line.reported != report.DASH]
    assert rows == [one.row for one in tiny.reported]
    assert all(line.model == report.DASH for line in report.lines(outcome, tiny) if line.reported == report.DASH)


def test_a_visit_that_was_not_simulated_is_a_dash(outcome, tiny):
    last = [line for line in report.lines(outcome.isel(time=[0]), tiny) if line.visit == "365 d"]
    assert {(line.people, line.model) for line in last} == {("-", "-")}


def test_the_rich_table_holds_the_same_cells(outcome, tiny):
    from rich.console import Console

    console = Console(width=200, record=True, file=StringIO())
    console.print(report.table_rich(outcome, tiny))
    assert cells(console.export_text()) == cells(TABLE)


def test_without_rich_the_extra_is_named(outcome, tiny, monkeypatch):
    monkeypatch.setitem(sys.modules, "rich", None)
    with pytest.raises(MissingExtraError) as refusal:
        report.table_rich(outcome, tiny)
    assert str(refusal.value) == (
        "a table for the terminal needs 'rich': got no such package, expected `pip install 'menaquinone[cli]'`."
    )


def test_the_heading_says_what_was_run_and_who_was_lost(outcome, tiny):
    assert report.heading(outcome, tiny) == (
        "tiny: MK-7 against placebo, a year\n"
        "3 virtual people (postmenopausal), the same in every arm; seed 1, rtol 1e-06, menaquinone 0.1.0"
    )
    lost = outcome.assign(status=outcome["status"] + (outcome["subject"] == 2))
    assert "in every arm, 1 of them without a full result; seed 1" in report.heading(lost, tiny)


def test_the_report_says_in_one_line_what_it_is_not(outcome, tiny):
    lines = report.text(outcome, tiny).splitlines()
    assert "Research software: not medical advice, not a dosing tool." in lines


def test_sources_lead_from_every_number_to_its_paper(outcome, tiny):
    said = report.sources(outcome, tiny).splitlines()
    assert "  MK-7: dose 1 amount = 180 ug  [knapen-2015-cfpwv-change-mk7]" in said
    assert "  visits = 0 d, 365 d  [assumed: for a test]" in said
    assert (
        "  knapen-2015-cfpwv-change-mk7: pwv_change -0.36 m/s, n 111; read as secondary page at "
        "pmc.ncbi.nlm.nih.gov; https://doi.org/10.1160/TH14-08-0675, "
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC7598164/table/nutrients-12-02909-t006"
    ) in said
    assert "  3 numbers: 2 from 1 rows of evidence, 1 assumed" in said


def test_a_row_without_a_number_or_size_says_so():
    assert "tmax 3 h, n not stated" in report.citation("knapen-2014-mk7-tmax-capsule")
    assert "washout_sampling 14 d" in report.citation("knapen-2016-steady-washout")
    assert "variability qualitative, n not stated" in report.citation("knapen-2014-mk7-variability")


def test_points_of_safety_stand_below_the_disclaimer():
    quiet = xr.Dataset(attrs={"safety": "nothing to say"})
    said = xr.Dataset(attrs={"safety": "this (row-1)\nthat (row-2)"})
    assert report.cautions(quiet) == report.cautions(xr.Dataset()) == report.NOT_ADVICE
    assert report.cautions(said) == f"{report.NOT_ADVICE}\nSafety: this (row-1).\nSafety: that (row-2)."
