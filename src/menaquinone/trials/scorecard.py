"""The scorecard: every reported figure of every trial beside what the model predicts of it, hits and misses alike.

A figure is inside when the prediction lies in its published interval; where none was published, when it lies in the
95 % interval of what the model itself would report in a trial of that size, which is marked. That interval is of
sampling alone. With draws from the calibration a second one holds what is not known of the parameters too; it judges
nothing, but tells a miss of the defaults from a miss of everything that the calibration holds possible.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import isfinite, nan, sqrt
from typing import Any

from menaquinone.catalogue import evidence
from menaquinone.declare import source_ids
from menaquinone.errors import SolveError
from menaquinone.inputs.people import RECORDS
from menaquinone.model import Model
from menaquinone.solve.uncertain import parameter_sets
from menaquinone.studies.predict import Prediction, predicted, resized
from menaquinone.trials.design import Reported, Trial
from menaquinone.trials.loading import outcomes
from menaquinone.trials.outcome import NORMAL_95, Figure, as_written, number, published, unit_of_figure

INSIDE, SAMPLING, OUTSIDE, NOTHING = "inside", "inside, by the model's own interval", "outside", "no value"
VERDICTS = (INSIDE, SAMPLING, OUTSIDE, NOTHING)
_MEDIAN = 1.2533 / 1.349
"""Standard error of a normal median, in widths of the interquartile range over the root of n."""
_NEGLIGIBLE = 1e-9
PEOPLE, PEOPLE_DRAWN = 400, 100
"""Virtual people in each arm, and with each set of parameters drawn."""


@dataclass(frozen=True)
class Score:
    """One reported figure beside the model's.

    Attributes
    ----------
    trial, figure, arm, visit, unit
        Which figure of which trial, and the unit of all its numbers.
    reported, reported_low, reported_high, interval
        As published, and its 95 % interval: empty, or how it was made (``95 % CI``, ``SE``, ``SD``, ``IQR``).
    bound
        ``lower`` or ``upper`` where what was published is a bound.
    predicted, low, high
        The model's figure, and between which values a trial of the published size would report it (95 %).
    error, n
        Monte Carlo standard error of the model's figure, and the size of the published group.
    verdict
        One of :data:`VERDICTS`.
    used
        ``fit`` where the calibration was fitted to the row, ``default`` where a default rests on it, else empty.
    row
        Id of the evidence row.
    wide_low, wide_high
        As ``low`` and ``high``, with what is not known of the parameters in it too; not a number where no parameter
        sets were drawn.
    """

    trial: str
    figure: str
    arm: str
    visit: str
    unit: str
    reported: float
    reported_low: float
    reported_high: float
    interval: str
    bound: str
    predicted: float
    low: float
    high: float
    error: float
    n: int
    verdict: str
    used: str
    row: str
    wide_low: float = nan
    wide_high: float = nan

    @property
    def possible(self) -> bool:
        """Whether what was reported lies where the model puts it once parameters are as unknown as they are."""
        return self.wide_low <= self.reported <= self.wide_high

    @property
    def hit(self) -> bool:
        """Whether the figure is inside, by either interval."""
        return self.verdict in (INSIDE, SAMPLING)


def scorecard(
    trials: Iterable[Trial],
    model: Model | None = None,
    *,
    n: int = PEOPLE,
    rng: int | None = None,
    workers: int | None = None,
    rtol: float = 1e-4,
    uncertainty: int | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[Score, ...]:
    """Simulate trials and compare every reported figure with the model's.

    Parameters
    ----------
    trials
        As loaded.
    model
        That of each trial when left out: the ready-made one, with the antagonists that somebody takes.
    n
        Virtual people in each arm.
    rng
        Seed; that of each trial's file when left out.
    workers, rtol
        As for :func:`menaquinone.simulate`.
    uncertainty
        So many sets of parameters are drawn from the posterior of the calibration for the wide interval.
    progress
        Called with trials done, trials in all and the name of the one that begins.

    Returns
    -------
    tuple of Score
        In the order of the trials and their figures.
    """
    every = list(trials)
    found: list[Score] = []
    for done, trial in enumerate(every):
        if progress is not None:
            progress(done, len(every), trial.name)
        found += scores(trial, model, n=n, rng=rng, workers=workers, rtol=rtol, uncertainty=uncertainty)
    if progress is not None:
        progress(len(every), len(every), "")
    return tuple(found)


def scores(
    trial: Trial, model: Model | None = None, *, n: int = PEOPLE, rng: int | None = None, workers: int | None = None,
    rtol: float = 1e-4, uncertainty: int | None = None,
) -> tuple[Score, ...]:  # fmt: skip
    """Simulate one trial and compare its figures with the model's; parameters as for :func:`scorecard`."""
    if not trial.reported:
        return ()
    model = trial.model() if model is None else model
    plan, options, wide = trial.plan(n, rng=rng, model=model), {"rtol": rtol, "workers": workers}, None
    try:
        found = predicted(plan, model, **options)  # type: ignore[arg-type]
        if uncertainty is not None:
            drawn = parameter_sets(model, uncertainty, plan.seed)
            wide = predicted(resized(plan, PEOPLE_DRAWN), model, drawn, **options)  # type: ignore[arg-type]
    except SolveError as failure:
        raise SolveError(f"trial '{trial.name}': {failure}") from None
    rests = _defaults(trial, model)
    return tuple(_score(trial, one, (found, wide), number, rests) for number, one in enumerate(trial.reported))


def _defaults(trial: Trial, model: Model) -> frozenset[str]:
    """Return the rows that a default of the model or of the trial's populations rests on."""
    names = {trial.population.value, *(arm.population.value for arm in trial.arms if arm.population is not None)}
    drawn = (draw.source for name in names for draw in RECORDS[name].draws.values())
    return frozenset(model.sources()) | {row for source in drawn for row in source_ids(source)}


def _score(
    trial: Trial, one: Reported, predictions: tuple[Prediction, Prediction | None], place: int, rests: frozenset[str]
) -> Score:
    found, drawn = predictions
    unit, row = unit_of_figure(one, outcomes()[one.outcome]), evidence.row(one.row)
    seen, size = published(one, unit), trial.wanted(one).size
    made, interval = _interval(seen, one.statistic, size)
    low, high = found.interval(place)
    value = float(found.values[place])
    bound = one.bound or row.bound
    wide = (nan, nan) if drawn is None else drawn.interval(place)
    return Score(
        trial=trial.name,
        figure=one.label,
        arm=f"{one.arm} against {one.against}" if one.against and not one.among else one.arm,
        visit=one.visit.label,
        unit=unit,
        reported=seen.value,
        reported_low=interval[0],
        reported_high=interval[1],
        interval=made,
        bound=bound,
        predicted=value,
        low=low,
        high=high,
        error=found.error(place),
        n=size,
        verdict=_verdict(value, (low, high), seen.value, interval if made else None, bound),
        used="fit" if one.row in evidence.fitted() else "default" if one.row in rests else "",
        row=one.row,
        wide_low=wide[0],
        wide_high=wide[1],
    )


def _interval(seen: Figure, statistic: str, size: int) -> tuple[str, tuple[float, float]]:
    """Return the 95 % interval of a published figure and what it was made of; nothing where its row has none."""
    if seen.kind == "ci95_low;ci95_high":
        return "95 % CI", (seen.spread[0], seen.spread[1])
    if seen.kind == "sem":
        half = NORMAL_95 * seen.spread[0]
    elif seen.kind == "sd" and size > 1:
        half = NORMAL_95 * seen.spread[0] / sqrt(size)
    elif seen.kind == "iqr_low;iqr_high" and statistic == "median" and size > 1:
        half = NORMAL_95 * _MEDIAN * (seen.spread[1] - seen.spread[0]) / sqrt(size)
    else:
        return "", (nan, nan)
    return {"sem": "SE", "sd": "SD"}.get(seen.kind, "IQR"), (seen.value - half, seen.value + half)


def _verdict(
    value: float, own: tuple[float, float], reported: float, interval: tuple[float, float] | None, bound: str
) -> str:
    if value != value:  # not a number: nobody had a value
        return NOTHING
    if bound:
        kept = value >= reported if bound == "lower" else value <= reported
        return INSIDE if kept else OUTSIDE
    if interval is not None:
        return INSIDE if interval[0] <= value <= interval[1] else OUTSIDE
    return SAMPLING if own[0] <= reported <= own[1] else OUTSIDE


# text -----------------------------------------------------------------------------------------------------------------

HEADER = ("figure", "arm", "visit", "reported", "predicted (95 % of trials of that size)", "n", "", "used")
WIDE = "with parameters drawn"
"""Heading of the wide interval, where there is one."""
_MARKS = {INSIDE: "inside", SAMPLING: "inside *", OUTSIDE: "outside", NOTHING: "no value"}
LEGEND = (
    "inside: the prediction lies in the published 95 % interval. inside *: none was published; the figure lies in the "
    "95 % interval that the model gives for a trial of that size, which is of sampling alone. outside +: outside, but "
    "not beyond what trials of that size report once parameters are drawn from the calibration too. used: fit, the "
    "calibration was fitted to it; default, a default rests on it."
)


def header(found: Iterable[Score]) -> tuple[str, ...]:
    """Return the heading of each of the :func:`cells`; with the wide interval where any score has one."""
    return (*HEADER[:5], WIDE, *HEADER[5:]) if widened(found) else HEADER


def widened(found: Iterable[Score]) -> bool:
    """Return whether any score has a wide interval."""
    return any(one.wide_low == one.wide_low for one in found)


def cells(one: Score, *, wide: bool = False) -> tuple[str, ...]:
    """Return a score as it is printed, in the order of the header; ``wide`` where that has the wide interval."""
    sign = {"lower": "at least ", "upper": "at most "}.get(one.bound, "")
    seen = f"{sign}{as_written(round_to(one.reported))}"
    if one.interval:
        seen += f" ({number(one.reported_low)} to {number(one.reported_high)}, {one.interval})"
    unit = "" if one.unit == "1" else f" [{one.unit}]"
    own = f"{shown(one.predicted)} ({shown(one.low)} to {shown(one.high)})"
    more = (f"{shown(one.wide_low)} to {shown(one.wide_high)}",) if wide else ()
    mark = f"{_MARKS[one.verdict]} +" if one.verdict == OUTSIDE and one.possible else _MARKS[one.verdict]
    return f"{one.figure}{unit}", one.arm, one.visit, seen, own, *more, str(one.n), mark, one.used


def shown(value: float) -> str:
    """Return a predicted number with three digits; ``none`` for a dose where none of those tried is enough."""
    return "none" if value == float("inf") else number(value)


def round_to(value: float) -> float:
    """Return a published number without the digits that a conversion of units adds."""
    return float(f"{value:.4g}") if isfinite(value) else value


def text(found: Sequence[Score], trials: Mapping[str, Trial]) -> str:
    """Return the card as plain text: a table for each trial, contradictions side by side, and the count.

    Parameters
    ----------
    found
        Of :func:`scorecard`.
    trials
        The trials by name, for titles and notes.
    """
    printed, top = [cells(one, wide=widened(found)) for one in found], header(found)
    widths = [max(map(len, column)) for column in zip(top, *printed, strict=True)]

    def line(row: Sequence[str]) -> str:
        return "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()

    said = [line(top), "  " + "-" * (sum(widths) + 2 * (len(widths) - 1))]
    for name in dict.fromkeys(one.trial for one in found):
        said.append(heading(name, trials))
        said += [line(row) for row, one in zip(printed, found, strict=True) if one.trial == name]
    return "\n".join([*said, "", *misses(found, trials), *contradictions(found, trials), summary(found), LEGEND])


def heading(name: str, trials: Mapping[str, Trial]) -> str:
    """Return the title of a trial on the card, with its note."""
    if name not in trials:
        return name
    return f"{name}: {trials[name].title}{f'. {trials[name].note}' if trials[name].note else ''}"


def misses(found: Sequence[Score], trials: Mapping[str, Trial]) -> list[str]:
    """Return a sentence for each figure that lies outside and whose trial file says what is known of why."""
    return [
        f"{one.row}: {number(one.predicted)} against {as_written(round_to(one.reported))} {one.unit}".rstrip(" 1")
        + f". {why}"
        for one in found
        if one.verdict == OUTSIDE and (why := reason(one, trials))
    ]


def reason(one: Score, trials: Mapping[str, Trial]) -> str:
    """Return what the trial file says of why the model misses a figure; empty where it says nothing."""
    told = trials[one.trial].reported if one.trial in trials else ()
    return next((reported.miss for reported in told if reported.row == one.row), "")


def contradictions(found: Sequence[Score], trials: Mapping[str, Trial]) -> list[str]:
    """Return a sentence for each pair of trials that found otherwise, with how both stand on the card."""
    told = {one.trial for one in found}
    pairs = {
        tuple(sorted((name, other)))
        for name in told & set(trials)
        for other in trials[name].contradicts
        if other in told
    }
    return [
        f"{one} and {other} contradict each other: {_hits(found, one)}; {_hits(found, other)}."
        for one, other in sorted(pairs)
    ]


def _hits(found: Sequence[Score], name: str) -> str:
    own = [one for one in found if one.trial == name]
    return f"{name} {sum(one.hit for one in own)} of {len(own)} figures inside"


def summary(found: Sequence[Score]) -> str:
    """Return the count in a sentence."""
    counted = {verdict: sum(one.verdict == verdict for one in found) for verdict in VERDICTS}
    studies = len({one.trial for one in found})
    told = (
        f"{len(found)} figures of {studies} trials: {counted[INSIDE]} inside, {counted[SAMPLING]} inside by the "
        f"model's own interval, {counted[OUTSIDE]} outside"
    )
    return f"{told}, {counted[NOTHING]} without a value." if counted[NOTHING] else f"{told}."


# files ----------------------------------------------------------------------------------------------------------------


def to_csv(found: Iterable[Score]) -> str:
    """Return scores as a table of comma-separated values, numbers to four digits, as many as the tolerance supports."""
    names = [one.name for one in fields(Score)]
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(names)
    for one in found:
        values = (getattr(one, name) for name in names)
        writer.writerow([_short(value) if isinstance(value, float) else value for value in values])
    return held.getvalue()


def _short(value: float) -> str:
    return "0" if abs(value) < _NEGLIGIBLE else f"{value:.4g}"


def from_csv(content: str) -> tuple[Score, ...]:
    """Return the scores that :func:`to_csv` wrote."""
    kinds: dict[str, Any] = {one.name: one.type if one.type in (float, int) else str for one in fields(Score)}
    records = csv.DictReader(io.StringIO(content))
    return tuple(Score(**{name: kinds[name](cell) for name, cell in one.items()}) for one in records)


__all__ = [
    "HEADER", "LEGEND", "PEOPLE", "VERDICTS", "Score", "cells", "contradictions", "from_csv", "header", "heading",
    "misses", "reason", "scorecard", "scores", "shown", "summary", "text", "to_csv", "widened",
]  # fmt: skip
