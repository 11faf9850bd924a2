"""Stretches of a schedule in which everything repeats: found where they are, and where nothing repeats none."""

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.solve.closed_forms import Row, reset
from tests.solve.dosed import MODELS, regimen_of

import menaquinone as mk
from menaquinone.inputs.schedule import expand
from menaquinone.solve.actions import RESET, actions
from menaquinone.solve.problem import wired
from menaquinone.solve.stretches import LONGEST_PERIOD, stretches

MODEL = mk.models.vitamin_k(forms=["K1", "MK-4", "MK-7"], tissues=["liver"], proteins=[])
DAY, WEEK = 24.0, 168.0


def resolved(regimen, days=90.0, model=MODEL):
    return actions(wired(model), expand(regimen, days * 24))


def found(regimen, days=90.0, model=MODEL):
    """Return the stretches, after a look at what holds for all of them."""
    every = resolved(regimen, days, model)
    stretched = stretches(every)
    last = -inf
    for begin, period, end in stretched:
        assert last <= begin
        assert 0 < period <= LONGEST_PERIOD
        assert end - begin >= 3 * period - 1e-6
        assert_repeats(every, begin, period, end)
        last = end
    return stretched


def assert_repeats(every, begin, period, end):
    """Hold that what happens from begin on happens again a period later, until end, and nothing else."""
    inside = (every.time >= begin - 1e-7) & (every.time < end - 1e-7)
    assert not (every.order[inside] == RESET).any()
    assert not any(begin + 1e-7 < one.time < end - 1e-7 for one in every.orbits)
    phase = np.round((every.time - begin + 1e-7) % period, 6)
    number = np.floor((every.time - begin) / period + 1e-6)
    rows = [phase, every.kind, every.target, every.value]
    periods = [
        sorted(zip(*(one[inside & (number == k)].tolist() for one in rows), strict=True))
        for k in range(int((end - begin) / period + 1e-6))
    ]
    for one in periods[1:]:
        assert [row[:3] for row in one] == [row[:3] for row in periods[1]]
        assert [row[3] for row in one] == pytest.approx([row[3] for row in periods[1]], rel=1e-12)
    # at the very begin nothing needs to end that has not begun
    rest = list(periods[1])
    for row in periods[0]:
        rest.remove(next(one for one in rest if one[:3] == row[:3] and one[3] == pytest.approx(row[3], rel=1e-12)))
    assert all(row[0] == 0 and row[1] == 1 and row[3] < 0 for row in rest)


def mk7(amount="180 ug", **more):
    return mk.dose("MK-7", amount, **more)


def on_days(*days, weeks, hour=0.0):
    """One dose on each of some days of every week."""
    starts = [f"{week * WEEK + day * DAY + hour:g} h" for week in range(weeks) for day in days]
    return sum((mk7(start=start) for start in starts), start=mk.Regimen())


# What repeats ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "period"), [("6 h", 6.0), ("8 h", 8.0), ("12 h", 12.0), ("24 h", DAY), ("36 h", 36.0), ("1 wk", WEEK)]
)
@pytest.mark.parametrize("lag", [None, "2.5 h", "30 h"])
def test_a_dose_at_equal_intervals(every, period, lag):
    late = float(lag.split()[0]) if lag else 0.0
    (begin, interval, end) = found(mk7(every=every, lag=lag))[0]
    assert begin == pytest.approx(late)
    assert interval == pytest.approx(period)
    assert end >= 90 * 24 - 1e-6


def test_a_regimen_that_ends_is_a_stretch_until_one_period_after_its_last_dose():
    ((begin, period, end),) = found(mk7(every="24 h", start="48 h", until="30 d"))
    last = resolved(mk7(every="24 h", start="48 h", until="30 d")).time[-1]
    assert (begin, period) == pytest.approx((48.0, DAY))
    assert end == pytest.approx(last + DAY)


@pytest.mark.parametrize("hours", [(0, 5, 12), (0, 6, 12), (0, 4, 8, 12)])
def test_several_times_a_day_at_unequal_intervals(hours):
    # equal intervals by day are no stretch of their own: the night comes between
    doses = sum((mk.dose("MK-4", "15 mg", every="24 h", start=f"{hour} h") for hour in hours), start=mk.Regimen())
    ((begin, period, end),) = found(doses)
    assert (begin, period) == pytest.approx((0.0, DAY))
    assert end >= 90 * 24 - 1e-6


def test_workdays():
    ((begin, period, end),) = found(on_days(0, 1, 2, 3, 4, weeks=12))
    assert (begin, period) == pytest.approx((0.0, WEEK))
    assert end == pytest.approx(12 * WEEK)


def test_two_forms_at_two_times_of_the_day():
    ((begin, period, _),) = found(mk7(every="24 h", start="8 h") + mk.dose("MK-4", "15 mg", every="8 h", start="8 h"))
    assert (begin, period) == pytest.approx((8.0, DAY))


def test_thrice_weekly():
    ((begin, period, end),) = found(on_days(0, 2, 4, weeks=12))
    assert (begin, period) == pytest.approx((0.0, WEEK))
    assert end == pytest.approx(12 * WEEK)


def test_weekly_plus_daily():
    ((begin, period, _),) = found(mk7(every="24 h") + mk.dose("K1", "5 mg", every="168 h"))
    assert (begin, period) == pytest.approx((0.0, WEEK))


def test_another_amount_on_sundays_makes_a_week_of_the_day():
    doses = on_days(0, 1, 2, 3, 4, 5, weeks=14) + mk.dose("MK-7", "360 ug", every="168 h", start="144 h")
    begin, period, end = found(doses, days=98)[-1]
    assert period == pytest.approx(WEEK)
    assert begin <= 144.0
    assert end >= 14 * WEEK - 24


@pytest.mark.parametrize("lasts", [2.0, 23.0, 24.0, 30.0, 48.0, 60.0])
def test_infusions_shorter_and_longer_than_their_interval(lasts):
    doses = mk.dose("K1", "1 mg", every="24 h", duration=f"{lasts:g} h", route="iv")
    every, stretched = resolved(doses), found(doses)
    assert stretched
    # the input rate is the same from period to period: what has not yet ended is not forgotten
    begin, period, end = stretched[-1]
    assert period == pytest.approx(DAY)
    assert begin <= lasts + 1e-6
    running = lambda at: every.value[(every.kind == 1) & (every.time < at + 1e-6)].sum()
    assert running(begin) == pytest.approx(running(begin + period), rel=1e-9)
    assert end >= 85 * 24


def test_loading_then_maintenance_are_two_stretches():
    (first, second) = found(mk7("1 mg", every="12 h", until="10 d") + mk7(every="24 h", start="10 d"))
    assert first == pytest.approx((0.0, 12.0, 240.0))
    assert second[:2] == pytest.approx((240.0, DAY))


def test_a_pause_ends_a_stretch_and_another_begins_after_it():
    (first, second) = found(mk7(every="24 h", until="20 d") + mk7(every="24 h", start="40 d"))
    assert first == pytest.approx((0.0, DAY, 480.0))
    assert second[:2] == pytest.approx((960.0, DAY))


# What ends a stretch --------------------------------------------------------------------------------------------------


def test_a_reset_ends_a_stretch():
    rows = [Row(0, 100, ii=24, addl=60), reset(20 * 24 + 3), Row(20 * 24 + 4, 100, ii=24, addl=40)]
    stretched = found(regimen_of(rows), model=MODELS["chain"])
    assert len(stretched) >= 2
    assert stretched[0][:2] == pytest.approx((0.0, DAY))
    assert stretched[0][2] <= 20 * 24 + 3 + 1e-6
    assert stretched[1][0] >= 20 * 24 + 3 - 1e-6


def test_a_steady_state_may_stand_at_a_begin_and_nowhere_else():
    steady = mk.dose("MK-7", "180 ug", every="24 h", start="30 d", steady_state=True)
    stretched = found(mk.dose("K1", "1 mg", every="24 h") + steady)
    assert [one[0] for one in stretched] == pytest.approx([0.0, 720.0])
    assert stretched[0][2] == pytest.approx(720.0)
    assert [one[1] for one in stretched] == pytest.approx([DAY, DAY])


# What does not repeat -------------------------------------------------------------------------------------------------


def test_no_doses_and_single_doses_give_none():
    assert found(mk.Regimen()) == []
    assert found(mk7()) == []
    assert found(mk7() + mk7(start="24 h")) == []


def test_irregular_intervals_give_none():
    rng = np.random.default_rng(1)
    starts = np.cumsum(rng.uniform(5, 50, 60))
    assert found(sum((mk7(start=f"{start:.4f} h") for start in starts), start=mk.Regimen())) == []


def test_irregular_amounts_give_none():
    amounts = np.random.default_rng(2).uniform(50, 500, 60)
    doses = (mk7(f"{amount:.4f} ug", start=f"{24 * day} h") for day, amount in enumerate(amounts))
    assert found(sum(doses, start=mk.Regimen())) == []


def test_periods_longer_than_four_weeks_give_none():
    assert found(mk7(every="29 d"), days=365) == []
    assert found(mk7(every="28 d"), days=365)[0][:2] == pytest.approx((0.0, 672.0))


def test_doses_that_people_miss_still_stand_in_the_schedule():
    # who takes what is no matter of the schedule; the engine steps every dose of those who miss some
    assert found(mk7(every="24 h") * mk.adherence(0.7)) == found(mk7(every="24 h"))


# Laws -----------------------------------------------------------------------------------------------------------------


@given(
    hours=st.lists(st.integers(0, 167), min_size=1, max_size=6, unique=True),
    start=st.integers(0, 400),
    weeks=st.integers(14, 20),
)
def test_any_weekly_pattern_repeats_at_least_weekly(hours, start, weeks):
    doses = sum((mk7(every="168 h", start=f"{start + hour} h") for hour in hours), start=mk.Regimen())
    stretched = found(doses, days=(start + weeks * WEEK) / 24)
    assert stretched
    inside = lambda at: any(begin - 1e-6 <= at < end for begin, _, end in stretched)
    # what the first stretches leave out is less than a week and a half of doses
    outside = [at for at in resolved(doses, (start + weeks * WEEK) / 24).time if not inside(at)]
    assert len(outside) <= 2 * len(hours)
    assert WEEK % stretched[-1][1] == pytest.approx(0.0, abs=1e-6)


@given(
    starts=st.lists(st.integers(0, 2000), min_size=1, max_size=30),
    every=st.sampled_from([6, 12, 24, 168]),
    stop=st.integers(1, 80),
)
def test_whatever_is_found_repeats(starts, every, stop):
    single = sum((mk7("90 ug", start=f"{start} h") for start in starts), start=mk.Regimen())
    found(single + mk7(every=f"{every} h", until=f"{stop} d"))
