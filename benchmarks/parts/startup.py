"""What a new process waits for: the import, the first solve with a filled cache, and compiling with an empty one."""

import tempfile
from statistics import median

from measure import Size, fresh

IMPORT = """
import time
began = time.perf_counter()
import menaquinone
print(time.perf_counter() - began)
"""
FIRST = """
import sys, warnings
warnings.simplefilter("ignore")
import {module}
{call}
"""
JOBS = {
    "twelve states": FIRST.format(module="plain", call="from parts import twelve; twelve.solve(plain.people(1, 1))"),
    "default model": FIRST.format(module="default", call="default.solve(default.people(1))"),
    "default model, one month": FIRST.format(module="default", call="default.solve(default.people(1), times=[28.0])"),
}
BARE = "pass"


def measure(size: Size) -> dict:
    """Return seconds: of the import, of whole processes, and of compilation."""
    imports = [float(fresh(IMPORT)[1]) for _ in range(size.samples + 6)]
    bare = [fresh(BARE)[0] for _ in range(size.samples)]
    print(f"import menaquinone {median(imports):.3f} s, an empty process {median(bare):.3f} s", flush=True)
    first = {}
    for name, code in JOBS.items():
        with tempfile.TemporaryDirectory() as cache:
            cold = [fresh(code, NUMBA_CACHE_DIR=cache)[0]]
            warm = [fresh(code, NUMBA_CACHE_DIR=cache)[0] for _ in range(size.samples)]
        # a second empty cache: the first may have had files of the system to read from the disk
        with tempfile.TemporaryDirectory() as cache:
            cold.append(fresh(code, NUMBA_CACHE_DIR=cache)[0])
        first[name] = {"cold": cold, "warm": warm, "compilation": median(cold) - median(warm)}
        print(
            f"{name}: first solve {median(warm):.2f} s with a filled cache, {median(cold):.1f} s with an empty one",
            flush=True,
        )
    return {"import_s": imports, "bare_s": bare, "first": first}
