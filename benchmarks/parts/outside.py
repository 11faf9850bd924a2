"""How much of a run is not compiled code: alignment, labels, Python between kernels.

Every call from Python into a compiled function is timed, whatever its name: the time inside is the union of all such
calls over all threads, and the rest is outside. A profile of the rest names the dearest functions.
"""

import cProfile
import pstats
import time
from pathlib import Path
from statistics import median

import default
import plain
from measure import Size, timed
from numba.core.dispatcher import Dispatcher

from parts import twelve as part

MOST = 10_000
DEAREST = 12


class Watch:
    """While it is open, remembers when calls of compiled functions began and ended."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []

    def __enter__(self) -> "Watch":
        self.inner, spans = Dispatcher.__call__, self.spans
        inner = self.inner

        def call(dispatcher, *arguments, **named):
            began = time.perf_counter()
            try:
                return inner(dispatcher, *arguments, **named)
            finally:
                spans.append((began, time.perf_counter()))

        Dispatcher.__call__ = call
        return self

    def __exit__(self, *_) -> None:
        del Dispatcher.__call__

    @property
    def seconds(self) -> float:
        """Time during which at least one thread was inside."""
        inside, end = 0.0, float("-inf")
        for began, ended in sorted(self.spans):
            inside += max(0.0, ended - max(began, end))
            end = max(end, ended)
        return inside


def measure(size: Size) -> dict:
    """Return shares of both models."""
    found = {}
    jobs = {
        "twelve states": lambda n: part.solve(plain.people(n, 16)),
        "default model": lambda n: default.solve(default.people(n)),
    }
    for name, solve in jobs.items():
        solve(16)  # compiles
        each = timed(lambda solve=solve: solve(32))["seconds"] / 32
        n = size.people(each, MOST)
        found[name] = {"n": n, **_shares(lambda solve=solve, n=n: solve(n), size)}
        print(f"{name}: {100 * found[name]['outside']:.1f} % of {n} people outside compiled code", flush=True)
    return {"shares": found}


def _shares(solve, size: Size) -> dict:
    watched = []
    for _ in range(size.samples):
        with Watch() as watch:
            whole = timed(solve)["seconds"]
        watched.append({"seconds": whole, "inside": watch.seconds, "calls": len(watch.spans)})
    profile = cProfile.Profile()
    profile.runcall(solve)
    return {
        "outside": median(1 - one["inside"] / one["seconds"] for one in watched),
        "samples": watched,
        "dearest": _dearest(profile),
    }


def _dearest(profile: cProfile.Profile) -> list[dict]:
    """Return the functions with the most time of their own, of the calling thread."""
    rows = [
        {
            "function": f"{Path(file).name}:{name}",
            "calls": calls,
            "seconds": round(own, 4),
            "with_callees": round(all_, 4),
        }
        for (file, _, name), (_, calls, own, all_, _) in pstats.Stats(profile).stats.items()
    ]
    return sorted(rows, key=lambda one: -one["seconds"])[:DEAREST]
