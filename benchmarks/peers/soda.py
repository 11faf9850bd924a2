"""numbalsoda: LSODA and DOP853 called from compiled code, subjects in parallel, a call from dose to dose."""

import numba
import numpy as np
import plain
from numbalsoda import dop853, lsoda, lsoda_sig


@numba.cfunc(lsoda_sig, fastmath=True, error_model="numpy")
def _rates(t, y, dy, p):  # noqa: ARG001 - the signature of LSODA's C interface
    ktr, cl, vc, q, vp, kt, km = p[0], p[1], p[2], p[3], p[4], p[5], p[6]
    level, drive, absorbed = y[2] * (1 / vc), y[4] / (km + y[4]), ktr * y[1]
    exchanged = q * (level - y[3] * (1 / vp))
    dy[0] = -ktr * y[0]
    dy[1] = ktr * y[0] - absorbed
    dy[2] = absorbed - cl * level - exchanged
    dy[3] = exchanged
    dy[4] = kt * (level - y[4])
    for i in range(3):
        u, kd = y[5 + 2 * i], p[9 + 3 * i]
        converted = p[8 + 3 * i] * drive * u
        dy[5 + 2 * i] = p[7 + 3 * i] - converted - kd * u
        dy[6 + 2 * i] = converted - kd * y[6 + 2 * i]
    dy[11] = 1e-6 + p[16] * y[11] * p[17] / (p[17] + y[6])


ADDRESS = _rates.address


def _compiled(solver):
    @numba.njit(parallel=True)
    def run(address, theta, start, amounts, wanted, rtol, atol, found):
        """Solve everybody; a call spans all days up to the next dose that is taken and saves what is wanted between."""
        days = amounts.shape[1]
        for n in numba.prange(theta.shape[0]):
            y, p = start[n].copy(), theta[n].copy()
            times = np.empty(days + 2)
            places = np.empty(days + 2, np.int64)
            day, saved = 0, 0
            while day < days:
                y[0] += amounts[n, day]
                times[0], stops, following = 24.0 * day, 1, day + 1
                while True:
                    if wanted[following]:
                        times[stops], places[stops] = 24.0 * following, saved
                        stops, saved = stops + 1, saved + 1
                    if following == days or amounts[n, following] > 0:
                        break
                    following += 1
                if times[stops - 1] < 24.0 * following:
                    times[stops], places[stops] = 24.0 * following, -1
                    stops += 1
                solution, _ = solver(address, y, times[:stops], p, rtol, atol)
                for stop in range(1, stops):
                    if places[stop] >= 0:
                        found[n, places[stop]] = solution[stop]
                y[:] = solution[stops - 1]
                day = following

    return run


DRIVERS = {"dop853": _compiled(dop853), "lsoda": _compiled(lsoda)}
"""By solver: ``run(address, theta, start, amounts, wanted, rtol, atol, found)``."""


def solver(name: str, theta: np.ndarray, amounts: np.ndarray, rtol: float, atol: float):
    """Return a call that solves everybody and returns (subjects, outputs, 12)."""
    start = plain.initial(theta)
    wanted = np.zeros(plain.DAYS + 1, bool)
    wanted[plain.OUTPUT_DAYS] = True
    found = np.empty((len(theta), len(plain.OUTPUT_DAYS), 12))

    def call() -> np.ndarray:
        DRIVERS[name](ADDRESS, theta, start, amounts, wanted, rtol, atol, found)
        return found

    return call
