"""Steady states of a regimen: what happens in one period of it, as events and as input rates that are on throughout."""

from math import floor

from menaquinone.inputs.schedule import OrbitDose
from menaquinone.solve.actions import Orbit, Target

_BRIEF = 1e-9
"""An infusion shorter than this (h) is given at once."""

Event = tuple[float, int, Target, float]
"""Time in the period, kind (0 an amount, 1 a change of input rate), where, nmol or nmol/h before the fraction."""


def acting(one: Orbit, *, joint: bool) -> tuple[list[Event], list[tuple[Target, float]]]:
    """Return what happens in one period of an orbit.

    Parameters
    ----------
    one
        The steady state.
    joint
        All doses that go on, instead of the new ones alone.

    Returns
    -------
    events, running
        In order of time, ends of infusions first; and input rates that are on when the period begins.
    """
    events: list[Event] = []
    running: list[tuple[Target, float]] = []
    for dose, target in one.joint if joint else one.new:
        _repeat(dose, target, one.period, events, running)
    events.sort(key=lambda event: (event[0], event[3] > 0))
    return events, running


def _repeat(
    dose: OrbitDose, target: Target, period: float, events: list[Event], running: list[tuple[Target, float]]
) -> None:
    """Write one dose's events over a period; an infusion longer than its interval overlaps with itself."""
    if dose.duration <= _BRIEF:
        events += [(at, 0, target, dose.amount) for at in _entries(dose, period)]
        return
    whole = floor(dose.duration / dose.ii + _BRIEF)
    rest = dose.duration - whole * dose.ii
    if rest <= _BRIEF:
        running.append((target, dose.duration / dose.ii * dose.rate))
        return
    running.append((target, whole * dose.rate))
    for at in _entries(dose, period):
        end = round(at + rest, 9)
        exact = dose.rate * rest / (end - at)  # times are rounded, amounts are not
        events.append((at, 1, target, exact))
        if end >= period:
            running.append((target, exact))
        events.append((round(end % period, 9), 1, target, -exact))


def _entries(dose: OrbitDose, period: float) -> list[float]:
    return [round(dose.phase + k * dose.ii, 9) for k in range(max(1, round(period / dose.ii)))]


__all__ = ["acting"]
