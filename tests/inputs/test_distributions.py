"""Distributions go through what they are said to go through, and say so in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.inputs.distributions import (
    ByCategory,
    Categories,
    Fixed,
    LogNormal,
    Moved,
    Normal,
    Percentiles,
    ZeroInflated,
    in_words,
)

SHARES = st.lists(st.floats(1e-6, 1 - 1e-6), min_size=2, max_size=20).map(lambda u: np.sort(np.array(u)))
SCORES = Percentiles(((0.25, 2.3), (0.50, 41.0), (0.75, 192.6), (0.90, 557.0)), 1.0, 10_000.0)


def test_percentiles_are_met() -> None:
    shares, levels = np.array(SCORES.points).T
    assert SCORES.quantile(shares) == pytest.approx(levels, rel=1e-12)
    assert SCORES.quantile(np.array([0.01, 1 - 1e-12])).tolist() == [0.0, 10_000.0]
    assert Percentiles(((0.5, 1.0), (0.75, 24.5)), 1.0).quantile(np.array([0.5])) == pytest.approx([1.0])


@given(SHARES, st.sampled_from([SCORES, ZeroInflated(0.4, LogNormal(90.0, 2.0)), ZeroInflated(0.1, SCORES)]))
def test_quantiles_rise(u: np.ndarray, law: Percentiles | ZeroInflated) -> None:
    found = law.quantile(u)
    assert (np.diff(found) >= 0).all()
    assert (found >= 0).all()


def test_a_share_is_zero() -> None:
    u = (np.arange(10_000) + 0.5) / 10_000
    assert (ZeroInflated(0.386, LogNormal(92.0, 1.0)).quantile(u) == 0).mean() == pytest.approx(0.386, abs=1e-4)


@given(SHARES, st.floats(-3, 3), st.floats(0.2, 2))
def test_a_moved_normal_law_is_normal(u: np.ndarray, by: float, stretch: float) -> None:
    moved = Moved(Normal(5.0, 2.0), by, stretch).quantile(u)
    inside = np.abs(moved - 5.0) < 2 * 7.5  # beyond, shares have no digits
    assert moved[inside] == pytest.approx(Normal(5.0 + 2 * by, 2.0 * stretch).quantile(u)[inside], rel=1e-6, abs=1e-6)


def test_by_category_takes_each_persons_own() -> None:
    law = ByCategory("sex", (Fixed(1.0), Normal(5.0, 1.0)))
    assert law.quantile(np.array([0.5, 0.5]), np.array([0.0, 1.0])).tolist() == [1.0, 5.0]
    assert law.quantile(np.array([0.5, 0.9])).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("law", "words"),
    [
        (Fixed(3.0), "everybody 3"),
        (Normal(60.0, 3.0, 55.0, 65.0), "Normal, mean 60, sd 3, from 55 to 65"),
        (LogNormal(70.0, 0.15), "LogNormal, median 70, omega 0.15"),
        (ZeroInflated(0.33, LogNormal(80.0, 1.0)), "0 in a share of 0.33, else LogNormal, median 80, omega 1"),
        (
            Moved(LogNormal(70.0, 0.15), 0.4, 0.9),
            "LogNormal, median 70, omega 0.15, taken at 0.9 times the normal score plus 0.4",
        ),
        (
            Percentiles(((0.25, 2.0), (0.5, 41.0)), 1.0, 10_000.0),
            "Percentiles, 25 % below 2, 50 % below 41, from 1 to 10000 or 0",
        ),
    ],
)
def test_words(law: Fixed | Normal, words: str) -> None:
    assert in_words(law) == words


def test_words_of_categories() -> None:
    sexes = {"male": 0.0, "female": 1.0}
    assert in_words(Categories((0.0, 1.0), (0.4, 0.6)), sexes) == "male 0.4, female 0.6"
    assert in_words(Fixed(1.0), sexes) == "everybody female"
    assert (
        in_words(ByCategory("sex", (Fixed(1.0), Fixed(2.0))), groups=sexes) == "male: everybody 1; female: everybody 2"
    )
