"""Pictures of results: how people spread over time in each arm, with what was reported. Only this file draws.

Colours tell arms apart for colour-blind readers too (after Okabe and Ito), and line styles tell them apart in grey.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.analysis.knowledge import unknown_and_people
from menaquinone.errors import UnknownNameError, refused, require
from menaquinone.results import NOT_ADVICE
from menaquinone.studies.measures import pick
from menaquinone.trials.outcome import published
from menaquinone.trials.scorecard import INSIDE, OUTSIDE, SAMPLING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from xarray import DataArray, Dataset

    from menaquinone.trials.design import Trial
    from menaquinone.trials.scorecard import Score

COLOURS = ("#4D4D4D", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
STYLES = ("--", "-", "-.", ":")

_COLUMNS = 3
_SQUARE = 4
"""So many panels stand two by two."""
_MOST_YEARS = 6
_NOT_FROM_ZERO = ("inr", "pwv", "bmd")
_WIDE, _HIGH = 4.3, 3.1
_BANDS = ((0.05, 0.95, 0.16), (0.25, 0.75, 0.30))
"""Lower and upper quantile and opacity of the bands: 90 and 50 % of people."""


@dataclass(frozen=True)
class Panel:
    """What one panel shows.

    Attributes
    ----------
    outcome
        Variable of the result, member in brackets.
    title
        Above the panel.
    of
        ``level``; ``change``, ``percent change`` or ``ratio`` against entry; ``share above 0``, of people; or
        ``score``, a level on an axis that is logarithmic but holds 0.
    """

    outcome: str
    title: str
    of: str = "level"


PANELS = (
    Panel("plasma_concentration[MK-7]", "Plasma MK-7"),
    Panel("inr", "INR"),
    Panel("inr", "INR, change", "percent change"),
    Panel("dp_ucmgp", "dp-ucMGP"),
    Panel("ucoc", "Undercarboxylated osteocalcin"),
    Panel("pwv", "Pulse wave velocity"),
    Panel("pwv", "Pulse wave velocity, change", "change"),
    Panel("agatston[coronary]", "Coronary calcium score", "score"),
    Panel("agatston[coronary]", "People with coronary calcium", "share above 0"),
    Panel("bmd", "Spine bone mineral density"),
)


def trial_figure(outcome: "Dataset", trial: "Trial", panels: Sequence[Panel] = PANELS) -> "Figure":
    """Draw a trial: for each arm the median person, the middle 50 and 90 % of people, and what was reported.

    Parameters
    ----------
    outcome
        Of ``trial.run()``.
    trial
        The trial; gives the reported figures.
    panels
        What to show; a panel whose variable the result lacks is left out.

    Returns
    -------
    matplotlib.figure.Figure
        Save it with ``figure.savefig(path)``.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    InputError
        If the result holds none of the panels.
    """
    shown = [panel for panel in panels if _offered(outcome, panel.outcome)]
    if not shown:
        raise refused("result to draw", sorted(map(str, outcome.data_vars)), "at least one variable of the panels")
    arms = [str(arm) for arm in outcome["arm"].values]
    figure, every, corner = _grid(len(shown), tight=True)
    for panel, axes in zip(shown, every, strict=True):
        _draw_panel(axes, outcome, trial, panel, arms)
    _legend(corner, arms, reported=bool(trial.reported))
    whose = "in every arm, its own" if "population_by_arm" in outcome.attrs else "the same in every arm"
    return _titled(figure, f"{trial.title}\n{outcome.sizes['subject']} virtual people, {whose}")


def plasma_figure(result: "Dataset") -> "Figure":
    """Draw plasma concentrations of every form there is, over time: the median, and the middle 50 and 90 % of people.

    Parameters
    ----------
    result
        Of ``simulate``, dims (subject, time, form).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    UnknownNameError
        If the result has no plasma concentrations.
    """
    found = pick(result, "plasma_concentration")
    figure = _figure(wide=8.0, high=4.8)
    axes = figure.subplots()
    seen = [form for form in found["form"].values if (found.sel(form=form) > 0).any()]
    for position, form in enumerate(seen):
        _draw_bands(axes, found.sel(form=form), position, label=str(form))
    axes.set_ylabel(f"plasma concentration [{found.attrs.get('units', '')}]")
    _time_axis(axes, found)
    axes.set_ylim(bottom=0)
    if seen:
        figure.legend(title="form", frameon=False, loc="outside right upper")
    n = found.sizes["subject"]
    axes.set_title(f"{n} people: median, middle 50 % and 90 %" if n > 1 else "one person")
    return _titled(figure, "")


def courses_figure(results: "Mapping[str, Dataset]", panels: Sequence[Panel] = PANELS, title: str = "") -> "Figure":
    """Draw several results over time, one beside the other in every panel: a diet against a supplement.

    Parameters
    ----------
    results
        Of ``simulate``, by the name that the legend shows.
    panels
        What to show; a panel whose variable a result lacks is left out.
    title
        Above everything.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    InputError
        If the results share none of the panels.
    """
    shown = [panel for panel in panels if results and all(_offered(one, panel.outcome) for one in results.values())]
    if not shown:
        raise refused("results to draw", sorted(results), "at least one variable of the panels in all of them")
    figure, every, corner = _grid(len(shown))
    for panel, axes in zip(shown, every, strict=True):
        for position, one in enumerate(results.values()):
            found = pick(one, panel.outcome)
            _draw_course(axes, found, panel, position)
        _finish(axes, found, panel)
    _legend(corner, list(results), reported=False)
    return _titled(figure, title)


def knowledge_figure(
    result: "Dataset", panels: Sequence[Panel] = PANELS, *, share: float = 0.90, title: str = ""
) -> "Figure":
    """Draw two bands in every panel, what we do not know and how people differ: two questions, never one band.

    Parameters
    ----------
    result
        Of ``simulate(..., uncertainty=k)``, dims (draw, subject, time, ...).
    panels
        What to show; a panel whose variable the result lacks is left out, and shares of people are.
    share, title
        Of draws, and of people, that the bands hold; and what stands above everything.

    Raises
    ------
    InputError
        If the result holds none of the panels, or has no draws.
    """
    shown = [panel for panel in panels if panel.of != "share above 0" and _offered(result, panel.outcome)]
    if not shown:
        raise refused("result to draw", sorted(map(str, result.data_vars)), "at least one variable of the panels")
    figure, every, corner = _grid(len(shown))
    for panel, axes in zip(shown, every, strict=True):
        found = pick(result, panel.outcome)
        _draw_knowledge(axes, _figure_of(found, panel.of), share)
        _finish(axes, found, panel)
    corner.legend(*every[0].get_legend_handles_labels(), loc="center", frameon=False, fontsize=10.5)
    return _titled(figure, title)


def _draw_knowledge(axes: "Axes", one: "DataArray", share: float) -> None:
    """Draw the band of people and, over it, that of the median person across draws."""
    name = str(one.name)
    bands = unknown_and_people(one.to_dataset(name=name), name, share=share)
    times, told = _axis_times(one), f"{100 * share:g} %"
    looks = {"people": ("#56B4E9", 0.28, f"how people differ:\n{told} of people")}
    looks["known"] = ("#D55E00", 0.60, f"what we do not know:\nthe median person in {told} of draws")
    for kind, (colour, opacity, label) in looks.items():
        low, high = (bands[f"{name}_{kind}_{end}"] for end in ("low", "high"))
        axes.fill_between(times, low, high, color=colour, alpha=opacity, linewidth=0, label=label)
    axes.plot(times, bands[f"{name}_median"], color="black", linewidth=1.6, label="median person, median of the draws")


def _grid(panels: int, *, tight: bool = False) -> "tuple[Figure, list[Axes], Axes]":
    """Return a figure, the axes of its panels, and an empty one for the legend."""
    columns, more = (_COLUMNS, 0.0) if tight else (2 if panels < _SQUARE else _COLUMNS, 0.6)  # in
    rows = -(-(panels + 1) // columns)
    figure = _figure(wide=(_WIDE + more) * columns, high=(_HIGH + 0.8 * more) * rows + 1.0)
    every = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axes in every[panels:]:
        axes.set_axis_off()
    return figure, every[:panels], every[panels]


def _titled(figure: "Figure", title: str) -> "Figure":
    figure.suptitle(title, fontsize=12)
    figure.supxlabel(NOT_ADVICE, fontsize=8.5, color="#555555")
    return figure


def _figure(wide: float, high: float) -> "Figure":
    require("matplotlib", "plot", "drawing a figure")
    from matplotlib.figure import Figure

    return Figure(figsize=(wide, high), dpi=140, layout="constrained")


def _offered(outcome: "Dataset", name: str) -> bool:
    """Return whether a result has a variable over time; a column of people may have the name of an output."""
    try:
        return "time" in pick(outcome, name).dims
    except UnknownNameError:
        return False


def _draw_panel(axes: "Axes", outcome: "Dataset", trial: "Trial", panel: Panel, arms: list[str]) -> None:
    found = pick(outcome, panel.outcome)
    for position, arm in enumerate(arms):
        _draw_course(axes, found.sel(arm=arm), panel, position)
        _draw_reported(axes, found, trial, panel, arm, position, len(arms))
    _finish(axes, found, panel)


def _draw_course(axes: "Axes", one: "DataArray", panel: Panel, position: int) -> None:
    if panel.of == "share above 0":
        axes.plot(_axis_times(one), 100 * (one > 0).where(one.notnull()).mean("subject"), **_line(position))
    else:
        _draw_bands(axes, _figure_of(one, panel.of), position)


def _finish(axes: "Axes", found: "DataArray", panel: Panel) -> None:
    axes.set_title(panel.title, fontsize=11)
    axes.set_ylabel(_label(found, panel.of))
    _time_axis(axes, found)
    if panel.of == "score":
        _score_axis(axes, found)
    elif panel.of == "share above 0":
        axes.set_ylim(0, 100)
    elif panel.of == "level" and panel.outcome not in _NOT_FROM_ZERO:
        axes.set_ylim(bottom=0)


def _figure_of(one: "DataArray", of: str) -> "DataArray":
    if of in ("level", "score"):
        return one
    entry = one.isel(time=0)
    if of == "change":
        return one - entry
    return one / entry if of == "ratio" else 100 * (one / entry - 1)


def _label(found: "DataArray", of: str) -> str:
    unit = found.attrs.get("units", "1")
    quantity = _QUANTITIES.get(str(found.name), "level")
    return {
        "change": f"change from entry [{unit}]",
        "percent change": "change from entry [%]",
        "ratio": "ratio to entry [1]",
        "share above 0": "share above 0 [% of people]",
        "score": f"true score [{unit}], log(1 + score)",
    }.get(of, f"{quantity} [{unit}]")


_QUANTITIES = dict.fromkeys(("plasma_concentration", "dp_ucmgp", "ucoc"), "concentration") | {
    "inr": "INR",
    "pwv": "velocity",
    "bmd": "relative to entry",
}


def _draw_bands(axes: "Axes", one: "DataArray", position: int, label: str | None = None) -> None:
    values = np.asarray(one.transpose("subject", "time").values, dtype=float)
    times, alive = _axis_times(one), np.isfinite(values).any(axis=0)
    quantiles = np.full((5, len(times)), np.nan)
    quantiles[:, alive] = np.nanquantile(values[:, alive], (0.05, 0.25, 0.5, 0.75, 0.95), axis=0)
    if len(values) > 1:
        for (_, _, opacity), low, high in zip(_BANDS, quantiles[:2], quantiles[:2:-1], strict=True):
            axes.fill_between(times, low, high, color=_line(position)["color"], alpha=opacity, linewidth=0)
        for edge in (quantiles[0], quantiles[-1]):
            axes.plot(times, edge, **_line(position) | {"linewidth": 0.7, "alpha": 0.7})
    axes.plot(times, quantiles[2], label=label, **_line(position))


def _line(position: int) -> dict[str, Any]:
    style = STYLES[position % len(STYLES)]
    above = 3 if style == "-" else 4  # where arms agree, a broken line over a full one shows both
    return {"color": COLOURS[position % len(COLOURS)], "linestyle": style, "linewidth": 1.9, "zorder": above}


def _draw_reported(
    axes: "Axes", found: "DataArray", trial: "Trial", panel: Panel, arm: str, position: int, arms: int
) -> None:
    days = np.asarray(found["time"].values, dtype=float)
    step = 0.012 * float(days[-1] - days[0]) / _scale(found)[0]
    for one in trial.reported:
        other = one.against or one.statistic == "share above"
        if (one.outcome, one.arm, one.of) != (panel.outcome, arm, panel.of) or other:
            continue
        figure = published(one, _FIGURE_UNITS.get(panel.of) or found.attrs.get("units", "1"))
        low, high = figure.interval() or (figure.value, figure.value)
        axes.errorbar(
            one.visit.days / _scale(found)[0] + step * (2 * position - arms + 1), figure.value,
            yerr=[[figure.value - low], [high - figure.value]], marker="os^Dv"[position % 5], markersize=6, capsize=3,
            color=COLOURS[position % len(COLOURS)], markeredgecolor="white", elinewidth=1.6, zorder=5, clip_on=False,
        )  # fmt: skip


_FEW_DAYS = 3.0
"""Runs no longer than this are drawn in hours."""
_FIGURE_UNITS = {"percent change": "%", "ratio": "1"}


def _scale(found: "DataArray") -> tuple[float, str]:
    """Days in a unit of the time axis, and its name."""
    span = float(found["time"].values[-1]) - float(found["time"].values[0])
    if span <= _FEW_DAYS:
        return (1 / 24, "hours")
    return (365.25, "years") if span > 500 else (1.0, "days")


def _axis_times(found: "DataArray") -> Any:
    return np.asarray(found["time"].values, dtype=float) / _scale(found)[0]


def _time_axis(axes: "Axes", found: "DataArray") -> None:
    from matplotlib.ticker import MultipleLocator

    axes.set_xlabel(f"time since entry [{_scale(found)[1]}]")
    axes.margins(x=0.03)
    axes.locator_params(axis="x", nbins=7)
    last, unit = float(_axis_times(found)[-1]), _scale(found)[1]
    years, hours = 1 if last <= _MOST_YEARS else round(last / _MOST_YEARS + 0.5), 12 if last > 36 else 6
    if step := {"years": years, "hours": hours}.get(unit):
        axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.grid(visible=True, color="#E5E5E5", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _score_axis(axes: "Axes", found: "DataArray") -> None:
    axes.set_yscale("function", functions=(np.log1p, np.expm1))
    top = float(np.nanquantile(np.asarray(found.values, dtype=float), 0.97, axis=None)) if found.size else 1.0
    ticks = [tick for tick in (0, 1, 10, 100, 1000, 10000) if tick <= max(10.0, 3 * top)]
    axes.set_yticks(ticks, [f"{tick:,}".replace(",", " ") for tick in ticks])
    axes.set_ylim(bottom=0)


def _legend(axes: "Axes", arms: list[str], *, reported: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Line2D([], [], label=arm, **_line(i)) for i, arm in enumerate(arms)]
    handles += [
        Patch(color="#4D4D4D", alpha=0.46, label="middle 50 % of people"),
        Patch(color="#4D4D4D", alpha=0.16, label="middle 90 % of people"),
    ]
    if reported:
        point = Line2D([], [], color="#4D4D4D", marker="o", markeredgecolor="white", linestyle="none", markersize=7)
        point.set_label("reported, with 95 % interval")
        handles.append(point)
    axes.legend(handles=handles, loc="center", frameon=False, fontsize=10.5, title="line: median person")


# the scorecard --------------------------------------------------------------------------------------------------------

_FARTHEST = 4.0
_VERDICT_STYLES = {
    INSIDE: ("#0072B2", "o", "inside its published interval"),
    SAMPLING: ("#56B4E9", "s", "inside, by the model's own interval"),
    OUTSIDE: ("#D55E00", "D", "outside"),
}


def scorecard_figure(found: "Sequence[Score]") -> "Figure":
    """Draw the scorecard: for each figure how far the prediction lies from what was reported.

    Distances are in half-widths of the published 95 % interval, which is drawn grey; where none was published, in
    half-widths of the model's own. Figures of a trial stand together; an arrow stands for what lies farther out.

    Parameters
    ----------
    found
        Of :func:`menaquinone.trials.scorecard.scorecard`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    InputError
        If there is nothing to draw.
    """
    known = [one for one in found if one.verdict in _VERDICT_STYLES]
    if not known:
        raise refused("scorecard to draw", len(found), "at least one figure with a value")
    trials = list(dict.fromkeys(one.trial for one in known))
    rows = len(known) + len(trials)
    figure = _figure(wide=10.5, high=0.235 * rows + 1.6)
    axes = figure.subplots()
    labels: list[tuple[float, str, bool]] = []
    place = 0.0
    for trial in trials:
        labels.append((place, trial, True))
        for one in (one for one in known if one.trial == trial):
            place += 1
            labels.append((place, f"{one.arm}, {one.visit}: {one.figure}", False))
            _draw_score(axes, one, place)
        place += 1
    _score_rows(axes, labels)
    return figure


def _draw_score(axes: "Axes", one: "Score", place: float) -> None:
    low, high = (one.reported_low, one.reported_high) if one.interval else (one.low, one.high)
    half = max((high - low) / 2, 1e-12) if np.isfinite(high - low) else abs(one.reported) or 1.0
    colour, marker, _ = _VERDICT_STYLES[one.verdict]
    if one.interval:
        left, right = ((edge - one.reported) / half for edge in (low, high))
        axes.barh(place, right - left, left=left, height=0.62, color="#DDDDDD", zorder=1)
    where, *edges = ((value - one.reported) / half for value in (one.predicted, one.low, one.high))
    edges = np.clip(edges, -_FARTHEST, _FARTHEST).tolist()
    axes.plot(edges, [place, place], color=colour, linewidth=1.6, zorder=2)
    far = abs(where) > _FARTHEST
    axes.plot(
        np.clip(where, -_FARTHEST, _FARTHEST), place, color=colour, markersize=6.5, markeredgecolor="white", zorder=3,
        marker=(">" if where > 0 else "<") if far else marker, clip_on=False,
    )  # fmt: skip


def _score_rows(axes: "Axes", labels: list[tuple[float, str, bool]]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    axes.axvline(0, color="#4D4D4D", linewidth=0.8, zorder=0)
    axes.set_yticks([place for place, _, _ in labels], [text for _, text, _ in labels], fontsize=8)
    for tick, (_, _, title) in zip(axes.get_yticklabels(), labels, strict=True):
        tick.set_fontweight("bold" if title else "normal")
    axes.set_ylim(labels[-1][0] + 0.8, -0.8)
    axes.set_xlim(-_FARTHEST, _FARTHEST)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x", color="#E5E5E5", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xlabel(f"predicted less reported, in half-widths of the 95 % interval\n{NOT_ADVICE}", fontsize=8.5)
    handles: list[Any] = [
        Line2D([], [], color=colour, marker=marker, markeredgecolor="white", label=label)
        for colour, marker, label in _VERDICT_STYLES.values()
    ]
    handles.append(Patch(color="#DDDDDD", label="published 95 % interval"))
    axes.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=4, frameon=False, fontsize=8.5)


__all__ = [
    "PANELS", "Panel", "courses_figure", "knowledge_figure", "plasma_figure", "scorecard_figure",
    "trial_figure",
]  # fmt: skip
