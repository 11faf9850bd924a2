"""What one run hands over to the next: every state of everybody, doses on their way, and how far clocks have run.

A run that goes on from it starts its own count of time at 0. Age, kidney function and years of growth go on; so do the
values that stand for the time of entry, and the numbers of doses that draws of adherence depend on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from menaquinone.model import Model, bracketed
from menaquinone.solve.actions import END, START, Actions, Target

if TYPE_CHECKING:
    from menaquinone.solve.problem import Wired

AMOUNT, RATE = 0, 1
"""Kinds of actions."""
_DIGITS = 9


@dataclass(frozen=True, eq=False)
class Flights:
    """Doses on their way: infusions that are running, and doses whose lag has not passed.

    Attributes
    ----------
    start, end : ndarray (f,)
        When each enters, and when an infusion ends (NaN for one given at once), h.
    slot : ndarray (f,)
        State that it enters.
    arriving : ndarray (f, n)
        nmol, or nmol/h of an infusion, that arrives in each person; NaN in people who do not have it.
    """

    start: np.ndarray
    end: np.ndarray
    slot: np.ndarray
    arriving: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def take(self, positions: Any) -> "Flights":
        """Return those of some people."""
        return replace(self, arriving=self.arriving[:, positions])

    def since(self, time: float) -> "Flights":
        """Return those that are still on their way at a time, in hours since then."""
        enters, ends = np.round(self.start, _DIGITS), np.round(self.end, _DIGITS)
        rows = (enters >= time) | (ends > time)
        return Flights(
            np.maximum(self.start[rows] - time, 0.0), self.end[rows] - time, self.slot[rows], self.arriving[rows]
        )

    def without(self, people: np.ndarray) -> "Flights":
        """Return those that are left when some people (n,) have lost theirs."""
        return replace(self, arriving=np.where(people, np.nan, self.arriving)) if len(self) else self

    def beside(self, other: "Flights") -> "Flights":
        """Return both."""
        pairs = zip(
            (self.start, self.end, self.slot, self.arriving),
            (other.start, other.end, other.slot, other.arriving),
            strict=True,
        )
        return Flights(*(np.concatenate(pair) for pair in pairs))

    def of(self, person: int) -> np.ndarray:
        """Return which of them a person has."""
        return np.flatnonzero(np.isfinite(self.arriving[:, person]))

    @property
    def patterns(self) -> np.ndarray:
        """For each person (n,) the number of the set of doses that they have."""
        has = np.isfinite(self.arriving).T
        if not has.shape[1]:
            return np.zeros(len(has), np.int64)
        return np.unique(has, axis=0, return_inverse=True)[1].reshape(-1)


def no_flights(n: int) -> Flights:
    """Return no doses on their way to n people."""
    return Flights(np.zeros(0), np.zeros(0), np.zeros(0, np.int64), np.zeros((0, n)))


@dataclass(frozen=True, eq=False)
class Handed:
    """The state of n people at the end of a run.

    Attributes
    ----------
    clock
        Time since entry, h.
    x : ndarray (states, n)
        Stage after stage, state after state, member after member; NaN for people who could not be solved.
    begun : ndarray (members, n) of bool
        Whether the states of each member of a block with an onset exist.
    entry
        Outputs at the time of entry that are read later, by name, (members, n).
    speed
        Factors of formulations on absorption times, by parameter, (n,): what is in depots is absorbed as it was.
    given : ndarray (records, n)
        How many doses of each record have been given.
    doses
        What rules have decided, by name: the dose in force and the last that was not 0, (2, n), nmol.
    flights
        Doses on their way.
    """

    clock: float
    x: np.ndarray
    begun: np.ndarray
    entry: Mapping[str, np.ndarray]
    speed: Mapping[str, np.ndarray]
    given: np.ndarray
    doses: Mapping[str, np.ndarray]
    flights: Flights

    def take(self, positions: Any) -> "Handed":
        """Return the state of some of the people."""
        held: dict[str, Any] = {
            name: {key: array[..., positions] for key, array in getattr(self, name).items()}
            for name in ("entry", "speed", "doses")
        }
        return replace(
            self, x=self.x[:, positions], begun=self.begun[:, positions], given=self.given[:, positions],
            flights=self.flights.take(positions),
            **held,
        )  # fmt: skip

    def states(self, stages: Sequence["Wired"], lanes: np.ndarray) -> list[np.ndarray]:
        """Return the states of every stage for some people, each (n, members, L)."""
        cuts = np.cumsum([0, *(one.n * one.m for one in stages)])
        return [
            self.x[first:last, lanes].reshape(one.n, one.m, len(lanes))
            for one, first, last in zip(stages, cuts[:-1], cuts[1:], strict=True)
        ]

    def exist(self, stages: Sequence["Wired"], lanes: np.ndarray) -> list[np.ndarray]:
        """Return whether the states of every stage exist, each (members, L); of blocks with an onset."""
        first, found = 0, []
        for one in stages:
            size = one.m if one.block.onset is not None else 0
            found.append(self.begun[first : first + size, lanes])
            first += size
        return found


def together(parts: Sequence[tuple[np.ndarray, Handed]], n: int) -> Handed:
    """Put the states of several groups together.

    Parameters
    ----------
    parts
        Positions of each group's people, and their state.
    n
        People in all.
    """
    first, flights = parts[0][1], no_flights(n)
    for who, one in parts:
        arriving = np.full((len(one.flights), n), np.nan)
        arriving[:, who] = one.flights.arriving
        flights = flights.beside(replace(one.flights, arriving=arriving))
    records = max(len(one.given) for _, one in parts)
    given = np.zeros((records, n), np.int64)
    for who, one in parts:
        given[: len(one.given), who] = one.given

    def joined(name: str, missing: float) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        for who, one in parts:
            for key, values in getattr(one, name).items():
                found.setdefault(key, np.full((*values.shape[:-1], n), missing))[..., who] = values
        return found

    x, begun = np.empty((len(first.x), n)), np.empty((len(first.begun), n), bool)
    for who, one in parts:
        x[:, who], begun[:, who] = one.x, one.begun
    return Handed(
        first.clock, x, begun, joined("entry", np.nan), joined("speed", 1.0), given, joined("doses", np.nan), flights
    )


def with_flights(
    actions: Actions, flights: Flights, rows: np.ndarray, stages: Sequence["Wired"], doses: int
) -> Actions:
    """Add doses on their way to what a schedule does; a reset cancels them as it does the schedule's own.

    Parameters
    ----------
    actions
        Of the schedule.
    flights
        Of all people.
    rows : ndarray of int
        Which of them people on this schedule have.
    stages
        Of the model.
    doses
        Administrations of the schedule: doses on their way are numbered behind them.
    """
    cuts = [*actions.time[actions.order == 1].tolist(), *(one.time for one in actions.orbits if one.replace)]
    cut = min(cuts, default=np.inf)
    parts, targets = [], list(actions.targets)
    for place, row in enumerate(rows.tolist()):
        start, end = round(float(flights.start[row]), _DIGITS), round(float(flights.end[row]), _DIGITS)
        if start >= cut:
            continue
        number, target = doses + place, len(targets)
        targets.append(_target(stages, int(flights.slot[row]), row))
        if np.isnan(end):
            parts.append((start, START, AMOUNT, 1.0, number, target))
        else:
            parts.append((start, START, RATE, 1.0, number, target))
            parts.append((min(end, cut), END, RATE, -1.0, number, target))
    if not parts:
        return actions
    fields = ("time", "order", "kind", "value", "dose", "target")
    columns = [
        np.concatenate([getattr(actions, name), np.array(column, getattr(actions, name).dtype)])
        for name, column in zip(fields, zip(*parts, strict=True), strict=True)
    ]
    sort = np.lexsort((columns[4], columns[1], columns[0]))
    merged: dict[str, Any] = {name: column[sort] for name, column in zip(fields, columns, strict=True)}
    return replace(actions, targets=tuple(targets), **merged)


def _target(stages: Sequence["Wired"], slot: int, row: int) -> Target:
    stage, member, state = place_of(stages, slot)
    return Target(stage, state, member, "", 1.0, -2 - row)


def place_of(stages: Sequence["Wired"], slot: int) -> tuple[int, int, int]:
    """Return stage, member and state of a place in the row of all states."""
    for index, one in enumerate(stages):
        if slot < one.n * one.m:
            return index, slot % one.m, slot // one.m
        slot -= one.n * one.m
    raise IndexError(slot)


def slot_of(stages: Sequence["Wired"], target: Target) -> int:
    """Return the place of a target in the row of all states."""
    before = sum(one.n * one.m for one in stages[: target.stage])
    return before + target.state * stages[target.stage].m + target.member


def state_names(model: Model) -> tuple[str, ...]:
    """Return the name of every state of a model: ``oral_pk.central[MK-7]``."""
    return tuple(
        bracketed(f"{one.block.name}.{name}", member.label)
        for one in model.stages
        for name in one.block.states
        for member in one.members
    )


def begun_names(model: Model) -> tuple[str, ...]:
    """Return a name for every member of every block with an onset."""
    return tuple(
        bracketed(one.block.name, member.label)
        for one in model.stages
        if one.block.onset is not None
        for member in one.members
    )


def entry_names(model: Model) -> tuple[str, ...]:
    """Return the outputs whose values at entry are read later."""
    reads = (
        read.of or name
        for one in model.stages
        for name, read in one.block.inputs.items()
        if read.at_entry and not read.covariate
    )
    return tuple(dict.fromkeys(reads))


def fingerprint(model: Model) -> str:
    """Return a digest of a model: its stages, members, states, and every parameter's value."""
    told = [
        (one.block.name, one.block.axes, [(name, each.unit) for name, each in one.block.states.items()],
         [member.name for member in one.members])
        for one in model.stages
    ]  # fmt: skip
    numbers = [(name, value.value, value.unit) for name, value in model.parameters.items()]
    return blake2b(repr((told, numbers)).encode(), digest_size=8).hexdigest()


__all__ = [
    "Flights",
    "Handed",
    "begun_names",
    "entry_names",
    "fingerprint",
    "no_flights",
    "place_of",
    "slot_of",
    "state_names",
    "together",
    "with_flights",
]
