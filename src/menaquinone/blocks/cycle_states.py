"""Variant of tissue pool and cycle: quinone, hydroquinone and epoxide as three states whose sum is the pool.

The same steady state as the algebraic cycle, with the hour that redistribution takes. Rates follow from the shares, the
escape and the residence time: epoxide and hydroquinone turn over ``1 / (escape residence_time)`` times per hour. Stiff.
As there, plasma clearance counts the uptake already and proteins give the cofactor back: nothing feeds back.
"""

from typing import NamedTuple

import numpy as np

from menaquinone.declare import Array, Block, output, param, reads, state


class Parameters(NamedTuple):
    residence_time: Array = param(1.5, "d", "mean residence time of the pool (1/k_loss)", source="olson-2002-k1-turnover", low=0.5, high=5)
    person_basal: Array = param(1.0, "1", "effect of the person on the basal supply (xi)", source="assumed: 1 in the reference person", low=0.2, high=5)
    basal_factor: Array = param(1.0, "1", "factor on the basal supply in disease (m_basal)", source="assumed: 1 without kidney disease", low=0.5, high=1)
    delivery_factor: Array = param(1.0, "1", "factor on delivery from plasma in disease (m_delivery)", source="assumed: 1 without kidney disease", low=0.4, high=1)
    basal_mk4: Array = param(0.15, "1", "share of the basal supply that is MK-4", source="assumed: as the converted share of a dose; no row measures it", low=0, high=1)
    quinone_share: Array = param(0.88, "1", "healthy share of quinone (w_K)", source="assumed: epoxide then rises at most 17-fold", low=0.5, high=0.95)
    hydroquinone_share: Array = param(0.06, "1", "healthy share of hydroquinone (w_H)", source="assumed: half of what is not quinone", low=0.01, high=0.3)
    epoxide_share: Array = param(0.06, "1", "healthy share of epoxide (w_KO)", source="assumed: half of what is not quinone", low=0.01, high=0.3)
    bypass: Array = param(0.4, "1", "share of quinone reduction that no antagonist reaches (b)", source="rishavy-2018-k-substrate-inhibition", low=0, high=1)
    escape: Array = param(6e-5, "1", "loss of a species relative to its turnover in the cycle (e)", source="assumed: 1000 cycles per molecule; at least 500", low=1e-5, high=2e-4)


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
