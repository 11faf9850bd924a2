"""Missed doses: right share, keyed by person and dose, the same in any batch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.inputs.adherence import Adherence


@given(st.floats(0, 1))
def test_an_adherence_is_a_probability(probability):
    assert mk.adherence(probability) == Adherence(probability)


def test_a_percentage_is_taken():
    assert mk.adherence("80 %").probability == pytest.approx(0.8, rel=1e-15)


@pytest.mark.parametrize(
    ("got", "message"),
    [
        (1.2, "adherence: got 1.2, expected a probability from 0 to 1."),
        (-0.1, "adherence: got -0.1, expected a probability from 0 to 1."),
        (float("nan"), "adherence: got nan, expected a finite number in 1."),
        ("often", "adherence: got 'often', expected a finite number without a unit."),
        (None, "adherence: got None, expected a finite number without a unit."),
    ],
)
def test_no_probability_is_refused(got, message):
    with pytest.raises(InputError) as error:
        mk.adherence(got)
    assert str(error.value) == message
