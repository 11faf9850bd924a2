"""Twenty years against two under one daily dose, with 53 output times each."""

import default
import numpy as np
import plain
import twelve
from measure import Size, row, samples, say, timed

import menaquinone as mk
from parts import twelve as part

YEARS = {2: np.arange(53) * 14.0, 20: np.arange(53) * 140.0}
"""Output days: 728 in all, and ten times as many."""
MOST = 10_000


def measure(size: Size) -> dict:
    """Return rows for both models and both horizons, and the ratios."""
    found, ratios = [], {}
    for name, solve, most in (("twelve states", _twelve, MOST), ("default model", _default, 2000)):
        solve(16, YEARS[2])  # compiles
        # the longer run has to fit as well, ten times as long at worst
        each = timed(lambda solve=solve: solve(16, YEARS[20]))["seconds"] / 16
        n = size.people(each, most)
        both = [say(_row(name, solve, n, years, times, size)) for years, times in YEARS.items()]
        ratios[name] = both[1]["us_per_subject"] / both[0]["us_per_subject"]
        print(f"{name}: {ratios[name]:.2f} times as long", flush=True)
        found += both
    return {"rows": found, "ratios": ratios}


def _row(name, solve, n: int, years: int, times: np.ndarray, size: Size) -> dict:
    solve(n, times)
    taken = samples(lambda: solve(n, times), size)
    return row("menaquinone", f"{name}, {years} years", threads=2, n=n, taken=taken, error=None)


def _twelve(n: int, times: np.ndarray):
    return mk.simulate(
        twelve.model(),
        twelve.people(plain.people(n, 16)),
        twelve.dosing(),
        times=times,
        outputs=list(twelve.STATES),
        rtol=part.RTOL,
        workers=2,
    )


def _default(n: int, times: np.ndarray):
    return default.solve(default.people(n), times=times)
