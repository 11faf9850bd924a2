"""Parameters fitted to what trials reported, each simulated with its published design: what ``mk.fit`` does.

Every trial is simulated for a whole design of parameter sets in one engine call, first over the priors and then around
the first answer; least squares and everything after them work on response surfaces (:mod:`menaquinone.studies.fit`).
The calibration of the defaults (``calibration/calibrate.py``) is made of the same parts.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np

from menaquinone.catalogue.calibration import calibration, with_followers
from menaquinone.declare import Value
from menaquinone.errors import InputError, listed, refused, unknown
from menaquinone.inputs.designs import Law
from menaquinone.inputs.distributions import LogNormal, Normal
from menaquinone.model import Model
from menaquinone.studies.fit import Fit, Free, Seen
from menaquinone.studies.predict import Plan, predicted
from menaquinone.studies.surface import surface
from menaquinone.trials import load
from menaquinone.trials.design import Trial
from menaquinone.trials.outcome import NORMAL_95, number
from menaquinone.trials.scorecard import Score, scores
from menaquinone.units import converted

Array = np.ndarray
Say = Callable[[str], None]

PRIOR_BOX, NEXT_BOX, LEAST_BOX, FARTHEST = 2.0, 3.0, 1.5, 3.0
"""Half-widths of the boxes: of the prior, in its SDs; around the first answer, in SDs of the posterior there and at
least so many of the prior; and beyond which no box reaches."""
NOTHING = 0.1
"""Standard errors: a parameter that moves a figure by less over the whole box is not in its surface."""
PEOPLE = 60
"""Virtual people in each arm."""


# trials that are simulated again and again ----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Simulated:
    """A trial, ready to be simulated for many sets of parameters, its people drawn once.

    Attributes
    ----------
    name
        Of the trial.
    model, plan
        What happens, and to whom; the fitted figures only.
    free
        Parameters that are fitted.
    scored
        The figures at the model's own parameters.
    scales
        On which each figure is compared.
    people
        Virtual people in each arm.
    """

    name: str
    model: Model
    plan: Plan
    free: tuple[Free, ...]
    scored: tuple[Score, ...]
    scales: tuple[Callable[[Array], Array], ...]
    people: int

    @property
    def rows(self) -> tuple[str, ...]:
        """Evidence row of each figure."""
        return tuple(one.row for one in self.scored)

    def __call__(self, points: Array) -> Array:
        """Return figures, each on its scale, of prior scores (k, parameters): (k, figures)."""
        values = {one.name: one.value(column) for one, column in zip(self.free, points.T, strict=True)}
        here = {name: now for name, now in with_followers(values).items() if name in self.model.parameters}
        found = np.atleast_2d(predicted(self.plan, self.model, here).values)
        found = np.broadcast_to(found, (len(points), found.shape[1]))
        return np.stack([scale(column) for scale, column in zip(self.scales, found.T, strict=True)], axis=1)

    def reported(self, errors: Mapping[str, float]) -> tuple[Array, Array]:
        """Return what was reported and its standard error, on the scales, each (figures,).

        The error is the published one; else that of the model for a trial of that size, or what ``errors`` says of the
        row; always with the Monte Carlo error of the simulated people.
        """
        values, widths = [], []
        for scale, score in zip(self.scales, self.scored, strict=True):
            ends = (score.reported_low, score.reported_high) if score.interval else (score.low, score.high)
            own = float(np.diff(scale(np.array(ends)))[0]) / (2 * NORMAL_95)
            noise = np.diff(scale(score.predicted + np.array([-0.5, 0.5]) * score.error))[0]
            values.append(float(scale(np.array(score.reported))))
            widths.append(float(np.hypot(errors.get(score.row, own), noise)))
        return np.array(values), np.array(widths)


def simulated(
    trial: Trial, free: Sequence[Free], rows: Sequence[str] | None = None, *, people: int = PEOPLE,
    model: Model | None = None, rng: Any = None,
) -> Simulated:  # fmt: skip
    """Return a trial with its people drawn once: the same for every set of parameters.

    Parameters
    ----------
    trial
        As loaded.
    free
        Parameters that are fitted.
    rows
        Of the figures that count; all that it reports when left out.
    people
        Virtual people in each arm.
    model, rng
        As for :meth:`Trial.plan`.

    Raises
    ------
    UnknownNameError
        If the trial does not report one of the rows.
    """
    held = [one.row for one in trial.reported]
    for row in rows or ():
        if row not in held:
            raise unknown(f"row of trial '{trial.name}'", row, held)
    places = [held.index(row) for row in (held if rows is None else rows)]
    model = trial.model() if model is None else model
    every, plan = scores(trial, model, n=people, rng=rng), trial.plan(people, rng=rng, model=model)
    wanted = replace(plan, wanted=tuple(plan.wanted[place] for place in places))
    scales = tuple(_scale(trial.reported[place].of, trial.reported[place].statistic, every[place]) for place in places)
    scored = tuple(every[place] for place in places)
    return Simulated(trial.name, model, wanted, tuple(free), scored, scales, people)


def _scale(of: str, statistic: str, score: Score) -> Callable[[Array], Array]:
    """Ratios are compared as logarithms; changes, shares and rates as they are."""
    if of == "percent change" and score.unit == "%" and " against " not in score.arm:
        return lambda value: np.log1p(value / 100)
    if of == "level" and statistic != "share above":
        return np.log
    return np.asarray


# two rounds of surfaces -----------------------------------------------------------------------------------------------


def narrowed(trials: Sequence[Simulated], errors: Mapping[str, float], say: Say) -> tuple[Fit, Array]:
    """Fit over the priors, then with better surfaces around the first answer; return that fit and its least squares.

    Parameters
    ----------
    trials
        Of :func:`simulated`, all with the same free parameters.
    errors
        Standard errors, on the scale of the comparison, of rows whose own cannot be used.
    say
        Called with a line for each trial.
    """
    free = trials[0].free
    start = np.zeros(len(free))
    say("simulating over the priors")
    box = _box(free, start, np.full(len(free), PRIOR_BOX))
    first = Fit.around(free, _seen(trials, box, 2, errors, say), box, start)
    best = first.least_squares(start)
    say("simulating around the first answer")
    box = _box(free, best, np.maximum(NEXT_BOX * first.spread(best), LEAST_BOX))
    second = Fit.around(free, _seen(trials, box, 3, errors, say), box, best)  # errors between studies: at that answer
    return second, second.least_squares(best)


def _seen(trials: Sequence[Simulated], box: Array, degree: int, errors: Mapping[str, float], say: Say) -> list[Seen]:
    """Simulate every trial over a box and return what the surfaces make of it."""
    found = []
    for count, one in enumerate(trials, start=1):
        begun = time.perf_counter()
        values, widths = one.reported(errors)
        steps = [200 / one.people if "share above" in score.figure else 0.0 for score in one.scored]  # two people, in %
        made = surface(one, box[:, 0], box[:, 1], np.maximum(NOTHING * widths, steps), degree=degree)
        found.append(Seen(one.name, one.rows, values, widths, made))
        worst = (made.error / widths).max()
        say(
            f"  {count:2d} of {len(trials)} {one.name}: {len(made.active)} parameters, surface within {worst:.2f} "
            f"standard errors, {time.perf_counter() - begun:.1f} s"
        )
    return found


def _box(free: Sequence[Free], centre: Array, half: Array) -> Array:
    """Return a box of prior scores, within the bounds of the parameters: (parameters, 2)."""
    with np.errstate(divide="ignore"):
        limits = np.array([[one.score(one.low), one.score(one.high)] for one in free])
    limits = np.clip(limits, -FARTHEST, FARTHEST)
    return np.stack([np.maximum(centre - half, limits[:, 0]), np.minimum(centre + half, limits[:, 1])], axis=1)


# what a user calls ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FittedParameter:
    """One parameter of a fit, in its declared unit.

    Attributes
    ----------
    name, unit
        Bracketed, and the unit.
    prior, before
        Centre of the prior, and the model's own value.
    value, low, high
        Least squares, and its 95 % interval to first order.
    identified
        What the profile likelihood says: ``identified``, ``bounded on one side`` or ``not identified``.
    rows
        Evidence rows that pulled it, the strongest first.
    """

    name: str
    unit: str
    prior: float
    before: float
    value: float
    low: float
    high: float
    identified: str
    rows: tuple[str, ...]


@dataclass(frozen=True)
class FittedFigure:
    """One reported figure of a fit, on the scale of the comparison (logarithms of levels and ratios).

    Attributes
    ----------
    trial, row
        Which figure.
    reported, error
        As published, and its standard error.
    before, fitted
        The model's, at its own parameters and at those found.
    """

    trial: str
    row: str
    reported: float
    error: float
    before: float
    fitted: float


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a fit found; printed, it is the table.

    Attributes
    ----------
    parameters, figures
        What was fitted, and to what.
    fit, best
        For more than this: :meth:`menaquinone.studies.fit.Fit.posterior` samples, from prior scores ``best``.
    """

    parameters: tuple[FittedParameter, ...]
    figures: tuple[FittedFigure, ...]
    fit: Fit
    best: Array

    @property
    def values(self) -> dict[str, float]:
        """Fitted values by name, and those that go with them by definition, as ``Model.replace`` takes them."""
        found = with_followers({one.name: one.value for one in self.parameters})
        return {name: float(value) for name, value in found.items()}

    def applied(self, model: Model) -> Model:
        """Return a model with the fitted values, of those parameters that it has."""
        return model.replace({name: value for name, value in self.values.items() if name in model.parameters})

    def __str__(self) -> str:
        lines = [
            f"{one.name} = {number(one.value)} {one.unit} ({number(one.low)} to {number(one.high)}), before "
            f"{number(one.before)}, prior {number(one.prior)}; {one.identified}; pulled by {', '.join(one.rows) or '-'}"
            for one in self.parameters
        ]
        lines += [
            f"{one.row}: reported {number(one.reported)} (SE {number(one.error)}), before {number(one.before)}, fitted "
            f"{number(one.fitted)}"
            for one in self.figures
        ]
        return "\n".join(lines)


def fit(
    trials: str | PathLike[str] | Trial | Iterable[str | PathLike[str] | Trial],
    parameters: Iterable[str] | Mapping[str, Law | Free],
    *,
    rows: Iterable[str] | None = None,
    n: int = PEOPLE,
    rng: Any = None,
    model: Model | None = None,
    progress: Say | None = None,
) -> Fitted:
    """Fit parameters to what trials reported, each simulated with its published design, by bounded least squares.

    Parameters
    ----------
    trials
        One or several: names, files, or trials as loaded.
    parameters
        Bracketed names, each with the prior of the calibration that ships; or by name a prior of your own, such as
        ``mk.lognormal("10 nmol/L", omega=0.5)``.
    rows
        Evidence rows of the figures that count; everything that the trials report when left out.
    n
        Virtual people in each arm.
    rng
        Seed; that of each trial's file when left out.
    model
        That of each trial when left out.
    progress
        Called with a line for each trial.

    Returns
    -------
    Fitted
        Of equal arguments on one machine always the same.

    Raises
    ------
    UnknownNameError
        If there is no such trial, parameter or row.
    InputError
        If there is nothing to fit, a prior cannot be used, or a figure has no value or no standard error.
    """
    several = [trials] if isinstance(trials, (str, PathLike, Trial)) else trials
    loaded = [one if isinstance(one, Trial) else load(one) for one in several]
    if not loaded:
        raise InputError("what to fit: got no trials, expected at least one.")
    models = [one.model() if model is None else model for one in loaded]
    free = _free(parameters, {name: value for one in models for name, value in one.parameters.items()})
    every = [one.row for trial in loaded for one in trial.reported]
    wanted = every if rows is None else list(rows)
    for row in wanted:
        if row not in every:
            raise unknown("row that the trials report", row, every)
    if not wanted or not free:
        raise InputError(
            f"what to fit: got {len(free)} parameters and {len(wanted)} figures, expected at least one of each."
        )
    ready = []
    for trial, own in zip(loaded, models, strict=True):
        if held := [one.row for one in trial.reported if one.row in wanted]:
            ready.append(simulated(trial, free, held, people=n, model=own, rng=rng))
    _refuse_without_error(ready)
    found, best = narrowed(ready, {}, progress or (lambda _: None))
    return _told(found, best, ready)


def _free(parameters: Iterable[str] | Mapping[str, Law | Free], declared: Mapping[str, Value]) -> tuple[Free, ...]:
    """Read what is to be fitted, and its priors."""
    given = dict.fromkeys([parameters] if isinstance(parameters, str) else parameters)
    if isinstance(parameters, Mapping):
        given |= parameters
    for name in given:
        if name not in declared:
            raise unknown("parameter", name, declared)
    return tuple(_prior(name, law, declared[name].unit) for name, law in given.items())


def _prior(name: str, law: Any, unit: str) -> Free:
    if isinstance(law, Free):
        return law
    if law is None:
        known = calibration().parameters
        if name not in known:
            raise unknown("parameter of the calibration (any other needs a prior)", name, known)
        one = known[name]
        return Free(name, one.scale, one.prior, one.prior_sd, one.between, one.low, one.high, one.source)
    given = getattr(law, "distribution", None)
    if not isinstance(given, (LogNormal, Normal)):
        raise refused(f"prior of '{name}'", law, "mk.lognormal(...) or mk.normal(...)")
    times = converted(1.0, law.unit, unit, f"prior of '{name}'") if law.unit else 1.0
    if isinstance(given, LogNormal):
        scale, centre, sd = "log", given.median * times, given.omega
        ends = centre * np.exp(np.array([-FARTHEST, FARTHEST]) * sd)
    else:
        scale, centre, sd = "plain", given.mean * times, given.sd * times
        ends = centre + np.array([-FARTHEST, FARTHEST]) * sd
    low, high = max(given.low * times, float(ends[0])), min(given.high * times, float(ends[1]))
    return Free(name, scale, centre, sd, 0.0, low, high, "assumed: the prior that was given")


def _refuse_without_error(trials: Sequence[Simulated]) -> None:
    """Refuse figures that cannot be compared: without a value, or with no error at all (a constant of the model)."""
    for trial in trials:
        pairs = zip(trial.rows, *trial.reported({}), strict=True)
        wrong = [row for row, value, error in pairs if not (np.isfinite(value) and np.isfinite(error) and error > 0)]
        if wrong:
            raise InputError(
                f"figures of trial '{trial.name}': got {listed(wrong)} without a value or a standard error, expected "
                "rows with both; leave them out with `rows`."
            )


def _told(found: Fit, best: Array, trials: Sequence[Simulated]) -> Fitted:
    spread, pulled = found.spread(best), found.pulls(best)
    told = []
    for place, one in enumerate(found.free):
        held = next(trial.model.parameters[one.name] for trial in trials if one.name in trial.model.parameters)
        ends = one.value(best[place] + np.array([-1, 1]) * NORMAL_95 * spread[place]).clip(one.low, one.high)
        told.append(
            FittedParameter(
                one.name, held.unit, one.prior, held.value, float(one.value(best[place])), float(ends[0]),
                float(ends[1]), found.profile(place, best), pulled[place],
            )
        )  # fmt: skip
    figures = []
    for trial, seen in zip(trials, found.seen, strict=True):
        at = seen.surface(best[None])[0]
        for place, row in enumerate(seen.rows):
            before = float(trial.scales[place](np.array(trial.scored[place].predicted)))
            figures.append(
                FittedFigure(
                    trial.name, row, float(seen.values[place]), float(seen.errors[place]), before, float(at[place])
                )
            )
    return Fitted(tuple(told), tuple(figures), found, best)


__all__ = ["Fitted", "FittedFigure", "FittedParameter", "Simulated", "fit", "narrowed", "simulated"]
