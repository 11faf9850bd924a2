"""SciPy on the twelve-state problem: LSODA as documented and compiled, the other methods, one and two processes."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import plain
from measure import Size, best, row, samples, say
from peers import scipy_loop

SETTINGS = (
    *(("LSODA", rtol, 1e-8, False) for rtol in (1e-4, 1e-6, 3e-7, 1e-7)),
    *(("LSODA", rtol, 1e-8, True) for rtol in (1e-6, 3e-7, 1e-7)),
    *(("odeint", rtol, 1e-8, True) for rtol in (1e-4, 1e-6, 3e-7, 1e-7)),
    *(("DOP853", rtol, 1e-7, True) for rtol in (1e-4, 3e-6, 1e-6, 1e-8)),
    *(("RK45", rtol, 1e-8, True) for rtol in (1e-4, 1e-6)),
    ("Radau", 1e-6, 1e-8, True),
    ("BDF", 1e-7, 1e-8, True),
)


def measure(size: Size) -> dict:
    """Return rows for every method and tolerance; the best of each kind in two processes as well."""
    judged = 2
    theta = plain.people(judged, judged)
    exact = plain.trusted(theta)
    settings = [one for one in SETTINGS if not size.quick or one[1] == 3e-7 or one[0] == "DOP853"]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = [_row(one, theta, exact, map, 1, size) for one in settings]
        for kind in dict.fromkeys(one["engine"] for one in found):
            winner = best([one for one in found if one["engine"] == kind])
            if winner:
                again = next(one for one in settings if _labels(*one) == (kind, winner["setting"]))
                found.append(_row(again, theta, exact, pool.map, 2, size))
    return {"rows": found, "judged": judged}


def _labels(method: str, rtol: float, atol: float, compiled: bool) -> tuple[str, str]:
    kind = "SciPy odeint (LSODA)" if method == "odeint" else f"SciPy {method}"
    return kind + (", rates by numba" if compiled else ""), f"rtol {rtol:g}, atol {atol:g}"


def _row(one: tuple, theta: np.ndarray, exact: np.ndarray, over, threads: int, size: Size) -> dict:
    jobs = [(theta[i], dict(zip(("method", "rtol", "atol", "compiled"), one, strict=True))) for i in range(len(theta))]

    def call() -> np.ndarray:
        return np.array(list(over(scipy_loop.one, jobs)))

    error = plain.error(call(), exact)
    engine, setting = _labels(*one)
    return say(row(engine, setting, threads=threads, n=len(theta), taken=samples(call, size), error=error))
