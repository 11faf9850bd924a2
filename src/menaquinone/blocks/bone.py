"""Bone mineral density of one person. Carboxylated osteocalcin binds calcium into the matrix, three Gla each.

Bone gives nothing back to osteocalcin here: trials move osteocalcin strongly and density hardly.
"""

from typing import NamedTuple

import numpy as np

from menaquinone.declare import Array, Block, covariate, output, param, reads, state


class Parameters(NamedTuple):
    bone_effect: Array = param(0.0, "%/a", "slowing of loss by full carboxylation (delta), normal(0, 0.3) prior", source="assumed: the prior's mean", low=-1, high=1)


class State(NamedTuple):
    log_density: Array = state("1", "logarithm of density relative to entry", start=0.0)


class Inputs(NamedTuple):
    carboxylated_share: Array = reads("1", "share of osteocalcin carboxylated in bone")
    carboxylated_share_entry: Array = reads("1", "that share at entry", of="carboxylated_share", at_entry=True)
    bone_loss: Array = covariate("1/h", "natural loss of density")


class Outputs(NamedTuple):
    bmd: Array = output("1", "lumbar spine bone mineral density, relative to entry")


def rates(p, x, u):
    gained = p.bone_effect * (u.carboxylated_share - u.carboxylated_share_entry) / (1 - u.carboxylated_share_entry)
    return State(log_density=gained - u.bone_loss)


def outputs(p, x, u):
    return Outputs(bmd=np.exp(x.log_density))


BONE = Block("bone", Parameters, State, rates, Inputs, Outputs, outputs)
