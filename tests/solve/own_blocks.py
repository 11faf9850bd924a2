"""Blocks such as a user writes: coefficients that vary with an input, and rates that are not affine."""

from typing import NamedTuple

import menaquinone as mk
from menaquinone.declare import Array, Block, Member, output, param, reads, stage, state
from menaquinone.model import Model

WHY = "assumed: for the test"


class Parameters(NamedTuple):
    made: Array = param(0.4, "nmol/L/h", "production", source=WHY)
    lost: Array = param(0.1, "1/h", "loss", source=WHY)
    induced: Array = param(0.05, "L/nmol/h", "loss for every nmol/L in plasma", source=WHY)
    moved: Array = param(0.3, "1/h", "exchange", source=WHY)


class Pools(NamedTuple):
    free: Array = state("nmol/L", "free")
    bound: Array = state("nmol/L", "bound")


class Inputs(NamedTuple):
    plasma_concentration: Array = reads("nmol/L", "plasma concentration of the form")


class Levels(NamedTuple):
    free_level: Array = output("nmol/L", "free")
    bound_level: Array = output("nmol/L", "bound")


def induction(p, x, u):
    bound = p.moved * x.free
    return Pools(
        free=p.made - bound - (p.lost + p.induced * u.plasma_concentration) * x.free,
        bound=bound - p.lost * x.bound,
    )


def binding(p, x, u):
    bound = p.moved * x.free * x.free / (1 + x.bound)
    return Pools(
        free=p.made + p.induced * u.plasma_concentration - bound - p.lost * x.free, bound=bound - p.lost * x.bound
    )


def levels(p, x, u):
    return Levels(x.free, x.bound)


VARYING = Block("induction", Parameters, Pools, induction, Inputs, Levels, levels, over="form")
CURVED = Block("binding", Parameters, Pools, binding, Inputs, Levels, levels, over="form", affine=False)


def behind_plasma(block, *forms):
    pk = mk.models.vitamin_k(forms=list(forms), tissues=["liver"], proteins=[])
    return Model(*pk.stages, stage(block, *(Member((name,)) for name in forms)), name=block.name)
