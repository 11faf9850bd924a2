"""What was made before, by what it was made of: calls that differ in numbers alone do not lay out a model again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Kept(Generic[Made]):
    """A few things by key, those that were not asked for longest forgotten first. Threads may share it.

    Parameters
    ----------
    most
        How many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, Made] = OrderedDict()
        self._lock = Lock()

    def __call__(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what is kept under a key, made now if it is not there.

        Parameters
        ----------
        key
            Everything that what is made depends on.
        make
            Makes it; two threads that ask at the same time may both do so.
        """
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        made = make()
        with self._lock:
            self._held[key] = made
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return made

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._held)


__all__ = ["Kept"]
