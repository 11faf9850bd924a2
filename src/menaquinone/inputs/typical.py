"""What people have of their own of a parameter, when its typical value is another: it moves along, on one scale."""

from collections.abc import Mapping

import numpy as np

from menaquinone.catalogue.calibration import calibration
from menaquinone.catalogue.scales import SCALES


def moved(
    own: Mapping[str, np.ndarray], before: Mapping[str, float], now: Mapping[str, np.ndarray | float]
) -> dict[str, np.ndarray]:
    """Return values that people have instead of typical ones, as far from the new typical values as from the old.

    The distance is kept on the scale and within the bounds of the calibration (log odds for the uncarboxylated share
    of MGP, which is higher in dialysis); of others as a ratio, or as a difference where something is not above 0.

    Parameters
    ----------
    own : arrays (n,)
        By bracketed name, in declared units, what people have of their own.
    before
        Typical values that these belong to.
    now
        New typical values: numbers, or arrays (k,).

    Returns
    -------
    dict
        Of names in both ``own`` and ``now``: (n,), or (k, n) where there are several typical values.
    """
    return {name: _moved(name, own[name], before[name], value) for name, value in now.items() if name in own}


def _moved(name: str, own: np.ndarray, before: float, now: np.ndarray | float) -> np.ndarray:
    typical = np.asarray(now, float)[..., None] if np.ndim(now) else np.asarray(now, float)
    fitted = calibration().parameters.get(name)
    if fitted is not None:
        scale, low, high = fitted.on, fitted.low, fitted.high
    else:
        positive = before > 0 and (typical > 0).all() and (own > 0).all()
        scale, low, high = SCALES["log" if positive else "plain"], -np.inf, np.inf
    away = scale.there(typical) - scale.there(before)
    found = np.clip(scale.back(scale.there(own) + away), low, high)
    return np.where(away == 0, own, found)  # what does not move keeps its last bit


__all__ = ["moved"]
