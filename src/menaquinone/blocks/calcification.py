"""Calcification of one site: how much MGP holds it back, when the first deposit appears, and how deposits grow.

Onset is a hazard that a person accumulates over a life; growth is that of a surface, so the cube root of the score
rises linearly (exponent 2/3). Calcium changes neither MGP nor vitamin K here: human scans cannot identify such a
feedback, and the cell's turn to bone-like is reported as a share of the score instead.
"""

from typing import NamedTuple

import numpy as np

from menaquinone.declare import Array, Block, Onset, covariate, output, param, reads, state


class InhibitionParameters(NamedTuple):
    potency: Array = param(0.65, "1", "potency of carboxylated MGP (x), half-normal(1) prior that holds 0", source="assumed: near the prior's median", low=0, high=3)
    reference_share: Array = param(0.75, "1", "carboxylated share of MGP at which the drive is 1 (f_ref = 1 - u0)", source="assumed: from u0 of MGP", low=0.4, high=0.9)


class InhibitionInputs(NamedTuple):
    carboxylated_share: Array = reads("1", "share of MGP carboxylated in the vessel wall")


class InhibitionOutputs(NamedTuple):
    calcification_drive: Array = output("1", "drive to calcify, relative to the healthy vessel (Phi)", shown=False)


def inhibit(p, x, u):
    return InhibitionOutputs((1 + p.potency * p.reference_share) / (1 + p.potency * u.carboxylated_share))


INHIBITION = Block("inhibition", InhibitionParameters, Inputs=InhibitionInputs, Outputs=InhibitionOutputs, outputs=inhibit, over="site")


class HazardParameters(NamedTuple):
    incidence: Array = param(0.186, "1/a", "hazard of a first deposit at 60 years (lambda_60)", source="assumed: as the coronary arteries", low=0.005, high=0.6)
    age_slope: Array = param(0.14, "1/a", "rise of ln(hazard) with age", source="assumed: prevalence at 40 and 60 years", low=0.05, high=0.2)
    reference_age: Array = param(60.0, "a", "age at which the incidence holds", source="assumed: by definition", low=60, high=60)
    frailty: Array = param(1.0, "1", "the person's factor on the hazard (z), mean 1", source="assumed: Gamma(1, mean 1) between people", low=0.05, high=5)
    onset_factor: Array = param(1.0, "1", "risk factors on the hazard (S_onset)", source="assumed: 1 without risk factors", low=0.5, high=4)
    life_counted: Array = param(1.0, "1", "share of the life before entry that counts: 1, and 0 for who is known to enter without calcium", source="assumed: by definition", low=1, high=1)


class HazardState(NamedTuple):
    accumulated: Array = state("1", "hazard accumulated since birth (Lambda)")


class HazardInputs(NamedTuple):
    calcification_drive: Array = reads("1", "drive to calcify")
    age: Array = covariate("h", "age")


class HazardOutputs(NamedTuple):
    onset_hazard: Array = output("1", "hazard of a first deposit accumulated since birth", shown=False)
    onset_slope: Array = output("1/h", "rise of ln(hazard) with age", shown=False)


def hazard(p, x, u):
    rate = p.frailty * p.incidence * np.exp(p.age_slope * (u.age - p.reference_age)) * p.onset_factor * u.calcification_drive
    return HazardState(accumulated=rate)


def hazard_lived(p, u):
    """A life at today's covariates, diet and drive: the integral of the hazard from birth, e^(-0.14 age) at birth left out."""
    return HazardState(accumulated=p.life_counted * hazard(p, None, u).accumulated / p.age_slope)


def hazard_outputs(p, x, u):
    return HazardOutputs(onset_hazard=x.accumulated, onset_slope=p.age_slope)


HAZARD = Block("hazard", HazardParameters, HazardState, hazard, HazardInputs, HazardOutputs, hazard_outputs, over="site", start=hazard_lived)


class Parameters(NamedTuple):
    growth: Array = param(0.95, "1/a", "growth of a deposit (k), dimensionless size per year times three at exponent 2/3", source="assumed: as the coronary arteries", low=0.3, high=2)
    person_growth: Array = param(1.0, "1", "the person's factor on growth (eta)", source="assumed: log-normal between people", low=0.2, high=5)
    growth_factor: Array = param(1.0, "1", "risk factors on growth (S_growth)", source="assumed: 1 without risk factors", low=0.5, high=3)
    loss: Array = param(0.0, "1/a", "loss of mineral (rho)", source="assumed: 0 in humans, bound 0.06", low=0, high=0.06)
    exponent: Array = param(2 / 3, "1", "score exponent of growth (q): 2/3 is a surface", source="assumed: surface growth", low=0.5, high=0.8)
    onset_threshold: Array = param(0.6931, "1", "accumulated hazard at which the first deposit appears", source="assumed: median of the exponential draw", low=0.01, high=5)
    first_score: Array = param(1.0, "AU", "score of a deposit when it appears", source="assumed: by definition", low=1, high=1)
    entry_score: Array = param(-1.0, "AU", "score at entry where it is known; below 0 it is what a life at today's covariates has grown", source="assumed: by definition", low=-1, high=-1)
    bone_like_score: Array = param(100.0, "AU", "score at which half of the lesion's cells are bone-like", source="assumed: shape and size, no row", low=10, high=1000)


class State(NamedTuple):
    size: Array = state("1", "size of the deposit, (score / first score)^(1 - q)", start=0.0)


class Inputs(NamedTuple):
    calcification_drive: Array = reads("1", "drive to calcify")
    onset_hazard: Array = reads("1", "hazard accumulated since birth")
    onset_slope: Array = reads("1/h", "rise of ln(hazard) with age")
    growth_noise: Array = covariate("1", "this year's factor on growth")


class Outputs(NamedTuple):
    agatston: Array = output("AU", "calcium score, true value")
    bone_like: Array = output("1", "bone-like share of the lesion's cells (assumed shape)", shown=False)


def rates(p, x, u):
    grown = p.growth * p.person_growth * p.growth_factor * u.growth_noise * u.calcification_drive
    return State(size=(1 - p.exponent) * (grown - p.loss * x.size))


def lived(p, u):
    """A score that is known, else a life at today's drive: grown since the hazard reached the threshold, without year-to-year noise."""
    since = np.log(np.maximum(u.onset_hazard / p.onset_threshold, 1.0)) / u.onset_slope
    grown = (1 - p.exponent) * p.growth * p.person_growth * p.growth_factor * u.calcification_drive
    decay = (1 - p.exponent) * p.loss
    kept = np.exp(-decay * since)
    shrunk = np.where(decay > 0, -np.expm1(-decay * since) / np.where(decay > 0, decay, 1.0), since)
    over_a_life = np.where(u.onset_hazard >= p.onset_threshold, kept + grown * shrunk, 0.0)
    known = (np.maximum(p.entry_score, 0.0) / p.first_score) ** (1 - p.exponent)
    return State(size=np.where(p.entry_score >= 0, known, over_a_life))


def outputs(p, x, u):
    score = p.first_score * x.size ** (1 / (1 - p.exponent))
    return Outputs(agatston=score, bone_like=score / (score + p.bone_like_score))


CALCIFICATION = Block(
    "calcification", Parameters, State, rates, Inputs, Outputs, outputs, over="site",
    onset=Onset(when="onset_hazard", reaches="onset_threshold", then=State(size=1.0)), start=lived,
)  # fmt: skip
