"""Panels cover a window exactly, repeat from dose to dose, and are cut and halved without gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.solve import grid

TIMES = st.lists(st.integers(1, 6000).map(lambda tenth: tenth / 10), min_size=1, max_size=12, unique=True)


def assert_covers(starts, widths, left, right):
    ends = starts + widths
    assert starts[0] == left
    assert ends[-1] == pytest.approx(right, abs=1e-8)
    assert (widths > 0).all()
    assert starts[1:] == pytest.approx(ends[:-1], abs=1e-8)


@given(
    inner=TIMES,
    left=st.sampled_from([0.0, 168.0, 1e4]),
    since=st.floats(0, 400),
    level=st.integers(0, 3),
    data=st.data(),
)
def test_panels_cover_exactly_and_every_boundary_is_an_edge(inner, left, since, level, data):
    bounds = left + np.array([0.0, *sorted(inner)])
    disturbed = np.array(data.draw(st.lists(st.booleans(), min_size=len(bounds), max_size=len(bounds))))
    starts, widths, clock = grid.panels(bounds, disturbed, since, grid.marks(level))
    assert_covers(starts, widths, bounds[0], bounds[-1])
    assert set(bounds[:-1].tolist()) <= set(starts.tolist())  # to the bit
    assert widths.max() <= grid.LONGEST + 1e-6
    assert len(clock) == len(starts)
    assert (clock >= 0).all()


def test_panels_are_short_after_a_disturbance_and_long_before_the_next():
    _, widths, clock = grid.panels(np.array([0.0, 2000.0]), np.array([True, False]), 0.0, grid.marks(0))
    assert (np.diff(widths[:-1]) >= 0).all()
    assert widths[0] == grid.marks(0)[1]
    assert widths.max() == grid.LONGEST
    assert clock[:3].tolist() == list(grid.marks(0)[:3])


@given(level=st.integers(0, 3), every=st.sampled_from([6.0, 12.0, 24.0, 168.0]))
def test_daily_doses_repeat_their_panels(level, every):
    bounds = np.arange(0, 10) * every
    starts, widths, _ = grid.panels(bounds, np.ones(10, bool), 0.0, grid.marks(level))
    per_dose = len(widths) // 9
    assert (widths.reshape(9, per_dose) == widths[:per_dose]).all()
    assert starts.reshape(9, per_dose)[:, 0].tolist() == bounds[:-1].tolist()


@pytest.mark.parametrize("level", range(4))
def test_every_level_halves_every_panel(level):
    coarse, fine = grid.marks(level), grid.marks(level + 1)
    assert set(coarse) <= set(fine)
    assert len(fine) == 2 * len(coarse) - 1
    assert list(fine) == sorted(fine)


@given(widths=st.lists(st.integers(1, 64).map(float), min_size=1, max_size=20), data=st.data())
def test_halving_splits_the_bad_panels_and_no_other(widths, data):
    bad = np.array(data.draw(st.lists(st.booleans(), min_size=len(widths), max_size=len(widths))))
    wide = np.array(widths)
    starts = np.concatenate([[0.0], np.cumsum(wide)[:-1]])
    fine_starts, fine_widths = grid.halved(starts, wide, bad)
    assert len(fine_starts) == len(widths) + bad.sum()
    assert_covers(fine_starts, fine_widths, 0.0, wide.sum())
    assert set(starts.tolist()) <= set(fine_starts.tolist())
    assert set((starts + wide / 2)[bad].tolist()) <= set(fine_starts.tolist())


@given(at=st.lists(st.floats(0, 40), min_size=1, max_size=5))
def test_cutting_keeps_the_cover_and_puts_an_edge_at_every_time(at):
    starts, widths = np.array([0.0, 8.0, 24.0]), np.array([8.0, 16.0, 16.0])
    new_starts, new_widths = grid.cut(starts, widths, np.array(at))
    assert_covers(new_starts, new_widths, 0.0, 40.0)
    assert {time for time in at if time < 40.0} <= set(new_starts.tolist())


def test_cutting_at_an_edge_or_outside_changes_nothing():
    starts, widths = np.array([0.0, 8.0]), np.array([8.0, 16.0])
    for time in (0.0, 8.0, 24.0, 30.0):
        got = grid.cut(starts, widths, np.array([time]))
        assert [one.tolist() for one in got] == [starts.tolist(), widths.tolist()]


def test_bad_panels_between_marks_are_learned_and_others_are_not():
    laid = (0.0, 4.0, 8.0, grid.LONGEST)
    clock, widths = np.array([0.0, 4.0, 8.0, 20.0]), np.array([4.0, 4.0, 12.0, 300.0])
    assert grid.learned(laid, clock, widths, np.array([False, True, False, False])) == (
        0.0,
        4.0,
        6.0,
        8.0,
        grid.LONGEST,
    )
    assert grid.learned(laid, clock, widths, np.array([True, False, False, False])) == (
        0.0,
        2.0,
        4.0,
        8.0,
        grid.LONGEST,
    )
    # panels that end at a dose or at an output time say nothing about the marks
    assert grid.learned(laid, clock, widths, np.array([False, False, True, True])) == laid
    assert grid.learned(laid, clock, widths, np.zeros(4, bool)) == laid
