"""From carboxylated clotting factors to INR: activity of each factor, and two links from activity to INR.

A factor's activity is its carboxylated protein relative to the reference person's. A link says with which weights
factors enter, and how their joint activity becomes an INR. Each link goes with the antagonist levels that were
fitted through it; never mix links and levels. Nothing reads INR: what a doctor does about it is a dosing rule.
"""

from typing import NamedTuple

import numpy as np

from menaquinone.declare import Array, Block, output, param, reads


class FactorParameters(NamedTuple):
    carboxylated_reference: Array = param(0.91, "1", "carboxylated share of the factor in the reference person (1 - u0)", source="assumed: u0 of clotting factors is 0.09", low=0.8, high=0.98)
    weight: Array = param(0.0, "1", "weight of the factor in the joint activity that a link reads", source="assumed: none unless the link says otherwise", low=0, high=1)


class FactorInputs(NamedTuple):
    carboxylated: Array = reads("1", "carboxylated protein in plasma")


class FactorOutputs(NamedTuple):
    factor_activity: Array = output("1", "activity of the clotting factor, relative to the reference person")
    weighted_log: Array = output("1", "weight times logarithm of the activity", shown=False)


def activity(p, x, u):
    found = u.carboxylated / p.carboxylated_reference
    return FactorOutputs(factor_activity=found, weighted_log=p.weight * np.log(np.maximum(found, 1e-9)))


FACTORS = Block("factors", FactorParameters, Inputs=FactorInputs, Outputs=FactorOutputs, outputs=activity, over="factor")


class LinkInputs(NamedTuple):
    weighted_log: Array = reads("1", "logarithm of the joint activity", sum_over="factor")


class LinkOutputs(NamedTuple):
    inr: Array = output("1", "international normalised ratio (a research output, not a dosing tool)")


class ComplexParameters(NamedTuple):
    cubic: Array = param(113.2, "1", "coefficient of 1/INR^3 in the activity of the prothrombin complex (%)", source="medalg-pca40 medalg-pca30 medalg-pca25 medalg-pca20 medalg-pca15 medalg-pca10", low=100, high=130)
    square: Array = param(69.92, "1", "minus the coefficient of 1/INR^2", source="medalg-pca40 medalg-pca30 medalg-pca25 medalg-pca20 medalg-pca15 medalg-pca10", low=60, high=75)
    linear: Array = param(57.48, "1", "coefficient of 1/INR", source="medalg-pca40 medalg-pca30 medalg-pca25 medalg-pca20 medalg-pca15 medalg-pca10", low=50, high=65)
    constant: Array = param(0.765, "1", "minus the constant", source="medalg-pca40 medalg-pca30 medalg-pca25 medalg-pca20 medalg-pca15 medalg-pca10", low=0.5, high=1)


def prothrombin_complex(p, x, u):
    # y = 1/INR solves cubic y^3 - square y^2 + linear y - constant = activity, which rises throughout: one real root
    centre = p.square / (3 * p.cubic)
    slope  = (p.linear - p.square * centre) / p.cubic
    excess = (100 * np.exp(u.weighted_log) + p.constant + 2 * p.cubic * centre**3 - p.linear * centre) / p.cubic
    ratio  = 1.5 * excess / slope * np.sqrt(3 / slope)
    third  = np.log(ratio + np.sqrt(ratio**2 + 1)) / 3
    return LinkOutputs(inr=1 / (centre + np.sqrt(slope / 3) * (np.exp(third) - np.exp(-third))))


PROTHROMBIN_COMPLEX = Block("prothrombin_complex", ComplexParameters, Inputs=LinkInputs, Outputs=LinkOutputs, outputs=prothrombin_complex)
"""Default link: the activity of the prothrombin complex (II, VII, X), inverted in closed form."""


class ProthrombinParameters(NamedTuple):
    inr_baseline: Array = param(1.05, "1", "INR without an antagonist (INR0)", source="ohara-2014-inr0", low=0.9, high=1.2)
    inr_increment: Array = param(5.0, "1", "largest rise of INR", source="ohara-2014-inrmax", low=2, high=20)
    exponent: Array = param(3.48, "1", "exponent of the lost activity", source="ohara-2014-lambda", low=3, high=4)


def ohara_2014(p, x, u):
    lost = np.maximum(0.0, 1 - np.exp(u.weighted_log))
    return LinkOutputs(inr=p.inr_baseline + p.inr_increment * lost**p.exponent)


OHARA_2014 = Block("ohara_2014", ProthrombinParameters, Inputs=LinkInputs, Outputs=LinkOutputs, outputs=ohara_2014)
"""Variant: prothrombin alone, as in Ohara 2014."""
