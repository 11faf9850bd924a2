"""A dose in five missed at random on the twelve-state problem: nothing repeats, so every dose has to be stepped.

numbalsoda is given the very same doses and stops at no other time.
"""

import numba
import numpy as np
import plain
import twelve
from measure import Size, best, failures, row, samples, say, timed

import menaquinone as mk
from menaquinone.inputs.doses import doses_for

TAKEN = 0.8
SEED = 11
MOST = 10_000
OURS = (1e-2, 1e-3, 3e-4, 1e-4, 1e-5, 1e-6, 1e-7)
TOLERANCES = (
    *((1e-5, 1e-9), (1e-6, 1e-10), (1e-6, 1e-11), (3e-7, 1e-11), (1e-7, 1e-10), (1e-7, 1e-11), (1e-8, 1e-10)),
    (1e-8, 1e-11),
)
"""Of numbalsoda: a depot that runs empty has to be right where nearly nothing is left."""


def measure(size: Size) -> dict:
    """Return rows for the library and for numbalsoda's better solver, and the ratio at an error of 1e-5."""
    judged = 4 if size.quick else 16
    _solve(plain.people(16, judged), 1e-3, 2)  # compiles
    each = timed(lambda: _solve(plain.people(32, judged), 1e-6, 2))["seconds"] / 32
    theta = plain.people(size.people(each, MOST), judged)
    few = amounts(plain.people(judged, judged))
    exact = plain.exact(theta, judged, lambda theta, rtol: twelve.states(_solve(theta, rtol, 2)), few)
    ours = _ours(theta, exact, size)
    theirs = _theirs(theta[: 64 if size.quick else 512], exact, size)
    fast, other = best(ours, threads=2), best(theirs, threads=2)
    ratio = other["us_per_subject"] / fast["us_per_subject"] if fast and other else None
    return {"rows": ours + theirs, "judged": len(theta), "trusted": judged, "taken": TAKEN, "ratio": ratio}


def dosing():
    """Return the regimen."""
    return twelve.dosing() * mk.adherence(TAKEN)


def amounts(theta: np.ndarray) -> np.ndarray:
    """Return who takes what on which day, nmol (n, days), as the library draws it."""
    handed = doses_for(dosing(), np.arange(len(theta)), SEED, 24.0 * plain.DAYS)
    return plain.DOSE * np.asarray(handed.taken_for(0), float)


def _solve(theta: np.ndarray, rtol: float, workers: int):
    return mk.simulate(
        twelve.model(),
        twelve.people(theta),
        dosing(),
        times=plain.OUTPUT_DAYS,
        outputs=list(twelve.STATES),
        rtol=rtol,
        rng=SEED,
        workers=workers,
    )


def _ours(theta: np.ndarray, exact: np.ndarray, size: Size) -> list[dict]:
    found = []
    for rtol, workers in (*((rtol, 2) for rtol in OURS), (1e-4, 1), (1e-6, 1)):
        result = _solve(theta, rtol, workers)
        error, failed = plain.error(twelve.states(result), exact), failures(result)
        del result
        taken = samples(lambda rtol=rtol, workers=workers: _solve(theta, rtol, workers), size)
        found.append(
            say(
                row(
                    "menaquinone",
                    f"rtol {rtol:g}",
                    threads=workers,
                    n=len(theta),
                    taken=taken,
                    error=error,
                    failed=failed,
                )
            )
        )
    return found


def _theirs(theta: np.ndarray, exact: np.ndarray, size: Size) -> list[dict]:
    from peers import soda

    given, found = amounts(theta), []
    numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
    for rtol, atol in TOLERANCES:
        call = soda.solver("dop853", theta, given, rtol, atol)
        error = plain.error(call(), exact)
        setting, taken = f"rtol {rtol:g}, atol {atol:g}", samples(call, size)
        found.append(say(row("numbalsoda dop853", setting, threads=2, n=len(theta), taken=taken, error=error)))
    return found
