"""Panels cover a window exactly, repeat from dose to dose, and are cut and halved without gaps."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.solve import _grid as grid
from menaquinone.solve.program import Raw

ROOM = 4096
TIMES = st.lists(st.integers(1, 6000).map(lambda tenth: tenth / 10), max_size=12, unique=True).map(sorted)


def marks_of(level=0):
    return mk.Cascade(level=level).marks(1e-9)


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
