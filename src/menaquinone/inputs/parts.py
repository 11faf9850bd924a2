"""Parts of a schedule: what happens between two times, what is on its way at one, and how far doses are counted."""

from dataclasses import replace
from math import inf

import numpy as np

from menaquinone.inputs.records import DoseRecord, Regimen, count
from menaquinone.inputs.schedule import Ints, Schedule, expand

_DIGITS = 9
"""Times are compared after rounding to so many digits of an hour (4 us)."""


def overhanging(regimen: Regimen, horizon: float) -> Schedule:
    """Write a regimen out as :func:`expand` does, with what is given before the horizon and enters only after it.

    Parameters
    ----------
    regimen
        Without a rule.
    horizon
        End of the run, h.
    """
    records = tuple(one for one in regimen.records if one.time < horizon)
    lag = max((one.lag for one in records if isinstance(one, DoseRecord)), default=0.0)
    blank = Regimen(tuple(one if one.time < horizon else replace(one, time=inf) for one in regimen.records))
    whole = expand(blank, horizon + lag) if lag else expand(regimen, horizon)
    return _some(whole, whole.given < horizon - 10.0**-_DIGITS, 0.0, horizon)


def part(schedule: Schedule, start: float, stop: float) -> tuple[Schedule, Ints]:
    """Return what a schedule does in [start, stop), in hours since ``start``; and the rows it takes of the schedule.

    Infusions that are running at the start begin there; what is given before and enters later is there too.
    """
    enters, ends = np.round(schedule.start, _DIGITS), np.round(schedule.end, _DIGITS)
    rows = (enters < stop) & ((enters >= start) | (ends > start))
    return _some(schedule, rows, start, stop), np.flatnonzero(rows)


def flying(schedule: Schedule, at: float) -> tuple[Schedule, Ints]:
    """Return what is given before a time and still enters then or later, in hours since that time; and its rows."""
    enters, ends = np.round(schedule.start, _DIGITS), np.round(schedule.end, _DIGITS)
    rows = (np.round(schedule.given, _DIGITS) < at) & ((enters >= at) | (ends > at))
    found = _some(schedule, rows, at, inf)
    return replace(found, resets=found.resets[:0], steady=()), np.flatnonzero(rows)


def _some(schedule: Schedule, rows: np.ndarray, start: float, stop: float) -> Schedule:
    def names(of: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(of[row] for row in np.flatnonzero(rows).tolist())

    resets = np.round(schedule.resets, _DIGITS)
    return replace(
        schedule,
        horizon=stop - start,
        given=schedule.given[rows] - start,
        start=np.maximum(schedule.start[rows] - start, 0.0),
        end=schedule.end[rows] - start,
        form=names(schedule.form),
        route=names(schedule.route),
        amount=schedule.amount[rows],
        rate=schedule.rate[rows],
        fraction=schedule.fraction[rows],
        fat=schedule.fat[rows],
        formulation=names(schedule.formulation),
        record=schedule.record[rows],
        number=schedule.number[rows],
        adherence=schedule.adherence[rows],
        resets=schedule.resets[(resets >= start) & (resets < stop)] - start,
        steady=tuple(
            replace(one, time=one.time - start) for one in schedule.steady if start <= round(one.time, _DIGITS) < stop
        ),
    )


def counted(regimen: Regimen, horizon: float) -> Ints:
    """Return how many doses of each record are given before the horizon (records,): where their numbers go on."""
    return np.array([_given(one, horizon) if isinstance(one, DoseRecord) else 0 for one in regimen.records], np.int64)


def _given(one: DoseRecord, horizon: float) -> int:
    if one.endless or one.time >= horizon:
        return 0
    if not one.every:
        return 1
    many = count(horizon - one.time, one.every)
    return many if one.doses is None else min(many, one.doses)


__all__ = ["counted", "flying", "overhanging", "part"]
