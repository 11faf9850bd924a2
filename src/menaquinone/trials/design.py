"""A trial as data: who, what, when, and which rows of the evidence say what came out.

Design fields are :class:`~menaquinone.trials.reading.Sourced`; reported figures are ids of evidence rows,
never numbers.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from menaquinone import models
from menaquinone.declare import source_ids
from menaquinone.inputs.draws import entropy
from menaquinone.inputs.regimen import Regimen, adherence, dose
from menaquinone.model import Model
from menaquinone.studies.trial import recruit, run_arms
from menaquinone.trials.reading import Sourced
from menaquinone.units import HOURS_PER_DAY, HOURS_PER_YEAR

if TYPE_CHECKING:
    from xarray import Dataset


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


@dataclass(frozen=True)
class Arm:
    """One arm: what its people take on top of their habitual diet; nothing for a placebo."""

    name: str
    doses: tuple[Dose, ...] = ()
    adherence: Sourced[float] | None = None

    def regimen(self, until: str) -> Regimen | None:
        """Return everything the arm takes, or nothing; ``until`` ends repeated doses without an end of their own."""
        whole: Regimen | None = None
        for one in self.doses:
            part = one.regimen(until)
            whole = part if whole is None else whole + part
        if whole is None or self.adherence is None or self.adherence.value == 1:
            return whole
        return whole * adherence(self.adherence.value)


@dataclass(frozen=True)
class Reported:
    """Which row of the evidence says what came out of an arm at a visit.

    Attributes
    ----------
    outcome
        Variable of the result, with its member in brackets: ``pwv``, ``agatston_observed[coronary]``.
    arm, visit
        Where it was seen.
    of
        What of a person: ``level``, or against the person's own entry ``change``, ``percent change`` or ``ratio``.
    statistic
        What of the people: ``mean``, ``median`` or ``geometric mean``.
    against
        Another arm, where the figure is the difference to it; empty otherwise.
    row
        Id of the evidence row.
    """

    outcome: str
    arm: str
    visit: Time
    of: str
    statistic: str
    against: str
    row: str


@dataclass(frozen=True)
class Trial:
    """A published trial: its design with sources, and what was reported, as rows of the evidence.

    Attributes
    ----------
    name, title, file
        What it is called, in a sentence, and the file it was read from.
    seed
        Of the run when no ``rng`` is given.
    population, n, age
        Who: a population's name, how many in all, and the lowest and highest age that were let in.
    blinding
        As published; the simulation does not use it.
    allocation
        Shares of the arms, in their order. A run shows every virtual person in every arm.
    duration, visits, sampling
        When: the end, visits, and the step between points of the curves.
    arms
        In the order of the file.
    reported
        In the order of the file.
    """

    name: str
    title: str
    file: str
    seed: int
    population: Sourced[str]
    n: Sourced[int]
    age: Sourced[tuple[Time, Time]] | None
    blinding: Sourced[str] | None
    allocation: Sourced[tuple[int, ...]]
    duration: Sourced[Time]
    visits: Sourced[tuple[Time, ...]]
    sampling: Sourced[Time]
    arms: tuple[Arm, ...]
    reported: tuple[Reported, ...]

    def times(self) -> list[float]:
        """Return the days of a result: the visits, and points of the curves between them."""
        steps = int(self.duration.value.hours / self.sampling.value.hours * (1 + 1e-12))
        grid = [i * self.sampling.value.days for i in range(steps + 1)]
        return sorted(
            {round(day, 9) for day in (*grid, *(one.days for one in self.visits.value), self.duration.value.days)}
        )

    def regimens(self) -> dict[str, Regimen | None]:
        """Return what each arm takes."""
        return {arm.name: arm.regimen(self.duration.value.label) for arm in self.arms}

    def design(self) -> dict[str, tuple[Any, str]]:
        """Return every design field that has a source: ``name -> (value as written, source)``."""
        found: dict[str, tuple[Any, str]] = {}
        for one in fields(self):
            entry = getattr(self, one.name)
            if isinstance(entry, Sourced):
                found[one.name] = (_written(entry.value), entry.source)
        for arm in self.arms:
            if arm.adherence is not None:
                found[f"{arm.name}: adherence"] = (arm.adherence.value, arm.adherence.source)
            for number, dose_ in enumerate(arm.doses, start=1):
                for one in fields(dose_):
                    entry = getattr(dose_, one.name)
                    if entry is not None:
                        found[f"{arm.name}: dose {number} {one.name}"] = (entry.value, entry.source)
        return found

    def sources(self) -> tuple[str, ...]:
        """Return the ids of the evidence rows that the design or a reported figure rests on, sorted."""
        designed = {row for _, source in self.design().values() for row in source_ids(source)}
        return tuple(sorted(designed | {one.row for one in self.reported}))

    def cited(self) -> Iterator[tuple[str, str]]:
        """Yield the name and the source of every design field and every reported figure."""
        yield from ((f"{self.name}: {key}", source) for key, (_, source) in self.design().items())
        yield from ((f"{self.name}: {one.outcome} at {one.visit.label}", one.row) for one in self.reported)

    def run(
        self,
        *,
        n: int | None = None,
        rng: Any = None,
        rtol: float = 1e-6,
        engine: Any = None,
        workers: int | None = None,
        progress: Callable[[int, int], None] | None = None,
        times: Any = None,
        model: Model | None = None,
    ) -> "Dataset":
        """Simulate every virtual person in every arm.

        Parameters
        ----------
        n
            People; the published total when left out. Every arm holds all of them.
        rng
            Seed or generator; the seed of the file when left out, so that a run can be repeated.
        rtol
            Relative tolerance of the outputs.
        engine, workers
            As for :func:`menaquinone.simulate`.
        progress
            Called with (done, total) simulated person-arms.
        times
            Days, as for :func:`menaquinone.simulate`; visits and the points between them when left out.
        model
            The ready-made model when left out.

        Returns
        -------
        xarray.Dataset
            Dims (arm, subject, time, ...): what :func:`menaquinone.simulate` returns with growth noise on, and
            ``agatston_observed``, the scanner's reading.

        Raises
        ------
        InputError
            If ``n``, ``rng`` or ``times`` cannot be used.
        """
        seed = entropy(self.seed if rng is None else rng)
        model = models.vitamin_k() if model is None else model
        ages = None if self.age is None else (self.age.value[0].years, self.age.value[1].years)
        people = recruit(self.population.value, self.n.value if n is None else n, seed, age=ages)
        result = run_arms(
            model,
            people,
            self.regimens(),
            times=self.times() if times is None else times,
            seed=seed,
            rtol=rtol,
            engine=engine,
            workers=workers,
            progress=progress,
        )
        return result.assign_attrs(self._attrs(seed))

    def _attrs(self, seed: int) -> Mapping[str, str]:
        return {
            "title": self.title,
            "trial": self.name,
            "trial_file": self.file,
            "seed": str(seed),
            "trial_design": json.dumps({key: {"value": v, "source": s} for key, (v, s) in self.design().items()}),
        }


def _written(value: Any) -> Any:
    if isinstance(value, Time):
        return value.label
    if isinstance(value, tuple):
        return [_written(one) for one in value]
    return value
