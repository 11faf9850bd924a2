"""Every message is one sentence: what was got, what was expected, the nearest right name."""

import numpy as np
import pytest

from menaquinone import errors


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], "nothing"),
        (["MK-4"], "'MK-4'"),
        (["MK-4", "MK-7"], "'MK-4' and 'MK-7'"),
        (["K1", "MK-4", "MK-7"], "'K1', 'MK-4' and 'MK-7'"),
    ],
)
def test_listed_reads_as_a_sentence(names, text):
    assert errors.listed(names) == text


def test_refused_says_what_came_and_what_was_wanted():
    raised = errors.refused("dose", "-5 ug", "an amount of at least 0")
    assert isinstance(raised, errors.InputError)
    assert isinstance(raised, ValueError)
    assert str(raised) == "dose: got '-5 ug', expected an amount of at least 0."


def test_refused_shows_a_numpy_scalar_with_its_type():
    assert str(errors.refused("n", np.float64(1.5), "a whole number")) == (
        "n: got np.float64(1.5), expected a whole number."
    )


@pytest.mark.parametrize("written", ["mk7", "MK 7", "Mk-7 "])
def test_unknown_names_the_nearest_whatever_the_case(written):
    assert str(errors.unknown("form", written, ["K1", "MK-4", "MK-7"])) == (
        f"unknown form: got {written!r}, expected one of 'K1', 'MK-4' and 'MK-7'; the nearest is 'MK-7'."
    )


def test_unknown_leaves_the_hint_out_when_nothing_is_near():
    raised = errors.unknown("population", "zzz", ["reference", "postmenopausal"])
    assert isinstance(raised, errors.UnknownNameError)
    assert isinstance(raised, errors.InputError)
    assert str(raised) == "unknown population: got 'zzz', expected one of 'reference' and 'postmenopausal'."


def test_unknown_takes_names_that_are_not_strings():
    assert str(errors.unknown("subject", 12, [11, 2])) == (
        "unknown subject: got 12, expected one of '11' and '2'; the nearest is '2'."
    )


def test_require_returns_the_module():
    assert errors.require("numpy.linalg", "io", "writing").__name__ == "numpy.linalg"


def test_require_names_the_extra():
    with pytest.raises(errors.MissingExtraError) as caught:
        errors.require("no_such_module.part", "io", "writing NetCDF files")
    assert isinstance(caught.value, ImportError)
    assert str(caught.value) == (
        "writing NetCDF files needs 'no_such_module': got no such package, expected `pip install 'menaquinone[io]'`."
    )


def test_the_types_are_what_callers_may_catch():
    assert issubclass(errors.SolveError, RuntimeError)
    assert issubclass(errors.SafetyWarning, UserWarning)
