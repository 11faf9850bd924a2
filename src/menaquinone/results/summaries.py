"""What a result says of many people without holding any: mean, SD and quantiles, labelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.errors import refused, unknown
from menaquinone.inputs.population import Population
from menaquinone.model import Model
from menaquinone.results.accumulate import Statistics
from menaquinone.results.dataset import (
    ALONE,
    Lead,
    arranged,
    attributes_of,
    common_coords,
    in_unit,
    named,
    variable_attributes,
)
from menaquinone.results.variables import dataset
from menaquinone.units import magnitude

if TYPE_CHECKING:
    import xarray

_FINEST, _COARSEST = 1e-4, 0.1
_MOST_GROUPS = 100
_KINDS = {
    "mean": ("mean", "mean"),
    "sd": ("sd", "SD between people"),
    "quantile": ("quantiles", "quantile between people"),
    "n": ("n", "people counted"),
    "failed": ("failed", "people missing"),
}
"""What ends a variable's name: the statistic, and how it is called."""


@dataclass(frozen=True)
class Summaries:
    """Ask for summaries across people instead of individuals: memory no longer grows with their number.

    Parameters
    ----------
    quantiles
        Probabilities, 0 to 1; none for mean and SD alone.
    accuracy
        Largest relative error of a quantile, 1e-4 to 0.1. Up to 4096 people are summarised exactly.
    by
        A column of the population, such as ``"sex"``: a summary for each of its values.

    Raises
    ------
    InputError
        If a quantile is no probability, or the accuracy is out of range.
    """

    quantiles: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)
    accuracy: float = 1e-3
    by: str | None = None

    def __post_init__(self) -> None:
        """Check and freeze."""
        given: Any = self.quantiles
        if isinstance(given, str) or not hasattr(given, "__iter__"):
            raise refused("quantiles", given, "probabilities such as (0.05, 0.5, 0.95)")
        wanted = tuple(magnitude(one, "1", "quantile") for one in given)
        for one in wanted:
            if not 0 <= one <= 1:
                raise refused("quantile", one, "a probability from 0 to 1")
        object.__setattr__(self, "quantiles", wanted)
        object.__setattr__(self, "accuracy", magnitude(self.accuracy, "1", "accuracy of summaries"))
        if not _FINEST <= self.accuracy <= _COARSEST:
            raise refused("accuracy of summaries", self.accuracy, f"a number from {_FINEST:g} to {_COARSEST:g}")
        by: Any = self.by
        if by is not None and not isinstance(by, str):
            raise refused("by", by, "the name of a column of the population")


@dataclass(frozen=True)
class Groups:
    """People by the value of one column; all in one group where there is none.

    Attributes
    ----------
    name
        Of the column; empty for one group.
    values : ndarray (g,)
        Its different values, rising.
    codes : ndarray (n,)
        Index of each person's.
    attributes
        Of the column.
    """

    name: str
    values: np.ndarray
    codes: np.ndarray
    attributes: Mapping[str, Any]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.values)


def groups_of(people: Population, by: str | None) -> Groups:
    """Put people in groups.

    Raises
    ------
    UnknownNameError
        If the population has no such column.
    InputError
        If somebody has no value of it, or there are too many different ones.
    """
    if by is None:
        return Groups("", np.zeros(1), np.zeros(people.n, np.int64), {})
    if by not in people.table:
        raise unknown(f"column of population '{people.name}' to summarise by", by, people.table)
    column = people.table[by]
    if not np.isfinite(column.values).all():
        raise refused(f"column '{by}' to summarise by", float("nan"), "a number for every person")
    values, codes = np.unique(column.values, return_inverse=True)
    if len(values) > _MOST_GROUPS:
        raise refused(f"column '{by}' to summarise by", f"{len(values)} different values", f"at most {_MOST_GROUPS}")
    return Groups(by, values, codes.reshape(-1), named(column.unit, column.long_name, column.source))


@dataclass(frozen=True)
class Cells:
    """Which cells a summary has: every time and member of every output, in one row.

    Attributes
    ----------
    names
        Outputs.
    times
        How many.
    members
        Of each output.
    """

    names: tuple[str, ...]
    times: int
    members: tuple[int, ...]

    def __len__(self) -> int:
        """Return how many in all."""
        return self.times * sum(self.members)

    def rows(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return outputs (times, members, ...) as (cells, ...)."""
        return np.concatenate([outputs[name].reshape(-1, *outputs[name].shape[2:]) for name in self.names])

    def parts(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return (cells, ...) as outputs (times, members, ...)."""
        found, done = {}, 0
        for name, members in zip(self.names, self.members, strict=True):
            part = rows[done : done + self.times * members]
            found[name] = part.reshape(self.times, members, *rows.shape[1:])
            done += self.times * members
        return found


def cells_of(model: Model, names: Sequence[str], times: np.ndarray) -> Cells:
    """Return the cells of some outputs."""
    return Cells(tuple(names), len(times), tuple(len(model.offers[name].members) for name in names))


def labelled_summaries(
    model: Model,
    people: Population,
    groups: Groups,
    times: np.ndarray,
    names: Sequence[str],
    statistics: Statistics,
    wanted: Summaries,
    attributes: Mapping[str, str | float],
    lead: Lead = ALONE,
) -> "xarray.Dataset":
    """Label what is left of the outputs of an engine.

    Parameters
    ----------
    model, people, groups
        What was simulated.
    times : ndarray (t,)
        Output times, h.
    names
        Outputs.
    statistics
        Arrays (cells, n, groups), n running over whatever leads; quantiles have a last axis of their own.
    wanted
        What was asked for.
    attributes
        Of this run: engine, tolerance, seed.
    lead
        What stands before all other dimensions.

    Returns
    -------
    xarray.Dataset
        Dims (lead, column summarised by, time, form / tissue / protein / site, quantile).
    """
    front = (*lead.dims, groups.name) if groups.name else lead.dims
    shape = (*lead.sizes, len(groups)) if groups.name else lead.sizes
    cells = cells_of(model, names, times)
    parts = {kind: cells.parts(getattr(statistics, field)) for kind, (field, _) in _KINDS.items()}
    data: dict[str, Any] = {}
    for name in names:
        offer = model.offers[name]
        for kind, (_, meaning) in _KINDS.items():
            values, tail = parts[kind][name], ("quantile",) if kind == "quantile" else ()
            if tail and not wanted.quantiles:
                continue
            about = variable_attributes(model, name)
            about["long_name"] += f", {meaning}"
            if values.dtype.kind == "f":
                in_unit(values, about["units"])
            else:
                about["units"] = "1"
            if tail:
                about["relative_error"] = statistics.error
            dims, array = arranged(
                model, offer, values.reshape(*values.shape[:2], *shape, *values.shape[4:]), front, tail
            )
            data[f"{name}_{kind}"] = (dims, array, about)
    coords: dict[str, Any] = {**lead.coords, **common_coords(model, times, names)}
    if groups.name:
        coords[groups.name] = (groups.name, groups.values, dict(groups.attributes))
    if wanted.quantiles:
        coords["quantile"] = ("quantile", list(wanted.quantiles), {"units": "1", "long_name": "share of people below"})
    return dataset(data, coords, attributes_of(model, people) | dict(attributes))


__all__ = ["Cells", "Groups", "Summaries", "cells_of", "groups_of", "labelled_summaries"]
