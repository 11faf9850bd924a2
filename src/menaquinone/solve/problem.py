"""The one place where axes meet: model, people, regimen and times become aligned arrays that every engine reads.

Members lie on the axis before the last, subjects on the last. Nothing above this file sees an index, nothing below it
sees a name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from menaquinone import units
from menaquinone.catalogue.forms import form
from menaquinone.declare import Block, Onset, Stage
from menaquinone.errors import InputError, refused, unknown
from menaquinone.inputs.covariates import Covariate
from menaquinone.inputs.doses import Doses
from menaquinone.inputs.population import Population
from menaquinone.model import Model, bracketed, sources
from menaquinone.solve.actions import Actions, Target, actions
from menaquinone.solve.handed import Handed, with_flights
from menaquinone.solve.kept import Kept

TIME_DIGITS = 9
"""Times are compared after rounding to so many digits of an hour (4 us)."""
_wires_of: Kept[list[tuple["Wire", ...]]] = Kept(32)
_actions_of: Kept[Actions] = Kept(8)


@dataclass(frozen=True)
class Wire:
    """One input of one stage: where it comes from.

    Attributes
    ----------
    name
        The input's name in the block.
    of
        The output or covariate it reads.
    covariate
        Whether it is a covariate.
    at_entry
        Whether it is read at time 0.
    index : ndarray (members, r)
        Members of the offer that each reading member sums; r is 1 for a plain read.
    """

    name: str
    of: str
    covariate: bool
    at_entry: bool
    index: np.ndarray


@dataclass(frozen=True)
class Wired:
    """A stage with its wires; ``doses`` where any of its members takes them."""

    stage: Stage
    wires: tuple[Wire, ...]

    @property
    def block(self) -> Block:
        """The mechanism."""
        return self.stage.block

    @property
    def n(self) -> int:
        """Number of states."""
        return len(self.block.states)

    @property
    def m(self) -> int:
        """Number of members."""
        return len(self.stage.members)

    @property
    def doses(self) -> bool:
        """Whether any member takes doses."""
        return any(one.enters for one in self.stage.members)

    @property
    def onset(self) -> Onset:
        """The block's onset, for blocks that have one."""
        if self.block.onset is None:
            raise InputError(f"block '{self.block.name}': got no onset, expected one.")
        return self.block.onset

    @property
    def steady(self) -> bool:
        """Whether every state starts at its steady state, so that there is a periodic orbit to be put on."""
        return (
            bool(self.n)
            and self.block.start is None
            and all(one.start == "steady" for one in self.block.states.values())
        )


def wired(model: Model) -> tuple[Wired, ...]:
    """Resolve every read of a model to indices."""
    wires = _wires_of(model.shape, lambda: [tuple(_wires(model, one)) for one in model.stages])
    return tuple(Wired(one, of_one) for one, of_one in zip(model.stages, wires, strict=True))


def _wires(model: Model, one: Stage) -> Iterable[Wire]:
    for name, read in one.block.inputs.items():
        of = read.of or name
        if read.covariate:
            yield Wire(name, of, True, read.at_entry, np.zeros((len(one.members), 1), int))
        else:
            offer = model.offers[of]
            rows = [sources(one, reader, read, offer, of) for reader in one.members]
            yield Wire(name, of, False, read.at_entry, np.array(rows, int))


@dataclass(frozen=True)
class Held:
    """Covariates of some lanes, in house units, ready to be evaluated at any of their times."""

    covariates: Mapping[str, Covariate]
    members: Mapping[str, tuple[str, ...]]

    def __call__(self, name: str, hours: np.ndarray, since: np.ndarray) -> np.ndarray:
        """Return values (..., members or 1, L): at ``hours`` where linear, else those in force after ``since``."""
        one = self.covariates[name]
        scale = units.factor(one.unit)
        knots = np.broadcast_to(np.round(one.times, TIME_DIGITS), one.values.shape[:2])
        values = one.values if one.axis else one.values[..., None]
        lanes = np.arange(len(values))
        if one.hold == "linear" and knots.shape[1] > 1:
            left = np.clip((knots[:, 1:-1] <= hours[..., None]).sum(-1), 0, knots.shape[1] - 2)
            start, stop = knots[lanes, left], knots[lanes, left + 1]
            share = ((hours - start) / (stop - start))[..., None]
            found = values[lanes, left] + share * (values[lanes, left + 1] - values[lanes, left])
        else:
            place = (knots[:, 1:] <= since[:, None]).sum(-1)
            if one.hold == "next":
                place = np.minimum(place + 1, knots.shape[1] - 1)
            found = values[lanes, place]
        return np.ascontiguousarray(found.swapaxes(-1, -2)) * scale

    def breaks(self, lane: int, horizon: float) -> np.ndarray:
        """Return the times in (0, horizon) at which any covariate of a lane steps or bends."""
        found = [
            np.round(one.times[lane] if one.times.ndim == 2 else one.times, TIME_DIGITS)
            for one in self.covariates.values()
        ]
        times = np.unique(np.concatenate([np.zeros(1), *found]))
        return times[(times > 0) & (times < horizon)]


@dataclass(frozen=True)
class Problem:
    """Model, people, doses, times and tolerance, aligned.

    Attributes
    ----------
    model, people, doses
        What was asked for.
    times : ndarray (t,)
        Output times in h, rising from 0 or later.
    rtol
        The tolerance that outputs are promised to.
    growth_noise
        Whether deposits grow with year-to-year noise.
    dosed
        Molar mass (g/mol) of the forms that are dosed.
    dose_scale : ndarray (n, records) or None
        Factor on every amount and infusion rate of each record of the regimen, by person: a swept dose needs no
        schedule of its own. Engines meet it in :meth:`arriving` alone.
    initial
        The state to go on from; time 0 of the problem is when it was handed over.
    flying
        For each schedule, which of the state's doses on their way its people have.
    speed
        Factors of formulations on absorption times by parameter, (n,), for people whose schedule has none of its own.
    keeps
        Whether engines hand over the state at the end.
    """

    model: Model
    people: Population
    doses: Doses
    times: np.ndarray
    rtol: float
    growth_noise: bool = False
    dosed: Mapping[str, float] = field(default_factory=dict)
    dose_scale: np.ndarray | None = None
    initial: Handed | None = None
    flying: tuple[np.ndarray, ...] = ()
    speed: Mapping[str, np.ndarray] = field(default_factory=dict)
    keeps: bool = False

    def __post_init__(self) -> None:
        """Refuse what no engine could run: a covariate nobody offers, or one along the wrong axis."""
        for name in self.model.covariates:
            if name not in self.covariates:
                raise unknown(
                    f"covariate that the model '{self.model.name}' reads of population '{self.people.name}'",
                    name,
                    self._covariates(None),
                )
        for name in self.people.drugs:
            if name not in self._antagonists:
                raise InputError(
                    f"model '{self.model.name}' of population '{self.people.name}', which takes {name} for long: got "
                    f"no antagonist '{name}', expected one as in mk.models.vitamin_k(antagonists=['{name}'])."
                )

    @property
    def horizon(self) -> float:
        """Last output time, h."""
        return float(self.times[-1])

    @property
    def clock(self) -> float:
        """Time since entry at which the problem begins, h: covariates are functions of the time since entry."""
        return 0.0 if self.initial is None else self.initial.clock

    @cached_property
    def stages(self) -> tuple[Wired, ...]:
        """The cascade with its wires."""
        return wired(self.model)

    def _covariates(self, only: tuple[str, ...] | None) -> dict[str, Covariate]:
        """Return covariates of the people by name, some of them or all that there are."""
        sites = self.model.members("site") if any("site" in one.block.axes for one in self.model.stages) else ()
        noise = self.growth_noise and bool(sites)
        drugs, end = self._antagonists, max(self.clock + self.horizon, 1.0)
        return self.people.covariates(end, growth_noise=noise, sites=sites, antagonists=drugs, only=only)

    @property
    def _antagonists(self) -> tuple[str, ...]:
        found = [one for one in self.model.stages if "antagonist" in one.block.axes]
        return self.model.members("antagonist") if found else ()

    @cached_property
    def covariates(self) -> dict[str, Covariate]:
        """Covariates of all people by name, those that the model reads."""
        return self._covariates(self.model.covariates)

    @cached_property
    def actions(self) -> tuple[Actions, ...]:
        """What happens when, for each distinct schedule."""
        by_record = self.dose_scale is not None
        found = [
            _actions_of(
                (self.model.shape, schedule, by_record),
                partial(actions, self.stages, schedule, by_record=by_record),
            )
            for schedule in self.doses.schedules
        ]
        if self.initial is None or not len(self.initial.flights):
            return tuple(found)
        return tuple(
            with_flights(one, self.initial.flights, rows, self.stages, len(schedule))
            for one, rows, schedule in zip(found, self.flying, self.doses.schedules, strict=True)
        )

    def arriving(self, target: Target, parameters: Sequence[Any], lanes: np.ndarray) -> np.ndarray:
        """Return what the amounts and infusion rates at a target are multiplied by: the share that arrives, scaled.

        Parameters
        ----------
        target
            Of the actions of these people.
        parameters
            Of every stage, each (members, lanes).
        lanes
            Positions of the people.

        Returns
        -------
        ndarray (lanes,)
        """
        if target.record < -1:  # of a dose that was on its way, all has been reckoned but who has it
            assert self.initial is not None
            return np.asarray(np.nan_to_num(self.initial.flights.arriving[-2 - target.record, lanes]))
        share = np.broadcast_to(target.share(parameters), len(lanes))
        return share if self.dose_scale is None else share * self.dose_scale[lanes, target.record]

    @cached_property
    def _rows(self) -> np.ndarray:
        """Row of every subject among those whose missed doses were drawn for the same schedule."""
        if self.doses.rows is not None:
            return self.doses.rows
        rows = np.empty(self.people.n, int)
        for schedule in range(len(self.doses.schedules)):
            mine = self.doses.subjects(schedule)
            rows[mine] = np.arange(len(mine))
        return rows

    def taken_by(self, subject: int) -> np.ndarray | None:
        """Return which administrations of their schedule a person takes; None for all."""
        schedule = int(self.doses.which[subject])
        taken = self.doses.taken_for(schedule)
        if taken is None:
            return None
        also = np.ones(len(self.flying[schedule]) if self.flying else 0, bool)
        return np.concatenate([taken[self._rows[subject]], also])

    def prepare(self) -> None:
        """Compute what all subjects share, before threads ask for it."""
        _ = (self.stages, self.covariates, self.actions, self._formulated, self._rows)

    def held(self, lanes: np.ndarray) -> Held:
        """Return the covariates of some people."""
        taken = {name: one.take(lanes) for name, one in self.covariates.items()}
        return Held(taken, {name: one.members for name, one in taken.items()})

    def parameters(self, one: Wired, lanes: np.ndarray) -> Any:
        """Return a stage's parameters for some people, each (members, lanes), in house units.

        Raises
        ------
        InputError
            If a parameter of anybody is not a number.
        """
        columns = {}
        for name, declared in one.block.parameters.items():
            column = np.empty((one.m, len(lanes)))
            for row, member in enumerate(one.stage.members):
                key = bracketed(name, member.label)
                value = self.model.parameters[key]
                if key in self.people.values:
                    column[row] = self.people.values[key][lanes] * units.factor(declared.unit)
                else:
                    column[row] = value.value * units.factor(value.unit)
                if key in self.people.factors:
                    column[row] *= self.people.factors[key][lanes]
                if key in self._formulated:
                    self._of_formulation(key, column[row], lanes)
            missing = np.isnan(column)
            if missing.any():
                key = bracketed(name, one.stage.members[missing.any(axis=1).argmax()].label)
                raise refused(f"parameter '{key}'", float("nan"), "a number for every subject")
            columns[name] = column
        return one.block.Parameters(**columns)

    @cached_property
    def _formulated(self) -> frozenset[str]:
        """Parameters that are others for some formulation of anybody's."""
        return frozenset(self.speed).union(*(one.factors for one in self.actions))

    def _of_formulation(self, key: str, row: np.ndarray, lanes: np.ndarray) -> None:
        before = self.speed.get(key)
        for schedule, one in enumerate(self.actions):
            mine = self.doses.which[lanes] == schedule
            if key in one.factors:
                row[mine] *= one.factors[key]
            elif before is not None:  # what is still in the depots is absorbed as fast as it was
                row[mine] *= before[lanes][mine]

    def molar_mass(self, name: str) -> float:
        """Return the molar mass of a form, g/mol: that of a dose of it, else the catalogue's."""
        return self.dosed.get(name) or form(name).molar_mass.value

    def intake(self, one: Wired, parameters: Any, lanes: np.ndarray) -> np.ndarray:
        """Return the habitual diet as a constant input (states, members, lanes), nmol/h, after absorption losses."""
        rate = np.zeros((one.n, one.m, len(lanes)))
        names = list(one.block.states)
        for row, member in enumerate(one.stage.members):
            eaten = self.people.diet.get(member.name[0]) if member.name else None
            if eaten is None or "oral" not in member.enters:
                continue
            entry = member.enters["oral"]
            share = getattr(parameters, entry.fraction)[row] if entry.fraction else 1.0
            molar_mass = self.molar_mass(member.name[0])
            rate[names.index(entry.state), row] = eaten[lanes] * 1e3 / molar_mass / units.HOURS_PER_DAY * share
        return rate


def inputs(
    one: Wired,
    offered: Mapping[str, np.ndarray],
    entry: Mapping[str, np.ndarray],
    held: Held,
    hours: np.ndarray,
    since: np.ndarray,
) -> Any:
    """Gather a stage's inputs at times ``hours`` (..., L).

    Parameters
    ----------
    one
        The reading stage.
    offered
        Outputs so far by name, each (..., members, L).
    entry
        Outputs and covariates at time 0, each (members, L).
    held
        Covariates of these lanes.
    hours
        Times since entry.
    since : ndarray (L,)
        Start of the segment: covariates that step are those in force right after it.

    Returns
    -------
    The block's ``Inputs``, each field (..., members, L) or broadcastable to it.
    """
    values = {}
    for wire in one.wires:
        if wire.at_entry:
            source = entry[wire.of]
        elif wire.covariate:
            source = _axis_of(one, held, wire.of, held(wire.of, hours, since))
        else:
            source = offered[wire.of]
        if wire.covariate:
            values[wire.name] = source
            continue
        total = _rows(source, wire.index[:, 0])
        for column in range(1, wire.index.shape[1]):  # one by one: the order of a sum is part of a subject's result
            total = total + _rows(source, wire.index[:, column])
        values[wire.name] = total
    return one.block.Inputs(**values)


def _rows(source: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Return members of (..., members, L): a view where they stand evenly spaced."""
    if len(index) == 1:
        return source[..., index[0] : index[0] + 1, :]
    step = int(index[1] - index[0])
    if step > 0 and (np.diff(index) == step).all():
        return source[..., index[0] : index[-1] + 1 : step, :]
    return source[..., index, :]


def _axis_of(one: Wired, held: Held, name: str, found: np.ndarray) -> np.ndarray:
    axis, members = held.covariates[name].axis, held.members[name]
    if not axis:
        return found
    if axis not in one.block.axes:
        raise InputError(
            f"covariate '{name}': got values along '{axis}', expected none: block '{one.block.name}' has no such axis."
        )
    place = one.block.axes.index(axis)
    for member in one.stage.members:
        if member.name[place] not in members:
            raise unknown(f"{axis} of covariate '{name}'", member.name[place], members)
    return found[..., [members.index(member.name[place]) for member in one.stage.members], :]


def published(one: Wired, outputs: Any, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return a stage's outputs by name, each broadcast to ``shape`` (..., members, L)."""
    return {
        name: np.broadcast_to(np.asarray(value, float), shape)
        for name, value in zip(one.block.offers, outputs, strict=True)
    }


def pack(state: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Stack a named tuple of states or rates on a new axis before (members, L): (..., n, members, L)."""
    whole = np.empty((*shape[:-2], len(state), *shape[-2:]), np.result_type(*state))
    for i, value in enumerate(state):
        whole[..., i, :, :] = value
    return whole


def unpack(one: Wired, x: np.ndarray) -> Any:
    """Return (..., n, members, L) as the block's ``State``."""
    return one.block.State(*(x[..., i, :, :] for i in range(one.n)))


def rates(one: Wired, p: Any, x: np.ndarray, u: Any) -> np.ndarray:
    """Evaluate a block's equations: (..., n, members, L) in, the same out, per hour."""
    shape = (*x.shape[:-3], *x.shape[-2:])
    return pack(one.block.rates(p, unpack(one, x), u), shape)


def coefficients(one: Wired, p: Any, u: Any, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Read A (..., n, n, members, L) and b (..., n, members, L) off the equations of an affine block.

    ``rates`` is asked once at 0 and once at each imaginary unit state, whose imaginary part is a column of A with no
    cancellation; no algebra is typed twice. All columns of many people at once would not fit in a cache.
    """
    a = np.empty((*shape[:-2], one.n, one.n, *shape[-2:]))
    for i in range(one.n):
        x = np.zeros((*shape[:-2], one.n, *shape[-2:]), complex)
        x[..., i, :, :] = 1j
        a[..., i, :, :] = rates(one, p, x, u).imag
    return a, offset(one, p, u, shape)


def by_column(values: np.ndarray) -> np.ndarray:
    """Put what was found column by column (columns, ..., n, members, L) as matrices (..., n, columns, members, L)."""
    return np.ascontiguousarray(np.moveaxis(values, 0, -3))


def offset(one: Wired, p: Any, u: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return b (..., n, members, L): the rates at state 0."""
    return rates(one, p, np.zeros((*shape[:-2], one.n, *shape[-2:])), u)
