"""Arrays become one labelled ``xarray.Dataset``, exactly once, at the end.

Every variable has ``units``, ``long_name`` and ``source``; seeds and versions are attributes, as strings where a number
would not fit.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.declare import Stage
from menaquinone.inputs.doses import Doses
from menaquinone.inputs.population import Population
from menaquinone.model import Model, Offer
from menaquinone.units import HOURS_PER_DAY, from_house

if TYPE_CHECKING:
    import xarray

NOT_ADVICE = "Research software: not medical advice, not a dosing tool."


def labelled(
    model: Model,
    people: Population,
    doses: Doses,
    times: np.ndarray,
    outputs: Mapping[str, np.ndarray],
    status: tuple[np.ndarray, np.ndarray, Sequence[str]],
    attributes: Mapping[str, str | float],
) -> "xarray.Dataset":
    """Label the outputs of an engine.

    Parameters
    ----------
    model, people, doses
        What was simulated.
    times : ndarray (t,)
        Output times, h.
    outputs
        By name, (t, members, n).
    status
        Number for each subject, hours at which each failed (NaN for none), and the meaning of each number.
    attributes
        Of this run: engine, tolerance, seed.

    Returns
    -------
    xarray.Dataset
        Dims (subject, time, form / tissue / protein / site).
    """
    import xarray

    codes, failed_at, meanings = status
    data: dict[str, Any] = {name: _variable(model, name, values) for name, values in outputs.items()}
    flags = {
        "flag_values": list(range(len(meanings))),
        "flag_meanings": " ".join(meaning.replace(" ", "_") for meaning in meanings),
    }
    data["status"] = ("subject", codes, _named("1", "whether the subject was solved", "the engine") | flags)
    if codes.any():
        data["failed_at"] = (
            "subject",
            failed_at / HOURS_PER_DAY,
            _named("d", "time from which values are missing", "the engine"),
        )
    data |= _doses(doses)
    coords: dict[str, Any] = {
        "subject": ("subject", people.ids, {"long_name": "subject id"}),
        "time": ("time", times / HOURS_PER_DAY, {"units": "d", "long_name": "time since entry", "axis": "T"}),
    }
    for axis in ("form", "tissue", "protein", "site"):
        if any(axis in model.offers[name].axes for name in outputs):
            coords[axis] = (axis, list(model.members(axis)), {"long_name": axis})
    for name, column in people.table.items():
        key = name if name not in data and name not in coords else f"person_{name}"
        data[key] = ("subject", column.values, _named(column.unit, column.long_name, column.source))
    return xarray.Dataset(data, coords, _attributes(model, people) | dict(attributes))


def _named(unit: str, long_name: str, source: str) -> dict[str, Any]:
    return {"units": unit, "long_name": long_name, "source": source}


def _variable(model: Model, name: str, values: np.ndarray) -> tuple[tuple[str, ...], np.ndarray, dict[str, Any]]:
    offer = model.offers[name]
    attributes = _named(offer.declared.unit, offer.declared.meaning, _source(model.stages[offer.stage]))
    values = from_house(values, offer.declared.unit)
    if not offer.axes:
        return ("subject", "time"), np.moveaxis(values[:, 0], -1, 0), attributes
    return ("subject", "time", *offer.axes), np.moveaxis(_spread(model, offer, values), -1, 0), attributes


def _spread(model: Model, offer: Offer, values: np.ndarray) -> np.ndarray:
    """Put members (t, members, n) on the model's axes (t, axis, ..., n); NaN where a pair has no member."""
    axes = [model.members(axis) for axis in offer.axes]
    places = [[axis.index(name) for axis, name in zip(axes, member, strict=True)] for member in offer.members]
    if len(axes) == 1 and [place for (place,) in places] == list(range(len(axes[0]))):
        return values
    full = np.full((values.shape[0], *map(len, axes), values.shape[-1]), np.nan)
    for row, place in enumerate(places):
        index: tuple[Any, ...] = (slice(None), *place)
        full[index] = values[:, row]
    return full


def _source(one: Stage) -> str:
    sources = dict.fromkeys(value.source for value in one.values.values())
    return f"block '{one.block.name}'; parameters: " + ("; ".join(sources) if sources else "none")


def _doses(doses: Doses) -> dict[str, Any]:
    """Label what was given: every schedule once, who has which, and which doses were taken."""
    forms = list(dict.fromkeys(name for one in doses.schedules for name in one.form))
    routes = list(dict.fromkeys(name for one in doses.schedules for name in one.route))
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
        numbers = padded(lambda one: [names.index(name) for name in getattr(one, field)])
        return dims, numbers, _named("1", f"{field} of a dose", "the regimen") | flags

    found: dict[str, Any] = {
        "dose": ("dose", np.arange(most), {"long_name": "number of the administration"}),
        "schedule": ("schedule", np.arange(len(doses.schedules)), {"long_name": "number of the schedule"}),
        "dose_schedule": ("subject", doses.which, _named("1", "schedule of the subject", "the regimen")),
        "dose_time": (
            dims,
            padded(lambda one: one.given / HOURS_PER_DAY),
            _named("d", "time at which a dose is given", "the regimen"),
        ),
        "dose_amount": (
            dims,
            padded(lambda one: one.amount),
            _named("nmol", "amount given, before bioavailability", "the regimen"),
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
            _named("1", "1 where the dose was taken", "the regimen's adherence"),
        )
    return found


def _attributes(model: Model, people: Population) -> dict[str, str]:
    parameters = {name: [value.value, value.unit, value.source] for name, value in model.parameters.items()}
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
        "menaquinone_version": package_version(),
        "numpy_version": np.__version__,
    }


def package_version() -> str:
    """Return the version of the installed package."""
    try:
        return version("menaquinone")
    except PackageNotFoundError:
        return "not installed"


__all__ = ["NOT_ADVICE", "labelled", "package_version"]
