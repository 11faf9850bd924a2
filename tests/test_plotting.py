import sys

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from menaquinone.errors import InputError, MissingExtraError
from menaquinone.plotting import (
    COLOURS,
    PANELS,
    Panel,
    courses_figure,
    knowledge_figure,
    plasma_figure,
    scorecard_figure,
    trial_figure,
)
from menaquinone.trials import load, names
from menaquinone.trials.scorecard import INSIDE, NOTHING, OUTSIDE, SAMPLING, Score

DAYS = np.array([0.0, 365.0, 730.0, 1095.0])


def made(n=5):
    dims = ("arm", "subject", "time")
    people = np.arange(1.0, n + 1)[None, :, None] * np.ones((2, 1, len(DAYS)))
    plasma = np.stack([people, 0 * people], axis=-1)
    score = np.stack([people - 1], axis=-1)
    return xr.Dataset(
        {
            "plasma_concentration": ((*dims, "form"), plasma, {"units": "nmol/L"}),
            "inr": (dims, 1 + people / 10, {"units": "1"}),
            "dp_ucmgp": (dims, 100 * people, {"units": "pmol/L"}),
            "ucoc": (dims, people, {"units": "ug/L"}),
            "pwv": (dims, 7 + people, {"units": "m/s"}),
            "bmd": (dims, people / people, {"units": "1"}),
            "agatston": ((*dims, "site"), score, {"units": "AU"}),
        },
        coords={"arm": ["placebo", "MK-7"], "subject": np.arange(n), "time": DAYS}
        | {"form": ["MK-7", "MK-4"], "site": ["coronary"]},
    )


@pytest.fixture
def knapen():
    return load("knapen-2015")


def drawn(figure):
    """Return the panels of a figure by title."""
    return {axes.get_title(): axes for axes in figure.axes if axes.get_title()}


def test_every_panel_is_drawn_with_units_on_both_axes(knapen):
    figure = trial_figure(made(), knapen)
    assert isinstance(figure, Figure)
    panels = drawn(figure)
    assert list(panels) == [panel.title for panel in PANELS]
    assert {axes.get_xlabel() for axes in panels.values()} == {"time since entry [years]"}
    assert [axes.get_ylabel() for axes in panels.values()] == [
        "concentration [nmol/L]",
        "INR [1]",
        "change from entry [%]",
        "concentration [pmol/L]",
        "concentration [ug/L]",
        "velocity [m/s]",
        "change from entry [m/s]",
        "true score [AU], log(1 + score)",
        "share above 0 [% of people]",
        "relative to entry [1]",
    ]


def test_the_line_is_the_median_person_and_bands_hold_50_and_90_percent(knapen):
    axes = drawn(trial_figure(made(101), knapen))["dp-ucMGP"]
    edges = {round(float(line.get_ydata()[0]), 6) for line in axes.lines}
    assert edges == {600.0, 5100.0, 9600.0}
    heights = {tuple(np.round(np.unique(band.get_paths()[0].vertices[:, 1]), 6)) for band in axes.collections}
    assert heights == {(600.0, 9600.0), (2600.0, 7600.0)}


def test_reported_figures_stand_in_the_panel_of_their_kind_with_their_interval(knapen):
    panels = drawn(trial_figure(made(), knapen))
    counts = {title: len(axes.containers) for title, axes in panels.items()}
    assert {title: count for title, count in counts.items() if count} == {
        "Pulse wave velocity": 2,
        "Pulse wave velocity, change": 2,
    }
    point, _, (bar,) = panels["Pulse wave velocity, change"].containers[1].lines
    assert float(point.get_ydata()[0]) == -0.36
    half = 1.959964 * 1.48 / np.sqrt(111)
    assert bar.get_segments()[0][:, 1] == pytest.approx([-0.36 - half, -0.36 + half])


def test_shares_are_of_people_with_a_value(knapen):
    result = made()
    result["agatston"][:, 4] = np.nan
    axes = drawn(trial_figure(result, knapen))["People with coronary calcium"]
    assert axes.lines[0].get_ydata() == pytest.approx([75.0] * 4)
    assert axes.get_ylim() == (0, 100)


def test_panels_whose_variable_is_missing_are_left_out(knapen):
    assert list(drawn(trial_figure(made()[["ucoc"]], knapen))) == ["Undercarboxylated osteocalcin"]


def test_a_result_without_any_panel_is_refused(knapen):
    with pytest.raises(InputError) as refusal:
        trial_figure(made()[["ucoc"]].rename(ucoc="other"), knapen)
    assert str(refusal.value) == "result to draw: got ['other'], expected at least one variable of the panels."


@pytest.mark.parametrize(
    ("of", "label"), [("percent change", "change from entry [%]"), ("ratio", "ratio to entry [1]")]
)
def test_relative_panels_start_at_no_change(knapen, of, label):
    (axes,) = drawn(trial_figure(made(), knapen, [Panel("ucoc", "x", of)])).values()
    assert axes.get_ylabel() == label
    assert {float(line.get_ydata()[0]) for line in axes.lines} == {0.0 if of == "percent change" else 1.0}


def test_arms_differ_in_colour_and_in_line():
    assert len(set(COLOURS)) == len(COLOURS)
    lines = drawn(trial_figure(made(), load("knapen-2015")))["dp-ucMGP"].lines
    assert len({line.get_color() for line in lines}) == len({line.get_linestyle() for line in lines}) == 2


def test_the_picture_is_wide_enough_to_read(knapen, tmp_path):
    figure = trial_figure(made(), knapen)
    width, height = figure.get_size_inches() * figure.dpi
    assert width >= 1200
    assert height <= 1.1 * width
    figure.savefig(tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_plasma_of_one_person_is_a_line_per_form_that_is_there():
    result = made(1).isel(arm=0, time=slice(0, 2))
    figure = plasma_figure(result.assign_coords(time=[0.0, 28.0]))
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time since entry [days]", "plasma concentration [nmol/L]")
    assert axes.get_title() == "one person"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["MK-7"]
    assert len(axes.lines) == 1


@pytest.mark.parametrize(("last", "unit", "end"), [(1.0, "hours", 24.0), (3.0, "hours", 72.0), (3.5, "days", 3.5)])
def test_a_few_days_are_drawn_in_hours(last, unit, end):
    result = made(1).isel(arm=0, time=slice(0, 2)).assign_coords(time=[0.0, last])
    (axes,) = plasma_figure(result).axes
    assert axes.get_xlabel() == f"time since entry [{unit}]"
    assert axes.lines[0].get_xdata()[-1] == pytest.approx(end)
    if unit == "hours":
        assert all(tick % 6 == 0 for tick in axes.get_xticks())


def test_plasma_of_many_people_has_bands():
    (axes,) = plasma_figure(made(20).isel(arm=0)).axes
    assert axes.get_title() == "20 people: median, middle 50 % and 90 %"
    assert len(axes.collections) == 2


def test_without_matplotlib_the_extra_is_named(knapen, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError) as refusal:
        trial_figure(made(), knapen)
    assert str(refusal.value) == (
        "drawing a figure needs 'matplotlib': got no such package, expected `pip install 'menaquinone[plot]'`."
    )


def score(**changes):
    held = {
        "trial": "one", "figure": "mean pwv", "arm": "a", "visit": "0 d", "unit": "m/s", "reported": 10.0,
        "reported_low": 8.0, "reported_high": 12.0, "interval": "SD", "bound": "", "predicted": 11.0, "low": 10.0,
        "high": 12.0, "error": 0.1, "n": 9, "verdict": INSIDE, "used": "", "row": "r",
    }  # fmt: skip
    return Score(**held | changes)


def test_the_card_shows_distances_in_half_widths():
    lost = score(verdict=NOTHING)
    own = score(trial="two", interval="", reported_low=np.nan, reported_high=np.nan, verdict=SAMPLING)
    far = score(trial="two", predicted=100.0, low=90.0, high=np.inf, verdict=OUTSIDE)
    axes = scorecard_figure([score(), lost, own, far]).axes[0]
    points = [line for line in axes.lines if line.get_marker() in "osD<>"]
    assert [float(line.get_xdata()[0]) for line in points] == pytest.approx([0.5, 1.0, 4.0])
    assert [line.get_marker() for line in points] == ["o", "s", ">"]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "one", "a, 0 d: mean pwv", "two", "a, 0 d: mean pwv", "a, 0 d: mean pwv"
    ]  # fmt: skip
    assert {(bar.get_x(), bar.get_width()) for bar in axes.patches} == {(-1.0, 2.0)}


def test_a_card_with_nothing_on_it_is_refused():
    with pytest.raises(InputError) as refusal:
        scorecard_figure([])
    assert str(refusal.value) == "scorecard to draw: got 0, expected at least one figure with a value."


def test_a_column_of_people_with_the_name_of_an_output_is_no_panel(knapen):
    """Somebody's score at entry is a column; a model without sites has no course of it."""
    entry = xr.DataArray(np.ones(5), dims="subject", attrs={"units": "AU"})
    figure = trial_figure(made().drop_vars("agatston").assign({"agatston[coronary]": entry}), knapen)
    assert list(drawn(figure)) == [panel.title for panel in PANELS if "agatston" not in panel.outcome]


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_every_trial_that_ships_can_be_drawn(name):
    trial = load(name)
    assert trial_figure(trial.run(n=2, rng=1), trial).axes


def test_results_stand_beside_one_another():
    one = made().isel(arm=0, drop=True)
    results = {"usual diet": one, "with natto": one.assign(dp_ucmgp=one["dp_ucmgp"] / 2).drop_vars("bmd")}
    figure = courses_figure(results, title="A diet")
    assert figure.get_suptitle() == "A diet"
    panels = drawn(figure)
    assert list(panels) == [panel.title for panel in PANELS if panel.outcome != "bmd"]
    medians = [line.get_ydata()[0] for line in panels["dp-ucMGP"].lines if line.get_linewidth() > 1]
    assert medians == [300.0, 150.0]
    (legend,) = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    assert [text.get_text() for text in legend.get_texts()][:2] == ["usual diet", "with natto"]


def test_results_that_share_no_panel_are_refused():
    with pytest.raises(InputError) as caught:
        courses_figure({"a": xr.Dataset(), "b": made()})
    assert str(caught.value) == (
        "results to draw: got ['a', 'b'], expected at least one variable of the panels in all of them."
    )


def with_draws(draws=5, subjects=40):
    """Return people who differ by +-10 % in draws that differ by +-30 %."""
    people, known, time = np.linspace(0.9, 1.1, subjects), np.linspace(70.0, 130.0, draws), np.array([0.0, 100.0])
    level = known[:, None, None] * people[:, None] * (1 - time / 1000)
    return xr.Dataset(
        {"dp_ucmgp": (("draw", "subject", "time"), level, {"units": "pmol/L", "long_name": "dp-ucMGP"})},
        coords={"draw": np.arange(draws), "subject": np.arange(subjects), "time": time},
    )


def test_two_bands_hold_what_is_not_known_and_how_people_differ():
    figure = knowledge_figure(with_draws(), share=0.8)
    axes = figure.axes[0]
    people, known = (np.asarray(band.get_paths()[0].vertices)[:, 1] for band in axes.collections)
    assert (people.min(), people.max()) == pytest.approx((0.9 * 92.0, 108.0), rel=0.01)
    assert (known.min(), known.max()) == pytest.approx((0.9 * 76.0, 124.0), rel=0.01)
    assert axes.lines[0].get_ydata() == pytest.approx([100.0, 90.0])
    said = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert said == [
        "how people differ:\n80 % of people",
        "what we do not know:\nthe median person in 80 % of draws",
        "median person, median of the draws",
    ]


def test_two_bands_need_draws():
    with pytest.raises(
        InputError, match=r"^dimensions of 'dp_ucmgp': got .*, expected 'draw' and 'subject' among them"
    ):
        knowledge_figure(with_draws().isel(draw=0, drop=True))
