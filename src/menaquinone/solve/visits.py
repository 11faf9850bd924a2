"""Visits: what a rule sees there, what it decides, and what that makes of the doses that follow."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from menaquinone.errors import InputError, listed, unknown
from menaquinone.inputs.records import RuleRecord
from menaquinone.inputs.rules import Seen, decided, minute_of, sizes
from menaquinone.model import Model, bracketed
from menaquinone.solve.asked import Asked, no_output
from menaquinone.units import HOURS_PER_DAY, factor


@dataclass(frozen=True)
class Leg:
    """A stretch of the run between two visits.

    Attributes
    ----------
    start, stop
        h since the start of the run.
    visit
        Number of the visit at its end; None where the run ends.
    rows : ndarray of int
        Output times that lie in it, by their place.
    """

    start: float
    stop: float
    visit: int | None
    rows: np.ndarray

    def times(self, hours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the times at which the engine is asked for outputs, since ``start``, and where its own stand in them.

        Parameters
        ----------
        hours
            Output times of the run.
        """
        own = np.round(hours[self.rows] - self.start, 9)
        every = np.unique([*own, round(self.stop - self.start, 9), *([0.0] if not self.start else [])])
        return every, np.searchsorted(every, own)


def legs(visits: tuple[float, ...], hours: np.ndarray) -> list[Leg]:
    """Return the legs of a run: visits cut it; a visit at time 0 makes one of no length."""
    stops = [*visits, *([] if visits and visits[-1] == hours[-1] else [float(hours[-1])])]
    found: list[Leg] = []
    start = 0.0
    for number, stop in enumerate(stops):
        first = np.searchsorted(hours, start, side="right") if found else 0
        rows = np.arange(first, np.searchsorted(hours, stop, side="right"))
        found.append(Leg(start, stop, number if number < len(visits) else None, rows))
        start = stop
    return found


class Visiting:
    """A rule at work: doses in force, and all that was decided. Mutable.

    Parameters
    ----------
    asked
        The run; its people are those who have the rule.
    rule
        Of all of them.
    """

    def __init__(self, asked: Asked, rule: RuleRecord) -> None:
        self.asked, self.rule, n = asked, rule, asked.people.n
        self.places = {name: observed(asked.model, name) for name in rule.observes}
        self.sizes, self.legs = sizes(rule), len(rule.visits) + 1
        written = np.array([one.amount for one in rule.records]) / self.sizes
        self.doses = np.repeat(written[:, None], n, axis=1)
        self.usual = self.doses.copy()
        before = {} if asked.initial is None else asked.initial.doses
        for row, (name, size) in enumerate(zip(rule.names, self.sizes, strict=True)):
            known = np.isfinite(before[name][0]) if name in before else np.zeros(n, bool)
            for into, of in ((self.doses, 0), (self.usual, 1)):
                into[row, known] = before[name][of, known] / size if known.any() else 0.0
        self.scales = np.ones((n, 1 + len(written) * self.legs))
        self.made = np.full((len(rule.visits), len(written), n), np.nan)
        self._earlier: list[tuple[np.ndarray, Seen]] = []
        self._most = np.zeros(len(written))
        self._apply(0, np.arange(n))

    @property
    def wanted(self) -> tuple[str, ...]:
        """Outputs that are observed."""
        return tuple(dict.fromkeys(output for output, _ in self.places.values()))

    def _apply(self, leg: int, who: np.ndarray) -> None:
        for row, amounts in enumerate(self.doses):
            self.scales[who, 1 + row * self.legs + leg] = amounts[who]
        self._most = np.maximum(self._most, self.doses[:, who].max(axis=1))

    def decide(self, visit: int, who: np.ndarray, outputs: Mapping[str, np.ndarray]) -> None:
        """Have the rule decide for some people.

        Parameters
        ----------
        visit
            Its number.
        who : ndarray (k,)
            Positions of the people, rising.
        outputs
            At the visit, by name, (members, k), in house units.
        """
        people, hours, names = self.asked.people, self.rule.visits[visit], self.rule.names
        drawn_as = people.ids if people.drawn_as is None else people.drawn_as
        seen = Seen(
            hours / HOURS_PER_DAY,
            people.ids[who],
            {
                name: outputs[output][row] / factor(self.asked.model.offers[output].declared.unit)
                for name, (output, row) in self.places.items()
            },
            dict(zip(names, self.doses[:, who], strict=True)),
            dict(zip(names, self.usual[:, who], strict=True)),
            {name: column.values[who] for name, column in people.table.items()},
            self._earlier_of(who),
            self.asked.seed,
            minute_of(self.asked.clock + hours),
            drawn_as[who],
        )
        found = decided(self.rule, seen)
        self._earlier.append((who, replace(seen, earlier=())))  # else each would hold all before it, again and again
        self.doses[:, who] = found
        self.usual[:, who] = np.where(found > 0, found, self.usual[:, who])
        self.made[visit][:, who] = found
        self._apply(visit + 1, who)

    def _earlier_of(self, who: np.ndarray) -> tuple[Seen, ...]:
        """Return the visits before, of those who are still there."""
        return tuple(
            one if len(then) == len(who) else one.take(np.searchsorted(then, who)) for then, one in self._earlier
        )

    @property
    def largest(self) -> np.ndarray:
        """The largest amount of each dose that anybody was to get, (doses,), nmol."""
        return np.asarray(self._most * self.sizes)

    def reached(self) -> dict[str, np.ndarray]:
        """Return the dose in force and the last that was not 0 by name, (2, n), nmol."""
        pairs = np.stack([self.doses, self.usual], axis=1) * self.sizes[:, None, None]
        return dict(zip(self.rule.names, pairs, strict=True))


def observed(model: Model, name: str) -> tuple[str, int]:
    """Return the output and the number of its member that a name means: ``plasma_concentration[MK-7]``.

    Raises
    ------
    UnknownNameError
        If the model has no such output or member.
    InputError
        If an output of several members comes without one.
    """
    output, _, rest = name.partition("[")
    if output not in model.offers:
        raise no_output("output that a rule observes", output, model)
    members = [", ".join(one) for one in model.offers[output].members]
    if not rest and len(members) == 1:
        return output, 0
    names = [bracketed(output, one) for one in members]
    if not rest:
        raise InputError(f"output that a rule observes: got '{name}', expected one of {listed(names)}.")
    if name not in names:
        raise unknown("output that a rule observes", name, names)
    return output, names.index(name)


__all__ = ["Leg", "Visiting", "legs", "observed"]
