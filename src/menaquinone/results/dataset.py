"""Arrays become one labelled ``xarray.Dataset``, exactly once, at the end.

Every variable has ``units``, ``long_name`` and ``source``; seeds and versions are attributes, as strings where a number
would not fit.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.catalogue import evidence
from menaquinone.declare import Stage, source_ids
from menaquinone.inputs.doses import Doses
from menaquinone.inputs.population import Column, Population
from menaquinone.model import Model, Offer
from menaquinone.pause import collecting_later
from menaquinone.results.variables import dataset
from menaquinone.units import HOURS_PER_DAY, factor

if TYPE_CHECKING:
    import xarray

AXES = ("form", "tissue", "protein", "site", "antagonist", "factor")
"""Every axis that members of blocks lie on, as dimensions of a result."""
NOT_ADVICE = "Research software: not medical advice, not a dosing tool."


@dataclass(frozen=True)
class Lead:
    """Dimensions that stand before all others: arms of a trial, points of a sweep.

    Attributes
    ----------
    dims, sizes
        Names and lengths.
    coords
        By name: dims, values, attributes.
    """

    dims: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    coords: Mapping[str, tuple[tuple[str, ...], np.ndarray, dict[str, Any]]] = field(default_factory=dict)


ALONE = Lead()


@collecting_later()  # xarray and pandas may not have been imported yet
def labelled(
    model: Model,
    people: Population,
    doses: Doses | None,
    times: np.ndarray,
    outputs: Mapping[str, np.ndarray],
    status: tuple[np.ndarray, np.ndarray, Sequence[str]],
    attributes: Mapping[str, str | float],
    lead: Lead = ALONE,
) -> "xarray.Dataset":
    """Label the outputs of an engine.

    Parameters
    ----------
    model, people, doses
        What was simulated; doses are told of unless there are none.
    times : ndarray (t,)
        Output times, h.
    outputs
        By name, (t, members, n), n running over people within whatever leads. They become the result's own.
    status
        Number for each subject, hours at which each failed (NaN for none), and the meaning of each number.
    attributes
        Of this run: engine, tolerance, seed.
    lead
        What stands before the subjects.

    Returns
    -------
    xarray.Dataset
        Dims (lead, subject, time, form / tissue / protein / site).
    """
    codes, failed_at, meanings = status
    front, shape = (*lead.dims, "subject"), (*lead.sizes, people.n)
    data: dict[str, Any] = {}
    for name, values in outputs.items():
        offer = model.offers[name]
        in_unit(values, offer.declared.unit)
        dims, array = arranged(model, offer, values.reshape(*values.shape[:2], *shape), front)
        data[name] = (dims, array, variable_attributes(model, name))
    flags = {
        "flag_values": list(range(len(meanings))),
        "flag_meanings": " ".join(meaning.replace(" ", "_") for meaning in meanings),
    }
    about = named("1", "whether the subject was solved", "the engine") | flags
    data["status"] = (front, codes.reshape(shape), about)
    if codes.any():
        about = named("d", "time from which values are missing", "the engine")
        data["failed_at"] = (front, failed_at.reshape(shape) / HOURS_PER_DAY, about)
    if doses is not None:
        data |= _doses(doses)
    coords: dict[str, Any] = {
        **lead.coords,
        "subject": ("subject", people.ids, {"long_name": "subject id"}),
        **common_coords(model, times, outputs),
    }
    for name, column in people.table.items():
        key = name if name not in data and name not in coords else f"person_{name}"
        data[key] = ("subject", column.values, named(column.unit, column.long_name, column.source) | _flags(column))
    return dataset(data, coords, attributes_of(model, people) | dict(attributes))


def _flags(column: Column) -> dict[str, Any]:
    """Return the attributes by which files say what codes mean (CF conventions)."""
    if not column.categories:
        return {}
    return {
        "flag_values": [int(code) for code in column.categories.values()],
        "flag_meanings": " ".join(column.categories),
    }


def common_coords(model: Model, times: np.ndarray, outputs: Iterable[str]) -> dict[str, Any]:
    """Return the coordinates of time (from h) and of the axes that some outputs have."""
    coords: dict[str, Any] = {
        "time": ("time", times / HOURS_PER_DAY, {"units": "d", "long_name": "time since entry", "axis": "T"})
    }
    axes = {axis for name in outputs for axis in model.offers[name].axes}
    for axis in AXES:
        if axis in axes:
            coords[axis] = (axis, list(model.members(axis)), {"long_name": axis})
    return coords


def named(unit: str, long_name: str, source: str) -> dict[str, Any]:
    """Return the attributes that every variable has."""
    return {"units": unit, "long_name": long_name, "source": source}


def variable_attributes(model: Model, name: str) -> dict[str, Any]:
    """Return the attributes of an output, the evidence rows behind it among them."""
    offer = model.offers[name]
    about = named(offer.declared.unit, offer.declared.meaning, _source(model.stages[offer.stage]))
    return about | {"rests_on": " ".join(model.rests_on[name])}


def in_unit(values: np.ndarray, unit: str) -> None:
    """Convert values from house units, in place: a second copy of a result may not fit."""
    if factor(unit) != 1.0:
        values /= factor(unit)


def arranged(
    model: Model, offer: Offer, values: np.ndarray, front: tuple[str, ...], tail: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], np.ndarray]:
    """Put members on the model's axes and dimensions in order; a pair without a member is NaN, or 0 among counts.

    Parameters
    ----------
    model, offer
        Whose members they are.
    values : ndarray (t, members, *front, *tail)
        Not copied unless members do not fill the axes.
    front, tail
        Dimensions that come before time, and after the axes.

    Returns
    -------
    dims, values
        In the order (*front, time, *axes, *tail).
    """
    spread = values[:, 0] if not offer.axes else _spread(model, offer, values)
    before = 1 + len(offer.axes)
    moved = np.moveaxis(spread, range(before, before + len(front)), range(len(front)))
    return (*front, "time", *offer.axes, *tail), moved


def _spread(model: Model, offer: Offer, values: np.ndarray) -> np.ndarray:
    """Put members (t, members, ...) on the model's axes (t, axis, ..., ...)."""
    axes = [model.members(axis) for axis in offer.axes]
    places = [[axis.index(name) for axis, name in zip(axes, member, strict=True)] for member in offer.members]
    if len(axes) == 1 and [place for (place,) in places] == list(range(len(axes[0]))):
        return values
    nothing = np.nan if values.dtype.kind == "f" else 0
    full = np.full((values.shape[0], *map(len, axes), *values.shape[2:]), nothing, values.dtype)
    for row, place in enumerate(places):
        index: tuple[Any, ...] = (slice(None), *place)
        full[index] = values[:, row]
    return full


def _source(one: Stage) -> str:
    sources = dict.fromkeys(value.source for value in one.values.values())
    return f"block '{one.block.name}'; parameters: " + ("; ".join(sources) if sources else "none")


def _doses(doses: Doses) -> dict[str, Any]:
    """Label what was given: every schedule once, who has which, and which doses were taken."""
    forms = list(dict.fromkeys(chain.from_iterable(one.form for one in doses.schedules)))
    routes = list(dict.fromkeys(chain.from_iterable(one.route for one in doses.schedules)))
    most = max((len(one.given) for one in doses.schedules), default=0)
    if not most:
        return {}
    dims = ("schedule", "dose")

    def padded(read: Callable[[Any], Any]) -> np.ndarray:
        table = np.full((len(doses.schedules), most), np.nan)
        for row, one in enumerate(doses.schedules):
            table[row, : len(one.given)] = read(one)
        return table

    def codes(names: list[str], field: str) -> tuple[tuple[str, str], np.ndarray, dict[str, Any]]:
        flags = {"flag_values": list(range(len(names))), "flag_meanings": " ".join(names)}
        number = {name: place for place, name in enumerate(names)}
        numbers = padded(lambda one: [number[name] for name in getattr(one, field)])
        return dims, numbers, named("1", f"{field} of a dose", "the regimen") | flags

    found: dict[str, Any] = {
        "dose": ("dose", np.arange(most), {"long_name": "number of the administration"}),
        "schedule": ("schedule", np.arange(len(doses.schedules)), {"long_name": "number of the schedule"}),
        "dose_schedule": ("subject", doses.which, named("1", "schedule of the subject", "the regimen")),
        "dose_time": (
            dims,
            padded(lambda one: one.given / HOURS_PER_DAY),
            named("d", "time at which a dose is given", "the regimen"),
        ),
        "dose_amount": (
            dims,
            padded(lambda one: one.amount),
            named("nmol", "amount given, before bioavailability", "the regimen"),
        ),
        "dose_form": codes(forms, "form"),
        "dose_route": codes(routes, "route"),
    }
    if any(one is not None for one in doses.taken):
        taken = np.zeros((len(doses.which), most), np.int8)
        for number, one in enumerate(doses.schedules):
            rows = doses.subjects(number)
            kept = doses.taken_for(number)
            taken[rows[:, None], np.arange(len(one.given))] = 1 if kept is None else kept
        found["dose_taken"] = (
            ("subject", "dose"),
            taken,
            named("1", "1 where the dose was taken", "the regimen's adherence"),
        )
    return found


def attributes_of(model: Model, people: Population) -> dict[str, str]:
    """Return what a dataset says of the model, the people and the versions behind it."""
    parameters = {name: [value.value, value.unit, value.source] for name, value in model.parameters.items()}
    sources = (*people.sources.values(), *(value.source for value in model.parameters.values()))
    return {
        "Conventions": "CF-1.11",
        "title": f"{model.name}, {people.n} of population '{people.name}'",
        "disclaimer": NOT_ADVICE,
        "notes": " ".join((*model.notes, *people.notes)),
        "model": model.name,
        "population": people.name,
        "population_seed": str(people.seed),
        "population_sources": json.dumps(people.sources),
        "parameters": json.dumps(parameters),
        "references": json.dumps(_links(sources)),
        "menaquinone_version": package_version(),
        "numpy_version": np.__version__,
    }


def _links(sources: Iterable[str]) -> dict[str, str]:
    """Return the paper's address for every evidence row that a source names."""
    return {one: evidence.row(one).link for source in sources for one in source_ids(source) if evidence.exists(one)}


@cache  # asking takes longer than all other labels together
def package_version() -> str:
    """Return the version of the installed package."""
    try:
        return version("menaquinone")
    except PackageNotFoundError:
        return "not installed"


__all__ = [
    "ALONE",
    "NOT_ADVICE",
    "Lead",
    "arranged",
    "attributes_of",
    "common_coords",
    "in_unit",
    "labelled",
    "named",
    "package_version",
    "variable_attributes",
]
