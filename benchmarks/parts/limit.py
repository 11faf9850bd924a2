"""The twelve-state problem against the machine: operations and bytes of a subject, and what of the peak is reached."""

import inspect
import json
from statistics import median

import count
import peak as machine
import plain
import twelve
from measure import RESULTS, Size, timed
from numba.core.dispatcher import Dispatcher

from parts import twelve as part
from parts.outside import Watch

STATISTICS = ("windows", "sweeps", "panels", "leaps", "leaps_tried", "people", "mapped")
"""What the engine counts, in the order of its array ``statistics``; panels are those of a tile of LANES people."""
LANES = 16


class Counted(Watch):
    """Also adds up what the engine's kernel writes to its argument ``statistics``."""

    def __init__(self) -> None:
        super().__init__()
        self.total: dict[str, int] = dict.fromkeys(STATISTICS, 0)
        self.steps = 0
        """Widths of panels for which the last people had propagators made."""

    def __enter__(self) -> "Counted":
        super().__enter__()
        timed_call = Dispatcher.__call__

        def call(dispatcher, *arguments, **named):
            place = _place(dispatcher)
            before = arguments[place].copy() if place is not None else None
            answer = timed_call(dispatcher, *arguments, **named)
            if place is not None:
                for name, more in zip(STATISTICS, arguments[place] - before, strict=False):
                    self.total[name] += int(more)
                self.steps = int(arguments[_place(dispatcher, "table_")].used.max()) - 1
            return answer

        Dispatcher.__call__ = call
        return self


def _place(dispatcher, name: str = "statistics") -> int | None:
    names = list(inspect.signature(dispatcher.py_func).parameters)
    return names.index(name) if name in names else None


def measure(size: Size) -> dict:
    """Return counts, rates and fractions."""
    part.solve(plain.people(16, 16), workers=1)
    each = timed(lambda: part.solve(plain.people(32, 16), workers=1))["seconds"] / 32
    n = size.people(each, part.MOST)
    theta, inside, whole = plain.people(n, 16), [], []
    for _ in range(size.samples):
        with Counted() as watch:
            whole.append(timed(lambda: part.solve(theta, workers=1))["seconds"])
        inside.append(watch.seconds)
    statistics = _per_person(watch.total, watch.steps)
    found = {"n": n, "us_inside": 1e6 * median(inside) / n, "us_whole": 1e6 * median(whole) / n, "threads": 1}
    print(f"{found['us_inside']:.2f} us a person inside kernels of {found['us_whole']:.2f}, one thread", flush=True)
    if not statistics:
        print("the engine offers no statistics: nothing is counted", flush=True)
        return found
    counted = count.per_subject(twelve.model(), statistics, len(plain.STATES), len(plain.OUTPUT_DAYS))
    return {**found, "statistics": statistics, **counted, **_against(counted, found["us_inside"], size)}


def _per_person(total: dict[str, int], steps: int) -> dict[str, float]:
    if not total["people"]:
        return {}
    found = {name: LANES * total[name] / total["people"] for name in ("sweeps", "panels", "mapped")}
    found |= {name: total[name] / total["people"] for name in ("windows", "leaps", "leaps_tried")}
    return {**found, "distinct_steps": steps}


def _against(counted: dict, us: float, size: Size) -> dict:
    """Return how long the machine would need at its best, and the fraction of that reached."""
    kept = RESULTS / "peak.json"
    best = json.loads(kept.read_text()) if kept.exists() and not size.quick else machine.rates(quick=True)
    rates = best["operations_per_s"]
    done = counted["operations"]
    sums, divisions = done.get("add", 0) + done.get("multiply", 0), done.get("divide", 0)
    times = {
        "multiply and add, all fused": 1e6 * sums / rates["fused multiply-add"]["1"],
        "multiply and add, none fused": 1e6 * sums / rates["multiply, add"]["1"],
        "divide": 1e6 * divisions / rates["divide"]["1"],
    }
    least = times["multiply and add, all fused"] + times["divide"]
    cached = counted["bytes"]["histories between stages, in cache"]
    moved = sum(counted["bytes"].values()) - cached
    times["histories, second level of cache"] = 1e6 * cached / best["bytes_per_s"]["L2"]["read"]["1"]
    times["parameters and results, memory"] = 1e6 * moved / best["bytes_per_s"]["memory"]["read and write"]["1"]
    print(f"the machine at its best: {least:.2f} us of arithmetic, {100 * least / us:.0f} % reached", flush=True)
    return {"us_at_peak": times, "us_least": least, "fraction": least / us}
