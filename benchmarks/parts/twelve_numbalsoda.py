"""numbalsoda on the twelve-state problem: both solvers, a grid of tolerances, one and two threads."""

from itertools import product

import numba
import numpy as np
import plain
from measure import Size, best, row, samples, say
from peers import soda

from parts import twelve

# where each solver is at its best lies inside: looser is too wrong, tighter is slower. A depot that runs empty has to
# be right where nearly nothing is left
GRID = {
    "dop853": [
        *product((1e-4, 1e-6), (1e-8,)),
        *product((1e-5, 1e-6, 1e-7), (1e-10, 1e-11)),
        (3e-6, 1e-9),
        (1e-8, 1e-11),
    ],
    "lsoda": [(1e-4, 1e-8), (1e-6, 1e-8), *product((1e-6, 1e-7, 1e-8), (1e-11,)), (1e-7, 1e-10)],
}


def measure(size: Size) -> dict:
    """Return rows for every solver, tolerance and number of threads."""
    judged = 4 if size.quick else 16
    n = 64 if size.quick else 512
    theta = plain.people(n, judged)
    exact = plain.exact(theta, judged, twelve.states)
    found = []
    for name, grid in GRID.items():
        many = [_row(name, theta, exact, 2, *one, size) for one in grid]
        winner = best(many)
        settings = dict(zip((one["setting"] for one in many), grid, strict=True))
        found += many + ([_row(name, theta, exact, 1, *settings[winner["setting"]], size)] if winner else [])
    return {"rows": found, "judged": n, "trusted": judged}


def _row(name: str, theta: np.ndarray, exact: np.ndarray, threads: int, rtol: float, atol: float, size: Size) -> dict:
    numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
    n = len(theta)
    amounts = np.full((n, plain.DAYS), plain.DOSE)
    soda.solver(name, theta[:2], amounts[:2], rtol, atol)()  # compiles
    call = soda.solver(name, theta, amounts, rtol, atol)
    error = plain.error(call(), exact)
    taken = samples(call, size)
    return say(
        row(f"numbalsoda {name}", f"rtol {rtol:g}, atol {atol:g}", threads=threads, n=n, taken=taken, error=error)
    )
