"""Scores over time, and the scanner: never negative, zeros, its spread, and how often presence differs."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from menaquinone.analysis.progression import (
    FLIP,
    annual_change,
    mass,
    new_onset_share,
    observe_agatston,
    share_above,
    share_positive,
    volume,
)
from menaquinone.catalogue import evidence
from menaquinone.errors import InputError

Label = Callable[..., xr.Dataset]
DIMS = ("subject", "time", "site")
YEAR = 365.25


def scores(labelled: Label, values: object, days: object = (0, YEAR)) -> xr.Dataset:
    """Label scores (subject, time, site)."""
    return labelled("agatston", values, DIMS, days, "AU")


def life(n: int) -> np.ndarray:
    """Return true scores of n people of 45-84: a life at the healthy drive, in closed form."""
    rng = np.random.default_rng(2)
    age, eta = rng.uniform(45, 84, n), np.exp(0.6 * rng.normal(size=n))
    lived = 0.186 * rng.exponential(size=n) * np.exp(0.14 * (age - 60)) / 0.14 / rng.exponential(size=n)
    return np.where(lived >= 1, (1 + 0.95 * eta * np.log(np.maximum(lived, 1)) / 0.14 / 3) ** 3, 0)


# The scanner --------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 5000), min_size=1, max_size=30), st.integers(0, 2**32))
def test_readings_are_zero_or_at_least_one(labelled: Label, values: list[float], seed: int) -> None:
    true = np.reshape(values, (-1, 1, 1))
    read = observe_agatston(scores(labelled, true, [0]), seed)["agatston_observed"].values
    assert ((read == 0) | (read >= 1)).all()


def test_spread_of_a_reading(labelled: Label) -> None:
    for true in (100.0, 1000.0):
        read = observe_agatston(scores(labelled, np.full((20_000, 1, 1), true), [0]), 1)["agatston_observed"]
        spread = np.sqrt(1.78**2 * true + (0.05 * true) ** 2)
        assert read.std() == pytest.approx(spread, rel=0.02)
        assert read.mean() == pytest.approx(true, abs=5 * spread / np.sqrt(20_000))


def test_a_zero_reads_zero_but_for_flips(labelled: Label) -> None:
    read = observe_agatston(scores(labelled, np.zeros((20_000, 2, 1))), 1)["agatston_observed"]
    assert set(np.unique(read)) == {0.0, 1.0}
    assert (read > 0).mean() == pytest.approx(FLIP.value, abs=5 * np.sqrt(FLIP.value / 40_000))
    never = observe_agatston(scores(labelled, np.zeros((2000, 2, 1))), 1, flip=0.0)
    assert (never["agatston_observed"] == 0).all()


def test_two_scans_disagree_on_presence_as_often_as_in_the_row(labelled: Label) -> None:
    """Two scans on one day, each with its own key: minutes apart."""
    true = np.repeat(life(60_000)[:, None, None], 2, axis=1)
    read = observe_agatston(scores(labelled, true, [0, 10 / 1440]), 8)["agatston_observed"].values[..., 0] > 0
    row = evidence.row("mesa-2008-discordant").value / 100
    assert np.mean(read[:, 0] != read[:, 1]) == pytest.approx(row, abs=5 * np.sqrt(row / 60_000))


def test_the_flip_is_derived_as_its_note_says() -> None:
    true = life(1_000_000)
    spread = np.sqrt(1.78**2 * true + (0.05 * true) ** 2)
    seen = np.where(true > 0, ndtr((true - 1) / np.where(spread > 0, spread, 1)), 0)
    flipped = np.where(true < 10, seen * (1 - FLIP.value) + (1 - seen) * FLIP.value, seen)
    assert np.mean(2 * flipped * (1 - flipped)) == pytest.approx(0.041, abs=0.0005)


def test_a_large_deposit_is_never_overlooked_unless_asked_for(labelled: Label) -> None:
    data = scores(labelled, np.full((3000, 2, 1), 500.0))
    assert (observe_agatston(data, 1)["agatston_observed"] > 0).all()
    everywhere = observe_agatston(data, 1, flip=0.5, flip_below=np.inf)["agatston_observed"]
    assert (everywhere == 0).mean() == pytest.approx(0.5, abs=0.05)


def test_a_reading_belongs_to_subject_site_and_visit(labelled: Label) -> None:
    rng = np.random.default_rng(0)
    data = scores(labelled, rng.exponential(80, (40, 3, 3)), [0, YEAR, 2 * YEAR])
    whole = observe_agatston(data, 4)["agatston_observed"]
    part = data.isel(subject=[31, 7], time=[2, 0], site=[1])
    assert np.array_equal(
        observe_agatston(part, 4)["agatston_observed"], whole.isel(subject=[31, 7], time=[2, 0], site=[1])
    )
    noise = ((whole - data["agatston"]) / np.sqrt(data["agatston"])).values.reshape(40, -1)
    assert len(np.unique(noise)) > 0.9 * noise.size
    text = data.assign_coords(subject=[str(one) for one in data["subject"].values])
    assert np.array_equal(observe_agatston(text, 4)["agatston_observed"], whole)


def test_arms_share_the_draws_and_who_failed_stays_missing(labelled: Label) -> None:
    true = np.full((3, 2, 1), 100.0)
    true[1, 1] = np.nan
    data = labelled("agatston", np.stack([true, true]), ("arm", *DIMS), [0, 1], "AU")
    read = observe_agatston(data, 3)["agatston_observed"]
    assert read.dims == ("arm", *DIMS)
    assert np.array_equal(read[0], read[1], equal_nan=True)
    assert np.array_equal(read.isnull(), data["agatston"].isnull())
    assert read.attrs["units"] == "AU"
    assert read.attrs["source"].startswith("sevrukov-2005-agatston-coef ")


# Scores over time ---------------------------------------------------------------------------------------------------


@given(st.floats(1, 500), st.floats(1, 500), st.floats(0.5, 5))
def test_annual_change_of_one_person(labelled: Label, first: float, last: float, years: float) -> None:
    found = annual_change(scores(labelled, [[[first], [last]]], [0, years * YEAR]))
    assert found["annual_change"].values == pytest.approx((last - first) / years, rel=1e-9, abs=1e-9)
    compound = 100 * ((last / first) ** (1 / years) - 1)
    assert found["annual_percent"].values == pytest.approx(compound, rel=1e-8, abs=1e-8)
    assert found["annual_root_change"].values == pytest.approx((last**0.5 - first**0.5) / years, rel=1e-9, abs=1e-9)
    units = [one.attrs["units"] for one in found.values()]
    assert units == ["AU/a", "%/a", "AU^0.5/a"]


def test_annual_change_between_visits(labelled: Label) -> None:
    data = scores(labelled, np.array([0.0, 10, 40])[None, :, None], [0, YEAR, 2 * YEAR])
    assert annual_change(data, start="1 y", stop="2 y")["annual_change"].values == pytest.approx(30)
    assert np.isnan(annual_change(data)["annual_percent"]).all()


def test_shares_leave_out_who_failed(labelled: Label) -> None:
    true = np.array([[0.0, 5], [0, 0], [20, 500], [0, np.nan], [150, 200]])[:, :, None]
    data = scores(labelled, true)
    above = share_above(data, (0, 10, 100))
    assert above["share_above"].sel(time=YEAR, site="coronary").values.tolist() == [75, 50, 50]
    assert above["n"].values.ravel().tolist() == [5, 4]
    positive = share_positive(data)
    assert positive["share_positive"].values.ravel().tolist() == [40, 75]
    onset = new_onset_share(data)
    assert onset["new_onset_share"].values.ravel().tolist() == [0, 50]
    assert onset["n"].values.ravel().tolist() == [3, 2]
    for name, one in {**above, **positive, **onset}.items():
        assert one.attrs["units"] == ("1" if name == "n" else "%")


def test_nobody_at_risk_has_no_share(labelled: Label) -> None:
    assert np.isnan(new_onset_share(scores(labelled, np.ones((2, 2, 1))))["new_onset_share"]).all()


def test_mass_and_volume(labelled: Label) -> None:
    data = scores(labelled, np.full((1, 1, 1), 56.0), [0])
    assert float(mass(data).squeeze()) == pytest.approx(10)
    assert float(volume(data).squeeze()) == pytest.approx(47.6)
    assert (mass(data).attrs["units"], volume(data).attrs["units"]) == ("mg", "mm^3")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda data: observe_agatston(data.drop_vars("agatston"), 1),
            "unknown variable of the result: got 'agatston', expected one of nothing.",
        ),
        (
            lambda data: observe_agatston(data, 1, flip=1.5),
            "probability of a flip: got 1.5, expected a number from 0 to 1.",
        ),
        (lambda data: share_above(data, 100), "thresholds: got 100, expected numbers such as (0, 100)."),
        (
            lambda data: share_above(data, ["1 mg"]),
            "threshold: got '1 mg', expected a quantity in AU or a unit of the same dimension.",
        ),
        (
            lambda data: annual_change(data, start="1 y", stop="0 y"),
            "visits of an annual change: got ('1 y', '0 y'), expected the second after the first.",
        ),
        (
            lambda data: annual_change(data, stop="2 y"),
            "second visit: got '2 y', expected a time at which the result was saved, 0 to 8766 h.",
        ),
        *(
            (
                lambda data, ask=ask: ask(data.mean("subject", keep_attrs=True)),
                "dimensions of 'agatston': got ('time', 'site'), expected 'subject' among them.",
            )
            for ask in (share_above, share_positive, new_onset_share)
        ),
        (
            lambda data: new_onset_share(data.isel(time=0)),
            "dimensions of 'agatston': got ('subject', 'site'), expected 'time' among them.",
        ),
    ],
)
def test_messages(labelled: Label, ask: Callable[[xr.Dataset], object], message: str) -> None:
    with pytest.raises(InputError) as refusal:
        ask(scores(labelled, np.ones((1, 2, 1))))
    assert str(refusal.value) == message
