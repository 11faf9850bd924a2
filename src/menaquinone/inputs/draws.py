"""Random draws that depend on a key, never on a position: the same subject gets the same numbers in any batch.

A draw is a pure function of (seed, purpose, subject id, up to two more whole numbers). The generator is Philox4x32 with
ten rounds, a counter-based generator: the key is a hash of seed and purpose, the counter is made of the id and the
further numbers. It runs on whole arrays, and quantile functions turn its uniform numbers into any other law.

Source of the algorithm and of the numbers the tests check it against: J. Salmon and others, "Parallel random numbers:
as easy as 1, 2, 3", and the known-answer vectors that its authors publish with the Random123 library.
"""

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from menaquinone.errors import refused

if TYPE_CHECKING:
    Rng = int | np.random.Generator | np.random.SeedSequence | np.random.BitGenerator | None

_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10

Words = tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]


def philox(counter: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike], key: tuple[int, int]) -> Words:
    """Return four random 32-bit words for every counter (Philox4x32, ten rounds).

    Parameters
    ----------
    counter
        Four whole numbers below 2**32, or arrays of them that broadcast together.
    key
        Two whole numbers below 2**32.

    Returns
    -------
    tuple of four arrays of uint64
        Each holds values below 2**32, in the broadcast shape of the counter.
    """
    c0, c1, c2, c3 = (np.asarray(word, dtype=np.uint64) for word in counter)
    for step in range(_ROUNDS):
        k0, k1 = (np.uint64((word + step * weyl) % 2**32) for word, weyl in zip(key, _WEYL, strict=True))
        left, right = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (right >> _HALF) ^ c1 ^ k0, right & _MASK, (left >> _HALF) ^ c3 ^ k1, left & _MASK
    return c0, c1, c2, c3


def entropy(rng: "Rng") -> int:
    """Return the seed of a study as a whole number below 2**64.

    Parameters
    ----------
    rng
        A whole number (kept as it is below 2**64, hashed down above), a NumPy Generator or BitGenerator (one number is
        drawn from it), a SeedSequence, or None for fresh entropy from the machine.

    Raises
    ------
    InputError
        If it is anything else, or negative.
    """
    expected = "a whole number of at least 0, a NumPy Generator, a SeedSequence or None"
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        if rng < 0:
            raise refused("rng", rng, expected)
        return int(rng) if rng < 2**64 else _state(np.random.SeedSequence(int(rng)))
    if rng is None:
        return _state(np.random.SeedSequence())
    if isinstance(rng, np.random.SeedSequence):
        return _state(rng)
    if isinstance(rng, np.random.BitGenerator):
        rng = np.random.Generator(rng)
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**64, dtype=np.uint64))
    raise refused("rng", rng, expected)


def _state(sequence: "np.random.SeedSequence") -> int:
    return int(sequence.generate_state(1, np.uint64)[0])


def uniform(seed: int, purpose: str, ids: ArrayLike, *extra: ArrayLike) -> NDArray[np.float64]:
    """Return uniform numbers in the open interval (0, 1).

    Parameters
    ----------
    seed
        Of the study: a whole number from 0 to below 2**64, see :func:`entropy`.
    purpose
        What the draw is for, such as ``"adherence"``: draws for two purposes are independent.
    ids
        Subject ids, whole numbers of 64 bits.
    extra
        Up to two more parts of the key (site, year, record, dose), whole numbers from 0 to below 2**32.

    Returns
    -------
    ndarray of float64
        In the broadcast shape of ``ids`` and ``extra``: multiples of 2**-53, none of them 0 or 1.

    Raises
    ------
    InputError
        If the seed is out of range, or a part of the key is not a whole number in range.
    """
    if not 0 <= seed < 2**64:
        raise refused("seed", seed, "a whole number from 0 to below 2**64")
    if len(extra) > 2:
        raise refused(f"key of a draw for '{purpose}'", len(extra), "at most two numbers beside the subject id")
    subject = _whole(ids, f"subject ids of a draw for '{purpose}'").astype(np.int64).view(np.uint64)
    more = [_part(number, purpose) for number in extra] + [np.uint64(0)] * (2 - len(extra))
    digest = blake2b(seed.to_bytes(8, "little") + purpose.encode(), digest_size=8).digest()
    key = int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")
    high, low, _, _ = philox((subject & _MASK, subject >> _HALF, more[0], more[1]), key)
    # 52 bits and a half step: exact in double precision, so neither 0 nor 1 can come out of rounding
    bits = (high << np.uint64(20)) | (low >> np.uint64(12))
    return np.asarray((bits.astype(np.float64) + 0.5) * 2.0**-52)


def _whole(numbers: ArrayLike, what: str) -> NDArray[Any]:
    array = np.asarray(numbers)
    if array.dtype.kind not in "iu":
        raise refused(what, numbers, "whole numbers")
    return array


def _part(number: ArrayLike, purpose: str) -> NDArray[np.uint64]:
    array = _whole(number, f"key of a draw for '{purpose}'")
    if array.size and (array.min() < 0 or array.max() >= 2**32):
        raise refused(f"key of a draw for '{purpose}'", number, "whole numbers from 0 to below 2**32")
    return array.astype(np.uint64)


def normal(seed: int, purpose: str, ids: ArrayLike, *extra: ArrayLike) -> NDArray[np.float64]:
    """Return standard normal numbers; parameters, shape and errors as in :func:`uniform`."""
    from scipy.special import ndtri

    return np.asarray(ndtri(uniform(seed, purpose, ids, *extra)))


def lognormal(omega: ArrayLike, seed: int, purpose: str, ids: ArrayLike, *extra: ArrayLike) -> NDArray[np.float64]:
    """Return log-normal numbers with median 1.

    Parameters
    ----------
    omega
        SD of the logarithm; a number or an array that broadcasts with ``ids``.
    seed, purpose, ids, extra
        As in :func:`uniform`.
    """
    return np.exp(np.asarray(omega, dtype=float) * normal(seed, purpose, ids, *extra))


__all__ = ["entropy", "lognormal", "normal", "philox", "uniform"]
