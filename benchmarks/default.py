"""The default model's job: two years of MK-7 once a day, all outputs at 53 times; and how wrong an answer is."""

import numpy as np

import menaquinone as mk

DAYS = 730
OUTPUT_DAYS = np.append(np.arange(0, DAYS, 14.0), DAYS)[1:]
SEED = 7


def people(n: int):
    """Return people whose eGFR falls in yearly steps."""
    return mk.population("postmenopausal", n, rng=SEED)


def dosing():
    """Return 360 ug of MK-7 once a day."""
    return mk.dose("MK-7", "360 ug", every="24 h")


def solve(who, *, rtol: float = 1e-6, workers: int = 2, times=OUTPUT_DAYS, **options):
    """Return the labelled result of all outputs."""
    return mk.simulate(mk.models.vitamin_k(), who, dosing(), times=times, rtol=rtol, workers=workers, **options)


def columns(result, subjects: int) -> dict[str, np.ndarray]:
    """Return the outputs of the first subjects: by name, (subject, time, members)."""
    names = mk.models.vitamin_k().outputs
    few = result.isel(subject=slice(0, subjects))
    return {name: few[name].values.reshape(*few[name].shape[:2], -1) for name in names}


def error(found: dict[str, np.ndarray], exact: dict[str, np.ndarray]) -> float:
    """Return the worst of |found - exact| / (|exact| + 1e-3 of the output's largest value over time)."""
    worst = []
    for name, values in exact.items():
        scale = np.abs(values) + 1e-3 * np.abs(values).max(axis=1, keepdims=True) + 1e-300
        gap = np.abs(found[name] - values) / scale
        worst.append(float(np.nanmax(gap)))
        if not np.array_equal(np.isnan(found[name]), np.isnan(values)):
            return float("inf")
    return max(worst)
