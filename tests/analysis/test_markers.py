"""Markers against entry, times to an effect, and readings of dp-ucMGP."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.analysis.markers import ASSAY, observe_dp_ucmgp, percent_change, ratio, time_to_change, time_to_share
from menaquinone.errors import InputError

Label = Callable[..., xr.Dataset]
DAYS = np.arange(0.0, 85, 7)


def marker(labelled: Label, levels: object, days: np.ndarray = DAYS) -> xr.Dataset:
    return labelled("dp_ucmgp", levels, ("subject", "time"), days, "pmol/L")


@given(st.lists(st.floats(1, 1000), min_size=13, max_size=13))
def test_percent_change_and_ratio_say_the_same(labelled: Label, levels: list[float]) -> None:
    result = marker(labelled, [levels])
    change, left = percent_change(result)["dp_ucmgp"], ratio(result, "dp_ucmgp")["dp_ucmgp"]
    assert np.allclose(change, 100 * (left - 1))
    assert change.values[0, 0] == 0
    assert np.allclose(left * levels[0], levels)
    assert (change.attrs["units"], left.attrs["units"]) == ("%", "1")
    assert change.attrs["long_name"] == "change of dp ucmgp"
    assert change.dims == ("subject", "time")


def test_entry_may_be_a_later_visit(labelled: Label) -> None:
    result = marker(labelled, [np.arange(1.0, 14)])
    assert ratio(result, entry="7 d")["dp_ucmgp"].values[0, :3].tolist() == [0.5, 1, 1.5]
    with pytest.raises(InputError) as refusal:
        ratio(result, entry="8 d")
    assert str(refusal.value) == (
        "time of entry: got '8 d', expected a time at which the result was saved, 0 to 2016 h."
    )


def test_a_level_of_zero_at_entry_has_no_ratio(labelled: Label) -> None:
    assert np.isnan(ratio(marker(labelled, [np.arange(13.0)]))["dp_ucmgp"]).all()


@given(st.floats(-0.05, -0.005), st.floats(5, 40))
def test_time_to_change_of_an_exponential(labelled: Label, rate: float, percent: float) -> None:
    days = np.linspace(0, 120, 1201)
    found = time_to_change(marker(labelled, [400 * np.exp(rate * days)], days), "dp_ucmgp", -percent)
    wanted = np.log(1 - percent / 100) / rate
    if wanted < 119:
        assert found.values[0] == pytest.approx(wanted, abs=1e-3)
    assert np.isnan(found.values[0]) == (wanted > 120)
    assert found.attrs["units"] == "d"


@given(st.floats(0.1, 1))
def test_time_to_a_share_of_a_straight_change(labelled: Label, share: float) -> None:
    for slope in (-3.0, 2.0):
        found = time_to_share(marker(labelled, [500 + slope * DAYS]), "dp_ucmgp", share)
        assert found.values[0] == pytest.approx(84 * share)


def test_times_are_missing_where_there_is_none(labelled: Label) -> None:
    flat, failed = np.full(13, 5.0), np.where(DAYS > 20, np.nan, 5.0)
    assert np.isnan(time_to_share(marker(labelled, [flat, failed]), "dp_ucmgp")).all()
    assert np.isnan(time_to_change(marker(labelled, [flat, failed]), "dp_ucmgp", -10)).all()


def test_an_effect_that_is_there_from_the_start_takes_no_time(labelled: Label) -> None:
    assert time_to_change(marker(labelled, [np.full(13, 5.0)]), "dp_ucmgp", -1e-300).isnull().all()
    assert time_to_share(marker(labelled, [[0, *[1.0] * 12]]), "dp_ucmgp", 1.0).values == 7


def test_readings_are_log_normal_and_belong_to_subject_and_visit(labelled: Label) -> None:
    result = marker(labelled, np.full((2000, 13), 400.0))
    read = observe_dp_ucmgp(result, 5)["dp_ucmgp_observed"]
    assert np.log(read / 400).std() == pytest.approx(ASSAY.value, rel=0.03)
    assert np.log(read / 400).mean() == pytest.approx(0, abs=5 * 0.1 / np.sqrt(26_000))
    assert read.attrs["units"] == "pmol/L"
    part = observe_dp_ucmgp(result.isel(subject=slice(1990, None), time=[12, 4]), 5)["dp_ucmgp_observed"]
    assert np.array_equal(part, read.isel(subject=slice(1990, None), time=[12, 4]))
    assert not np.isclose(observe_dp_ucmgp(result, 6)["dp_ucmgp_observed"], read).all()


def test_arms_share_the_draws(labelled: Label) -> None:
    arms = labelled(
        "dp_ucmgp",
        np.stack([np.full((3, 2), 400.0), np.full((3, 2), 200.0)]),
        ("arm", "subject", "time"),
        [0, 1],
        "pmol/L",
    )
    read = observe_dp_ucmgp(arms, 5)["dp_ucmgp_observed"]
    assert read.dims == ("arm", "subject", "time")
    assert np.allclose(read[0], 2 * read[1])


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda data: percent_change(data, "ucoc"),
            "unknown variable of the result: got 'ucoc', expected one of 'dp_ucmgp'.",
        ),
        (lambda data: time_to_change(data, "dp_ucmgp", 0), "percent: got 0, expected a finite number that is not 0."),
        (
            lambda data: time_to_change(data, "dp_ucmgp", "a lot"),
            "percent: got 'a lot', expected a finite number without a unit.",
        ),
        (lambda data: observe_dp_ucmgp(data, 1, omega=-1), "omega: got -1, expected a number of at least 0."),
        (lambda data: time_to_share(data, "dp_ucmgp", 0), "share: got 0, expected a number above 0 and at most 1."),
        (
            lambda data: observe_dp_ucmgp(data.isel(subject=0), 1),
            "dimensions of 'dp_ucmgp': got ('time',), expected 'subject' among them.",
        ),
        (
            lambda data: percent_change(data.isel(time=0), "dp_ucmgp"),
            "dimensions of 'dp_ucmgp': got ('subject',), expected 'time' among them.",
        ),
        (
            lambda data: observe_dp_ucmgp(data, -1),
            "rng: got -1, expected a whole number of at least 0, a NumPy Generator, a SeedSequence or None.",
        ),
    ],
)
def test_messages(labelled: Label, ask: Callable[[xr.Dataset], object], message: str) -> None:
    with pytest.raises(InputError) as refusal:
        ask(marker(labelled, [np.ones(13)]))
    assert str(refusal.value) == message
