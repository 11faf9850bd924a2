"""Pulse wave velocity of one arterial bed, after Moens and Korteweg: it goes with the root of the wall's modulus.

Stiffness changes neither calcium nor carboxylation here; both effects on it hold 0 inside their priors.
"""

from typing import NamedTuple

import numpy as np

from menaquinone.declare import Array, Block, covariate, output, param, reads, state


class Parameters(NamedTuple):
    pwv_entry: Array = param(9.8, "m/s", "pulse wave velocity at entry (pwv_0)", source="knapen-2015-cfpwv-baseline-mk7 knapen-2015-cfpwv-baseline-placebo", low=4, high=20)
    pwv_drift: Array = param(0.04, "m/s/a", "natural rise", source="vobarno-pwv-change-5y", low=0, high=0.1)
    calcium_effect: Array = param(0.067, "1", "rise of the modulus per 1000 AU of thoracic calcium (q), half-normal(0.1) prior", source="assumed: the prior's median; not identified", low=0, high=0.3)
    calcium_unit: Array = param(1000.0, "AU", "scores are counted in thousands", source="assumed: by definition", low=1000, high=1000)
    carboxylation_effect: Array = param(0.0, "m/s", "effect of the carboxylated share on velocity (theta), normal(0, 3) prior", source="assumed: the prior's mean", low=-6, high=6)
    response_time: Array = param(0.1, "a", "time constant of that effect (tau)", source="assumed: no row", low=0.02, high=1)


class State(NamedTuple):
    wall_effect: Array = state("m/s", "change of velocity through carboxylation (y)", start=0.0)


class Inputs(NamedTuple):
    agatston: Array = reads("AU", "thoracic calcium score")
    agatston_entry: Array = reads("AU", "thoracic calcium score at entry", of="agatston", at_entry=True)
    carboxylated_share: Array = reads("1", "share of MGP carboxylated in the vessel wall")
    carboxylated_share_entry: Array = reads("1", "that share at entry", of="carboxylated_share", at_entry=True)
    age: Array = covariate("h", "age")
    age_entry: Array = covariate("h", "age at entry", of="age", at_entry=True)


class Outputs(NamedTuple):
    pwv: Array = output("m/s", "carotid-femoral pulse wave velocity")


def rates(p, x, u):
    change = p.carboxylation_effect * (u.carboxylated_share - u.carboxylated_share_entry)
    return State(wall_effect=(change - x.wall_effect) / p.response_time)


def outputs(p, x, u):
    aged      = 2 * p.pwv_drift * (u.age - u.age_entry) / p.pwv_entry
    calcified = p.calcium_effect * (u.agatston - u.agatston_entry) / p.calcium_unit
    return Outputs(pwv=p.pwv_entry * np.sqrt(1 + aged + calcified) + x.wall_effect)


STIFFNESS = Block("stiffness", Parameters, State, rates, Inputs, Outputs, outputs)
