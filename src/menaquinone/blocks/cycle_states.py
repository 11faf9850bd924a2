"""Variant of tissue pool and cycle: quinone, hydroquinone and epoxide as three states whose sum is the pool.

The same steady state as the algebraic cycle, with the hour that redistribution takes. Parameters are those of the two
blocks that it stands for; epoxide and hydroquinone turn over ``1 / (escape residence_time)`` times per hour. Stiff. As
there, plasma clearance counts the uptake already and proteins give the cofactor back: nothing feeds back.
"""

from typing import NamedTuple

import numpy as np

from menaquinone.blocks import cycle, tissue
from menaquinone.declare import Array, Block, output, reads, state

POOL, CYCLE = tissue.TISSUE.parameters, cycle.CYCLE.parameters


class Parameters(NamedTuple):
    residence_time: Array = POOL["residence_time"]
    person_basal: Array = POOL["person_basal"]
    basal_factor: Array = POOL["basal_factor"]
    delivery_factor: Array = POOL["delivery_factor"]
    basal_mk4: Array = POOL["basal_mk4"]
    quinone_share: Array = CYCLE["quinone_share"]
    hydroquinone_share: Array = CYCLE["hydroquinone_share"]
    epoxide_share: Array = CYCLE["epoxide_share"]
    bypass: Array = CYCLE["bypass"]
    escape: Array = CYCLE["escape"]


class State(NamedTuple):
    quinone: Array = state("1", "quinone (K), relative to the healthy pool")
    hydroquinone: Array = state("1", "hydroquinone (H), relative to the healthy pool")
    epoxide: Array = state("1", "epoxide (KO), relative to the healthy pool")
    mk4_pool: Array = state("1", "part of the three together that is MK-4")


class Inputs(NamedTuple):
    delivered: Array = reads("1", "supply from plasma", sum_over="form")
    reference_delivered: Array = reads("1", "supply from plasma in the reference person", sum_over="form")
    delivered_mk4: Array = reads("1", "supply that arrives as MK-4", sum_over="form")
    vkor_activity: Array = reads("1", "share of VKOR that is active")


class Outputs(NamedTuple):
    tissue_vitamin_k: Array = output("1", "vitamin K in the tissue, relative to the healthy value")
    mk4_share: Array = output("1", "share of the tissue's vitamin K that is MK-4 (assumed size)")
    hydroquinone: Array = output("1", "hydroquinone open to GGCX, relative to its healthy value")
    epoxide: Array = output("1", "vitamin K epoxide, relative to its healthy value", shown=False)


def rates(p, x, u):
    basal      = p.person_basal * p.basal_factor * (1 - u.reference_delivered)
    supply     = (basal + p.delivery_factor * u.delivered) / p.residence_time
    supply_mk4 = (p.basal_mk4 * basal + p.delivery_factor * u.delivered_mk4) / p.residence_time
    loss       = 1 / p.residence_time
    turnover   = loss / p.escape
    reduced    = turnover * p.hydroquinone_share / p.quinone_share * (p.bypass + (1 - p.bypass) * u.vkor_activity) * x.quinone
    oxidised   = turnover * x.hydroquinone
    recycled   = turnover * u.vkor_activity * x.epoxide
    return State(
        quinone      = supply + recycled - reduced - loss * x.quinone,
        hydroquinone = reduced - oxidised - loss * x.hydroquinone,
        epoxide      = oxidised - recycled - loss * x.epoxide,
        mk4_pool     = supply_mk4 - loss * x.mk4_pool,
    )


def outputs(p, x, u):
    pool = x.quinone + x.hydroquinone + x.epoxide
    return Outputs(
        tissue_vitamin_k=pool,
        mk4_share=x.mk4_pool / np.maximum(pool, x.mk4_pool),
        hydroquinone=x.hydroquinone / p.hydroquinone_share,
        epoxide=x.epoxide / p.epoxide_share,
    )


TISSUE_CYCLE = Block("tissue_cycle", Parameters, State, rates, Inputs, Outputs, outputs, over="tissue")
