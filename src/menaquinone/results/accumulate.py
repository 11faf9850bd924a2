"""Mean, SD and quantiles of many values that are never together in memory; accumulators that can be merged.

Up to ``HELD`` values are kept and summarised exactly. Beyond that quantiles come from counts in bins. A bin holds the
positive (or negative) numbers that share the exponent and the first ``m`` bits of the mantissa, so that its ends a < b
are apart by the ratio b / a <= 1 + 2^-m. Every value in it is told as 2ab / (a + b), which differs from any of them by
at most (b - a) / (a + b) < 2^-(m + 1) of the value. With m = ceil(-1 - log2(accuracy)) each order statistic is
therefore met within ``accuracy`` of itself, whatever the law of the values; zeros are met exactly. Values below 2^-40
(1e-12) of the largest of their sign are counted as 0, which bounds memory.
"""

from dataclasses import dataclass
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HELD = 4096
"""Values of one cell that are kept as they are, and counted together when there are more."""
_AT_ONCE = 2**19
"""Values that are sorted at one time."""
_MANTISSA = 52
_OCTAVES = 40
_SIGN = np.int64(2**63 - 1)
_NORMAL = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class Statistics:
    """What is left of the values.

    Attributes
    ----------
    n, failed : ndarray of int (...)
        Values counted, and values left out because they are not finite.
    mean, sd : ndarray (...)
        SD with n - 1. NaN where there are too few values.
    quantiles : ndarray (..., q)
        Straight lines between order statistics, as ``numpy.quantile``. NaN where there is no value.
    error
        Bound on the error of an order statistic, relative to it; 0 where all values were kept.
    """

    n: Ints
    failed: Ints
    mean: Floats
    sd: Floats
    quantiles: Floats
    error: float


class Window:
    """Counts of the values of one cell and sign, by the leading bits of their magnitude. Mutable.

    Parameters
    ----------
    first
        Bits of the first bin.
    counts
        From there on.
    """

    __slots__ = ("counts", "first")

    def __init__(self, first: int, counts: Ints) -> None:
        self.first, self.counts = first, counts

    @property
    def end(self) -> int:
        """Bits after the last bin."""
        return self.first + len(self.counts)

    def add(self, first: int, counts: Ints, depth: int) -> int:
        """Add counts; return how many now lie deeper than ``depth`` bins below the largest and are counted no more."""
        low, end = min(self.first, first), max(self.end, first + len(counts))
        low = max(low, end - depth)
        lost = 0
        if low != self.first or end != self.end:
            grown = np.zeros(end - low, np.int64)
            lost += _put(grown, low, self.first, self.counts)
            self.first, self.counts = low, grown
        return lost + _put(self.counts, low, first, counts)


def _put(into: Ints, low: int, first: int, counts: Ints) -> int:
    """Add counts to a window that ends after them; return how many lie below it."""
    cut = min(max(low - first, 0), len(counts))
    start = first + cut - low
    into[start : start + len(counts) - cut] += counts[cut:]
    return int(counts[:cut].sum())


class Accumulator:
    """Adds up the values of some cells (a time, a member, a variable). Mutable; each thread or process has its own.

    Parameters
    ----------
    cells
        How many there are.
    accuracy
        Largest relative error of an order statistic.
    expected
        How many values each cell will get, if known: no more than that are held.
    """

    def __init__(self, cells: int, accuracy: float, expected: int = HELD) -> None:
        self.accuracy = accuracy
        self.bits = max(1, ceil(-1 - log2(accuracy)))
        self.seen = 0
        self.n = np.zeros(cells, np.int64)
        self.mean, self.m2 = np.zeros(cells), np.zeros(cells)
        self.low, self.high = np.full(cells, np.inf), np.full(cells, -np.inf)
        self.zeros = np.zeros(cells, np.int64)
        self.windows: list[list[Window | None]] = [[None, None] for _ in range(cells)]
        self._held = np.empty((cells, min(HELD, expected)))
        self._filled = 0

    def add(self, values: Floats) -> None:
        """Add values (cells, k); those that are not finite are left out and counted as failed."""
        done, k = 0, values.shape[1]
        self.seen += k
        while done < k:
            if self._filled == self._held.shape[1]:
                self._count()
            some = min(k - done, self._held.shape[1] - self._filled)
            self._held[:, self._filled : self._filled + some] = values[:, done : done + some]
            self._filled += some
            done += some

    def merge(self, other: "Accumulator") -> None:
        """Add what another accumulator of the same cells and accuracy has seen."""
        self.seen += other.seen - other._filled  # noqa: SLF001 - the same class
        held = other._held[:, : other._filled]  # noqa: SLF001
        self._merge_moments(other.n, other.mean, other.m2)
        self.low, self.high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        self.zeros += other.zeros
        for cell, windows in enumerate(other.windows):
            for negative, one in enumerate(windows):
                if one is not None:
                    self._put(cell, negative, one.first, one.counts)
        self.add(held)

    def statistics(self, quantiles: tuple[float, ...]) -> Statistics:
        """Return mean, SD and quantiles of everything added."""
        if self._filled == self.seen:
            return exactly(self._held[:, : self._filled], quantiles)
        self._count()
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(self.n > 0, self.mean, np.nan)
            sd = np.sqrt(np.where(self.n > 1, self.m2 / (self.n - 1), np.nan))
        found = np.array([self._quantiles(cell, quantiles) for cell in range(len(self.n))])
        return Statistics(self.n.copy(), self.seen - self.n, mean, sd, found, self.accuracy)

    # counting ---------------------------------------------------------------------------------------------------------

    def _count(self) -> None:
        """Turn the values held into counts, a cell at a time: a cell's values stay in the nearest cache."""
        held, self._filled = self._held[:, : self._filled], 0
        n, mean, m2 = np.full(len(held), held.shape[1]), np.empty(len(held)), np.empty(len(held))
        with np.errstate(over="ignore", invalid="ignore"):
            total, low, high = held.sum(axis=1), held.min(axis=1), held.max(axis=1)
            for cell, whole in enumerate(np.isfinite(total).tolist()):
                values = held[cell]
                if not whole:
                    values = values[np.isfinite(values)]
                    n[cell], total[cell] = len(values), values.sum()
                    low[cell], high[cell] = values.min(initial=np.inf), values.max(initial=-np.inf)
                mean[cell] = total[cell] / max(len(values), 1)
                apart = values - mean[cell]
                m2[cell] = apart @ apart
                if len(values):
                    self._sort_in(cell, values, low[cell])
            self._merge_moments(n, mean, m2)
        self.low, self.high = np.minimum(self.low, low), np.maximum(self.high, high)

    def _merge_moments(self, n: Ints, mean: Floats, m2: Floats) -> None:
        """Merge means and sums of squares (Chan, Golub and LeVeque)."""
        together = np.maximum(self.n + n, 1)
        apart, share = mean - self.mean, n / together
        self.m2 = self.m2 + m2 + apart * apart * (self.n * share)
        self.mean = np.where(self.n == 0, mean, self.mean + apart * share)
        self.n = self.n + n

    def _sort_in(self, cell: int, values: Floats, low: float) -> None:
        shift = _MANTISSA - self.bits
        bits = values.view(np.int64)
        if low >= _NORMAL:  # no zero, no negative number: nearly always
            least = int(np.float64(low).view(np.int64)) >> shift
            self._put(cell, 0, least, np.bincount((bits >> shift) - least))
            return
        magnitude = (bits & _SIGN) >> shift
        small = magnitude < 1 << self.bits  # zeros, and what is below the smallest normal number
        self.zeros[cell] += int(np.count_nonzero(small))
        for sign, chosen in enumerate((values >= _NORMAL, values <= -_NORMAL)):
            keys = magnitude[chosen]
            if len(keys):
                least = max(int(keys.min()), int(keys.max()) - self.depth)
                kept = keys[keys >= least]
                self.zeros[cell] += len(keys) - len(kept)
                self._put(cell, sign, least, np.bincount(kept - least))

    @property
    def depth(self) -> int:
        """Bins below the largest that are kept."""
        return _OCTAVES << self.bits

    def _put(self, cell: int, negative: int, first: int, counts: Ints) -> None:
        window = self.windows[cell][negative]
        if window is None:
            window = self.windows[cell][negative] = Window(first, np.zeros(0, np.int64))
        self.zeros[cell] += window.add(first, counts, self.depth)

    # telling ----------------------------------------------------------------------------------------------------------

    def _quantiles(self, cell: int, wanted: tuple[float, ...]) -> Floats:
        n = int(self.n[cell])
        if not n or not wanted:
            return np.full(len(wanted), np.nan)
        positive, negative = self.windows[cell]
        counts, values = [], []
        if negative is not None:
            counts.append(negative.counts[::-1])
            values.append(-self._told(negative)[::-1])
        counts.append(self.zeros[cell : cell + 1])
        values.append(np.zeros(1))
        if positive is not None:
            counts.append(positive.counts)
            values.append(self._told(positive))
        upto, value = np.cumsum(np.concatenate(counts)), np.concatenate(values)
        value = np.clip(value, self.low[cell], self.high[cell])
        place = np.array(wanted) * (n - 1)
        under = np.floor(place).astype(np.int64)
        over = np.minimum(under + 1, n - 1)
        low, high = (value[np.searchsorted(upto, rank, side="right")] for rank in (under, over))
        return _between(low, high, place - under)

    def _told(self, window: Window) -> Floats:
        """Return the value told for each bin: 2ab / (a + b) of its ends."""
        bits = np.arange(window.first, window.end + 1, dtype=np.int64) << (_MANTISSA - self.bits)
        ends = bits.view(np.float64)
        a, b = ends[:-1], ends[1:]
        return np.asarray(a * (2 / (1 + a / b)))


def _between(low: Floats, high: Floats, share: Floats) -> Floats:
    """Return what lies between order statistics, reckoned from the nearer one, as ``numpy.quantile`` does."""
    apart = high - low
    return np.where(share < 0.5, low + apart * share, high - apart * (1 - share))


def exactly(values: Floats, quantiles: tuple[float, ...]) -> Statistics:
    """Summarise values (cells, ..., k) that are all there, a few cells at a time.

    Parameters
    ----------
    values
        Those that are not finite are left out and counted as failed.
    quantiles
        Probabilities.
    """
    shape = values.shape[:-1]
    n, failed = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    mean, sd, found = np.full(shape, np.nan), np.full(shape, np.nan), np.full((*shape, len(quantiles)), np.nan)
    if values.size:
        step = max(1, _AT_ONCE * len(values) // values.size)
        for first in range(0, len(values), step):
            part = slice(first, first + step)
            failed[part], n[part], mean[part], sd[part], found[part] = _of_sorted(values[part], quantiles)
    return Statistics(n, failed, mean, sd, found, 0.0)


def _of_sorted(values: Floats, quantiles: tuple[float, ...]) -> tuple[Ints, Ints, Floats, Floats, Floats]:
    ordered = np.where(np.isfinite(values), values, np.nan)
    ordered.sort(axis=-1)  # NaN last
    failed = np.isnan(ordered).sum(axis=-1)
    n = np.asarray(values.shape[-1] - failed)
    last = np.maximum(n - 1, 0)[..., None]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mean = np.nansum(ordered, axis=-1) / np.where(n > 0, n, np.nan)
        place = np.array(quantiles) * last
        under = np.floor(place).astype(np.int64)
        low, high = (np.take_along_axis(ordered, np.minimum(rank, last), axis=-1) for rank in (under, under + 1))
        found = np.where(n[..., None] > 0, _between(low, high, place - under), np.nan)
        ordered -= mean[..., None]
        sd = np.sqrt(np.nansum(ordered * ordered, axis=-1) / np.where(n > 1, n - 1, np.nan))
    return failed, n, mean, sd, found


__all__ = ["HELD", "Accumulator", "Statistics", "exactly"]
