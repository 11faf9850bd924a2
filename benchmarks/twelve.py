"""The twelve-state problem, written with the public block API: a vitamin once a day, three proteins, one deposit.

Two transit depots feed two compartments; a vessel wall follows plasma; three proteins are carboxylated with
Michaelis-Menten drive; a deposit grows, and carboxylated protein slows it. Amounts in nmol, time in h. Nothing here is
known to the engine: blocks, members and links are those any user would write. ``plain.py`` holds the same problem as
bare numbers, which is what other solvers are given.
"""

# ruff: noqa: ARG001 (every equation takes parameters, states and inputs)

from typing import NamedTuple

import numpy as np
import plain

import menaquinone as mk
from menaquinone.declare import Array, Block, Entry, Value, member, output, param, reads, stage, state
from menaquinone.inputs.distributions import LogNormal
from menaquinone.inputs.people import Draw, Record
from menaquinone.inputs.population import Population
from menaquinone.model import Model

WHY = "assumed: a benchmark, no claim about anybody"


# Plasma and vessel wall: five states, affine, constant coefficients --------------------------------------------------


class PlasmaParameters(NamedTuple):
    transfer: Array = param(0.5, "1/h", "transfer from depot to depot (ktr)", source=WHY)
    clearance: Array = param(1.5, "L/h", "clearance", source=WHY)
    central_volume: Array = param(20.0, "L", "central volume", source=WHY)
    exchange: Array = param(5.0, "L/h", "intercompartmental clearance", source=WHY)
    peripheral_volume: Array = param(100.0, "L", "peripheral volume", source=WHY)
    equilibration: Array = param(0.05, "1/h", "equilibration of the vessel wall (kt)", source=WHY)


class PlasmaState(NamedTuple):
    first: Array = state("nmol", "amount in the first depot")
    second: Array = state("nmol", "amount in the second depot")
    central: Array = state("nmol", "amount in the central compartment")
    peripheral: Array = state("nmol", "amount in the peripheral compartment")
    vessel: Array = state("nmol/L", "level in the vessel wall")


class PlasmaOutputs(NamedTuple):
    plasma_concentration: Array = output("nmol/L", "plasma concentration")
    vessel_level: Array = output("nmol/L", "level in the vessel wall")
    first_depot: Array = output("nmol", "amount in the first depot", shown=False)
    second_depot: Array = output("nmol", "amount in the second depot", shown=False)
    central_amount: Array = output("nmol", "amount in the central compartment", shown=False)
    peripheral_amount: Array = output("nmol", "amount in the peripheral compartment", shown=False)


def plasma_rates(p, x, u):
    level = x.central / p.central_volume
    absorbed = p.transfer * x.second
    exchanged = p.exchange * (level - x.peripheral / p.peripheral_volume)
    return PlasmaState(
        first=-p.transfer * x.first,
        second=p.transfer * x.first - absorbed,
        central=absorbed - p.clearance * level - exchanged,
        peripheral=exchanged,
        vessel=p.equilibration * (level - x.vessel),
    )


def plasma_outputs(p, x, u):
    return PlasmaOutputs(x.central / p.central_volume, x.vessel, x.first, x.second, x.central, x.peripheral)


PLASMA = Block(
    "plasma", PlasmaParameters, PlasmaState, plasma_rates, Outputs=PlasmaOutputs, outputs=plasma_outputs, over="form"
)


# Turnover of a protein: two states, affine, coefficients move with the vessel wall -----------------------------------


class TurnoverParameters(NamedTuple):
    half_level: Array = param(5.0, "nmol/L", "level of half the drive (km)", source=WHY)
    synthesis: Array = param(1.0, "nmol/L/h", "synthesis", source=WHY)
    carboxylation: Array = param(0.2, "1/h", "largest rate constant of carboxylation", source=WHY)
    loss: Array = param(0.05, "1/h", "loss of either kind", source=WHY)


class TurnoverState(NamedTuple):
    under: Array = state("nmol/L", "uncarboxylated protein")
    full: Array = state("nmol/L", "carboxylated protein")


class TurnoverInputs(NamedTuple):
    vessel_level: Array = reads("nmol/L", "level in the vessel wall", sum_over="form")


class TurnoverOutputs(NamedTuple):
    uncarboxylated: Array = output("nmol/L", "uncarboxylated protein")
    carboxylated: Array = output("nmol/L", "carboxylated protein")


def turnover_rates(p, x, u):
    drive = u.vessel_level / (p.half_level + u.vessel_level)
    converted = p.carboxylation * drive * x.under
    return TurnoverState(under=p.synthesis - converted - p.loss * x.under, full=converted - p.loss * x.full)


def turnover_outputs(p, x, u):
    return TurnoverOutputs(x.under, x.full)


TURNOVER = Block(
    "turnover",
    TurnoverParameters,
    TurnoverState,
    turnover_rates,
    TurnoverInputs,
    TurnoverOutputs,
    turnover_outputs,
    over="protein",
)


# Growth: one slow state, affine, coefficient moves with the first protein --------------------------------------------


class GrowthParameters(NamedTuple):
    seeding: Array = param(1e-6, "1/h", "growth where there is nothing", source=WHY)
    growth: Array = param(3e-5, "1/h", "growth rate constant without inhibitor", source=WHY)
    half_inhibition: Array = param(4.0, "nmol/L", "inhibitor that halves growth", source=WHY)


class GrowthState(NamedTuple):
    deposit: Array = state("1", "size of the deposit, relative to the start", start=1.0)


class GrowthInputs(NamedTuple):
    carboxylated: Array = reads("nmol/L", "carboxylated protein that inhibits")


class GrowthOutputs(NamedTuple):
    deposit: Array = output("1", "size of the deposit, relative to the start")


def growth_rates(p, x, u):
    return GrowthState(p.seeding + p.growth * x.deposit / (1 + u.carboxylated / p.half_inhibition))


def growth_outputs(p, x, u):
    return GrowthOutputs(x.deposit)


GROWTH = Block("growth", GrowthParameters, GrowthState, growth_rates, GrowthInputs, GrowthOutputs, growth_outputs)


# The model, its people and its dosing --------------------------------------------------------------------------------

FORM = "MK-7"
PROTEINS = ("protein 1", "protein 2", "protein 3")
KINETICS = {"protein 1": (0.2, 0.05), "protein 2": (0.5, 0.5), "protein 3": (0.1, 0.0096)}

NAMES: dict[str, tuple[str, ...]] = {
    "ktr": (f"transfer[{FORM}]",),
    "cl": (f"clearance[{FORM}]",),
    "vc": (f"central_volume[{FORM}]",),
    "q": (f"exchange[{FORM}]",),
    "vp": (f"peripheral_volume[{FORM}]",),
    "kt": (f"equilibration[{FORM}]",),
    "km": tuple(f"half_level[{one}]" for one in PROTEINS),
    **{f"ks{i}": (f"synthesis[{one}]",) for i, one in enumerate(PROTEINS, 1)},
    **{f"kc{i}": (f"carboxylation[{one}]",) for i, one in enumerate(PROTEINS, 1)},
    **{f"kd{i}": (f"loss[{one}]",) for i, one in enumerate(PROTEINS, 1)},
    "kg": ("growth",),
    "ic": ("half_inhibition",),
}
"""The model's parameters behind each bare number of ``plain``."""

STATES = (
    *("first_depot", "second_depot", "central_amount", "peripheral_amount", "vessel_level"),
    *("uncarboxylated", "carboxylated", "deposit"),
)
"""Outputs that hold all twelve states."""
THREE = ("plasma_concentration", "vessel_level", "deposit")
"""Outputs of the streamed run."""


def model() -> Model:
    """Return the problem as a cascade."""
    form = member(FORM, enters={"oral": Entry("first")})
    proteins = [
        member(name, carboxylation=Value(fast, "1/h", WHY), loss=Value(slow, "1/h", WHY))
        for name, (fast, slow) in KINETICS.items()
    ]
    return Model(
        stage(PLASMA, form),
        stage(TURNOVER, *proteins),
        stage(GROWTH, links={"protein": "protein 1"}),
        name="twelve states",
    )


def dosing(**options):
    """Return the same amount, to the last digit, that ``plain`` gives every solver."""
    return mk.dose(FORM, f"{plain.DOSE!r} nmol", every="24 h", **options)


def people(theta: np.ndarray, seed: int = 0) -> Population:
    """Return people with the parameters of ``plain.parameters``, one row each."""
    values = {
        name: theta[:, place] for place, short in enumerate(plain.NAMES) if short in NAMES for name in NAMES[short]
    }
    return Population("twelve states", np.arange(len(theta)), seed, values=values)


def record() -> Record:
    """Return the kind of people from whom the library draws such parameters itself."""
    draws = {
        short: Draw(LogNormal(1.0, omega), "1", f"factor on {short}", WHY, factor_of=NAMES[short])
        for short, omega in plain.OMEGA.items()
    }
    return Record("twelve states", "people of a benchmark", draws)


def states(result) -> np.ndarray:
    """Return the twelve states of a result in the order of ``plain.STATES``, shape (subject, time, 12)."""
    alone = [result[name].values.reshape(*result[name].shape[:2], -1) for name in STATES]
    proteins = np.stack([alone[5], alone[6]], axis=-1)
    return np.concatenate([*alone[:5], proteins.reshape(*proteins.shape[:2], -1), alone[7]], axis=-1)
