"""Single administrations and steady states: counts, order, resets, and closed forms of a one-compartment drug.

Amounts of a drug with first-order elimination are compared with a naive event loop, and steady states with a history
of the same doses that is long enough for its beginning to be forgotten.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.inputs.records import DoseRecord, Regimen, ResetRecord
from menaquinone.inputs.schedule import Schedule, expand

K_OUT = 0.15
HORIZON = 400.0


def dose(**cells) -> DoseRecord:
    return DoseRecord(**{"form": "K1", "molar_mass": 450.0, "amount": 100.0, "route": "iv"} | cells)


def regimen(*records) -> Regimen:
    return Regimen(tuple(records))


def entered(amount, rate, start, end, fraction, at):
    """Amount left at ``at`` of one administration that entered before it."""
    if not start < at:
        return 0.0
    if math.isnan(end):
        return fraction * amount * math.exp(-K_OUT * (at - start))
    end = min(end, at)
    return fraction * rate / K_OUT * (math.exp(-K_OUT * (at - end)) - math.exp(-K_OUT * (at - start)))


def fraction_of(given_with_dose):
    return 1.0 if math.isnan(given_with_dose) else given_with_dose


def orbit_amount(one) -> float:
    """Amount at the time of a steady state, summed over a history of 300 time constants."""
    total, fraction = 0.0, fraction_of(one.fraction)
    for past in range(1, int(300 / K_OUT / one.ii) + 2):
        start = one.phase - past * one.ii
        end = start + one.duration if one.duration else math.nan
        total += entered(one.amount, one.rate, start, end, fraction, 0.0)
    return total


def amount(schedule: Schedule, at: float) -> float:
    """Amount at a time by superposition: what an engine makes of a schedule, habitual diet aside."""
    wiped = max(
        [0.0, *(t for t in schedule.resets if t < at), *(s.time for s in schedule.steady if s.replace and s.time < at)]
    )
    total = sum(
        orbit_amount(one) * math.exp(-K_OUT * (at - steady.time))
        for steady in schedule.steady
        if wiped <= steady.time < at
        for one in steady.new
    )
    for i in range(len(schedule)):
        if schedule.start[i] >= wiped:
            total += entered(
                schedule.amount[i], schedule.rate[i], schedule.start[i], schedule.end[i],
                fraction_of(schedule.fraction[i]), at,
            )  # fmt: skip
    return total


def stepped(records, times):
    """Amounts at times by a naive loop over events in the specified order: ends, observation, reset, doses."""
    waiting = []
    for one in records:
        if isinstance(one, DoseRecord):
            for number in range(one.doses):
                start = one.time + number * one.every + one.lag
                waiting.append((start, one))
    resets = {one.time for one in records if isinstance(one, ResetRecord)}
    moments = sorted({0.0, *times, *resets, *(start for start, _ in waiting), *(s + o.infused for s, o in waiting)})
    level, running, now, seen = 0.0, [], 0.0, {}
    for moment in moments:
        rate = sum(rate for _, rate in running)
        decay = math.exp(-K_OUT * (moment - now))
        level, now = level * decay + rate / K_OUT * (1 - decay), moment
        running = [(end, rate) for end, rate in running if end > moment]
        if moment in times:
            seen[moment] = level
        if moment in resets:
            level, running = 0.0, []
            waiting = [(start, one) for start, one in waiting if one.time >= moment or start < moment]
        for start, one in waiting:
            if start == moment:
                enters = one.amount * (1.0 if one.bioavailability is None else one.bioavailability)
                if one.infused:
                    running.append((start + one.infused, enters / one.infused))
                else:
                    level += enters
    return [seen[time] for time in times]


quarters = st.integers(0, 200).map(lambda n: n / 4)
records = st.lists(
    st.builds(ResetRecord, quarters)
    | st.builds(
        dose,
        time=quarters,
        every=st.integers(1, 60).map(lambda n: n / 4),
        doses=st.integers(1, 8),
        amount=st.sampled_from([0.0, 50.0, 100.0]),
        lag=st.sampled_from([0.0, 0.25, 3.0, 20.0]),
        duration=st.sampled_from([0.0, 0.5, 4.0, 30.0]),
        bioavailability=st.sampled_from([None, 0.25]),
    )
    | st.builds(
        dose,
        time=quarters,
        rate=st.sampled_from([20.0, 50.0, 400.0]),
        bioavailability=st.sampled_from([None, 0.5]),
    ),
    max_size=5,
)


@settings(max_examples=max(200, settings().max_examples))
@given(records, st.lists(quarters, min_size=1, max_size=6, unique=True))
def test_doses_lags_infusions_and_resets_agree_with_a_naive_event_loop(several, times):
    schedule = expand(regimen(*several), HORIZON)
    assert [amount(schedule, at) for at in times] == pytest.approx(stepped(several, times), rel=1e-9, abs=1e-12)


@given(records, st.permutations(range(5)))
def test_the_order_of_records_does_not_change_what_is_given(several, order):
    shuffled = [several[place] for place in order if place < len(several)]
    one, other = expand(regimen(*several), HORIZON), expand(regimen(*shuffled), HORIZON)

    def content(schedule):
        columns = (schedule.given, schedule.start, schedule.end, schedule.amount, schedule.rate, schedule.fraction)
        return sorted(map(repr, zip(*(column.tolist() for column in columns), strict=True)))

    assert content(one) == content(other)
    assert one.resets.tolist() == other.resets.tolist()


@given(records)
def test_entries_are_in_order_and_inside_the_run(several):
    schedule = expand(regimen(*several), 60.0)
    assert (np.diff(schedule.start) >= 0).all()
    assert (schedule.start < 60).all()
    assert (schedule.start >= schedule.given).all()
    infused = ~np.isnan(schedule.end)
    assert (schedule.end[infused] > schedule.start[infused]).all()
    assert ((schedule.rate > 0) <= infused).all()


@given(every=st.integers(1, 50), doses=st.integers(1, 40), time=st.integers(0, 100), horizon=st.integers(0, 500))
def test_as_many_doses_as_fit(every, doses, time, horizon):
    schedule = expand(regimen(dose(time=time, every=every, doses=doses)), float(horizon))
    expected = [time + n * every for n in range(doses) if time + n * every < horizon]
    assert schedule.given.tolist() == expected
    assert schedule.number.tolist() == list(range(len(expected)))
    assert expand(regimen(dose(time=time, every=every, doses=None)), float(horizon)).given.tolist() == [
        moment for moment in range(time, horizon, every) if moment < horizon
    ]


@pytest.mark.parametrize("lag", [0.0, 5.0, 8.0, 12.0, 30.0])
@pytest.mark.parametrize("given_as", [{}, {"duration": 2.0}, {"duration": 8.0}, {"duration": 20.0}, {"rate": 40.0}])
@pytest.mark.parametrize("steady", [1, 2])
@pytest.mark.parametrize("fraction", [None, 0.5])
def test_a_steady_state_is_the_same_dosing_for_ever(lag, given_as, steady, fraction):
    every, time = 8.0, 16.0
    one = dose(time=time, every=every, doses=4, lag=lag, steady=steady, bioavailability=fraction, **given_as)
    schedule = expand(regimen(one), HORIZON)
    past = [dose(time=0.0, every=every, doses=304, lag=lag, bioavailability=fraction, **given_as)]
    at = np.array([16.25, 18.0, 20.0, 24.0, 31.0, 48.0, 55.0, 90.0])
    long_ago = stepped(past, list(at + 300 * every - time))
    assert [amount(schedule, moment) for moment in at] == pytest.approx(long_ago, rel=1e-9)


@pytest.mark.parametrize("lag", [0.0, 30.0])
def test_a_second_steady_state_is_added_to_the_first(lag):
    morning = dose(time=0.0, every=24.0, doses=10, steady=1, lag=lag, amount=100.0)
    evening = dose(time=10.0, every=24.0, doses=10, steady=2, duration=3.0, amount=40.0)
    schedule = expand(regimen(morning, evening), HORIZON)
    both = [dose(every=24.0, doses=200, lag=lag), dose(time=10.0, every=24.0, doses=200, duration=3.0, amount=40.0)]
    at = np.array([10.5, 12.0, 24.0, 26.0, 60.0])
    assert [amount(schedule, one) for one in at] == pytest.approx(stepped(both, list(at + 150 * 24)), rel=1e-9)
    first, second = schedule.steady
    assert (first.time, first.replace, len(first.new), len(first.orbit)) == (0, True, 1, 1)
    assert (second.time, second.replace, len(second.new), len(second.orbit), second.period) == (10, False, 1, 2, 24)
    assert [one.phase for one in second.orbit] == [0, (lag - 10) % 24]


def test_earlier_steady_dosing_belongs_to_the_orbit_only_while_it_goes_on():
    def orbit(*earlier):
        late = dose(time=48.0, every=24.0, steady=2)
        return [len(one.orbit) for one in expand(regimen(*earlier, late), HORIZON).steady if one.time == 48]

    assert orbit(dose(every=24.0, doses=2, steady=2)) == [1]
    assert orbit(dose(every=24.0, doses=3, steady=2)) == [2]
    assert orbit(dose(every=24.0, doses=None, steady=2)) == [2]
    assert orbit(dose(every=24.0, doses=None, steady=2), ResetRecord(48.0)) == [1]
    assert orbit(dose(every=24.0, doses=None, steady=2), dose(time=30.0, every=12.0, doses=None, steady=1)) == [2]


def test_steady_states_at_one_time_act_together():
    one, other = dose(every=12.0, steady=1), dose(every=18.0, steady=2, form="MK-4", lag=3.0)
    for several in ((one, other), (other, one)):
        (steady,) = expand(regimen(*several), HORIZON).steady
        assert (steady.replace, steady.period) == (True, 36)
        assert {(dose.form, dose.phase) for dose in steady.new} == {("K1", 0), ("MK-4", 3)}


def test_a_steady_state_of_its_own_cancels_what_is_on_the_way():
    before = dose(time=0.0, every=24.0, doses=10, lag=30.0), dose(time=5.0, duration=100.0)
    schedule = expand(regimen(*before, dose(time=50.0, every=24.0, steady=1)), HORIZON)
    assert schedule.start.tolist() == [5, 30, 50]
    assert schedule.end.tolist()[0] == 50
    assert schedule.amount[0] == 100
    assert schedule.rate[0] == 1


def test_the_steady_state_of_an_endless_infusion_gives_nothing_more():
    endless = dose(amount=0.0, rate=30.0, time=4.0, steady=1)
    schedule = expand(regimen(endless), HORIZON)
    (steady,) = schedule.steady
    assert len(schedule) == 0
    assert (steady.period, steady.new[0].ii, steady.new[0].duration, steady.new[0].rate) == (24, 24, 24, 30)
    assert orbit_amount(steady.new[0]) == pytest.approx(30 / K_OUT, rel=1e-9)
    assert amount(schedule, 6.0) == pytest.approx(30 / K_OUT * math.exp(-K_OUT * 2), rel=1e-9)
    (halved,) = expand(regimen(dose(amount=0.0, rate=30.0, steady=1, bioavailability=0.5)), HORIZON).steady
    assert orbit_amount(halved.new[0]) == pytest.approx(30 / K_OUT, rel=1e-9)
    (mixed,) = expand(regimen(endless, dose(time=4.0, every=11.3, steady=1)), HORIZON).steady
    assert mixed.period == 11.3


@pytest.mark.parametrize(
    ("intervals", "period"),
    [((24.0,), 24.0), ((24.0, 36.0), 72.0), ((24.0, 168.0), 168.0), ((8.0, 12.0, 168.0), 168.0), ((1 / 3, 0.5), 1.0)],
)
def test_the_period_of_a_steady_state_is_common_to_its_doses(intervals, period):
    (steady,) = expand(regimen(*(dose(every=one, steady=2) for one in intervals)), HORIZON).steady
    assert steady.period == pytest.approx(period, rel=1e-15)


@pytest.mark.parametrize(
    ("intervals", "shown"),
    [((24.0, 24.001), "24 h, 24.001 h"), ((math.pi, 24.0), "3.14159265359 h, 24 h"), ((9000.0,), "9000 h")],
)
def test_a_steady_state_without_a_common_period_is_refused(intervals, shown):
    with pytest.raises(InputError) as error:
        expand(regimen(*(dose(time=5.0, every=one, steady=2) for one in intervals)), HORIZON)
    assert str(error.value) == (
        f"steady state at 5 h: got intervals of {shown}, expected ones with a common period of at most 52 weeks."
    )


@pytest.mark.parametrize("horizon", [-1.0, math.nan, math.inf])
def test_a_run_has_an_end(horizon):
    with pytest.raises(InputError) as error:
        expand(Regimen(), horizon)
    assert str(error.value) == f"horizon: got {horizon}, expected a time of at least 0 in h."


def test_doses_before_a_steady_state_are_marked_and_always_taken():
    schedule = expand(
        mk.dose("MK-7", "90 ug", every="8 h", lag="20 h", steady_state=True, until="1 d") * mk.adherence(0.5), 60.0
    )
    assert schedule.number.tolist() == [-2, -1, 0, 1, 2]
    assert schedule.given.tolist() == [-16, -8, 0, 8, 16]
    assert schedule.start.tolist() == [4, 12, 20, 28, 36]
    assert schedule.adherence.tolist() == [1, 1, 0.5, 0.5, 0.5]


def test_an_infusion_found_running_starts_at_the_steady_state():
    schedule = expand(regimen(dose(time=10.0, every=8.0, duration=20.0, steady=2)), HORIZON)
    assert schedule.given.tolist() == [-6, 2, 10]
    assert schedule.start.tolist() == [10, 10, 10]
    assert schedule.end.tolist() == [14, 22, 30]
    assert schedule.rate.tolist() == [5, 5, 5]
    assert schedule.amount.tolist() == [100, 100, 100]


def test_a_reset_cuts_earlier_records_and_spares_those_of_its_time():
    early = dose(time=0.0, every=6.0, doses=10, lag=4.0, duration=5.0)
    same = dose(time=20.0, every=6.0, doses=2, lag=4.0)
    schedule = expand(regimen(early, ResetRecord(20.0), same), HORIZON)
    assert schedule.start.tolist() == [4, 10, 16, 24, 30]
    assert schedule.end.tolist()[:3] == [9, 15, 20]
    assert schedule.record.tolist() == [0, 0, 0, 2, 2]
    assert schedule.resets.tolist() == [20]


def test_a_dose_that_would_enter_at_the_very_time_of_a_reset_is_cancelled():
    assert len(expand(regimen(dose(time=0.0, lag=5.0), ResetRecord(5.0)), HORIZON)) == 0


def test_a_rate_is_kept_whatever_the_bioavailability_given_with_the_dose():
    schedule = expand(regimen(dose(rate=10.0, bioavailability=0.5)), HORIZON)
    assert (schedule.end[0], schedule.rate[0] * schedule.fraction[0]) == (5, 10)
    plain = expand(regimen(dose(rate=10.0)), HORIZON)
    assert (plain.end[0], plain.rate[0]) == (10, 10)
    kept = expand(regimen(dose(duration=10.0, bioavailability=0.5)), HORIZON)
    assert (kept.end[0], kept.rate[0] * kept.fraction[0]) == (10, 5)
    nothing = expand(regimen(dose(rate=10.0, bioavailability=0.0)), HORIZON)
    assert (nothing.rate[0], nothing.fraction[0]) == (0, 0)


def test_unspecified_is_nan_or_empty_and_arrays_are_frozen():
    schedule = expand(regimen(dose(), dose(fat=20.0, formulation="nano", time=1.0)), HORIZON)
    assert np.isnan(schedule.fraction).all()
    assert np.isnan(schedule.fat).tolist() == [True, False]
    assert schedule.formulation == ("", "nano")
    assert (schedule.form, schedule.route) == (("K1", "K1"), ("iv", "iv"))
    with pytest.raises(ValueError, match="read-only"):
        schedule.given[0] = 1.0


def test_nothing_prescribed_is_an_empty_schedule():
    schedule = expand(Regimen(), 0.0)
    assert (len(schedule), len(schedule.resets), schedule.steady, schedule.form) == (0, 0, (), ())
    only_resets = expand(regimen(ResetRecord(3.0), ResetRecord(1.0), ResetRecord(3.0), ResetRecord(50.0)), 50.0)
    assert only_resets.resets.tolist() == [1, 3]


def test_a_reset_also_cancels_what_a_steady_state_found_on_the_way():
    late = dose(time=10.0, every=8.0, lag=20.0, steady=2, doses=3)
    assert expand(regimen(late), HORIZON).start.tolist() == [14, 22, 30, 38, 46]
    assert expand(regimen(late, ResetRecord(15.0)), HORIZON).start.tolist() == [14]
    long = dose(time=10.0, every=8.0, duration=20.0, steady=2)
    assert expand(regimen(long, ResetRecord(15.0)), HORIZON).end.tolist() == [14, 15, 15]
    assert len(expand(regimen(long, ResetRecord(10.0)), HORIZON)) == 3


def test_what_enters_at_the_horizon_is_left_out():
    assert len(expand(regimen(dose(time=10.0)), 10.0)) == 0
    assert len(expand(regimen(dose(time=5.0, lag=5.0)), 10.0)) == 0
    assert expand(regimen(dose(time=10.0, every=6.0, lag=12.0, steady=1), ResetRecord(10.0)), 10.0).steady == ()
