"""Doses on their way and states, as arrays."""

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.solve.handed import Flights, Handed, fingerprint, no_flights, place_of, slot_of, state_names, together
from menaquinone.solve.problem import wired

MODEL = mk.models.vitamin_k(forms=["K1", "MK-7"])
TWO = Flights(np.array([0.0, 5.0]), np.array([3.0, np.nan]), np.array([1, 2]), np.array([[1.0, np.nan], [2.0, 3.0]]))


def state(n, flights, **given):
    held = {"entry": {}, "speed": {}, "given": np.ones((1, n), np.int64), "doses": {}} | given
    return Handed(24.0, np.arange(2.0 * n).reshape(2, n), np.ones((1, n), bool), flights=flights, **held)


def test_places_of_states_are_those_of_their_names():
    stages, names = wired(MODEL), state_names(MODEL)
    from menaquinone.solve.actions import Target

    for slot, name in enumerate(names):
        stage, member, which = place_of(stages, slot)
        one = stages[stage]
        label = one.stage.members[member].label
        assert name == f"{one.block.name}.{list(one.block.states)[which]}" + (f"[{label}]" if label else "")
        assert slot_of(stages, Target(stage, which, member, "", 1.0)) == slot
    with pytest.raises(IndexError):
        place_of(stages, len(names))


def test_doses_land_or_stay_aloft():
    later = TWO.since(2.0)
    assert later.start.tolist() == [0, 3]
    assert later.end[0] == 1
    assert len(TWO.since(4.0)) == 1
    assert len(TWO.since(6.0)) == 0
    assert [TWO.of(0).tolist(), TWO.of(1).tolist()] == [[0, 1], [1]]
    assert len(set(TWO.patterns.tolist())) == 2
    assert no_flights(3).patterns.tolist() == [0, 0, 0]
    assert TWO.without(np.array([True, False])).of(0).size == 0


def test_groups_come_together_in_their_places():
    one = state(2, TWO, speed={"s": np.array([2.0, 3.0])}, doses={"a": np.ones((2, 2))})
    other = state(1, no_flights(1), given=np.full((3, 1), 7))
    both = together([(np.array([2, 0]), one), (np.array([1]), other)], 3)
    assert both.x.tolist() == [[1, 0, 0], [3, 1, 2]]
    assert both.given.tolist() == [[1, 7, 1], [0, 7, 0], [0, 7, 0]]
    assert both.speed["s"].tolist() == [3, 1, 2]
    assert np.isnan(both.doses["a"]).tolist() == [[False, True, False]] * 2
    assert [both.flights.of(k).tolist() for k in range(3)] == [[1], [], [0, 1]]
    alone = both.take([1])
    assert alone.x.tolist() == [[0], [1]]
    assert alone.flights.arriving.shape == (2, 1)


def test_a_fingerprint_is_that_of_numbers_and_structure():
    assert fingerprint(MODEL) == fingerprint(mk.models.vitamin_k(forms=["K1", "MK-7"]))
    others = [
        mk.models.vitamin_k(forms=["K1"]), mk.models.vitamin_k(forms=["MK-7", "K1"]),
        MODEL.replace({"clearance[MK-7]": 2.0}),
    ]  # fmt: skip
    assert len({fingerprint(MODEL), *map(fingerprint, others)}) == 4
