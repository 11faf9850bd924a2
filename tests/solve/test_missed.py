"""Missed doses, many people: panels and their widths differ from person to person, and go on differing until late."""

from typing import NamedTuple

import numpy as np
import pytest
from tests.solve.own_blocks import WHY

import menaquinone as mk
from menaquinone.declare import Array, Block, Entry, covariate, member, output, param, stage, state
from menaquinone.model import Model

pytestmark = pytest.mark.accuracy
DAILY = mk.dose("MK-7", "180 ug", every="24 h") * mk.adherence(0.8)


class Parameters(NamedTuple):
    absorption: Array = param(0.5, "1/h", "absorption rate constant", source=WHY)
    cleared: Array = param(0.002, "1/h", "loss at an eGFR of 90", source=WHY)


class Amounts(NamedTuple):
    depot: Array = state("nmol", "amount in the depot")
    central: Array = state("nmol", "amount in the compartment")


class Inputs(NamedTuple):
    egfr: Array = covariate("mL/min/{1.73_m2}", "estimated glomerular filtration rate")


class Outputs(NamedTuple):
    plasma_concentration: Array = output("nmol/L", "concentration")


def rates(p, x, u):
    absorbed = p.absorption * x.depot
    return Amounts(depot=-absorbed, central=absorbed - p.cleared * u.egfr / 90 * x.central)


def outputs(p, x, u):
    return Outputs(x.central / 5)


RENAL = Block("renal", Parameters, Amounts, rates, Inputs, Outputs, outputs, over="form")
"""Coefficients that stand still within a window and step from year to year."""


def off(found, exact, name):
    """Return what is off (n,), relative to values and to a thousandth of the largest of each person's run."""
    x, y = (one[name].values.reshape(len(one["subject"]), len(one["time"]), -1) for one in (found, exact))
    return (np.abs(x - y) / (np.abs(y) + 1e-3 * np.abs(y).max(axis=1, keepdims=True) + 1e-300)).max(axis=(1, 2))


def test_many_people_who_miss_doses_are_each_as_exact_as_asked_for():
    # some of them gain finer panels late: what had been put together for them and their neighbours holds no longer
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=["prothrombin"])
    people, times = mk.population("postmenopausal", 96, rng=4), np.arange(0, 201, 20)
    names = ["plasma_concentration", "tissue_vitamin_k", "uncarboxylated"]
    run = lambda rtol: mk.simulate(model, people, DAILY, times=times, outputs=names, rtol=rtol, rng=11)
    exact = run(1e-9)
    for rtol in (1e-4, 1e-5, 1e-6):
        found = run(rtol)
        assert (found["status"] == 0).all()
        for name in names:
            assert off(found, exact, name).max() <= 10 * rtol, name


def test_rows_are_those_of_this_years_coefficients():
    model = Model(stage(RENAL, member("MK-7", enters={"oral": Entry("depot")})))
    people, times = mk.population("postmenopausal", 40, rng=4), [100, 360, 400, 450]
    options = {"times": times, "outputs": ["plasma_concentration"], "rng": 3}
    found = mk.simulate(model, people, DAILY, rtol=1e-5, **options)
    assert (found["status"] == 0).all()
    for person in (0, 39):
        one = people.select([person])
        exact = mk.simulate(model, one, DAILY, engine=mk.Reference(rtol=1e-9), **options)
        assert off(found.sel(subject=[person]), exact, "plasma_concentration").max() <= 1e-5, person


def test_nobody_is_seen_by_neighbours_with_other_panels():
    model = mk.models.vitamin_k(forms=["MK-7"], tissues=["liver"], proteins=["prothrombin"])
    people, times = mk.population("postmenopausal", 48, rng=9), [10, 77.7, 150]
    options = {"times": times, "outputs": ["uncarboxylated"], "rtol": 1e-5, "rng": 2}
    whole = mk.simulate(model, people, DAILY, **options)["uncarboxylated"]
    for person in (3, 20, 47):
        alone = mk.simulate(model, people.select([person]), DAILY, **options)["uncarboxylated"]
        assert alone.values.tobytes() == whole.sel(subject=[person]).values.tobytes(), person
