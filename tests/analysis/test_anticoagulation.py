"""Time in therapeutic range by straight lines between visits."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from menaquinone.analysis import time_in_range
from menaquinone.errors import InputError

Label = Callable[..., xr.Dataset]


def visits(labelled: Label, rows: list[list[float]], days: list[float]) -> xr.Dataset:
    return labelled("inr", rows, ("subject", "time"), days, "1")


@pytest.mark.parametrize(
    ("readings", "share"),
    [
        ([2.0, 3.0, 2.5], 1.0),
        ([1.0, 3.0, 3.0], 0.75),  # in range from half of the first interval on; the upper limit counts
        ([1.0, 5.0, 1.0], 0.25),
        ([1.5, 1.5, 1.5], 0.0),
        ([2.5, np.nan, 2.5], np.nan),
        ([1.0, 1.0, np.nan], 0.0),
    ],
)
def test_shares(labelled: Label, readings: list[float], share: float) -> None:
    found = time_in_range(visits(labelled, [readings], [0, 10, 20]))
    np.testing.assert_allclose(found.values, [share])
    assert found.attrs["long_name"] == "share of time that inr is within 2 to 3"
    assert found.attrs["units"] == "1"


def test_intervals_weigh_by_their_length_and_long_ones_are_left_out(labelled: Label) -> None:
    result = visits(labelled, [[2.5, 2.5, 1.0, 1.0]], [0, 30, 30.0001, 120])
    np.testing.assert_allclose(time_in_range(result).values, [1.0], rtol=1e-4)
    np.testing.assert_allclose(time_in_range(result, longest="100 d").values, [0.25], rtol=1e-4)


def test_from_a_visit_on(labelled: Label) -> None:
    result = visits(labelled, [[1.0, 2.0, 3.0]], [0, 10, 20])
    np.testing.assert_allclose(time_in_range(result, start="10 d").values, [1.0])


@given(st.lists(st.floats(0.8, 6), min_size=2, max_size=6), st.floats(1, 3), st.floats(0.1, 2))
def test_parts_of_the_line_add_up(labelled: Label, readings: list[float], low: float, width: float) -> None:
    result = visits(labelled, [readings], list(range(len(readings))))
    below, within, above = (
        float(time_in_range(result, low=left, high=right)[0])
        for left, right in ((-9.0, low), (low, low + width), (low + width, 99.0))
    )
    level = any(one == two and one in (low, low + width) for one, two in pairwise(readings))
    if not level:
        assert below + within + above == pytest.approx(1.0)


def test_refusals(labelled: Label) -> None:
    result = visits(labelled, [[2.0, 3.0]], [0, 10])
    for arguments, message in (
        ({"low": 3.0, "high": 2.0}, "range: got (3.0, 2.0), expected a lower limit below the upper one."),
        ({"low": "2", "high": 3.0}, "range: got ('2', 3.0), expected a lower limit below the upper one."),
        (
            {"variable": "ina"},
            "unknown variable of the result: got 'ina', expected one of 'inr'; the nearest is 'inr'.",
        ),
        ({"start": "10 d"}, "time in range of 'inr': got 1 reading, expected at least two."),
    ):
        with pytest.raises(InputError) as refusal:
            time_in_range(result, **arguments)
        assert str(refusal.value) == message
