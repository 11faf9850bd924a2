"""Leaps over stretches in which doses repeat: what they give is what stepping every dose gives, to the tolerance."""

from functools import cache
from threading import Lock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.inputs.doses import prescribed
from menaquinone.solve.asked import asked
from menaquinone.solve.cascade import _Block, _Runner
from menaquinone.solve.solution import Stop
from menaquinone.solve.streams import aligned

YEAR = 365.25
MODEL = mk.models.vitamin_k(forms=["K1", "MK-4", "MK-7"])
PLASMA = mk.models.vitamin_k(forms=["MK-4", "MK-7"], tissues=["liver"], proteins=["prothrombin"])
OUTPUTS = ["plasma_concentration", "tissue_vitamin_k", "hydroquinone", "uncarboxylated", "carboxylated", "bmd"]
LIFELONG = ["onset_hazard", "agatston", "pwv"]
"""What never settles: age goes on in every period."""
SHORT = ["plasma_concentration", "tissue_vitamin_k", "uncarboxylated"]
STEPPED = mk.Cascade(leaps=False, window=672.0)


def mk7(amount="180 ug", every="24 h", **more):
    return mk.dose("MK-7", amount, every=every, **more)


def thrice_daily(amount="15 mg", hours=(0, 6, 12), **more):
    return sum((mk.dose("MK-4", amount, every="24 h", start=f"{hour} h", **more) for hour in hours), start=mk.Regimen())


REGIMENS = {
    "daily": mk7(),
    "daily, late in the day": mk7(start="20 h"),
    "twice daily": mk7(every="12 h"),
    "thrice daily": thrice_daily(),
    "every 8 hours": mk.dose("MK-4", "15 mg", every="8 h"),
    "every other day": mk7(every="48 h"),
    "weekly": mk7("1 mg", every="168 h"),
    "weekly plus daily": mk7() + mk.dose("MK-4", "15 mg", every="168 h", start="4 h"),
    "two forms": mk7() + thrice_daily("5 mg"),
    "infused": mk.dose("K1", "1 mg", every="24 h", duration="3 h", route="iv"),
    "infused longer than the interval": mk.dose("K1", "1 mg", every="24 h", duration="30 h", route="iv"),
    "loading": mk7("1 mg", every="12 h", until="10 d") + mk7(start="10 d"),
    "ends and starts again": mk7(until="100 d") + mk7(start="200 d"),
    "from a steady state on": mk7(start="50 d", steady_state=True),
}


def run(model, people, regimen, times, *, rtol=1e-6, engine=None, outputs=OUTPUTS, **more):
    return mk.simulate(
        model, people, regimen, times=times, rtol=rtol, engine=engine or mk.Cascade(), outputs=outputs, **more
    )


def people_of(kind="postmenopausal", n=3, seed=4):
    return mk.population(kind, n, rng=seed)


def assert_close(got, wanted, rtol, *, outputs=OUTPUTS):
    """Hold ``|x - y| <= 10 rtol (|y| + 1e-3 of the largest of the person's run)`` at every time."""
    assert (got["status"] == 0).all()
    assert (wanted["status"] == 0).all()
    for name in outputs:
        x, y = got[name].values, wanted[name].values
        assert (np.isnan(x) == np.isnan(y)).all(), name
        largest = np.nanmax(np.abs(y), axis=1, keepdims=True, initial=0.0)
        excess = np.abs(x - y) / (np.abs(y) + 1e-3 * largest + 1e-300)
        worst = np.nanmax(excess, initial=0.0)
        assert worst <= 10 * rtol, f"{name} at rtol {rtol:g}: off by {worst:.3g}"


def counts(model, people, regimen, times, *, rtol=1e-6, engine=None, outputs=OUTPUTS):
    """Return windows, sweeps, panels, leaps, leaps tried and people of a run."""
    told = asked(model, people, times=times, rtol=rtol, outputs=outputs, engine=engine or mk.Cascade(), workers=1)
    problem = aligned(told, *prescribed(regimen, people.ids))
    problem.prepare()
    runner = _Runner(told.engine, problem, told.wanted)
    kernel, found = runner.kernel, []

    def counted(*arguments):
        found.append(next(one for one in arguments if getattr(one, "shape", None) == (7,) and one.dtype == np.int64))
        return kernel(*arguments)

    runner.kernel = counted
    runner(_Block(runner, np.arange(people.n), Lock()), Stop())
    return found[-1].tolist()[:6]


# Against stepping every dose ------------------------------------------------------------------------------------------


A_YEAR = np.array([0.0, 3.0, 30.25, 49.9, 100.0, 150.7, 200.0, 201.3, 299.0, 365.0])


@cache
def stepped_for_a_year(name):
    # steps of doses are far more accurate than asked for: their panels are short anyway
    return run(MODEL, people_of(n=2), REGIMENS[name], A_YEAR, engine=STEPPED, outputs=OUTPUTS + LIFELONG)


@pytest.mark.accuracy
@pytest.mark.parametrize("rtol", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("name", REGIMENS)
def test_a_year_of_leaps_is_a_year_of_steps(name, rtol):
    leaped = run(MODEL, people_of(n=2), REGIMENS[name], A_YEAR, rtol=rtol)
    assert_close(leaped, stepped_for_a_year(name), rtol)


@pytest.mark.accuracy
@pytest.mark.parametrize("rtol", [1e-4, 1e-6])
@pytest.mark.parametrize("name", REGIMENS)
def test_what_age_moves_goes_on_in_leaps_as_in_steps(name, rtol):
    leaped = run(MODEL, people_of(n=2), REGIMENS[name], A_YEAR, rtol=rtol, outputs=LIFELONG)
    assert_close(leaped, stepped_for_a_year(name), rtol, outputs=LIFELONG)


@pytest.mark.accuracy
@pytest.mark.parametrize("name", ["daily", "weekly plus daily"])
@pytest.mark.parametrize("outputs", [OUTPUTS, LIFELONG], ids=["markers", "lifelong"])
def test_years_in_which_kidney_function_steps(name, outputs):
    times = np.array([0.0, 200.5, 400.0, 1000.1, 1461.0, 1800.0])
    leaped = run(MODEL, people_of(n=2), REGIMENS[name], times, outputs=outputs)
    stepped = run(MODEL, people_of(n=2), REGIMENS[name], times, outputs=outputs, engine=STEPPED)
    assert_close(leaped, stepped, 1e-6, outputs=outputs)


@pytest.mark.accuracy
@settings(max_examples=6)
@given(
    every=st.sampled_from(["6 h", "8 h", "12 h", "24 h", "36 h", "168 h"]),
    start=st.integers(0, 60),
    last=st.integers(20, 200),
    again=st.one_of(st.none(), st.integers(5, 60)),
    form=st.sampled_from(["MK-4", "MK-7"]),
    at=st.lists(st.integers(1, 2600), min_size=1, max_size=12, unique=True),
    rtol=st.sampled_from([1e-2, 1e-4, 1e-6]),
)
def test_any_repeated_dosing_any_output_times(every, start, last, again, form, at, rtol):
    regimen = mk.dose(form, "500 ug", every=every, start=f"{start} h", until=f"{last} d")
    if again is not None:
        regimen += mk.dose(form, "500 ug", every=every, start=f"{last + again} d")
    times = np.array(sorted({0.0, *(one / 10 for one in at)}))
    exact = run(PLASMA, people_of(n=2), regimen, times, engine=STEPPED, outputs=SHORT)
    assert_close(run(PLASMA, people_of(n=2), regimen, times, rtol=rtol, outputs=SHORT), exact, rtol, outputs=SHORT)


@pytest.mark.accuracy
def test_later_leaps_sample_fewer_periods():
    times, people = np.arange(0, 1800, 140.0), people_of(n=16)
    _, _, panels, leaps, *_ = counts(MODEL, people, mk7(), times, outputs=LIFELONG)
    _, _, at_first, once, *_ = counts(MODEL, people, mk7(), times[:4], outputs=LIFELONG)
    assert panels / leaps < 0.8 * at_first / once


# Against the reference engine -----------------------------------------------------------------------------------------


@pytest.mark.accuracy
@pytest.mark.parametrize(
    ("name", "days"), [("daily", 40.0), ("thrice daily", 21.0), ("MK-4 twice daily", 15.6), ("every 2 days too", 40.0)]
)
def test_leaps_against_the_reference_engine(name, days):
    regimen = {
        "MK-4 twice daily": mk.dose("MK-4", "500 ug", every="12 h"),
        "every 2 days too": mk7() + mk.dose("MK-4", "15 mg", every="48 h", start="4 h"),
    }.get(name) or REGIMENS[name]
    times, people = np.array([0.0, days / 2, 0.8 * days + 0.3, days]), people_of("reference", 1)
    exact = run(PLASMA, people, regimen, times, engine=mk.Reference(rtol=1e-8), outputs=SHORT)
    for rtol in (1e-4, 1e-6):
        assert_close(run(PLASMA, people, regimen, times, rtol=rtol, outputs=SHORT), exact, rtol, outputs=SHORT)


# Output times ---------------------------------------------------------------------------------------------------------


@pytest.mark.accuracy
@pytest.mark.parametrize("off", [0.0, 1e-6, 0.25, 0.5, 23.99 / 24])
def test_output_times_on_and_off_the_boundaries_of_periods(off):
    times = np.concatenate([[0.0], np.arange(40, 340, 25) + off])
    stepped = run(PLASMA, people_of(), mk7(), times, engine=STEPPED, outputs=SHORT)
    assert_close(run(PLASMA, people_of(), mk7(), times, outputs=SHORT), stepped, 1e-6, outputs=SHORT)


@pytest.mark.accuracy
def test_many_output_times_at_many_phases():
    times = np.unique(np.round(np.concatenate([np.arange(0, 365, 1.0), np.linspace(0.013, 364, 97)]), 6))
    stepped = run(PLASMA, people_of(n=2), REGIMENS["two forms"], times, engine=STEPPED, outputs=SHORT)
    assert_close(run(PLASMA, people_of(n=2), REGIMENS["two forms"], times, outputs=SHORT), stepped, 1e-6, outputs=SHORT)


@pytest.mark.accuracy
def test_other_output_times_change_no_more_than_the_tolerance():
    few = run(MODEL, people_of(), mk7(), [0.0, 100.0, 700.0])
    many = run(MODEL, people_of(), mk7(), np.unique([0.0, 100.0, 700.0, *np.arange(0, 700, 13.7)]))
    assert_close(many.sel(time=few["time"].values, method="nearest"), few, 1e-6)


# Onsets ---------------------------------------------------------------------------------------------------------------


@pytest.mark.accuracy
@pytest.mark.parametrize("name", ["daily", "weekly plus daily", "ends and starts again"])
def test_calcification_that_begins_inside_a_leap(name):
    people, times = people_of(n=40, seed=11), np.array([0.0, 300.0, 700.0, 1100.0, 1461.0])
    score = run(MODEL, people, mk.Regimen(), times, outputs=["agatston"])["agatston"].values
    begins = ((score[:, 0] == 0) & (score[:, -1] > 0)).any(axis=1)
    chosen = people.select(people.ids[begins][:2])
    assert chosen.n == 2  # there are some: the test asks for what it says
    leaped = run(MODEL, chosen, REGIMENS[name], times, outputs=LIFELONG)
    stepped = run(MODEL, chosen, REGIMENS[name], times, outputs=LIFELONG, engine=STEPPED)
    assert_close(leaped, stepped, 1e-6, outputs=["onset_hazard"])
    scores = [one["agatston"].values for one in (leaped, stepped)]
    assert ((scores[0] == 0) == (scores[1] == 0)).all()
    # the time of an onset is found to a share of the run, and what grows from it carries that share on
    largest = np.abs(scores[1]).max(axis=1, keepdims=True)
    assert (np.abs(scores[0] - scores[1]) <= 1e-4 * (largest + 1e-9)).all()


# Together and alone ---------------------------------------------------------------------------------------------------


def mixed(n=40):
    names = list(REGIMENS)
    return {k: mk.Regimen() if k % 9 == 8 else REGIMENS[names[k % len(names)]] for k in range(n)}


def test_a_subject_in_a_batch_of_mixed_regimens_is_the_same_alone_bit_for_bit():
    people, regimens = people_of(n=40, seed=21), mixed()
    times = np.array([0.0, 10.0, 100.3, 364.0, 500.0, 731.0])
    whole = run(MODEL, people, regimens, times)
    for subject in (0, 3, 8, 25):
        alone = run(MODEL, people.select([subject]), regimens, times, workers=1)
        for name in OUTPUTS:
            assert whole[name].sel(subject=[subject]).values.tobytes() == alone[name].values.tobytes(), (subject, name)
    backwards = people.select(list(range(39, 7, -1)))
    again = run(MODEL, backwards, regimens, times, engine=mk.Cascade(lanes=16), workers=2)
    whole = whole.sel(subject=again["subject"])
    for name in OUTPUTS:
        assert whole[name].values.tobytes() == again[name].values.tobytes(), name


@settings(max_examples=3)
@given(
    which=st.lists(st.sampled_from(list(REGIMENS)), min_size=2, max_size=20), seed=st.integers(0, 2**32), data=st.data()
)
def test_company_is_never_seen(which, seed, data):
    people, regimens = people_of(n=len(which), seed=seed), {k: REGIMENS[name] for k, name in enumerate(which)}
    times = np.array([0.0, 50.5, 222.0, 400.0])
    one = data.draw(st.integers(0, people.n - 1))
    whole, alone = run(MODEL, people, regimens, times), run(MODEL, people.select([one]), regimens, times)
    for name in OUTPUTS:
        assert whole[name].sel(subject=[one]).values.tobytes() == alone[name].values.tobytes(), name


def test_two_arms_in_one_batch_are_each_arm_by_itself():
    people, times = people_of(n=20), np.array([0.0, 90.0, 364.0, 730.0])
    arms = {"treated": mk7("360 ug"), "control": mk.Regimen()}
    both = run(MODEL, people, {k: arms["treated" if k % 2 else "control"] for k in range(20)}, times)
    for name, first in (("treated", 1), ("control", 0)):
        own = run(MODEL, people, arms[name], times)
        for output in OUTPUTS:
            assert both[output].values[first::2].tobytes() == own[output].values[first::2].tobytes(), (name, output)


def test_a_subject_at_rest_is_the_same_beside_one_who_is_not():
    # alone everyone is on the orbit and one period stands for all; in company every sample is walked
    people, times = people_of(n=2, seed=0), [0.0, 400.0]
    arms, names = {0: mk7(), 1: mk7(every="12 h")}, ["plasma_concentration", "tissue_vitamin_k"]
    whole = run(MODEL, people, arms, times, outputs=names)
    alone = run(MODEL, people.select([0]), arms, times, outputs=names)
    for name in names:
        assert whole[name].values[:1].tobytes() == alone[name].values.tobytes(), name


def test_the_outputs_asked_for_do_not_change_the_others_in_leaps():
    times = [0.0, 50.5, 222.0, 400.0]
    one = run(MODEL, people_of(n=2), mk7(), times, outputs=["plasma_concentration"])
    many = run(MODEL, people_of(n=2), mk7(), times)
    assert one["plasma_concentration"].values.tobytes() == many["plasma_concentration"].values.tobytes()


# What leaps are for ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["daily", "thrice daily", "weekly", "weekly plus daily"])
def test_years_take_few_windows(name):
    people = people_of("reference", 2)
    windows, _, _, leaps, tried, n = counts(MODEL, people, REGIMENS[name], [0.0, 4 * YEAR])
    assert n == 16
    assert leaps > 0
    assert tried >= leaps
    per_person = windows / n
    assert per_person < 60  # instead of 1461 doses, or 208 weeks


@pytest.mark.parametrize("days", [5, 12])
def test_short_runs_are_stepped(days):
    assert counts(MODEL, people_of("reference", 1), mk7(), [0.0, days])[3] == 0


@pytest.mark.parametrize("engine", [mk.Cascade(leaps=False, window=672.0), mk.Cascade(adaptive=False)])
def test_leaps_can_be_left_out(engine):
    assert counts(MODEL, people_of("reference", 1), mk7(), [0.0, 90.0], engine=engine)[3:5] == [0, 0]


def test_doses_that_are_missed_are_stepped():
    model, people, regimen = PLASMA, people_of("reference", 2), mk7() * mk.adherence(0.8)
    assert counts(model, people, regimen, [0.0, 90.0], outputs=SHORT)[3] == 0
    leaping = run(model, people, regimen, [0.0, 45.5, 90.0], outputs=SHORT, rng=3)
    stepped = run(model, people, regimen, [0.0, 45.5, 90.0], outputs=SHORT, rng=3, engine=mk.Cascade(leaps=False))
    for name in SHORT:
        assert leaping[name].values.tobytes() == stepped[name].values.tobytes(), name


def test_the_windows_of_steps_change_no_more_than_the_tolerance():
    times = [0.0, 100.0, 400.0]
    wide = run(MODEL, people_of(), mk7(), times, engine=mk.Cascade(leaps=False))
    assert_close(wide, run(MODEL, people_of(), mk7(), times, engine=STEPPED), 1e-6)


# At rest --------------------------------------------------------------------------------------------------------------


@pytest.mark.accuracy
def test_on_a_periodic_orbit_every_period_is_the_same():
    regimen, people = mk7(start="0 h", steady_state=True), people_of("reference", 1)
    times = np.arange(0, 340, 10) + 0.25
    found = run(PLASMA, people, regimen, times, outputs=["plasma_concentration"])["plasma_concentration"].values
    assert found == pytest.approx(np.repeat(found[:, :1], found.shape[1], axis=1), rel=1e-6)


@pytest.mark.accuracy
def test_a_leap_of_years_ends_on_the_orbit():
    people, orbit = people_of("reference", 2), mk7(steady_state=True)
    settled = run(PLASMA, people, orbit, [0.0, 1.25, 2.0], outputs=SHORT)
    grown = run(PLASMA, people, mk7(), [0.0, 1500.25, 1501.0], outputs=SHORT)
    for name in SHORT:
        assert grown[name].values[:, 1:] == pytest.approx(settled[name].values[:, 1:], rel=1e-2), name
    assert grown["plasma_concentration"].values[:, 1:] == pytest.approx(
        settled["plasma_concentration"].values[:, 1:], rel=1e-5
    )
