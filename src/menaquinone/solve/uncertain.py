"""What is not known, as an outer loop: the same people and doses under parameter sets drawn from the calibration.

Which sets are drawn depends on the seed alone, never on people, doses or outputs, so that arms share them and a
difference between arms is one within each draw.
"""

import json
import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.catalogue.calibration import Calibration, calibration, with_followers
from menaquinone.errors import refused
from menaquinone.inputs import draws
from menaquinone.inputs.population import Population
from menaquinone.inputs.typical import moved
from menaquinone.model import Model

if TYPE_CHECKING:
    import xarray

_PURPOSE = "uncertainty"
_MOST = 100_000
_CLOSE, _NEAR = 1e-9, 1e-3
"""Relative differences at which a value still is the default, and at which one that follows (rounded) still does."""


def number_of_draws(k: Any) -> int:
    """Return how many parameter sets to draw; refuse what is no number of draws."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= _MOST:
        raise refused("uncertainty", k, f"how many parameter sets to draw, a whole number from 1 to {_MOST}")
    return int(k)


def drawn(k: Any, seed: int, stored: Calibration | None = None) -> dict[str, np.ndarray]:
    """Return parameter sets drawn from the posterior of the calibration.

    Draw i is the same whatever ``k``.

    Parameters
    ----------
    k
        How many.
    seed
        Of the study.
    stored
        The calibration; the one that ships when left out.

    Returns
    -------
    dict
        By bracketed name, (k,), in declared units.

    Raises
    ------
    InputError
        If ``k`` is not a whole number from 1 to 100000.
    """
    how_many = number_of_draws(k)
    found = calibration() if stored is None else stored
    each = np.arange(len(found.parameters))[None, :]
    return found.values(draws.normal(seed, _PURPOSE, np.arange(how_many)[:, None], each))


def uncertain(model: Model, stored: Calibration | None = None) -> tuple[str, ...]:
    """Return the parameters of a model that are drawn: those of the calibration that still have their default.

    A value that somebody set, and one that an older calibration did not know, is kept as it is.
    """
    found = calibration() if stored is None else stored
    return tuple(
        name for name, one in found.parameters.items()
        if name in model.parameters and abs(model.parameters[name].value - one.default) <= _CLOSE * abs(one.default)
    )  # fmt: skip


def parameter_sets(model: Model, k: Any, seed: int) -> dict[str, np.ndarray]:
    """Return what the draws change in a model: its uncertain parameters, and those that follow them by definition.

    Returns
    -------
    dict
        By bracketed name, (k,), in declared units; the uncertain ones first.
    """
    every, chosen = drawn(k, seed), uncertain(model)
    now = {name: every[name] for name in chosen}
    following = _followers(model, chosen)
    return {name: np.asarray(value) for name, value in with_followers(now).items() if name in now or name in following}


def sets(model: Model, people: Population, k: Any, seed: int) -> Iterator[tuple[Model, Population, dict[str, float]]]:
    """Yield model and people of each draw, and the values drawn.

    What a person has of their own of a drawn parameter (the uncarboxylated share in dialysis) moves with the typical
    value, on the scale of the calibration.
    """
    every, chosen = parameter_sets(model, k, seed), uncertain(model)
    for one in range(number_of_draws(k)):
        now = {name: float(values[one]) for name, values in every.items()}
        # a whole value, so that it keeps its source: the rows are those that it was fitted to or started from
        changed = {name: replace(model.parameters[name], value=value) for name, value in now.items()}
        values = {**people.values, **moved(people.values, {name: model.parameters[name].value for name in now}, now)}
        yield model.replace(changed), replace(people, values=values), {name: now[name] for name in chosen}


def _followers(model: Model, chosen: Collection[str]) -> tuple[str, ...]:
    """Return the parameters that follow those chosen: only where the model has what follows from the defaults."""
    held = with_followers({name: model.parameters[name].value for name in chosen})
    return tuple(
        name for name, value in held.items()
        if name not in chosen and name in model.parameters and np.isclose(model.parameters[name].value, value, _NEAR)
    )  # fmt: skip


def over_draws(
    run: Callable[[Model, Population], "xarray.Dataset"], model: Model, people: Population, k: Any, seed: int
) -> "xarray.Dataset":
    """Run once for each draw and put the results beside one another, along ``draw``.

    Parameters
    ----------
    run
        From model and people to a result.
    model, people
        What is simulated.
    k
        Draws.
    seed
        Of the draws.

    Returns
    -------
    xarray.Dataset
        With a leading dimension ``draw`` on what differs between draws, and the values drawn as coordinates. A column
        of the people that has the name of one, a factor of their own on it, is called ``person_<name>``, as elsewhere.
    """
    import xarray

    found: list[xarray.Dataset] = []
    values = []
    for changed, whose, now in sets(model, people, k, seed):
        with warnings.catch_warnings():
            if found:  # the first has said it
                warnings.simplefilter("ignore")
            found.append(run(changed, whose))
        values.append(now)
    whole = xarray.concat(
        found, dim="draw", data_vars="different", coords="different", compat="equals", join="exact",
        combine_attrs="override",
    )  # fmt: skip
    told = {"long_name": "number of the parameter set drawn"}
    coords: dict[str, Any] = {"draw": ("draw", np.arange(len(found)), told)}
    for name in values[0]:
        about = {"units": model.parameters[name].unit, "long_name": f"{name}, drawn from the calibration"}
        about["source"] = " ".join(calibration().parameters[name].rows) or calibration().parameters[name].source
        coords[name] = ("draw", np.array([one[name] for one in values]), about)
    hidden = [name for name in coords if name in whole.data_vars]  # a person's own factor on what is drawn
    whole = whole.rename({name: f"person_{name}" for name in hidden})
    version = calibration().settings["versions"]["menaquinone"]
    about = {"uncertainty": f"parameters drawn from the posterior of the calibration of version {version}"}
    if "parameters" in whole.attrs:  # those of the first draw: tell the model's own, draws are coordinates
        own = {name: [one.value, one.unit, one.source] for name, one in model.parameters.items()}
        about["parameters"] = json.dumps(own)
    return whole.assign_coords(coords).assign_attrs(about)


__all__ = ["drawn", "number_of_draws", "over_draws", "parameter_sets", "sets", "uncertain"]
