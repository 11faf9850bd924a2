"""Time the main job, `menaquinone run knapen-2015`, as a user runs it: whole process, cold and warm.

    python benchmarks/main_job.py [--runs 5]

Cold has an empty compilation cache, warm a filled one. Raw figures go to benchmarks/results/main_job.json.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "main_job.json"


def run(cache: str) -> float:
    """Return the wall-clock seconds of one run that writes into a throw-away folder."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "menaquinone.cli", "run", "knapen-2015", "--out", folder]
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"NUMBA_CACHE_DIR": cache})
        return time.perf_counter() - began


def main() -> None:
    """Run, print medians, keep the raw figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each kind")
    runs = parser.parse_args().runs
    cold, warm = [], []
    cache = tempfile.mkdtemp()
    for _ in range(runs):
        shutil.rmtree(cache)
        cold.append(run(cache))
        warm.append(run(cache))
    shutil.rmtree(cache)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps(
            {
                "what": "menaquinone run knapen-2015 (244 people, two arms, three years, rtol 1e-6), wall clock in s",
                "cores": os.cpu_count(),
                "python": platform.python_version(),
                "cold": [round(one, 2) for one in cold],
                "warm": [round(one, 2) for one in warm],
            },
            indent=1,
        )
        + "\n"
    )
    for name, figures in (("cold", cold), ("warm", warm)):
        print(f"{name}: median {statistics.median(figures):.1f} s of {runs} ({min(figures):.1f} to {max(figures):.1f})")


if __name__ == "__main__":
    main()
