"""People on a long-standing drug whose dose holds each of them at a target: what a clinic does, at rest."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from menaquinone.errors import InputError, refused
from menaquinone.inputs.population import Population
from menaquinone.inputs.safety import unsaid
from menaquinone.model import Model
from menaquinone.studies.predict import trimmed
from menaquinone.units import magnitude

MARK = "INR "
"""What a target begins with, ``INR 2.5``; anything else is a daily dose."""
LOWEST, HIGHEST = 0.02, 200.0
"""mg/d that are tried."""
_HALVINGS = 26
"""Of the interval of ln dose: to a relative 1e-7 of the dose."""


def taking(people: Population, drugs: Mapping[str, Any], model: Model) -> Population:
    """Return people as long-standing users, at a daily dose or at the one that holds each of them at an INR.

    Parameters
    ----------
    people
        Anybody.
    drugs
        By antagonist: a daily dose as for :meth:`Population.taking`, or ``"INR 2.5"``.
    model
        With these antagonists; it finds the doses.

    Raises
    ------
    InputError
        If a target is no number above 1, or no dose from 0.02 to 200 mg/d holds somebody at it.
    UnknownNameError
        If there is no such antagonist.
    """
    for name, wanted in drugs.items():
        if isinstance(wanted, str) and wanted.startswith(MARK):
            people = holding(people, name, target(wanted, f"INR on {name}"), model)
        else:
            people = people.taking({name: wanted})
    return people


def target(wanted: str, what: str) -> float:
    """Return the INR of ``"INR 2.5"``.

    Raises
    ------
    InputError
        If it is not a number above 1.
    """
    found = magnitude(wanted.removeprefix(MARK), "1", what)
    if found <= 1:
        raise refused(what, wanted, "an INR above 1 such as 'INR 2.5'")
    return found


def holding(people: Population, drug: str, inr: float, model: Model) -> Population:
    """Return people each on the daily dose that holds them at an INR, at rest on their diet.

    Parameters
    ----------
    people
        Their genotypes, diet and random effects decide how much they need.
    drug
        Name of the antagonist.
    inr
        Above 1.
    model
        With this antagonist.

    Raises
    ------
    InputError
        If no dose from 0.02 to 200 mg/d holds somebody at it.
    """
    needed = trimmed(model, ["inr"])
    low, high = (np.full(people.n, np.log(edge)) for edge in (LOWEST, HIGHEST))
    if (_at_rest(people, drug, np.exp(high), needed) < inr).any():
        raise InputError(f"INR on {drug}: got {inr:g}, expected one that {HIGHEST:g} mg/d can hold everybody at.")
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = _at_rest(people, drug, np.exp(middle), needed) > inr
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return people.taking({drug: np.exp((low + high) / 2)})


def _at_rest(people: Population, drug: str, doses: np.ndarray, model: Model) -> np.ndarray:
    from menaquinone.solve import simulate

    with unsaid():
        found = simulate(model, people.taking({drug: doses}), times=[0.0], outputs=["inr"], rtol=1e-6)
    return np.asarray(found["inr"].values[:, 0])


__all__ = ["HIGHEST", "LOWEST", "MARK", "holding", "taking", "target"]
