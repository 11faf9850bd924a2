"""Settings of the cascade: what a tolerance begins with, and how many people go together."""

from itertools import pairwise
from threading import Lock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.inputs.doses import prescribed
from menaquinone.solve import cascade
from menaquinone.solve.asked import asked
from menaquinone.solve.build import Built
from menaquinone.solve.solution import Stop
from menaquinone.solve.streams import aligned

TOLERANCES = np.geomspace(1e-10, 1e-2, 60)


def test_a_tighter_tolerance_never_begins_with_less():
    engine = mk.Cascade()
    for tight, loose in pairwise(TOLERANCES):
        assert engine.samples(tight) >= engine.samples(loose)
        for fine, coarse in zip(engine.marks(tight), engine.marks(loose), strict=True):  # after slow and quick doses
            assert np.isfinite(fine).sum() >= np.isfinite(coarse).sum()


@given(level=st.integers(0, 3), rtol=st.sampled_from(TOLERANCES))
def test_marks_rise_and_every_level_halves_each_panel(level, rtol):
    for rows in zip(*(mk.Cascade(level=one).marks(rtol) for one in (level, level + 1)), strict=True):
        marks, finer = (row[np.isfinite(row)] for row in rows)
        assert np.isinf(rows[0][len(marks) :]).all()  # what is filled up stands behind
        assert (np.diff(finer) > 0).all()
        assert np.array_equal(finer[::2], marks)
        assert np.allclose(finer[1::2], (marks[1:] + marks[:-1]) / 2)


@given(lanes=st.integers(1, 512), cells=st.integers(0, 10**8), more=st.integers(0, 10**6))
def test_people_who_go_together_are_whole_tiles_and_as_few_as_memory_asks(lanes, cells, more):
    engine = mk.Cascade(lanes=16 * lanes)
    together = engine.together(cells)
    assert together % 16 == 0
    assert 16 <= together <= engine.lanes
    assert together == 16 or together * cells <= 2**23
    assert engine.together(cells + more) <= together


MODEL = mk.models.vitamin_k()
PEOPLE = mk.population("postmenopausal", 80, rng=7)
REGIMENS = {
    "daily": mk.dose("MK-7", "180 ug", every="24 h"),
    "steady": mk.dose("MK-7", "180 ug", every="24 h", steady_state=True),
    "infused, missed": mk.dose("MK-7", "90 ug", every="36 h", duration="30 h", lag="10 h") * mk.adherence(0.7),
}


def found(people, regimen, **options):
    result = mk.simulate(MODEL, people, regimen, times="0:49:7 d", rtol=1e-3, **options)
    return {name: result[name].values for name in MODEL.outputs}


@pytest.mark.parametrize("name", REGIMENS)
def test_who_was_solved_before_and_who_is_put_into_arrays_together_shows_in_nobody(name):
    whole = found(PEOPLE, REGIMENS[name], workers=1)
    for options in ({"workers": 2}, {"workers": 3, "engine": mk.Cascade(lanes=16)}, {"engine": mk.Cascade(lanes=64)}):
        other = found(PEOPLE, REGIMENS[name], **options)
        for output in MODEL.outputs:
            assert other[output].tobytes() == whole[output].tobytes(), output
    for one in (0, 37, 46, 79):
        alone = found(PEOPLE.select(one), REGIMENS[name])
        for output in MODEL.outputs:
            assert alone[output].tobytes() == whole[output][one : one + 1].tobytes(), output


def test_scratch_is_that_of_the_same_model_and_marks():
    run = asked(MODEL, PEOPLE, times=[0, 7], outputs=["plasma_concentration"])
    one = Built(aligned(run, *prescribed(None, PEOPLE.ids)), run.wanted).program
    other = Built(aligned(run, *prescribed(None, PEOPLE.ids)), ("dp_ucmgp",)).program
    spare, few, many = cascade._Spare(), mk.Cascade().marks(1e-2), mk.Cascade().marks(1e-9)
    first = spare.taken(one, few)
    assert spare.taken(one, few) is not first  # another thread has it
    spare.left([first])
    assert spare.taken(other, few) is not first
    assert spare.taken(one, many) is not first
    assert spare.taken(one, few) is first
    spare.left([cascade._Scratch(first.space, len(few)) for _ in range(100)])
    assert len(spare._held) == cascade._MOST_SPARE


@given(st.integers(1, 50_000), st.integers(1, 400))
def test_people_are_cut_into_blocks_of_whole_tiles_that_grow(n, tiles):
    width = tiles * cascade.LANES
    cuts = cascade._cuts(n, width)
    assert (cuts[0], cuts[-1]) == (0, n)
    assert all(cut % cascade.LANES == 0 for cut in cuts[:-1])
    sizes = [last - first for first, last in pairwise(cuts)]
    assert all(0 < size <= width for size in sizes)
    assert 0 < sizes[0] <= max(width // 16, cascade.LANES)
    for before, after in pairwise(sizes[:-1]):  # the last takes what is left
        assert before <= after <= 8 * before
    if len(sizes) > 3:
        assert sizes[2] == width


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
@pytest.mark.parametrize("n", [1, 16, 17, 100])
def test_every_tile_is_solved_by_one_thread(n, workers, monkeypatch):
    solved, solve = [], cascade._Runner._solve

    def counted(self, *arguments):
        solved.append(solve(self, *arguments))
        return solved[-1]

    monkeypatch.setattr(cascade._Runner, "_solve", counted)
    people = mk.population("postmenopausal", n, rng=7)
    told = asked(MODEL, people, times=[7], outputs=["dp_ucmgp"], engine=mk.Cascade(lanes=64))
    problem = aligned(told, *prescribed(None, people.ids))
    pieces = list(told.engine.pieces(problem, told.wanted, workers=workers, progress=None))
    assert sum(solved) == -(-n // 16)
    assert sorted(np.concatenate([piece.subjects for piece in pieces]).tolist()) == list(range(n))


def test_whoever_is_stopped_leaves_the_rest():
    told = asked(MODEL, PEOPLE, times=[7], outputs=["dp_ucmgp"])
    problem = aligned(told, *prescribed(None, PEOPLE.ids))
    problem.prepare()
    runner, stopped = cascade._Runner(told.engine, problem, told.wanted), Stop()
    first, second = (cascade._Block(runner, np.arange(48), Lock()) for _ in range(2))
    assert len(runner(first, stopped).subjects) == 48
    assert first.solved == 48
    second.make()
    made = second.made
    stopped.set()
    assert runner(second, stopped) is None
    assert runner._solve(made, second.counted, stopped) == 0
    assert second.solved == 0
