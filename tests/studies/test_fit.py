"""Fits with known answers: linear models, whose posterior is normal."""

import numpy as np
import pytest

from menaquinone.catalogue.calibration import BOUNDED, IDENTIFIED, OPEN
from menaquinone.studies.fit import Fit, Free, Seen
from menaquinone.studies.surface import surface

WIDE = np.array([[-6.0, 6.0]] * 3)


def free(name, between=0.0):
    return Free(name, "plain", 0.0, 1.0, between, -6.0, 6.0, "assumed: for a test")


def seen(name, weights, values, errors, shape=lambda x: x):
    weights = np.atleast_2d(np.asarray(weights, float))
    made = surface(lambda at: shape(at @ weights.T), WIDE[:, 0], WIDE[:, 1], np.full(len(weights), 1e-9))
    rows = tuple(f"{name}-{one}" for one in range(len(weights)))
    return Seen(name, rows, np.asarray(values, float), np.asarray(errors, float), made)


FREE = (free("a"), free("b"), free("c"))
STUDIES = (seen("first", [[2, 0, 0], [1, 1, 0]], [1.0, 2.0], [0.5, 0.4]), seen("second", [[0, 3, 0]], [1.5], [0.3]))
FIT = Fit.around(FREE, STUDIES, WIDE, np.zeros(3))


def exact():
    weights, values = np.array([[2, 0, 0], [1, 1, 0], [0, 3, 0]]), np.array([1.0, 2.0, 1.5])
    errors = np.array([0.5, 0.4, 0.3])
    known = (weights / errors[:, None]).T @ (weights / errors[:, None]) + np.eye(3)
    covariance = np.linalg.inv(known)
    return covariance @ ((weights / errors[:, None]).T @ (values / errors)), covariance


def test_least_squares_of_a_linear_model_is_its_closed_form():
    np.testing.assert_allclose(FIT.least_squares(np.zeros(3)), exact()[0], atol=1e-8)


def test_the_answer_does_not_depend_on_the_start():
    np.testing.assert_allclose(FIT.least_squares(np.array([5.0, -5.0, 3.0])), exact()[0], atol=1e-8)


def test_spread_is_that_of_the_closed_form():
    np.testing.assert_allclose(FIT.spread(np.zeros(3)), np.sqrt(np.diag(exact()[1])), rtol=1e-9)


def test_bounds_hold():
    box = np.array([[-6.0, 0.1], [-6.0, 6.0], [-6.0, 6.0]])
    best = Fit.around(FREE, STUDIES, box, np.zeros(3)).least_squares(np.zeros(3))
    assert best[0] == pytest.approx(0.1, abs=1e-6)


def test_studies_that_differ_count_as_one_each_however_many_figures_they_have():
    """Ten exact figures of one study tell its own value; the typical one stays as open as studies differ."""
    many = seen("many", [[1, 0, 0]] * 10, np.ones(10), np.full(10, 0.01))
    fit = Fit.around((free("a", between=0.5), *FREE[1:]), (many,), WIDE, np.zeros(3))
    assert fit.spread(np.zeros(3))[0] == pytest.approx(np.sqrt(1 / (1 / 0.25 + 1)), rel=1e-3)


def test_profile_names_what_no_row_tells_and_what_one_side_tells():
    onesided = seen("step", [[0, 0, 1]], [0.0], [0.1], shape=lambda x: (x + 6) ** 3 / 100)
    fit = Fit.around(FREE, (*STUDIES, onesided), WIDE, np.full(3, -6.0))
    best = fit.least_squares(np.zeros(3))
    assert FIT.profile(0, exact()[0]) == IDENTIFIED
    assert FIT.profile(2, exact()[0]) == OPEN
    assert fit.profile(2, best) == BOUNDED


def test_two_that_only_their_sum_is_known_of_are_told_by_the_prior_of_the_other():
    """The profile keeps the priors of the others: a sum and a prior of one tell the other."""
    total = Fit.around(FREE, (seen("sum", [[1, 1, 0]], [0.0], [0.1]),), WIDE, np.zeros(3))
    assert total.profile(0, np.zeros(3)) == IDENTIFIED


def test_pulls_name_the_rows_of_the_strongest_study_first():
    assert FIT.pulls(exact()[0]) == [("first-0", "first-1"), ("second-0", "first-1"), ()]


def test_posterior_of_a_linear_model_is_normal_and_repeats():
    pytest.importorskip("emcee")
    best, covariance = exact()
    asked = {"walkers": 24, "steps": 1500, "burn": 300, "seed": 5}
    draws, times = FIT.posterior(best, **asked)
    again, _ = FIT.posterior(best, **asked)
    np.testing.assert_array_equal(draws, again)
    error = np.sqrt(np.diag(covariance) * times / len(draws))
    assert (np.abs(draws.mean(0) - best) < 4 * error).all()
    np.testing.assert_allclose(draws.std(0), np.sqrt(np.diag(covariance)), rtol=0.15)


def test_outside_the_box_nothing_is_probable():
    found = FIT.log_probability(np.array([[0.0, 0.0, 0.0], [6.1, 0.0, 0.0]]))
    assert np.isfinite(found[0])
    assert found[1] == -np.inf


def test_scores_and_values_are_inverse():
    one = Free("u0[MGP]", "log odds", 0.25, 0.27, 0.0, 0.05, 0.6, "assumed: for a test")
    assert one.value(0.0) == pytest.approx(0.25)
    assert one.score(one.value(1.3)) == pytest.approx(1.3)
