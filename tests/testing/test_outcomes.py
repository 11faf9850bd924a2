"""What must hold of any result: each assertion passes a right dataset and says what is wrong with another."""

import numpy as np
import pytest
import xarray as xr

from menaquinone.testing import assert_dose_linear, assert_fractions, assert_monotone_calcium, assert_nonnegative


def dataset(**variables):
    return xr.Dataset({name: (("subject", "time"), np.atleast_2d(values)) for name, values in variables.items()})


def failure(check, *arguments, **named):
    with pytest.raises(AssertionError) as caught:
        check(*arguments, **named)
    return str(caught.value)


def test_nonnegative():
    assert_nonnegative(dataset(plasma_concentration=[0.0, 1.0, np.nan], status=[0, -1, 0]))
    assert_nonnegative(dataset(plasma_concentration=[-1e-14, 1.0]))
    assert_nonnegative(dataset(wall_effect=[-0.3, 0.1]))
    assert_nonnegative({"plasma_concentration": np.zeros(0)})
    assert failure(assert_nonnegative, dataset(pool=[1.0, -0.25])) == (
        "'pool': got a value of -0.25, expected none below 0."
    )


def test_fractions():
    under, full = np.array([1.0, 2.0]), np.array([3.0, 2.0])
    right = {"ucoc": under, "coc": full, "ucoc_share": under / (under + full), "ucoc_ratio": under / full}
    assert_fractions(dataset(**right, carboxylated_share=[0.0, 1.0]))
    assert_fractions(dataset(ucoc=under))
    assert failure(assert_fractions, dataset(mk4_share=[0.2, 1.5])) == (
        "'mk4_share': got shares from 0.2 to 1.5, expected all within 0 and 1."
    )
    assert failure(assert_fractions, dataset(**right | {"ucoc_ratio": [0.3, 1.0]})) == (
        "'ucoc_ratio': got other values than 'ucoc' and 'coc' make, expected the same."
    )


def test_monotone_calcium():
    assert_monotone_calcium(dataset(agatston=[0.0, 0.0, 1.0, np.nan]))
    assert_monotone_calcium(dataset(agatston=[[0.0, 3.0], [5.0, 5.0]]).transpose("time", "subject"))
    assert failure(assert_monotone_calcium, dataset(agatston=[0.0, 4.0, 3.5])) == (
        "'agatston': got a fall by 0.5 between two times, expected none."
    )


def test_dose_linear():
    runs = [dataset(plasma_concentration=[0.5, 0.5 + dose, 0.5 + dose / 2]) for dose in (0.0, 1.0, 3.0)]
    assert_dose_linear(*runs, factor=3)
    assert failure(assert_dose_linear, *runs, factor=2) == (
        "'plasma_concentration': got a departure of 0.29 from a rise in proportion to the dose, expected at most 1e-05."
    )
