"""Half-lives out of the model by non-compartmental analysis, each of a stated window or stated samples."""

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.analysis import exposure
from menaquinone.analysis.exposure import apparent_half_life, terminal

pytestmark = pytest.mark.accuracy

MODEL = mk.models.vitamin_k(forms=["MK-4", "MK-7"], tissues=["liver"], proteins=[])
PEOPLE = mk.population("reference", 1).eating({"MK-4": 0.0, "MK-7": 0.0})


def plasma(form, amount, hours):
    """Return the plasma concentration after one oral dose."""
    result = mk.simulate(
        MODEL, PEOPLE, mk.dose(form, amount), times=np.asarray(hours) / 24, outputs=["plasma_concentration"], rtol=1e-8
    )
    return result["plasma_concentration"].sel(form=form)


def hours(one):
    return float(one["half_life"].values.item())


def eigenvalues(form):
    """Return both disposition half-lives of a form, from its parameters alone."""
    get = lambda name: MODEL.parameters[f"{name}[{form}]"].value
    clearance, central = get("clearance"), get("central_volume")
    exchange, peripheral = get("exchange"), get("peripheral_volume")
    rates = [[-(clearance + exchange) / central, exchange / peripheral], [exchange / central, -exchange / peripheral]]
    return np.sort(np.log(2) / -np.linalg.eigvals(rates))


MK4_SAMPLES = ["6 h", "8 h", "12 h", "24 h"]
MK4_EARLY, MK4_SLOW = ("6 h", "9 h"), ("48 h", "96 h")
MK7_TERMINAL = ("4 d", "14 d")


@pytest.fixture(scope="module")
def mk4():
    return plasma("MK-4", "15 mg", [*np.arange(0, 24, 0.25), *np.arange(24, 97)])


@pytest.fixture(scope="module")
def mk7():
    return plasma("MK-7", "180 ug", np.arange(0, 14 * 24 + 1))


def test_mk4_sampled_as_a_study_does_shows_two_to_eight_hours(mk4):
    found = apparent_half_life(mk4, MK4_SAMPLES)
    assert found["half_life"].attrs["window"] == "samples at 6, 8, 12, 24 h"
    assert found["points"] == 4
    assert 2 < hours(found) < 8
    assert hours(found) == pytest.approx(5.0, abs=0.1)


def test_mk4_early_phase_alone_is_under_two_hours(mk4):
    found = terminal(mk4, MK4_EARLY)
    assert found["half_life"].attrs["window"] == "6 to 9 h"
    assert 1 < hours(found) < 2
    assert hours(found) == pytest.approx(1.3, abs=0.05)
    assert eigenvalues("MK-4")[0] < 2


def test_mk4_slow_phase_is_seventeen_and_a_half_hours(mk4):
    found = terminal(mk4, MK4_SLOW)
    assert found["half_life"].attrs["window"] == "48 to 96 h"
    assert hours(found) == pytest.approx(17.5, abs=0.2)
    assert hours(found) == pytest.approx(eigenvalues("MK-4")[1], rel=1e-4)
    assert found["r_squared"].values == pytest.approx(1, abs=1e-9)


def test_mk7_terminal_is_65_to_71_hours(mk7):
    found = terminal(mk7, MK7_TERMINAL)
    assert found["half_life"].attrs["window"] == "96 to 336 h"
    assert 65 < hours(found) < 71
    assert hours(found) == pytest.approx(eigenvalues("MK-7")[1], rel=1e-3)


def test_how_much_is_left_of_the_peak(mk4, mk7):
    mk4_left = (mk4.sel(time=1) / mk4.max()).item()
    mk7_left = (mk7.sel(time=3) / mk7.max()).item()
    assert mk4_left < 0.03
    assert mk4_left == pytest.approx(0.021, abs=0.001)
    assert mk7_left > 0.04
    assert mk7_left == pytest.approx(0.054, abs=0.001)


def test_the_dose_does_not_matter(mk7):
    more = plasma("MK-7", "1 mg", np.arange(0, 14 * 24 + 1))
    assert hours(terminal(more, MK7_TERMINAL)) == pytest.approx(hours(terminal(mk7, MK7_TERMINAL)), rel=1e-6)


def test_area_and_clearance_are_those_of_the_parameters(mk7):
    found = exposure(mk7.to_dataset(name="plasma_concentration"), window=MK7_TERMINAL)
    nmol = 180e3 / 649.0
    assert float(found["auc_inf"].values.item()) == pytest.approx(nmol / 1.1, rel=5e-3)
    assert 3 < float(found["tmax"].values.item()) < 7
