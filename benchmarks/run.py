"""Measure everything, keep the raw figures, and write the tables and the picture of the docs.

    python benchmarks/run.py [--quick] [--only twelve 'default*' ...] [--budget SECONDS] [--out FOLDER] [--list]

Every part runs in a process of its own, one after the other, so that none disturbs another and one that fails is
reported and left out. Figures go to ``benchmarks/results/<part>.json``; a quick run writes to
``benchmarks/results/quick`` and leaves the docs alone.
"""

import argparse
import importlib
import json
import subprocess
import sys
import time
from fnmatch import fnmatch
from pathlib import Path

from measure import HERE, RESULTS, Size, busy, keep, machine, pace, peak_memory

PARTS = {
    "twelve": "the twelve-state problem, the library",
    "twelve_numbalsoda": "the twelve-state problem, numbalsoda",
    "twelve_diffrax": "the twelve-state problem, diffrax",
    "twelve_roadrunner": "the twelve-state problem, libRoadRunner",
    "twelve_scipy": "the twelve-state problem, SciPy",
    "default": "the default model, the library",
    "default_roadrunner": "the default model, libRoadRunner on the library's own SBML",
    "horizon": "20 years against 2",
    "adherence": "doses missed at random",
    "million": "a million people, streamed",
    "sweep": "a sweep against a loop",
    "outside": "time outside compiled code",
    "startup": "import, first solve, compilation",
    "peak": "what the machine can do",
    "limit": "operations and bytes counted",
}
TIME_LIMIT = 3600.0


def child(name: str, to: Path, size: Size) -> None:
    """Measure one part in this process and write it down."""
    others, before = busy(), pace()
    found = importlib.import_module(f"parts.{name}").measure(size)
    keep(
        to,
        {
            "part": name,
            "what": PARTS[name],
            "quick": size.quick,
            "when": time.strftime("%Y-%m-%d %H:%M:%S"),
            "machine": machine(),
            "cores_busy_with_others": [others, busy()],
            "pace_s": [round(before, 4), round(pace(), 4)],
            "peak_memory_bytes": peak_memory(),
            **found,
        },
    )


def measured(name: str, to: Path, *, quick: bool, budget: float) -> bool:
    """Run one part in a child; say so where it fails."""
    print(f"\n== {name}: {PARTS[name]}", flush=True)
    command = [sys.executable, __file__, "--child", name, "--out", str(to), "--budget", str(budget)]
    began = time.perf_counter()
    try:
        done = subprocess.run([*command, *(["--quick"] if quick else [])], timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        print(f"-- {name} left out: not done after {TIME_LIMIT:g} s", flush=True)
        return False
    if done.returncode:
        print(f"-- {name} left out: it ended with {done.returncode}", flush=True)
        return False
    print(f"   ({time.perf_counter() - began:.0f} s in all)", flush=True)
    return True


def chosen(only: list[str]) -> list[str]:
    """Return the parts asked for by name or pattern, in order."""
    if not only:
        return list(PARTS)
    found = [name for name in PARTS if any(fnmatch(name, one) for one in only)]
    if not found:
        raise SystemExit(f"no such part; there are {', '.join(PARTS)}")
    return found


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few people and samples, docs untouched")
    parser.add_argument("--only", nargs="*", default=[], help="names of parts, or patterns such as 'twelve*'")
    parser.add_argument("--budget", type=float, default=None, help="seconds that one sample may take")
    parser.add_argument("--out", type=Path, default=None, help="folder of the figures")
    parser.add_argument("--list", action="store_true", help="say which parts there are")
    parser.add_argument("--report", action="store_true", help="only write tables and picture again")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    budget = asked.budget or (3.0 if asked.quick else 20.0)
    if asked.list:
        print(json.dumps(PARTS, indent=1))
        return
    if asked.child:
        child(asked.child, asked.out, Size(asked.quick, budget))
        return
    folder = asked.out or (RESULTS / "quick" if asked.quick else RESULTS)
    parts = [] if asked.report else chosen(asked.only)
    failed = [name for name in parts if not measured(name, folder / f"{name}.json", quick=asked.quick, budget=budget)]
    if folder == RESULTS:
        from report import write

        write(folder, HERE.parent / "docs" / "performance")
    if failed:
        print(f"\nleft out: {', '.join(failed)}")


if __name__ == "__main__":
    main()
