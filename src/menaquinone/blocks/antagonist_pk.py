"""Pharmacokinetics of an oral antagonist that is given as a racemate: one gut depot, two enantiomers in plasma.

A tablet enters the depot whole and is absorbed whole, so a missed tablet is missed by both enantiomers; on absorption it
splits into S and R, which leave plasma apart from one another. A drug taken for long is a constant input into the same
depot. Binding to VKOR takes too little drug out of plasma to be felt there: nothing feeds back.
"""

from typing import NamedTuple

from menaquinone.declare import Array, Block, covariate, output, param, state


class Parameters(NamedTuple):
    molar_mass: Array = param(3.08333e-4, "mg/nmol", "molar mass of the antagonist", source="assumed: as warfarin", low=1e-4, high=6e-4)
    bioavailability: Array = param(1.0, "1", "fraction of an oral dose that is absorbed (F)", source="assumed: by definition, clearance and volumes are apparent", low=0.2, high=1)
    absorption_rate: Array = param(2.0, "1/h", "absorption rate constant (ka)", source="hamberg-2007-s-ka", low=0.2, high=5)
    s_share: Array = param(0.5, "1", "share of a dose that is the S enantiomer", source="assumed: a racemate", low=0, high=1)
    s_allele_1: Array = param(0.174, "L/h", "clearance of S by each allele CYP2C9*1", source="hamberg-2010-s-cl-allele1", low=0.05, high=10)
    s_allele_2: Array = param(0.0879, "L/h", "clearance of S by each allele CYP2C9*2", source="hamberg-2010-s-cl-allele2", low=0.03, high=10)
    s_allele_3: Array = param(0.0422, "L/h", "clearance of S by each allele CYP2C9*3", source="hamberg-2010-s-cl-allele3", low=0.01, high=10)
    cyp2c9_2: Array = param(0.0, "1", "number of alleles CYP2C9*2", source="assumed: none unless a genotype is set", low=0, high=1)
    cyp2c9_3: Array = param(0.0, "1", "number of alleles CYP2C9*3", source="assumed: none unless a genotype is set", low=0, high=1)
    person_clearance: Array = param(1.0, "1", "factor of the person on the clearance of S", source="assumed: 1 in the reference person", low=0.3, high=3)
    s_volume: Array = param(14.3, "L", "volume of distribution of S", source="hamberg-2010-v", low=3, high=60)
    r_clearance: Array = param(0.139, "L/h", "clearance of R", source="hamberg-2007-r-cl", low=0.03, high=20)
    r_volume: Array = param(12.8, "L", "volume of distribution of R", source="hamberg-2007-r-v", low=3, high=60)
    s_ageing: Array = param(0.0057, "1/a", "share of the clearance of S that is lost with every year of age", source="assumed: belongs to the clearances by allele of Hamberg 2010, no row; hamberg-2007-s-cl-age prints 0.0091", low=0, high=0.02)
    r_ageing: Array = param(0.0098, "1/a", "the same of R", source="hamberg-2007-r-cl", low=0, high=0.02)
    stated_age: Array = param(71.0, "a", "age at which clearances are stated", source="hamberg-2007-s-cl-age", low=71, high=71)
    stated_weight: Array = param(70.0, "kg", "weight at which clearances and volumes are stated", source="assumed: by convention", low=70, high=70)
    size_exponent: Array = param(0.75, "1", "exponent of weight in clearances; volumes go with weight", source="assumed: by convention", low=0.5, high=1)


class State(NamedTuple):
    gut: Array = state("nmol", "amount in the gut, both enantiomers")
    s: Array = state("nmol", "amount of the S enantiomer in plasma")
    r: Array = state("nmol", "amount of the R enantiomer in plasma")


class Inputs(NamedTuple):
    habitual_drug: Array = covariate("mg/h", "intake of a drug that is taken for long")
    age: Array = covariate("h", "age at entry", at_entry=True)
    weight: Array = covariate("kg", "body weight at entry", at_entry=True)


class Outputs(NamedTuple):
    s_concentration: Array = output("mg/L", "plasma concentration of the antagonist's S enantiomer")
    r_concentration: Array = output("mg/L", "plasma concentration of the antagonist's R enantiomer")


def size(p, u):
    return u.weight / p.stated_weight


def s_clearance(p, u):
    by_genotype = (2 - p.cyp2c9_2 - p.cyp2c9_3) * p.s_allele_1 + p.cyp2c9_2 * p.s_allele_2 + p.cyp2c9_3 * p.s_allele_3
    return by_genotype * p.person_clearance * size(p, u) ** p.size_exponent * (1 - p.s_ageing * (u.age - p.stated_age))


def r_clearance(p, u):
    return p.r_clearance * size(p, u) ** p.size_exponent * (1 - p.r_ageing * (u.age - p.stated_age))


def rates(p, x, u):
    swallowed    = p.bioavailability * u.habitual_drug / p.molar_mass
    absorbed     = p.absorption_rate * x.gut
    s_eliminated = s_clearance(p, u) * x.s / (p.s_volume * size(p, u))
    r_eliminated = r_clearance(p, u) * x.r / (p.r_volume * size(p, u))
    return State(
        gut = swallowed - absorbed,
        s   = p.s_share * absorbed - s_eliminated,
        r   = (1 - p.s_share) * absorbed - r_eliminated,
    )


def outputs(p, x, u):
    return Outputs(
        s_concentration=p.molar_mass * x.s / (p.s_volume * size(p, u)),
        r_concentration=p.molar_mass * x.r / (p.r_volume * size(p, u)),
    )


ANTAGONIST_PK = Block("antagonist_pk", Parameters, State, rates, Inputs, Outputs, outputs, over="antagonist")
