"""What one core, and two, can do at best: arithmetic by kind of operation, and bandwidth by level of memory.

    python benchmarks/peak.py [--quick]

Arithmetic runs on arrays that stay in the first level of cache, chains of operations on many elements side by side, so
that neither memory nor the wait for a result counts. The kernels are compiled like the engine's; a second process asks
for vectors of 512 bits, which the compiler avoids by itself on some processors.
"""

# ruff: noqa: ARG001 (every kernel is called alike)

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import llvmlite.binding as llvm
import numba
import numpy as np

ELEMENTS = 512
"""8-byte numbers: 4 KiB, well inside the first level."""
CHAIN = 32
"""Operations on each element before it is stored."""
_COMMON = {"nogil": True, "error_model": "numpy"}


@numba.njit(fastmath={"contract"}, **_COMMON)
def fused(x, b, c, rounds):
    """Multiply and add, fused: two operations in one instruction."""
    for _ in range(rounds):
        for i in range(x.size):
            v = x[i]
            for _ in range(32):
                v = v * b + c
            x[i] = v


@numba.njit(**_COMMON)
def separate(x, b, c, rounds):
    """Multiply and add, an instruction each."""
    for _ in range(rounds):
        for i in range(x.size):
            v = x[i]
            for _ in range(32):
                v = v * b + c
            x[i] = v


@numba.njit(**_COMMON)
def divided(x, b, c, rounds):
    """Divide, and nothing else."""
    for _ in range(rounds):
        for i in range(x.size):
            v = x[i]
            for _ in range(32):
                v = b / v
            x[i] = v


@numba.njit(fastmath={"reassoc", "nsz", "contract"}, **_COMMON)
def read(x, b, c, rounds):
    """Read and add up."""
    total = 0.0
    for _ in range(rounds):
        for i in range(x.size):
            total += x[i]
        x[0] = total * 1e-300
    return total


@numba.njit(**_COMMON)
def rewritten(x, b, c, rounds):
    """Read, multiply, write back."""
    for _ in range(rounds):
        for i in range(x.size):
            x[i] = x[i] * b


ARITHMETIC = {"fused multiply-add": (fused, 2), "multiply, add": (separate, 2), "divide": (divided, 1)}
"""Kernel and operations in each link of its chain."""
TRAFFIC = {"read": (read, 8), "read and write": (rewritten, 16)}
"""Kernel and bytes that each element moves."""
LEVELS = {"L1": 3 * 2**13, "L2": 2**20, "beyond L2": 2**24, "memory": 2**29}
"""Bytes of the array, for each core."""


def rate(kernel, elements: int, worth: float, threads: int, seconds: float) -> float:
    """Return units a second over all threads: the median of five runs of about ``seconds``."""
    arrays = [np.full(elements, 1.0) for _ in range(threads)]
    kernel(arrays[0], 1.0, 0.0, 1)
    began, rounds = time.perf_counter(), 1
    kernel(arrays[0], 1.0, 0.0, rounds)
    once = max(time.perf_counter() - began, 1e-7)
    rounds = max(1, int(seconds / once))
    with ThreadPoolExecutor(threads) as pool:

        def run() -> float:
            began = time.perf_counter()
            list(pool.map(lambda x: kernel(x, 1.0, 0.0, rounds), arrays))
            return time.perf_counter() - began

        taken = median(run() for _ in range(5))
    return worth * elements * rounds * threads / taken


def width(kernel) -> int:
    """Return the widest vector registers in a kernel's code, bits."""
    code = next(iter(kernel.inspect_asm().values()))
    return 512 if "zmm" in code else 256 if "ymm" in code else 128


def rates(*, quick: bool, arithmetic_only: bool = False) -> dict:
    """Return operations and bytes a second, by kind and number of threads."""
    seconds = 0.02 if quick else 0.3
    found: dict = {"operations_per_s": {}, "bytes_per_s": {}}
    for name, (kernel, worth) in ARITHMETIC.items():
        found["operations_per_s"][name] = {
            str(threads): rate(kernel, ELEMENTS, CHAIN * worth, threads, seconds) for threads in (1, 2)
        } | {"vector_bits": width(kernel)}
    if not arithmetic_only:
        for level, size in LEVELS.items():
            found["bytes_per_s"][level] = {
                name: {str(threads): rate(kernel, size // 8, worth, threads, seconds) for threads in (1, 2)}
                for name, (kernel, worth) in TRAFFIC.items()
            }
    return found


def wide(*, quick: bool) -> dict:
    """Return arithmetic of a process that is told not to shun vectors of 512 bits; nothing where there are none."""
    features = llvm.get_host_cpu_features()
    if not features.get("avx512f"):
        return {}
    asked = {
        "NUMBA_CPU_NAME": llvm.get_host_cpu_name(),
        "NUMBA_CPU_FEATURES": f"{features.flatten()},-prefer-256-bit",
    }
    command = [sys.executable, str(Path(__file__)), "--arithmetic", *(["--quick"] if quick else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | asked)
    return json.loads(done.stdout)["operations_per_s"]


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--arithmetic", action="store_true", help="no bandwidth")
    asked = parser.parse_args()
    print(json.dumps(rates(quick=asked.quick, arithmetic_only=asked.arithmetic), indent=1))


if __name__ == "__main__":
    main()
