"""Measures of a person and statistics of people against arithmetic by hand, and laws that hold for any numbers."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from menaquinone.errors import InputError
from menaquinone.studies import measures
from menaquinone.studies.measures import COMPARISONS, MEASURES, STATISTICS, of_people, pick, place_of, statistic

SPEEDS = np.array([8.0, 9.0, 10.0, 12.0])
LEVELS = arrays(float, st.integers(2, 30), elements=st.floats(0.1, 1e3))


@pytest.fixture
def result():
    """Return four people: a level that falls by a tenth in a year, and a score of two sites."""
    level = SPEEDS[:, None] * np.array([1.0, 0.95, 0.9])
    score = np.stack([np.zeros_like(level), level - 8], axis=-1)
    return xr.Dataset(
        {
            "pwv": (("subject", "time"), level, {"units": "m/s"}),
            "agatston": (("subject", "time", "site"), score, {"units": "AU"}),
        },
        coords={"subject": np.arange(4), "time": [0.0, 182.625, 365.25], "site": ["coronary", "thoracic aorta"]},
    )


def test_a_column_of_entry_does_not_hide_the_variable_in_time(result):
    """People whose score was drawn have a column of the same name."""
    with_column = result.assign({"agatston[coronary]": ("subject", np.zeros(result.sizes["subject"]))})
    assert pick(with_column, "agatston[coronary]").dims == ("subject", "time")


def test_a_member_is_picked_beside_draws_and_swept_names(result):
    for name, attrs in (("draw", {}), ("dose", {"swept": '{"dose": "regimen"}'})):
        whole = result.expand_dims({name: [1, 2]}).assign_attrs(attrs)
        assert pick(whole, "agatston[thoracic aorta]").dims == (name, "subject", "time")


def test_a_member_is_picked_by_its_bracket(result):
    assert pick(result, "agatston[thoracic aorta]").dims == ("subject", "time")
    assert float(pick(result, "agatston[thoracic aorta]").max()) == 4


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
def test_what_a_result_lacks_is_named(result, name, message):
    with pytest.raises(InputError) as refusal:
        pick(result, name)
    assert str(refusal.value) == message


def test_a_time_the_result_lacks_is_nothing(result):
    assert place_of(result["pwv"], 364.0) is None
    assert of_people(result["pwv"], "level", 364.0) is None
    assert of_people(result["pwv"].isel(time=[1, 2]), "change", 365.25) is None
    assert of_people(result["pwv"].isel(time=[1, 2]), "level", 365.25) is not None


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ("level", 0.9 * SPEEDS),
        ("change", -0.1 * SPEEDS),
        ("percent change", [-10.0] * 4),
        ("ratio", [0.9] * 4),
        ("change per year", -0.1 * SPEEDS),
        ("log growth", [np.log(0.9)] * 4),
        ("area", 0.95 * SPEEDS * 8766),
        ("maximum", SPEEDS),
        ("time of maximum", [0.0] * 4),
    ],
)
def test_people_are_compared_with_their_own_entry(result, of, expected):
    np.testing.assert_allclose(of_people(result["pwv"], of, 365.25), expected)


def test_a_column_has_its_level_at_all_times(result):
    column = pick(result.assign({"drug[warfarin]": ("subject", SPEEDS)}), "drug[warfarin]")
    np.testing.assert_array_equal(of_people(column, "level", 99.0), SPEEDS)
    assert of_people(column, "change", 99.0) is None


def test_a_first_visit_may_be_later_than_entry(result):
    np.testing.assert_allclose(of_people(result["pwv"], "ratio", 365.25, since=182.625), [0.9 / 0.95] * 4)


@pytest.mark.parametrize("of", ["percent change", "ratio", "log growth"])
def test_a_ratio_to_nothing_is_no_number(result, of):
    assert np.isnan(of_people(pick(result, "agatston[coronary]"), of, 365.25)).all()


def test_points_of_a_design_stay_in_front(result):
    several = xr.concat([result["pwv"], 2 * result["pwv"]], dim="point")
    np.testing.assert_allclose(of_people(several, "change", 365.25), [-0.1 * SPEEDS, -0.2 * SPEEDS])
    np.testing.assert_allclose(of_people(several.transpose("time", ...), "change", 365.25)[1], -0.2 * SPEEDS)


@pytest.mark.parametrize(("of", "unit"), [("area", "nmol/L*h"), ("log growth", "1/a"), ("change per year", "nmol/L/a")])
def test_units_follow_the_measure(of, unit):
    assert MEASURES[of].unit("nmol/L") == unit


@pytest.mark.parametrize("kind", ["measure", "statistic"])
def test_unknown_names_are_refused(kind):
    with pytest.raises(InputError) as refusal:
        getattr(measures, kind)("men")
    assert str(refusal.value).startswith(f"unknown {kind}: got 'men', expected one of '")


@given(LEVELS)
def test_statistics_are_those_of_numpy(people):
    np.testing.assert_allclose(statistic("mean")(people), people.mean())
    np.testing.assert_allclose(statistic("median")(people), np.median(people))
    np.testing.assert_allclose(statistic("geometric mean")(people), np.exp(np.log(people).mean()))
    np.testing.assert_allclose(
        statistic("geometric mean", "percent change")(100 * (people - 1)), 100 * (np.exp(np.log(people).mean()) - 1),
        atol=1e-9,
    )  # fmt: skip
    np.testing.assert_allclose(statistic("share above", threshold=5.0)(people), 100 * (people > 5).mean())


@given(LEVELS, st.sampled_from(STATISTICS))
def test_people_without_a_value_do_not_count(people, name):
    take = statistic(name, threshold=5.0)
    with_lost = np.concatenate([people, [np.nan, np.nan]])
    np.testing.assert_allclose(take(with_lost), take(people))
    np.testing.assert_allclose(take(np.stack([with_lost, with_lost[::-1]])), [take(people)] * 2)


@pytest.mark.parametrize("name", STATISTICS)
def test_nobody_left_is_no_number(name):
    assert np.isnan(statistic(name)(np.full(3, np.nan)))
    assert np.isnan(statistic(name)(np.full((2, 3), np.nan))).all()


def test_comparisons_by_hand():
    assert {name: float(compare(np.array(3.0), np.array(2.0))) for name, compare in COMPARISONS.items()} == {
        "difference": 1.0,
        "ratio": 1.5,
        "percent difference": 50.0,
    }
