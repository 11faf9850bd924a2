"""Arrays that begin where a line of memory does: a vector of eight numbers then lies in one line, not across two."""

from math import prod

import numpy as np

_LINE = 128
"""Bytes of two lines of memory in the caches of today's processors, which are fetched together."""


def empty(shape: int | tuple[int, ...], kind: type = float) -> np.ndarray:
    """Return an array whose values are whatever stood there; nothing else lies in its lines."""
    sizes = shape if isinstance(shape, tuple) else (shape,)
    size = prod(sizes) * np.dtype(kind).itemsize
    room = np.empty((-(-size // _LINE) + 1) * _LINE, np.uint8)
    first = -room.ctypes.data % _LINE
    return room[first : first + size].view(kind).reshape(sizes)


def zeros(shape: int | tuple[int, ...], kind: type = float) -> np.ndarray:
    """Return an array of zeros."""
    made = empty(shape, kind)
    made.fill(0)
    return made


def contiguous(values: np.ndarray) -> np.ndarray:
    """Return values in the order of C, a copy unless they are there and begin with a line."""
    if values.flags.c_contiguous and values.ctypes.data % _LINE == 0:
        return values
    made = empty(values.shape, values.dtype.type)
    made[...] = values
    return made


__all__ = ["contiguous", "empty", "zeros"]
