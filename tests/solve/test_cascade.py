"""Settings of the cascade: what a tolerance begins with, and how many people go together."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk

TOLERANCES = np.geomspace(1e-10, 1e-2, 60)


def test_a_tighter_tolerance_never_begins_with_less():
    engine = mk.Cascade()
    for tight, loose in pairwise(TOLERANCES):
        assert engine.samples(tight) >= engine.samples(loose)
        assert len(engine.marks(tight)) >= len(engine.marks(loose))


@given(level=st.integers(0, 3), rtol=st.sampled_from(TOLERANCES))
def test_marks_rise_and_every_level_halves_each_panel(level, rtol):
    marks, finer = (mk.Cascade(level=one).marks(rtol) for one in (level, level + 1))
    assert (np.diff(finer) > 0).all()
    assert np.array_equal(finer[::2], marks)
    assert np.allclose(finer[1::2], (marks[1:] + marks[:-1]) / 2)


@given(
    lanes=st.integers(1, 512), n=st.integers(1, 10**6), workers=st.integers(1, 64), cells=st.integers(0, 10**8),
    more=st.integers(0, 10**6),
)  # fmt: skip
def test_people_who_go_together_are_whole_tiles_and_as_few_as_memory_asks(lanes, n, workers, cells, more):
    engine = mk.Cascade(lanes=16 * lanes)
    together = engine.together(n, workers, cells)
    assert together % 16 == 0
    assert 16 <= together <= engine.lanes
    assert together == 16 or together * cells <= 2**23
    assert engine.together(n, workers, cells + more) <= together <= engine.together(n + more, workers, cells)


def test_every_worker_has_a_few_blocks():
    assert mk.Cascade().together(10_000, 2, 100) == 1264
    assert mk.Cascade(lanes=16).together(10_000, 2, 100) == 16
