"""Panels cover a window exactly, repeat from dose to dose, and are cut and halved without gaps."""

import inspect
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.solve.records import record

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.solve import _grid as grid
from menaquinone.solve import _panels as panels
from menaquinone.solve import program as tables
from menaquinone.solve._algebra import COUNTS
from menaquinone.solve._kinds import CLOSE, HOLD, IDLE, KEEP, LEAP, STEP
from menaquinone.solve.equations import LANES
from menaquinone.solve.program import Plan, Program, Raw, Table, Work
from menaquinone.solve.tableau import STAGES

ROOM = 4096
TIMES = st.lists(st.integers(1, 6000).map(lambda tenth: tenth / 10), max_size=12, unique=True).map(sorted)


def marks_of(level=0):
    return mk.Cascade(level=level).marks(1e-9)[0]


def laid(length, *, begin=0.0, clock=0.0, breaks=(), times=(), cuts=(), level=0, room=ROOM):
    """Lay the panels of one lane; return starts, widths and readings of the clock, or None without room."""
    shape = (1, room)
    count, plain = np.zeros((1, 1), np.int64), np.zeros(1, np.int64)
    raw = Raw(np.zeros(shape), np.zeros(shape), np.zeros(shape), count, plain, np.zeros(room))
    arrays = {name: np.array(value, float) for name, value in (("breaks", breaks), ("times", times), ("cuts", cuts))}
    marks = marks_of(level)
    named = {
        "begin": begin, "length": length, "clock": clock, **arrays, "b": 0, "b_end": len(breaks), "o": 0,
        "o_end": len(times), "c_end": len(cuts), "marks": marks, "m_end": len(marks), "raw": raw, "lane": 0, "n": 0,
    }  # fmt: skip
    n = grid.lay(*(named[name] for name in inspect.signature(grid.lay.py_func).parameters))
    return None if n < 0 else (raw.starts[0, :n], raw.widths[0, :n], raw.clocks[0, :n])


def assert_covers(starts, widths, left, right):
    ends = starts + widths
    assert starts[0] == left
    assert ends[-1] == pytest.approx(right, abs=1e-8)
    assert (widths > 0).all()
    assert starts[1:] == pytest.approx(ends[:-1], abs=1e-8)


@given(
    breaks=TIMES,
    times=TIMES,
    cuts=TIMES,
    left=st.sampled_from([0.0, 168.0, 1e4, 5e4]),
    since=st.floats(0, 400),
    level=st.integers(0, 3),
    length=st.sampled_from([0.5, 24.0, 168.0, 672.0, 8766.0]),
)
def test_panels_cover_exactly_and_every_boundary_is_an_edge(breaks, times, cuts, left, since, level, length):
    moved = [[left + one for one in part] for part in (breaks, times)]
    starts, widths, clock = laid(
        length, begin=left, clock=since, breaks=moved[0], times=moved[1], cuts=cuts, level=level
    )
    assert_covers(starts, widths, left, left + length)
    assert widths.max() <= grid.LONGEST + 1e-6
    assert (clock >= 0).all()
    for part in (*moved, [left + one for one in cuts]):
        for time in part:
            if left < time < left + length - 1e-6:
                assert np.abs(starts - time).min() <= 1e-9


def test_panels_are_short_after_a_disturbance_and_long_before_the_next():
    starts, widths, clock = laid(2000.0)
    marks = marks_of()
    assert (np.diff(widths[:-1]) >= 0).sum() >= len(widths) - 6
    assert widths[0] == marks[1]
    assert clock.tolist() == starts.tolist() == [one for one in marks if one < 2000.0]


def test_the_clock_goes_on_over_an_output_time_and_starts_again_at_a_break():
    starts, _, clock = laid(48.0, times=[10.0], breaks=[24.0])
    assert clock[starts == 10.0] == 10.0
    assert clock[starts == 24.0] == 0.0
    assert clock[starts == 25.0] == 1.0


def test_marks_repeat_long_after_a_disturbance():
    starts, widths, _ = laid(5 * grid.LONGEST, clock=grid.LONGEST)
    assert starts == pytest.approx(np.arange(5) * grid.LONGEST)
    assert widths == pytest.approx(np.full(5, grid.LONGEST))


@given(level=st.integers(0, 3), every=st.sampled_from([6.0, 8.0, 12.0, 24.0, 168.0]), first=st.sampled_from([0.0, 0.1]))
def test_daily_doses_repeat_their_panels_to_the_bit(level, every, first):
    bounds = first + np.arange(0, 10) * every
    starts, widths, _ = laid(9 * every, begin=first, breaks=bounds, level=level)
    per_dose = len(widths) // 9
    assert (widths.reshape(9, per_dose) == widths[:per_dose]).all()
    assert starts.reshape(9, per_dose)[:, 0] == pytest.approx(bounds[:-1], abs=1e-9)


@pytest.mark.parametrize("level", range(4))
def test_every_level_halves_every_panel(level):
    coarse, fine = marks_of(level), marks_of(level + 1)
    assert set(coarse.tolist()) <= set(fine.tolist())
    assert len(fine) == 2 * len(coarse) - 1
    assert (np.diff(fine) > 0).all()
    assert fine[1::2] == pytest.approx((coarse[1:] + coarse[:-1]) / 2)


def test_panels_that_do_not_fit_are_asked_for_again():
    assert laid(2000.0, room=4) is None
    assert laid(2000.0, room=len(laid(2000.0)[0])) is not None


@pytest.mark.parametrize("settings", [{"lanes": 8}, {"lanes": 1 << 20}, {"level": 9}, {"window": 0.0}, {"level": -1}])
def test_settings_that_no_run_could_have(settings):
    with pytest.raises(InputError, match=f"{next(iter(settings))}: got "):
        mk.Cascade(**settings)


@pytest.mark.accuracy
def test_finer_panels_change_no_more_than_the_tolerance():
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=["prothrombin"])
    doses, names = mk.dose("MK-7", "180 ug", every="24 h"), ["plasma_concentration", "uncarboxylated"]
    found = [
        mk.simulate(model, None, doses, times=[0, 1.3, 9, 40], outputs=names, engine=mk.Cascade(level=level))
        for level in (0, 1, 2)
    ]
    for other in found[1:]:
        for name in names:
            assert other[name].values == pytest.approx(found[0][name].values, rel=1e-6), name


# Side by side ---------------------------------------------------------------------------------------------------------


def side_by_side(lanes, *, kinds=None, room=512, spare=512):
    """Lay panels of up to sixteen lanes (length, breaks, cuts, level), step them side by side; return before, after.

    Of each lane a list of (start, width, clock).
    """
    shape = (LANES, room)
    raw = Raw(*np.zeros((3, *shape)), np.zeros((1, LANES), np.int64), np.zeros(1, np.int64), np.zeros(spare))
    kind = np.full(LANES, IDLE)
    kind[: len(lanes)] = STEP if kinds is None else kinds
    for lane, (length, breaks, cuts, level) in enumerate(lanes):
        found = laid(length, breaks=breaks, cuts=cuts, level=level)
        raw.laid[0, lane] = len(found[0])
        for into, part in zip(raw[:3], found, strict=True):
            into[lane, : len(part)] = part
    before = panels_of(raw)
    grid.keep_step(record(Plan, kind=kind, size=np.zeros(6, int)), raw)
    return before, panels_of(raw)


def panels_of(raw):
    return [
        list(zip(*(part[lane, :n].tolist() for part in raw[:3]), strict=True)) for lane, n in enumerate(raw.laid[0])
    ]


LAYOUT = st.tuples(st.lists(st.integers(1, 239).map(float), max_size=8, unique=True), st.integers(0, 3))
BREAKS = st.lists(st.integers(1, 9).map(lambda day: 24.0 * day), max_size=5, unique=True).map(sorted)


@given(breaks=BREAKS, layouts=st.lists(LAYOUT, min_size=1, max_size=16))
def test_lanes_with_the_same_breaks_come_to_each_side_by_side(breaks, layouts):
    before, after = side_by_side([(240.0, breaks, sorted(cuts), level) for cuts, level in layouts])
    many = len(layouts)
    assert len({len(one) for one in after[:many]}) == 1
    assert after[many:] == before[many:] == [[]] * (LANES - many)
    for old, new in zip(before[:many], after[:many], strict=True):
        assert [one for one in new if one[1] > 0.0] == old  # every panel is still there, in order
        following = [*new[1:], (240.0, 1.0, 0.0)]
        for (start, width, clock), (later, _, reading) in zip(new, following, strict=True):
            assert start + width == pytest.approx(later, abs=1e-8)
            if width == 0.0:  # what fills up stands before a break, or at the end
                assert clock != 0.0
                assert start in (*breaks, 240.0)
                assert reading == 0.0 or following[new.index((start, width, clock))][1] == 0.0
    starts = [[k for k, one in enumerate(new) if one[2] == 0.0] for new in after[:many]]
    assert all(one == starts[0] for one in starts)  # breaks stand side by side
    finest = [max(map(len, one)) for one in zip(*(split(old) for old in before[:many]), strict=True)]
    assert len(after[0]) == sum(finest)  # and nobody waits for longer than the finest takes


def split(panels):
    """Cut panels where the clock starts again."""
    edges = [k for k, one in enumerate(panels) if one[2] == 0.0 and k > 0]
    return [panels[first:last] for first, last in pairwise([0, *edges, len(panels)])]


@given(layouts=st.lists(LAYOUT, min_size=1, max_size=4), data=st.data())
def test_lanes_that_meet_unlike_breaks_stay_as_they_are(layouts, data):
    many = [data.draw(BREAKS) for _ in layouts]
    before, after = side_by_side([(240.0, b, sorted(c), level) for b, (c, level) in zip(many, layouts, strict=True)])
    if len({len(one) for one in many}) > 1:
        assert after == before


FINE_AND_COARSE = [(48.0, [24.0], [3.0, 5.0], 0), (48.0, [24.0], [30.0], 0)]


def test_a_lane_with_finer_panels_is_waited_for():
    before, after = side_by_side(FINE_AND_COARSE)
    assert [len(one) for one in before[:2]] != [len(one) for one in after[:2]]
    assert [len(part) for part in split(after[0])] == [len(part) for part in split(after[1])]
    assert [one[0] for one in after[1] if one[1] == 0.0] == [24.0] * (
        len(split(before[0])[0]) - len(split(before[1])[0])
    )


@pytest.mark.parametrize(
    "options", [{"kinds": [STEP, LEAP]}, {"kinds": [CLOSE, STEP]}, {"spare": 1}], ids=["leaping", "closing", "no room"]
)
def test_who_does_not_step_or_has_no_room_stays_as_laid(options):
    before, after = side_by_side(FINE_AND_COARSE, **options)
    assert after == before


def test_who_waits_neither_holds_up_nor_is_changed():
    before, after = side_by_side([*FINE_AND_COARSE, (48.0, [3.0, 9.0], [], 3)], kinds=[STEP, STEP, IDLE])
    assert after[2] == before[2]
    assert len(after[0]) == len(after[1])


# Propagators of panels that stand side by side ------------------------------------------------------------------------


class Rows:
    """The table of one member with one state, and what windows of panels make of it."""

    def __init__(self, rows, mixed):
        self.loss = np.full((1, 1, LANES), -0.1)
        size = 2 * STAGES * LANES
        self.table = Table(
            np.zeros((rows, LANES)), np.ones(LANES, np.int64), np.zeros(1, np.int64),
            np.full((rows + mixed + 1) * size, np.nan), np.zeros(1, np.int64), np.zeros(LANES), np.zeros(LANES),
            np.zeros((mixed, LANES), np.int64), np.zeros(1, np.int64), np.zeros((1, rows + mixed), np.uint8),
        )  # fmt: skip
        self.work = record(
            Work, scratch=np.full(100 * LANES, np.nan), top=np.zeros(1, int), whole=np.zeros((COUNTS + 1, LANES), int),
            steps=np.zeros(9, int),
        )  # fmt: skip

    def window(self, widths, kind=None, asked=KEEP):
        """Align panels (K, L) of a window and return what each keeps of a start at its end (K, L), and its place.

        Where HOLD is ``asked`` what it makes of a constant input instead.
        """
        K = len(widths)
        raw = record(
            Raw, starts=np.zeros((LANES, K)), widths=np.ascontiguousarray(widths.T), laid=np.full((1, LANES), K)
        )
        plan = record(
            Plan, size=np.array([1, K, 0, 0, 0, 0]), samples=np.ones(LANES, int),
            kind=np.full(LANES, STEP) if kind is None else kind,
            starts=np.zeros((K, LANES)), widths=np.zeros((K, LANES)), rows=np.zeros((K, LANES), int),
            place=np.zeros(K, int), padded=np.zeros(K, np.uint8),
        )  # fmt: skip
        if not grid.align(plan, raw, self.table):
            grid.forget(self.table)
            assert grid.align(plan, raw, self.table)
        stage = np.zeros((1, tables.COLUMNS), int)
        stage[0, tables.STATES] = stage[0, tables.MEMBERS] = 1
        program = record(Program, stage=stage, reach=np.ones(1, np.uint8))
        panels.refresh(self.table, 0, self.loss, 1, plan.kind)
        found = []
        for panel in range(K):
            at = panels._row(program, plan, self.table, self.work, 0, 0, panel, asked)
            end = at + (STAGES if asked == KEEP else 2 * STAGES) * LANES
            found.append(self.table.data[end - LANES : end].copy())
        assert (plan.padded == (widths == 0.0).any(axis=1)).all()
        return np.array(found), plan.place


def test_what_a_constant_input_leads_to_is_made_when_it_is_first_asked_for():
    held, widths = Rows(16, 4), np.full((2, LANES), 2.0)
    widths[1, :5] = 3.0
    kept, place = held.window(widths)
    assert place[0] > 0 > place[1] + 1  # lanes' own, and one put together
    found, _ = held.window(widths, asked=HOLD)
    assert found == pytest.approx(np.expm1(held.loss[0, 0] * widths) / held.loss[0, 0], rel=1e-12)
    again, _ = held.window(widths)
    assert (again == kept).all()
    assert held.table.fresh.max() == HOLD


WIDTHS = np.array([0.0, 0.0, 1.0, 2.0, 2.5, 4.0, 6.0, 9.0, 12.0])


@pytest.mark.accuracy
@given(
    seed=st.integers(0, 2**32 - 1), spare=st.integers(1, 6), mixed=st.integers(1, 6), many=st.integers(1, 6),
    windows=st.lists(st.sampled_from(["other panels", "other losses", "one lane", "same"]), min_size=2, max_size=8),
)  # fmt: skip
def test_every_panel_has_its_own_propagator_whatever_came_before(seed, spare, mixed, many, windows):
    rng, held = np.random.default_rng(seed), Rows(many + spare, mixed)
    widths = WIDTHS[rng.integers(0, len(WIDTHS), (many, 1))] * np.ones(LANES)
    for change in windows:
        if change == "other panels":  # most lanes together, some finer or waiting
            widths = WIDTHS[rng.integers(0, len(WIDTHS), (many, 1))] * np.ones(LANES)
            alone = rng.random((many, LANES)) < rng.choice([0.05, 0.5])
            widths = np.where(alone, WIDTHS[rng.integers(0, len(WIDTHS), (many, LANES))], widths)
        elif change == "one lane":
            widths = widths.copy()
            widths[:, rng.integers(LANES)] = WIDTHS[rng.integers(0, len(WIDTHS), many)]
        elif change == "other losses":
            held.loss = held.loss.copy()
            held.loss[..., rng.integers(LANES)] = -rng.uniform(0.01, 1)
        found, _ = held.window(widths)
        wide = widths > 0.0  # what a lane without width reads is not used
        assert found[wide] == pytest.approx(np.exp(held.loss[0, 0] * widths)[wide], rel=1e-12)


def test_who_stands_still_costs_nobody_the_table_and_is_made_anew_when_it_goes_on():
    held, widths, lane = Rows(16, 4), np.full((1, LANES), 2.0), np.arange(LANES)
    first, _ = held.window(widths)
    held.loss = held.loss.copy()
    held.loss[..., 3] = -0.7  # another year has begun for one
    still = np.where(lane == 3, IDLE, STEP)
    made = held.table.fresh.copy()
    again, _ = held.window(np.where(lane == 3, 0.0, widths), still)
    assert (again == first)[:, lane != 3].all()
    assert (held.table.fresh >= made).all()
    going, _ = held.window(widths)
    assert going == pytest.approx(np.exp(held.loss[0, 0] * widths), rel=1e-12)


def test_rows_put_together_are_made_again_for_other_coefficients():
    held, widths = Rows(16, 4), np.full((1, LANES), 2.0)
    widths[0, :5] = 3.0
    held.window(np.full((1, LANES), 2.0))
    held.window(np.full((1, LANES), 3.0))
    held.window(np.where(np.arange(LANES) < 5, 2.0, 3.0)[None])
    first, place = held.window(widths)
    assert (place < -1).all()  # lanes have the widths in rows of unlike number
    held.loss = 3.0 * held.loss
    again, place = held.window(widths)
    assert (place < -1).all()
    assert again == pytest.approx(first**3, rel=1e-12)


def test_rows_put_together_are_made_again_for_a_lane_that_had_no_width_then():
    held, lane, widths = Rows(16, 4), np.arange(LANES), np.full((2, LANES), 2.0)
    widths[1] = np.where(lane < 7, 2.0, 3.0)
    widths[1, -1] = 0.0
    found, place = held.window(widths)
    assert place[1] < -1
    assert found[:, :-1] == pytest.approx(np.exp(-0.1 * widths)[:, :-1], rel=1e-12)
    widths[1, -1] = 3.0  # now it has the width that its neighbours had, in the same row as they
    found, place = held.window(widths)
    assert place[1] < -1
    assert found == pytest.approx(np.exp(-0.1 * widths), rel=1e-12)


def test_rows_put_together_are_made_again_where_the_table_starts_afresh():
    held, some = Rows(3, 4), np.arange(LANES) < 5
    for short, long in ((2.0, 3.0), (4.0, 5.0)):  # there is room for two widths
        widths = np.stack([np.where(some, short, long), np.where(some, long, short), np.full(LANES, short)])
        found, place = held.window(widths)
        assert place.tolist() == [1, 2, -2]
        assert found == pytest.approx(np.exp(-0.1 * widths), rel=1e-12)


def test_lanes_without_width_do_not_keep_others_from_sharing_a_row():
    held, widths = Rows(16, 4), np.full((3, LANES), 2.0)
    widths[1, ::2], widths[2, 1:] = 0.0, 0.0
    _, place = held.window(widths)
    assert (place == place[0]).all()
    assert place[0] > 0
    assert held.table.many[0] == 0
