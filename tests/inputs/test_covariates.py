"""Covariates: rules between knots, what is refused, and the four that a population brings along."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.catalogue import effects
from menaquinone.errors import InputError
from menaquinone.inputs.covariates import (
    Covariate,
    ageing,
    bone_loss,
    growth_noise,
    kidney_function,
    no_growth_noise,
    year_steps,
)

YEAR = 8766.0
VALUES = np.array([[1.0, 3.0, 2.0]])


def steps(hold: str) -> Covariate:
    return Covariate("1", np.array([0.0, 10.0, 30.0]), VALUES, hold)


def test_hold_previous_has_stepped_at_a_knot() -> None:
    assert steps("previous").at([0, 9.9, 10, 29.9, 30, 99]).tolist() == [[1, 1, 3, 3, 2, 2]]


def test_hold_next_has_not_stepped_at_a_knot() -> None:
    assert steps("next").at([0, 0.1, 10, 10.1, 30, 99]).tolist() == [[1, 3, 3, 2, 2, 2]]


def test_linear_goes_on_with_the_last_slope() -> None:
    assert np.allclose(steps("linear").at([0, 5, 10, 20, 30, 50]), [[1, 2, 3, 2.5, 2, 1]])


def test_one_knot_is_constant_under_every_rule() -> None:
    for hold in ("previous", "next", "linear"):
        assert Covariate("1", np.zeros(1), np.full((2, 1), 7.0), hold).at([0, 1e6]).tolist() == [[7, 7], [7, 7]]


@given(
    st.integers(2, 6), st.integers(1, 4), st.integers(0, 3), st.sampled_from(["previous", "next", "linear"]), st.data()
)
def test_members_and_people_are_read_apart(knots: int, n: int, m: int, hold: str, data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.floats(0.1, 100), min_size=n * knots, max_size=n * knots))
    times = np.cumsum(np.reshape(gaps, (n, knots)), axis=1)
    times -= times[:, :1]
    rng = np.random.default_rng(0)
    values = rng.normal(size=(n, knots, m) if m else (n, knots))
    whole = Covariate("1", times, values, hold, "site" if m else "", tuple("abc"[:m]))
    asked = np.array([0.0, 3.0, 50.0, 1000.0])
    seen = whole.at(asked)
    for person in range(n):
        for member in range(m or 1):
            alone = values[person, :, member] if m else values[person]
            one = Covariate("1", times[person], alone[None], hold).at(asked)[0]
            assert np.array_equal(one, seen[person, :, member] if m else seen[person])
        assert np.array_equal(whole.take([person]).at(asked)[0], seen[person])


def test_pickle_keeps_arrays_read_only() -> None:
    back = pickle.loads(pickle.dumps(steps("next")))
    assert back.hold == "next"
    assert not back.values.flags.writeable
    assert not back.times.flags.writeable


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            lambda: steps("last"),
            "rule of a covariate: got 'last', expected one of 'previous', 'next' and 'linear'.",
        ),
        (
            lambda: Covariate("1", np.zeros(1), np.zeros(3)),
            "shape of a covariate's values: got (3,), expected (people, knots) and a last axis for members.",
        ),
        (
            lambda: Covariate("1", np.zeros(1), np.zeros((3, 2))),
            "knots of a covariate: got (1,), expected as many as in values of shape (3, 2).",
        ),
        (
            lambda: Covariate("1", np.zeros(1), np.zeros((1, 1, 2)), axis="site", members=("a",)),
            "members of a covariate along 'site': got ('a',), expected 2 names.",
        ),
        (
            lambda: Covariate("1", np.zeros(1), np.full((1, 1), np.nan)),
            "covariate: got a value or knot that is not finite, expected finite numbers.",
        ),
        (
            lambda: Covariate("1", np.array([0.0, 0.0]), np.zeros((1, 2))),
            "knots of a covariate: got unsorted or late ones, expected rising hours from 0 or before.",
        ),
        (
            lambda: Covariate("1", np.array([1.0]), np.zeros((1, 1))),
            "knots of a covariate: got unsorted or late ones, expected rising hours from 0 or before.",
        ),
    ],
)
def test_messages(made: object, message: str) -> None:
    with pytest.raises(InputError) as refusal:
        made()  # type: ignore[operator]
    assert str(refusal.value) == message


def test_years_that_have_started() -> None:
    counts = [len(year_steps(hours)[0]) for hours in (0.0, 1.0, 365 * 24 - 1, YEAR, 3 * YEAR, 4 * YEAR)]
    assert counts == [1, 1, 1, 2, 3, 5]


@given(st.floats(0, 60 * YEAR))
def test_years_begin_on_the_nearest_day_and_by_the_horizon(horizon: float) -> None:
    years, starts = year_steps(horizon)
    assert years.tolist() == list(range(len(years)))
    assert (starts % 24 == 0).all()
    assert np.abs(starts - years * YEAR).max() <= 12
    assert starts[-1] <= horizon < year_steps(horizon + 2 * YEAR)[1][len(years)]


def test_age_rises_by_the_year() -> None:
    assert np.allclose(ageing(np.array([60.0, 55.5])).at([0, YEAR / 2, 10 * YEAR]), [[60, 60.5, 70], [55.5, 56, 65.5]])


def test_egfr_falls_in_yearly_steps() -> None:
    held = kidney_function(np.array([85.0]), 4 * YEAR)
    drift = effects.EGFR_DRIFT.value
    days = np.array([0, 365 - 1e-6, 365, 3 * 365.25, 1096, 4 * 365.25])
    assert np.allclose(held.at(24 * days), 85 - drift * np.array([0, 0, 1, 2, 3, 4]))
    assert held.unit == "mL/min/{1.73_m2}"


@given(st.floats(-5, 30), st.lists(st.floats(0, 20), min_size=1, max_size=5))
def test_bone_loss_is_that_of_the_personal_clock(since: float, years: list[float]) -> None:
    held = bone_loss(np.array([since]))
    for later in years:
        near = np.abs(since + later - np.array(effects.BONE_LOSS_YEARS)).min()
        if near * YEAR > 12 + 1e-6:  # steps are taken on the nearest day
            assert held.at(later * YEAR)[0, 0] == effects.bone_loss(since + later)


def test_bone_loss_without_a_last_period_is_the_late_one() -> None:
    assert bone_loss(np.array([np.nan])).at([0, 20 * YEAR]).tolist() == [[0.5, 0.5]]


def test_growth_noise_has_mean_one_and_the_stated_spread() -> None:
    drawn = growth_noise(5, np.arange(40_000), ("coronary", "aortic valve"), 2.5 * YEAR)
    assert drawn.values.shape == (40_000, 3, 2)
    assert drawn.members == ("coronary", "aortic valve")
    assert drawn.values.mean() == pytest.approx(1, abs=5 * 1.26 / np.sqrt(240_000))
    assert np.log(drawn.values).std() == pytest.approx(np.sqrt(np.log(1 + 1.26**2)), rel=0.01)
    years = np.log(drawn.values).reshape(40_000, -1)
    assert np.abs(np.corrcoef(years.T) - np.eye(6)).max() < 5 / np.sqrt(40_000)


def test_growth_noise_depends_on_subject_site_and_year_alone() -> None:
    whole = growth_noise(5, np.arange(50), ("coronary", "aortic valve"), 4 * YEAR)
    part = growth_noise(5, np.array([7, 31]), ("aortic valve",), YEAR)
    assert np.array_equal(part.values[:, :, 0], whole.values[[7, 31], :2, 1])


def test_no_growth_noise_is_one_everywhere() -> None:
    assert no_growth_noise(3).at([0, 1e5]).tolist() == [[1, 1]] * 3
