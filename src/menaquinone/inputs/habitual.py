"""A diet as what people habitually eat: what is on each person's plate, and how much of it is an intake of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from menaquinone.catalogue.diets import COUNTED
from menaquinone.catalogue.foods import FOODS
from menaquinone.declare import source_ids
from menaquinone.errors import refused
from menaquinone.inputs.diet import Diet
from menaquinone.inputs.draws import lognormal
from menaquinone.inputs.records import DoseRecord, Regimen
from menaquinone.units import HOURS_PER_DAY, magnitude


@dataclass(frozen=True)
class Habitual:
    """Habitual intake of one form.

    Attributes
    ----------
    eaten : ndarray (n,)
        ug/d on the plate.
    counted : ndarray (n,)
        ug/d that the model takes: what the matrix leaves of it, beyond what the basal supply holds already.
    source
        Ids of the rows, or ``assumed: why``.
    """

    eaten: np.ndarray
    counted: np.ndarray
    source: str


def habitual(eaten: Diet, seed: int, ids: np.ndarray) -> dict[str, Habitual]:
    """Return what each person habitually eats of each form.

    Parameters
    ----------
    eaten
        A diet without portions, start and end.
    seed, ids
        That the draws of persons depend on. Whoever eats much of a form in one population does so in all.

    Raises
    ------
    InputError
        If a food is eaten in portions and not day after day, or from or until some day.
    """
    for one in eaten.parts:
        if not one.daily:
            raise refused(
                "habitual diet", f"a portion of {one.food}", f"an amount per day such as {{'{one.food}': '50 g/d'}}"
            )
    if any(isinstance(one, DoseRecord) and (one.doses or one.time >= HOURS_PER_DAY) for one in eaten.records):
        raise refused("habitual diet", "one that starts or ends", "a diet without `start` and `until`")
    found = {}
    for form in eaten.intake:
        some = [one for one in eaten.parts if one.form == form]
        plate, counted = np.zeros(len(ids)), np.zeros(len(ids))
        for one in some:
            person = lognormal(one.spread, seed, f"diet[{form}]", ids) * np.exp(-(one.spread**2) / 2)
            plate += one.amount * person
            counted += one.absorbed * person
        held = COUNTED[form].value if form in COUNTED else 0.0
        rows = " ".join(dict.fromkeys(row for one in some for row in source_ids(one.source)))
        found[form] = Habitual(plate, np.maximum(counted - held, 0.0), rows or "assumed: no row, see the diet")
    return found


def intakes(by_form: Any, n: int) -> dict[str, np.ndarray]:
    """Return intakes that are given by form, (n,) each, in ug/d.

    Parameters
    ----------
    by_form
        A number in ug/d, a quantity, or one number for each person.
    n
        People.

    Raises
    ------
    InputError
        If it is no mapping, names a food, or an intake has the wrong dimension or shape.
    """
    if isinstance(by_form, Regimen):
        raise refused("habitual diet", "a regimen", "a diet such as mk.diet('Netherlands'); doses belong to a run")
    if not isinstance(by_form, Mapping):
        raise refused("habitual diet", by_form, "a diet such as mk.diet('Netherlands'), or ug/d by form")
    found = {}
    for name, amount in by_form.items():
        if name in FOODS:
            raise refused("form in a habitual diet", name, f"a form; mk.diet({{'{name}': '50 g/d'}}) is for foods")
        found[name] = per_person(amount, "ug/d", f"intake of {name}", n)
    return found


def per_person(amount: Any, unit: str, what: str, n: int) -> np.ndarray:
    """Return an amount per time for each of n people, (n,).

    Parameters
    ----------
    amount
        A quantity, a number in ``unit``, or one number for each person.
    unit, what
        The unit to return it in, and what it is, for errors.
    n
        People.

    Raises
    ------
    InputError
        If it is no number, or has the wrong dimension or shape.
    """
    if isinstance(amount, str) or hasattr(amount, "units"):
        amount = magnitude(amount, unit, what)
    try:
        numbers = np.asarray(amount, float)
    except (TypeError, ValueError):
        raise refused(what, amount, f"a quantity, a number in {unit} or one for each person") from None
    if numbers.shape not in ((), (1,), (n,)):
        raise refused(f"shape of the {what}", numbers.shape, f"one number, or one for each of {n} people")
    return np.array(np.broadcast_to(numbers, (n,)))


__all__ = ["Habitual", "habitual", "intakes", "per_person"]
