"""Who gets which schedule, and which of its doses each of them takes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from menaquinone.errors import InputError, refused
from menaquinone.inputs.adherence import kept
from menaquinone.inputs.records import Regimen
from menaquinone.inputs.schedule import Schedule, expand

Regimens = Regimen | Mapping[int, Regimen] | list[Regimen] | tuple[Regimen, ...] | None
"""One for all, one by subject id, one for each subject in order, or none at all."""


@dataclass(frozen=True, eq=False)
class Doses:
    """The schedules in use and who has which.

    Attributes
    ----------
    schedules
        Each different regimen once.
    which
        Index of each subject's schedule, shape (n,).
    taken
        For each schedule: which administrations its subjects take, shape (its subjects in order, its administrations),
        or None where all take all.
    rows
        Row of each subject in ``taken`` of its schedule, shape (n,), where several subjects share a row; None where
        each has their own, in order.
    """

    schedules: tuple[Schedule, ...]
    which: NDArray[np.int64]
    taken: tuple[NDArray[np.bool_] | None, ...]
    rows: NDArray[np.int64] | None = None

    def subjects(self, schedule: int) -> NDArray[np.int64]:
        """Return the positions of the subjects that have a schedule, the rows of :meth:`taken_for`."""
        return np.flatnonzero(self.which == schedule)

    def taken_for(self, schedule: int) -> NDArray[np.bool_] | None:
        """Return who takes what of a schedule, or None where all take all."""
        return self.taken[schedule]


def doses_for(regimen: Regimens, ids: ArrayLike, seed: int, horizon: float) -> Doses:
    """Hand out schedules to subjects and draw the doses that are missed.

    Parameters
    ----------
    regimen
        One for all, a mapping from subject id, a sequence in the order of ``ids``, or None for no doses. A mapping may
        name more subjects than are here.
    ids
        Subject ids, shape (n,).
    seed
        Of the study; a subject's missed doses depend on it, the id and the regimen alone.
    horizon
        End of the run, h.

    Raises
    ------
    InputError
        If a subject has no regimen, or something else than a regimen.
    """
    regimens, which = prescribed(regimen, ids)
    return given(regimens, which, ids, seed, horizon)


def prescribed(regimen: Regimens, ids: ArrayLike) -> tuple[list[Regimen], NDArray[np.int64]]:
    """Return the different regimens and the index of each subject's, (n,); arguments as for :func:`doses_for`.

    Raises
    ------
    InputError
        If a subject has no regimen, or something else than a regimen.
    """
    subjects = np.asarray(ids, dtype=np.int64)
    if regimen is None or isinstance(regimen, Regimen):
        return [regimen or Regimen()], np.zeros(len(subjects), dtype=np.int64)
    if isinstance(regimen, Mapping):
        missing = [one for one in subjects.tolist() if one not in regimen]
        if missing:
            raise InputError(f"regimens: got none for subject {missing[0]}, expected one for every subject.")
        return _distinct(regimen[one] for one in subjects.tolist())
    if isinstance(regimen, list | tuple):
        if len(regimen) != len(subjects):
            raise InputError(
                f"regimens: got a sequence of {len(regimen)}, expected one for each of {len(subjects)} subjects."
            )
        return _distinct(regimen)
    raise refused("regimen", regimen, "a regimen such as mk.dose('MK-7', '180 ug', every='24 h')")


def given(regimens: Sequence[Regimen], which: NDArray[np.int64], ids: ArrayLike, seed: int, horizon: float) -> Doses:
    """Write out the schedules of regimens that are handed out already, and draw the doses that are missed.

    Parameters
    ----------
    regimens
        Different ones.
    which : ndarray (n,)
        Index of each subject's; regimens that nobody has are left out.
    ids, seed, horizon
        As for :func:`doses_for`.
    """
    subjects = np.asarray(ids, dtype=np.int64)
    used, which = np.unique(which, return_inverse=True)
    schedules = tuple(expand(regimens[one], horizon) for one in used.tolist())
    taken = tuple(
        kept(one.adherence, one.record, one.number, subjects[which == index], seed)
        for index, one in enumerate(schedules)
    )
    return Doses(schedules, which.reshape(-1), taken)


def _distinct(regimens: Iterable[Regimen]) -> tuple[list[Regimen], NDArray[np.int64]]:
    """Return the different regimens in order of appearance and the index of each subject's."""
    places: dict[Regimen, int] = {}
    known: dict[int, int] = {}  # by identity first: hashing a long regimen again for every subject is slow
    which, alive = [], []
    for one in regimens:
        if id(one) not in known:
            if not isinstance(one, Regimen):
                raise refused("regimen of a subject", one, "a regimen such as mk.dose('MK-7', '180 ug', every='24 h')")
            known[id(one)] = places.setdefault(one, len(places))
            alive.append(one)  # an identity is only good while its object lives
        which.append(known[id(one)])
    return list(places), np.array(which, dtype=np.int64)


__all__ = ["Doses", "Regimens", "doses_for", "given", "prescribed"]
