"""Dosing scenarios by the engine to trust, down to tissue vitamin K, a protein and bone.

Few and short: it finds a steady state by dosing until nothing changes. The tissue and the form forget within a day.
"""

import numpy as np
import pytest
from tests.solve.closed_forms import Row, reset
from tests.solve.dosed import regimen_of

import menaquinone as mk

RTOL = 1e-8
OUTPUTS = [
    "plasma_concentration",
    "absorbed_level",
    "tissue_vitamin_k",
    "mk4_share",
    "uncarboxylated",
    "carboxylated",
    "bmd",
]
MODEL = mk.models.vitamin_k(forms=["K1"], tissues=["bone"], proteins=["osteocalcin"], sites=[]).replace({
    "residence_time[bone]": "5 h",
    "absorption_time[K1]": "2 h",
    "clearance[K1]": "9 L/h",
    "exchange[K1]": "8 L/h",
    "peripheral_volume[K1]": "8 L",
})  # fmt: skip
SCENARIOS = {
    "two compartments dosed, additional, with lag, bioav": [
        Row(2, 2000, ii=12, addl=2, lag=15, f=0.4),
        Row(7, 500, ii=6, addl=3, route="iv"),
    ],
    "infusion longer than ii, reset while it runs, then reset and dose": [
        Row(1, 2000, dur=20, ii=12, addl=2),
        reset(15),
        Row(20, 1000, evid=4, lag=2),
    ],
    "steady state 1 while another dosing is under way, lag": [
        Row(0, 900, ii=6, addl=6, route="iv"),
        Row(10, 2000, ii=12, ss=1, addl=1, lag=5),
    ],
    "infusion longer than ii at steady state 2, lag longer than ii": [
        Row(0, 900, ii=6, addl=6, route="iv"),
        Row(10, 2000, dur=18, ii=12, ss=2, addl=1, lag=16, route="iv"),
    ],
    "AM/PM steady state with ss=2, reset": [
        Row(0, 2000, ii=12, ss=1, addl=1, route="iv"),
        Row(6, 900, ii=12, ss=2, addl=1, dur=3, route="iv"),
        reset(21),
    ],
    "steady state of a bolus into a depot that empties": [Row(5, 2000, ii=48, ss=1)],
    "steady state of an infusion that never pauses": [Row(5, 0, rate=90, ss=1), Row(5, 900, rate=90)],
}
HOURS = np.array([0.0, 5.0, 8.5, 13.0, 20.0, 21.0, 30.0])


@pytest.mark.accuracy
@pytest.mark.parametrize("rows", SCENARIOS.values(), ids=SCENARIOS)
def test_both_engines(rows):
    run = lambda engine: mk.simulate(
        MODEL, None, regimen_of(rows), times=HOURS / 24, outputs=OUTPUTS, rtol=RTOL, engine=engine
    )
    fast, trusted = run(mk.Cascade()), run(mk.Reference())
    for name in OUTPUTS:
        one, other = fast[name].values, trusted[name].values
        allowed = 10 * RTOL * (np.abs(other) + 1e-3 * np.abs(other).max())
        assert (np.abs(one - other) <= allowed).all(), f"{name}: off by {np.abs(one / other - 1).max():.1e}"
