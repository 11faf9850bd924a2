"""Oral, intravenous and intramuscular pharmacokinetics of one form of vitamin K.

A chain of transit depots (lymph, chylomicrons; an Erlang distribution of absorption times) feeds two compartments.
A form with an n-depot chain receives its dose n depots before the end. Clearance counts everything that leaves plasma
for good, uptake by tissues included: that is why nothing downstream takes vitamin K from here again.
"""

from typing import NamedTuple

from menaquinone.declare import Array, Block, output, param, state


class Parameters(NamedTuple):
    depots: Array = param(3.0, "1", "depots in the absorption chain of the form (n)", source="assumed: shape of the rise", low=1, high=5)
    absorption_time: Array = param(4.0, "h", "mean absorption time (n/ktr)", source="assumed: as MK-7 from food", low=1, high=12)
    bioavailability: Array = param(1.0, "1", "fraction of an oral dose that reaches the depots (F)", source="assumed: by definition, apparent", low=0.02, high=1)
    muscle_time: Array = param(9.2, "h", "mean time from an intramuscular depot to plasma", source="drugbank-k1-im-tmax", low=2, high=24)
    muscle_bioavailability: Array = param(0.7, "1", "fraction of an intramuscular dose that reaches plasma", source="assumed: middle of the 0.5-0.9 reported for K1", low=0.2, high=1)
    clearance: Array = param(1.1, "L/h", "plasma clearance (CL)", source="assumed: as MK-7", low=0.3, high=8)
    central_volume: Array = param(15.0, "L", "central volume (Vc)", source="assumed: as MK-7", low=2, high=60)
    exchange: Array = param(0.84, "L/h", "intercompartmental clearance (Q)", source="assumed: as MK-7", low=0.1, high=5)
    peripheral_volume: Array = param(44.0, "L", "peripheral volume (Vp)", source="assumed: as MK-7", low=5, high=150)


class State(NamedTuple):
    transit_1: Array = state("nmol", "amount in the first depot")
    transit_2: Array = state("nmol", "amount in the second depot")
    transit_3: Array = state("nmol", "amount in the third depot")
    transit_4: Array = state("nmol", "amount in the fourth depot")
    transit_5: Array = state("nmol", "amount in the last depot")
    muscle: Array = state("nmol", "amount in the intramuscular depot")
    central: Array = state("nmol", "amount in the central compartment")
    peripheral: Array = state("nmol", "amount in the peripheral compartment")


class Outputs(NamedTuple):
    plasma_concentration: Array = output("nmol/L", "plasma concentration of the form")
    absorbed_level: Array = output("nmol/L", "plasma concentration that the present absorption from the gut would hold", shown=False)


def rates(p, x, u):
    transfer   = p.depots / p.absorption_time
    absorbed   = transfer * x.transit_5
    injected   = x.muscle / p.muscle_time
    eliminated = p.clearance * x.central / p.central_volume
    exchanged  = p.exchange * (x.central / p.central_volume - x.peripheral / p.peripheral_volume)
    return State(
        transit_1  = -transfer * x.transit_1,
        transit_2  = transfer * (x.transit_1 - x.transit_2),
        transit_3  = transfer * (x.transit_2 - x.transit_3),
        transit_4  = transfer * (x.transit_3 - x.transit_4),
        transit_5  = transfer * (x.transit_4 - x.transit_5),
        muscle     = -injected,
        central    = absorbed + injected - eliminated - exchanged,
        peripheral = exchanged,
    )


def outputs(p, x, u):
    return Outputs(
        plasma_concentration=x.central / p.central_volume,
        absorbed_level=p.depots / p.absorption_time * x.transit_5 / p.clearance,
    )


ORAL_PK = Block("oral_pk", Parameters, State, rates, Outputs=Outputs, outputs=outputs, over="form")
