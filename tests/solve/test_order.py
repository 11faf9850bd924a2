"""Observed order of convergence: halving every panel divides the error by two to the power of nine.

The rule has order ``2 STAGES - 1`` at the ends of panels, where results are read. Orders are measured where errors are
far above rounding; what is exact (plasma, constant coefficients) has none to measure.
"""

import numpy as np
import pytest
from tests.solve.own_blocks import CURVED, VARYING, behind_plasma

import menaquinone as mk
from menaquinone.solve.tableau import STAGES

pytestmark = pytest.mark.accuracy

ORDER = 2 * STAGES - 1
SLACK = 1.0
"""Terms of higher order still show on panels this wide."""
ROUNDING = 1e-12
TIMES = [0.25, 0.5, 1.0, 2.0]
"""Days. Later panels are so wide that exponentials die within one: errors are tiny there, but in no order yet."""
DOSE = mk.dose("MK-7", "1 mg")


def errors(model, name, *, times=TIMES, levels=range(4)):
    """Return the largest relative errors of an output with panels halved 0, 1, 2, ... times."""
    people = mk.population("reference", 1)

    def solved(level):
        engine = mk.Cascade(adaptive=False, level=level)
        return mk.simulate(model, people, DOSE, times=times, engine=engine, outputs=[name])[name].values

    exact = solved(8)
    return np.array([np.abs(solved(level) - exact).max() for level in levels]) / np.abs(exact).max()


def order(found):
    """Return the order between the first error and the last one above rounding."""
    usable = found[found > ROUNDING]
    assert len(usable) >= 2, f"errors {found} leave nothing to measure"
    return np.log2(usable[0] / usable[-1]) / (len(usable) - 1)


def quick_vessel():
    """Build tissue and protein behind a plasma level that rises fast, so that wide panels show their errors."""
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["vessel"], proteins=["MGP"], sites=[])
    return model.replace({"absorption_time[MK-7]": "1 h", "residence_time[vessel]": "0.5 d", "k_out[MGP]": 0.2})


@pytest.mark.parametrize("name", ["tissue_vitamin_k", "mk4_share", "uncarboxylated", "carboxylated", "dp_ucmgp"])
def test_tissue_and_protein(name):
    found = errors(quick_vessel(), name)
    assert order(found) > ORDER - SLACK
    assert found[0] < 1e-4


@pytest.mark.parametrize("block", [VARYING, CURVED], ids=lambda one: one.name)
@pytest.mark.parametrize("name", ["free_level", "bound_level"])
def test_blocks_of_a_users_own(block, name):
    assert order(errors(behind_plasma(block, "MK-7"), name)) > ORDER - SLACK


def test_plasma_is_exact_on_the_widest_panels():
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=[])
    assert errors(model, "plasma_concentration", levels=range(2)).max() < ROUNDING


def test_error_control_keeps_what_fixed_panels_lose():
    model, people = behind_plasma(VARYING, "MK-7"), mk.population("reference", 1)
    run = lambda **options: mk.simulate(model, people, DOSE, times=TIMES, outputs=["free_level"], **options)
    exact = run(engine=mk.Cascade(adaptive=False, level=8))["free_level"].values
    worst = [np.abs(run(rtol=rtol)["free_level"].values / exact - 1).max() for rtol in (1e-3, 1e-5, 1e-7, 1e-9)]
    assert all(error <= 10 * rtol for error, rtol in zip(worst, (1e-3, 1e-5, 1e-7, 1e-9), strict=True))
    assert worst[-1] < worst[0]
