import numpy as np
import pytest

from menaquinone import models
from menaquinone.catalogue import evidence
from menaquinone.catalogue.calibration import BOUNDED, IDENTIFIED, OPEN, calibration, with_followers
from menaquinone.declare import source_ids

STORED = calibration()
NAMES = tuple(STORED.parameters)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_in_the_model_with_bounds_and_sources(name):
    one = STORED.parameters[name]
    value = models.vitamin_k().parameters[name]
    assert one.unit == value.unit
    assert one.low <= one.interval[0] <= one.median <= one.interval[1] <= one.high
    assert one.low <= one.fitted <= one.high
    assert one.identified in (IDENTIFIED, BOUNDED, OPEN)
    assert all(evidence.exists(row) for row in (*one.rows, *source_ids(one.source)))
    assert source_ids(one.source) or one.source.startswith("assumed: ")


def test_the_defaults_are_those_that_were_fitted_against():
    parameters = models.vitamin_k().parameters
    assert {name: parameters[name].value for name in NAMES} == {
        name: pytest.approx(one.default, rel=1e-9) for name, one in STORED.parameters.items()
    }


def test_rows_that_pulled_are_rows_that_were_fitted():
    assert {row for one in STORED.parameters.values() for row in one.rows} <= set(evidence.fitted())


def test_whatever_is_identified_was_pulled_by_a_row():
    for one in STORED.parameters.values():
        assert one.rows or one.identified != IDENTIFIED, one.name


def test_mean_and_covariance_give_the_stored_intervals():
    scores = np.random.default_rng(1).standard_normal((20_000, len(NAMES)))
    for name, values in STORED.values(scores).items():
        one = STORED.parameters[name]
        assert one.low <= values.min() <= values.max() <= one.high
        width = one.on.there(np.array(one.interval)).clip(-50, 50)
        drawn = one.on.there(np.quantile(values, [0.025, 0.975])).clip(-50, 50)
        np.testing.assert_allclose(drawn, width, atol=0.3 * np.diff(width)[0], err_msg=name)


def test_covariance_is_symmetric_and_positive():
    np.testing.assert_array_equal(STORED.covariance, STORED.covariance.T)
    assert np.linalg.eigvalsh(STORED.covariance).min() > 0


def test_followers_of_the_defaults_are_the_defaults():
    parameters = models.vitamin_k().parameters
    found = with_followers({name: parameters[name].value for name in NAMES})
    assert set(found) > set(NAMES)
    for name, value in found.items():
        assert value == pytest.approx(parameters[name].value, rel=1e-3), name


def test_nothing_is_written_to_the_stored_arrays():
    with pytest.raises(ValueError, match="read-only"):
        STORED.mean[0] = 1.0
