"""The thorough profile: what it counts, how it stops and goes on, and that it finds what is wrong."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from menaquinone.errors import InputError
from menaquinone.testing import thorough
from menaquinone.testing.cases import Case, case
from menaquinone.testing.thorough import ALLOWED, Gap, Tally, gap, keep, listing, main, opened, reduced, report, run

QUICK = Case(
    -1, ("MK-4",), ("liver",), (), (), {}, (), ("reference", 1, 1),
    ({"TIME": 0.0, "AMT": 90.0, "CMT": "oral[MK-4]"},), (1.0,),
)  # fmt: skip


def fixed(one):
    return Gap(0.5 + one.number, 1e-6, "here") if one.number != 3 else None


# One case -------------------------------------------------------------------------------------------------------------


@pytest.mark.accuracy
def test_the_first_cases_hold():
    found = [gap(case(number)) for number in range(4)]
    assert all(one is not None and one.off <= ALLOWED for one in found)


@pytest.mark.accuracy
def test_what_is_wrong_is_seen_and_confirmed_by_a_second_method(monkeypatch):
    asked = []

    def wrong(model, people, regimen, *, rng, outputs, times, rtol=1e-6, engine=None):
        asked.append(engine.method if engine else rtol)
        result = simulate(model, people, regimen, rng=rng, outputs=outputs, times=times, rtol=rtol, engine=engine)
        if engine is None:
            result["plasma_concentration"] = result["plasma_concentration"] * (1 + 11e-4)
        return result

    simulate = thorough.simulate
    monkeypatch.setattr(thorough, "simulate", wrong)
    found = gap(QUICK, tolerances=[1e-4])
    assert asked == ["LSODA", 1e-6, 1e-4, "DOP853", 1e-6, 1e-4]
    assert found.off == pytest.approx(11, rel=0.01)
    assert found.where.startswith("plasma_concentration at subject 0, time 0.041666")


def dataset(values, *, status=0):
    return xr.Dataset(
        {"level": (("subject", "time"), np.atleast_2d(values)), "status": ("subject", [status])},
        coords={"subject": [4], "time": [0.0, 1.0, 2.0]},
    )


@pytest.mark.parametrize(
    ("got", "wanted", "expected"),
    [
        (dataset([1.0, 2.0, 3.0]), dataset([1.0, 2.0, 3.0]), Gap(0.0, 1e-6, "")),
        (
            dataset([0.0, 2.0, 100.0]), dataset([0.0, 2.0 + 3e-6, 100.0]),
            Gap(3 / 2.1, 1e-6, "level at subject 4, time 1.0: 2, reference 2.000003"),
        ),
        (
            dataset([np.nan, np.nan, 3.0]), dataset([np.nan, 1.0, 3.0]),
            Gap(np.inf, 1e-6, "level at subject 4, time 1.0: nan, reference 1"),
        ),
        (dataset([1.0, 1.0, 1.0], status=1), dataset([1.0, 1.0, 1.0]), Gap(np.inf, 1e-6, "tolerance not reached")),
    ],
)  # fmt: skip
def test_an_output_is_off_by_tolerances_of_itself_and_of_a_thousandth_of_the_largest(got, wanted, expected):
    found = thorough._worst(got, wanted, {"level": 100.0}, 1e-6)
    assert found.off == pytest.approx(expected.off, rel=1e-5)
    assert (found.rtol, found.where) == (expected.rtol, expected.where)


def test_what_changes_sign_is_off_by_tolerances_of_its_largest():
    got, wanted = (dataset(values).rename(level="weighted_log") for values in ([0.0, 1e-6, -3.0], [0.0, 0.0, -3.0]))
    assert thorough._worst(got, wanted, {"weighted_log": 4.0}, 1e-6).off == pytest.approx(0.25)


def test_a_case_that_the_reference_cannot_solve_is_not_compared(monkeypatch):
    monkeypatch.setattr(thorough, "simulate", lambda **named: dataset([np.nan] * 3, status=2))
    assert gap(QUICK) is None


def test_a_failing_case_is_reduced_as_far_as_it_fails():
    one = replace(QUICK, forms=("K1", "MK-4"), people=("reference", 2, 1), hours=(1.0, 2.0), sites=("coronary",))
    asked = []

    def fails(less):
        asked.append(less)
        less.model()  # refuses what hangs in the air
        return "MK-4" in less.forms and bool(less.rows)

    assert reduced(one, fails) == replace(QUICK, hours=(2.0,))
    assert len(asked) < 40


@pytest.mark.accuracy
def test_a_listing_runs(capsys):
    scope = {}
    exec(listing(QUICK, 1e-6), scope)
    assert scope["one"] == QUICK
    assert capsys.readouterr().out.startswith("Gap(off=")


# Many cases -----------------------------------------------------------------------------------------------------------


def test_a_run_that_is_stopped_goes_on_where_it_was(tmp_path):
    path, out, seen = tmp_path / "state.json", io.StringIO(), []

    def stopping(one):
        if one.number == 2 and not seen:
            seen.append(one.number)
            raise KeyboardInterrupt
        return fixed(one)

    assert not run(opened(path), 5, path, out, stopping)
    assert out.getvalue() == "stopped after 2 of 5 cases; the same command goes on from there\n"
    assert opened(path).done == 2
    assert run(opened(path), 5, path, out, stopping)
    whole = Tally(thorough.code())
    assert run(whole, 5, tmp_path / "other.json", out, fixed)
    assert opened(path) == whole == opened(tmp_path / "other.json")
    assert [one.name for one in sorted(tmp_path.iterdir())] == ["other.json", "state.json"]


def test_an_error_leaves_what_is_known(tmp_path):
    path = tmp_path / "state.json"

    def breaking(one):
        if one.number == 2:
            raise ZeroDivisionError
        return fixed(one)

    with pytest.raises(ZeroDivisionError):
        run(opened(path), 5, path, io.StringIO(), breaking)
    assert opened(path).done == 2


def test_progress_says_how_far_how_bad_and_how_long(tmp_path, monkeypatch):
    seconds = iter([0.0, 0.0, 10.0, 14.0, 400.0, 401.0])
    monkeypatch.setattr(thorough.time, "monotonic", lambda: next(seconds))
    out = io.StringIO()
    assert run(Tally("x"), 4, tmp_path / "state.json", out, fixed)
    assert out.getvalue().splitlines() == [
        "1 of 4 cases, worst off by 0.5 tolerances (case 0 at 1e-06), 30 s left",
        "3 of 4 cases, worst off by 2.5 tolerances (case 2 at 1e-06), 2 min left",
    ]


def test_a_tally_keeps_the_worst_the_failed_and_the_undecided():
    tally = Tally("x")
    for number, off in enumerate([0.001, 0.05, 12.0, None, 0.5, 3.0, np.inf, 0.02]):
        tally.note(number, None if off is None else Gap(off, 1e-6, "here"))
    assert (tally.done, tally.undecided, tally.failed, tally.spread) == (8, [3], [2, 6], [1, 2, 1, 1, 2])
    assert [one[:2] for one in tally.worst] == [(6, np.inf), (2, 12.0), (5, 3.0), (4, 0.5), (1, 0.05)]


def test_a_report_ends_with_the_worst_case_as_a_listing():
    tally = Tally("x")
    for number in range(4):
        tally.note(number, fixed(case(number)))
    said = report(tally)
    assert said.splitlines()[:11] == [
        "4 cases at rtol 0.0001, 1e-06, 1e-08, worst off by 2.5 tolerances (case 2 at 1e-06)",
        "      0 below 0.01 tolerances",
        "      0 0.01 to 0.1 tolerances",
        "      1 0.1 to 1 tolerances",
        "      2 1 to 10 tolerances",
        "      0 beyond 10 tolerances",
        "      1 not solved by the reference: [3]",
        "case 2, rtol 1e-06, off by 2.5: here",
        "case 1, rtol 1e-06, off by 1.5: here",
        "case 0, rtol 1e-06, off by 0.5: here",
        "",
    ]
    assert said.endswith(f"\n{listing(case(2), 1e-6)}")
    assert report(Tally("x")).splitlines()[0] == "0 cases at rtol 0.0001, 1e-06, 1e-08, none compared"


def test_a_state_of_other_code_is_refused(tmp_path):
    path = tmp_path / "state.json"
    keep(Tally("other", done=812), path)
    with pytest.raises(InputError) as refused:
        opened(path)
    assert str(refused.value) == (
        f"state: got 812 cases of other code in '{path}', expected those of this code; --restart begins anew."
    )
    assert opened(path, restart=True) == Tally(thorough.code())


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"other": 1}', '{"engine": 1, "done": 2, "more": 3}'])
def test_a_file_that_is_no_state_is_refused(tmp_path, text):
    path = tmp_path / "state.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        opened(path)
    assert str(refused.value) == f"state: got '{path}', expected a file that this command wrote, or --restart."


# The command ----------------------------------------------------------------------------------------------------------


def test_the_command_says_how_it_ended(tmp_path, monkeypatch, capsys):
    path = tmp_path / "state.json"
    call = ["--cases", "3", "--state", str(path)]
    monkeypatch.setattr(thorough, "gap", fixed)
    assert main(call) == 0
    assert capsys.readouterr().out.startswith("3 cases at rtol 0.0001")
    assert json.loads(path.read_text(encoding="utf-8"))["done"] == 3
    assert main(["--cases", "13", "--state", str(path)]) == 1
    assert "failed, allowed are 10 tolerances: [10, 11, 12]" in capsys.readouterr().out
    path.write_text("{}", encoding="utf-8")
    assert main(call) == 2
    assert capsys.readouterr().err.startswith("state: got ")
    assert main([*call, "--restart"]) == 0

    def stopped(one):
        raise KeyboardInterrupt

    monkeypatch.setattr(thorough, "gap", stopped)
    assert main([*call, "--restart"]) == 130


def test_the_command_reduces_a_case(monkeypatch, capsys):
    monkeypatch.setattr(thorough, "gap", lambda one, tolerances=None: Gap(20.0 * bool(one.rows), 1e-6, "here"))
    number = next(number for number in range(100) if case(number).rows)
    assert main(["--reduce", str(number)]) == 1
    out = capsys.readouterr().out
    assert "blocks=()" in out
    assert "rows=({'TIME'" in out
    monkeypatch.setattr(thorough, "gap", lambda one, tolerances=None: Gap(1.0, 1e-6, "here"))
    assert main(["--reduce", "5"]) == 0
    assert capsys.readouterr().out == "case 5 holds\n"
