"""Values of a column that a user hands in for people who are there: read, checked and labelled."""

from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.catalogue.genes import GENES
from menaquinone.errors import listed, refused, unknown
from menaquinone.inputs.columns import Column, limits
from menaquinone.inputs.conditions import code_of
from menaquinone.inputs.habitual import per_person

if TYPE_CHECKING:
    from menaquinone.inputs.population import Population

GIVEN = "assumed: given by the user"


def given_column(people: "Population", name: str, value: Any) -> Column:
    """Return a column of people with other values.

    Parameters
    ----------
    people
        Whose column it is.
    name
        One of their ``changeable`` columns.
    value
        As for :meth:`menaquinone.Population.having`.

    Raises
    ------
    UnknownNameError
        If the column cannot be changed, or there is no such category or genotype.
    InputError
        If a value is not finite, of the wrong shape, or impossible.
    """
    if name not in people.changeable:
        raise unknown(f"column of population '{people.name}' that can be changed", name, people.changeable)
    if name in GENES:
        return _genotypes(people, name, value)
    old = people.table[name]
    if old.categories and not isinstance(value, (int, float, np.ndarray)):
        value = code_of(name, old.categories, value)
    numbers = per_person(value, old.unit, name, people.n)
    if old.categories:
        possible, expected = np.isin(numbers, list(old.categories.values())), f"one of {listed(old.categories)}"
    else:
        low, high, said = limits(name)
        possible = np.isfinite(numbers) & (numbers >= low) & (numbers <= high)
        shown = "" if old.unit == "1" else f"in {old.unit}"
        expected = " ".join(filter(None, ("a finite number", said, shown)))
    if not possible.all():
        raise refused(name, float(numbers[~possible][0]), expected)
    return Column(numbers, old.unit, old.long_name, GIVEN, categories=old.categories)


def _genotypes(people: "Population", name: str, value: Any) -> Column:
    gene = GENES[name]
    given = np.asarray(value, dtype=object)
    if given.shape not in ((), (people.n,)):
        what = f"shape of column '{name}' of population '{people.name}'"
        raise refused(what, given.shape, f"one value for each of {people.n} people")
    codes = np.array([gene.code(one) for one in given.ravel().tolist()])
    values = np.broadcast_to(codes, (people.n,))
    return Column(values, "1", gene.meaning, GIVEN, categories=dict(gene.genotypes))


__all__ = ["GIVEN", "given_column"]
