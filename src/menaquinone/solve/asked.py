"""What a run is asked for, checked once, whatever asks: a simulation, a sweep or an estimate."""

import os
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from menaquinone import units
from menaquinone.catalogue.forms import FORMS
from menaquinone.errors import InputError, SolveError, listed, refused, unknown
from menaquinone.inputs.draws import entropy
from menaquinone.inputs.population import Population, population
from menaquinone.inputs.records import RuleRecord
from menaquinone.inputs.regimen import DoseRecord, Regimen
from menaquinone.inputs.times import hours_of
from menaquinone.model import Model
from menaquinone.results import Summaries
from menaquinone.solve.cascade import Cascade
from menaquinone.solve.handed import Handed
from menaquinone.solve.solution import STATUS, Engine, Progress

_TIGHTEST, _LOOSEST = 1e-10, 1e-2
_SHOWN = 5
_OF_ANTAGONISTS = ("inr", "factor_activity", "s_concentration", "r_concentration", "antagonism")


@dataclass(frozen=True)
class Asked:
    """Arguments that every run has, checked.

    Attributes
    ----------
    model, people
        What happens, and to whom.
    wanted
        Names of outputs.
    hours : ndarray (t,)
        Output times, h.
    rtol
        Tolerance of the outputs.
    engine
        Which solves.
    seed
        Of adherence.
    growth_noise
        Whether deposits grow with year-to-year noise.
    on_failure
        ``"nan"`` or ``"raise"``.
    workers
        Threads.
    progress
        Called with subjects done and in all.
    points
        Of a sweep.
    initial
        The state to go on from.
    keeps
        Whether the state at the end is kept.
    given
        Called with each rule and the largest amounts (nmol) that it gave of its doses.
    """

    model: Model
    people: Population
    wanted: tuple[str, ...]
    hours: np.ndarray
    rtol: float
    engine: Engine
    seed: int
    growth_noise: bool
    on_failure: str
    workers: int
    progress: Progress | None
    points: int = 1
    initial: Handed | None = None
    keeps: bool = False
    given: Callable[[RuleRecord, np.ndarray], None] | None = None

    @property
    def clock(self) -> float:
        """Time since entry at which the run begins, h."""
        return 0.0 if self.initial is None else self.initial.clock

    def some(self, chosen: slice) -> "Asked":
        """Return the run of some of the people, by position."""
        initial = None if self.initial is None else self.initial.take(chosen)
        return replace(self, people=self.people.select(chosen), initial=initial)

    @property
    def subjects(self) -> int:
        """How many are solved, everybody at every point of a sweep."""
        return self.people.n * self.points

    @property
    def unused(self) -> tuple[str, ...]:
        """Effects of the population on parameters that the model does not have."""
        effects = dict.fromkeys([*self.people.factors, *self.people.values])
        return tuple(name for name in effects if name not in self.model.parameters)

    def attributes(self) -> dict[str, str | float]:
        """Return what the dataset says of the run."""
        return {
            "engine": self.engine.label,
            "rtol": self.rtol,
            "seed": str(self.seed),
            "growth_noise": str(self.growth_noise),
            "population_effects_unused": ", ".join(self.unused) or "none",
        }


def asked(
    model: Any,
    people: Any,
    *,
    times: Any,
    rtol: Any = 1e-6,
    outputs: Any = None,
    engine: Any = None,
    on_failure: Any = "nan",
    rng: Any = None,
    growth_noise: bool = False,
    workers: Any = None,
    progress: Any = None,
) -> Asked:
    """Check the arguments that every run has; they are those of ``simulate``.

    Raises
    ------
    InputError
        If one of them cannot be used as it is.
    """
    if not isinstance(model, Model):
        raise refused("model", model, "a model such as mk.models.vitamin_k()")
    if people is not None and not isinstance(people, Population):
        raise refused("people", people, "a population such as mk.population('postmenopausal', 100)")
    if on_failure not in ("nan", "raise"):
        raise unknown("on_failure", on_failure, ("nan", "raise"))
    tolerance = units.magnitude(rtol, "1", "rtol")
    if not _TIGHTEST <= tolerance <= _LOOSEST:
        raise refused("rtol", rtol, f"a number from {_TIGHTEST:g} to {_LOOSEST:g}")
    if workers is not None and not (units.magnitude(workers, "1", "workers") >= 1 and workers == int(workers)):
        raise refused("workers", workers, "a whole number of at least 1")
    people = population("reference", 1) if people is None else people
    _refuse_unknown_forms(model, people)
    engine = Cascade() if engine is None else engine
    if isinstance(engine, type) or not hasattr(engine, "pieces"):
        raise refused("engine", engine, "mk.Cascade() or mk.Reference()")
    if progress is not None and not callable(progress):
        raise refused("progress", progress, "a function of subjects done and subjects in all")
    wanted = _wanted(model, outputs)
    hours = hours_of(times)
    seed = people.seed if rng is None else entropy(rng)
    return Asked(
        model, people, wanted, hours, tolerance, engine, seed, growth_noise, on_failure, workers or _cores(), progress
    )


def _refuse_unknown_forms(model: Model, people: Population) -> None:
    """Refuse a habitual intake that neither model nor catalogue knows: a misspelt form would change nothing, unseen."""
    eaten = [(one, one.block.axes.index("form")) for one in model.stages if "form" in one.block.axes]
    known = {*FORMS, *(member.name[axis] for one, axis in eaten for member in one.members)}
    for name in people.diet:
        if name not in known:
            raise unknown(f"form that population '{people.name}' habitually eats", name, FORMS)


def _wanted(model: Model, outputs: Any) -> tuple[str, ...]:
    if outputs is None:
        return model.outputs
    if not isinstance(outputs, (list, tuple)) or not outputs:
        raise refused("outputs", outputs, f"a list of names such as {listed(model.outputs[:2])}")
    for name in outputs:
        if name not in model.offers:
            raise no_output("output", name, model)
    return tuple(dict.fromkeys(outputs))


def no_output(what: str, name: str, model: Model) -> InputError:
    """Word that a model has no such output; of INR and activities, what brings them."""
    if name in _OF_ANTAGONISTS:
        return InputError(
            f"{what} '{name}': got model '{model.name}' without an antagonist, expected one as in "
            "mk.models.vitamin_k(antagonists=['warfarin'])."
        )
    return unknown(what, name, model.offers)


def molar_masses(regimens: Iterable[Regimen]) -> dict[str, float]:
    """Return the molar mass (g/mol) of every form that is dosed."""
    return {one.form: one.molar_mass for each in regimens for one in each.prescribed if isinstance(one, DoseRecord)}


def summaries_or_none(wanted: Any) -> Summaries | None:
    """Return what was asked for.

    Raises
    ------
    InputError
        If it is something else than summaries.
    """
    if wanted is not None and not isinstance(wanted, Summaries):
        raise refused("summaries", wanted, "mk.Summaries()")
    return wanted


def said(regimen: Any) -> str:
    """Return what the dataset says of a regimen where it does not hold the doses themselves."""
    if regimen is None:
        return "none"
    if not isinstance(regimen, Regimen):
        return "by subject"
    return "; ".join(map(str, [*regimen.records, *([] if regimen.rule is None else [regimen.rule])]))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Largest:
    """The largest amounts that rules gave of their doses, noted group by group. Mutable."""

    def __init__(self) -> None:
        self.amounts: dict[RuleRecord, list[float]] = {}

    def note(self, rule: RuleRecord, amounts: np.ndarray) -> None:
        """Note what a rule gave at most of each of its doses, nmol."""
        self.amounts[rule] = np.maximum(self.amounts.get(rule, 0.0), amounts).tolist()


class Failures:
    """Who could not be solved, noted piece by piece: how many, and the first few. Mutable."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[tuple[int, int, float]] = []

    def note(self, subjects: np.ndarray, status: np.ndarray, failed_at: np.ndarray) -> None:
        """Note those whose status is not 0, by their numbers in the whole run."""
        failed = np.flatnonzero(status)
        if failed.size:
            self.count += failed.size
            found = zip(subjects[failed].tolist(), status[failed].tolist(), failed_at[failed].tolist(), strict=True)
            self.first = sorted([*self.first, *found])[: _SHOWN + 1]

    def report(self, n: int, name: Callable[[int], str], on_failure: str, stacklevel: int = 3) -> None:
        """Warn of those who failed, or raise.

        Parameters
        ----------
        n
            Subjects in all.
        name
            Words a subject, by its number.
        on_failure
            ``"nan"`` warns.
        stacklevel
            Of the warning: 3 where the user called the function that calls this one.

        Raises
        ------
        SolveError
            If anybody failed and ``on_failure`` is ``"raise"``.
        """
        if not self.count:
            return
        shown = ", ".join(name(one) for one, _, _ in self.first[:_SHOWN]) + (", ..." if self.count > _SHOWN else "")
        first, status, at = self.first[0]
        message = (
            f"{self.count} of {n} subjects could not be solved ({shown}): the first, {name(first)}, "
            f"because of '{STATUS[status]}' at {at / 24:g} d; "
            "their values are missing from then on, and a looser rtol or bounded parameters may help."
        )
        if on_failure == "raise":
            raise SolveError(message)
        warnings.warn(message, RuntimeWarning, stacklevel=stacklevel)


__all__ = [
    "Asked",
    "Failures",
    "Largest",
    "asked",
    "hours_of",
    "molar_masses",
    "no_output",
    "said",
    "summaries_or_none",
]
