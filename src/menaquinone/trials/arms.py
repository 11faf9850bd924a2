"""Arms of a trial: who is in them, and what they take; and times as a file writes them."""

from dataclasses import dataclass, fields
from typing import Any

from menaquinone.inputs.regimen import Regimen, adherence, dose
from menaquinone.trials.reading import Sourced
from menaquinone.units import HOURS_PER_DAY, HOURS_PER_YEAR


@dataclass(frozen=True)
class Time:
    """A time as it is written in the file, and in hours.

    Attributes
    ----------
    label
        As written: ``365 d``.
    hours
        Since entry, since birth, or a step.
    """

    label: str
    hours: float

    @property
    def days(self) -> float:
        """In days, as in a result's ``time`` coordinate."""
        return self.hours / HOURS_PER_DAY

    @property
    def years(self) -> float:
        """In years, as ages are."""
        return self.hours / HOURS_PER_YEAR


@dataclass(frozen=True)
class Dose:
    """One dose, or one that is repeated; the arguments of :func:`menaquinone.dose`, each with its source."""

    form: Sourced[str]
    amount: Sourced[str]
    every: Sourced[str] | None = None
    start: Sourced[str] | None = None
    until: Sourced[str] | None = None
    route: Sourced[str] | None = None
    formulation: Sourced[str] | None = None
    fat: Sourced[str] | None = None

    def regimen(self, until: str) -> Regimen:
        """Return the dose as a regimen.

        Parameters
        ----------
        until
            When a repeated dose ends where the file does not say.

        Raises
        ------
        InputError
            If :func:`menaquinone.dose` refuses a value.
        """
        given = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("form", "amount")}
        options = {name: entry.value for name, entry in given.items() if entry is not None}
        if "every" in options:
            options.setdefault("until", until)
        return dose(self.form.value, self.amount.value, **options)


Columns = tuple[tuple[str, Sourced[Any]], ...]
"""Columns of a population, each with a value and where it is from."""


@dataclass(frozen=True)
class Arm:
    """One arm: what its people take on top of their habitual diet; nothing for a placebo.

    Attributes
    ----------
    name
        In the result's ``arm`` coordinate.
    doses, adherence
        What is taken, and the share of doses that is.
    n
        People in the published arm; a share of the trial's where it is left out.
    population
        Who they are; the trial's where it is left out.
    having
        Columns that are the same for everybody in the arm.
    taking
        Long-standing antagonists: a daily dose, or what it holds (``INR 2.5``); those of the trial where left out.
    eating
        Forms that were taken for so long, on top of the habitual diet, that time 0 is their steady state.
    """

    name: str
    doses: tuple[Dose, ...] = ()
    adherence: Sourced[float] | None = None
    n: Sourced[int] | None = None
    population: Sourced[str] | None = None
    having: Columns = ()
    taking: Columns = ()
    eating: Columns = ()

    @property
    def people(self) -> tuple[Any, ...]:
        """What its people depend on: arms that agree in it have the same people."""
        return self.population, self.having, self.taking, self.eating

    def regimen(self, until: str) -> Regimen | None:
        """Return everything the arm takes, or nothing; ``until`` ends repeated doses without an end of their own."""
        whole: Regimen | None = None
        for one in self.doses:
            part = one.regimen(until)
            whole = part if whole is None else whole + part
        if whole is None or self.adherence is None or self.adherence.value == 1:
            return whole
        return whole * adherence(self.adherence.value)


__all__ = ["Arm", "Columns", "Dose", "Time"]
