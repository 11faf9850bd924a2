"""The engine's kernels made ready: read from the disk, or compiled, half of them by a process beside this one.

Compiling is Python's work more than LLVM's, and Python does one thing at a time: two processes take half as long.
"""

import logging
import os
import pickle
import subprocess
import sys
from contextlib import suppress
from threading import Lock
from typing import Any

from numba.core.event import Event, Listener, install_listener

from menaquinone.pause import collecting_later
from menaquinone.solve._march import march
from menaquinone.solve._tile import run

_NOTICE = (
    "menaquinone compiles its engine for this machine, which takes some twenty seconds; it is kept for later runs."
)
_BESIDE = """
import gc, pickle, sys
gc.disable()
sys.path[:] = pickle.load(sys.stdin.buffer)
from menaquinone.solve._tile import run
run.compile(pickle.load(sys.stdin.buffer))
"""
_log = logging.getLogger("menaquinone")
_lock = Lock()
_addresses: dict[tuple[Any, ...], int] = {}


def march_address(kinds: tuple[Any, ...], driver: tuple[Any, ...]) -> int:
    """Return the address of the march of a member, and see to it that the driver is there as well.

    Parameters
    ----------
    kinds
        numba's types of what the driver hands to the march.
    driver
        Types of what is handed to the driver.
    """
    with _lock:
        key = (*kinds, *driver)
        if key not in _addresses:
            _addresses[key] = _made(kinds, driver)
        return _addresses[key]


def _made(kinds: tuple[Any, ...], driver: tuple[Any, ...]) -> int:
    watch = _Watch(driver)
    try:
        with collecting_later(), install_listener("numba:compile", watch):
            march.compile(kinds)
            if watch.beside is not None:
                watch.beside.wait()
            run.compile(driver)  # found on the disk, if all went well
    finally:
        watch.close()
    made = march.overloads[kinds]
    return int(made.library.get_pointer_to_function(made.fndesc.llvm_func_name))


class _Watch(Listener):
    """Learns that the march was not on the disk: says so, and has the driver compiled beside it."""

    def __init__(self, driver: tuple[Any, ...]) -> None:
        self.driver = driver
        self.beside: subprocess.Popen[bytes] | None = None
        self.told = False

    def on_start(self, event: Event) -> None:
        """Look which function it is that numba begins to compile."""
        if event.data["dispatcher"] in (march, run) and not self.told:
            self.told = True
            _log.warning(_NOTICE)
            if event.data["dispatcher"] is march:
                self.beside = _beside(self.driver)

    def on_end(self, event: Event) -> None:
        """Do nothing."""

    def close(self) -> None:
        """End the other process, if it still runs."""
        if self.beside is not None:
            self.beside.kill()
            self.beside.wait()


def _beside(driver: tuple[Any, ...]) -> "subprocess.Popen[bytes] | None":
    """Begin to compile the driver in a process of its own; None where there is no second core, or no Python to call.

    Whatever goes wrong there, it is compiled here then.
    """
    if getattr(sys, "frozen", False) or not sys.executable or _cores() < 2:
        return None
    with suppress(OSError):
        child = subprocess.Popen(  # noqa: S603 (its own code)
            [sys.executable, "-P", "-c", _BESIDE],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert child.stdin is not None
        with suppress(OSError), child.stdin as given:
            given.write(pickle.dumps(sys.path) + pickle.dumps(driver))
        return child
    return None


def _cores() -> int:
    """Return on how many cores this process may run."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


__all__ = ["march_address"]
