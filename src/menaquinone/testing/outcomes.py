"""What must hold of any result, whatever was simulated: datasets in, an ``AssertionError`` of one sentence out."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

SIGNED = frozenset({"log_density", "wall_effect", "weighted_log", "dose_time", "years_since_last_period"})
"""Variables that may be negative: a logarithm, a change, and times of doses given before a steady state began."""


def assert_nonnegative(dataset: Any, *, signed: Iterable[str] = SIGNED, tolerance: float = 1e-12) -> None:
    """Check that no variable falls below zero.

    Parameters
    ----------
    dataset
        A result: an ``xarray.Dataset``, or a mapping of names to arrays.
    signed
        Variables that may be negative.
    tolerance
        How far below zero rounding may take a variable, relative to its largest value.

    Raises
    ------
    AssertionError
        If a value is negative; NaN (a failed subject) passes.
    """
    allowed = frozenset(signed)
    for name, values in _numbers(dataset):
        if name not in allowed and values.size:
            low, scale = np.nanmin(values, initial=np.inf), np.nanmax(np.abs(values), initial=0.0)
            _hold(low >= -tolerance * scale, f"'{name}': got a value of {low:.6g}, expected none below 0.")


def assert_fractions(dataset: Any, *, tolerance: float = 1e-9) -> None:
    """Check that shares lie within 0 and 1, and that the osteocalcin assays agree with each other.

    Parameters
    ----------
    dataset
        A result; every variable with ``share`` in its name is a share.
    tolerance
        Allowed departure, relative.

    Raises
    ------
    AssertionError
        If a share is outside, or ``ucoc_share`` or ``ucoc_ratio`` is not what ``ucoc`` and ``coc`` make it.
    """
    found = dict(_numbers(dataset))
    for name, values in found.items():
        if "share" in name and values.size:
            low, high = np.nanmin(values, initial=np.inf), np.nanmax(values, initial=-np.inf)
            inside = low >= -tolerance and high <= 1 + tolerance
            _hold(inside, f"'{name}': got shares from {low:.6g} to {high:.6g}, expected all within 0 and 1.")
    if {"ucoc", "coc"} <= found.keys():
        under, full = found["ucoc"], found["coc"]
        for name, wanted in (("ucoc_share", under / (under + full)), ("ucoc_ratio", under / full)):
            if name in found:
                alike = np.allclose(found[name], wanted, rtol=tolerance, atol=0, equal_nan=True)
                _hold(alike, f"'{name}': got other values than 'ucoc' and 'coc' make, expected the same.")


def assert_monotone_calcium(dataset: Any, *, variable: str = "agatston", tolerance: float = 1e-9) -> None:
    """Check that no calcium score falls with time: in humans deposits do not shrink.

    Parameters
    ----------
    dataset
        A result with a ``time`` dimension; not one of the rat parameter set, nor the scanner's readings.
    variable
        The true score.
    tolerance
        Allowed fall between two times, relative to the score.

    Raises
    ------
    AssertionError
        If a score falls.
    """
    score = dataset[variable]
    values = np.moveaxis(np.asarray(score.values, float), score.dims.index("time"), -1)
    fall = values[..., :-1] - values[..., 1:]
    worst = np.nanmax(fall - tolerance * values[..., :-1], initial=0.0)
    _hold(worst <= 0, f"'{variable}': got a fall by {worst:.6g} between two times, expected none.")


def assert_dose_linear(
    zero: Any, one: Any, several: Any, *, factor: float, variable: str = "plasma_concentration", tolerance: float = 1e-5
) -> None:
    """Check that what a dose adds grows in proportion to the dose.

    Parameters
    ----------
    zero, one, several
        Results of the same people without a dose, with it, and with ``factor`` times it.
    factor
        Ratio of the doses.
    variable
        The variable compared.
    tolerance
        Allowed departure, relative to the largest value; ten times the ``rtol`` of the runs.

    Raises
    ------
    AssertionError
        If the rise above the run without a dose does not scale.
    """
    base, low, high = (np.asarray(run[variable].values, float) for run in (zero, one, several))
    gap = np.nanmax(np.abs((high - base) - factor * (low - base)), initial=0.0)
    scale = np.nanmax(np.abs(high), initial=0.0)
    _hold(
        gap <= tolerance * scale,
        f"'{variable}': got a departure of {gap / scale if scale else 0:.2g} from a rise in proportion to the dose, "
        f"expected at most {tolerance:g}.",
    )


def _numbers(dataset: Any) -> list[tuple[str, Any]]:
    variables: Mapping[str, Any] = getattr(dataset, "data_vars", dataset)
    arrays = [(str(name), np.asarray(values)) for name, values in variables.items()]
    return [(name, values) for name, values in arrays if np.issubdtype(values.dtype, np.floating)]


def _hold(holds: Any, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


__all__ = ["SIGNED", "assert_dose_linear", "assert_fractions", "assert_monotone_calcium", "assert_nonnegative"]
