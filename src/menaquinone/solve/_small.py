"""Compiled solution of many small systems of linear equations, each for itself."""

import numpy as np
from numba import njit

_TOGETHER = 64
"""Systems at a time, so that their numbers stay in the nearest cache."""


@njit(cache=True, nogil=True, error_model="numpy")
def solve_each(a: np.ndarray, right: np.ndarray) -> bool:
    """Solve a (n, n, lanes) x = right (n, c, lanes) in place of right; return whether no system is singular.

    By elimination with row exchange. Products and differences are rounded one by one, in the order of the equations:
    nothing depends on how many systems there are.
    """
    n, width, lanes = a.shape[0], a.shape[0] + right.shape[1], a.shape[2]
    rows = np.empty((n, width, _TOGETHER))
    for begin in range(0, lanes, _TOGETHER):
        count = min(_TOGETHER, lanes - begin)
        for i in range(n):
            for j in range(width):
                for lane in range(count):
                    rows[i, j, lane] = a[i, j, begin + lane] if j < n else right[i, j - n, begin + lane]
        for column in range(n):
            for lane in range(count):
                best = column
                for i in range(column + 1, n):
                    if abs(rows[i, column, lane]) > abs(rows[best, column, lane]):
                        best = i
                if rows[best, column, lane] == 0.0:
                    return False
                if best != column:
                    for j in range(column, width):
                        rows[column, j, lane], rows[best, j, lane] = rows[best, j, lane], rows[column, j, lane]
            for i in range(column + 1, n):
                for lane in range(count):
                    rows[i, column, lane] /= rows[column, column, lane]
                for j in range(column + 1, width):
                    for lane in range(count):
                        rows[i, j, lane] -= rows[i, column, lane] * rows[column, j, lane]
        for i in range(n - 1, -1, -1):
            for j in range(n, width):
                for k in range(i + 1, n):
                    for lane in range(count):
                        rows[i, j, lane] -= rows[i, k, lane] * rows[k, j, lane]
                for lane in range(count):
                    rows[i, j, lane] /= rows[i, i, lane]
                    right[i, j - n, begin + lane] = rows[i, j, lane]
    return True


__all__ = ["solve_each"]
