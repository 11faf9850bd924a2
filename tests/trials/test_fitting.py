"""A fit of published trials: recovers what made the figures, tells what it rests on, and refuses what it cannot use."""

from dataclasses import replace

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.catalogue.calibration import calibration
from menaquinone.errors import InputError
from menaquinone.studies.fit import Free
from menaquinone.trials import fitting
from menaquinone.trials.fitting import fit, simulated

LEVEL = "reference_level[vessel, MK-7]"
FALL = ["dalmeijer-2012-dpucmgp-180", "dalmeijer-2012-dpucmgp-360"]
MODEL = mk.models.vitamin_k(forms=["K1", "MK-7"])


@pytest.fixture(scope="module")
def found():
    return mk.fit(["dalmeijer-2012"], [LEVEL], rows=FALL, n=20, model=MODEL)


def test_the_answer_lies_where_the_figures_are():
    """With a prior that says little, and no differences between studies, misses shrink; the engine agrees there."""
    found = mk.fit("dalmeijer-2012", {LEVEL: mk.lognormal(18.1, omega=1.0)}, rows=FALL, n=20, model=MODEL)
    before, fitted = (
        sum(((getattr(one, name) - one.reported) / one.error) ** 2 for one in found.figures)
        for name in ("before", "fitted")
    )
    assert fitted < before
    at = simulated(mk.trials.load("dalmeijer-2012"), found.fit.free, FALL, people=20, model=MODEL)
    np.testing.assert_allclose(at(found.best[None])[0], [one.fitted for one in found.figures], atol=5e-3)


def test_a_fit_of_what_the_model_itself_reports_gives_its_own_parameter(monkeypatch):
    truth = 12.0
    trial, free = mk.trials.load("dalmeijer-2012"), Free(LEVEL, "log", 20.0, 2.0, 0.0, 5.0, 60.0, "assumed: for a test")
    ready = simulated(trial, (free,), FALL, people=20, model=MODEL)
    made = ready(np.array([[float(free.score(truth))]]))[0]
    monkeypatch.setattr(fitting.Simulated, "reported", lambda _, __: (made, np.full(2, 0.01)))
    fitted, best = fitting.narrowed([ready], {}, lambda _: None)
    assert float(free.value(best[0])) == pytest.approx(truth, rel=0.01)
    assert fitted.profile(0, best) == "identified"


def test_names_take_the_prior_of_the_calibration_and_rows_are_told(found):
    (one,) = found.parameters
    stored = calibration().parameters[LEVEL]
    assert (one.name, one.unit, one.prior, one.before) == (LEVEL, "nmol/L", stored.prior, stored.default)
    assert one.low < one.value < one.high
    assert set(one.rows) == set(FALL)
    assert str(found).startswith(f"{LEVEL} = ")


def test_fitted_values_go_into_a_model_with_those_that_follow_them(found):
    model = found.applied(mk.models.vitamin_k())
    assert model.parameters[LEVEL].value == found.parameters[0].value
    assert model.parameters["reference_level[vessel, MK-9]"].value == found.parameters[0].value


def test_a_prior_of_ones_own_is_converted(found):
    of_one = {LEVEL: mk.lognormal("0.01 umol/L", omega=1.0)}
    free = fitting._free(of_one, MODEL.parameters)[0]
    assert (free.scale, free.prior, free.sd) == ("log", pytest.approx(10.0), 1.0)
    assert free.low == pytest.approx(10 * np.exp(-3))
    plain = fitting._free({"pwv_drift": mk.normal(0.04, 0.01, low=0)}, mk.models.vitamin_k().parameters)[0]
    assert (plain.scale, plain.prior, plain.sd, plain.high) == ("plain", 0.04, 0.01, pytest.approx(0.07))
    assert replace(free, name="x").source == "assumed: the prior that was given"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: fit(["dalmeijer-2012"], ["reference_level[vessel, MK7]"]),
            "unknown parameter: got 'reference_level[vessel, MK7]', expected one of",
        ),
        (
            lambda: fit(["dalmeijer-2012"], ["k_out[MGP]"]),
            "unknown parameter of the calibration (any other needs a prior): got 'k_out[MGP]', expected one of",
        ),
        (
            lambda: fit(["dalmeijer-2012"], {LEVEL: 3.0}),
            f"prior of '{LEVEL}': got 3.0, expected mk.lognormal(...) or mk.normal(...).",
        ),
        (
            lambda: fit(["dalmeijer-2012"], [LEVEL], rows=["dalmeijer-2012-dpucmgp-18"]),
            "unknown row that the trials report: got 'dalmeijer-2012-dpucmgp-18', expected one of",
        ),
        (
            lambda: fit([], [LEVEL]),
            "what to fit: got no trials, expected at least one.",
        ),
        (
            lambda: fit(["dalmeijer-2012"], []),
            "what to fit: got 0 parameters and 5 figures, expected at least one of each.",
        ),
        (
            lambda: fit(["dalmeijer-2012"], [LEVEL], n=3, model=MODEL),
            (
                "figures of trial 'dalmeijer-2012': got 'dalmeijer-2012-dpucmgp-placebo' without a value or a standard "
                "error, expected rows with both; leave them out with `rows`."
            ),
        ),
    ],
)
def test_mistakes_are_answered_in_one_sentence(make, message):
    with pytest.raises(InputError) as refusal:
        make()
    assert str(refusal.value).startswith(message)
