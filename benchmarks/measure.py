"""How everything here is timed, and the facts of the machine that stand beside every figure."""

import gc
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results"
LONG = 10.0
"""Seconds from which a sample is not repeated five times."""
PACKAGES = (
    *("menaquinone", "numpy", "numba", "llvmlite", "scipy", "xarray", "numbalsoda", "jax", "jaxlib", "diffrax"),
    *("libroadrunner", "python-libsbml", "matplotlib"),
)


@dataclass(frozen=True)
class Size:
    """How much work a run may be.

    Attributes
    ----------
    quick
        Few people and samples: to see that everything runs.
    budget
        Seconds that one sample may take; numbers of people shrink to it.
    """

    quick: bool = False
    budget: float = 20.0

    @property
    def samples(self) -> int:
        """How many samples make a median."""
        return 3 if self.quick else 5

    def people(self, seconds_each: float, most: int) -> int:
        """Return how many people fit in the budget: 1, 2 or 5 times a power of ten, at most ``most``."""
        fit = max(1.0, self.budget / seconds_each)
        steps = [digit * 10**power for power in range(8) for digit in (1, 2, 5)]
        return min(most, max(one for one in steps if one <= fit))


def timed(call: Callable[[], Any]) -> dict[str, float]:
    """Return wall-clock and processor seconds of one call."""
    gc.collect()
    processor, began = time.process_time(), time.perf_counter()
    call()
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - processor}


def samples(call: Callable[[], Any], size: Size) -> dict[str, list[float]]:
    """Return the samples of a call that has been made once before: five, or fewer long ones."""
    found = [timed(call)]
    wanted = size.samples if found[0]["seconds"] < LONG else 2
    while len(found) < wanted and found[0]["seconds"] < 6 * LONG:
        found.append(timed(call))
    return {key: [round(one[key], 6) for one in found] for key in ("seconds", "cpu")}


def row(engine: str, setting: str, *, threads: int, n: int, taken: dict[str, list[float]], **more: Any) -> dict:
    """Return one line of a table: who, how, how long each subject took, and how wrong."""
    median = statistics.median(taken["seconds"])
    return {
        "engine": engine,
        "setting": setting,
        "threads": threads,
        "n": n,
        "us_per_subject": 1e6 * median / n,
        **more,
        **taken,
    }


def best(rows: list[dict], *, error: float = 1e-5, threads: int | None = None) -> dict | None:
    """Return the fastest row that is at most so wrong and solved everybody, None where there is none."""
    good = [one for one in rows if one["error"] is not None and one["error"] <= error and not one.get("failed")]
    good = [one for one in good if threads in (None, one["threads"])]
    return min(good, key=lambda one: one["us_per_subject"], default=None)


def shown(one: dict) -> str:
    """Return a row as a line of text."""
    error = f"   error {one['error']:.1e}" if one.get("error") is not None else ""
    error += f"   {one['failed']} NOT SOLVED" if one.get("failed") else ""
    return (
        f"{one['engine']:28} {one['setting']:34} {one['threads']} thr  n {one['n']:>7}"
        f" {one['us_per_subject']:12.2f} us each{error}"
    )


def failures(result) -> int:
    """Return how many people of a labelled result were not solved."""
    return int((result["status"] != 0).sum())


def say(one: dict) -> dict:
    """Print a row and return it."""
    print(shown(one), flush=True)
    return one


def peak_memory() -> int:
    """Return the largest resident memory that this process has had, bytes."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pace() -> float:
    """Return the seconds of a fixed job on one core, which tell before and after whether the machine was free."""
    began, total = time.perf_counter(), 0
    for one in range(2_000_000):
        total += one & 7
    return time.perf_counter() - began


def busy(seconds: float = 0.5) -> float:
    """Return how many cores other work keeps busy while this process sleeps; 0 where the system does not say."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0

    def ticks() -> list[int]:
        return [int(one) for one in stat.read_text().splitlines()[0].split()[1:9]]

    before = ticks()
    time.sleep(seconds)
    spent = [after - one for after, one in zip(ticks(), before, strict=True)]
    idle = spent[3] + spent[4]
    return round(cores() * (1 - idle / max(1, sum(spent))), 2)


def machine() -> dict[str, Any]:
    """Return what a reader has to know about the machine."""
    return {
        "cpu": _cpu(),
        "cores": cores(),
        "caches": _caches(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "commit": _commit(),
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor()
    fields = dict(line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
    facts = {key.strip(): value.strip() for key, value in fields.items()}
    wide = "AVX-512" if "avx512f" in facts.get("flags", "") else "AVX2" if "avx2" in facts.get("flags", "") else ""
    return f"{facts.get('model name', '?')} (family {facts.get('cpu family')}, model {facts.get('model')}, {wide})"


def _caches() -> dict[str, str]:
    found = {}
    for place in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((place / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction":
            found[f"L{level}"] = size
    return found


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    """Return the commit, marked where tracked files of the package differ from it."""
    git = ["git", "-C", str(HERE.parent)]
    try:
        name = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run([*git, "status", "--porcelain", "src"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return name.stdout.strip() + ("+" if changed.stdout.strip() else "")


def keep(path: Path, found: dict[str, Any]) -> None:
    """Write a part's figures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")


def fresh(code: str, *arguments: str, **environment: str) -> tuple[float, str]:
    """Run code in a new interpreter: wall-clock seconds of the whole process, and what it printed.

    Bytecode is kept, as it is by default and as installers write it.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=HERE,
        env=kept | environment,
    )
    return time.perf_counter() - began, done.stdout


__all__ = [
    "HERE",
    "RESULTS",
    "Size",
    "best",
    "busy",
    "cores",
    "failures",
    "fresh",
    "keep",
    "machine",
    "pace",
    "peak_memory",
    "row",
    "samples",
    "say",
    "timed",
]
