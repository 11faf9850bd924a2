"""Two small models with two people, and the closed form of each: what dosing scenarios are run on."""

from typing import NamedTuple

import numpy as np
from tests.solve.closed_forms import Chain, OneCompartment, event_table, level

import menaquinone as mk
from menaquinone.blocks.oral_pk import ORAL_PK
from menaquinone.catalogue.forms import K1
from menaquinone.declare import Array, Block, Entry, member, output, param, stage, state
from menaquinone.interop.events import from_table
from menaquinone.model import Model


class Parameters(NamedTuple):
    absorption: Array = param(0.7, "1/h", "absorption rate constant", source="assumed: for a test")
    clearance: Array = param(3.0, "L/h", "clearance", source="assumed: for a test")
    volume: Array = param(20.0, "L", "volume", source="assumed: for a test")
    bioavailability: Array = param(0.6, "1", "share that enters", source="assumed: for a test")


class State(NamedTuple):
    depot: Array = state("nmol", "amount in the depot")
    central: Array = state("nmol", "amount in the compartment")


class Outputs(NamedTuple):
    plasma_concentration: Array = output("nmol/L", "concentration")


def rates(p, x, u):
    absorbed = p.absorption * x.depot
    return State(depot=-absorbed, central=absorbed - p.clearance / p.volume * x.central)


def outputs(p, x, u):
    return Outputs(plasma_concentration=x.central / p.volume)


ONE_COMPARTMENT = Block("one_compartment", Parameters, State, rates, Outputs=Outputs, outputs=outputs, over="form")
MODELS = {
    "one compartment": Model(
        stage(ONE_COMPARTMENT, member("K1", enters={"oral": Entry("depot", "bioavailability"), "iv": Entry("central")}))
    ),
    "chain": Model(stage(ORAL_PK, K1.pk)),
}
CLEARANCE, BIOAVAILABILITY, DIET = (1.0, 1.3), (1.0, 0.5), (100.0, 250.0)
PEOPLE = mk.Population(
    "two people",
    np.array([3, 8]),
    0,
    factors={"clearance[K1]": np.array(CLEARANCE), "bioavailability[K1]": np.array(BIOAVAILABILITY)},
    diet={"K1": np.array(DIET)},
)
"""They differ in clearance, in bioavailability and in what they eat (ug/d)."""


def chain(clearance=1.0, pool=None):
    """K1 by the numbers of its record; ``clearance`` is a factor on that of the record."""
    pk = {name: one.value for name, one in K1.pk.values.items()}
    transfer, cleared = pk["depots"] / pk["absorption_time"], pk["clearance"] * clearance
    return Chain(transfer, cleared, pk["central_volume"], pk["exchange"], pk["peripheral_volume"], pool)


KINETICS = {
    "one compartment": [OneCompartment(0.7, 3.0 * factor, 20.0) for factor in CLEARANCE],
    "chain": [chain(factor) for factor in CLEARANCE],
}
SHARES = {
    "one compartment": [0.6 * factor for factor in BIOAVAILABILITY],
    "chain": [K1.pk.values["bioavailability"].value * factor for factor in BIOAVAILABILITY],
}


def regimen_of(rows):
    return from_table(event_table(rows), amount_unit="nmol")


def intake(eaten):
    """Habitual diet in nmol/h from ug/d of K1."""
    return eaten * 1e3 / K1.molar_mass.value / 24


def expected(model, rows, hours):
    """Concentrations (people, times) in closed form."""
    return np.array([
        [level(rows, time, kinetics, oral_share=share, intake=intake(eaten)) / kinetics.volume for time in hours]
        for kinetics, share, eaten in zip(KINETICS[model], SHARES[model], DIET, strict=True)
    ])  # fmt: skip


def simulated(model, regimen, hours, **settings):
    """Concentrations (people, times) by the engine."""
    result = mk.simulate(
        MODELS[model], PEOPLE, regimen, times=np.asarray(hours) / 24, outputs=["plasma_concentration"], **settings
    )
    assert (result["status"] == 0).all()
    return result["plasma_concentration"].values[:, :, 0]


def assert_closed_form(model, rows, hours, **settings):
    """Compare to 1e-9 of the largest value in each person's run."""
    wanted = expected(model, rows, hours)
    found = simulated(model, regimen_of(rows), hours, **settings)
    off = np.abs(found - wanted) / np.abs(wanted).max(axis=1, keepdims=True)
    worst = np.unravel_index(np.argmax(off), off.shape)
    assert off[worst] <= 1e-9, f"person {worst[0]} at {hours[worst[1]]:g} h: {found[worst]!r}, not {wanted[worst]!r}"
