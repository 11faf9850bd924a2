"""The cascade against the reference engine and SciPy at the same tolerance: the same work, one run, errors shown.

    python benchmarks/engines.py [--days 28]

One person on MK-7 once daily, default model. Errors are the worst over outputs and times of
|x - exact| / (|exact| + 1e-3 of the output's largest value), exact being the cascade at rtol 1e-10.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

import menaquinone as mk

RESULTS = Path(__file__).parent / "results" / "engines.json"


def worst(found, exact, names) -> float:
    """Return the worst relative error over all outputs."""
    errors = []
    for name in names:
        reference = np.abs(exact[name].values)
        scale = reference + 1e-3 * reference.max(axis=1, keepdims=True) + 1e-300
        errors.append(float((np.abs(found[name].values - exact[name].values) / scale).max()))
    return max(errors)


def main() -> None:
    """Run every engine, print and keep time and error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=28)
    days = parser.parse_args().days
    model, people = mk.models.vitamin_k(), mk.population("postmenopausal", 256, rng=1)
    dosing = mk.dose("MK-7", "180 ug", every="24 h")
    one, times = people.select([0]), f"0:{days}:1 d"
    mk.simulate(model, one, dosing, times="0:1:1 d")
    exact = mk.simulate(model, one, dosing, times=times, rtol=1e-10)
    rows = []
    for name, who, options in (
        ("cascade, 256 people, rtol 1e-6", people, {}),
        ("cascade, 1 person, rtol 1e-6", one, {}),
        ("LSODA, rtol 1e-6", one, {"engine": mk.Reference(rtol=1e-6)}),
        ("LSODA, rtol 1e-10 (reference)", one, {"engine": mk.Reference()}),
    ):
        began = time.perf_counter()
        found = mk.simulate(model, who, dosing, times=times, **options)
        seconds = (time.perf_counter() - began) / who.n
        error = worst(found.isel(subject=[0]), exact, model.outputs)
        rows.append({"engine": name, "ms_per_person": 1e3 * seconds, "error": error})
        print(f"{name:32} {1e3 * seconds:10.2f} ms per person   error {error:.1e}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"days": days, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
