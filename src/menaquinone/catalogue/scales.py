"""Scales on which what is not known about a parameter is close to normal: logarithm, odds, plain, half-normal."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from types import MappingProxyType
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Scale:
    """A change of scale that rises throughout.

    Attributes
    ----------
    name
        As the stored calibration writes it.
    there, back
        From the declared unit to the scale, and from the scale to the declared unit; arrays in and out.
    """

    name: str
    there: Callable[[Array], Array]
    back: Callable[[Array], Array]


def _half_normal(value: Array) -> Array:
    return _quantile(2 * _share(value) - 1)


def _from_half_normal(score: Array) -> Array:
    return _quantile((1 + _share(score)) / 2)


_NORMAL = NormalDist()
_share = np.vectorize(_NORMAL.cdf, otypes=[float])
_quantile = np.vectorize(
    lambda share: _NORMAL.inv_cdf(share) if 0 < share < 1 else -np.inf if share <= 0 else np.inf, otypes=[float]
)

SCALES = MappingProxyType(
    {
        one.name: one
        for one in (
            Scale("plain", lambda value: np.asarray(value, float), lambda score: np.asarray(score, float)),
            Scale("log", np.log, np.exp),
            Scale("log odds", lambda value: np.log(value / (1 - value)), lambda score: 1 / (1 + np.exp(-score))),
            Scale("half-normal", _half_normal, _from_half_normal),
        )
    }
)
"""By name. ``half-normal`` is the normal score of a half-normal law with SD 1, whose median is 0.674."""

__all__ = ["SCALES", "Scale"]
