"""From a regimen to single administrations and steady states: all that an engine needs, in plain arrays.

The rules are those of the specification page, ``docs/guide/events.md``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, gcd, inf, isfinite, lcm, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from menaquinone.catalogue.substances import Substance
from menaquinone.errors import InputError, refused
from menaquinone.inputs.records import ROUNDING, DoseRecord, Regimen, ResetRecord, count
from menaquinone.inputs.speeds import at_one_speed

LONGEST_PERIOD = 52 * 168.0
"""h; the longest common period of doses that one steady state may have."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Numbered = tuple[int, DoseRecord]
"""A record with its index in the regimen."""

_ENTRY = np.dtype([("record", "i8"), ("number", "i8"), ("given", "f8"), ("start", "f8"), ("end", "f8")])


@dataclass(frozen=True)
class OrbitDose:
    """A dose that has been repeated for ever, as part of a steady state.

    Attributes
    ----------
    form, route, formulation
        As in the record.
    phase
        Time from the steady state to the first entry at or after it, h, at least 0 and below ``ii``.
    ii
        Interval, h.
    duration
        Of an infusion, h; 0 for a dose given at once. May exceed ``ii``; equal to ``ii``, the infusion never pauses.
    amount, rate
        nmol and nmol/h, both before bioavailability; the rate is 0 for a dose given at once.
    fraction
        Bioavailability given with the dose; NaN for the model's.
    fat
        Of the meal, g; NaN where unspecified.
    record
        Index of the record in the regimen.
    """

    form: str
    route: str
    phase: float
    ii: float
    duration: float
    amount: float
    rate: float
    fraction: float
    fat: float
    formulation: str
    record: int = -1


@dataclass(frozen=True)
class SteadyState:
    """Put amounts on a periodic orbit at one time.

    Attributes
    ----------
    time
        h.
    period
        Common period of all doses in ``orbit``, h.
    replace
        True: plasma and depots become habitual diet plus the orbit of ``new``. False: the orbit of ``new`` is added.
    new
        Doses whose orbit is put on plasma and depots now.
    orbit
        Doses of the joint orbit, for tissue pools and proteins: ``new`` and the steady dosing that still goes on.
    """

    time: float
    period: float
    replace: bool
    new: tuple[OrbitDose, ...]
    orbit: tuple[OrbitDose, ...]


@dataclass(frozen=True, eq=False)
class Schedule:
    """Every administration that enters before the horizon, in order of entry, with resets and steady states.

    Attributes
    ----------
    horizon
        End of the run, h.
    given
        Time at which each dose is given, h, shape (k,).
    start
        Time at which it enters: ``given`` plus lag; for an infusion that a steady state finds running, the time of
        that steady state.
    end
        End of the infusion, ahead of time where a reset ends it; NaN for a dose given at once.
    form, route, formulation
        Names; an empty formulation is unspecified.
    amount
        nmol as given, before bioavailability; the full amount even of an infusion that does not run to its end.
    rate
        Of an infusion, nmol/h before bioavailability: ``amount`` over its full duration; 0 for a dose given at once.
    fraction
        Bioavailability given with the dose; NaN for the model's.
    fat
        Of the meal, g; NaN where unspecified.
    record, number
        Index of the record in the regimen and of the dose in its record; below 0 for doses given before the steady
        state that implies them, which are always taken.
    adherence
        Probability that the dose is taken.
    resets
        Times of resets, h, shape (r,).
    steady
        In order of time.
    forms
        Records of the forms by name, a form of one's own included.
    """

    horizon: float
    given: Floats
    start: Floats
    end: Floats
    form: tuple[str, ...]
    route: tuple[str, ...]
    amount: Floats
    rate: Floats
    fraction: Floats
    fat: Floats
    formulation: tuple[str, ...]
    record: Ints
    number: Ints
    adherence: Floats
    resets: Floats
    steady: tuple[SteadyState, ...]
    forms: Mapping[str, Substance] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __len__(self) -> int:
        """Return the number of administrations."""
        return len(self.given)


@lru_cache(maxsize=8)  # few, because a long one is large; who asks in a loop gets the same one
def expand(regimen: Regimen, horizon: float) -> Schedule:
    """Write a regimen out as single administrations.

    Parameters
    ----------
    regimen
        Records in any order.
    horizon
        End of the run, h. What enters, resets or is put on a steady state at this time or later is left out: an
        observation at the horizon comes first.

    Raises
    ------
    InputError
        If the horizon is not a time of at least 0, the doses of one steady state have no common period of at most
        52 weeks, or the regimen ends in a rule.
    """
    refuse_rule(regimen)
    if not (isfinite(horizon) and horizon >= 0):
        raise refused("horizon", horizon, "a time of at least 0 in h")
    records, forms = at_one_speed(regimen.records)
    doses = [(index, one) for index, one in enumerate(records) if isinstance(one, DoseRecord)]
    resets = sorted({one.time for one in records if isinstance(one, ResetRecord) and one.time < horizon})
    cuts = sorted({*resets, *(one.time for _, one in doses if one.steady == 1 and one.time < horizon)})
    parts = [_administrations(index, one, _next(cuts, one.time), horizon) for index, one in doses]
    entries = np.concatenate([np.zeros(0, _ENTRY), *parts])
    entries = entries[np.argsort(entries["start"], kind="stable")]
    record, number = entries["record"], entries["number"]

    def names(read: Callable[[DoseRecord], str]) -> tuple[str, ...]:
        of_record = [read(one) if isinstance(one, DoseRecord) else "" for one in records]
        return tuple(of_record[index] for index in record.tolist())

    def numbers(read: Callable[[DoseRecord], float | None]) -> Floats:
        of_record = [read(one) if isinstance(one, DoseRecord) else None for one in records]
        return np.asarray(np.array(of_record, dtype=float)[record])  # None becomes NaN

    return Schedule(
        horizon=float(horizon),
        given=entries["given"].copy(),
        start=entries["start"].copy(),
        end=entries["end"].copy(),
        form=names(lambda one: one.form),
        route=names(lambda one: one.route),
        amount=numbers(lambda one: one.amount),
        rate=numbers(_rate),
        fraction=numbers(lambda one: one.bioavailability),
        fat=numbers(lambda one: one.fat),
        formulation=names(lambda one: one.formulation),
        record=record.copy(),
        number=number.copy(),
        adherence=np.where(number < 0, 1.0, numbers(lambda one: one.adherence)),
        resets=np.array(resets, dtype=float),
        steady=_steady_states(doses, cuts, horizon),
        forms=forms,
    )


def refuse_rule(regimen: Regimen) -> None:
    """Refuse a regimen that ends in a rule, where doses have to be known beforehand.

    Raises
    ------
    InputError
        If it does.
    """
    if regimen.rule is not None:
        raise InputError(
            "regimen: got one that ends in a rule, expected doses that are known beforehand; mk.simulate follows rules."
        )


def _or_nan(value: float | None) -> float:
    return nan if value is None else value


def _next(cuts: list[float], time: float) -> float:
    return next((cut for cut in cuts if cut > time), inf)


def _rate(one: DoseRecord) -> float:
    return one.amount / one.infused if one.infused else 0.0


def _administrations(index: int, one: DoseRecord, cut: float, horizon: float) -> NDArray[Any]:
    """Return what one record gives before the horizon and before a later reset cuts it off."""
    stop, first, ghosts = min(cut, horizon), one.time + one.lag, 0
    if one.endless or one.time >= horizon:
        given_out = 0
    elif one.every:
        given_out = count(stop - first, one.every)
        given_out = given_out if one.doses is None else min(given_out, one.doses)
        ghosts = _in_flight(one) if one.steady else 0
    else:
        given_out = int(first < stop)
    number = np.arange(-ghosts, given_out)
    entries = np.zeros(len(number), _ENTRY)
    entries["record"], entries["number"], entries["given"] = index, number, one.time + number * one.every
    entries["start"] = np.maximum(entries["given"] + one.lag, one.time)
    entries["end"] = np.minimum(entries["given"] + one.lag + one.infused, cut) if one.infused else nan
    return entries[entries["start"] < stop]


def _in_flight(one: DoseRecord) -> int:
    """Return how many doses given before a steady state enter after it or are still running."""
    if one.infused:
        return max(0, ceil((one.lag + one.infused) / one.every - ROUNDING) - 1)
    return floor(one.lag / one.every + ROUNDING)


def _steady_states(doses: list[Numbered], cuts: list[float], horizon: float) -> tuple[SteadyState, ...]:
    """Return the steady states in order of time; records at one time act together."""
    steady = [(index, one) for index, one in doses if one.steady]
    times = sorted({one.time for _, one in steady if one.time < horizon})
    return tuple(_steady_state(time, steady, cuts) for time in times)


def _steady_state(time: float, steady: list[Numbered], cuts: list[float]) -> SteadyState:
    now = [(index, one) for index, one in steady if one.time == time]
    going_on = [
        (index, one)
        for index, one in steady
        if one.time < time < _next(cuts, one.time)
        and not one.endless
        and (one.doses is None or time < one.time + (one.doses - ROUNDING) * one.every)
    ]
    period = _common_period([one.every for _, one in (*now, *going_on) if not one.endless], time)
    new = tuple(_orbit_dose(index, one, time, period) for index, one in now)
    return SteadyState(
        time=time,
        period=period,
        replace=any(one.steady == 1 for _, one in now),
        new=new,
        orbit=new + tuple(_orbit_dose(index, one, time, period) for index, one in going_on),
    )


def _orbit_dose(index: int, one: DoseRecord, time: float, period: float) -> OrbitDose:
    ii = period if one.endless else one.every
    # an endless infusion keeps its rate whatever its bioavailability, as every infusion given by its rate
    endless_rate = one.rate / (one.bioavailability or 1.0)
    return OrbitDose(
        form=one.form,
        route=one.route,
        phase=0.0 if one.endless else _phase(one.time + one.lag - time, ii),
        ii=ii,
        duration=ii if one.endless else one.infused,
        amount=endless_rate * ii if one.endless else one.amount,
        rate=endless_rate if one.endless else _rate(one),
        fraction=_or_nan(one.bioavailability),
        fat=_or_nan(one.fat),
        formulation=one.formulation,
        record=index,
    )


def _phase(time: float, ii: float) -> float:
    phase = time % ii
    return 0.0 if min(phase, ii - phase) < ROUNDING * ii else phase


def _common_period(intervals: list[float], time: float) -> float:
    """Return the least common multiple of intervals in h; a day where there is none (nothing pauses)."""
    different = sorted(set(intervals))
    period = different[0] if len(different) == 1 else 24.0
    if len(different) > 1:
        parts = [_as_fraction(one) for one in different]
        common = Fraction(lcm(*(one.numerator for one in parts)), gcd(*(one.denominator for one in parts)))
        period = float(common) if common <= LONGEST_PERIOD else inf
    if period > LONGEST_PERIOD:
        shown = " h, ".join(f"{one:.12g}" for one in different)
        raise InputError(
            f"steady state at {time:.12g} h: got intervals of {shown} h, expected ones with a common period of at most "
            "52 weeks."
        )
    return period


def _as_fraction(interval: float) -> Fraction:
    """Return an interval as a fraction of h: a whole number of seconds where it is one up to rounding."""
    seconds = round(interval * 3600)
    return Fraction(seconds, 3600) if abs(interval * 3600 - seconds) < ROUNDING * seconds else Fraction(interval)


__all__ = ["OrbitDose", "Schedule", "SteadyState", "expand", "refuse_rule"]
