"""The state at the end of a run as part of its labelled result, and back; what rules have decided, likewise.

A state is plain numbers under names, so that it survives a file, a pickle and a selection of subjects.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.errors import InputError, refused
from menaquinone.inputs.population import Population
from menaquinone.model import Model
from menaquinone.results import named
from menaquinone.solve.course import Decisions
from menaquinone.solve.handed import Flights, Handed, begun_names, entry_names, fingerprint, no_flights, state_names
from menaquinone.units import HOURS_PER_DAY

if TYPE_CHECKING:
    import xarray

STATE = "final_state"
_FLIGHT = "dose_on_its_way"
_BEGUN, _ENTRY, _SPEED, _GIVEN, _DOSE, _USUAL = (
    "begun: ", "at entry: ", "speed: ", "doses given: record ", "dose: ", "usual dose: ",
)  # fmt: skip
_ASK = "the result of mk.simulate(..., final_state=True)"


def with_state(result: "xarray.Dataset", model: Model, handed: Handed) -> "xarray.Dataset":
    """Return a result with the state at its end.

    Parameters
    ----------
    result
        Of the run.
    model
        Of the run.
    handed
        The state.
    """
    rows = list(_rows(model, handed))
    about = named("house units", "state at the end of the run, by quantity", "the engine")
    about |= {"time_since_entry": handed.clock / HOURS_PER_DAY, "model_fingerprint": fingerprint(model)}
    values = np.stack([values for _, _, values in rows], axis=1) if rows else np.zeros((handed.x.shape[1], 0))
    found: dict[str, Any] = {STATE: (("subject", "quantity"), values, about)}
    coords: dict[str, Any] = {
        "quantity": ("quantity", _words([name for name, _, _ in rows]), {"long_name": "part of a state"}),
        "quantity_units": ("quantity", _words([unit for _, unit, _ in rows]), {"long_name": "unit of a part"}),
    }
    if len(handed.flights):
        flights, names = handed.flights, state_names(model)
        arriving = named("nmol or nmol/h", "what arrives of a dose on its way at the end of the run", "the regimen")
        found[_FLIGHT] = (("subject", "flight"), flights.arriving.T, arriving)
        coords |= {
            "flight_into": ("flight", _words([names[slot] for slot in flights.slot]), {"long_name": "state entered"}),
            "flight_start": ("flight", flights.start / HOURS_PER_DAY, {"units": "d", "long_name": "time of entry"}),
            "flight_end": ("flight", flights.end / HOURS_PER_DAY, {"units": "d", "long_name": "end of infusion"}),
        }
    return result.assign(found).assign_coords(coords)


def _words(names: Sequence[str]) -> np.ndarray:
    return np.array(names, dtype=str) if names else np.zeros(0, "U1")


def _rows(model: Model, handed: Handed) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield name, unit and values (n,) of every part of a state."""
    units = [declared.unit for one in model.stages for declared in one.block.states.values() for _ in one.members]
    yield from zip(state_names(model), units, handed.x, strict=True)
    for name, begun in zip(begun_names(model), handed.begun, strict=True):
        yield f"{_BEGUN}{name}", "1", begun.astype(float)
    for name, values in handed.entry.items():
        for member, row in zip(model.offers[name].members, values, strict=True):
            yield f"{_ENTRY}{name}[{', '.join(member)}]", "house units", row
    for name, factor in handed.speed.items():
        yield f"{_SPEED}{name}", "1", factor
    for record, given in enumerate(handed.given):
        yield f"{_GIVEN}{record}", "1", given.astype(float)
    for name, (dose, usual) in handed.doses.items():
        yield f"{_DOSE}{name}", "nmol", dose
        yield f"{_USUAL}{name}", "nmol", usual


def final_state(result: "xarray.Dataset") -> "xarray.Dataset":
    """Return the state at the end of a run, to go on from: ``mk.simulate(..., initial=state)``.

    Parameters
    ----------
    result
        Of ``mk.simulate(..., final_state=True)``, or some of its subjects.

    Returns
    -------
    xarray.Dataset
        ``final_state`` (subject, quantity): every state of every member in house units, which deposits exist, values
        of the time of entry that are read later, and doses that rules have reached; doses on their way, where there
        are any; the time since entry, the model's fingerprint and the population as attributes.

    Raises
    ------
    InputError
        If the run did not keep its state.
    """
    import xarray

    if not isinstance(result, xarray.Dataset):
        raise refused("state", type(result).__name__, _ASK)
    if STATE not in result:
        raise InputError(f"state: got a result without '{STATE}', expected {_ASK}.")
    kept = [name for name in (STATE, _FLIGHT) if name in result]
    state = result[kept]  # with the coordinates of its dimensions alone
    about = ("model", "population", "population_seed", "menaquinone_version", "disclaimer")
    state.attrs = {name: result.attrs[name] for name in about if name in result.attrs}
    return state


def handed_over(state: Any, model: Model, people: Population) -> Handed:
    """Return what a state holds of some people.

    Parameters
    ----------
    state
        A result with a state, or the state.
    model, people
        Of the run that goes on.

    Raises
    ------
    InputError
        If it is no state, that of another model or population, or lacks one of the people.
    """
    found = final_state(state)
    whole = found[STATE]
    if whole.attrs.get("model_fingerprint") != fingerprint(model):
        raise InputError(
            f"state: got one of model '{found.attrs.get('model')}' with other stages, members or parameters, expected "
            f"one of this very model '{model.name}'."
        )
    of, seed = found.attrs.get("population"), found.attrs.get("population_seed")
    if (of, seed) != (people.name, str(people.seed)):
        raise InputError(
            f"state: got one of population '{of}' with seed {seed}, expected one of '{people.name}' with seed "
            f"{people.seed}."
        )
    place = {one: position for position, one in enumerate(np.atleast_1d(found["subject"].values).tolist())}
    missing = [one for one in people.ids.tolist() if one not in place]
    if missing:
        raise InputError(f"state: got none of subject {missing[0]}, expected one of each of {people.n} people.")
    chosen = np.array([place[one] for one in people.ids.tolist()])
    values = np.asarray(whole.transpose("quantity", "subject").values, float)[:, chosen]
    rows = dict(zip(map(str, whole["quantity"].values), values, strict=True))
    n = people.n

    def starting(prefix: str) -> dict[str, np.ndarray]:
        return {name.removeprefix(prefix): row for name, row in rows.items() if name.startswith(prefix)}

    begun, given, usual = starting(_BEGUN), starting(_GIVEN), starting(_USUAL)
    return Handed(
        float(whole.attrs["time_since_entry"]) * HOURS_PER_DAY,
        _table([rows[name] for name in state_names(model)], n),
        _table([begun[name] for name in begun_names(model)], n) == 1,
        _of_entry(model, rows),
        starting(_SPEED),
        _table([given[str(record)] for record in range(len(given))], n).astype(np.int64),
        {name: np.stack([dose, usual[name]]) for name, dose in starting(_DOSE).items()},
        _flights(found, model, chosen),
    )


def _table(rows: Sequence[np.ndarray], n: int) -> np.ndarray:
    return np.array(rows, float).reshape(len(rows), n)


def _of_entry(model: Model, rows: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name: np.stack([rows[f"{_ENTRY}{name}[{', '.join(member)}]"] for member in model.offers[name].members])
        for name in entry_names(model)
    }


def _flights(state: "xarray.Dataset", model: Model, chosen: np.ndarray) -> Flights:
    if _FLIGHT not in state:
        return no_flights(len(chosen))
    names = state_names(model)
    return Flights(
        np.asarray(state["flight_start"].values, float) * HOURS_PER_DAY,
        np.asarray(state["flight_end"].values, float) * HOURS_PER_DAY,
        np.array([names.index(str(name)) for name in state["flight_into"].values], np.int64),
        np.asarray(state[_FLIGHT].transpose("flight", "subject").values, float)[:, chosen],
    )


def with_decisions(result: "xarray.Dataset", decisions: Sequence[Decisions]) -> "xarray.Dataset":
    """Return a result with what rules have decided: ``rule_dose`` (subject, visit), or (subject, visit, decided).

    Parameters
    ----------
    result
        Of the run.
    decisions
        Of every rule; visits of several rules stand side by side in order of time.
    """
    shown = [one for one in decisions if one.rule.visits]
    if not shown:
        return result
    visits = np.unique(np.concatenate([one.rule.visits for one in shown]))
    pairs = list(dict.fromkeys((name, one.rule.unit) for one in shown for name in one.rule.names))
    table = np.full((result.sizes["subject"], len(visits), len(pairs)), np.nan)
    for one in shown:
        at = np.searchsorted(visits, one.rule.visits)
        for row, name in enumerate(one.rule.names):
            place = pairs.index((name, one.rule.unit))
            table[one.subjects[:, None], at, place] = one.amounts[:, row].T
    units = list(dict.fromkeys(unit for _, unit in pairs))
    about = named(units[0] if len(units) == 1 else "see decided_units", "dose decided at a visit", "the rule")
    coords = {
        "visit": ("visit", visits / HOURS_PER_DAY, {"units": "d", "long_name": "time of a visit"}),
        "decided": ("decided", _words([name for name, _ in pairs]), {"long_name": "dose that a rule decides"}),
        "decided_units": ("decided", _words([unit for _, unit in pairs]), {"long_name": "unit of the dose"}),
    }
    return result.assign(rule_dose=(("subject", "visit", "decided"), table, about)).assign_coords(coords)


__all__ = ["final_state", "handed_over", "with_decisions", "with_state"]
