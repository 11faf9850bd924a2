"""Who gets which schedule and takes which doses: nothing depends on the batch."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.inputs.doses import doses_for
from menaquinone.inputs.regimen import Regimen

DAILY = mk.dose("MK-7", "180 ug", every="24 h")
PATCHY = DAILY * mk.adherence(0.8) + mk.dose("K1", "1 mg", every="7 d", start="12 h") * mk.adherence(0.3)
WEEK = 7 * 24.0


def test_one_regimen_for_all_is_one_schedule():
    doses = doses_for(DAILY, np.arange(100_000), 1, 365 * 24.0)
    assert len(doses.schedules) == 1
    assert doses.which.tolist() == [0] * 100_000
    assert doses.taken_for(0) is None


def test_each_dose_is_taken_with_its_probability():
    doses = doses_for(PATCHY, np.arange(20_000), 1, WEEK)
    taken, record = doses.taken_for(0), doses.schedules[0].record
    assert taken.shape == (20_000, 8)
    assert taken[:, record == 0].mean(axis=0) == pytest.approx(np.full(7, 0.8), abs=0.015)
    assert taken[:, record == 1].mean() == pytest.approx(0.3, abs=0.015)
    assert abs(np.corrcoef(taken[:, 0], taken[:, 2])[0, 1]) < 0.03


@pytest.mark.parametrize(("probability", "share"), [(0, 0), (1, 1)])
def test_never_and_always(probability, share):
    taken = doses_for(DAILY * mk.adherence(probability), np.arange(50), 1, WEEK).taken_for(0)
    assert share == (1 if taken is None else taken.mean())


@given(
    seed=st.integers(0, 2**64 - 1),
    ids=st.lists(st.integers(0, 10**12), min_size=1, max_size=30, unique=True),
    data=st.data(),
)
def test_a_person_takes_the_same_doses_alone_and_in_any_batch(seed, ids, data):
    shuffled = data.draw(st.permutations(ids))
    regimens = {one: PATCHY if one % 2 else DAILY * mk.adherence(0.5) for one in ids}
    everyone = doses_for(regimens, shuffled, seed, WEEK)
    for place, one in enumerate(shuffled):
        alone = doses_for(regimens[one], [one], seed, WEEK)
        schedule = everyone.which[place]
        row = everyone.subjects(schedule).tolist().index(place)
        assert everyone.taken_for(schedule)[row].tolist() == alone.taken_for(0)[0].tolist()
        assert everyone.schedules[schedule].start.tolist() == alone.schedules[0].start.tolist()


def test_many_doses_are_drawn_in_blocks_with_the_same_result():
    together = doses_for(PATCHY, np.arange(3000), 5, 100 * 24.0).taken_for(0)
    apart = [doses_for(PATCHY, [one], 5, 100 * 24.0).taken_for(0)[0] for one in (0, 1, 1310, 1311, 2999)]
    assert (together[[0, 1, 1310, 1311, 2999]] == np.array(apart)).all()


def test_a_longer_run_does_not_change_the_doses_taken_before():
    short = doses_for(PATCHY, np.arange(40), 5, WEEK).taken_for(0)
    long = doses_for(PATCHY, np.arange(40), 5, 3 * WEEK).taken_for(0)
    assert (long[:, :8] == short).all()


def test_equal_regimens_share_a_schedule():
    again = mk.dose("MK-7", "0.18 mg", every="1 d")
    doses = doses_for([DAILY, PATCHY, again, DAILY], [5, 6, 7, 8], 1, WEEK)
    assert doses.which.tolist() == [0, 1, 0, 0]
    assert len(doses.schedules) == 2
    assert doses.taken_for(0) is None
    assert doses.taken_for(1).shape == (1, 8)
    assert doses.subjects(0).tolist() == [0, 2, 3]


def test_a_mapping_may_name_more_people_than_are_here():
    doses = doses_for({1: DAILY, 2: PATCHY, 3: Regimen()}, [3, 1], 1, WEEK)
    assert [len(doses.schedules[one]) for one in doses.which] == [0, 7]


def test_no_regimen_is_no_doses():
    doses = doses_for(None, [1, 2], 1, WEEK)
    assert [len(one) for one in doses.schedules] == [0]


def test_what_is_handed_out_can_be_pickled():
    doses = doses_for(PATCHY, [1, 2], 1, WEEK)
    again = pickle.loads(pickle.dumps(doses))
    assert (again.taken_for(0) == doses.taken_for(0)).all()
    assert again.schedules[0].form == doses.schedules[0].form


@pytest.mark.parametrize(
    ("regimen", "message"),
    [
        ({1: DAILY}, "regimens: got none for subject 2, expected one for every subject."),
        ([DAILY], "regimens: got a sequence of 1, expected one for each of 2 subjects."),
        (
            [DAILY, "daily"],
            "regimen of a subject: got 'daily', expected a regimen such as mk.dose('MK-7', '180 ug', every='24 h').",
        ),
        (5, "regimen: got 5, expected a regimen such as mk.dose('MK-7', '180 ug', every='24 h')."),
    ],
)
def test_what_is_no_regimen_is_refused(regimen, message):
    with pytest.raises(InputError) as error:
        doses_for(regimen, [1, 2], 1, WEEK)
    assert str(error.value) == message
