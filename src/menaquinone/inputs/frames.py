"""People of a user's own table: columns, units and values are checked, and what the table does not say is drawn."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from menaquinone.errors import InputError, listed, refused, unknown
from menaquinone.inputs import baselines, drawing, draws, scores
from menaquinone.inputs.columns import Column, limits
from menaquinone.inputs.conditions import code_of
from menaquinone.inputs.covariates import frozen
from menaquinone.inputs.given import GIVEN
from menaquinone.inputs.people import Record, chosen
from menaquinone.inputs.population import Population, assembled
from menaquinone.units import converted

LEVEL = "dp_ucmgp"
"""A level at entry that a table may give: the person's synthesis of MGP is the one that makes it so."""
_MAKES = "synthesis[MGP]"
_ALIASES = {"pwv": "pwv_entry"}
_MAY_BE_MISSING = ("years_since_last_period",)


def from_frame(frame: Any, *, like: str | Record, rng: Any, units: Mapping[str, str], name: str) -> Population:
    """Return the people of a table; see :meth:`menaquinone.Population.from_frame`."""
    record = chosen(like)
    raw = _columns(frame)
    n = len(next(iter(raw.values())))
    ids = _ids(raw.pop("id", np.arange(n)))
    given = {}
    for key, values in raw.items():
        column = _ALIASES.get(key, key)
        if column in given:
            names = listed(one for one in raw if _ALIASES.get(one, one) == column)
            raise InputError(f"table: got columns {names}, which are one, expected one of them.")
        given[column] = _checked(record, key, column, values, _unit(frame, key, units))
    for key in units:
        if key not in raw:
            raise unknown("column of the table that has a unit", key, raw)
    seed = draws.entropy(rng)
    level = given.pop(LEVEL, None)
    people = drawing.drawn(record, seed, ids, given)
    if level is not None:
        people = _with_level(people, record, given, level)
    found = assembled(name, record, seed, ids, people)
    changed = {key: _given(found.table[key]) for key in (*given, *([] if level is None else [_MAKES]))}
    rest = f"Columns {', '.join(raw) or 'none'} are the user's; the others were drawn as '{record.name}'."
    return Population(
        name,
        ids,
        seed,
        found.factors,
        found.values,
        found.diet,
        {**found.table, **changed},
        (*found.notes, rest),
        record,
    )


def _given(column: Column) -> Column:
    return Column(column.values, column.unit, column.long_name, GIVEN, categories=column.categories)


def _columns(frame: Any) -> dict[str, np.ndarray]:
    try:
        names = list(frame)
        found = {str(one): np.asarray(getattr(frame[one], "values", frame[one])) for one in names}
    except (TypeError, KeyError, ValueError, IndexError):
        raise refused("table", frame, "a mapping of columns, a pandas DataFrame or an xarray Dataset") from None
    if not found:
        raise InputError("table: got no columns, expected at least one, such as 'age'.")
    size = len(next(iter(found.values()))) if next(iter(found.values())).ndim else 0
    for key, values in found.items():
        if values.ndim != 1 or len(values) != size or not size:
            raise refused(f"shape of column '{key}' of the table", values.shape, "one value for each person")
    return found


def _ids(values: np.ndarray) -> np.ndarray:
    whole = values.astype(float) if values.dtype.kind in "iuf" else np.full(values.shape, np.nan)
    wrong = np.flatnonzero(~(np.isfinite(whole) & (whole == np.floor(whole))))
    if wrong.size:
        raise refused(f"id in row {wrong[0]} of the table", values.tolist()[wrong[0]], "a whole number")
    return frozen(whole, np.int64)


def _unit(frame: Any, key: str, units: Mapping[str, str]) -> str | None:
    """Return the unit given for a column, or the one that an xarray variable carries."""
    attributes = getattr(frame[key], "attrs", {}) if key in list(frame) else {}
    return units.get(key, attributes.get("units"))


def _checked(record: Record, key: str, column: str, values: np.ndarray, unit: str | None) -> np.ndarray:
    """Return a column as numbers in the record's unit."""
    drugs = any(name.startswith("drug[") for name in record.draws)
    extra = [*scores.COLUMNS.values(), *([LEVEL] if _MAKES in record.draws and not drugs else [])]
    if column not in record.draws and column not in extra:
        offered = ["id", *record.draws, *(one for one in extra if one not in record.draws), *_ALIASES]
        raise unknown(f"column of a table of people like '{record.name}'", key, offered)
    draw = record.draws.get(column)
    missing = np.array([one is None or one != one or one == "" for one in values.tolist()])
    if missing.any() and column not in _MAY_BE_MISSING:
        raise InputError(
            f"column '{key}' of the table: got no value in row {np.flatnonzero(missing)[0]} ({missing.sum()} of "
            f"{len(values)} are missing), expected one for every person; leave the column out to have it drawn."
        )
    if draw is not None and draw.categories:
        return frozen([_code(key, draw.categories, one) for one in values.tolist()])
    try:
        numbers = np.array([np.nan if none else float(one) for one, none in zip(values.tolist(), missing, strict=True)])
    except (TypeError, ValueError):
        wrong = next(one for one in values.tolist() if not _is_number(one))
        raise refused(f"column '{key}' of the table", wrong, "numbers") from None
    own = draw.unit if draw is not None else baselines.unit(column)
    if unit is not None and unit != own:
        numbers = numbers * converted(1.0, unit, own, f"column '{key}' of the table")
    return frozen(_possible(key, column, numbers, own))


def _code(key: str, categories: Mapping[str, float], one: Any) -> float:
    if (
        isinstance(one, (int, float))
        and not isinstance(one, bool)
        and set(categories) == {"no", "yes"}
        and one in (0, 1)
    ):
        return float(one)
    return code_of(key, categories, one)


def _is_number(one: Any) -> bool:
    try:
        float(one)
    except (TypeError, ValueError):
        return False
    return True


def _possible(key: str, column: str, numbers: np.ndarray, unit: str) -> np.ndarray:
    if column in _MAY_BE_MISSING:
        return numbers
    low, high, said = limits(column)
    wrong = np.flatnonzero(~(np.isfinite(numbers) & (numbers >= low) & (numbers <= high)))
    if wrong.size:
        shown = "" if unit == "1" else f" {unit}"
        raise InputError(
            f"column '{key}' of the table: got {numbers[wrong[0]]:g}{shown} in row {wrong[0]}, expected "
            f"{f'finite numbers {said}'.rstrip()}."
        )
    return numbers


def _with_level(
    people: scores.People, record: Record, given: Mapping[str, np.ndarray], level: np.ndarray
) -> scores.People:
    """Return people whose synthesis of MGP makes the level that the table gives: the level is proportional to it."""
    if _MAKES in given:
        raise InputError(
            f"table: got columns '{LEVEL}' and '{_MAKES}', of which one follows from the other, expected one."
        )
    now = baselines.at_entry(people.columns, people.factors, people.values, people.diet)[LEVEL]
    scale = level / now
    columns = {**people.columns, _MAKES: people.columns[_MAKES] * scale}
    factors = {**people.factors, **{one: people.factors[one] * scale for one in record.draws[_MAKES].factor_of}}
    return scores.People(columns, factors, people.values, people.diet)


__all__ = ["from_frame"]
