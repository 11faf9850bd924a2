"""Write the tables of the scorecard page from the stored result, before each build; none is typed by hand."""

import csv
from collections.abc import Mapping, Sequence
from math import exp, expm1, isclose, log, log1p
from pathlib import Path

from declared import plain, source, table
from sphinx.application import Sphinx

from menaquinone.catalogue import evidence
from menaquinone.trials import load, names
from menaquinone.trials.design import Trial
from menaquinone.trials.outcome import number
from menaquinone.trials.scorecard import (
    Score,
    cells,
    contradictions,
    from_csv,
    header,
    reason,
    shown,
    summary,
    widened,
)

STORED = Path("scorecard", "scorecard.csv")
COMPARED = Path(__file__).parents[2] / "calibration" / "figures.csv"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the hook."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(app: Sphinx) -> None:
    """Write the parts of pages that the result makes; unchanged, they keep their date."""
    found = from_csv((Path(app.srcdir) / STORED).read_text(encoding="utf-8"))
    trials = {name: load(name) for name in names()}
    folder = Path(app.srcdir) / "_generated"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("scorecard", tables(found, trials)), ("misses", misses(found, trials))):
        path = folder / f"{name}.inc"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def tables(found: Sequence[Score], trials: Mapping[str, Trial]) -> str:
    """Return the count, the contradictions, and a table for each trial."""
    parts = [f"**{plain(summary(found))}**", *map(plain, contradictions(found, trials)), "## Trial by trial"]
    top, wide = (*header(found), "row"), widened(found)
    for name in dict.fromkeys(one.trial for one in found):
        told = trials.get(name)
        parts.append(f"### {plain(name)}")
        if told is not None:
            parts.append(plain(f"{told.title}. {told.note}".strip()))
        rows = ([*map(plain, cells(one, wide=wide)), source(one.row)] for one in found if one.trial == name)
        parts.append(table(top, rows))
    return "\n\n".join(parts) + "\n"


def misses(found: Sequence[Score], trials: Mapping[str, Trial]) -> str:
    """Return how the fitted figures stand, and each of those outside with what is known of why."""
    fitted = [one for one in found if one.used == "fit"]
    outside = [one for one in fitted if not one.hit]
    held = sum(one.possible for one in outside)
    count = (
        f"Of {len(fitted)} figures that the calibration was fitted to, {len(fitted) - len(outside)} are inside at the "
        f"defaults and {len(outside)} outside; {held} of these lie where the model puts trials of that size once "
        "parameters are drawn from the posterior."
    )
    top = ("row", "reported", "at the defaults", "fitted", "parameters drawn", "why not")
    at_fit = fitted_figures()
    lines = (
        (
            source(one.row), f"{number(one.reported)} {plain(one.unit)}", shown(one.predicted),
            at_fit.get(one.row, "-"), f"{shown(one.wide_low)} to {shown(one.wide_high)}{' +' if one.possible else ''}",
            plain(reason(one, trials)),
        )
        for one in outside
    )  # fmt: skip
    return f"{count}\n\n{table(top, lines)}\n"


def fitted_figures() -> dict[str, str]:
    """Return each figure at the fitted parameters, by row, turned back from the scale on which it was fitted."""
    found = {}
    for one in csv.DictReader(COMPARED.read_text(encoding="utf-8").splitlines()):
        row, on_scale, fitted = evidence.row(one["row"]), float(one["reported"]), float(one["fitted"])
        value = row.value or 0.0
        if value > 0 and isclose(log(value), on_scale, abs_tol=1e-3):
            fitted = exp(fitted)
        elif row.unit == "%" and isclose(log1p(value / 100), on_scale, abs_tol=1e-3):
            fitted = 100 * expm1(fitted)
        found[one["row"]] = number(fitted)
    return found
