"""Tables for people: what each arm of a trial shows at each visit beside what was reported, and what foods hold."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.catalogue import evidence, foods
from menaquinone.catalogue.contents import Content, Food
from menaquinone.catalogue.diets import HABITS
from menaquinone.declare import source_ids
from menaquinone.errors import UnknownNameError, listed, refused, require
from menaquinone.inputs.safety import NOTHING
from menaquinone.results import NOT_ADVICE
from menaquinone.studies.measures import MEASURES, of_people, pick
from menaquinone.trials.outcome import as_written, number, predicted, published, unit_of
from menaquinone.trials.scorecard import cells, header, widened
from menaquinone.trials.scorecard import heading as heading_on_card

if TYPE_CHECKING:
    from xarray import Dataset

    from menaquinone.trials.design import Reported, Trial
    from menaquinone.trials.scorecard import Score

DASH = "-"

OUTCOMES = (
    ("dp_ucmgp", "dp-ucMGP"),
    ("ucoc", "ucOC"),
    ("pwv", "PWV"),
    ("agatston_observed[coronary]", "coronary calcium, scanner"),
)
"""What the table shows of every trial, beside every outcome that the trial reports."""

HEADER = ("visit", "arm", "median (90 % of people)", "model, as reported", "reported")
_OF = dict.fromkeys(MEASURES, "") | {
    "change": ", change",
    "percent change": ", change in %",
    "ratio": ", ratio to entry",
    "change per year": ", change per year",
    "log growth": ", log growth",
    "area": ", area under the curve",
    "maximum": ", maximum",
    "time of maximum": ", time of maximum",
}


@dataclass(frozen=True)
class Line:
    """One line of the table, every cell as it is printed.

    Attributes
    ----------
    outcome, visit, arm
        What, when and who; the outcome with its unit.
    people
        Median and the 5th and 95th percentile of the virtual people.
    model, reported
        The reported statistic, of the virtual people and as published; a dash where nothing was reported.
    row
        Id of the evidence row of the reported figure, or empty.
    """

    outcome: str
    visit: str
    arm: str
    people: str
    model: str
    reported: str
    row: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells in the order of the header; the outcome stands above its lines."""
        return self.visit, self.arm, self.people, self.model, self.reported


def lines(outcome: "Dataset", trial: "Trial") -> tuple[Line, ...]:
    """Return the table: one line for each outcome, visit and arm, and for each further reported figure.

    Parameters
    ----------
    outcome
        Of ``trial.run()``.
    trial
        The trial.
    """
    return tuple(line for name, label, of in _shown(outcome, trial) for line in _block(outcome, trial, name, label, of))


def _shown(outcome: "Dataset", trial: "Trial") -> Iterator[tuple[str, str, str]]:
    labels = dict(OUTCOMES)
    wanted = [(name, "level") for name, _ in OUTCOMES] + [(one.outcome, one.of) for one in trial.reported]
    order = list(dict.fromkeys(name for name, _ in wanted))
    for name, of in sorted(dict.fromkeys(wanted), key=lambda pair: order.index(pair[0])):
        try:
            unit = MEASURES[of].unit(str(pick(outcome, name).attrs.get("units", "1")))
        except UnknownNameError:
            continue
        unit = "" if unit in ("%", "1") else f" [{unit}]"
        yield name, f"{labels.get(name, name)}{_OF[of]}{unit}", of


def _block(outcome: "Dataset", trial: "Trial", name: str, label: str, of: str) -> Iterator[Line]:
    for visit in trial.visits.value:
        if MEASURES[of].entry and visit.hours == 0:
            continue
        for arm in map(str, outcome["arm"].values):
            people = _spread(of_people(pick(outcome, name).sel(arm=arm), of, visit.days))
            figures = [
                one for one in trial.reported
                if (one.outcome, one.arm, one.of, one.visit) == (name, arm, of, visit)
            ]  # fmt: skip
            if not figures:
                yield Line(label, visit.label, arm, people, DASH, DASH)
            for one in figures:
                seen = published(one, unit_of(outcome, one))
                model = predicted(outcome, trial, one, seen.kind)
                shown = DASH if model is None else f"{_said(one)} {model.said(number)}"
                yield Line(label, visit.label, arm, people, shown, f"{_said(one)} {seen.said(as_written)}", one.row)


def _said(one: "Reported") -> str:
    """Return a statistic in words: ``mean against placebo``."""
    threshold = "" if one.threshold is None else f" {one.threshold.value:g}"
    compared = "" if one.compare == "difference" else f"{one.compare} of "
    return f"{compared}{one.statistic}{threshold}{f' against {one.against}' if one.against else ''}"


def _spread(people: Any) -> str:
    if people is None or not np.isfinite(people).any():
        return DASH
    low, median, high = np.nanquantile(people, (0.05, 0.5, 0.95))
    return f"{number(median)} ({number(low)} to {number(high)})"


def table_text(outcome: "Dataset", trial: "Trial") -> str:
    """Return the table as plain text, columns aligned."""
    found = tuple(_thinned(lines(outcome, trial)))
    widths = [
        max(len(row[column]) for row in (HEADER, *(line.cells for line in found))) for column in range(len(HEADER))
    ]

    def printed(row: tuple[str, ...]) -> str:
        return "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()

    said = [printed(HEADER), "  " + "-" * (sum(widths) + 2 * (len(widths) - 1))]
    for line in found:
        said += [line.outcome] if line.outcome else []
        said.append(printed(line.cells))
    return "\n".join(said)


def table_rich(outcome: "Dataset", trial: "Trial") -> Any:
    """Return the table for a terminal: a ``rich.text.Text`` that stands out where something was reported.

    Raises
    ------
    MissingExtraError
        If rich is not installed.
    """
    require("rich", "cli", "a table for the terminal")
    from rich.text import Text

    first, rule, *rest = table_text(outcome, trial).splitlines()
    made = [Text(first, style="bold"), Text(rule, style="dim")]
    for line in rest:
        nothing = line.endswith(f" {DASH}")
        made.append(Text(line, style="bold cyan" if not line.startswith(" ") else "" if nothing else "bold"))
    return Text("\n").join(made)


def scorecard_rich(found: "Sequence[Score]", trials: "Mapping[str, Trial]") -> Any:
    """Return the scorecard for a terminal: what lies outside stands out, and so do the trials' titles.

    Parameters
    ----------
    found
        Of :func:`menaquinone.trials.scorecard.scorecard`.
    trials
        The trials by name.

    Raises
    ------
    MissingExtraError
        If rich is not installed.
    """
    require("rich", "cli", "a table for the terminal")
    from rich.table import Table
    from rich.text import Text

    wide = widened(found)
    table = Table(*header(found), box=None, header_style="bold", pad_edge=False)
    name = ""
    for one in found:
        if one.trial != name:
            name = one.trial
            table.add_row(Text(heading_on_card(name, trials), style="bold cyan", overflow="fold"))
        style = "" if one.hit else "bold red"
        table.add_row(*(Text(cell, style=style) for cell in cells(one, wide=wide)))
    return table


def _thinned(found: tuple[Line, ...]) -> Iterator[Line]:
    """Leave out an outcome or a visit that the line above names already."""
    above = Line("", "", "", "", "", "")
    for line in found:
        same_outcome = line.outcome == above.outcome
        same_visit = same_outcome and line.visit == above.visit
        yield Line(
            "" if same_outcome else line.outcome, "" if same_visit else line.visit,
            line.arm, line.people, line.model, line.reported, line.row,
        )  # fmt: skip
        above = line


def heading(outcome: "Dataset", trial: "Trial") -> str:
    """Return what was run, in two lines: the trial, and people, seed, tolerance and people lost."""
    failed = _failed(outcome)
    lost = f", {failed} of them without a full result" if failed else ""
    own = "population_by_arm" in outcome.attrs
    who = f"in every arm ({outcome.attrs.get('population')})" if own else f"({trial.population.value})"
    people = f"{outcome.sizes['subject']} virtual people {who}, {'its own' if own else 'the same in every arm'}{lost}"
    seed, rtol, version = (outcome.attrs.get(name, "?") for name in ("seed", "rtol", "menaquinone_version"))
    return f"{trial.name}: {trial.title}\n{people}; seed {seed}, rtol {rtol}, menaquinone {version}"


def cautions(outcome: "Dataset") -> str:
    """Return what the result is not, and what there is to say of the safety of what was given.

    Parameters
    ----------
    outcome
        Of ``trial.run()``, or of ``simulate``.
    """
    said = str(outcome.attrs.get("safety", NOTHING))
    safety = [] if said == NOTHING else [f"Safety: {one}." for one in said.splitlines()]
    return "\n".join((NOT_ADVICE, *safety))


def _failed(outcome: "Dataset") -> int:
    if "status" not in outcome:
        return 0
    status = np.asarray(outcome["status"].transpose("subject", ...).values).reshape(outcome.sizes["subject"], -1)
    return int((status != 0).any(axis=1).sum())


def sources(outcome: "Dataset", trial: "Trial") -> str:
    """Return where every number is from: design fields, reported figures, people and parameters.

    Parameters
    ----------
    outcome
        Of ``trial.run()``.
    trial
        The trial.
    """
    said = ["Design"]
    said += [f"  {name} = {_plain(value)}  [{source}]" for name, (value, source) in trial.design().items()]
    if trial.reported:
        said.append("Reported")
        said += [f"  {citation(row)}" for row in dict.fromkeys(one.row for one in trial.reported)]
    parameters = json.loads(outcome.attrs.get("parameters", "{}"))
    people = json.loads(outcome.attrs.get("population_sources", "{}"))
    held = [*(source for *_, source in parameters.values()), *people.values()]
    rows = sorted({row for source in held for row in source_ids(source.partition(";")[0])})
    assumed = sum(1 for source in held if source.startswith("assumed"))
    if held:
        said.append("People and parameters")
        said.append(
            f"  {len(held)} numbers: {len(held) - assumed} from {len(rows)} rows of evidence, {assumed} assumed"
        )
        said.append(
            "  each is in the file's attributes 'parameters' and 'population_sources'; 'menaquinone describe' prints"
        )
        said.append("  parameters with the paper behind each")
    return "\n".join(said)


def citation(row_id: str) -> str:
    """Return one evidence row in a line: id, value, where it was read, and how to reach it.

    Raises
    ------
    UnknownNameError
        If there is no such row.
    """
    row = evidence.row(row_id)
    value = "qualitative" if row.value is None else f"{as_written(row.value)} {row.unit}"
    reach = ", ".join(dict.fromkeys(filter(None, (row.link, row.url))))
    n = as_written(row.n) if row.n else "not stated"
    return f"{row.id}: {row.quantity} {value}, n {n}; read as {row.read_on}; {reach}"


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def text(outcome: "Dataset", trial: "Trial") -> str:
    """Return the whole report as plain text: what was run, the table, what it is not, and the sources.

    Parameters
    ----------
    outcome
        Of ``trial.run()``.
    trial
        The trial.
    """
    return "\n\n".join(
        (heading(outcome, trial), table_text(outcome, trial), cautions(outcome), sources(outcome, trial))
    )


def foods_text(search: str = "", region: str | None = None) -> str:
    """Return what rows say 100 g of foods hold, source beside source, as plain text.

    Parameters
    ----------
    search
        Part of a food's name, or of another name of it; all foods where it is empty.
    region
        Only its rows, and those that have none; all regions if left out.

    Raises
    ------
    UnknownNameError
        If no food has such a name, or there is no such region.
    InputError
        If the region has no row of the foods found.
    """
    if region is not None:
        foods.region(region)
    wanted = search.casefold()
    found = [one for one in foods.FOODS.values() if any(wanted in name for name in (one.name, *one.also))]
    found = found or [foods.food(search)]
    said = [
        "ug in 100 g by region and form; * is what a diet of that region counts, a spread is an SD of the logarithm"
    ]
    for one in found:
        rows = [row for row in one.contents if region is None or row.region in (region, "")]
        said += [_named(one), *(_content(row, one) for row in rows)] if rows or not one.contents else []
        said += [f"  uncertain: {one.uncertain}"] if one.uncertain and (rows or not one.contents) else []
    if len(said) == 1:
        raise refused(
            "region", region, f"one that has '{search}': {listed(each for one in found for each in one.regions)}"
        )
    if not search:
        said += ["", "Habitual diets: " + "; ".join(f"{one.name}, {one.meaning}" for one in HABITS.values())]
    return "\n".join(said)


def _named(one: Food) -> str:
    others = f" ({', '.join(one.also)})" if one.also else ""
    return f"{one.name}{others}" + (f", as {one.matrix}" if one.matrix != "food" else "")


def _content(row: Content, one: Food) -> str:
    counted = "*" if row in one.chosen([row.region] if row.region else []) else " "
    what = row.form or f"sum, {row.split.name if row.split else ''}"
    spread = f"{row.amount.omega:.2f}" if row.amount.omega else ""
    flag = f"; {row.flag}" if row.flag else ""
    where = row.region or "-"
    return f" {counted} {where:<3} {what:<30} {row.amount.value:>7g} {spread:>5}  {row.amount.source}{flag}"


__all__ = [
    "HEADER",
    "Line",
    "cautions",
    "citation",
    "foods_text",
    "heading",
    "lines",
    "scorecard_rich",
    "sources",
    "table_rich",
    "table_text",
    "text",
]
