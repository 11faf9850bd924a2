"""A trial as data: who, what, when, and which rows of the evidence say what came out.

Design fields are :class:`~menaquinone.trials.reading.Sourced`; reported figures are ids of evidence rows,
never numbers.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from menaquinone import models
from menaquinone.catalogue import evidence
from menaquinone.declare import source_ids
from menaquinone.errors import refused
from menaquinone.inputs.draws import entropy
from menaquinone.inputs.population import Population, population
from menaquinone.inputs.regimen import Regimen
from menaquinone.model import Model
from menaquinone.solve.uncertain import parameter_sets
from menaquinone.studies.holding import taking
from menaquinone.studies.predict import Plan, Prediction, Wanted, predicted
from menaquinone.studies.trial import run_arms
from menaquinone.trials.arms import Arm, Columns, Time
from menaquinone.trials.reading import Sourced
from menaquinone.units import magnitude

if TYPE_CHECKING:
    from xarray import Dataset

_PLANNED = 500
"""Virtual people of a plan."""


@dataclass(frozen=True)
class Reported:
    """Which row of the evidence says what came out of an arm at a visit.

    Attributes
    ----------
    outcome
        Variable of the result, or what an instrument reads of it: ``pwv``, ``agatston_observed[coronary]``.
    arm, visit
        Where it was seen.
    of
        What of a person, one of :data:`menaquinone.studies.measures.MEASURES`.
    statistic
        What of the people: ``mean``, ``median``, ``geometric mean``, ``share above`` a threshold, or the ``lowest
        restoring dose``.
    against, compare
        Another arm, and how the figure is compared with it; empty where the figure is of one arm.
    row
        Id of the evidence row.
    since
        The visit that the measure compares with; entry where it is left out.
    threshold
        Of ``share above``, in the unit of the variable.
    among
        Of ``lowest restoring dose``: names of arms and their doses (ug/d), rising.
    bound
        ``lower`` or ``upper`` where the figure is a bound; else that of the row.
    n
        People behind the figure; those of the row or of the arm where it is left out.
    assay
        How it was measured.
    miss
        What is known of why the model's figure lies outside, where it does.
    """

    outcome: str
    arm: str
    visit: Time
    of: str
    statistic: str
    against: str
    row: str
    since: Time | None = None
    threshold: Sourced[float] | None = None
    compare: str = "difference"
    among: tuple[tuple[str, float], ...] = ()
    bound: str = ""
    n: Sourced[int] | None = None
    assay: Sourced[str] | None = None
    miss: str = ""

    @property
    def label(self) -> str:
        """What it is, in words: ``mean percent change of dp_ucmgp``."""
        compared = {"difference": "difference of ", "ratio": "ratio of ", "percent difference": "difference in % of "}
        what = self.outcome if self.of == "level" else f"{self.of} of {self.outcome}"
        if self.threshold is not None:
            said = f"{what}, {self.statistic} {self.threshold.value:g}"
        else:
            said = f"{self.statistic} by {what}" if self.among else f"{self.statistic} {what}"
        return f"{compared[self.compare] if self.against and not self.among else ''}{said}"


@dataclass(frozen=True)
class Trial:
    """A published trial: its design with sources, and what was reported, as rows of the evidence.

    Attributes
    ----------
    name, title, file
        What it is called, in a sentence, and the file it was read from.
    seed
        Of the run when no ``rng`` is given.
    population, n, age, where, having, region, ancestry
        Who: a population's name, how many in all, the lowest and highest age that were let in, further conditions on
        columns, columns that are the same for everybody, where they live and eat, and of which ancestry they are.
    taking
        Long-standing antagonists of everybody: a daily dose, or what it holds (``INR 2.5``).
    blinding
        As published; the simulation does not use it.
    allocation
        Shares of the arms, in their order. A run shows every virtual person in every arm that has no population or
        columns of its own.
    duration, visits, sampling
        When: the end, visits, and the step between points of the curves.
    arms
        In the order of the file.
    reported
        In the order of the file.
    note
        What a reader of its outcomes has to know.
    contradicts
        Names of trials that found otherwise.
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
    where: Columns = ()
    having: Columns = ()
    taking: Columns = ()
    region: Sourced[str] | None = None
    ancestry: Sourced[str] | None = None
    note: str = ""
    contradicts: tuple[str, ...] = ()

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
        return {name: (_written(held.value), held.source) for name, held in self._sourced() if held is not None}

    def _sourced(self) -> Iterator[tuple[str, Sourced[Any] | None]]:
        for one in fields(self):
            if isinstance(entry := getattr(self, one.name), Sourced):
                yield one.name, entry
        yield from (*self.where, *self.having, *self.taking)
        for arm in self.arms:
            yield from ((f"{arm.name}: {key}", getattr(arm, key)) for key in ("n", "population", "adherence"))
            held_by_arm = (*arm.having, *arm.taking, *((f"habitual {name}", held) for name, held in arm.eating))
            yield from ((f"{arm.name}: {name}", held) for name, held in held_by_arm)
            for number, dose_ in enumerate(arm.doses, start=1):
                yield from (
                    (f"{arm.name}: dose {number} {one.name}", getattr(dose_, one.name)) for one in fields(dose_)
                )
        for told in self.reported:
            yield from ((f"{told.row}: {key}", getattr(told, key)) for key in ("n", "threshold", "assay"))

    def sources(self) -> tuple[str, ...]:
        """Return the ids of the evidence rows that the design or a reported figure rests on, sorted."""
        designed = {row for _, source in self.design().values() for row in source_ids(source)}
        return tuple(sorted(designed | {one.row for one in self.reported}))

    def cited(self) -> Iterator[tuple[str, str]]:
        """Yield the name and the source of every design field and every reported figure."""
        yield from ((f"{self.name}: {key}", source) for key, (_, source) in self.design().items())
        yield from ((f"{self.name}: {one.outcome} at {one.visit.label}", one.row) for one in self.reported)

    def arm(self, name: str) -> Arm:
        """Return an arm by its name."""
        return next(one for one in self.arms if one.name == name)

    def size(self, arm: str) -> int:
        """Return how many people an arm had: as the file says, or its share of the trial's."""
        own, names = self.arm(arm).n, [one.name for one in self.arms]
        if own is not None:
            return own.value
        share = self.allocation.value[names.index(arm)] / sum(self.allocation.value)
        return max(1, round(self.n.value * share))

    def model(self) -> Model:
        """Return the ready-made model, with the antagonists that anybody in the trial takes."""
        drugs = (name for held in (self.taking, *(arm.taking for arm in self.arms)) for name, _ in held)
        return models.vitamin_k(antagonists=list(dict.fromkeys(drugs)))

    def people(self, arm: str, n: int, seed: int, model: Model | None = None) -> Population:
        """Draw the virtual people of an arm: the same in every arm that has no people of its own.

        Parameters
        ----------
        arm
            Its name.
        n
            How many.
        seed
            Of every draw.
        model
            Finds the doses that hold people at an INR; :meth:`model` when left out.
        """
        own = self.arm(arm)
        name = self.population if own.population is None else own.population
        given = {key: held.value for key in ("region", "ancestry") if (held := getattr(self, key)) is not None}
        where: dict[str, Any] = {key: held.value for key, held in self.where}
        if self.age is not None:
            where["age"] = (self.age.value[0].years, self.age.value[1].years)
        people = population(name.value, n, rng=seed, where=where or None, **given)
        having = {key: held.value for key, held in (*self.having, *own.having)}
        people = people.having(having) if having else people
        people = people.eating({form: _more(people, form, held.value) for form, held in own.eating})
        drugs = {key: held.value for key, held in (own.taking or self.taking)}
        return taking(people, drugs, self.model() if model is None else model)

    def plan(self, n: int | None = None, *, rng: Any = None, model: Model | None = None) -> Plan:
        """Return the trial as a plan that :func:`menaquinone.studies.predict.predicted` can simulate again and again.

        Parameters
        ----------
        n
            Virtual people in each arm; 500 when left out.
        rng
            Seed or generator; the seed of the file when left out.
        model
            Finds the doses that hold people at an INR; :meth:`model` when left out.

        Returns
        -------
        Plan
            Its figures are those of :attr:`reported`, in their order.
        """
        seed, size = entropy(self.seed if rng is None else rng), _PLANNED if n is None else n
        drawn: dict[Any, Population] = {}
        groups = {}
        for arm in self.arms:
            if arm.people not in drawn:
                drawn[arm.people] = self.people(arm.name, size, seed, model)
            groups[arm.name] = (drawn[arm.people], arm.regimen(self.duration.value.label))
        return Plan(groups, tuple(map(self.wanted, self.reported)), seed, self.sampling.value.days)

    def wanted(self, one: Reported) -> Wanted:
        """Return a reported figure as one that can be found in simulated people."""
        row = evidence.row(one.row)
        size = one.n.value if one.n is not None else int(row.arm_n or self.size(one.arm))
        return Wanted(
            variable=one.outcome,
            group=one.arm,
            day=one.visit.days,
            of=one.of,
            statistic=one.statistic,
            since=0.0 if one.since is None else one.since.days,
            threshold=0.0 if one.threshold is None else one.threshold.value,
            against=one.against,
            compare=one.compare,
            among=one.among,
            size=size,
            size_against=self.size(one.against) if one.against else 0,
        )

    def predict(
        self,
        model: Model | None = None,
        parameters: Mapping[str, Any] | None = None,
        *,
        n: int | None = None,
        rng: Any = None,
        rtol: float = 1e-4,
        workers: int | None = None,
        uncertainty: int | None = None,
    ) -> Prediction:
        """Simulate the trial and find every reported figure, for one set of parameters or for many at once.

        Parameters
        ----------
        model
            That of :meth:`model` when left out.
        parameters, rtol, workers
            As for :func:`menaquinone.studies.predict.predicted`.
        n, rng
            As for :meth:`plan`.
        uncertainty
            So many sets are drawn from the posterior of the calibration, as in :func:`menaquinone.simulate`, and
            ``.interval`` then holds what is not known of the parameters; without it, sampling alone.

        Returns
        -------
        Prediction
            ``.values`` in the order of :attr:`reported`.

        Raises
        ------
        InputError
            If both ``parameters`` and ``uncertainty`` are given.
        """
        model = self.model() if model is None else model
        plan = self.plan(n, rng=rng, model=model)
        if uncertainty is not None:
            if parameters is not None:
                raise refused("uncertainty", uncertainty, "none beside `parameters`, which are sets of your own")
            parameters = parameter_sets(model, uncertainty, plan.seed)
        return predicted(plan, model, parameters, rtol=rtol, workers=workers)

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
            That of :meth:`model` when left out.

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
        model = self.model() if model is None else model
        groups = self.plan(self.n.value if n is None else n, rng=seed, model=model).groups
        result = run_arms(
            model,
            {name: people for name, (people, _) in groups.items()},
            {name: regimen for name, (_, regimen) in groups.items()},
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


def _more(people: Population, form: str, amount: str) -> Any:
    """Return everybody's habitual intake of a form, ug/d, with so much more of it."""
    return people.diet.get(form, 0.0) + magnitude(amount, "ug/d", f"habitual intake of {form}")


def _written(value: Any) -> Any:
    if isinstance(value, Time):
        return value.label
    if isinstance(value, tuple):
        return [_written(one) for one in value]
    return value
