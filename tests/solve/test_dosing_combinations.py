"""Every combination of how a dose enters, steady state, lag, bioavailability, repetition and reset, in closed form.

Another dosing is under way: repeated doses, an infusion that still runs, and a dose on its way because of its lag. So
a steady state of its own and one on top of what is there differ, and so do what a reset ends and what it leaves.
"""

from itertools import product

import numpy as np
import pytest
from tests.solve.closed_forms import Row, reset
from tests.solve.dosed import MODELS, assert_closed_form

UNDER_WAY = [
    Row(0.0, 300.0, ii=8.0, addl=3, route="iv"),
    Row(1.0, 150.0, lag=9.0),
    Row(2.0, 200.0, dur=10.0),
]
ENTERS = {"bolus": 0.0, "infusion": 3.0, "infusion longer than ii": 31.0}
STEADY = {"": 0, "steady state 1": 1, "steady state 2": 2}
LAG = {"": 0.0, "lag": 1.5, "lag longer than ii": 20.0}
BIOAV = {"": None, "bioav": 0.35}
REPEATED = {"": 0, "additional": 3}
RESET = ("", "reset", "reset and dose")
HOURS = np.unique([*np.arange(0.0, 78.1, 1.5), 31.0, 32.5])


def rows_of(enters, steady, lag, bioav, repeated, ended):
    how = {"dur": ENTERS[enters], "lag": LAG[lag], "f": BIOAV[bioav]}
    ii = 12.0 if STEADY[steady] or REPEATED[repeated] else 0.0
    rows = [*UNDER_WAY, Row(6.0, 1000.0, ii=ii, addl=REPEATED[repeated], ss=STEADY[steady], **how)]
    if ended == "reset":
        rows.append(reset(31.0))
    elif ended == "reset and dose":
        rows.append(Row(31.0, 700.0, evid=4, route="iv", **how))
    return rows


COMBINATIONS = {
    ", ".join(filter(None, one)): rows_of(*one) for one in product(ENTERS, STEADY, LAG, BIOAV, REPEATED, RESET)
}


@pytest.mark.accuracy
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("rows", COMBINATIONS.values(), ids=COMBINATIONS)
def test_combination(rows, model):
    assert_closed_form(model, rows, HOURS)
