"""Intervals of draws and of people, kept apart."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from menaquinone.analysis import unknown_and_people
from menaquinone.errors import InputError

Label = Callable[..., xr.Dataset]
DIMS = ("draw", "subject", "time")


def result(labelled: Label, values: np.ndarray) -> xr.Dataset:
    return labelled("ucoc", values, DIMS, np.arange(values.shape[-1]), "ug/L")


def test_people_who_are_alike_leave_only_what_is_not_known(labelled: Label) -> None:
    values = np.tile(np.linspace(1, 2, 101)[:, None, None], (1, 30, 2))
    found = unknown_and_people(result(labelled, values), share=0.9)
    np.testing.assert_allclose(found["ucoc_known_low"], 1.05)
    np.testing.assert_allclose(found["ucoc_known_high"], 1.95)
    np.testing.assert_allclose(found["ucoc_people_low"], found["ucoc_people_high"])
    np.testing.assert_allclose(found["ucoc_median"], 1.5)


def test_draws_that_are_alike_leave_only_how_people_differ(labelled: Label) -> None:
    values = np.tile(np.linspace(1, 2, 101)[None, :, None], (20, 1, 2))
    found = unknown_and_people(result(labelled, values), share=0.9)
    np.testing.assert_allclose(found["ucoc_people_low"], 1.05)
    np.testing.assert_allclose(found["ucoc_people_high"], 1.95)
    np.testing.assert_allclose(found["ucoc_known_low"], found["ucoc_known_high"])


def test_both_together_are_quantiles_of_everybody_in_every_draw(labelled: Label) -> None:
    values = np.random.default_rng(3).lognormal(size=(7, 11, 3))
    values[2, 4, 1] = np.nan
    found = unknown_and_people(result(labelled, values))
    everybody = values[:, :, 1].ravel()
    expected = np.nanquantile(everybody, [0.05, 0.95])
    np.testing.assert_allclose([found["ucoc_low"][1], found["ucoc_high"][1]], expected)
    assert found["ucoc_low"].attrs["units"] == "ug/L"
    assert found["ucoc_known_low"].dims == ("time",)


def test_results_without_draws_are_refused(labelled: Label) -> None:
    data = labelled("ucoc", np.ones((4, 2)), ("subject", "time"), np.arange(2), "ug/L")
    with pytest.raises(InputError) as refusal:
        unknown_and_people(data, "ucoc")
    assert str(refusal.value) == (
        "dimensions of 'ucoc': got ('subject', 'time'), expected 'draw' and 'subject' among them, as "
        "simulate(..., uncertainty=20) gives them."
    )


@pytest.mark.parametrize("share", [0, 1, -0.5, 2])
def test_shares_that_are_none_are_refused(labelled: Label, share: float) -> None:
    with pytest.raises(InputError) as refusal:
        unknown_and_people(result(labelled, np.ones((2, 2, 2))), share=share)
    assert str(refusal.value) == f"share in the interval: got {share!r}, expected a number between 0 and 1."
