"""The listings of the page on extending: short, and run as written."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from menaquinone.testing import assert_fractions, assert_nonnegative, check_block

PAGE = Path(__file__).parents[1] / "docs" / "extending.md"
LISTING = re.compile(r"^```python\n# (\w+\.py)\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
LISTINGS = {
    found[1]: found[0].removeprefix("```python\n").removesuffix("```") for found in LISTING.finditer(PAGE.read_text())
}
LONGEST = 39


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Write every listing to its file and run one of them."""
    for name, text in LISTINGS.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return runpy.run_path


def test_every_listing_is_found():
    assert list(LISTINGS) == ["new_form.py", "gas6.py", "with_gas6.py"]
    assert PAGE.read_text().count("```python") == len(LISTINGS)


@pytest.mark.parametrize("name", LISTINGS)
def test_listings_are_under_40_lines(name):
    assert len(LISTINGS[name].splitlines()) <= LONGEST
    assert max(len(line) for line in LISTINGS[name].splitlines()) <= 120


def test_a_new_form_runs(run, capsys):
    names = run("new_form.py")
    result = names["result"]
    assert_nonnegative(result)
    assert_fractions(result)
    assert (result.status == 0).all()
    plasma = result["plasma_concentration"].sel(form="MK-6").values[0]
    assert plasma[0] == 0
    # MK-7's terminal half-life: the trough after eight weeks is the one after four
    assert plasma[-1] == pytest.approx(plasma[4], rel=1e-3)
    assert 0 < plasma[1] < plasma[-1]
    assert result["dp_ucmgp"].values[0, -1] < 0.8 * result["dp_ucmgp"].values[0, 0]
    assert any("MK-6" in note for note in names["model"].notes)
    assert names["model"].parameters["clearance[MK-6]"].source.startswith("assumed: MK-6 as MK-7")
    assert capsys.readouterr().out


def test_a_new_form_is_a_right_record(run):
    from menaquinone.blocks.oral_pk import ORAL_PK

    check_block(ORAL_PK, members=[run("new_form.py")["MK6"].pk])


def test_a_new_block_runs_in_both_engines(run, capsys):
    names = run("with_gas6.py")
    share = names["result"]["gas6_share"].values[0]
    assert np.isfinite(share).all()
    assert ((share > 0.5) & (share < 1)).all()
    assert share[4] > share[0]
    one, two = (
        names["mk"].simulate(
            names["model"], regimen=names["dosing"], times=[0, 0.6, 3], outputs=["gas6_share"], engine=engine
        )
        for engine in (names["mk"].Cascade(), names["mk"].Reference())
    )
    assert one["gas6_share"].values == pytest.approx(two["gas6_share"].values, rel=1e-5)
    assert capsys.readouterr().out
