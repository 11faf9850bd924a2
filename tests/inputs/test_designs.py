"""Laws of swept quantities and designs: their quantiles, their units, what they refuse."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import menaquinone as mk
from menaquinone.errors import InputError

SHARES = np.linspace(0.01, 0.99, 15)


@given(median=st.floats(1e-3, 1e3), cv=st.floats(0.01, 2))
def test_a_log_normal_by_its_coefficient_of_variation(median, cv):
    law = mk.lognormal(median, cv=cv)
    exact = stats.lognorm(s=np.sqrt(np.log(1 + cv**2)), scale=median)
    assert law.quantile(SHARES) == pytest.approx(exact.ppf(SHARES))
    assert exact.std() / exact.mean() == pytest.approx(cv)


def test_a_log_normal_by_the_sd_of_its_logarithm():
    assert mk.lognormal(2, omega="30 %").quantile(SHARES) == pytest.approx(stats.lognorm(s=0.3, scale=2).ppf(SHARES))


def test_a_normal_may_be_cut():
    law = mk.normal("10 h", "180 min", low="6 h", high="0.5 d")
    exact = stats.truncnorm(-4 / 3, 2 / 3, loc=10, scale=3)
    assert law.quantile(SHARES) == pytest.approx(exact.ppf(SHARES))
    assert law.unit == "h"


def test_a_uniform_takes_the_unit_of_its_lower_limit():
    law = mk.uniform("90 ug", "0.36 mg")
    assert law.quantile(np.array([0, 0.5, 1])).tolist() == pytest.approx([90, 225, 360])
    assert law.unit == "ug"
    assert mk.uniform(1, 2).unit == ""


@pytest.mark.parametrize(
    "one", [mk.lognormal("1 L/h", cv=0.3), mk.normal(1, 2), mk.uniform(0, 1), mk.grid(3), mk.grid(), mk.table()]
)
def test_laws_and_designs_are_frozen_values(one):
    assert pickle.loads(pickle.dumps(one)) == one
    assert len({one, pickle.loads(pickle.dumps(one))}) == 1


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: mk.lognormal(0, cv=1), "median: got 0, expected a number greater than 0."),
        (lambda: mk.lognormal(1, cv=0), "cv: got 0, expected a number greater than 0."),
        (lambda: mk.lognormal(1, omega=-1), "omega: got -1, expected a number greater than 0."),
        (
            lambda: mk.lognormal(1),
            "spread of a log-normal: got {'cv': None, 'omega': None}, expected either cv or omega.",
        ),
        (
            lambda: mk.lognormal(1, cv=1, omega=2),
            "spread of a log-normal: got {'cv': 1, 'omega': 2}, expected either cv or omega.",
        ),
        (
            lambda: mk.lognormal("x", cv=1),
            "median: got 'x', expected a quantity with its unit such as '1.1 L/h'.",
        ),
        (lambda: mk.normal(1, 0), "sd: got 0, expected a number greater than 0."),
        (lambda: mk.normal(1, None), "sd: got None, expected a number without a unit, as mean."),
        (lambda: mk.normal(1, "2 h"), "sd: got '2 h', expected a number without a unit, as mean."),
        (lambda: mk.normal(1, 1, low=3, high=2), "low: got 3.0, expected a number below high (2)."),
        (lambda: mk.uniform(2, 2), "low: got 2.0, expected a number below high (2)."),
        (lambda: mk.uniform(None, 2), "low: got None, expected a number or a quantity."),
        (
            lambda: mk.uniform("1 h", "2 L"),
            "high: got '2 L', expected a quantity in h or a unit of the same dimension.",
        ),
        (lambda: mk.grid(0), "levels: got 0, expected a whole number of at least 1."),
        (lambda: mk.grid(levels=2.5), "levels: got 2.5, expected a whole number of at least 1."),
    ],
)
def test_messages(ask, message):
    with pytest.raises(InputError) as refused:
        ask()
    assert str(refused.value) == message
