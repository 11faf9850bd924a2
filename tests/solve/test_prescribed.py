"""Schedules of a run in legs: amounts that a rule decides stand in columns of their own."""

import numpy as np

import menaquinone as mk
from menaquinone.solve.asked import asked
from menaquinone.solve.prescribed import on_their_way, prescribe

MODEL = mk.models.vitamin_k(forms=["K1", "MK-7"], tissues=["liver"], proteins=[])
RULE = mk.rule(
    {"daily": mk.dose("MK-7", "90 ug", every="24 h"), "once": mk.dose("K1", "0 mg", start="12 h")},
    lambda time, seen: seen.doses,
    visits=[2, 4],
)


def prescribed(regimens, which, n=3, days=6):
    run = asked(MODEL, mk.population("reference", n), times=[days])
    return run, prescribe(run, regimens, np.array(which), regimens[0].rule, np.zeros(n, np.int64))


def test_amounts_have_a_column_for_each_dose_and_leg():
    base = mk.dose("K1", "1 mg", every="48 h")
    _, known = prescribed([base + RULE], [0, 0, 0])
    (schedule,) = known.schedules
    columns = dict(zip(zip(schedule.given.tolist(), schedule.form, strict=True), schedule.record.tolist(), strict=True))
    assert columns[24.0, "MK-7"] == 1
    assert columns[48.0, "MK-7"] == 2
    assert columns[120.0, "MK-7"] == 3
    assert (columns[12.0, "K1"], columns[60.0, "K1"], columns[108.0, "K1"]) == (4, 5, 6)
    assert columns[48.0, "K1"] == 0
    assert known.given[:, 0].tolist() == [3, 6, 1, 1, 1]
    told = known.told.schedules[0]
    assert np.isnan(told.amount).tolist() == (schedule.record > 0).tolist()


def test_resets_cancel_what_is_on_its_way():
    from menaquinone.interop.events import from_table

    reset = from_table([{"TIME": 30, "EVID": 3, "AMT": 0.0, "CMT": "oral[K1]"}])
    _, known = prescribed([mk.Regimen(), reset], [0, 1, 0])
    assert known.cuts.tolist() == [np.inf, 30, np.inf]


def test_doses_on_their_way_are_what_arrives():
    late = mk.dose("MK-7", "90 ug", every="24 h", lag="36 h", bioavailability=0.5)
    run, known = prescribed([late, mk.Regimen()], [0, 1, 0], days=2)
    found = on_their_way(run, known, None)
    assert found.start.tolist() == [12]
    assert np.isnan(found.end).all()
    assert found.arriving[0, 0] == late.records[0].amount / 2
    assert np.isnan(found.arriving[0]).tolist() == [False, True, False]
    assert on_their_way(*prescribed([mk.dose("MK-7", "1 mg", every="24 h")], [0, 0, 0]), None) is None
