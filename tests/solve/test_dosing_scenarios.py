"""Dosing scenarios by name, in closed form.

They are named after the dosing scenarios that other simulators publish against NONMEM, with some that ask for what is
specified here and not there. Each runs to 100 h unless it needs longer.
"""

import numpy as np
import pytest
from tests.solve.closed_forms import Row, reset
from tests.solve.dosed import MODELS, assert_closed_form

import menaquinone as mk

SCENARIOS = {
    # single doses
    "bolus": [Row(0, 1000, route="iv")],
    "bolus into the depot": [Row(0, 1000)],
    "bolus with bioav": [Row(0, 1000, f=0.412)],
    "bolus with bioav above 1": [Row(0, 1000, f=1.7)],
    "bolus with lag, bioav": [Row(3, 1000, lag=12.13, f=2.23)],
    "dose of nothing": [Row(5, 0), Row(9, 100, route="iv")],
    "two compartments dosed": [Row(2, 1000), Row(2, 500, route="iv"), Row(20, 500, route="iv")],
    "infusion": [Row(0, 1000, rate=100, route="iv")],
    "infusion into the depot": [Row(0, 1000, rate=100)],
    "infusion with lag": [Row(4, 1000, rate=100, lag=4.7, route="iv")],
    "infusion with bioav, rate kept": [Row(0, 1000, rate=100, f=0.412)],
    "infusion with bioav, duration kept": [Row(0, 1000, dur=10, f=0.412)],
    "infusion with lag, bioav above 1": [Row(0, 1000, rate=100, lag=6, f=1.61)],
    "infusion that the run does not see the end of": [Row(90, 1000, dur=48, route="iv")],
    "infusion of a minute": [Row(10, 1000, dur=1 / 60, route="iv")],
    "infusion of a minute that a reset ends": [Row(0.25, 1000, dur=1 / 60, route="iv"), reset(0.26)],
    # repeated doses
    "bolus, additional": [Row(0, 1000, ii=24, addl=3)],
    "bolus, additional, with lag, bioav": [Row(0, 1000, ii=24, addl=3, lag=5, f=0.512)],
    "bolus, additional, lag longer than ii": [Row(0, 1000, ii=8, addl=5, lag=20)],
    "bolus, additional, lag equal to ii": [Row(0, 1000, ii=8, addl=5, lag=8)],
    "bolus and infusion, additional": [Row(0, 1000, ii=24, addl=3), Row(0, 500, rate=50, ii=12, addl=6, route="iv")],
    "infusion, additional": [Row(0, 1000, rate=100, ii=24, addl=3, route="iv")],
    "infusion, additional, with lag, bioav": [Row(0, 1000, rate=100, ii=24, addl=3, lag=4.15, f=0.812)],
    "infusion as long as ii, additional": [Row(0, 1000, dur=12, ii=12, addl=5, route="iv")],
    "infusion longer than ii, additional": [Row(0, 1000, dur=30, ii=12, addl=4, route="iv")],
    "infusion a whole number of ii long, additional": [Row(0, 1000, dur=24, ii=12, addl=4, route="iv")],
    "overlapping infusions": [Row(0, 1000, dur=20), Row(5, 500, dur=20), Row(10, 800, rate=40), Row(15, 10, dur=60)],
    "infusion that begins as another ends": [Row(0, 500, dur=10, route="iv"), Row(10, 900, dur=10, route="iv")],
    "bolus in the middle of an infusion": [Row(0, 1000, dur=20, route="iv"), Row(10, 300, route="iv")],
    "bolus at the end of an infusion": [Row(0, 1000, dur=20, route="iv"), Row(20, 300, route="iv")],
    "doses at one time": [Row(6, 100), Row(6, 200, f=0.3), Row(6, 300, route="iv"), Row(6, 400, dur=6)],
    "every tenth of an hour": [Row(0.1, 10, ii=0.1, addl=300)],
    "every third of an hour, infused for two": [Row(1 / 3, 10, ii=1 / 3, addl=90, dur=2 / 3, route="iv")],
    "loading dose then maintenance": [Row(0, 3000), Row(24, 1000, ii=24, addl=2)],
    "loading bolus then maintenance infusion": [Row(0, 3000, route="iv"), Row(0, 5000, rate=100, route="iv")],
    "taper": [Row(0, 1000, ii=12, addl=1), Row(24, 500, ii=12, addl=1), Row(48, 250, ii=12, addl=1)],
    # steady states
    "steady state 1": [Row(0, 1000, ii=12, ss=1)],
    "steady state 2": [Row(0, 1000, ii=12, ss=2)],
    "steady state 1, additional": [Row(0, 1000, ii=12, ss=1, addl=3)],
    "bolus at steady state with lag, bioav": [Row(0, 1000, ii=12, ss=1, addl=3, lag=5, f=0.412)],
    "bolus at steady state, lag longer than ii": [Row(6, 1000, ii=12, ss=1, addl=2, lag=30.5)],
    "bolus at steady state, lag equal to ii": [Row(6, 1000, ii=12, ss=1, addl=2, lag=12)],
    "bolus at steady state, lag a whole number of ii": [Row(6, 1000, ii=12, ss=2, addl=2, lag=36)],
    "infusion at steady state": [Row(0, 1000, dur=5, ii=12, ss=1, addl=3, route="iv")],
    "infusion at steady state, lag": [Row(2, 1000, dur=5, ii=12, ss=1, addl=3, lag=4, route="iv")],
    "infusion at steady state, lag, still running at it": [Row(2, 1000, dur=5, ii=12, ss=1, lag=10, route="iv")],
    "infusion at steady state, bioav, rate kept": [Row(0, 1000, rate=100, ii=12, ss=1, addl=3, f=0.412)],
    "infusion as long as ii at steady state": [Row(4, 1000, dur=12, ii=12, ss=1, addl=3, route="iv")],
    "infusion longer than ii at steady state": [Row(4, 1000, dur=30, ii=12, ss=1, addl=3, route="iv")],
    "infusion longer than ii by its bioav at steady state": [Row(4, 1000, rate=100, ii=12, ss=1, addl=3, f=1.61)],
    "infusion a whole number of ii long at steady state": [Row(4, 1000, dur=36, ii=12, ss=2, addl=3)],
    "infusion longer than ii at steady state, lag": [Row(4, 1000, dur=30, ii=12, ss=1, addl=3, lag=7)],
    "infusion longer than ii at steady state, lag longer than ii": [Row(4, 1000, dur=30, ii=12, ss=1, lag=20)],
    "infusion at steady state, lag and infusion end with ii": [Row(4, 1000, dur=8, ii=12, ss=1, lag=4)],
    "steady state of an infusion that never pauses": [Row(4, 0, rate=50, ss=1, route="iv")],
    "steady state of an infusion that never pauses, bioav": [Row(4, 0, rate=50, ss=2, f=0.4)],
    "infusion that never pauses goes on": [Row(4, 0, rate=50, ss=1), Row(4, 2000, rate=50)],
    "steady state 1 and 2, two routes": [Row(0, 1000, ii=12, ss=1), Row(0, 300, ii=12, ss=2, route="iv")],
    "steady state 2 on top of other doses": [Row(0, 1000, ii=8, addl=6), Row(20, 500, ii=24, ss=2, route="iv")],
    "steady state 1 wipes other doses": [
        Row(0, 900, dur=30, ii=8, addl=6),
        Row(1, 90, lag=30),
        Row(20, 500, ii=24, ss=1),
    ],
    "AM/PM steady state with ss=2": [Row(0, 1000, ii=24, ss=1, addl=3), Row(12, 400, ii=24, ss=2, addl=3)],
    "AM/PM steady state at one time, PM by its lag": [
        Row(0, 1000, ii=24, ss=1, addl=3),
        Row(0, 400, ii=24, ss=2, addl=3, lag=12),
    ],
    "steady states of intervals 8 and 12": [Row(6, 1000, ii=8, ss=1, addl=6), Row(6, 400, ii=12, ss=2, addl=4)],
    "steady state once an hour": [Row(3, 500_000, ii=1, ss=1, addl=40)],
    "steady state of very large doses": [Row(3, 1e8, ii=6, ss=1, addl=3), Row(3, 1e8, ii=6, ss=2, addl=3, route="iv")],
    "steady state every tenth of a minute": [Row(5, 1, ii=1 / 600, ss=1, addl=9, route="iv")],
    "steady state every ten minutes, infused for one": [Row(5, 10, ii=1 / 6, ss=1, addl=90, dur=1 / 60, route="iv")],
    "steady state every twenty minutes, infused all the time": [Row(5, 10, ii=1 / 3, ss=1, addl=90, dur=1 / 3)],
    "steady state seven times a day, infused for long": [Row(5, 10, ii=24 / 7, ss=1, addl=9, dur=8, lag=1 / 3)],
    "steady state every third of an hour, infused": [Row(5, 10, ii=1 / 3, ss=1, addl=90, dur=0.2, route="iv")],
    "steady state again": [Row(0, 1000, ii=12, ss=1, addl=2), Row(40, 500, ii=6, ss=1, addl=2)],
    # resets
    "reset": [Row(0, 1000), reset(7)],
    "reset before any dose": [reset(7), Row(9, 1000)],
    "reset twice": [Row(0, 1000), reset(7), Row(9, 100, ii=5, addl=9), reset(31)],
    "reset of additional doses": [Row(0, 1000, ii=8, addl=9), reset(30)],
    "reset at the time of an additional dose": [Row(0, 1000, ii=8, addl=9), reset(32)],
    "reset while an infusion runs": [Row(0, 1000, dur=30, route="iv"), reset(7)],
    "reset while infusions longer than ii run": [Row(0, 1000, dur=30, ii=12, addl=4), reset(41)],
    "reset as an infusion ends": [Row(0, 1000, dur=7, route="iv"), reset(7)],
    "reset while a dose is on its way": [Row(0, 1000, lag=20), reset(7), Row(8, 50, lag=20)],
    "reset as a dose arrives": [Row(0, 1000, lag=7), reset(7)],
    "reset before a dose of its time, written after it": [Row(0, 500), Row(7, 1000, route="iv"), reset(7)],
    "reset and dose": [Row(0, 1000, ii=8, addl=9), Row(30, 500, evid=4)],
    "reset and dose with lag": [Row(0, 1000, ii=8, addl=9), Row(30, 500, evid=4, lag=9)],
    "reset and dose, additional": [Row(0, 1000, ii=8, addl=9), Row(30, 500, evid=4, ii=12, addl=3)],
    "reset and infusion": [Row(0, 1000, dur=40, route="iv"), Row(30, 500, evid=4, dur=20, route="iv")],
    "reset and dose at steady state": [Row(0, 1000, dur=40, ii=8, addl=9), Row(30, 500, evid=4, ss=2, ii=12, addl=2)],
    "reset of a steady state": [Row(0, 1000, ii=12, ss=1, addl=6, dur=30), reset(40)],
    "reset of a steady state whose doses are on their way": [Row(0, 1000, ii=12, ss=2, lag=30), reset(13)],
    "reset between steady states": [Row(0, 1000, ii=12, ss=2), reset(20), Row(25, 500, ii=12, ss=2)],
    "reset at the time of a steady state": [Row(0, 1000, ii=12, ss=2), Row(24, 500, ii=12, ss=2, addl=2), reset(24)],
}

LONG = {
    "weekly, twelve weeks": ([Row(0, 1000, ii=168, addl=11)], 12 * 168),
    "thrice weekly, infused": ([Row(day * 24, 1000, ii=168, addl=3, dur=3) for day in (0, 2, 4)], 5 * 168),
    "infusion of three weeks": ([Row(100, 1000, dur=504, route="iv")], 5 * 168),
    "steady state of a weekly dose, lag of two weeks": ([Row(50, 1000, ii=168, ss=1, addl=2, lag=340)], 5 * 168),
    "steady state of a dose every fortnight, infused for three weeks": (
        [Row(50, 1000, ii=336, ss=2, addl=1, dur=504)],
        5 * 168,
    ),
    "reset after three weeks": ([Row(0, 1000, ii=24, addl=40, dur=30), reset(500)], 5 * 168),
}


def hours_of(rows, horizon, spacing):
    """Return times all along the run, and those at which something happens; times are held to 4 us."""
    lags = {row.time + row.lag + number * row.ii for row in rows for number in range(min(row.addl, 9) + 1)}
    ends = {row.time + row.lag + (row.dur or (row.amt / row.rate if row.rate else 0)) for row in rows}
    exact = {time for time in {row.time for row in rows} | lags | ends if abs(round(time, 6) - time) < 1e-12}
    happening = {round(time, 6) for time in exact if time < horizon}
    return np.array(sorted({*np.arange(0.0, horizon + spacing / 2, spacing).tolist(), *happening}))


@pytest.mark.accuracy
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("rows", SCENARIOS.values(), ids=SCENARIOS)
def test_scenario(rows, model):
    assert_closed_form(model, rows, hours_of(rows, 100.0, 2.5))


@pytest.mark.accuracy
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("rows", "horizon"), LONG.values(), ids=LONG)
def test_scenario_over_weeks(rows, horizon, model):
    assert_closed_form(model, rows, hours_of(rows, horizon, 21.0))


@pytest.mark.accuracy
@pytest.mark.parametrize("window", [6.0, 8.5, 500.0])
@pytest.mark.parametrize(
    "name",
    [
        "bolus, additional, with lag, bioav",
        "infusion longer than ii at steady state, lag longer than ii",
        "AM/PM steady state with ss=2",
        "reset while infusions longer than ii run",
    ],
)
def test_windows_of_any_length(name, window):
    rows = SCENARIOS[name]
    assert_closed_form("chain", rows, hours_of(rows, 100.0, 2.5), engine=mk.Cascade(window=window))
