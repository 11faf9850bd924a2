"""libRoadRunner on the twelve-state problem: doses by event or by call, BDF or Adams, one and two processes."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import plain
from measure import Size, best, row, samples, say
from peers import sbml_loop

TOLERANCES = ((1e-6, 1e-8), (1e-7, 1e-8), (1e-8, 1e-8), (1e-8, 1e-10), (1e-9, 1e-10))


def measure(size: Size) -> dict:
    """Return rows for every setting, and the best of them in two processes."""
    judged = 2 if size.quick else 8
    theta = plain.people(judged, judged)
    exact = plain.trusted(theta)
    settings = [
        {"rtol": rtol, "atol": atol, "event": event, "stiff": stiff}
        for event in (True, False)
        for stiff in (False, True)
        for rtol, atol in (TOLERANCES[3:4] if size.quick else TOLERANCES)
    ]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = [_row(one, theta, exact, map, 1, size) for one in settings]
        winner = best(found)
        if winner:
            again = next(one for one in settings if _setting(one) == winner["setting"])
            found.append(_row(again, theta, exact, pool.map, 2, size))
    return {"rows": found, "judged": judged}


def _setting(one: dict) -> str:
    how = ("event" if one["event"] else "call a dose") + (", BDF" if one["stiff"] else ", Adams")
    return f"rtol {one['rtol']:g}, atol {one['atol']:g}, {how}"


def _row(one: dict, theta: np.ndarray, exact: np.ndarray, over, threads: int, size: Size) -> dict:
    jobs = [(each, one) for each in theta]

    def call() -> np.ndarray:
        return np.array(list(over(sbml_loop.one, jobs)))

    error = plain.error(call(), exact)
    taken = samples(call, size)
    return say(row("libRoadRunner CVODE", _setting(one), threads=threads, n=len(theta), taken=taken, error=error))
