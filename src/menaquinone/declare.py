"""The vocabulary in which a mechanism is written down once. The first file to read.

A *block* is a mechanism: parameters, states, inputs, outputs and the equations between them, in plain arithmetic.
A *member* is one form, tissue, protein or site: a record of sourced numbers. A *stage* is a block with its members.

    class Parameters(NamedTuple):
        k_in: Array = param(2.0, "ug/L/h", "release into plasma", source="assumed: no kinetic row")
        k_out: Array = param(0.14, "1/h", "loss rate constant", source="assumed: no kinetic row")
    class State(NamedTuple):
        level: Array = state("ug/L", "plasma level")
    def rates(p, x, u):
        return State(level=p.k_in - p.k_out * x.level)
    LEVEL = Block("level", Parameters, State, rates, over="protein", affine=True)

Equations see house units only (h, nmol, L; every other unit as declared) and use ``+ - * / **``, ``np.exp``,
``np.log`` and ``np.sqrt``, nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import isnan
from types import MappingProxyType
from typing import Any, NamedTuple

from menaquinone.errors import InputError, listed, refused, unknown
from menaquinone.units import converted

Array = Any
"""A number, an array, a pint quantity or a symbol: an equation does not care which."""


@dataclass(frozen=True)
class Param:
    """A declared parameter: what it is called is the field that holds it."""

    default: float
    unit: str
    meaning: str
    source: str
    low: float
    high: float


@dataclass(frozen=True)
class StateVariable:
    """A declared state and how it starts: ``"steady"``, a parameter's name, or a number."""

    unit: str
    meaning: str
    start: str | float


@dataclass(frozen=True)
class Read:
    """A declared input: an output of an earlier stage, or a covariate of the person."""

    unit: str
    meaning: str
    of: str
    sum_over: str
    at_entry: bool
    covariate: bool


@dataclass(frozen=True)
class Output:
    """A declared output; ``shown`` ones are in a result unless others are asked for."""

    unit: str
    meaning: str
    shown: bool


class Nothing(NamedTuple):
    """No parameters, no states, no inputs or no outputs."""


def param(
    default: float, unit: str, meaning: str, *, source: str, low: float | None = None, high: float | None = None
) -> Any:
    """Declare a parameter, in the unit the field uses.

    Parameters
    ----------
    default
        Value for members that do not set it.
    unit
        Unit of the value; converted to house units once, when a stage is aligned.
    meaning
        One phrase.
    source
        Ids of evidence rows separated by spaces, or ``assumed: why``.
    low, high
        Physiological bounds, in ``unit``; generated parameter sets stay inside. A tenth and ten times the default
        where nothing narrower is declared.
    """
    spread = (0.1 * default, 10.0 * default)
    bounds = (min(spread) if low is None else low, max(spread) if high is None else high)
    return Param(default, unit, meaning, source, *bounds)


def state(unit: str, meaning: str, *, start: str | float = "steady") -> Any:
    """Declare a state, in house units.

    Parameters
    ----------
    unit
        A unit made of h, nmol, L and units that are not converted.
    meaning
        One phrase.
    start
        ``"steady"`` (the steady state of the inputs at time 0), a parameter's name, or a number. A block's own
        ``start`` function overrides it.
    """
    return StateVariable(unit, meaning, start)


def reads(unit: str, meaning: str, *, of: str = "", sum_over: str = "", at_entry: bool = False) -> Any:
    """Declare an input that an earlier stage offers as an output.

    Parameters
    ----------
    unit
        Must be the unit in which it is offered.
    meaning
        One phrase.
    of
        The output's name where the input is called differently.
    sum_over
        An axis to sum over. An axis that the reading block has too is matched by member name; any other axis needs
        a link in the member's record.
    at_entry
        Read the value at time 0 instead of the present one.
    """
    return Read(unit, meaning, of, sum_over, at_entry, covariate=False)


def covariate(unit: str, meaning: str, *, of: str = "", at_entry: bool = False) -> Any:
    """Declare an input that the population offers for each person (age, eGFR, ...).

    Parameters are those of :func:`reads`.
    """
    return Read(unit, meaning, of, "", at_entry, covariate=True)


def output(unit: str, meaning: str, *, shown: bool = True) -> Any:
    """Declare an output; equations give it in house units, results in the declared one.

    Parameters
    ----------
    unit
        The field's unit, such as ``pmol/L``; another block that reads it gets house units.
    meaning
        One phrase; becomes ``long_name``.
    shown
        Whether a result holds it when no outputs are named.
    """
    return Output(unit, meaning, shown)


@dataclass(frozen=True)
class Onset:
    """States are zero until an input has risen to a parameter; from then on they start at ``then``.

    Attributes
    ----------
    when
        Name of the input that rises.
    reaches
        Name of the parameter it has to reach.
    then
        The block's ``State`` at onset, as numbers.
    """

    when: str
    reaches: str
    then: tuple[float, ...]


def _nothing(p: Any, x: Any, u: Any) -> Nothing:  # noqa: ARG001 - the signature of every block
    return Nothing()


@dataclass(frozen=True)
class Block:
    """A mechanism: one declaration that every engine, the exporters and the docs read.

    Attributes
    ----------
    name
        Identifier, unique in a model.
    Parameters, State, Inputs, Outputs
        Named tuples whose defaults are :func:`param`, :func:`state`, :func:`reads` / :func:`covariate` and
        :func:`output`.
    rates
        ``rates(p, x, u) -> State``: time derivatives, in state units per hour.
    outputs
        ``outputs(p, x, u) -> Outputs``.
    over
        The axis its members lie on, or a pair of axes, or nothing.
    affine
        Claims that ``rates`` is ``A(p, u) x + b(p, u)``; measured by ``testing.check_block``.
    onset
        Where the states exist only from an onset on.
    start
        ``start(p, u) -> State`` at time 0, for states that begin from the person's history; may be piecewise.
    """

    name: str
    Parameters: type = Nothing
    State: type = Nothing
    rates: Callable[[Any, Any, Any], Any] = _nothing
    Inputs: type = Nothing
    Outputs: type = Nothing
    outputs: Callable[[Any, Any, Any], Any] = _nothing
    over: str | tuple[str, ...] = ()
    affine: bool = True
    onset: Onset | None = None
    start: Callable[[Any, Any], Any] | None = None

    def __post_init__(self) -> None:
        """Refuse a declaration that contradicts itself."""
        object.__setattr__(self, "over", (self.over,) if isinstance(self.over, str) and self.over else tuple(self.over))
        for kind, wanted in (("Parameters", Param), ("State", StateVariable), ("Inputs", Read), ("Outputs", Output)):
            for name, declared in _declared(getattr(self, kind)).items():
                if not isinstance(declared, wanted):
                    raise refused(f"block '{self.name}', {kind}.{name}", declared, f"a {wanted.__name__} declaration")
        for name, declared in self.states.items():
            if isinstance(declared.start, str) and declared.start not in ("steady", *self.parameters):
                what = f"start of state '{name}' in block '{self.name}'"
                raise unknown(what, declared.start, ["steady", *self.parameters])
        if self.onset is not None:
            if self.onset.when not in self.inputs:
                raise unknown(f"onset input of block '{self.name}'", self.onset.when, self.inputs)
            if self.onset.reaches not in self.parameters:
                raise unknown(f"onset parameter of block '{self.name}'", self.onset.reaches, self.parameters)

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of the members, in order; empty for a block without members."""
        return tuple(self.over)

    @property
    def parameters(self) -> Mapping[str, Param]:
        """Declared parameters by name."""
        return _declared(self.Parameters)

    @property
    def states(self) -> Mapping[str, StateVariable]:
        """Declared states by name."""
        return _declared(self.State)

    @property
    def inputs(self) -> Mapping[str, Read]:
        """Declared inputs by name."""
        return _declared(self.Inputs)

    @property
    def offers(self) -> Mapping[str, Output]:
        """Declared outputs by name."""
        return _declared(self.Outputs)


@lru_cache(maxsize=1024)
def _declared(fields: type) -> Mapping[str, Any]:
    defaults: dict[str, Any] = getattr(fields, "_field_defaults", {})
    missing = [name for name in getattr(fields, "_fields", ()) if name not in defaults]
    if missing:
        what = fields.__qualname__
        raise InputError(f"{what}: got {listed(missing)} without a declaration, expected one for every field.")
    return MappingProxyType(dict(defaults))


@dataclass(frozen=True)
class Value:
    """A number that never travels alone: value, unit, source, spread between people and a remark.

    Attributes
    ----------
    value, unit
        The number and its unit.
    source
        Ids of evidence rows separated by spaces, or ``assumed: why``.
    omega
        SD of the logarithm between people; 0 where no spread is modelled.
    note
        How the number was made from the rows, where it was not copied.
    """

    value: float
    unit: str
    source: str
    omega: float = 0.0
    note: str = ""


def source_ids(source: str) -> tuple[str, ...]:
    """Return the evidence ids in a source, none for an assumption.

    Parameters
    ----------
    source
        ``row-id other-row-id`` or ``assumed: why``.
    """
    return () if source.startswith("assumed") else tuple(source.split())


@dataclass(frozen=True)
class Entry:
    """Where a dose by one route enters.

    Attributes
    ----------
    state
        The state that receives the amount.
    fraction
        The parameter that holds the share of a dose that enters; empty for all of it.
    """

    state: str
    fraction: str = ""


@dataclass(frozen=True)
class Member:
    """One form, tissue, protein or site, or a pair of them: numbers and links, no equation.

    Attributes
    ----------
    name
        One name for each axis of the block.
    values
        Parameters that differ from the block's defaults.
    links
        For an axis that the block reads but does not have: the member to read, ``{"tissue": "vessel"}``.
    enters
        Where doses enter, by route; a member without it takes no doses.
    meaning
        A phrase for people.
    """

    name: tuple[str, ...]
    values: Mapping[str, Value] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    enters: Mapping[str, Entry] = field(default_factory=dict)
    meaning: str = ""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle through plain dictionaries: a mapping proxy cannot be pickled."""
        return (Member, (self.name, dict(self.values), dict(self.links), dict(self.enters), self.meaning))

    def __post_init__(self) -> None:
        """Freeze the mappings."""
        for name in ("values", "links", "enters"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def label(self) -> str:
        """The name as it stands in brackets: ``MK-7``, or ``vessel, MK-7`` for a pair."""
        return ", ".join(self.name)


def member(
    *name: str,
    meaning: str = "",
    links: Mapping[str, str] | None = None,
    enters: Mapping[str, Entry] | None = None,
    **values: Value,
) -> Member:
    """Build a member from keyword values: ``member("MK-7", clearance=Value(1.1, "L/h", "row-id"))``."""
    return Member(name, values, links or {}, enters or {}, meaning)


@dataclass(frozen=True)
class Stage:
    """A block with its members, in order."""

    block: Block
    members: tuple[Member, ...]

    @property
    def values(self) -> dict[tuple[str, str], Value]:
        """Every parameter of every member, ``(parameter, member label)``, defaults filled in."""
        return {
            (name, one.label): one.values.get(name, Value(declared.default, declared.unit, declared.source))
            for name, declared in self.block.parameters.items()
            for one in self.members
        }


def stage(block: Block, *members: Member, links: Mapping[str, str] | None = None) -> Stage:
    """Put members on a block.

    Parameters
    ----------
    block
        The mechanism.
    members
        Its members; none for a block without an axis.
    links
        For a block without members: as ``Member.links``.

    Raises
    ------
    InputError
        If a member sets a parameter that the block does not have, to no number or in a unit of another dimension,
        enters a state it does not have, has the wrong number of names, or appears twice; or if ``links`` stand beside
        members, which have their own.
    """
    if links and (members or block.axes):
        raise refused(f"links of block '{block.name}'", dict(links), "links in the records of its members")
    if not block.axes:
        members = members or (Member((), links=links or {}),)
    if block.axes and not members:
        raise InputError(f"block '{block.name}': got no members, expected at least one along {listed(block.axes)}.")
    seen: set[tuple[str, ...]] = set()
    for one in members:
        if len(one.name) != len(block.axes):
            raise refused(f"member of block '{block.name}'", one.name, f"one name for each of {listed(block.axes)}")
        if one.name in seen:
            raise refused(f"members of block '{block.name}'", one.label, "each member once")
        seen.add(one.name)
        _check_record(block, one)
    return Stage(block, tuple(_in_declared_units(block, one) for one in members))


def _check_record(block: Block, one: Member) -> None:
    for name, value in one.values.items():
        if name not in block.parameters:
            what = f"parameter of block '{block.name}' in the record of '{one.label}'"
            raise unknown(what, name, block.parameters)
        if isnan(value.value):
            raise refused(f"'{name}' of '{one.label}'", value.value, f"a number in {value.unit}")
    for route, entry in one.enters.items():
        if entry.state not in block.states:
            raise unknown(f"state for route '{route}' of '{one.label}'", entry.state, block.states)
        if entry.fraction and entry.fraction not in block.parameters:
            raise unknown(f"fraction for route '{route}' of '{one.label}'", entry.fraction, block.parameters)


def _in_declared_units(block: Block, one: Member) -> Member:
    changed = {
        name: replace(
            value,
            value=converted(value.value, value.unit, declared.unit, f"'{name}' of '{one.label}'"),
            unit=declared.unit,
        )
        for name, value in one.values.items()
        if value.unit != (declared := block.parameters[name]).unit
    }
    return replace(one, values={**one.values, **changed}) if changed else one
