"""What a sweep may vary: a parameter, a column of the population, a habitual intake or a field of the regimen."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from menaquinone import units
from menaquinone.catalogue.genes import GENES
from menaquinone.errors import InputError, listed, refused, unknown
from menaquinone.inputs.columns import Column, limits
from menaquinone.inputs.conditions import code_of
from menaquinone.inputs.population import Population
from menaquinone.inputs.records import DoseRecord, Regimen
from menaquinone.inputs.regimen import fraction, grams
from menaquinone.model import Model, bracketed

_BRACKETED = re.compile(r"(\w+)\[(.+)\]")
_ALWAYS_ALL = ("adherence",)
"""Fields that stand for every record where none is named, as they do in arithmetic of regimens."""


@dataclass(frozen=True)
class Swept:
    """One name of a sweep.

    Attributes
    ----------
    name
        As written.
    kind
        ``"parameter"``, ``"column"``, ``"diet"`` or ``"regimen"``.
    key
        Parameter, column, form or field.
    unit
        Of numbers that come without one; empty where none may.
    long_name
        One phrase.
    read
        From a value as written to a number as the library holds it (a text stays one).
    expected, low, high, above
        What every number has to be: from ``low`` (or above it) to ``high``.
    records
        Records of the regimen that a field belongs to.
    codes
        Of categories: the only numbers there are.
    """

    name: str
    kind: str
    key: str
    unit: str
    long_name: str
    read: Callable[[Any], Any]
    expected: str = "a finite number"
    low: float = -np.inf
    high: float = np.inf
    above: bool = False
    records: tuple[int, ...] = ()
    codes: tuple[float, ...] = ()

    def check(self, numbers: np.ndarray, shown: np.ndarray) -> None:
        """Refuse numbers that are not what they have to be; ``shown`` is how they were written."""
        wrong = ~np.isfinite(numbers) | (numbers < self.low) | (numbers > self.high)
        if self.above:
            wrong |= numbers == self.low
        if self.codes:
            wrong |= ~np.isin(numbers, self.codes)
        if wrong.any():
            raise refused(self.name, shown[wrong][0].item(), self.expected)


@dataclass(frozen=True)
class _Field:
    long_name: str
    unit: str
    read: Callable[[Any, str, DoseRecord], Any]
    expected: str
    low: float = 0.0
    high: float = np.inf
    above: bool = False


def _hours(value: Any, name: str, _: DoseRecord) -> float:
    return units.hours(value, name)


def _formulation(value: Any, name: str, record: DoseRecord) -> str:
    if not isinstance(value, str):
        raise refused(name, value, "the name of a formulation")
    if record.described is not None:
        record.described.formulation(value)
    return value


_TIME = "a time of at least 0"
_FIELDS = {
    "dose": _Field("amount of a dose", "", lambda v, n, r: units.nmol(v, r.molar_mass, n), "an amount of at least 0"),
    "every": _Field("interval of doses", "", _hours, "a time greater than 0", above=True),
    "until": _Field("end of dosing", "", _hours, _TIME),
    "start": _Field("time of the first dose", "", _hours, _TIME),
    "duration": _Field("duration of an infusion", "", _hours, _TIME),
    "lag": _Field("lag of a dose", "", _hours, _TIME),
    "bioavailability": _Field(
        "bioavailability of a dose", "1", lambda v, n, _: fraction(v, n), "a fraction of at least 0"
    ),
    "adherence": _Field(
        "probability that a dose is taken", "1", lambda v, n, _: units.magnitude(v, "1", n),
        "a probability from 0 to 1", high=1.0,
    ),
    "fat": _Field("fat of the meal", "", lambda v, n, _: grams(v, n), "a mass of at least 0"),
    "formulation": _Field("formulation", "", _formulation, "the name of a formulation"),
}  # fmt: skip


def swept(name: str, model: Model, people: Population, regimen: Any) -> Swept:
    """Find out what a name stands for.

    Parameters
    ----------
    name
        ``"clearance[MK-7]"``, ``"age"``, ``"diet[MK-7]"``, ``"dose"``, ``"every[K1]"``, ``"dose[1]"`` (by number of
        the record, from 0).
    model, people, regimen
        What is simulated.

    Raises
    ------
    UnknownNameError
        If nothing has that name.
    InputError
        If a field of the regimen could belong to several of its records.
    """
    field, inside = _apart(name)
    if name in model.parameters and not _is_own_column(name, people):
        value = model.parameters[name]
        meaning = _meanings(model)[name]
        return Swept(name, "parameter", name, value.unit, meaning, partial(units.magnitude, unit=value.unit, what=name))
    if field == "diet" and inside in _eaten(model):
        return Swept(
            name, "diet", inside, "ug/d", f"habitual intake of {inside}",
            partial(units.magnitude, unit="ug/d", what=name), "an intake of at least 0", 0.0,
        )  # fmt: skip
    if name in GENES and name in people.changeable:
        return _of_categories(name, GENES[name].meaning, GENES[name].code, GENES[name].genotypes)
    if name in people.table and field != "diet":
        if name not in people.changeable:
            raise unknown(f"column of population '{people.name}' that can be swept", name, people.changeable)
        return _of_column(name, people.table[name])
    if name in _FIELDS or field in _FIELDS:
        return _of_regimen(name, field or name, inside, regimen)
    known = [*_FIELDS, *people.changeable, *(f"diet[{one}]" for one in _eaten(model)), *model.parameters]
    raise unknown("swept name", name, dict.fromkeys(known))


def _of_column(name: str, column: Column) -> Swept:
    if column.categories:
        return _of_categories(name, column.long_name, partial(_code, name, column.categories), column.categories)
    low, high, kind = limits(name)
    # in the words of `Population.having`
    expected = " ".join(filter(None, (Swept.expected, kind, "" if column.unit == "1" else f"in {column.unit}")))
    read = partial(units.magnitude, unit=column.unit, what=name)
    return Swept(name, "column", name, column.unit, column.long_name, read, expected, low, high)


def _of_categories(name: str, long_name: str, read: Callable[[Any], Any], categories: Mapping[str, float]) -> Swept:
    codes = tuple(categories.values())
    return Swept(name, "column", name, "1", long_name, read, f"one of {listed(categories)}", codes=codes)


def _code(name: str, categories: Mapping[str, float], value: Any) -> float:
    if isinstance(value, str):
        return code_of(name, categories, value)
    return units.magnitude(value, "1", name)


def _apart(name: Any) -> tuple[str, str]:
    """Return what stands before and in the brackets of a name."""
    found = _BRACKETED.fullmatch(name) if isinstance(name, str) else None
    return ("", "") if found is None else (found[1], found[2])


def _is_own_column(name: str, people: Population) -> bool:
    """Whether a parameter is a column of which every person has their own value."""
    draw = people.record.draws.get(name) if people.record is not None else None
    return draw is not None and name in draw.value_of and name in people.table


def _meanings(model: Model) -> Mapping[str, str]:
    return {
        bracketed(name, one.label): declared.meaning
        for stage in model.stages
        for name, declared in stage.block.parameters.items()
        for one in stage.members
    }


def _eaten(model: Model) -> tuple[str, ...]:
    """Return the forms that a model takes from food."""
    fed = [stage for stage in model.stages if "form" in stage.block.axes]
    found = (one.name[0] for stage in fed for one in stage.members if one.name and "oral" in one.enters)
    return tuple(dict.fromkeys(found))


def _of_regimen(name: str, field: str, inside: str, regimen: Any) -> Swept:
    if regimen is not None and not isinstance(regimen, Regimen):
        raise InputError(f"{name}: got a regimen for each subject, expected one for all to sweep it over.")
    every = [] if regimen is None else list(enumerate(regimen.records))
    doses = [(index, one) for index, one in every if isinstance(one, DoseRecord)]
    if not doses:
        raise InputError(f"{name}: got a regimen without doses, expected one to sweep it over.")
    chosen = [(index, one) for index, one in doses if not inside or inside in (one.form, str(index))]
    if not chosen:
        raise unknown(f"dose whose '{field}' is swept", inside, dict.fromkeys(one.form for _, one in doses))
    if len(chosen) > 1 and not (field in _ALWAYS_ALL and not inside):
        forms = [one.form for _, one in chosen]
        ways = [f"'{field}[{one.form if forms.count(one.form) == 1 else index}]'" for index, one in chosen]
        raise InputError(f"{name}: got {len(chosen)} records of the regimen, expected one of {', '.join(ways)}.")
    record = chosen[0][1]
    if record.rate and field in ("dose", "duration"):
        raise InputError(f"{name}: got an infusion given by its rate, expected a dose given by amount and duration.")
    told = _FIELDS[field]
    what = f"{told.long_name} of {record.form}" if len(chosen) == 1 else told.long_name
    read = partial(_read, told.read, name, record)
    records = tuple(index for index, _ in chosen)
    return Swept(name, "regimen", field, told.unit, what, read, told.expected, told.low, told.high, told.above, records)


def _read(how: Callable[[Any, str, DoseRecord], Any], name: str, record: DoseRecord, value: Any) -> Any:
    return how(value, name, record)


__all__ = ["Swept", "swept"]
