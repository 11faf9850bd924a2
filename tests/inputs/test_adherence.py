"""Missed doses: right share, keyed by person and dose, the same in any batch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.errors import InputError
from menaquinone.inputs.adherence import Adherence, kept, kept_at


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
        (float("nan"), "adherence: got nan, expected a finite number without a unit."),
        ("often", "adherence: got 'often', expected a finite number without a unit."),
        (None, "adherence: got None, expected a finite number without a unit."),
    ],
)
def test_no_probability_is_refused(got, message):
    with pytest.raises(InputError) as error:
        mk.adherence(got)
    assert str(error.value) == message


@given(seed=st.integers(0, 2**32), shares=st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_several_probabilities_share_the_draws(seed, shares):
    record, number, ids = np.array([0, 0, 1, 2]), np.array([0, 1, 0, -1]), np.array([3, 9, 4])
    probability = np.stack([[share, share, 1.0, 1.0] for share in shares])
    together = kept_at(probability, record, number, ids, seed)
    for place, one in enumerate(probability):
        alone = kept(one, record, number, ids, seed)
        if together is None:
            assert alone is None
        else:
            assert (together[place] == (True if alone is None else alone)).all()
    if together is not None:
        order = np.argsort(shares)
        assert (
            np.diff(together[order].astype(int), axis=0) >= 0
        ).all()  # whoever takes a dose takes it at a higher one
