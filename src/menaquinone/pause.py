"""Python's search for cyclic garbage, put off while libraries are imported and compiled code is made or loaded.

Those make hundreds of thousands of objects, all of which stay: looking through them takes a seventh of the time.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class _Pause:
    """How many blocks are open, in all threads, and whether the first of them put the search off."""

    def __init__(self) -> None:
        self.lock, self.open, self.put_off = Lock(), 0, False

    def begin(self) -> None:
        with self.lock:
            if not self.open:
                self.put_off = gc.isenabled()
                gc.disable()
            self.open += 1

    def end(self) -> None:
        with self.lock:
            self.open -= 1
            if not self.open and self.put_off:
                gc.enable()


_pause = _Pause()


@contextmanager
def collecting_later() -> Iterator[None]:
    """Put the search off until the last of the blocks that are open, in all threads, has ended."""
    _pause.begin()
    try:
        yield
    finally:
        _pause.end()


__all__ = ["collecting_later"]
