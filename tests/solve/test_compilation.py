"""How kernels are made ready: what is put off meanwhile, and when a process beside helps.

Whole runs are in ``test_fresh_process``.
"""

import gc
import sys
from threading import Event, Thread

import pytest

from menaquinone.pause import collecting_later
from menaquinone.solve import compilation


@pytest.fixture(autouse=True)
def collecting():
    """Leave Python as it was."""
    before = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if before else gc.disable)()


def test_the_search_is_put_off_until_the_outer_block_ends():
    with collecting_later():
        assert not gc.isenabled()
        with collecting_later():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_when_something_is_raised():
    with pytest.raises(KeyError), collecting_later():
        raise KeyError
    assert gc.isenabled()


def test_who_had_it_off_keeps_it_off():
    gc.disable()
    with collecting_later():
        pass
    assert not gc.isenabled()


def test_the_last_of_two_threads_lets_it_go_on():
    begun, end = Event(), Event()

    def other():
        with collecting_later():
            begun.set()
            end.wait(30)

    thread = Thread(target=other)
    with collecting_later():
        thread.start()
        assert begun.wait(30)
    assert not gc.isenabled()
    end.set()
    thread.join()
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("name", "value"), [("frozen", True), ("executable", ""), ("executable", "/there/is/no/such/program")]
)
def test_without_a_python_to_call_nothing_is_compiled_beside(monkeypatch, name, value):
    monkeypatch.setattr(compilation, "_cores", lambda: 2)
    monkeypatch.setattr(sys, name, value, raising=False)
    assert compilation._beside(()) is None


def test_nor_on_one_core(monkeypatch):
    monkeypatch.setattr(compilation, "_cores", lambda: 1)
    assert compilation._beside(()) is None


def test_a_process_beside_that_fails_harms_nothing(monkeypatch):
    monkeypatch.setattr(compilation, "_cores", lambda: 2)
    child = compilation._beside(("no such type",))
    assert child is not None
    assert child.wait(60) != 0


def test_it_is_ended_with_whoever_waits_for_it(monkeypatch):
    monkeypatch.setattr(compilation, "_cores", lambda: 2)
    monkeypatch.setattr(compilation, "_BESIDE", "import time; time.sleep(600)")
    watch = compilation._Watch(())
    watch.beside = compilation._beside(())
    watch.close()
    assert watch.beside.returncode is not None
