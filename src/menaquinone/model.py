"""A model: an ordered cascade of stages. What happens downstream never changes what happens upstream."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from menaquinone import units
from menaquinone.catalogue import evidence
from menaquinone.catalogue.citations import Citations, citations
from menaquinone.declare import Member, Output, Read, Stage, Value, source_ids, stage
from menaquinone.errors import InputError, refused, unknown

_WORD = re.compile(r"[a-z0-9][a-z0-9.-]*[a-z0-9]")
"""Shape of the id of an evidence row."""


def bracketed(name: str, label: str) -> str:
    """Return a name with its member in brackets: ``clearance[MK-7]``, or the bare name without a member."""
    return f"{name}[{label}]" if label else name


class Offer(NamedTuple):
    """An output on its way to a reader: which stage offers it, along which axes, for which members."""

    stage: int
    declared: Output
    axes: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, init=False)
class Model:
    """An ordered cascade of stages, checked when it is built.

    Parameters
    ----------
    *stages
        From dose to end point; a stage reads what earlier ones offer and covariates of the person.
    name
        Shown in results.
    notes
        Sentences that belong in every result (what the model is not).

    Raises
    ------
    InputError
        If a stage reads what no earlier one offers, in another unit, or along an axis that it neither has, sums nor
        links; or if two stages offer the same output or hold the same parameter of the same member.
    """

    stages: tuple[Stage, ...]
    name: str
    notes: tuple[str, ...]

    def __init__(self, *stages: Stage, name: str = "model", notes: tuple[str, ...] = ()) -> None:
        """Check the cascade and freeze it."""
        object.__setattr__(self, "stages", tuple(stages))
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "notes", tuple(notes))
        if not stages:
            raise InputError("model: got no stages, expected at least one.")
        offered: dict[str, Offer] = {}
        for position, one in enumerate(self.stages):
            for name_, read in one.block.inputs.items():
                if not read.covariate:
                    _check_read(one, name_, read, offered)
            for name_, declared in one.block.offers.items():
                if name_ in offered:
                    first = self.stages[offered[name_].stage].block.name
                    raise InputError(
                        f"model: got output '{name_}' from both '{first}' and '{one.block.name}', expected one."
                    )
                offered[name_] = Offer(position, declared, one.block.axes, tuple(m.name for m in one.members))
        # no field: what prints a dataclass field by field (hypothesis) would print every offer with it
        object.__setattr__(self, "_offers", MappingProxyType(offered))
        self._check_parameters()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by building again, checks included."""
        return (_rebuild, (self.stages, self.name, self.notes))

    def _check_parameters(self) -> None:
        owners: dict[str, str] = {}
        for one in self.stages:
            for name, label in one.values:
                key = bracketed(name, label)
                if key in owners:
                    raise InputError(
                        f"model: got parameter '{key}' in both '{owners[key]}' and '{one.block.name}', expected one."
                    )
                owners[key] = one.block.name

    @property
    def offers(self) -> Mapping[str, Offer]:
        """Every output by name, in the order of the cascade."""
        return self._offers  # type: ignore[attr-defined, no-any-return]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs that a result holds unless others are asked for."""
        return tuple(name for name, offer in self.offers.items() if offer.declared.shown)

    @property
    def covariates(self) -> tuple[str, ...]:
        """Names of the covariates that the stages read, each once."""
        reads = (pair for one in self.stages for pair in one.block.inputs.items())
        return tuple(dict.fromkeys(read.of or name for name, read in reads if read.covariate))

    @cached_property
    def parameters(self) -> Mapping[str, Value]:
        """Every parameter by its bracketed name: ``clearance[MK-7]``."""
        return MappingProxyType({bracketed(*key): value for one in self.stages for key, value in one.values.items()})

    @cached_property
    def shape(self) -> "Shape":
        """All but the numbers: the same for models that differ in values of parameters alone."""
        return Shape(
            tuple(
                (one.block, tuple((m.name, _pairs(m.links), _pairs(m.enters)) for m in one.members))
                for one in self.stages
            )
        )

    def members(self, axis: str) -> tuple[str, ...]:
        """Return the members along an axis (``"form"``, ``"tissue"``, ``"protein"``, ``"site"``), each once.

        Raises
        ------
        UnknownNameError
            If no stage has that axis.
        """
        found: dict[str, None] = {}
        for one in self.stages:
            if axis in one.block.axes:
                found |= dict.fromkeys(m.name[one.block.axes.index(axis)] for m in one.members)
        if not found:
            raise unknown("axis", axis, dict.fromkeys(a for one in self.stages for a in one.block.axes))
        return tuple(found)

    def replace(self, values: Mapping[str, Any]) -> "Model":
        """Return a model with other parameter values.

        Parameters
        ----------
        values
            By bracketed name: a number in the parameter's declared unit, a string or pint quantity with a unit, or a
            ``Value`` with its own source.

        Raises
        ------
        UnknownNameError
            If a name is not a parameter of this model.
        InputError
            If a value has the wrong unit or is not finite, or there is no mapping of them.
        """
        if not isinstance(values, Mapping):
            raise refused("values", values, "values by parameter such as {'clearance[MK-7]': 1.3}")
        for key in values:
            if key not in self.parameters:
                raise unknown("parameter", key, self.parameters)
        return Model(*(_with_values(one, values) for one in self.stages), name=self.name, notes=self.notes)

    @cached_property
    def rests_on(self) -> Mapping[str, tuple[str, ...]]:
        """Evidence rows behind each output, by name: those of its own stage first, then of all stages that it reads."""
        by_stage: list[dict[str, None]] = []
        for one in self.stages:
            rows = dict.fromkeys(row for value in one.values.values() for row in source_ids(value.source))
            for name, read in one.block.inputs.items():
                if not read.covariate:
                    rows |= by_stage[self.offers[read.of or name].stage]
            by_stage.append(rows)
        return MappingProxyType({name: tuple(by_stage[offer.stage]) for name, offer in self.offers.items()})

    def sources(self) -> tuple[str, ...]:
        """Return the ids of the evidence rows behind every parameter in use, sorted."""
        return tuple(sorted({row for value in self.parameters.values() for row in source_ids(value.source)}))

    def describe(self) -> str:
        """Return a text of every stage: members, parameters with value, unit, spread and source, and outputs."""
        return "\n\n".join(_described(one) for one in self.stages)

    def __repr__(self) -> str:
        """Show the cascade: which stage reads what, over which members."""
        lines = [f"<Model '{self.name}'>"]
        for one in self.stages:
            members = (
                f" over {' x '.join(one.block.axes)} ({', '.join(m.label for m in one.members)})"
                if one.block.axes
                else ""
            )
            lines.append(
                f"  {one.block.name}{members}: {', '.join(one.block.inputs) or '-'}"
                f" -> {', '.join(one.block.offers) or '-'}"
            )
        return "\n".join(lines)


class Shape:
    """Blocks, members, links and where doses enter, as a key; asked often, so that its hash is reckoned once."""

    __slots__ = ("_hash", "_key")

    def __init__(self, key: tuple[Any, ...]) -> None:
        self._key, self._hash = key, hash(key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Shape) and self._hash == other._hash and self._key == other._key)


def _pairs(mapping: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(mapping.items())


def _rebuild(stages: tuple[Stage, ...], name: str, notes: tuple[str, ...]) -> Model:
    return Model(*stages, name=name, notes=notes)


def _check_read(one: Stage, name: str, read: Read, offered: Mapping[str, Offer]) -> None:
    wanted = read.of or name
    who = f"block '{one.block.name}'"
    if wanted not in offered:
        raise unknown(f"input of {who}, which no earlier stage offers", wanted, offered)
    offer = offered[wanted]
    if offer.declared.unit != read.unit:
        raise refused(f"input '{wanted}' of {who}", offer.declared.unit, f"the unit '{read.unit}'")
    if read.sum_over and read.sum_over not in offer.axes:
        raise unknown(f"axis that {who} sums '{wanted}' over", read.sum_over, offer.axes)
    for reader in one.members:
        sources(one, reader, read, offer, wanted)


def sources(one: Stage, reader: Member, read: Read, offer: Offer, wanted: str) -> tuple[int, ...]:
    """Return which members of an offer a reading member gets: one index, or several to be summed.

    Parameters
    ----------
    one, reader
        The reading stage and the member in question.
    read, offer
        What is declared and what is offered.
    wanted
        The name of the output, for messages.

    Raises
    ------
    InputError
        If an axis is neither shared, summed nor linked, or a linked or shared member is not offered.
    """
    chosen: dict[int, str] = {}
    for place, axis in enumerate(offer.axes):
        if axis == read.sum_over:
            continue
        if axis in one.block.axes:
            chosen[place] = reader.name[one.block.axes.index(axis)]
        elif axis in reader.links:
            chosen[place] = reader.links[axis]
        else:
            raise InputError(
                f"input '{wanted}' of block '{one.block.name}': got values along '{axis}', "
                f"expected a link {{'{axis}': ...}} in the record of '{reader.label or one.block.name}'."
            )
        known = dict.fromkeys(member[place] for member in offer.members)
        if chosen[place] not in known:
            raise unknown(f"{axis} that '{reader.label or one.block.name}' reads '{wanted}' of", chosen[place], known)
    return tuple(
        index
        for index, member in enumerate(offer.members)
        if all(member[place] == name for place, name in chosen.items())
    )


def _with_values(one: Stage, values: Mapping[str, Any]) -> Stage:
    members = []
    for old in one.members:
        changed = dict(old.values)
        for name, declared in one.block.parameters.items():
            key = bracketed(name, old.label)
            if key in values:
                given = values[key]
                now = old.values.get(name, Value(declared.default, declared.unit, declared.source))
                changed[name] = given if isinstance(given, Value) else replace(
                    now, value=units.magnitude(given, now.unit, key), source="assumed: set by the user"
                )  # fmt: skip
        members.append(replace(old, values=changed))
    return stage(one.block, *members)


def _described(one: Stage) -> str:
    block = one.block
    lines = [
        f"{block.name}"
        + (f" over {' x '.join(block.axes)}: {', '.join(m.label for m in one.members)}" if block.axes else "")
    ]
    for name, declared in block.parameters.items():
        lines.append(f"  {name}: {declared.meaning}")
        for one_member in one.members:
            value = one.values[name, one_member.label]
            spread = f", omega {value.omega:g}" if value.omega else ""
            lines.append(
                f"    {bracketed(name, one_member.label)} = {value.value:g} {value.unit}{spread}  [{read_as(value)}]"
            )
    lines += [f"  -> {name} ({declared.unit}): {declared.meaning}" for name, declared in block.offers.items()]
    return "\n".join(lines)


def read_as(value: Value) -> str:
    """Return where a number is from: each row with how it was read and where it is, and the note; or the assumption."""
    ids = source_ids(value.source)
    if not ids:
        return value.source
    shown = ", ".join(f"{row} ({evidence.row(row).read_on}; {evidence.row(row).link})" for row in ids)
    return f"{shown}; {value.note}" if value.note else shown


def cite(*things: Any) -> Citations:
    """Return the studies behind numbers: one entry for each paper, as text (``print``) or BibTeX (``.bibtex()``).

    Entries hold what the evidence holds: an id, the year, DOI or address, and how the paper was read. A copy or a
    secondary page is named as such.

    Parameters
    ----------
    *things
        Models, populations and trials; results and single variables of a result, which rest on all that the model
        reads on the way to them; ids of evidence rows.

    Returns
    -------
    Citations

    Raises
    ------
    InputError
        If something has no sources.
    UnknownNameError
        If there is no such row.
    """
    return citations(pair for thing in things for pair in _sources_of(thing))


def _sources_of(thing: Any) -> Iterator[tuple[str, str]]:
    """Yield the name and the source of every number behind something."""
    if isinstance(thing, str):
        yield "", evidence.row(thing).id
    elif isinstance(thing, Model):
        yield from ((name, value.source) for name, value in thing.parameters.items())
    elif isinstance(held := getattr(thing, "sources", None), Mapping):
        yield from held.items()
    elif callable(cited := getattr(thing, "cited", None)):
        yield from cited()
    elif isinstance(attrs := getattr(thing, "attrs", None), Mapping) and {"parameters", "source"} & attrs.keys():
        yield from _sources_told(attrs, str(getattr(thing, "name", "")))
    else:
        raise refused("what to cite", thing, "a model, a population, a trial, a result, or the id of an evidence row")


def _sources_told(attrs: Mapping[Any, Any], name: str) -> Iterator[tuple[str, str]]:
    """Yield what the attributes of a result, or of one of its variables, tell."""
    if "parameters" not in attrs:
        words = _WORD.findall(f"{attrs['source']} {attrs.get('rests_on', '')}")
        yield name, " ".join(dict.fromkeys(word for word in words if evidence.exists(word))) or "assumed: no row named"
        return
    yield from ((key, source) for key, (*_, source) in json.loads(attrs["parameters"]).items())
    yield from json.loads(attrs.get("population_sources", "{}")).items()
    yield from ((key, told["source"]) for key, told in json.loads(attrs.get("trial_design", "{}")).items())


__all__ = ["Model", "Offer", "bracketed", "cite", "read_as", "sources"]
