"""Which doses are missed: one probability for every dose, decided by a draw that belongs to the person and the dose."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from menaquinone.errors import refused
from menaquinone.inputs.draws import uniform
from menaquinone.units import magnitude

_AT_ONCE = 2**15
"""Draws made in one go: their arrays stay in the cache of a core."""


@dataclass(frozen=True)
class Adherence:
    """Every dose is taken with one probability, independently of every other dose.

    Attributes
    ----------
    probability
        Of taking a dose, 0 to 1.
    """

    probability: float


def adherence(probability: float | str) -> Adherence:
    """Describe how many of the doses are taken; multiply a regimen with it.

    Parameters
    ----------
    probability
        Of taking a dose: a number from 0 to 1, or a percentage such as ``"80 %"``.

    Returns
    -------
    Adherence
        ``mk.dose(...) * mk.adherence(0.8)``. A regimen multiplied twice has the product of the probabilities.

    Raises
    ------
    InputError
        If it is not a probability.
    """
    value = magnitude(probability, "1", "adherence")
    if not 0 <= value <= 1:
        raise refused("adherence", probability, "a probability from 0 to 1")
    return Adherence(value)


def kept(
    probability: NDArray[np.float64],
    record: NDArray[np.int64],
    number: NDArray[np.int64],
    ids: ArrayLike,
    seed: int,
    before: NDArray[np.int64] | None = None,
) -> NDArray[np.bool_] | None:
    """Decide who takes which administration.

    Parameters
    ----------
    probability
        Of taking each administration, shape (k,).
    record, number
        Index of its record in the regimen and of the dose in its record, shape (k,).
    ids
        Subject ids, shape (n,).
    seed
        Of the study.
    before
        How many doses of each record each subject was given in earlier runs, shape (n, records): numbers go on.

    Returns
    -------
    ndarray of bool, shape (n, k), or None
        True where taken; None where no dose can be missed. A row depends on seed, subject id, record and number alone.
    """
    taken = kept_at(probability[None], record, number, ids, seed, before)
    return None if taken is None else taken[0]


def kept_at(
    probability: NDArray[np.float64],
    record: NDArray[np.int64],
    number: NDArray[np.int64],
    ids: ArrayLike,
    seed: int,
    before: NDArray[np.int64] | None = None,
) -> NDArray[np.bool_] | None:
    """Decide who takes which administration at several probabilities, by the same draws.

    Parameters
    ----------
    probability
        Of taking each administration, shape (p, k).
    record, number, ids, seed, before
        As for :func:`kept`.

    Returns
    -------
    ndarray of bool, shape (p, n, k), or None
        True where taken; None where no dose can be missed.
    """
    uncertain = np.flatnonzero((probability < 1).any(axis=0))
    if not uncertain.size:
        return None
    subjects = np.asarray(ids)
    taken = np.ones((len(probability), len(subjects), probability.shape[1]), dtype=bool)
    step = max(1, _AT_ONCE // uncertain.size)
    for first in range(0, len(subjects), step):
        block = slice(first, first + step)
        numbers = number[uncertain] if before is None else number[uncertain] + before[block][:, record[uncertain]]
        drawn = uniform(seed, "adherence", subjects[block, None], record[uncertain], numbers)
        for one, share in zip(taken, probability, strict=True):
            one[block, uncertain] = drawn < share[uncertain]
    return taken


__all__ = ["Adherence", "adherence", "kept", "kept_at"]
