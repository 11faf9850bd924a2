"""Summaries across people: NumPy's numbers, who failed left out and counted."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.analysis.summary import mean_sd, median_interval, quantiles
from menaquinone.errors import InputError

Label = Callable[..., xr.Dataset]
DIMS = ("arm", "subject", "time")


def result(labelled: Label, values: np.ndarray) -> xr.Dataset:
    return labelled("ucoc", values, DIMS, np.arange(values.shape[-1]), "ug/L")


@given(st.integers(2, 30), st.integers(0, 1000), st.floats(0.05, 0.95))
def test_summaries_are_numpy_of_those_who_are_there(labelled: Label, n: int, seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    values = rng.lognormal(size=(2, n, 3))
    failed = rng.random((2, n)) < 0.2
    values[failed, 1:] = np.nan
    data = result(labelled, values)
    spread, middle, several = mean_sd(data), median_interval(data, share=share), quantiles(data, (0.1, 0.9))
    for arm in range(2):
        for time in range(3):
            there = values[arm, ~np.isnan(values[arm, :, time]), time]
            at = {"arm": arm, "time": time}
            for found in (spread, middle, several):
                assert int(found["ucoc_n"][at]) == len(there)
                assert int(found["ucoc_failed"][at]) == n - len(there)
            if not len(there):
                assert np.isnan(middle["ucoc_median"][at])
                continue
            assert float(middle["ucoc_median"][at]) == pytest.approx(np.median(there))
            assert float(middle["ucoc_low"][at]) == pytest.approx(np.quantile(there, (1 - share) / 2))
            assert float(middle["ucoc_high"][at]) == pytest.approx(np.quantile(there, (1 + share) / 2))
            assert several["ucoc"][at].values == pytest.approx(np.quantile(there, (0.1, 0.9)))
            assert float(spread["ucoc_mean"][at]) == pytest.approx(there.mean())
            if len(there) > 1:
                assert float(spread["ucoc_sd"][at]) == pytest.approx(there.std(ddof=1))


def test_one_person_has_no_spread(labelled: Label) -> None:
    found = mean_sd(result(labelled, np.ones((1, 1, 2))))
    assert np.isnan(found["ucoc_sd"]).all()
    assert (found["ucoc_mean"] == 1).all()


def test_units_dims_and_attributes(labelled: Label) -> None:
    data = result(labelled, np.ones((1, 4, 2))).assign_attrs(seed="3")
    for found in (mean_sd(data), median_interval(data), quantiles(data)):
        assert found.attrs["seed"] == "3"
        for name, one in found.items():
            assert one.attrs["units"] == ("1" if name.endswith(("_n", "_failed")) else "ug/L")
            assert one.attrs["long_name"]
            assert "subject" not in one.dims
    assert quantiles(data)["ucoc"].dims == ("quantile", "arm", "time")
    assert median_interval(data)["ucoc_low"].attrs["long_name"] == "ucoc, lower end of the interval of 90% of people"


def test_all_numbers_in_time_unless_named(labelled: Label) -> None:
    data = result(labelled, np.ones((1, 4, 2)))
    data["status"] = ("subject", np.zeros(4, int))
    data["dose_fraction"] = (("subject", "time"), np.ones((4, 2)))
    data["drift"] = ("time", np.ones(2))
    assert [name for name in mean_sd(data) if not name.endswith(("_n", "_failed"))] == ["ucoc_mean", "ucoc_sd"]
    assert "dose_fraction_mean" in mean_sd(data, "dose_fraction")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda data: quantiles(data, [1.5]), "quantile: got 1.5, expected a probability from 0 to 1."),
        (lambda data: quantiles(data, 0.5), "quantiles: got 0.5, expected numbers such as (0.05, 0.5, 0.95)."),
        (lambda data: quantiles(data, ["x"]), "quantile: got 'x', expected a finite number without a unit."),
        (
            lambda data: median_interval(data, share="most"),
            "share of people in the interval: got 'most', expected a finite number without a unit.",
        ),
        (
            lambda data: median_interval(data, share=1),
            "share of people in the interval: got 1, expected a number between 0 and 1.",
        ),
        (
            lambda data: mean_sd(data.isel(subject=0), "ucoc"),
            "dimensions of 'ucoc': got ('arm', 'time'), expected 'subject' among them.",
        ),
        (
            lambda data: mean_sd(data, ["pwv"]),
            "unknown variable of the result: got 'pwv', expected one of 'ucoc'.",
        ),
    ],
)
def test_messages(labelled: Label, ask: Callable[[xr.Dataset], object], message: str) -> None:
    with pytest.raises(InputError) as refusal:
        ask(result(labelled, np.ones((1, 2, 1))))
    assert str(refusal.value) == message
