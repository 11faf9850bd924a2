"""What people bring to time 0, in closed form: plasma levels, carboxylation, markers and calcium scores at entry.

The numbers are those at which a simulation of the ready-made model starts, made from the same equations: the functions
of the blocks, at rest on the habitual diet. They are what a condition on a baseline is tested against, and what a
population's sources are compared with, before anything is solved. Antagonists that people take for long are left out.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from menaquinone.blocks import calcification, tissue
from menaquinone.blocks.carboxylation import CARBOXYLATION
from menaquinone.blocks.cycle import CYCLE, FREE_VKOR
from menaquinone.blocks.markers import MGP_MARKERS, OSTEOCALCIN_MARKERS, PROTHROMBIN_MARKERS
from menaquinone.blocks.oral_pk import ORAL_PK
from menaquinone.blocks.stiffness import STIFFNESS
from menaquinone.catalogue.forms import FORMS
from menaquinone.catalogue.proteins import PROTEINS
from menaquinone.catalogue.sites import SITES
from menaquinone.catalogue.tissues import TISSUES
from menaquinone.declare import Block, Value
from menaquinone.units import HOURS_PER_DAY, factor

Arrays = Mapping[str, np.ndarray]

_MARKERS = (("MGP", MGP_MARKERS), ("osteocalcin", OSTEOCALCIN_MARKERS), ("prothrombin", PROTHROMBIN_MARKERS))
MARKERS: Mapping[str, tuple[str, str]] = {
    name: (one.unit, one.meaning)
    for block in (*(block for _, block in _MARKERS), STIFFNESS)
    for name, one in block.offers.items()
    if one.shown
}
"""Markers at entry: unit and meaning by name."""
NAMES = (*MARKERS, *(f"plasma_concentration[{name}]" for name in FORMS), *(f"agatston[{site}]" for site in SITES))
"""Everything that :func:`at_entry` finds."""
UNMOVED = ("plasma_concentration", "pwv")
"""How the names of those begin that no antagonist moves."""


def unit(name: str) -> str:
    """Return the unit of one of :data:`NAMES`."""
    if name in MARKERS:
        return MARKERS[name][0]
    return "AU" if name.startswith("agatston") else "nmol/L"


class _People:
    """Parameters and covariates of people, in house units."""

    def __init__(self, columns: Arrays, factors: Arrays, values: Arrays) -> None:
        self.factors, self.values = factors, values
        self.age = columns["age"] * factor("a")
        self.egfr = columns["egfr"]

    def parameters(self, block: Block, given: Mapping[str, Value], label: str = "") -> Any:
        found = {}
        for name, declared in block.parameters.items():
            default = given.get(name, Value(declared.default, declared.unit, declared.source))
            found[name] = self.parameter(f"{name}[{label}]" if label else name, default, declared.unit)
        return block.Parameters(**found)

    def parameter(self, key: str, default: Value, unit: str) -> np.ndarray:
        """Return one parameter (n,); ``unit`` is the declared one, in which people have values of their own."""
        if key in self.values:
            found = self.values[key] * factor(unit)
        else:
            found = np.full(self.age.shape, default.value * factor(default.unit))
        return found * self.factors[key] if key in self.factors else found


def at_entry(columns: Arrays, factors: Arrays, values: Arrays, diet: Arrays) -> dict[str, np.ndarray]:
    """Return what holds at time 0 without drugs, by name.

    Parameters
    ----------
    columns
        Of the people, ``age`` (a) and ``egfr`` (mL/min/{1.73_m2}) among them.
    factors, values
        On parameters, and instead of them.
    diet
        Habitual intake by form, ug/d.

    Returns
    -------
    dict
        ``plasma_concentration[MK-7]`` (nmol/L) of every form, ``dp_ucmgp`` (pmol/L), ``ucoc`` (ug/L) and the other
        markers, ``agatston[coronary]`` (AU) of every site; each (n,).
    """
    people = _People(columns, factors, values)
    plasma = _plasma(people, diet)
    found = {f"plasma_concentration[{name}]": level for name, level in plasma.items()}
    shares = {}
    for name, block in _MARKERS:
        offered = _carboxylation(people, name, plasma)
        shares[name] = offered.carboxylated_share
        held = block.Inputs(**{one: getattr(offered, one) for one in block.inputs})
        read = block.outputs(people.parameters(block, {}), None, held)._asdict()
        found |= {name: one / factor(block.offers[name].unit) for name, one in read.items()}
    found["pwv"] = people.parameters(STIFFNESS, {}).pwv_entry / factor(STIFFNESS.offers["pwv"].unit)
    return found | {f"agatston[{site}]": _score(people, site, shares[one.protein]) for site, one in SITES.items()}


def hazard_to_entry(columns: Arrays, factors: Arrays, values: Arrays, diet: Arrays, site: str) -> np.ndarray:
    """Return the hazard (1) accumulated from birth to entry at a site by somebody of frailty 1.

    Parameters
    ----------
    columns, factors, values, diet
        As for :func:`at_entry`.
    site
        Its name.
    """
    plain = {name: one for name, one in factors.items() if name != f"frailty[{site}]"}
    whole = {name: one for name, one in values.items() if name != f"life_counted[{site}]"}
    people = _People(columns, plain, whole)
    share = _carboxylation(people, SITES[site].protein, _plasma(people, diet)).carboxylated_share
    return np.asarray(_hazard(people, site, _drive(people, site, share)).onset_hazard)


def _plasma(people: _People, diet: Arrays) -> dict[str, np.ndarray]:
    """Return what the diet holds in plasma: intake times absorption over clearance."""
    found = {}
    for name, form in FORMS.items():
        share, clearance = (
            people.parameter(f"{key}[{name}]", form.pk.values[key], ORAL_PK.parameters[key].unit)
            for key in ("bioavailability", "clearance")
        )
        eaten = diet.get(name, np.zeros(people.age.shape)) * 1e3 / form.molar_mass.value / HOURS_PER_DAY
        found[name] = eaten * share / clearance
    return found


def _carboxylation(people: _People, name: str, plasma: Arrays) -> Any:
    """Return what the carboxylation of a protein offers at rest."""
    record = PROTEINS[name]
    p = people.parameters(CARBOXYLATION, record.carboxylation.values, name)
    u = CARBOXYLATION.Inputs(hydroquinone=_hydroquinone(people, record.tissue, plasma), egfr=people.egfr)
    return CARBOXYLATION.outputs(p, _rest(CARBOXYLATION, p, u), u)


def _hydroquinone(people: _People, place: str, plasma: Arrays) -> np.ndarray:
    summed = {"delivered": 0.0, "reference_delivered": 0.0, "delivered_mk4": 0.0}
    for name, form in FORMS.items():
        given = {**form.delivery.get(place, {}), **TISSUES[place].delivery.get(name, {})}
        p = people.parameters(tissue.DELIVERY, given, f"{place}, {name}")
        u = tissue.DeliveryInputs(plasma_concentration=plasma[name], absorbed_level=np.zeros(people.age.shape))
        for key, one in tissue.DELIVERY.outputs(p, None, u)._asdict().items():
            summed[key] = summed[key] + one
    supply = tissue.Inputs(**summed)
    p = people.parameters(tissue.TISSUE, TISSUES[place].pool.values, place)
    pool = tissue.TISSUE.outputs(p, _rest(tissue.TISSUE, p, supply), supply).tissue_vitamin_k
    free = FREE_VKOR.outputs(None, None, None).vkor_activity
    p = people.parameters(CYCLE, TISSUES[place].cycle.values, place)
    return np.asarray(CYCLE.outputs(p, None, CYCLE.Inputs(tissue_vitamin_k=pool, vkor_activity=free)).hydroquinone)


def _rest(block: Block, p: Any, u: Any) -> Any:
    """Return the steady state of a block whose states do not act on one another: rates are straight lines."""
    names = list(block.states)
    at = [block.rates(p, block.State(**dict.fromkeys(names, level)), u) for level in (0.0, 1.0)]
    return block.State(**{one: getattr(at[0], one) / (getattr(at[0], one) - getattr(at[1], one)) for one in names})


def _start(block: Block) -> Callable[[Any, Any], Any]:
    assert block.start is not None
    return block.start


def _drive(people: _People, site: str, share: np.ndarray) -> Any:
    p = people.parameters(calcification.INHIBITION, SITES[site].inhibition.values, site)
    u = calcification.InhibitionInputs(carboxylated_share=share)
    return calcification.INHIBITION.outputs(p, None, u).calcification_drive


def _hazard(people: _People, site: str, drive: Any) -> Any:
    p = people.parameters(calcification.HAZARD, SITES[site].hazard.values, site)
    u = calcification.HazardInputs(calcification_drive=drive, age=people.age)
    return calcification.HAZARD.outputs(p, _start(calcification.HAZARD)(p, u), u)


def _score(people: _People, site: str, share: np.ndarray) -> np.ndarray:
    drive = _drive(people, site, share)
    hazard = _hazard(people, site, drive)
    u = calcification.Inputs(drive, hazard.onset_hazard, hazard.onset_slope, np.ones(people.age.shape))
    p = people.parameters(calcification.CALCIFICATION, SITES[site].calcification.values, site)
    return np.asarray(calcification.CALCIFICATION.outputs(p, _start(calcification.CALCIFICATION)(p, u), u).agatston)


__all__ = ["MARKERS", "NAMES", "UNMOVED", "at_entry", "hazard_to_entry", "unit"]
