from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from menaquinone.errors import InputError
from menaquinone.trials.outcome import (
    Figure,
    as_written,
    at_visit,
    number,
    of_people,
    pick,
    predicted,
    published,
    reported_for,
    unit_of,
)

SPEEDS = np.array([8.0, 9.0, 10.0, 12.0])


def reported(trial, **changes):
    """Return the reported change of the MK-7 arm, with some fields changed."""
    (one,) = reported_for(trial, "pwv", "MK-7", 1095, ("change",))
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


def test_a_member_is_picked_by_its_bracket(outcome):
    assert pick(outcome, "agatston[thoracic aorta]").dims == ("arm", "subject", "time")
    assert float(pick(outcome, "agatston[thoracic aorta]").max()) == 4


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "pwvv",
            "unknown variable of the result: got 'pwvv', expected one of 'pwv' and 'agatston'; the nearest is 'pwv'.",
        ),
        (
            "agatston[coronry]",
            (
                "unknown site of 'agatston' in the result: got 'coronry', expected one of 'coronary' and "
                "'thoracic aorta'; the nearest is 'coronary'."
            ),
        ),
        ("pwv[coronary]", "member of 'pwv': got 'coronary', expected 'pwv' alone, which has no members."),
    ],
)
def test_what_a_result_lacks_is_named(outcome, name, message):
    with pytest.raises(InputError) as refusal:
        pick(outcome, name)
    assert str(refusal.value) == message


def test_a_visit_the_result_lacks_is_nothing(outcome):
    assert at_visit(outcome["pwv"], 365.0) is None
    assert of_people(outcome, "pwv", "MK-7", 365.0, "level") is None
    assert of_people(outcome.isel(time=[1]), "pwv", "MK-7", 1095.0, "change") is None


@pytest.mark.parametrize(
    ("of", "expected"),
    [("level", 0.9 * SPEEDS), ("change", -0.1 * SPEEDS), ("percent change", [-10.0] * 4), ("ratio", [0.9] * 4)],
)
def test_people_are_compared_with_their_own_entry(outcome, of, expected):
    np.testing.assert_allclose(of_people(outcome, "pwv", "MK-7", 1095.0, of), expected)


def test_a_ratio_to_nothing_is_no_number(outcome):
    assert np.isnan(of_people(outcome, "agatston[coronary]", "MK-7", 1095.0, "percent change")).all()


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
    found = predicted(outcome, reported(knapen, statistic=statistic), kind)
    assert (found.value, found.n, found.unit) == (pytest.approx(value), 4, "m/s")
    assert found.spread == pytest.approx(spread)


def test_a_95_percent_interval_is_that_of_the_statistic(outcome, knapen):
    kind = "ci95_low;ci95_high"
    half = 1.959964 * np.std(0.1 * SPEEDS, ddof=1) / 2
    assert predicted(outcome, reported(knapen), kind).spread == pytest.approx((-0.975 - half, -0.975 + half))
    level = reported(knapen, of="level", statistic="geometric mean")
    low, high = predicted(outcome, level, kind).spread
    assert sqrt(low * high) == pytest.approx(predicted(outcome, level, kind).value)
    low, high = predicted(outcome, reported(knapen, statistic="median"), kind).spread
    assert -1.2 <= low < -0.95 < high <= -0.8


def test_a_difference_between_arms_has_the_error_of_independent_groups(outcome, knapen):
    found = predicted(outcome, reported(knapen, against="placebo"), "ci95_low;ci95_high")
    assert found.value == pytest.approx(-0.975)
    assert (found.kind, found.spread) == ("sem", (pytest.approx(np.std(0.1 * SPEEDS, ddof=1) / 2),))


def test_nobody_left_is_nothing(outcome, knapen):
    lost = outcome.assign(pwv=outcome["pwv"].where(outcome["time"] < 1))
    assert predicted(lost, reported(knapen), "sd") is None


@pytest.mark.parametrize(("of", "unit"), [("level", "m/s"), ("change", "m/s"), ("percent change", "%"), ("ratio", "1")])
def test_units_follow_what_is_compared(outcome, of, unit):
    assert unit_of(outcome, "pwv", of) == unit


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
