"""Compiled inverse iteration: what is left of a unit of one state when all that is quicker is gone."""

import numpy as np
from numba import njit

_TOGETHER = 64
"""People at a time, so that their numbers stay in the nearest cache."""
_STEPS, _RESCALED, _AT = 40, 8, 6


@njit(cache=True, nogil=True, error_model="numpy")
def growth_of(inverse: np.ndarray, state: int, found: np.ndarray) -> None:
    """Write to found (lanes,) how much the last of many products with inverse (n, n, lanes) makes of a unit state.

    Products and sums are rounded one by one, in the order of the states: nothing depends on how many people there are.
    """
    n, lanes = inverse.shape[0], inverse.shape[2]
    y, z = np.empty((n, _TOGETHER)), np.empty((n, _TOGETHER))
    largest = np.empty(_TOGETHER)
    for begin in range(0, lanes, _TOGETHER):
        count = min(_TOGETHER, lanes - begin)
        y[:] = 0.0
        y[state] = 1.0
        for turn in range(_STEPS):
            for i in range(n):
                row, into, of = inverse[i, 0, begin : begin + count], z[i], y[0]
                for lane in range(count):
                    into[lane] = row[lane] * of[lane]
                for j in range(1, n):
                    row, of = inverse[i, j, begin : begin + count], y[j]
                    for lane in range(count):
                        into[lane] += row[lane] * of[lane]
            y, z = z, y
            if turn % _RESCALED == _AT or turn == _STEPS - 1:
                largest[:] = 0.0
                for i in range(n):
                    for lane in range(count):
                        size = abs(y[i, lane])
                        if not size <= largest[lane]:  # what is not a number stays
                            largest[lane] = size if largest[lane] == largest[lane] else largest[lane]
            if turn % _RESCALED == _AT:
                for lane in range(count):
                    if not largest[lane] > 0.0:
                        largest[lane] = 1.0
                for i in range(n):
                    for lane in range(count):
                        y[i, lane] /= largest[lane]
        for lane in range(count):  # of the last turn alone: the largest was 1 before
            found[begin + lane] = largest[lane]


__all__ = ["growth_of"]
