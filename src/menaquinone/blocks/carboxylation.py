"""Carboxylation of one vitamin K dependent protein and its turnover in plasma.

Carboxylation takes seconds to minutes, secretion hours (sugiura-1997): the uncarboxylated share at secretion follows
hydroquinone at once. Amounts are relative to the protein that the reference person holds in all. Protein is a sink of
no vitamin K: the cycle gives the cofactor back, so nothing here feeds back on the tissue.
"""

from typing import NamedTuple

import numpy as np

from menaquinone.declare import Array, Block, covariate, output, param, reads, state


class Parameters(NamedTuple):
    u0: Array = param(0.25, "1", "uncarboxylated share at secretion in the healthy person", source="assumed: as MGP", low=0.05, high=0.6)
    synthesis: Array = param(1.0, "1", "synthesis, relative to the reference person", source="assumed: 1 in the reference person", low=0.3, high=3)
    k_out: Array = param(0.02, "1/h", "loss rate constant from plasma", source="assumed: as MGP", low=0.005, high=0.3)
    renal_slope: Array = param(0.0, "1/(mL/min/{1.73_m2})", "rise of ln(clearance of the uncarboxylated protein) with eGFR", source="assumed: none unless a member says otherwise", low=0, high=0.03)
    reference_egfr: Array = param(90.0, "mL/min/{1.73_m2}", "eGFR at which k_out holds", source="assumed: healthy kidneys", low=60, high=120)


class State(NamedTuple):
    uncarboxylated: Array = state("1", "uncarboxylated protein in plasma (U)")
    carboxylated: Array = state("1", "carboxylated protein in plasma (C)")


class Inputs(NamedTuple):
    hydroquinone: Array = reads("1", "hydroquinone open to GGCX in the tissue that makes the protein")
    egfr: Array = covariate("mL/min/{1.73_m2}", "estimated glomerular filtration rate")


class Outputs(NamedTuple):
    uncarboxylated: Array = output("1", "uncarboxylated protein, relative to all of it in the reference person", shown=False)
    carboxylated: Array = output("1", "carboxylated protein, relative to all of it in the reference person", shown=False)
    carboxylated_share: Array = output("1", "share carboxylated at secretion (f)")


def uncarboxylated_share(p, u):
    return 1 / (1 + u.hydroquinone * (1 - p.u0) / p.u0)


def rates(p, x, u):
    made    = p.k_out * p.synthesis
    share   = uncarboxylated_share(p, u)
    cleared = p.k_out * np.exp(p.renal_slope * (u.egfr - p.reference_egfr)) * x.uncarboxylated
    return State(
        uncarboxylated = made * share       - cleared,
        carboxylated   = made * (1 - share) - p.k_out * x.carboxylated,
    )


def outputs(p, x, u):
    return Outputs(x.uncarboxylated, x.carboxylated, 1 - uncarboxylated_share(p, u))


CARBOXYLATION = Block("carboxylation", Parameters, State, rates, Inputs, Outputs, outputs, over="protein")
