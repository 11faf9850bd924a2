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
from menaquinone.units import magnitude


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
        A diet without portions.
    seed, ids
        That the draws of persons depend on. Whoever eats much of a form in one population does so in all.

    Raises
    ------
    InputError
        If a food is eaten in portions and not day after day.
    """
    for one in eaten.parts:
        if not one.daily:
            raise refused(
                "habitual diet", f"a portion of {one.food}", f"an amount per day such as {{'{one.food}': '50 g/d'}}"
            )
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
    if not isinstance(by_form, Mapping):
        raise refused("habitual diet", by_form, "a diet such as mk.diet('Netherlands'), or ug/d by form")
    found = {}
    for name, amount in by_form.items():
        if name in FOODS:
            raise refused("form in a habitual diet", name, f"a form; mk.diet({{'{name}': '50 g/d'}}) is for foods")
        quantity = isinstance(amount, str) or hasattr(amount, "units")
        numbers = np.asarray(magnitude(amount, "ug/d", f"intake of {name}") if quantity else amount, float)
        if numbers.shape not in ((), (1,), (n,)):
            raise refused(f"shape of the intake of {name}", numbers.shape, f"one number, or one for each of {n} people")
        found[name] = np.array(np.broadcast_to(numbers, (n,)))
    return found


__all__ = ["Habitual", "habitual", "intakes"]
