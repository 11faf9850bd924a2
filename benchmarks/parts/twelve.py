"""The library on the twelve-state problem: tolerances, threads and numbers of people.

A sample is one call of ``simulate``: alignment, entry, propagators, 730 doses and the labelled result of all twelve
states at 53 times. Parameters are those that the other solvers are given.
"""

import numpy as np
import plain
import twelve
from measure import Size, cores, failures, row, samples, say, timed

import menaquinone as mk

TOLERANCES = (1e-2, 2e-3, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
MOST = 10_000
RTOL = 2e-3
"""Where the worst of ten thousand people is off by at most 1e-5, found by the rows below."""


def measure(size: Size) -> dict:
    """Return rows over tolerances, threads and numbers of people."""
    judged = 4 if size.quick else 16
    solve(plain.people(16, judged), workers=2)  # compiles
    each = timed(lambda: solve(plain.people(32, judged), workers=2))["seconds"] / 32
    n = size.people(each, MOST)
    exact = plain.exact(plain.people(n, judged), judged, states)
    found = [_row(n, judged, exact, size, rtol=rtol, workers=2) for rtol in TOLERANCES]
    found += [_row(n, judged, exact, size, rtol=rtol, workers=1) for rtol in (1e-2, 2e-3, 1e-4, 1e-6)]
    found += [_row(few, judged, exact[:judged], size, rtol=RTOL, workers=2) for few in (1, 10, 100, 1000) if few < n]
    return {"rows": found, "judged": n, "trusted": judged, "cores": cores()}


def solve(theta, *, rtol: float = RTOL, workers: int = 2):
    """Return the labelled result."""
    return mk.simulate(
        twelve.model(),
        twelve.people(theta),
        twelve.dosing(),
        times=plain.OUTPUT_DAYS,
        outputs=list(twelve.STATES),
        rtol=rtol,
        workers=workers,
    )


def states(theta, rtol: float) -> np.ndarray:
    """Return the twelve states (n, outputs, 12) as ``plain.exact`` asks for them."""
    return twelve.states(solve(theta, rtol=rtol))


def _row(n: int, judged: int, exact, size: Size, *, rtol: float, workers: int) -> dict:
    theta = plain.people(n, judged)
    result = solve(theta, rtol=rtol, workers=workers)
    error, failed = plain.error(twelve.states(result), exact), failures(result)
    del result
    taken = samples(lambda: solve(theta, rtol=rtol, workers=workers), size)
    return say(row("menaquinone", f"rtol {rtol:g}", threads=workers, n=n, taken=taken, error=error, failed=failed))
