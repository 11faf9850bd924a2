"""Numbered cases: the same case every time, plain data that prints as itself, and short enough for the reference."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from math import nan

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.interop.persons import person
from menaquinone.testing.cases import LONGEST, MOST_SEGMENTS, Case, case, delivered, events, smaller

MANY = [case(number) for number in range(300)]
SMALL = Case(
    -1, ("MK-4", "MK-7"), ("liver", "vessel"), ("MGP",), ("coronary",),
    {"clearance[MK-7]": 2.0, "residence_time[liver]": 1.0, "reference_level[vessel, MK-4]": 5.0, "u0[MGP]": 0.2},
    (("turnover", {"capacity": 1.0, "half_level": 1.0, "gain": 1.0, "base": 0.0, "loss": 1.0}),), ("reference", 2, 1),
    ({"TIME": 0.0, "EVID": 1, "CMT": "oral[MK-7]", "AMT": 90.0, "LAG": 0.5},), (1.0, 2.0),
)  # fmt: skip


def test_a_number_is_one_case_in_every_process():
    code = "from menaquinone.testing.cases import case; print([case(k) for k in (0, 7, 299)])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout.strip() == str([MANY[k] for k in (0, 7, 299)])


def test_cases_differ():
    assert len({str(one) for one in MANY}) == len(MANY)


def test_a_case_prints_as_itself():
    for one in MANY[:50]:
        assert eval(repr(one), {"Case": Case, "nan": nan}) == one


def test_cases_are_short():
    for one in MANY:
        end = one.hours[-1]
        run = one.run()
        first = int(run["people"].ids[0])
        found = person(run["model"], run["people"], run["regimen"], end, first, one.number, growth_noise=False)
        breaks = [time for time in found.actions.breaks.tolist() if 0 < time < end]
        assert breaks == events(one.rows, end)
        assert len(breaks) + (one.until > 0) < MOST_SEGMENTS
        assert 0 < end <= LONGEST
        assert list(one.hours) == sorted(set(one.hours))
        assert len(one.hours) <= 5


def test_whatever_can_happen_is_among_them():
    kinds = Counter(
        key if key != "EVID" else f"EVID {value}" for one in MANY for row in one.rows for key, value in row.items()
    )
    wanted = {"II", "ADDL", "DUR", "RATE", "LAG", "F", "FAT", "FORMULATION", "ADHERENCE", "SS", "EVID 3", "EVID 4"}
    assert min(kinds[each] for each in wanted) >= 4
    blocks = Counter(name for one in MANY for name, _ in one.blocks)
    assert min(blocks[each] for each in ("exchange", "turnover", "induced", "gathering")) >= 30
    assert {one.people[0] for one in MANY} == {"postmenopausal", "reference", "hemodialysis", "older"}
    assert {name for one in MANY for name in one.ways} == {"competition", "three states"}
    assert {(bool(one.taking), bool(one.until)) for one in MANY if one.antagonists} == {
        (False, False), (True, False), (True, True)
    }  # fmt: skip
    assert {one.people[1] for one in MANY} == {1, 2}
    assert any(not one.blocks for one in MANY)
    assert any(one.sites for one in MANY)


def test_a_supply_is_never_more_than_there_is():
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["vessel"])
    plain = delivered(model, {})["vessel"]
    assert plain == pytest.approx(
        model.parameters["reference_plasma[vessel, MK-7]"].value
        / model.parameters["reference_level[vessel, MK-7]"].value
    )
    assert delivered(model, {"reference_level[vessel, MK-7]": 1.0})["vessel"] > plain
    for one in MANY:
        assert all(share <= 0.8 for share in delivered(one.model(), {}).values()), one


def test_events_are_doses_ends_of_infusions_resets_and_steady_states():
    rows = [
        {"TIME": 1.0, "AMT": 6.0, "CMT": "oral[MK-7]", "II": 12.0, "ADDL": 2, "LAG": 0.5, "DUR": 2.0},
        {"TIME": 4.0, "AMT": 6.0, "CMT": "oral[MK-7]", "EVID": 4, "LAG": 1.0, "RATE": 3.0},
        {"TIME": 20.0, "AMT": 0.0, "CMT": "", "EVID": 3},
    ]
    assert events(rows, 27.0) == [1.5, 3.5, 4.0, 5.0, 7.0, 20.0]  # a reset cancels
    steady = [{"TIME": 4.0, "AMT": 6.0, "CMT": "oral[MK-7]", "II": 12.0, "SS": 1, "DUR": 30.0}]
    assert events(steady, 48.0) == [4.0, 10.0, 22.0, 34.0]
    late = [{"TIME": 4.0, "AMT": 6.0, "CMT": "oral[MK-7]", "II": 12.0, "SS": 1, "LAG": 26.0}]
    assert events(late, 48.0) == [4.0, 6.0, 18.0, 30.0]


def test_a_smaller_case_has_one_thing_less():
    found = list(smaller(SMALL))
    assert all(one.number == -1 for one in found)
    assert [one.rows for one in found if not one.rows] == [()]
    assert {one.forms for one in found} == {("MK-4", "MK-7"), ("MK-4",), ("MK-7",)}
    assert {one.tissues for one in found} == {("liver", "vessel"), ("liver",), ("vessel",)}
    assert {one.people[1] for one in found} == {1, 2}
    assert {one.hours for one in found} == {(1.0, 2.0), (1.0,), (2.0,)}
    assert any(one.rows and "LAG" not in one.rows[0] for one in found)
    # parameters of what is gone go with it
    assert [set(one.parameters) for one in found if one.forms == ("MK-7",)] == [
        {"clearance[MK-7]", "residence_time[liver]", "u0[MGP]"}
    ]
    assert len(found) == 1 + 1 + 1 + 1 + 2 + 2 + 2 + 4 + 1 + 1


def test_a_smaller_case_may_be_without_antagonist_or_what_goes_with_it():
    one = replace(
        SMALL, antagonists=("warfarin",), ways=("competition",), taking=5.0, until=1.0,
        parameters={"ic50_gg[warfarin]": 2.0, "k_out[factor VII]": 0.1}, blocks=(), rows=(), people=("reference", 1, 1),
    )  # fmt: skip
    assert one.population().table["drug[warfarin]"].values == [5.0]
    without = [each for each in smaller(one) if not each.antagonists]
    assert [(each.taking, each.until, each.parameters) for each in without] == [(0.0, 0.0, {})]
    assert {each.taking for each in smaller(one)} == {5.0, 0.0}
    assert {each.ways for each in smaller(one)} == {("competition",), ()}


def test_the_smallest_case_has_nothing_smaller():
    one = Case(-1, ("K1",), ("liver",), (), (), {}, (), ("reference", 1, 1), (), (1.0,))
    assert list(smaller(one)) == []
    run = one.run()
    assert run["regimen"] == mk.Regimen()
    assert np.isfinite(mk.simulate(**run)["plasma_concentration"]).all()
