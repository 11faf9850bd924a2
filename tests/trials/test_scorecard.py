"""The card: verdicts by hand, the same numbers in text and file, and one run of a trial."""

from dataclasses import replace
from math import inf, nan
from pathlib import Path

import pytest

import menaquinone as mk
from menaquinone.catalogue import evidence
from menaquinone.trials import load
from menaquinone.trials.outcome import Figure
from menaquinone.trials.scorecard import (
    HEADER,
    INSIDE,
    NOTHING,
    OUTSIDE,
    SAMPLING,
    Score,
    _interval,
    _verdict,
    cells,
    contradictions,
    from_csv,
    header,
    misses,
    reason,
    scorecard,
    shown,
    summary,
    text,
    to_csv,
)

ONE = Score(
    trial="knapen-2015", figure="mean change of pwv", arm="MK-7", visit="1095 d", unit="m/s", reported=-0.36,
    reported_low=-0.635, reported_high=-0.0847, interval="SD", bound="", predicted=0.132, low=0.125, high=0.139,
    error=0.003, n=111, verdict=OUTSIDE, used="", row="knapen-2015-cfpwv-change-mk7",
    wide_low=-0.4, wide_high=0.3,
)  # fmt: skip
NONE = replace(
    ONE, reported=450.0, reported_low=nan, reported_high=nan, interval="", bound="lower", predicted=inf, high=inf,
    verdict=INSIDE, used="default", unit="ug/d", wide_low=nan, wide_high=nan,
)  # fmt: skip


STORED = Path(__file__).parents[2] / "docs" / "scorecard" / "scorecard.csv"


@pytest.mark.parametrize(
    ("value", "own", "reported", "interval", "bound", "verdict"),
    [
        (1.0, (0.0, 0.5), 2.0, (0.9, 3.0), "", INSIDE),
        (0.8, (0.0, 5.0), 2.0, (0.9, 3.0), "", OUTSIDE),  # its own interval does not help it
        (1.0, (0.5, 2.5), 2.0, None, "", SAMPLING),
        (1.0, (0.5, 1.5), 2.0, None, "", OUTSIDE),
        (1.0, (0.5, 1.5), 2.0, None, "upper", INSIDE),
        (1.0, (0.5, 2.5), 2.0, None, "lower", OUTSIDE),
        (inf, (0.5, inf), 2.0, None, "lower", INSIDE),
        (nan, (nan, nan), 2.0, (0.9, 3.0), "", NOTHING),
    ],
)
def test_a_verdict_rests_on_the_published_interval_first(value, own, reported, interval, bound, verdict):
    assert _verdict(value, own, reported, interval, bound) == verdict


@pytest.mark.parametrize(
    ("kind", "spread", "statistic", "size", "made", "half"),
    [
        ("sd", (2.0,), "mean", 100, "SD", 1.959964 * 0.2),
        ("sem", (0.2,), "mean", 0, "SE", 1.959964 * 0.2),
        ("iqr_low;iqr_high", (9.0, 11.0), "median", 100, "IQR", 1.959964 * 0.2 * 1.2533 / 1.349),
        ("iqr_low;iqr_high", (9.0, 11.0), "mean", 100, "", None),
        ("range_low;range_high", (9.0, 11.0), "mean", 100, "", None),
        ("sd", (2.0,), "mean", 1, "", None),
        ("", (), "mean", 100, "", None),
    ],
)
def test_an_interval_is_made_of_what_the_row_holds(kind, spread, statistic, size, made, half):
    found, (low, high) = _interval(Figure(10.0, spread, kind, None, "1"), statistic, size)
    assert found == made
    if half is not None:
        assert (low, high) == pytest.approx((10 - half, 10 + half))
    assert _interval(Figure(10.0, (9.0, 12.0), "ci95_low;ci95_high", None, "1"), "mean", 5) == ("95 % CI", (9.0, 12.0))


def test_a_score_is_printed_with_both_intervals():
    assert cells(ONE) == (
        "mean change of pwv [m/s]", "MK-7", "1095 d", "-0.36 (-0.635 to -0.0847, SD)", "0.132 (0.125 to 0.139)", "111",
        "outside +", "",
    )  # fmt: skip
    assert cells(ONE, wide=True)[5] == "-0.400 to 0.300"
    assert cells(replace(ONE, wide_low=-0.3))[6] == cells(replace(ONE, wide_low=nan))[6] == "outside"
    assert cells(NONE)[3:5] == ("at least 450", "none (0.125 to none)")
    assert len(cells(ONE)) == len(HEADER) == len(header([NONE]))
    assert len(cells(ONE, wide=True)) == len(header([ONE, NONE]))
    assert shown(inf) == "none"


def test_a_file_holds_the_card():
    written = to_csv((ONE, NONE))
    assert written.splitlines()[0].startswith("trial,figure,arm,visit,unit,reported,")
    assert from_csv(written)[0] == ONE
    assert to_csv(from_csv(written)) == written


def test_the_count_adds_up():
    assert summary((ONE, NONE, replace(ONE, verdict=NOTHING))) == (
        "3 figures of 1 trials: 1 inside, 0 inside by the model's own interval, 1 outside, 1 without a value."
    )


def test_a_miss_is_told_with_what_its_file_says_of_it():
    trial = load("knapen-2015")
    told = [replace(one, miss="Nobody knows.") for one in trial.reported]
    trials = {"knapen-2015": replace(trial, reported=tuple(told))}
    (said,) = misses((ONE, replace(ONE, verdict=INSIDE), replace(ONE, trial="other")), trials)
    assert said == "knapen-2015-cfpwv-change-mk7: 0.132 against -0.36 m/s. Nobody knows."
    assert said in text((ONE,), trials).splitlines()
    assert misses((ONE,), {"knapen-2015": replace(trial, reported=())}) == []


def test_contradictions_stand_side_by_side():
    other = replace(ONE, trial="other", verdict=INSIDE)
    trials = {
        "knapen-2015": replace(load("knapen-2015"), contradicts=("other", "unknown")),
        "other": replace(load("knapen-2015"), name="other", contradicts=("knapen-2015",), note="A note."),
    }
    (said,) = contradictions((ONE, other), trials)
    assert said == (
        "knapen-2015 and other contradict each other: knapen-2015 0 of 1 figures inside; other 1 of 1 figures inside."
    )
    printed = text((ONE, other), trials)
    assert said in printed
    assert f"other: {trials['other'].title}. A note." in printed.splitlines()


def test_a_trial_is_scored_figure_by_figure():
    trial = load("dalmeijer-2012")
    told = []
    found = scorecard([trial], n=20, rng=3, progress=lambda *state: told.append(state))
    assert [one.row for one in found] == [one.row for one in trial.reported]
    assert told == [(0, 1, "dalmeijer-2012"), (1, 1, "")]
    assert {one.n for one in found} == {20}
    assert to_csv(found) == to_csv(scorecard([trial], n=20, rng=3))
    placebo = found[0]
    assert (placebo.predicted, placebo.verdict, placebo.used) == (0, SAMPLING, "")
    assert {one.used for one in found[1:]} == {"fit"}
    for one in found[1:]:
        assert one.low < one.predicted < one.high
        assert 0 < one.error < one.high - one.low


def test_drawn_parameters_widen_the_interval_and_judge_nothing():
    trial = load("dalmeijer-2012")
    plain, drawn = scorecard([trial], n=20, rng=3), scorecard([trial], n=20, rng=3, uncertainty=12)
    for one, with_draws in zip(plain[1:], drawn[1:], strict=True):
        assert replace(with_draws, wide_low=nan, wide_high=nan).verdict == one.verdict
        assert (with_draws.low, with_draws.high) == (one.low, one.high)
        assert with_draws.wide_high - with_draws.wide_low > one.high - one.low


def test_rows_of_a_fit_are_marked(monkeypatch):
    monkeypatch.setattr(evidence, "fitted", lambda: frozenset({"dalmeijer-2012-dpucmgp-180"}))
    found = scorecard([load("dalmeijer-2012")], n=4)
    assert [one.row for one in found if one.used == "fit"] == ["dalmeijer-2012-dpucmgp-180"]


def test_a_trial_without_figures_adds_nothing():
    assert scorecard([replace(load("knapen-2015"), reported=())]) == ()


def test_the_fitted_rows_exist():
    assert mk.evidence.fitted() <= set(mk.evidence.ids())


def test_the_stored_card_is_of_the_trials_that_ship():
    """``menaquinone scorecard --out docs/scorecard`` writes it again."""
    stored = from_csv(STORED.read_text(encoding="utf-8"))
    shipped = [(name, one.row) for name in mk.trials.names() for one in load(name).reported]
    assert [(one.trial, one.row) for one in stored] == shipped


def test_every_fitted_figure_outside_says_why_and_nothing_else_makes_excuses():
    stored = from_csv(STORED.read_text(encoding="utf-8"))
    trials = {name: load(name) for name in mk.trials.names()}
    told = {one.row for one in stored if reason(one, trials)}
    assert {one.row for one in stored if one.used == "fit" and one.verdict == OUTSIDE} <= told
    assert told <= {one.row for one in stored if one.verdict == OUTSIDE}


def test_both_halves_of_a_contradiction_are_on_the_card():
    stored = {one.trial for one in from_csv(STORED.read_text(encoding="utf-8"))}
    for name in mk.trials.names():
        for other in load(name).contradicts:
            assert {name, other} <= stored
            assert name in load(other).contradicts
