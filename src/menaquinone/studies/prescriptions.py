"""Doses at the points of a sweep: schedules only where times or forms differ, amounts and adherence without any."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from menaquinone.errors import InputError
from menaquinone.inputs.adherence import kept_at
from menaquinone.inputs.doses import Doses, given
from menaquinone.inputs.records import DoseRecord, Regimen, varied
from menaquinone.inputs.schedule import Schedule, expand
from menaquinone.studies.points import Points, Values
from menaquinone.studies.swept import Swept

_AMOUNT, _TAKING = "dose", "adherence"
_AS_SCALED = 1.0
"""nmol; the amount of a record whose amounts are factors on it."""

Fields = list[tuple[Swept, Values]]


@dataclass(frozen=True)
class Prescriptions:
    """Regimens of a sweep.

    Attributes
    ----------
    regimens
        Different ones.
    at : ndarray (points,) or (people,)
        Index of each point's, or of each person's where no regimen is swept.
    swept
        Whether it is by point.
    scale : ndarray (points, records) or None
        Factor on the amounts of each record.
    taken : ndarray (points, records) or None
        Probability that a dose of each record is taken.
    """

    regimens: Sequence[Regimen]
    at: np.ndarray
    swept: bool
    scale: np.ndarray | None = None
    taken: np.ndarray | None = None

    @property
    def largest(self) -> list[Regimen]:
        """The regimens, each record with the largest amount that it has at any point."""
        if self.scale is None:
            return list(self.regimens)
        most = self.scale.max(axis=0).tolist()
        return [
            replace(
                regimen,
                records=tuple(
                    replace(one, amount=one.amount * factor) if isinstance(one, DoseRecord) else one
                    for one, factor in zip(regimen.records, most, strict=True)
                ),
            )
            for regimen in self.regimens
        ]

    def doses(self, points: slice, who: slice, ids: np.ndarray, seed: int, horizon: float) -> Doses:
        """Return the doses of some people at some points, point after point.

        Parameters
        ----------
        points, who
            Which.
        ids : ndarray (people,)
            That draws depend on, of everybody.
        seed
            Of adherence.
        horizon
            End of the run, h.
        """
        if not self.swept:
            return self._everywhere(points, who, ids, seed, horizon)
        people = ids[who]
        used, which = np.unique(self.at[points], return_inverse=True)
        schedules = tuple(expand(self.regimens[one], horizon) for one in used.tolist())
        rows, masks = np.zeros((len(which), len(people)), np.int64), []
        for index, schedule in enumerate(schedules):
            here = np.flatnonzero(which == index)
            shares, share = self._shares(np.arange(len(self.at))[points][here], schedule)
            mask = kept_at(shares, schedule.record, schedule.number, people, seed)
            masks.append(None if mask is None else mask.reshape(-1, mask.shape[-1]))
            rows[here] = share[:, None] * len(people) + np.arange(len(people))
        return Doses(schedules, np.repeat(which, len(people)), tuple(masks), rows.ravel())

    def _everywhere(self, points: slice, who: slice, ids: np.ndarray, seed: int, horizon: float) -> Doses:
        one = given(self.regimens, self.at[who], ids[who], seed, horizon)
        rows = np.zeros(len(one.which), np.int64)
        for schedule in range(len(one.schedules)):
            mine = one.subjects(schedule)
            rows[mine] = np.arange(len(mine))
        times = points.stop - points.start
        return Doses(one.schedules, np.tile(one.which, times), one.taken, np.tile(rows, times))

    def _shares(self, points: np.ndarray, schedule: Schedule) -> tuple[np.ndarray, np.ndarray]:
        """Return the different probabilities (p, administrations) at some points, and the index of each point's."""
        if self.taken is None:
            return schedule.adherence[None], np.zeros(len(points), np.int64)
        different, which = np.unique(self.taken[points], axis=0, return_inverse=True)
        # a dose that a steady state implies has been taken
        return np.where(schedule.number < 0, 1.0, different[:, schedule.record]), which.reshape(-1)

    def scales(self, points: slice, n: int) -> np.ndarray | None:
        """Return the factors (points * n, records) of n people at some points."""
        return None if self.scale is None else np.repeat(self.scale[points], n, axis=0)


def prescriptions(regimen: Regimen, points: Points) -> Prescriptions:
    """Write the regimens of all points.

    Parameters
    ----------
    regimen
        Of which fields are swept.
    points
        Of the sweep.

    Raises
    ------
    InputError
        If the fields of a point contradict each other.
    """
    fields = [(one, values) for one, values in zip(points.swept, points.values, strict=True) if one.kind == "regimen"]
    scale, base = _scaled([field for field in fields if field[0].key == _AMOUNT], regimen, len(points))
    taken, base = _taken([field for field in fields if field[0].key == _TAKING], base, len(points))
    fields = [field for field in fields if field[0].key not in (_AMOUNT, _TAKING)]
    if not fields:
        return Prescriptions((base,), np.zeros(len(points), np.int64), True, scale, taken)
    codes = np.stack([np.unique(values.held, return_inverse=True)[1].reshape(-1) for _, values in fields], axis=1)
    _, firsts, at = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    regimens = tuple(_written(base, fields, first, points) for first in firsts.tolist())
    return Prescriptions(regimens, at.reshape(-1), True, scale, taken)


def _scaled(fields: Fields, regimen: Regimen, count: int) -> tuple[np.ndarray | None, Regimen]:
    if not fields:
        return None, regimen
    scale = np.ones((count, len(regimen.records)))
    for one, values in fields:
        scale[:, one.records] = values.held[:, None]
    scaled = {record for one, _ in fields for record in one.records}
    return scale, _with(regimen, {record: {_AMOUNT: _AS_SCALED} for record in scaled})


def _taken(fields: Fields, regimen: Regimen, count: int) -> tuple[np.ndarray | None, Regimen]:
    if not fields:
        return None, regimen
    now = [one.adherence if isinstance(one, DoseRecord) else 1.0 for one in regimen.records]
    taken = np.tile(np.array(now), (count, 1))
    for one, values in fields:
        taken[:, one.records] = values.held[:, None]
    # the smallest of all, so that whoever reckons with missed doses reckons with them
    least = {record: {_TAKING: float(values.held.min())} for one, values in fields for record in one.records}
    return taken, _with(regimen, least)


def _written(base: Regimen, fields: Fields, point: int, points: Points) -> Regimen:
    changes: dict[int, dict[str, Any]] = {}
    for one, values in fields:
        for record in one.records:
            changes.setdefault(record, {})[one.key] = values.held[point].item()
    try:
        return _with(base, changes)
    except InputError as refusal:
        raise InputError(f"{points.said(point)}: {refusal}") from None


def _with(regimen: Regimen, changes: dict[int, dict[str, Any]]) -> Regimen:
    records = list(regimen.records)
    for index, fields in changes.items():
        record = records[index]
        assert isinstance(record, DoseRecord)
        records[index] = varied(record, fields)
    return replace(regimen, records=tuple(records))


__all__ = ["Prescriptions", "prescriptions"]
