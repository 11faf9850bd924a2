"""What was prescribed: doses with their units, converted to h and nmol once, here. They add up to regimens."""

from typing import Any

from menaquinone.catalogue.substances import Substance, substance
from menaquinone.errors import refused
from menaquinone.inputs.adherence import adherence
from menaquinone.inputs.records import DoseRecord, Regimen, count
from menaquinone.units import hours, magnitude, nmol, split


def dose(
    form: str | Substance,
    amount: Any,
    *,
    every: Any = None,
    until: Any = None,
    start: Any = "0 h",
    route: str = "oral",
    duration: Any = None,
    lag: Any = None,
    bioavailability: float | str | None = None,
    steady_state: bool = False,
    formulation: str | None = None,
    fat: Any = None,
) -> Regimen:
    """Prescribe a form of vitamin K or an antagonist, once or again and again.

    Quantities are strings with a unit (``"360 ug"``, ``"24 h"``, ``"2 y"``) or pint quantities.

    Parameters
    ----------
    form
        ``"MK-7"``, ``"warfarin"``, or a record of one's own. A racemate splits into its enantiomers on absorption.
    amount
        Mass or molar amount of one dose.
    every
        Interval; a single dose without it.
    until
        Exclusive end: a dose at that very time is not given. To the end of the run without it.
    start
        Time of the first dose, at least 0.
    route
        ``"oral"``, or ``"iv"`` and ``"im"`` for forms that offer it.
    duration
        Of an infusion; given at once without it. It may exceed ``every``: infusions then overlap.
    lag
        Time from giving a dose to its entry.
    bioavailability
        Share of the dose that enters; replaces the model's, effects of meal and formulation included.
    steady_state
        Whether what went before is the same dosing for ever: the periodic steady state of this dosing is added at
        ``start`` (to whatever is there, as SS = 2 in an event table).
    formulation
        Name of one of the form's formulations.
    fat
        Fat of the meal taken with the dose; it matters for forms whose record says how (MK-4).

    Returns
    -------
    Regimen

    Raises
    ------
    UnknownNameError
        If the form, the formulation or a unit is unknown.
    InputError
        If a quantity is negative, not finite or without unit, if the form is not offered by that route, if
        ``steady_state`` is neither true nor false, or if it or ``until`` comes without ``every``.
    """
    if steady_state not in (True, False):
        raise refused("steady_state", steady_state, "True or False")
    known = substance(form)
    known.entry(route)
    known.formulation(formulation or "")
    first = at_least_0(start, "start")
    interval, doses = _repeats(every, until, steady_state, start)
    mass = known.molar_mass.value
    return Regimen(
        (
            DoseRecord(
                form=known.name,
                molar_mass=mass,
                amount=nmol(amount, mass),
                route=route,
                time=first,
                every=interval,
                doses=doses,
                duration=0.0 if duration is None else at_least_0(duration, "duration"),
                lag=0.0 if lag is None else at_least_0(lag, "lag"),
                bioavailability=None if bioavailability is None else fraction(bioavailability),
                steady=2 if steady_state else 0,
                formulation=formulation or "",
                fat=None if fat is None else grams(fat),
                prescribed=None if every is None else (interval, None if until is None else hours(until, "until")),
                described=known,
            ),
        )
    )


def _repeats(every: Any, until: Any, steady_state: bool, start: Any) -> tuple[float, int | None]:
    """Return the interval in h, 0 for a single dose, and the number of doses, None for no end."""
    if every is None:
        for name, needs in (("until", until), ("steady_state", steady_state or None)):
            if needs is not None:
                raise refused(name, needs, "`every` beside it, the interval at which doses are repeated")
        return 0.0, 1
    interval = hours(every, "every")
    if interval <= 0:
        raise refused("every", every, "a time greater than 0")
    if until is None:
        return interval, None
    span = hours(until, "until") - hours(start)
    if span <= 0:
        raise refused("until", until, f"a time after start ({start})")
    return interval, count(span, interval)


def fraction(value: float | str, what: str = "bioavailability") -> float:
    """Return a bioavailability as a number of at least 0.

    Raises
    ------
    InputError
        If it is negative, not finite or no number.
    """
    number = magnitude(value, "1", what)
    if number < 0:
        raise refused(what, value, "a fraction of at least 0")
    return number


def grams(fat: Any, what: str = "fat") -> float:
    """Return the fat of a meal in g.

    Raises
    ------
    InputError
        If it is no mass with its unit, negative or not finite.
    """
    if split(fat, what, "20 g")[0] < 0:
        raise refused(what, fat, "a mass of at least 0")
    return magnitude(fat, "g", what)


def at_least_0(time: Any, what: str) -> float:
    """Return a time in h.

    Raises
    ------
    InputError
        If it is no time with its unit, negative or not finite.
    """
    value = hours(time, what)
    if value < 0:
        raise refused(what, time, "a time of at least 0")
    return value


__all__ = ["DoseRecord", "Regimen", "adherence", "at_least_0", "dose", "fraction", "grams"]
