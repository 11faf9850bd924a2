"""Pieces of a solution: every subject once, in one order, few at a time, and no thread left when it ends."""

import threading
import time
import weakref

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.inputs.doses import doses_for
from menaquinone.solve import solution
from menaquinone.solve.problem import Problem
from menaquinone.solve.solution import Piece, Room, Stop, closing, gathered, placed, room_for, streamed

MODEL = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=[])
WANTED = ("plasma_concentration", "tissue_vitamin_k")


def problem(n=70, regimens=None):
    people = mk.population("postmenopausal", n, rng=3)
    times = np.array([0.0, 24.0, 100.0])
    return Problem(MODEL, people, doses_for(regimens, people.ids, 3, times[-1]), times, 1e-6)


def pieces_of(one, engine, workers=1, progress=None):
    return engine.pieces(one, WANTED, workers=workers, progress=progress)


def threads():
    return {one for one in threading.enumerate() if one.is_alive()}


@pytest.fixture
def no_thread_left():
    before = threads()
    yield
    assert threads() == before


# What engines yield ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", [mk.Cascade(lanes=16), mk.Reference()], ids=["cascade", "reference"])
def test_every_subject_is_in_one_piece(engine):
    one = problem(n=20)
    found = list(pieces_of(one, engine))
    assert sorted(np.concatenate([piece.subjects for piece in found]).tolist()) == list(range(20))
    for piece in found:
        k = len(piece.subjects)
        assert {name: values.shape for name, values in piece.outputs.items()} == dict.fromkeys(WANTED, (3, 1, k))
        assert piece.status.shape == piece.failed_at.shape == (k,)
        assert piece.status.dtype == np.int8


def test_the_order_of_pieces_is_that_of_the_schedules_whatever_the_workers():
    daily = mk.dose("MK-7", "90 ug", every="24 h")
    one = problem(70, [daily if k % 3 else mk.Regimen() for k in range(70)])
    orders = [np.concatenate([p.subjects for p in pieces_of(one, mk.Cascade(lanes=16), w)]).tolist() for w in (1, 2, 5)]
    assert orders[0] == orders[1] == orders[2]
    assert sorted(orders[0]) == list(range(70))
    assert orders[0] != list(range(70))


def test_what_is_gathered_does_not_depend_on_the_pieces():
    one = problem(70, [mk.Regimen(), mk.dose("MK-7", "90 ug", every="24 h")] * 35)
    whole = gathered(one, WANTED, pieces_of(one, mk.Cascade(lanes=64)))
    small = gathered(one, WANTED, pieces_of(one, mk.Cascade(lanes=16), workers=3))
    for name in WANTED:
        assert whole.outputs[name].shape == (3, 1, 70)
        assert whole.outputs[name].tobytes() == small.outputs[name].tobytes()
    assert not whole.status.any()
    assert np.isnan(whole.failed_at).all()


@pytest.mark.parametrize("lanes", [16, 64])
@pytest.mark.parametrize("regimens", [None, [mk.Regimen(), mk.dose("MK-7", "90 ug", every="24 h")] * 35])
def test_what_stands_in_the_room_is_what_pieces_would_have_brought(lanes, regimens):
    one, engine = problem(70, regimens), mk.Cascade(lanes=lanes)
    brought, room = gathered(one, WANTED, pieces_of(one, engine)), room_for(one, WANTED)
    room.rows.fill(7.0)
    pieces = list(engine.pieces(one, WANTED, workers=2, progress=None, room=room))
    assert all(piece.placed and not piece.outputs for piece in pieces)
    left = gathered(one, WANTED, iter(pieces), room)
    for name in WANTED:
        assert left.outputs[name].tobytes() == brought.outputs[name].tobytes()
        assert np.shares_memory(left.outputs[name], room.rows)


def test_a_room_may_be_part_of_a_larger_one():
    one, engine = problem(20), mk.Cascade(lanes=16)
    alone, rows = room_for(one, WANTED), np.full((len(room_for(one, WANTED).rows), 50), 7.0)
    for room in (alone, Room(rows, 17)):
        assert len(list(engine.pieces(one, WANTED, workers=2, progress=None, room=room))) == 2
    assert np.array_equal(rows[:, 17:37], alone.rows)
    assert (np.delete(rows, np.s_[17:37], axis=1) == 7.0).all()


def test_places_that_follow_one_another_are_a_slice():
    assert placed(np.array([3, 4, 5])) == slice(3, 6)
    assert placed(np.array([3])) == slice(3, 4)
    for others in ([3, 5, 4], [3, 3, 5], [5, 4, 3]):
        assert placed(np.array(others)).tolist() == others


def test_an_engine_that_forgets_somebody_is_refused():
    one = problem(n=20)
    some = (piece for piece in list(pieces_of(one, mk.Cascade(lanes=16)))[:-1])
    with pytest.raises(InputError) as refused:
        gathered(one, WANTED, some)
    assert str(refused.value) == "pieces of the engine: got 16, expected each of 20 subjects once."


# Few at a time, and clean at the end ----------------------------------------------------------------------------------


def numbered(subjects):
    return Piece(subjects, {}, np.zeros(len(subjects), np.int8), np.zeros(len(subjects)))


BLOCKS = [np.array([k]) for k in range(40)]


def one_of_them(run):
    """Have one of the threads that are sent to a block do all of it, the others nothing."""
    begun, lock = set(), threading.Lock()

    def alone(subjects):
        with lock:
            mine = subjects[0] not in begun
            begun.add(subjects[0])
        return run(subjects) if mine else None

    return alone


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_no_more_than_four_pieces_exist(workers, no_thread_left):
    alive, most, lock = weakref.WeakSet(), [], threading.Lock()

    class Watched(Piece):
        __hash__ = object.__hash__

    def run(subjects):
        made = Watched(*numbered(subjects).__dict__.values())
        with lock:
            alive.add(made)
            most.append(len(alive))
        return made

    for piece in streamed(one_of_them(run), BLOCKS, workers, Stop()):
        time.sleep(0.002)
        del piece
    assert len(most) == 40
    assert max(most) <= 4


def test_a_block_alone_needs_no_thread(no_thread_left):
    ran = []

    def run(subjects):
        ran.append(threading.current_thread())
        return numbered(subjects)

    assert len(list(streamed(run, BLOCKS[:1], 1, Stop()))) == 1
    assert ran == [threading.current_thread()]


def test_every_thread_is_sent_to_every_block_and_one_of_them_brings_its_piece(no_thread_left):
    both, sent = threading.Barrier(2), []

    def run(subjects):
        sent.append(subjects[0])
        return numbered(subjects) if both.wait(10) == 0 else None

    found = [int(piece.subjects[0]) for piece in streamed(run, BLOCKS, 2, Stop())]
    assert found == list(range(40))
    assert sorted(sent) == sorted([*range(40), *range(40)])


def test_who_waits_is_told_so_until_there_is_a_piece(monkeypatch, no_thread_left):
    monkeypatch.setattr(solution, "_PATIENCE", 0.001)
    told, enough = [], threading.Event()

    def run(subjects):
        enough.wait(10)
        return numbered(subjects)

    def waiting():
        told.append(len(told))
        if len(told) == 5:
            enough.set()

    assert len(list(streamed(one_of_them(run), BLOCKS, 2, Stop(), waiting))) == 40
    assert len(told) >= 5


def test_pieces_come_in_the_order_of_the_blocks_even_if_later_ones_are_quicker(no_thread_left):
    def run(subjects):
        time.sleep(0.01 if subjects[0] % 2 else 0)
        return numbered(subjects)

    found = [int(piece.subjects[0]) for piece in streamed(one_of_them(run), BLOCKS, 3, Stop())]
    assert found == list(range(40))


def test_who_closes_the_iterator_ends_its_threads(no_thread_left):
    ran, stopped = [], Stop()

    def run(subjects):
        ran.append(subjects[0])
        return numbered(subjects)

    found = streamed(one_of_them(run), BLOCKS, 2, stopped)
    with closing(found):
        next(found)
    assert stopped.is_set()
    assert len(ran) <= 5


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_error_in_a_block_is_the_callers_and_stops_the_others(error, no_thread_left):
    ran = []

    def run(subjects):
        ran.append(subjects[0])
        if subjects[0] == 3:
            raise error
        return numbered(subjects)

    with pytest.raises(error):
        list(streamed(one_of_them(run), BLOCKS, 2, Stop()))
    assert len(ran) <= 7


def test_an_error_while_gathering_ends_the_run(no_thread_left):
    def refuse(done, of):
        raise KeyboardInterrupt

    one = problem()
    with pytest.raises(KeyboardInterrupt):
        gathered(one, WANTED, pieces_of(one, mk.Cascade(lanes=16), 2, refuse))


def test_a_piece_that_does_not_fit_ends_the_run(no_thread_left):
    one = problem()
    with pytest.raises(KeyError):
        gathered(one, (*WANTED, "hydroquinone"), pieces_of(one, mk.Cascade(lanes=16), 2))


def test_an_iterator_without_an_end_of_its_own_is_closed_all_the_same():
    with closing(iter(())):
        pass
