"""What the specification of events promises: order at equal times, steady states, resets, sums, tables."""

from dataclasses import replace

import numpy as np
import pytest
from tests.solve.closed_forms import Row, level, reset
from tests.solve.dosed import MODELS, PEOPLE, chain, intake, regimen_of, simulated

import menaquinone as mk
from menaquinone.catalogue.forms import K1
from menaquinone.inputs.regimen import Regimen
from menaquinone.interop.events import from_table

CHAIN = ["plasma_concentration", "absorbed_level"]
TISSUES_AND_PROTEINS = ["tissue_vitamin_k", "mk4_share", "uncarboxylated", "carboxylated"]
SLOW = ["onset_hazard", "agatston", "pwv", "bmd"]
WHOLE = mk.models.vitamin_k(forms=["K1"])
WOMEN = mk.population("postmenopausal", 3, rng=5).eating({"K1": 80.0})
SOON = 1e-4
"""h; right after an event."""


def run(regimen, hours, *, people=WOMEN, outputs=(*CHAIN, *TISSUES_AND_PROTEINS, *SLOW), **settings):
    result = mk.simulate(WHOLE, people, regimen, times=np.asarray(hours) / 24, outputs=list(outputs), **settings)
    assert (result["status"] == 0).all()
    return {name: result[name].values for name in outputs}


def one(rows, hours):
    """Concentrations of both people of the one-compartment model."""
    return simulated("one compartment", regimen_of(rows), hours)


# Order at equal times -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [[Row(12, 500)], [Row(12, 500, route="iv")], [Row(12, 500, ii=8, ss=1)]])
def test_an_observation_at_the_time_of_a_dose_is_the_trough(rows):
    before = [Row(0, 1000, route="iv")]
    assert one([*before, *rows], [12])[:, 0] == pytest.approx(one(before, [12])[:, 0], rel=1e-13)
    assert (one([*before, *rows], [12, 14])[:, 1] > one(before, [12, 14])[:, 1]).all()


def test_a_level_asked_for_at_time_0_is_that_of_the_habitual_diet():
    dosed, fasting = ([Row(0, 1000, route="iv")], [])
    assert (one(dosed, [0, 1])[:, 0] == one(fasting, [0, 1])[:, 0]).all()


def test_an_observation_at_the_time_of_a_reset_is_the_level_before_it():
    rows = [Row(0, 1000, route="iv")]
    seen = one([*rows, reset(7)], [0, 7, 7 + SOON])
    assert seen[:, 1] == pytest.approx(one(rows, [7])[:, 0], rel=1e-13)
    assert seen[:, 2] == pytest.approx(seen[:, 0], rel=1e-12)


def test_an_infusion_has_ended_when_it_is_observed_at_its_end():
    rate = 1000 / 10
    rows = [Row(0, 1000, dur=10, route="iv")]
    at_end, soon = one(rows, [10, 10 + SOON]).T
    falling = (soon - at_end) / SOON
    rising = (at_end - one(rows, [10 - SOON])[:, 0]) / SOON
    assert rising - falling == pytest.approx(np.full(2, rate / 20.0), rel=1e-3)


@pytest.mark.parametrize("rows", [[Row(9, 500, dur=1e-10)], [Row(9, 500, dur=1e-10, ii=6, ss=1, addl=3)]])
def test_an_infusion_too_short_to_be_timed_is_a_dose_given_at_once(rows):
    at_once = [replace(row, dur=0.0) for row in rows]
    assert one(rows, [9, 10, 20]) == pytest.approx(one(at_once, [9, 10, 20]), rel=1e-9)


@pytest.mark.parametrize(
    ("together", "apart"),
    [
        ([Row(9, 500, route="iv"), reset(9)], [reset(9 - 1e-6), Row(9, 500, route="iv")]),
        ([Row(9, 500, ii=12, ss=2), reset(9)], [reset(9 - 1e-6), Row(9, 500, ii=12, ss=2)]),
        ([Row(9, 500, dur=4), Row(9, 300, ii=12, ss=1)], [Row(9, 300, ii=12, ss=1), Row(9 + 1e-6, 500, dur=4)]),
        ([Row(9, 500, dur=4), Row(9, 300, ii=12, ss=2)], [Row(9, 300, ii=12, ss=2), Row(9 + 1e-6, 500, dur=4)]),
    ],
    ids=["reset, dose", "reset, steady state", "steady state 1, dose", "steady state 2, dose"],
)
def test_resets_then_steady_states_then_doses(together, apart):
    before, hours = [Row(0, 1000, dur=9, route="iv"), Row(2, 300, lag=7)], [10, 15, 30]
    seen = one([*before, *together], hours)
    assert seen == pytest.approx(one([*before, *apart], hours), rel=1e-5)
    assert seen == pytest.approx(one([*before, *reversed(together)], hours), rel=1e-12)


def test_regimens_added_in_any_order_give_the_same_levels():
    rows = [Row(0, 1000, ii=8, addl=5), Row(8, 500, dur=16), Row(16, 300, ii=8, ss=2, addl=2), Row(16, 100, evid=4)]
    forth, back = (
        simulated("chain", sum((regimen_of([row]) for row in order), Regimen()), range(0, 50, 4))
        for order in (rows, rows[::-1])
    )
    assert forth == pytest.approx(back, rel=1e-12)


# Steady states --------------------------------------------------------------------------------------------------------


@pytest.mark.accuracy
@pytest.mark.parametrize(
    "rows",
    [
        [Row(30, 2000, ii=24, ss=1, addl=3)],
        [Row(30, 2000, ii=24, ss=2, addl=3, lag=30)],
        [Row(30, 2000, ii=24, ss=1, addl=3, dur=40)],
        [Row(30, 2000, ii=24, ss=1, addl=3), Row(30, 900, ii=24, ss=2, addl=3, lag=12)],
        [Row(30, 2000, ii=8, ss=1, addl=9), Row(30, 900, ii=12, ss=2, addl=6)],
    ],
    ids=["bolus", "lag longer than ii", "infusion longer than ii", "AM/PM", "intervals 8 and 12"],
)
def test_tissues_and_proteins_are_on_the_periodic_orbit(rows):
    within = np.array([SOON, 3.0, 10.0, 24.0])
    seen = run(regimen_of(rows), [30.0, *(30 + within), *(54 + within)], rtol=1e-9)
    for name in [*CHAIN, *TISSUES_AND_PROTEINS]:
        first, second = seen[name][:, 1:5], seen[name][:, 5:]
        assert second == pytest.approx(first, rel=1e-8), name
        assert np.abs(first[:, 0] / seen[name][:, 0] - 1).max() > 1e-3, f"{name} was not moved"


@pytest.mark.accuracy
@pytest.mark.parametrize(
    "rows",
    [
        [Row(30, 2000, ii=24, ss=1, addl=3, lag=5)],
        [Row(30, 2000, ii=24, ss=2, addl=3, dur=40, route="iv")],
        [Row(30, 2000, ii=8, ss=1, addl=9, f=0.3), Row(30, 900, ii=12, ss=2, addl=6, route="iv")],
    ],
    ids=["bolus with lag", "infusion longer than ii", "intervals 8 and 12"],
)
def test_a_pool_behind_linear_delivery_is_on_its_orbit_in_closed_form(rows):
    """With supply proportional to plasma the pool is one more compartment of the chain."""
    people = mk.population("reference", 1)
    pool = WHOLE.parameters["residence_time[liver]"].value * 24, WHOLE.parameters["reference_level[liver, K1]"].value
    hours = np.array([0.0, *(30 + np.array([1e-3, 2.0, 7.0, 12.0, 24.0, 31.0, 60.0]))])
    seen = run(regimen_of(rows), hours, people=people, outputs=["tissue_vitamin_k"], rtol=1e-10)
    share = K1.pk.values["bioavailability"].value
    eaten = {"oral_share": share, "intake": intake(float(people.diet["K1"][0]))}
    wanted = np.array([level(rows, time, chain(pool=pool), **eaten) for time in hours])
    liver = WHOLE.members("tissue").index("liver")
    found = seen["tissue_vitamin_k"][0, :, liver]
    assert found - found[0] == pytest.approx(wanted - wanted[0], rel=1e-8)


def test_a_steady_state_never_touches_calcium_stiffness_and_bone():
    rows = [Row(50, 5000, ii=24, ss=1, addl=3)]
    hours = [50.0, 50 + SOON]
    dosed, without = run(regimen_of(rows), hours), run(None, hours)
    for name in SLOW:
        assert dosed[name][:, 0] == pytest.approx(without[name][:, 0], rel=1e-6), name
        assert dosed[name][:, 1] == pytest.approx(without[name][:, 1], rel=1e-6), name
    assert (dosed["carboxylated"][:, 1] > 1.01 * without["carboxylated"][:, 1]).all()


def test_a_steady_state_at_time_0_is_not_seen_before_it():
    rows = [Row(0, 5000, ii=24, ss=2, addl=3)]
    dosed, without = run(regimen_of(rows), [0, 1]), run(None, [0, 1])
    for name in (*CHAIN, *TISSUES_AND_PROTEINS, *SLOW):
        assert (dosed[name][:, 0] == without[name][:, 0]).all(), name


def test_steady_state_2_gives_tissues_the_orbit_of_all_steady_dosing():
    morning = [Row(0, 2000, ii=24, ss=1, addl=9)]
    later = run(regimen_of([*morning, Row(36, 900, ii=24, ss=2, addl=9)]), [36 + SOON, 60, 84], rtol=1e-9)
    at_once = run(regimen_of([*morning, Row(0, 900, ii=24, ss=2, addl=9, lag=12)]), [36 + SOON, 60, 84], rtol=1e-9)
    for name in (*CHAIN, *TISSUES_AND_PROTEINS):
        # the dose of 36 h enters at that very time in both
        assert later[name] == pytest.approx(at_once[name], rel=1e-8), name


def test_doses_that_were_never_at_steady_state_are_no_part_of_the_orbit():
    never = [Row(0, 3000, ii=24, addl=9)]
    steady = Row(48, 500, ii=12, ss=2)
    both, alone = run(regimen_of([*never, steady]), [48 + SOON]), run(regimen_of([steady]), [48 + SOON])
    for name in TISSUES_AND_PROTEINS:
        assert both[name] == pytest.approx(alone[name], rel=1e-5), name
    assert (both["plasma_concentration"] > 1.5 * alone["plasma_concentration"]).all()


def test_everybody_has_the_orbit_of_their_own():
    rows = [Row(30, 2000, ii=24, ss=1, addl=3, dur=30)]
    together = run(regimen_of(rows), [30 + SOON, 50])
    for position, subject in enumerate(WOMEN.ids.tolist()):
        alone = run(regimen_of(rows), [30 + SOON, 50], people=WOMEN.select([subject]))
        for name, values in together.items():
            assert values[position].tobytes() == alone[name][0].tobytes(), name


# Resets ---------------------------------------------------------------------------------------------------------------


def test_a_reset_touches_plasma_and_depots_alone():
    rows = [Row(0, 5000, ii=12, addl=9), Row(20, 3000, dur=40), Row(40, 900, lag=20)]
    hours = [0.0, 50.0, 50 + SOON, 400.0]
    seen, without = run(regimen_of([*rows, reset(50)]), hours), run(regimen_of(rows), hours)
    for name in CHAIN:
        assert seen[name][:, 2:] == pytest.approx(np.repeat(seen[name][:, :1], 2, axis=1), rel=1e-12), name
    for name in (*TISSUES_AND_PROTEINS, *SLOW):
        assert seen[name][:, 1] == pytest.approx(without[name][:, 1], rel=1e-6), name
        assert seen[name][:, 2] == pytest.approx(seen[name][:, 1], rel=1e-4), name


@pytest.mark.parametrize(("eaten", "level_after"), [(0.0, "zero"), (80.0, "the diet's")])
def test_a_reset_returns_to_the_habitual_diet_and_to_zero_only_without_one(eaten, level_after):
    people = mk.population("reference", 1).eating({"K1": eaten})
    rows = [Row(0, 5000, ii=12, addl=9), reset(50)]
    seen = run(regimen_of(rows), [0, 50, 50 + SOON, 90], people=people, outputs=CHAIN)
    for name in CHAIN:
        assert (seen[name][:, 1] > 10 * seen[name][:, 0]).all()
        if level_after == "zero":
            assert not seen[name][:, [0, 2, 3]].any()
        else:
            assert (seen[name][:, 0] > 0).all()
            assert seen[name][:, 2:] == pytest.approx(np.repeat(seen[name][:, :1], 2, axis=1), rel=1e-12)


# Sums, people, tables -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_regimens_superpose(model):
    first = mk.dose("K1", "100 ug", every="12 h", until="3 d", steady_state=True, start="6 h")
    second = mk.dose("K1", "1 mg", route="iv", every="8 h", duration="20 h", start="7 h", until="2 d")
    hours = np.arange(0.0, 100.0, 3.7)
    nothing, one_, other, both = (simulated(model, what, hours) for what in (None, first, second, first + second))
    assert both - nothing == pytest.approx((one_ - nothing) + (other - nothing), rel=1e-11, abs=1e-11 * both.max())


def test_thrice_weekly_is_three_weekly_doses():
    weekly = sum(mk.dose("K1", "360 ug", every="7 d", start=f"{day} d", until="4 wk") for day in (0, 2, 4))
    singly = sum(mk.dose("K1", "360 ug", start=f"{7 * week + day} d") for week in range(4) for day in (0, 2, 4))
    hours = np.arange(0.0, 700.0, 13.0)
    assert simulated("chain", weekly, hours) == pytest.approx(simulated("chain", singly, hours), rel=1e-13)


@pytest.mark.parametrize("model", MODELS)
def test_everybody_gets_their_own_regimen(model):
    regimens = {
        8: mk.dose("K1", "100 ug", every="12 h", lag="20 h", steady_state=True) + regimen_of([reset(40)]),
        3: mk.dose("K1", "1 mg", route="iv", every="24 h", start="5 h", duration="30 h"),
    }
    hours = np.arange(0.0, 70.0, 4.3)
    for given in (regimens, [regimens[3], regimens[8]]):
        found = simulated(model, given, hours)
        for position, subject in enumerate(PEOPLE.ids.tolist()):
            alone = simulated(model, regimens[subject], hours)
            assert found[position].tobytes() == alone[position].tobytes()


TABLES = {
    "bolus, additional, with lag, bioav": (
        {"TIME": [6], "AMT": [500], "CMT": ["oral[K1]"], "II": [12], "ADDL": [3], "LAG": [2], "F": [0.3]},
        mk.dose("K1", "500 ug", start="6 h", every="12 h", until="54 h", lag="2 h", bioavailability=0.3),
    ),
    "infusion longer than ii at steady state": (
        {"TIME": [6], "AMT": [500], "CMT": [1], "II": [12], "ADDL": [3], "SS": [2], "DUR": [30], "EVID": [1]},
        mk.dose(
            "K1", "500 ug", route="iv", start="6 h", every="12 h", until="54 h", duration="30 h", steady_state=True
        ),
    ),
    "loading dose then maintenance": (
        {"TIME": [0, 24], "AMT": [3000, 1000], "CMT": ["oral[K1]"] * 2, "II": [0, 24], "ADDL": [0, 2]},
        mk.dose("K1", "3 mg") + mk.dose("K1", "1 mg", start="1 d", every="1 d", until="4 d"),
    ),
}


@pytest.mark.parametrize(("table", "written"), TABLES.values(), ids=TABLES)
def test_an_event_table_is_the_regimen_written_in_python(table, written):
    read = from_table(table, compartments={1: ("K1", "iv")})
    assert read == written
    hours = np.arange(0.0, 90.0, 3.1)
    assert simulated("chain", read, hours).tobytes() == simulated("chain", written, hours).tobytes()


def test_a_table_of_several_people_gives_each_their_rows():
    table = {
        "ID": [8, 3, 8, 3],
        "TIME": [0, 0, 10, 20],
        "AMT": [100, 200, 0, 300],
        "EVID": [1, 1, 3, 4],
        "CMT": ["iv[K1]"] * 4,
    }
    rows = {
        3: [Row(0, 200, route="iv"), Row(20, 300, route="iv", evid=4)],
        8: [Row(0, 100, route="iv"), reset(10)],
    }
    hours = np.arange(0.0, 40.0, 2.5)
    found = simulated("chain", from_table(table, amount_unit="nmol"), hours)
    for position, subject in enumerate(PEOPLE.ids.tolist()):
        assert found[position].tobytes() == simulated("chain", regimen_of(rows[subject]), hours)[position].tobytes()
