"""A million people of the twelve-state problem: drawn by the library, solved, and summarised without being kept.

One call, 53 times, three outputs; peak memory is that of the whole process. The default model's figure stands beside
it, from fewer people where a million would take too long.
"""

import default
import numpy as np
import twelve
from measure import Size, peak_memory, row, say, timed

import menaquinone as mk
from parts import twelve as part

TIMES = np.arange(53) * 14.0
MANY = 1_000_000


def measure(size: Size) -> dict:
    """Return seconds and peak memory of both models."""
    print(f"before anything: {peak_memory() / 2**20:.0f} MiB", flush=True)
    # the larger run comes last: peak memory only rises
    parts = {"twelve states": _twelve, "twelve states, rtol 1e-6": _tight, "default model": _default}
    for solve in parts.values():
        solve(64)  # compiles
    started = peak_memory()
    found = []
    for name, solve in parts.items():
        each = timed(lambda solve=solve: solve(5000 if not size.quick else 200))["seconds"] / (
            5000 if not size.quick else 200
        )
        n = size.people(each, MANY) if size.quick or name == "default model" else _largest(each)
        taken = {key: [value] for key, value in timed(lambda solve=solve, n=n: solve(n)).items()}
        seconds = taken["seconds"][0]
        found.append(
            row(
                "menaquinone",
                name,
                threads=2,
                n=n,
                taken=taken,
                error=None,
                seconds_per_million=seconds * MANY / n,
                extrapolated=n < MANY,
                peak_memory_bytes=peak_memory(),
            )
        )
        say(found[-1])
        print(
            f"{name}: {seconds * MANY / n:.1f} s a million{' (extrapolated)' if n < MANY else ''}, "
            f"peak {peak_memory() / 2**20:.0f} MiB",
            flush=True,
        )
    return {"rows": found, "memory_before_bytes": started}


def _largest(seconds_each: float) -> int:
    """Return a million where that takes less than ten minutes, else what does."""
    return MANY if seconds_each * MANY < 600 else max(1000, int(300 / seconds_each))


def _summaries():
    return mk.Summaries(quantiles=(0.05, 0.5, 0.95))


def _tight(n: int):
    return _twelve(n, rtol=1e-6)


def _twelve(n: int, rtol: float = part.RTOL):
    people = mk.population(twelve.record(), n, rng=3)
    return mk.simulate(
        twelve.model(),
        people,
        twelve.dosing(),
        times=TIMES,
        outputs=list(twelve.THREE),
        rtol=rtol,
        summaries=_summaries(),
        workers=2,
    )


def _default(n: int):
    outputs = ["dp_ucmgp", "agatston", "pwv"]
    return default.solve(default.people(n), times=TIMES, outputs=outputs, summaries=_summaries())
