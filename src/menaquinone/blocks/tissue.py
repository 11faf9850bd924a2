"""Delivery of each form to each tissue, and the slow pool of vitamin K that a tissue holds.

Everything is relative to the untreated healthy person (supply 1, pool 1). A form's reference level is the plasma
concentration that, held, delivers one healthy supply. The pool does the averaging over hours; it takes nothing out of
plasma because plasma clearance already counts the uptake.
"""

from typing import NamedTuple

import numpy as np

from menaquinone.declare import Array, Block, output, param, reads, state


class DeliveryParameters(NamedTuple):
    reference_level: Array = param(18.1, "nmol/L", "plasma level that delivers one healthy supply (C0)", source="assumed: as MK-7 to the vessel wall", low=1, high=60)
    saturation_level: Array = param(float("inf"), "nmol/L", "plasma level at half-saturated delivery (Csat); infinite where delivery is linear", source="assumed: linear unless a member says otherwise", low=20, high=200)
    reference_plasma: Array = param(0.0, "nmol/L", "plasma level of the reference person", source="assumed: below detection", low=0, high=2)
    arrives_as_mk4: Array = param(0.0, "1", "share of the delivered vitamin that is MK-4 on arrival", source="assumed: by definition 1 for MK-4 and 0 for others", low=0, high=1)
    converted: Array = param(0.15, "1", "share of an oral dose that reaches the tissue as MK-4 (UBIAD1)", source="thijssen-2006-menadione-catabolized", low=0, high=0.25)


class DeliveryInputs(NamedTuple):
    plasma_concentration: Array = reads("nmol/L", "plasma concentration of the form")
    absorbed_level: Array = reads("nmol/L", "plasma concentration that the present absorption would hold")


class DeliveryOutputs(NamedTuple):
    delivered: Array = output("1", "supply from plasma", shown=False)
    reference_delivered: Array = output("1", "supply from plasma in the reference person", shown=False)
    delivered_mk4: Array = output("1", "supply that arrives as MK-4 or is converted to it", shown=False)


def deliver(p, x, u):
    delivered = u.plasma_concentration / (1 + u.plasma_concentration / p.saturation_level) / p.reference_level
    return DeliveryOutputs(
        delivered=delivered,
        reference_delivered=p.reference_plasma / (1 + p.reference_plasma / p.saturation_level) / p.reference_level,
        delivered_mk4=p.arrives_as_mk4 * delivered + p.converted * u.absorbed_level / p.reference_level,
    )


DELIVERY = Block("delivery", DeliveryParameters, Inputs=DeliveryInputs, Outputs=DeliveryOutputs, outputs=deliver, over=("tissue", "form"))


class Parameters(NamedTuple):
    residence_time: Array = param(1.5, "d", "mean residence time of the pool (1/k_loss)", source="olson-2002-k1-turnover", low=0.5, high=5)
    person_basal: Array = param(1.0, "1", "effect of the person on the basal supply (xi)", source="assumed: 1 in the reference person", low=0.2, high=5)
    basal_factor: Array = param(1.0, "1", "factor on the basal supply in disease (m_basal)", source="assumed: 1 without kidney disease", low=0.5, high=1)
    delivery_factor: Array = param(1.0, "1", "factor on delivery from plasma in disease (m_delivery)", source="assumed: 1 without kidney disease", low=0.4, high=1)
    basal_mk4: Array = param(0.15, "1", "share of the basal supply that is MK-4", source="assumed: as the converted share of a dose; no row measures it", low=0, high=1)


class State(NamedTuple):
    pool: Array = state("1", "quinone, hydroquinone and epoxide together (T)")
    mk4_pool: Array = state("1", "part of the pool that is MK-4")


class Inputs(NamedTuple):
    delivered: Array = reads("1", "supply from plasma", sum_over="form")
    reference_delivered: Array = reads("1", "supply from plasma in the reference person", sum_over="form")
    delivered_mk4: Array = reads("1", "supply that arrives as MK-4", sum_over="form")


class Outputs(NamedTuple):
    tissue_vitamin_k: Array = output("1", "vitamin K in the tissue, relative to the healthy value")
    mk4_share: Array = output("1", "share of the tissue's vitamin K that is MK-4 (assumed size)")


def rates(p, x, u):
    basal      = p.person_basal * p.basal_factor * (1 - u.reference_delivered)
    supply     = basal + p.delivery_factor * u.delivered
    supply_mk4 = p.basal_mk4 * basal + p.delivery_factor * u.delivered_mk4
    return State(
        pool     = (supply - x.pool) / p.residence_time,
        mk4_pool = (supply_mk4 - x.mk4_pool) / p.residence_time,
    )


def outputs(p, x, u):
    # Conversion follows absorption, plasma only later: after many mg of a long chain the label runs ahead of the pool.
    return Outputs(tissue_vitamin_k=x.pool, mk4_share=x.mk4_pool / np.maximum(x.pool, x.mk4_pool))


TISSUE = Block("tissue", Parameters, State, rates, Inputs, Outputs, outputs, over="tissue")
