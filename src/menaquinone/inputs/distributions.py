"""Distributions of a quantity between people. Each is its quantile function: a uniform draw in, a value out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from math import inf
from typing import Protocol

import numpy as np


class Distribution(Protocol):
    """What a population's record needs of a distribution."""

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return the values below which the shares ``u`` (each in the open interval 0 to 1) of people lie."""
        ...


_EDGE = 2.0**-53
"""No share is nearer to 0 or 1, where many a law has no value."""


def _between(u: np.ndarray, low: float, high: float) -> np.ndarray:
    """Map ``u`` to standard normal scores truncated to [low, high]."""
    from scipy.special import ndtr, ndtri

    if low > 0:  # the lower tail has digits where the upper one rounds to 1
        return -_between(1 - u, -high, -low)
    below, above = ndtr(low), ndtr(high)
    return np.asarray(np.clip(ndtri(below + u * (above - below)), low, high))


@dataclass(frozen=True)
class Fixed:
    """The same value for everybody."""

    value: float

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return the value, once per draw."""
        return np.full(np.shape(u), float(self.value))


@dataclass(frozen=True)
class Uniform:
    """Every value between two numbers alike."""

    low: float
    high: float

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return quantiles of the uniform distribution."""
        return np.asarray(self.low + (self.high - self.low) * u)


@dataclass(frozen=True)
class Normal:
    """Normal; ``mean`` and ``sd`` are those before truncation to [low, high]."""

    mean: float
    sd: float
    low: float = -inf
    high: float = inf

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return quantiles of the normal truncated to [low, high]."""
        scores = _between(u, (self.low - self.mean) / self.sd, (self.high - self.mean) / self.sd)
        return np.asarray(np.clip(self.mean + self.sd * scores, self.low, self.high))


@dataclass(frozen=True)
class LogNormal:
    """Log-normal by its median and the SD of its logarithm, truncated to [low, high]."""

    median: float
    omega: float
    low: float = 0.0
    high: float = inf

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return quantiles of the log-normal truncated to [low, high]."""
        low = np.log(self.low / self.median) / self.omega if self.low > 0 else -inf
        high = np.log(self.high / self.median) / self.omega if self.high < inf else inf
        return np.asarray(self.median * np.exp(self.omega * _between(u, low, high)))


@dataclass(frozen=True)
class Exponential:
    """Exponential; with mean 1 also the Gamma(1) of a frailty."""

    mean: float = 1.0

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return quantiles of the exponential."""
        return np.asarray(-self.mean * np.log1p(-u))


@dataclass(frozen=True)
class Categories:
    """A few values with their probabilities (a genotype, a diagnosis); the probabilities sum to 1."""

    values: tuple[float, ...]
    probabilities: tuple[float, ...]

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return the category in which each draw falls."""
        edges = np.cumsum(self.probabilities)[:-1]
        return np.asarray(self.values, float)[np.searchsorted(edges, u, side="right")]


@dataclass(frozen=True)
class ZeroInflated:
    """Nothing at all in a share of people; in the others a distribution."""

    zero: float
    rest: Distribution

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return 0 up to the share ``zero``, then quantiles of the rest."""
        above = np.clip((u - self.zero) / (1 - self.zero), _EDGE, 1 - _EDGE)
        return np.where(u <= self.zero, 0.0, self.rest.quantile(above))


@dataclass(frozen=True)
class Percentiles:
    """Through known percentiles: the logarithm is straight in normal scores between them, and beyond the outer two.

    Attributes
    ----------
    points
        ``((0.25, 2.3), (0.5, 41.0))``: shares of people, rising, and what they lie below.
    low
        Less than this is none: 0.
    high
        Nobody has more.
    """

    points: tuple[tuple[float, float], ...]
    low: float = 0.0
    high: float = inf

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return quantiles, those of the points among them."""
        from scipy.special import ndtri

        shares, levels = np.array(self.points, float).T
        knots, logs = ndtri(shares), np.log(levels)
        left = np.clip(np.searchsorted(knots, ndtri(u), side="right") - 1, 0, len(knots) - 2)
        slope = (logs[left + 1] - logs[left]) / (knots[left + 1] - knots[left])
        found = np.exp(logs[left] + slope * (ndtri(u) - knots[left]))
        # a point that lies on the limit is in, whatever its rounding
        return np.where(found < self.low * (1 - 1e-12), 0.0, np.minimum(found, self.high))


@dataclass(frozen=True)
class Moved:
    """Another distribution with its normal scores moved: the law of people who stand elsewhere in it.

    Attributes
    ----------
    law
        The other distribution.
    by, stretch
        Score z here is score ``by + stretch z`` there.
    """

    law: Distribution
    by: float
    stretch: float = 1.0

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Return quantiles of the other distribution at the moved shares."""
        from scipy.special import ndtr, ndtri

        return self.law.quantile(np.clip(ndtr(self.by + self.stretch * ndtri(u)), _EDGE, 1 - _EDGE))


@dataclass(frozen=True)
class ByCategory:
    """One distribution for each category of another column, in the order of its codes."""

    of: str
    among: tuple[Distribution, ...]

    def quantile(self, u: np.ndarray, codes: np.ndarray | None = None) -> np.ndarray:
        """Return quantiles of the distribution of each person's category.

        Parameters
        ----------
        u
            Shares.
        codes
            Of the other column; the first category where left out.
        """
        found = self.among[0].quantile(u)
        for code, one in enumerate(self.among[1:], start=1):
            mine = np.zeros(np.shape(u), bool) if codes is None else codes == code
            found = np.where(mine, one.quantile(u), found)
        return np.asarray(found)


def in_words(
    law: Distribution | ByCategory, categories: Mapping[str, float] | None = None, groups: Iterable[str] = ()
) -> str:
    """Return a distribution in words, such as ``Normal, mean 60, sd 3, from 55 to 65``.

    Parameters
    ----------
    law
        The distribution.
    categories
        What its numbers stand for, where they are categories.
    groups
        Labels of the categories by which it differs.
    """
    labels = {code: label for label, code in (categories or {}).items()}
    if isinstance(law, Fixed):
        return "everybody " + labels.get(law.value, f"{law.value:.4g}").replace("nan", "without")
    if isinstance(law, Categories):
        shares = zip(law.values, law.probabilities, strict=True)
        return ", ".join(f"{labels.get(code, f'{code:.4g}')} {share:.3g}" for code, share in shares)
    if isinstance(law, ByCategory):
        names = list(groups) or [str(code) for code in range(len(law.among))]
        return "; ".join(f"{name}: {in_words(one, categories)}" for name, one in zip(names, law.among, strict=True))
    if isinstance(law, ZeroInflated):
        return f"0 in a share of {law.zero:.3g}, else {in_words(law.rest)}"
    if isinstance(law, Moved):
        stretched = "" if law.stretch == 1 else f"{law.stretch:.3g} times "
        return f"{in_words(law.law)}, taken at {stretched}the normal score plus {law.by:.3g}"
    if isinstance(law, Percentiles):
        points = ", ".join(f"{100 * share:.3g} % below {level:.4g}" for share, level in law.points)
        return f"Percentiles, {points}" + _limits(law.low or -inf, law.high, "or 0" if law.low else "")
    shown = [f"{one.name} {getattr(law, one.name):.4g}" for one in fields(law) if one.name not in ("low", "high")]  # type: ignore[arg-type]
    return f"{type(law).__name__}, {', '.join(shown)}" + _limits(getattr(law, "low", -inf), getattr(law, "high", inf))


def _limits(low: float, high: float, otherwise: str = "") -> str:
    ends = [f"from {low:.6g}"] * (low > -inf and (low != 0 or high < inf)) + [f"to {high:.6g}"] * (high < inf)
    found = " ".join([*ends, *([otherwise] if ends and otherwise else [])])
    return f", {found}" if found else ""


__all__ = [
    "ByCategory", "Categories", "Distribution", "Exponential", "Fixed", "LogNormal", "Moved", "Normal", "Percentiles",
    "Uniform", "ZeroInflated", "in_words",
]  # fmt: skip
