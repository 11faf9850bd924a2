from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from menaquinone.errors import InputError
from menaquinone.trials.outcome import Figure, as_written, number, people_of, predicted, published, unit_of
from menaquinone.trials.reading import Sourced

SPEEDS = np.array([8.0, 9.0, 10.0, 12.0])


def reported(trial, **changes):
    """Return the reported change of the MK-7 arm, with some fields changed."""
    (one,) = (one for one in trial.reported if (one.arm, one.visit.days, one.of) == ("MK-7", 1095, "change"))
    return replace(one, **changes)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (376.4, "376"),
        (9.7, "9.70"),
        (0.0213, "0.0213"),
        (-0.36, "-0.360"),
        (1234.5, "1234"),
        (2.5e-7, "2.50e-07"),
        (3e-16, "0"),
        (0.0, "0"),
        (np.nan, "-"),
    ],
)
def test_computed_numbers_have_three_digits(value, said):
    assert number(value) == said


def test_published_numbers_keep_their_digits():
    assert [as_written(value) for value in (9.7, -0.36, 0.021, 1095.0)] == ["9.7", "-0.36", "0.021", "1095"]


def test_people_without_a_visit_are_nothing(outcome, knapen):
    assert people_of(outcome.isel(time=[0]), reported(knapen), "MK-7") is None
    np.testing.assert_allclose(people_of(outcome, reported(knapen, of="level"), "MK-7"), 0.9 * SPEEDS)


def test_the_published_figure_comes_from_its_row(knapen):
    found = published(reported(knapen), "m/s")
    assert found == Figure(-0.36, (1.48,), "sd", 111, "m/s")
    assert published(reported(knapen), "cm/s").value == pytest.approx(-36)


@pytest.mark.parametrize(
    ("statistic", "kind", "value", "spread"),
    [
        ("mean", "sd", -0.975, (np.std(0.1 * SPEEDS, ddof=1),)),
        ("mean", "sem", -0.975, (np.std(0.1 * SPEEDS, ddof=1) / 2,)),
        ("median", "iqr_low;iqr_high", -0.95, (-1.05, -0.875)),
        ("median", "range_low;range_high", -0.95, (-1.2, -0.8)),
        ("mean", "", -0.975, ()),
    ],
)
def test_the_model_gives_the_same_statistic(outcome, knapen, statistic, kind, value, spread):
    found = predicted(outcome, knapen, reported(knapen, statistic=statistic), kind)
    assert (found.value, found.n, found.unit) == (pytest.approx(value), 4, "m/s")
    assert found.spread == pytest.approx(spread)


def test_a_95_percent_interval_is_that_of_the_statistic(outcome, knapen):
    kind = "ci95_low;ci95_high"
    half = 1.959964 * np.std(0.1 * SPEEDS, ddof=1) / 2
    assert predicted(outcome, knapen, reported(knapen), kind).spread == pytest.approx((-0.975 - half, -0.975 + half))
    level = reported(knapen, of="level", statistic="geometric mean")
    low, high = predicted(outcome, knapen, level, kind).spread
    assert sqrt(low * high) == pytest.approx(predicted(outcome, knapen, level, kind).value)
    low, high = predicted(outcome, knapen, reported(knapen, statistic="median"), kind).spread
    assert -1.2 <= low < -0.95 < high <= -0.8


def test_a_difference_between_arms_has_the_error_of_independent_groups(outcome, knapen):
    found = predicted(outcome, knapen, reported(knapen, against="placebo"), "ci95_low;ci95_high")
    assert found.value == pytest.approx(-0.975)
    assert (found.kind, found.spread) == ("sem", (pytest.approx(np.std(0.1 * SPEEDS, ddof=1) / 2),))


def test_nobody_left_is_nothing(outcome, knapen):
    lost = outcome.assign(pwv=outcome["pwv"].where(outcome["time"] < 1))
    assert predicted(lost, knapen, reported(knapen), "sd") is None


@pytest.mark.parametrize(
    ("changes", "unit"),
    [
        ({"of": "level"}, "m/s"),
        ({"of": "change"}, "m/s"),
        ({"of": "percent change"}, "%"),
        ({"of": "ratio"}, "1"),
        ({"of": "log growth"}, "1/a"),
        ({"of": "area"}, "m/s*h"),
        ({"of": "time of maximum"}, "h"),
        ({"statistic": "share above"}, "%"),
        ({"statistic": "lowest restoring dose", "against": "placebo"}, "ug/d"),
        ({"against": "placebo"}, "m/s"),
        ({"against": "placebo", "compare": "ratio"}, "1"),
        ({"against": "placebo", "compare": "percent difference"}, "%"),
    ],
)
def test_units_follow_what_is_compared(outcome, knapen, changes, unit):
    assert unit_of(outcome, reported(knapen, **changes)) == unit


def test_a_plasma_level_in_mass_becomes_moles(knapen):
    one = reported(knapen, outcome="plasma_concentration[MK-7]", row="knapen-2015-yogurt-mk7-ss")
    assert published(one, "nmol/L").value == pytest.approx(1.94e3 / 649.0, rel=1e-3)
    with pytest.raises(InputError):
        published(replace(one, outcome="dp_ucmgp"), "nmol/L")


def test_shares_and_ratios_have_no_spread(outcome, knapen):
    share = reported(knapen, of="level", statistic="share above", threshold=Sourced(9.0, "assumed: for a test"))
    assert predicted(outcome, knapen, share, "sd") == Figure(25.0, (), "", 4, "%")
    ratio = reported(knapen, of="level", against="placebo", compare="ratio")
    assert predicted(outcome, knapen, ratio, "sd").value == pytest.approx(0.9)


def test_a_geometric_percent_change_keeps_its_interval_around_it(outcome, knapen):
    one = reported(knapen, of="percent change", statistic="geometric mean")
    found = predicted(outcome, knapen, one, "ci95_low;ci95_high")
    assert found.value == pytest.approx(-10)
    assert found.spread == pytest.approx((-10, -10))


@pytest.mark.parametrize(
    ("figure", "interval", "said"),
    [
        (Figure(10.0, (2.0,), "sd", 4, "m/s"), (10 - 1.959964, 10 + 1.959964), "10 (SD 2)"),
        (Figure(10.0, (1.0,), "sem", None, "m/s"), (10 - 1.959964, 10 + 1.959964), "10 (SE 1)"),
        (Figure(10.0, (8.0, 13.0), "iqr_low;iqr_high", 4, "m/s"), (8.0, 13.0), "10 (IQR 8 to 13)"),
        (Figure(10.0, (2.0,), "sd", None, "m/s"), None, "10 (SD 2)"),
        (Figure(10.0, (), "", 4, "m/s"), None, "10"),
    ],
)
def test_a_figure_is_shown_with_its_spread(figure, interval, said):
    assert figure.interval() == (None if interval is None else pytest.approx(interval))
    assert figure.said(as_written) == said
