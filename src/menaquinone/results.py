"""Arrays become one labelled ``xarray.Dataset``, exactly once, at the end; and files, all or nothing.

Every variable has ``units``, ``long_name`` and ``source``; seeds and versions are attributes, as strings where a number
would not fit.
"""

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.declare import Stage
from menaquinone.errors import refused, require
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


def to_netcdf(data: "xarray.Dataset", path: str | os.PathLike[str]) -> None:
    """Write a result to a NetCDF4 file, all or nothing.

    Parameters
    ----------
    data
        A result.
    path
        The file; it appears, or replaces an older one, only once it is whole.

    Raises
    ------
    MissingExtraError
        If h5netcdf is not installed.
    OSError
        If the folder cannot be written to.
    """
    require("h5netcdf", "io", "writing NetCDF files")
    with atomic(path) as temporary:
        data.to_netcdf(temporary, engine="h5netcdf")


def open_netcdf(path: str | os.PathLike[str]) -> "xarray.Dataset":
    """Read a result back, all of it.

    Raises
    ------
    MissingExtraError
        If h5netcdf is not installed.
    InputError
        If there is no such file, or it is not a NetCDF file.
    """
    require("h5netcdf", "io", "reading NetCDF files")
    import xarray

    if not Path(path).is_file():
        raise refused("result", str(path), "an existing NetCDF file")
    try:
        with xarray.open_dataset(path, engine="h5netcdf", decode_times=False) as data:
            found = data.load()
    except PermissionError:
        raise
    except OSError as error:
        raise refused("result", str(path), "a NetCDF file") from error
    for one in found.variables.values():
        if "flag_values" in one.attrs:  # a list of one comes back as a number
            one.attrs["flag_values"] = np.atleast_1d(one.attrs["flag_values"]).tolist()
    return found


class atomic:  # noqa: N801 - reads as a verb where it is used
    """Write a file under a temporary name beside it; rename it on success, remove it on any failure.

    Parameters
    ----------
    path
        The file to appear.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def __enter__(self) -> Path:
        """Return the temporary name."""
        handle, name = tempfile.mkstemp(prefix=f".{self.path.stem}-", suffix=self.path.suffix, dir=self.path.parent)
        os.close(handle)
        self.temporary = Path(name)
        return self.temporary

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Rename or remove."""
        if kind is not None:
            self.temporary.unlink(missing_ok=True)
            return
        mask = os.umask(0)
        os.umask(mask)
        self.temporary.chmod(0o666 & ~mask)
        with self.temporary.open("rb+") as file:
            os.fsync(file.fileno())
        self.temporary.replace(self.path)


__all__ = ["NOT_ADVICE", "atomic", "labelled", "open_netcdf", "package_version", "to_netcdf"]
