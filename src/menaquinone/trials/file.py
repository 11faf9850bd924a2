"""The format of a trial file: one declaration for what may be written, for its JSON schema and for what messages say.

Only shapes are declared here. What words mean (forms, times, rows of the evidence) is checked in ``loading``.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from menaquinone.errors import InputError, listed, refused, unknown
from menaquinone.studies.measures import COMPARISONS, MEASURES, STATISTICS
from menaquinone.studies.predict import RESTORING
from menaquinone.trials.reading import File, Key

T = TypeVar("T")

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Texts = Annotated[list[Text], Field(min_length=1)]
Number = int | float
Whole = Annotated[int, Field(ge=1)]
_STATISTICS = (*STATISTICS, RESTORING)


class Table(BaseModel):
    """A table of the file: no key that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Given(Table, Generic[T]):
    """A field of the design: a value, and where it comes from."""

    value: T
    source: Text = Field(description="ids of evidence rows separated by spaces, or 'assumed: why'")

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Return the name in the schema: ``GivenText``."""
        known = ((Text, "Text"), (Texts, "Texts"), (Whole, "Whole"), (Number, "Number"), (Text | Number, "Quantity"))
        return "Given" + next(
            (name for kind, name in known if kind == params[0]), "Any" if params[0] is Any else "Wholes"
        )


class PopulationTable(Table):
    """Who was studied."""

    name: Given[Text] = Field(description="the name of a population")
    n: Given[Whole] = Field(description="a whole number of at least 1")
    age: Given[Texts] | None = Field(None, description="two ages such as ['55 y', '65 y']")
    region: Given[Text] | None = Field(None, description="where they live and eat, such as 'Japan'")
    ancestry: Given[Text] | None = Field(None, description="an ancestry such as 'asian'")
    where: dict[str, Given[Any]] = Field(default_factory=dict, description="a condition such as '> 300' or 'male'")
    having: dict[str, Given[Text | Number]] = Field(default_factory=dict, description="a quantity such as '18 ug/d'")
    taking: dict[str, Given[Text]] = Field(
        default_factory=dict, description="a daily dose such as '5 mg/d', or what it holds such as 'INR 2.5'"
    )


class DesignTable(Table):
    """How and when they were studied."""

    blinding: Given[Text] | None = Field(None, description="a text")
    allocation: Given[list[int]] = Field(description="one whole number for each arm, such as [1, 1]")
    duration: Given[Text] = Field(description="a time such as '3 y'")
    visits: Given[Texts] = Field(description="times in brackets such as ['0 d', '1 y']")
    sampling: Given[Text] = Field(description="a time such as '7 d'")


class DoseTable(Table):
    """One dose, or one that is repeated."""

    form: Given[Text] = Field(description="the name of a form")
    amount: Given[Text] = Field(description="an amount such as '180 ug'")
    every: Given[Text] | None = Field(None, description="a time such as '24 h'")
    start: Given[Text] | None = Field(None, description="a time such as '0 h'")
    until: Given[Text] | None = Field(None, description="a time such as '1 y'")
    route: Given[Text] | None = Field(None, description="a route such as 'oral'")
    formulation: Given[Text] | None = Field(None, description="a formulation such as 'oil capsule'")
    fat: Given[Text] | None = Field(None, description="the fat of the meal such as '20 g'")


class ArmTable(Table):
    """What a group of people took, and who they were where that differs between arms."""

    name: Text = Field(description="a name in quotes")
    n: Given[Whole] | None = Field(None, description="a whole number of at least 1")
    population: Given[Text] | None = Field(None, description="the name of a population")
    having: dict[str, Given[Text | Number]] = Field(default_factory=dict, description="a quantity such as '18 ug/d'")
    taking: dict[str, Given[Text]] = Field(
        default_factory=dict, description="a daily dose such as '5 mg/d', or what it holds such as 'INR 2.5'"
    )
    eating: dict[str, Given[Text]] = Field(default_factory=dict, description="a daily intake such as '150 ug/d'")
    adherence: Given[Number] | None = Field(None, description="a number from 0 to 1")
    dose: list[DoseTable] = Field(default_factory=list, description="tables headed [[arm.dose]]")


class ReportedTable(Table):
    """A figure that was reported: which, and the row of the evidence that holds it."""

    outcome: Text = Field(description="a variable of the result such as 'pwv'")
    arm: Text = Field(description="the name of an arm")
    visit: Text = Field(description="a visit such as '0 d'")
    since: Text | None = Field(None, description="the visit it is compared with, such as '0 d'")
    of: Literal[tuple(MEASURES)] = Field(description=f"one of {listed(MEASURES)}")  # type: ignore[valid-type]
    statistic: Literal[_STATISTICS] = Field(description=f"one of {listed(_STATISTICS)}")  # type: ignore[valid-type]
    threshold: Given[Text | Number] | None = Field(None, description="a level such as '100 AU'")
    against: Text | None = Field(None, description="the name of an arm")
    compare: Literal[tuple(COMPARISONS)] | None = Field(  # type: ignore[valid-type]
        None, description="'difference', 'ratio' or 'percent difference'"
    )
    among: Texts | None = Field(None, description="names of arms that are daily doses, rising, such as '200 ug/d'")
    bound: Literal["lower", "upper"] | None = Field(None, description="'lower' or 'upper'")
    n: Given[Whole] | None = Field(None, description="a whole number of at least 1")
    assay: Given[Text] | None = Field(None, description="how it was measured")
    row: Text = Field(description="the id of an evidence row")
    miss: Text | None = Field(None, description="a sentence in quotes")


class TrialFile(Table):
    """A published trial: design with sources, and reported figures as rows of the evidence."""

    name: Text = Field(description="a name in quotes")
    title: Text = Field(description="a sentence in quotes")
    seed: Annotated[int, Field(ge=0)] = Field(description="a whole number of at least 0")
    contradicts: list[Text] = Field(default_factory=list, description="names of trials that found otherwise")
    note: Text | None = Field(None, description="a sentence in quotes")
    population: PopulationTable = Field(description="a table headed [population]")
    design: DesignTable = Field(description="a table headed [design]")
    arm: list[ArmTable] = Field(description="tables headed [[arm]]")
    reported: list[ReportedTable] = Field(default_factory=list, description="tables headed [[reported]]")


def schema() -> dict[str, Any]:
    """Return the JSON schema of a trial file, as editors of TOML files use it."""
    made = json.dumps(TrialFile.model_json_schema())
    titles = {name: held["title"] for name, held in json.loads(made)["$defs"].items()}
    for name in sorted(titles, key=len, reverse=True):
        made = made.replace(f'"{name}"', f'"{titles[name]}"').replace(f'/{name}"', f'/{titles[name]}"')
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **json.loads(made)}


def checked(file: File, values: Mapping[str, Any]) -> TrialFile:
    """Read the tables of a file.

    Parameters
    ----------
    file
        The file.
    values
        What TOML makes of it.

    Raises
    ------
    InputError
        If a key is missing or holds a value of the wrong type; the message names file, line and key.
    UnknownNameError
        If there is a key that the format does not have.
    """
    try:
        return TrialFile.model_validate(values)
    except ValidationError as wrong:
        found = wrong.errors(include_url=False)
        first = min(found, key=lambda one: (one["type"] != "extra_forbidden", len(one["loc"])))
        raise _refusal(Place(file, values), first) from None


class Place:
    """A key of a file: how messages name it.

    Parameters
    ----------
    file, values
        The file, and what TOML makes of it.
    path
        Keys from the top.
    """

    def __init__(self, file: File, values: Mapping[str, Any], path: tuple[Key, ...] = ()) -> None:
        self.file, self.values, self.path = file, values, path

    def of(self, *keys: Key) -> "Place":
        """Return the place of a key inside this one."""
        return Place(self.file, self.values, (*self.path, *keys))

    @property
    def at(self) -> str:
        """``trial.toml, line 9``."""
        return self.file.at(self.path)

    @property
    def table(self) -> str:
        """The table that holds the key: ``[population]``, ``[[arm.dose]] 1 of 'MK-7'``; empty for the file's own."""
        return self.of_table(self.path[:-1])

    def of_table(self, path: tuple[Key, ...]) -> str:
        """Name a table by its path."""
        names = [str(one) for one in path if isinstance(one, str)]
        if not names:
            return ""
        if not any(isinstance(one, int) for one in path):
            return f"[{'.'.join(names)}]"
        last = max(i for i, one in enumerate(path) if isinstance(one, int))
        heading = f"[[{'.'.join(str(one) for one in path[:last] if isinstance(one, str))}]] {int(path[last]) + 1}"
        inside = "".join(f"'{one}' of " for one in reversed(path[last + 1 :]))
        owner = self._named(path[: last - 1]) if last > 1 else ""
        return f"{inside}{heading}{f' of {owner!r}' if owner else ''}"

    def _named(self, path: tuple[Key, ...]) -> str:
        return str(_inside(self.values, (*path, "name")) or "")

    def __str__(self) -> str:
        """``'n' of [population] in trial.toml, line 9``."""
        table = self.table
        return f"'{self.path[-1]}'{f' of {table}' if table else ''} in {self.at}"


def _inside(values: Any, path: tuple[Key, ...]) -> Any:
    for key in path:
        try:
            values = values[key]
        except (KeyError, IndexError, TypeError):
            return None
    return values


def _refusal(top: Place, error: ErrorDetails) -> InputError:
    path = tuple(one for one in error["loc"] if not (isinstance(one, str) and one in _UNION))
    place, kind = top.of(*path), error["type"]
    if kind == "extra_forbidden":
        of = f" of {place.table}" if place.table else ""
        return unknown(f"key{of} in {place.at}", str(path[-1]), _keys(path[:-1]))
    field, inside = _field(path)
    expected = f'{{ value = ..., source = "..." }} with {field[1]}' if field[2] else field[1]
    owner = top.of(*path[: len(path) - len(inside)])
    if kind == "missing":
        if inside:
            return InputError(f"{owner}: got no {inside[0]}, expected {expected}.")
        if path == ("arm",):
            return InputError(f"arms in {top.file.name}: got none, expected at least one table headed [[arm]].")
        return InputError(f"{owner}: got nothing, expected {expected}.")
    if kind == "literal_error":
        return unknown(f"value of {owner}", error["input"], _words(error))
    if inside[:1] == ("source",):
        return refused(f"source of {owner}", error["input"], "ids of evidence rows or 'assumed: why'")
    given = _inside(top.values, (*owner.path, *inside[:1]))
    return refused(str(owner), given, field[1] if inside else expected)


_UNION = ("str", "int", "float", "constrained-str", "function-after[]")


def _words(error: ErrorDetails) -> list[str]:
    said = str(error["ctx"]["expected"]).replace(" or ", ", ")
    return [word.strip("'") for word in said.split(", ")]


def _model(annotation: Any) -> type[BaseModel] | None:
    """Return the table that an annotation holds, inside lists, mappings and unions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model, getattr(annotation, "__args__", ()))), None)


def _keys(path: tuple[Key, ...]) -> list[str]:
    """Return the keys that a table may have."""
    held: type[BaseModel] = TrialFile
    for key in path:
        if isinstance(key, str) and key in held.model_fields:
            held = _model(held.model_fields[key].annotation) or held
    return list(held.model_fields)


def _field(path: tuple[Key, ...]) -> tuple[tuple[str, str, bool], tuple[Key, ...]]:
    """Return the key that a path leads to: its name, what it expects, whether it has a source; and what is left."""
    held: type[BaseModel] = TrialFile
    found, left = ("", "", False), path
    for place, key in enumerate(path):
        if not isinstance(key, str) or key not in held.model_fields:
            continue
        one = held.model_fields[key]
        table = _model(one.annotation)
        sourced = table is not None and issubclass(table, Given)
        found, left = (key, one.description or "", sourced), path[place + 1 :]
        if table is None or sourced:
            if sourced and "dict" in str(one.annotation) and left:
                left = left[1:]
            break
        held = table
    return found, left


__all__ = ["ArmTable", "DoseTable", "Given", "Place", "ReportedTable", "TrialFile", "checked", "schema"]
