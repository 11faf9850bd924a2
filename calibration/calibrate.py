"""The calibration, in one command: ``python calibration/calibrate.py``. Minutes on two cores, the same every time.

Every trial is simulated with its published design, for a whole design of parameter sets in one engine call, first over
the priors and then around the first answer. Bounded least squares, profile likelihoods and the posterior follow on the
response surfaces; at the end the engine is asked at draws of the posterior whether the surfaces told the truth.

It writes the table and the check beside this file, and into the package what it needs: ``calibration.json`` and the
list of rows that were fitted.
"""

import argparse
import csv
import io
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from choices import ERRORS, FREE, PEOPLE, PEOPLE_OF, ROWS

import menaquinone as mk
from menaquinone.catalogue.calibration import with_followers
from menaquinone.catalogue.scales import SCALES
from menaquinone.model import Model
from menaquinone.studies.fit import Fit, Seen
from menaquinone.studies.predict import Plan, predicted
from menaquinone.studies.surface import surface
from menaquinone.trials.scorecard import Score, scores

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "src" / "menaquinone" / "catalogue"
SEED = 20_260
WALKERS, STEPS, BURN = 96, 4000, 1000
CHECKED = 16
"""Draws of the posterior at which the engine is asked."""
PRIOR_BOX, NEXT_BOX, LEAST_BOX = 2.0, 3.0, 1.5
"""Half-widths of the boxes: of the prior, in its SDs, and around the first answer, in SDs of the posterior
there and at least so many of the prior."""
NOTHING = 0.1
"""Standard errors: a parameter that moves a figure by less over the whole box is not in its surface."""
_95 = 2 * 1.959964
HEADER = (
    "parameter", "unit", "prior", "prior_low", "prior_high", "default", "fitted", "median", "low", "high",
    "identified", "default_inside", "rows",
)  # fmt: skip

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Simulated:
    """A trial, ready to be simulated for many sets of parameters.

    Attributes
    ----------
    name
        Of the trial.
    model, plan
        What happens, and to whom; the fitted figures only.
    scored
        The figures at the defaults.
    scales
        On which each figure is compared.
    """

    name: str
    model: Model
    plan: Plan
    scored: list[Score]
    scales: list[Callable[[Array], Array]]

    def __call__(self, points: Array) -> Array:
        """Return figures, each on its scale, of prior scores (k, parameters): (k, figures)."""
        values = {one.name: one.value(column) for one, column in zip(FREE, points.T, strict=True)}
        every = with_followers(values) | {name: self._moved(name, now) for name, now in values.items()}
        here = {name: now for name, now in every.items() if name in self.model.parameters}
        found = np.atleast_2d(predicted(self.plan, self.model, here).values)
        found = np.broadcast_to(found, (len(points), found.shape[1]))
        return np.stack([scale(column) for scale, column in zip(self.scales, found.T, strict=True)], axis=1)

    def _moved(self, name: str, typical: Array) -> Array:
        """Move typical values to where these people stand, who may have a value of their own (dialysis)."""
        own = [people.values[name] for people, _ in self.plan.groups.values() if name in people.values]
        if not own:
            return typical
        scale = SCALES[next(one.scale for one in FREE if one.name == name)]
        offset = scale.there(np.concatenate(own)).mean() - scale.there(self.model.parameters[name].value)
        return scale.back(scale.there(typical) + offset)


def prepared(name: str) -> Simulated:
    """Return a trial with its people drawn once: the same for every set of parameters."""
    trial, people = mk.trials.load(name), PEOPLE_OF.get(name, PEOPLE)
    model, rows = trial.model(), [one.row for one in trial.reported]
    places = [rows.index(row) for row in ROWS[name]]
    scored = scores(trial, model, n=people)
    scales = [_scale(trial.reported[place].of, trial.reported[place].statistic, scored[place]) for place in places]
    plan = trial.plan(people, model=model)
    fitted = replace(plan, wanted=tuple(plan.wanted[place] for place in places))
    return Simulated(name, model, fitted, [scored[place] for place in places], scales)


def _scale(of: str, statistic: str, score: Score) -> Callable[[Array], Array]:
    """Ratios are compared as logarithms; changes, shares and rates as they are."""
    if of == "percent change" and score.unit == "%" and " against " not in score.arm:
        return lambda value: np.log1p(value / 100)
    if of == "level" and statistic != "share above":
        return np.log
    return np.asarray


def reported(one: Simulated) -> tuple[Array, Array]:
    """Return what was reported and its standard error, on the scales.

    The error is the published one; else that of the model for a trial of that size, and always with the Monte Carlo
    error of the simulated people.
    """
    values, errors = [], []
    for scale, score in zip(one.scales, one.scored, strict=True):
        ends = (score.reported_low, score.reported_high) if score.interval else (score.low, score.high)
        own = float(np.diff(scale(np.array(ends)))[0]) / _95
        noise = np.diff(scale(score.predicted + np.array([-0.5, 0.5]) * score.error))[0]
        values.append(float(scale(np.array(score.reported))))
        errors.append(np.hypot(ERRORS.get(score.row, own), noise))
    return np.array(values), np.array(errors)


def surfaces(trials: Sequence[Simulated], box: Array, degree: int, say: Callable[[str], None]) -> list[Seen]:
    """Simulate every trial over a box and return what the surfaces make of it."""
    found = []
    for number, one in enumerate(trials, start=1):
        begun = time.perf_counter()
        values, errors = reported(one)
        people = PEOPLE_OF.get(one.name, PEOPLE)
        counted = [200 / people if "share above" in score.figure else 0.0 for score in one.scored]  # two of them, in %
        made = surface(one, box[:, 0], box[:, 1], np.maximum(NOTHING * errors, counted), degree=degree)
        rows = tuple(score.row for score in one.scored)
        found.append(Seen(one.name, rows, values, errors, made))
        worst = (made.error / errors).max()
        say(
            f"  {number:2d} of {len(trials)} {one.name}: {len(made.active)} parameters, surface within {worst:.2f} "
            f"standard errors, {time.perf_counter() - begun:.1f} s"
        )
    return found


def bounds(centre: Array, half: Array) -> Array:
    """Return a box of prior scores, within the bounds of the parameters: (parameters, 2)."""
    with np.errstate(divide="ignore"):
        limits = np.array([[one.score(one.low), one.score(one.high)] for one in FREE])
    limits = np.clip(limits, -3.0, 3.0)
    return np.stack([np.maximum(centre - half, limits[:, 0]), np.minimum(centre + half, limits[:, 1])], axis=1)


def checked(trials: Sequence[Simulated], fit: Fit, draws: Array, say: Callable[[str], None]) -> dict[str, float]:
    """Ask the engine at some points: root mean square difference of each row from its surface, in standard errors."""
    found = {}
    for one, seen in zip(trials, fit.seen, strict=True):
        off = (one(draws) - seen.surface(draws)) / seen.errors
        found |= dict(zip(seen.rows, np.sqrt((off**2).mean(0)).round(3).tolist(), strict=True))
    say(f"engine against surfaces at {len(draws)} draws: {max(found.values()):.2f} standard errors at most")
    return found


def result(fit: Fit, best: Array, draws: Array, settings: dict[str, object]) -> dict[str, object]:
    """Return what is stored: numbers to the digits that a rerun gives again."""
    defaults = mk.models.vitamin_k().parameters
    pulled, listed, on_scale = fit.pulls(best), [], []
    for place, one in enumerate(FREE):
        scale = SCALES[one.scale]
        values = np.clip(one.value(draws[:, place]), one.low, one.high)
        low, median, high = np.quantile(values, [0.025, 0.5, 0.975])
        on_scale.append(scale.there(one.prior) + one.sd * draws[:, place])
        listed.append(
            {
                "name": one.name, "unit": defaults[one.name].unit, "scale": one.scale, "prior": one.prior,
                "prior_sd": one.sd, "between": one.between, "low": one.low, "high": one.high, "source": one.source,
                "default": defaults[one.name].value, "fitted": _digits(one.value(best[place]), 5),
                "median": _digits(median, 3), "interval": [_digits(low, 3), _digits(high, 3)],
                "identified": fit.profile(place, best), "rows": list(pulled[place]),
            }
        )  # fmt: skip
    each = np.array(on_scale)
    return {
        "parameters": listed,
        "mean": [_digits(value, 6) for value in each.mean(1)],
        "covariance": [[_digits(value, 6) for value in row] for row in np.cov(each)],
        "settings": settings,
    }


def _digits(value: float | Array, digits: int) -> float:
    return float(f"{float(value):.{digits}g}")


def table(found: dict[str, object]) -> str:
    """Return the table as comma-separated values."""
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(HEADER)
    for one, free in zip(found["parameters"], FREE, strict=True):  # type: ignore[call-overload]
        prior = [_digits(np.clip(free.value(z), free.low, free.high), 3) for z in (0.0, -1.959964, 1.959964)]
        low, high = one["interval"]
        inside = "yes" if low <= one["default"] <= high else "no"
        writer.writerow(
            [
                one["name"], one["unit"], *prior, _digits(one["default"], 5), one["fitted"], one["median"], low, high,
                one["identified"], inside, " ".join(one["rows"]),
            ]
        )  # fmt: skip
    return held.getvalue()


def figures(fit: Fit, best: Array, off: dict[str, float], trials: Sequence[Simulated]) -> str:
    """Return reported and fitted figures, on their scales, as comma-separated values."""
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(("trial", "row", "reported", "error", "at_defaults", "fitted", "surface_off"))
    for one, seen in zip(trials, fit.seen, strict=True):
        fitted = seen.surface(best[None])[0]
        for place, row in enumerate(seen.rows):
            default = float(one.scales[place](np.array(one.scored[place].predicted)))
            numbers = (seen.values[place], seen.errors[place], default, fitted[place])
            writer.writerow((one.name, row, *(f"{value:.4g}" for value in numbers), off[row]))
    return held.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the calibration."""
    parser = argparse.ArgumentParser(description="Fit the free parameters to published trials.")
    parser.add_argument("--steps", type=int, default=STEPS, help="of the sampler")
    parser.add_argument("--no-write", action="store_true", help="show the table and write nothing")
    asked = parser.parse_args(arguments)
    begun = time.perf_counter()

    def say(text: str) -> None:
        sys.stderr.write(f"[{time.perf_counter() - begun:5.0f} s] {text}\n")

    say(f"{len(ROWS)} trials, {sum(map(len, ROWS.values()))} figures, {len(FREE)} parameters")
    trials = [prepared(name) for name in ROWS]
    say("simulating over the priors")
    start, box = np.zeros(len(FREE)), bounds(np.zeros(len(FREE)), np.full(len(FREE), PRIOR_BOX))
    first = Fit.around(FREE, surfaces(trials, box, 2, say), box, start)
    best = first.least_squares(start)
    say("simulating around the first answer")
    box = bounds(best, np.maximum(NEXT_BOX * first.spread(best), LEAST_BOX))
    seen = surfaces(trials, box, 3, say)
    fit = Fit.around(FREE, seen, box, best)  # errors between studies are those at the first answer
    best = fit.least_squares(best)
    say("sampling the posterior")
    draws, times = fit.posterior(best, walkers=WALKERS, steps=asked.steps, burn=asked.steps // 4, seed=SEED)
    off = checked(trials, fit, draws[:: len(draws) // CHECKED][:CHECKED], say)
    settings = {
        "seed": SEED, "people": PEOPLE, "people_of": PEOPLE_OF, "walkers": WALKERS, "steps": asked.steps,
        "burn": asked.steps // 4, "autocorrelation_steps": _digits(times.max(), 3),
        "independent_draws": int(len(draws) / times.max()),
        "versions": {name: version(name) for name in ("menaquinone", "numpy", "scipy", "emcee")},
    }  # fmt: skip
    found = result(fit, best, draws, settings)
    sys.stdout.write(table(found))
    if not asked.no_write:
        written(found, figures(fit, best, off, trials))
    say("done")


def written(found: dict[str, object], compared: str) -> None:
    """Write the tables beside this file and the result into the package."""
    (HERE / "table.csv").write_text(table(found), encoding="utf-8")
    (HERE / "figures.csv").write_text(compared, encoding="utf-8")
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (PACKAGE / "calibration.json").write_text(f"{text}\n", encoding="utf-8")
    rows = "\n".join(row for each in ROWS.values() for row in each)
    told = "# Evidence rows that the calibration was fitted to, one id a line; written by calibration/calibrate.py.\n"
    (PACKAGE / "evidence" / "fitted.txt").write_text(f"{told}{rows}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
