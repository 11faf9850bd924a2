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
from importlib.metadata import version
from pathlib import Path

import numpy as np
from choices import ERRORS, FREE, PEOPLE, PEOPLE_OF, ROWS

import menaquinone as mk
from menaquinone.catalogue.scales import SCALES
from menaquinone.studies.fit import Fit
from menaquinone.trials.fitting import Simulated, narrowed, simulated

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "src" / "menaquinone" / "catalogue"
SEED = 20_260
WALKERS, STEPS, BURN = 96, 4000, 1000
CHECKED = 16
"""Draws of the posterior at which the engine is asked."""
HEADER = (
    "parameter", "unit", "prior", "prior_low", "prior_high", "default", "fitted", "median", "low", "high",
    "identified", "default_inside", "rows",
)  # fmt: skip

Array = np.ndarray


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
    trials = [
        simulated(mk.trials.load(name), FREE, rows, people=PEOPLE_OF.get(name, PEOPLE)) for name, rows in ROWS.items()
    ]
    fit, best = narrowed(trials, ERRORS, say)
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
