"""What the columns of people do to the parameters of a model: factors, values and diets."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from menaquinone.errors import InputError, listed
from menaquinone.inputs.people import Draw, Effect, Record

if TYPE_CHECKING:
    from menaquinone.inputs.population import Population

Arrays = dict[str, np.ndarray]


def consequences(
    record: Record, columns: Mapping[str, np.ndarray], only: frozenset[str] | None = None
) -> tuple[Arrays, Arrays]:
    """Return factors on and replacements of parameters, of draws and of covariates together.

    Parameters
    ----------
    record
        The kind of people.
    columns
        Of the people, by name.
    only
        Parameters to look at; all if left out.
    """
    factors: Arrays = {}
    values: Arrays = {}
    for cause, of in _causes(record):
        wanted = [name for name in _acts_on(cause) if only is None or name in only]
        if not wanted or not all(name in columns for name in of):
            continue
        outcome = cause.act(*(columns[name] for name in of)) if isinstance(cause, Effect) else columns[of[0]]
        for name in wanted:
            if name in cause.factor_of:
                factors[name] = factors[name] * outcome if name in factors else outcome
            if name in cause.value_of:
                values[name] = outcome
    return factors, values


def _causes(record: Record) -> list[tuple[Draw | Effect, tuple[str, ...]]]:
    """Return draws, then effects, with the columns that each of them is made of."""
    drawn: list[tuple[Draw | Effect, tuple[str, ...]]] = [(draw, (name,)) for name, draw in record.draws.items()]
    return drawn + [(effect, effect.of) for effect in record.effects]


def changed(people: "Population", columns: Mapping[str, np.ndarray], times: int = 1) -> tuple[Arrays, Arrays, Arrays]:
    """Return the factors, values and diets that other values of some columns bring.

    Parameters
    ----------
    people
        Whose other columns stay.
    columns
        New values, (times * n,).
    times
        How often everybody stands there, one after another.

    Returns
    -------
    factors, values, diet
        Those that change, (times * n,).

    Raises
    ------
    InputError
        If what these people have now is not what their columns gave them: it would be lost.
    """
    record = people.record
    if record is None:
        return {}, {}, {}
    touched = [cause for cause, of in _causes(record) if any(name in columns for name in of)]
    only = frozenset(name for cause in touched for name in _acts_on(cause))
    needed = {name for cause, of in _causes(record) if only.intersection(_acts_on(cause)) for name in of}
    now = {name: people.table[name].values for name in needed if name in people.table}
    for held, found in zip((people.factors, people.values), consequences(record, now, only), strict=True):
        for name, array in found.items():
            if name not in held or not np.array_equal(held[name], array):
                raise InputError(
                    f"{listed(columns)} of population '{people.name}': got effects on '{name}' that are not those of "
                    "its columns, expected people as they were drawn."
                )
    new = {name: np.tile(array, times) for name, array in now.items() if name not in columns}
    new |= {name: array for name, array in columns.items() if name in needed}  # a genotype may be new to the table
    eaten = {one.eaten_as: columns[name] for name, one in record.draws.items() if one.eaten_as and name in columns}
    return (*consequences(record, new, only), eaten)


def _acts_on(cause: Draw | Effect) -> tuple[str, ...]:
    return (*cause.factor_of, *cause.value_of)


__all__ = ["changed", "consequences"]
