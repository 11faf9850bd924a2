"""Weeks between doses: a quick protein follows a level that falls and falls, in panels of many of its lifetimes."""

from typing import NamedTuple

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.declare import Array, Block, Entry, Value, member, output, param, reads, stage, state
from menaquinone.inputs.population import Population
from menaquinone.model import Model

pytestmark = pytest.mark.accuracy
WHY = "assumed: for the test"
WEEKS = np.arange(7.0, 113.0, 7.0)
PROTEINS = ["delivered", "dp_ucmgp", "ucoc", "coc", "pivka_ii"]


class Kinetics(NamedTuple):
    absorption: Array = param(0.5, "1/h", "absorption rate constant", source=WHY)
    clearance: Array = param(0.075, "1/h", "loss", source=WHY)
    out: Array = param(0.25, "1/h", "to the other compartment", source=WHY)
    back: Array = param(0.05, "1/h", "and back", source=WHY)


class Amounts(NamedTuple):
    depot: Array = state("nmol", "in the depot")
    central: Array = state("nmol", "in the compartment")
    other: Array = state("nmol", "in the other")


class Plasma(NamedTuple):
    level: Array = output("nmol", "amount in the compartment")


class Turnover(NamedTuple):
    half: Array = param(20.0, "nmol", "amount of half the drive", source=WHY)
    driven: Array = param(0.5, "1/h", "largest rate of conversion", source=WHY)
    lost: Array = param(0.5, "1/h", "loss", source=WHY)


class Protein(NamedTuple):
    bare: Array = state("nmol/L", "unconverted")
    full: Array = state("nmol/L", "converted")


class Drive(NamedTuple):
    level: Array = reads("nmol", "amount in the compartment", sum_over="form")


class Levels(NamedTuple):
    unconverted: Array = output("nmol/L", "unconverted")
    converted: Array = output("nmol/L", "converted")


def kinetics(p, x, u):
    absorbed, gone = p.absorption * x.depot, p.out * x.central - p.back * x.other
    return Amounts(-absorbed, absorbed - gone - p.clearance * x.central, gone)


def turnover(p, x, u):
    converted = p.driven * u.level / (p.half + u.level) * x.bare
    return Protein(1.0 - converted - p.lost * x.bare, converted - p.lost * x.full)


def model():
    pk = Block("kinetics", Kinetics, Amounts, kinetics, Outputs=Plasma, outputs=lambda p, x, u: Plasma(x.central),
               over="form")  # fmt: skip
    protein = Block("turnover", Turnover, Protein, turnover, Drive, Levels, lambda p, x, u: Levels(x.bare, x.full),
                    over="protein")  # fmt: skip
    return Model(
        stage(pk, member("MK-7", enters={"oral": Entry("depot")})),
        stage(protein, member("quick"), member("quicker", lost=Value(1.2, "1/h", WHY))),
        name="plasma and two quick proteins",
    )


def _off(found, exact, between):
    """Return the worst error relative to each value, or to a thousandth of the largest that it has had by then.

    between: the same at times between the output times as well, for the largest comes soon after a dose.
    """
    axis, y = exact.get_axis_num("time"), exact.values
    largest = np.maximum.accumulate(np.abs(between.values), axis=axis)
    by_then = np.searchsorted(between["time"].values, exact["time"].values, side="right") - 1
    scale = np.abs(y) + 1e-3 * np.maximum(largest.take(by_then, axis=axis), np.abs(y)) + 1e-300
    return (np.abs(found.values - y) / scale).max()


@pytest.mark.parametrize("every", ["168 h", "336 h"])
@pytest.mark.parametrize("rtol", [1e-4, 1e-5, 1e-6])
def test_what_follows_a_falling_level_is_as_exact_as_asked_for(every, rtol):
    rng, n = np.random.default_rng(3), 48
    spread = lambda usual: usual * np.exp(0.3 * rng.normal(size=n))
    values = {"clearance[MK-7]": spread(0.075), "half[quick]": spread(20.0), "driven[quicker]": spread(0.5)}
    who, regimen = Population("people", np.arange(n), 0, values=values), mk.dose("MK-7", "500 nmol", every=every)
    options = {"outputs": ["unconverted", "converted"], "rng": 2}
    run = lambda tolerance, given, times: mk.simulate(model(), who, given, times=times, rtol=tolerance, **options)
    for given in (regimen, regimen * mk.adherence(0.7)):
        found, exact = run(rtol, given, WEEKS), run(1e-10, given, WEEKS)
        between = run(1e-4, given, np.arange(0.0, WEEKS[-1] + 0.1, 0.125))
        for name in options["outputs"]:
            assert _off(found[name], exact[name], between[name]) <= 2 * rtol, name


@pytest.mark.parametrize(("form", "amount", "every"), [("MK-7", "45 mg", "336 h"), ("K1", "15 mg", "672 h")])
@pytest.mark.parametrize("rtol", [1e-4, 1e-6])
def test_the_default_model_is_as_exact_as_asked_for_weeks_after_a_dose(form, amount, every, rtol):
    who = mk.population("postmenopausal", 32, rng=5)
    regimen = mk.dose(form, amount, every=every) * mk.adherence(0.7)
    run = lambda tolerance, times: mk.simulate(
        mk.models.vitamin_k(), who, regimen, times=times, rtol=tolerance, outputs=PROTEINS, rng=2
    )
    found, exact, between = run(rtol, WEEKS), run(1e-9, WEEKS), run(1e-4, np.arange(0.0, WEEKS[-1] + 0.1, 0.125))
    for name in PROTEINS:
        assert _off(found[name], exact[name], between[name]) <= 2 * rtol, name
