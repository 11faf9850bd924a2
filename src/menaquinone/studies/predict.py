"""Simulated trials: the published design on virtual people, and the figures that it would have reported.

A :class:`Plan` is a trial without words: groups of people, what they take, and which figures are wanted. ``predicted``
finds the figures for one set of parameters or for many at once, everybody with the same draws in all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.errors import InputError, refused, unknown
from menaquinone.inputs import draws
from menaquinone.inputs.population import Population
from menaquinone.inputs.regimen import Regimen
from menaquinone.inputs.safety import unsaid
from menaquinone.inputs.typical import moved
from menaquinone.model import Model
from menaquinone.studies.measures import COMPARISONS, measure, of_people, pick, statistic
from menaquinone.studies.sweep import at_points

if TYPE_CHECKING:
    from xarray import Dataset

READINGS = {"agatston_observed": "agatston", "dp_ucmgp_observed": "dp_ucmgp"}
"""What an instrument reads, by name, and the variable that it reads."""
DRUG = "drug"
"""What people take for long, mg/d: ``drug[warfarin]``, a column of the people and not a variable in time."""
RESTORING = "lowest restoring dose"
NEVER = np.inf
"""The lowest dose that restores a level, where none does."""


@dataclass(frozen=True)
class Wanted:
    """One figure of a trial.

    Attributes
    ----------
    variable
        Of a result, member in brackets, or what an instrument reads: ``agatston_observed[coronary]``.
    group
        Name of the group of people.
    day, since
        The visit, and the one it is compared with, in days since entry.
    of, statistic
        Names of a measure and a statistic, see :mod:`menaquinone.studies.measures`; the statistic may also be
        ``lowest restoring dose``.
    threshold
        Of ``share above``, in the variable's unit.
    against, compare
        Another group, and how the two are compared; empty for none. Of ``lowest restoring dose``, the group whose level
        is to be reached.
    among
        Of ``lowest restoring dose``: groups and their doses, rising.
    size
        People behind the published figure, and behind that of the other group.
    """

    variable: str
    group: str
    day: float
    of: str = "level"
    statistic: str = "mean"
    since: float = 0.0
    threshold: float = 0.0
    against: str = ""
    compare: str = "difference"
    among: tuple[tuple[str, float], ...] = ()
    size: int = 0
    size_against: int = 0

    @property
    def groups(self) -> tuple[str, ...]:
        """Every group that it needs."""
        every = (*(name for name, _ in self.among), self.group, self.against)
        return tuple(dict.fromkeys(name for name in every if name))

    def sized(self, group: str) -> int:
        """Return how many people of a group the published trial had."""
        return self.size_against if group == self.against else self.size

    def figure(self, people: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the figure from every person's measure by group: (..., subject) in, (...) out."""
        if self.statistic == RESTORING:
            return self._restoring(people)
        take = statistic(self.statistic, self.of, self.threshold)
        value = take(people[self.group])
        return COMPARISONS[self.compare](value, take(people[self.against])) if self.against else value

    def _restoring(self, people: Mapping[str, np.ndarray]) -> np.ndarray:
        take = statistic("mean")
        aim, found = take(people[self.against]), None
        for group, dose in reversed(self.among):
            reached = take(people[group]) <= aim
            before = np.full(aim.shape, NEVER) if found is None else found
            found = np.where(reached, dose, before)
        return np.asarray(found)


@dataclass(frozen=True, eq=False)
class Plan:
    """A trial that can be simulated again and again.

    Attributes
    ----------
    groups
        By name: people, and what they take on top of their habitual diet.
    wanted
        The figures.
    seed
        Of adherence, growth noise, instruments and samples; people bring their own.
    sampling
        Step in days of the curves that an area or a maximum needs.
    """

    groups: Mapping[str, tuple[Population, Regimen | None]]
    wanted: tuple[Wanted, ...]
    seed: int
    sampling: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a figure of a group that is not there."""
        for one in self.wanted:
            for name in one.groups:
                if name not in self.groups:
                    raise unknown("group of people", name, self.groups)

    def of(self, group: str) -> tuple[Wanted, ...]:
        """Return the figures that need a group."""
        return tuple(one for one in self.wanted if group in one.groups)

    def days(self, group: str) -> list[float]:
        """Return the days on which a group is looked at; curves are looked at in between."""
        found = {0.0}
        for one in self.of(group):
            found |= {one.since, one.day}
            if measure(one.of).course:
                steps = int(round((one.day - one.since) / self.sampling, 9))
                found |= {round(one.since + step * self.sampling, 9) for step in range(steps + 1)}
        return sorted(found)

    def outputs(self, group: str) -> list[str]:
        """Return the variables of a result that a group's figures need."""
        names = (one.variable.partition("[")[0] for one in self.of(group))
        return list(dict.fromkeys({**READINGS, DRUG: "inr"}.get(name, name) for name in names))


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a simulated trial reports.

    Attributes
    ----------
    plan
        What was simulated.
    measured
        Every person's measure, by number of the figure and group: (..., subject).
    """

    plan: Plan
    measured: tuple[Mapping[str, np.ndarray], ...] = field(repr=False)

    @cached_property
    def values(self) -> np.ndarray:
        """Every figure, (..., figures): of one set of parameters (figures,)."""
        pairs = zip(self.plan.wanted, self.measured, strict=True)
        return np.stack([one.figure(people) for one, people in pairs], axis=-1)

    def samples(self, number: int, resamples: int = 400, *, sized: bool = True) -> np.ndarray:
        """Return a figure of many trials, (resamples,): people drawn from the simulated ones, these being drawn anew.

        With several sets of parameters every trial has one of them, in turn, so that the trials differ by what is not
        known of the parameters too, if the sets were drawn from what is known.

        Parameters
        ----------
        number
            Of the figure, from 0.
        resamples
            How many trials.
        sized
            In trials of the published size; otherwise with everybody who was simulated, so that only the Monte Carlo
            error is left.
        """
        one, people = self.plan.wanted[number], {}
        for group, values in self.measured[number].items():
            sets = np.atleast_2d(values)  # (set, subject)
            n, which = sets.shape[1], np.arange(resamples)[:, None] % len(sets)
            chosen = self._drawn(f"simulated {group}", number, (resamples, n), n)
            if sized and one.sized(group):
                some = self._drawn(f"sample of {group}", number, (resamples, one.sized(group)), n)
                chosen = np.take_along_axis(chosen, some, axis=1)
            people[group] = sets[which, chosen]
        return one.figure(people)

    def _drawn(self, purpose: str, number: int, shape: tuple[int, int], most: int) -> np.ndarray:
        """Draw positions below ``most``, with replacement."""
        trials, places = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :]
        return (draws.uniform(self.plan.seed, purpose, trials, places, number) * most).astype(int)

    def interval(self, number: int, share: float = 0.95, resamples: int = 400) -> tuple[float, float]:
        """Return between which values a trial of the published size reports a figure, with a probability.

        The Monte Carlo error of the simulated people is in it; and what is not known of the parameters, where the
        prediction is of several sets drawn from it, and only there.

        Parameters
        ----------
        number
            Of the figure, from 0.
        share
            The probability.
        resamples
            How many trials.
        """
        found = self.samples(number, resamples)
        if np.isnan(found).any():
            return np.nan, np.nan
        low, high = np.quantile(found, [(1 - share) / 2, (1 + share) / 2], method="closest_observation")
        return float(low), float(high)

    def error(self, number: int, resamples: int = 400) -> float:
        """Return the Monte Carlo standard error of a figure; not a number where some samples have none.

        Raises
        ------
        InputError
            If there are several sets of parameters, whose differences are no Monte Carlo error.
        """
        if any(values.ndim > 1 for values in self.measured[number].values()):
            raise InputError("Monte Carlo error of a prediction: got several sets of parameters, expected one.")
        found = self.samples(number, resamples, sized=False)
        return float(np.std(found, ddof=1)) if np.isfinite(found).all() else np.nan


def trimmed(model: Model, outputs: list[str]) -> Model:
    """Return the model without the stages that no wanted output rests on.

    Parameters
    ----------
    model
        Any model.
    outputs
        Names.

    Raises
    ------
    UnknownNameError
        If the model does not offer one of them.
    """
    for name in outputs:
        if name not in model.offers:
            raise unknown("output", name, model.outputs)
    needed, kept = set(outputs), []
    for one in reversed(model.stages):
        if needed & set(one.block.offers):
            needed |= {read.of or name for name, read in one.block.inputs.items() if not read.covariate}
            kept.append(one)
    return Model(*reversed(kept), name=model.name, notes=model.notes)


def predicted(
    plan: Plan,
    model: Model,
    parameters: Mapping[str, Any] | None = None,
    *,
    rtol: float = 1e-4,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Prediction:
    """Simulate a trial and find its figures, for one set of parameters or for many at once.

    Everybody has the same random effects, missed doses, luck and instrument errors whatever the parameters, so that
    figures are smooth in them up to the tolerance; only the stages that the figures rest on are solved.

    Parameters
    ----------
    plan
        The trial, such as ``trial.plan(n=50)``.
    model
        Any model that offers what the figures need.
    parameters
        By bracketed name, typical values in the declared unit: one number, or ``k`` of them for ``k`` sets. What people
        have of their own, such as the uncarboxylated share of MGP in dialysis, moves with the typical value. Names that
        nothing in this trial rests on are passed over. The model's own where it is left out.
    rtol
        Relative tolerance of the outputs.
    workers
        As for :func:`menaquinone.simulate`.
    progress
        Called with groups done and in all.

    Returns
    -------
    Prediction
        ``.values`` has shape (figures,), or (k, figures) where a parameter has k values.

    Raises
    ------
    UnknownNameError
        If the model has no such parameter or output.
    InputError
        If parameters have different numbers of values, or a figure was not looked at.
    """
    sets = _sets(model, parameters or {})
    found: dict[str, list[np.ndarray | None]] = {}
    for number, (name, (people, regimen)) in enumerate(plan.groups.items()):
        if progress is not None:
            progress(number, len(plan.groups))
        if plan.of(name):
            result = _solved(plan, name, model, people, regimen, sets, {"rtol": rtol, "workers": workers})
            found[name] = [_measured(result, one) if name in one.groups else None for one in plan.wanted]
    if progress is not None:
        progress(len(plan.groups), len(plan.groups))
    measured = tuple(
        {group: np.asarray(found[group][number]) for group in one.groups} for number, one in enumerate(plan.wanted)
    )
    return Prediction(plan, measured)


def _sets(model: Model, parameters: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Check parameters and give all of them the same number of values; none where each is one number."""
    found = {name: np.asarray(values, dtype=float) for name, values in parameters.items()}
    for name, values in found.items():
        if name not in model.parameters:
            raise unknown("parameter", name, model.parameters)
        if values.ndim > 1 or not np.isfinite(values).all():
            raise refused(f"values of '{name}'", parameters[name], "a finite number or a list of them")
    sizes = {values.size for values in found.values() if values.ndim}
    if len(sizes) > 1:
        raise refused("numbers of values of the parameters", sorted(sizes), "the same for all of them")
    shape = tuple(sizes)
    return {name: np.broadcast_to(values, shape) for name, values in found.items()}


def _solved(
    plan: Plan, name: str, model: Model, people: Population, regimen: Regimen | None, sets: Mapping[str, np.ndarray],
    options: Mapping[str, Any],
) -> "Dataset":  # fmt: skip
    """Simulate one group, with a leading dimension ``point`` where there are several sets of parameters."""
    from menaquinone.solve import simulate

    outputs = plan.outputs(name)
    needed = trimmed(model, outputs)
    asked = {"times": plan.days(name), "outputs": outputs, "rng": plan.seed, "growth_noise": True, **options}
    here = {key: values for key, values in sets.items() if key in needed.parameters}
    own = moved(people.values, {key: needed.parameters[key].value for key in here}, here)
    several = {key: values for key, values in here.items() if values.ndim}
    needed = needed.replace({key: float(values) for key, values in here.items() if not values.ndim})
    people = replace(people, values={**people.values, **{key: own[key] for key in own if key not in several}})
    with unsaid():
        if several:
            result = at_points(
                needed, people, regimen, several, {key: own[key] for key in own if key in several}, **asked
            )
        else:
            result = simulate(needed, people, regimen, **asked)
    if not several:
        sizes = {values.size for values in sets.values() if values.ndim}
        if sizes:  # nothing here rests on what differs
            result = result.expand_dims(point=sizes.pop())
    return observed(result, {one.variable.partition("[")[0] for one in plan.of(name)}, plan.seed)


def observed(result: "Dataset", names: "set[str]", seed: int) -> "Dataset":
    """Add what instruments read, where a figure is of a reading.

    Parameters
    ----------
    result
        With the true values.
    names
        Names of variables.
    seed
        Of the readings.
    """
    from menaquinone.analysis.markers import observe_dp_ucmgp
    from menaquinone.analysis.progression import observe_agatston

    if "agatston_observed" in names:
        result = observe_agatston(result, seed)
    if "dp_ucmgp_observed" in names:
        result = observe_dp_ucmgp(result, seed)
    return result


def _measured(result: "Dataset", one: Wanted) -> np.ndarray:
    found = of_people(pick(result, one.variable), one.of, one.day, one.since)
    if found is None:
        raise InputError(f"'{one.variable}' on day {one.day:g}: got a result without it, expected it among the times.")
    return found


def resized(plan: Plan, n: int) -> Plan:
    """Return the plan with the first ``n`` people of every group.

    Parameters
    ----------
    plan
        A trial.
    n
        At least 1; groups with fewer people stay as they are.
    """
    return replace(
        plan, groups={name: (people.select(slice(n)), regimen) for name, (people, regimen) in plan.groups.items()}
    )


__all__ = [
    "NEVER",
    "READINGS",
    "RESTORING",
    "Plan",
    "Prediction",
    "Wanted",
    "observed",
    "predicted",
    "resized",
    "trimmed",
]
