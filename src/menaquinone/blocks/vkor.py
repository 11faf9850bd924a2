"""Inhibition of VKOR by antagonists: how much drug a person's VKOR feels, and how much of it that leaves active.

Sensitivity is stated as it is measured, as the plasma level of S-warfarin that halves the production of clotting factors
(the apparent IC50; it belongs to one link from factors to INR and to no other). The cycle amplifies what happens at
VKOR, so the enzyme's own IC50 is a small share of it, ``ic50_ratio``, the same in every tissue unless its VKOR is
resistant. Inhibition depends on the plasma of the moment and binds no vitamin K: nothing feeds back.
"""

from typing import NamedTuple

import numpy as np

from menaquinone.declare import Array, Block, output, param, reads


class SensitivityParameters(NamedTuple):
    ic50_gg: Array = param(0.104, "mg/L", "S-warfarin that halves production of clotting factors, VKORC1 GG", source="assumed: goes with the default link to INR", low=0.02, high=0.5)
    ic50_ga: Array = param(0.076, "mg/L", "the same, VKORC1 GA", source="assumed: goes with the default link to INR", low=0.02, high=0.5)
    ic50_aa: Array = param(0.050, "mg/L", "the same, VKORC1 AA", source="assumed: goes with the default link to INR", low=0.02, high=0.5)
    vkorc1_a: Array = param(0.0, "1", "number of alleles -1639A of VKORC1 (0, 1 or 2)", source="assumed: GG unless a genotype is set", low=0, high=2)
    cyp4f2_factor: Array = param(1.3, "1", "factor of CYP4F2*3 on the level that halves production", source="ohara-2014-ic50-4f2-ratio", low=1, high=1.6)
    cyp4f2_carrier: Array = param(0.0, "1", "whether an allele CYP4F2*3 is carried (0 or 1)", source="assumed: none unless a genotype is set", low=0, high=1)
    person_ic50: Array = param(1.0, "1", "factor of the person on the level that halves production", source="assumed: 1 in the reference person", low=0.3, high=3)
    s_potency: Array = param(1.0, "1", "potency of the S enantiomer by weight, relative to S-warfarin", source="assumed: S-warfarin is the measure", low=0, high=20)
    r_potency: Array = param(0.0, "1", "potency of the R enantiomer by weight, relative to S-warfarin", source="assumed: none unless a member says otherwise", low=0, high=20)


class SensitivityInputs(NamedTuple):
    s_concentration: Array = reads("mg/L", "plasma concentration of the S enantiomer")
    r_concentration: Array = reads("mg/L", "plasma concentration of the R enantiomer")


class SensitivityOutputs(NamedTuple):
    antagonism: Array = output("1", "antagonist in plasma, relative to what halves production of clotting factors", shown=False)


def genotype_ic50(p):
    # a curve through the three genotypes on the log scale: exact at 0, 1 and 2 alleles, and positive in between
    one, two = p.vkorc1_a * (2 - p.vkorc1_a), p.vkorc1_a * (p.vkorc1_a - 1) / 2
    return p.ic50_gg * np.exp(one * np.log(p.ic50_ga / p.ic50_gg) + two * np.log(p.ic50_aa / p.ic50_gg))


def antagonism(p, x, u):
    ic50 = genotype_ic50(p) * (1 + p.cyp4f2_carrier * (p.cyp4f2_factor - 1)) * p.person_ic50
    return SensitivityOutputs(antagonism=(p.s_potency * u.s_concentration + p.r_potency * u.r_concentration) / ic50)


SENSITIVITY = Block("sensitivity", SensitivityParameters, Inputs=SensitivityInputs, Outputs=SensitivityOutputs, outputs=antagonism, over="antagonist")


class Parameters(NamedTuple):
    ic50_ratio: Array = param(0.005441, "1", "IC50 at VKOR, relative to the level that halves production of clotting factors", source="assumed: solved so that the default cycle leaves a quarter of production at three times that level", low=1e-3, high=0.1)
    resistance: Array = param(1.0, "1", "IC50 at the VKOR of the tissue, relative to that of the liver", source="assumed: the same enzyme everywhere; the resistant VKORC1L1 of other tissues is known from cells alone", low=0.5, high=50)


class Inputs(NamedTuple):
    antagonism: Array = reads("1", "antagonists in plasma, relative to what halves production", sum_over="antagonist")


class Outputs(NamedTuple):
    vkor_activity: Array = output("1", "share of VKOR that is active (a)", shown=False)


def inhibited(p, x, u):
    return Outputs(vkor_activity=1 / (1 + u.antagonism / (p.ic50_ratio * p.resistance)))


INHIBITED_VKOR = Block("inhibited_vkor", Parameters, Inputs=Inputs, Outputs=Outputs, outputs=inhibited, over="tissue")
"""Mass action alone: vitamin K opposes an antagonist only by being more."""


class CompetitorParameters(NamedTuple):
    competing_level: Array = param(28.0, "nmol/L", "plasma level of the form that doubles the antagonist's IC50 (Kc)", source="assumed: no row; a multiple of the level that delivers a supply to the liver", low=1, high=1000)


class CompetitorInputs(NamedTuple):
    plasma_concentration: Array = reads("nmol/L", "plasma concentration of the form")


class CompetitorOutputs(NamedTuple):
    competing: Array = output("1", "vitamin K that competes at VKOR, relative to what doubles the antagonist's IC50", shown=False)


def compete(p, x, u):
    return CompetitorOutputs(competing=u.plasma_concentration / p.competing_level)


COMPETITION = Block("competition", CompetitorParameters, Inputs=CompetitorInputs, Outputs=CompetitorOutputs, outputs=compete, over="form")


class CompetedInputs(NamedTuple):
    antagonism: Array = reads("1", "antagonists in plasma, relative to what halves production", sum_over="antagonist")
    competing: Array = reads("1", "vitamin K that competes at VKOR", sum_over="form")


def competed(p, x, u):
    return Outputs(vkor_activity=1 / (1 + u.antagonism / (p.ic50_ratio * p.resistance * (1 + u.competing))))


COMPETED_VKOR = Block("competed_vkor", Parameters, Inputs=CompetedInputs, Outputs=Outputs, outputs=competed, over="tissue")
"""Variant: vitamin K in plasma also competes with the antagonist. It counts the effect of vitamin K twice unless the
levels that supply the liver are fitted again with it."""
