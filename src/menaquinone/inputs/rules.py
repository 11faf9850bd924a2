"""Dosing rules: doses that are decided at visits from what is seen there, for everybody at once.

A rule is a function ``decide(time, seen)``: days since the start of the run, and what is seen of n people at that
visit; it returns the next doses, one for each of them. It is called with arrays, so it must treat everybody alike and
alone: what it decides for a person may not depend on who else is there. Chance comes from ``seen.uniform`` and
``seen.normal``, whose draws belong to the person and the visit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from menaquinone.errors import InputError, listed, refused, unknown
from menaquinone.inputs import draws
from menaquinone.inputs.covariates import frozen
from menaquinone.inputs.records import DoseRecord, Regimen, RuleRecord
from menaquinone.inputs.times import hours_of
from menaquinone.units import nmol

_SAME = 1e-12
"""Share by which a dose may differ when its person is alone: vector code may round otherwise, and no more."""
_WRITTEN = "a dose such as mk.dose('MK-7', '180 ug', every='24 h'), or several by name"
_MINUTES = 60.0


@dataclass(frozen=True, eq=False)
class Seen:
    """What a rule sees of n people at one visit; ``seen["inr"]`` is what was observed.

    Attributes
    ----------
    time
        Of the visit, d since the start of the run.
    ids : ndarray (n,)
        Of the people.
    outputs
        Observed values by name, each (n,), in the output's declared unit; just before any dose at that time.
    doses
        The dose in force until now by name, each (n,), in the rule's unit.
    usual
        Likewise, the last dose that was not 0: what to go back to when doses have been held.
    people
        Columns of the population by name, each (n,).
    earlier
        The visits of this run before this one, in order; their own ``earlier`` is empty.
    seed, minute
        What draws depend on, beside the person: the study's seed and the time since entry.
    drawn_as : ndarray (n,)
        The ids that draws depend on.
    """

    time: float
    ids: np.ndarray
    outputs: Mapping[str, np.ndarray]
    doses: Mapping[str, np.ndarray]
    usual: Mapping[str, np.ndarray]
    people: Mapping[str, np.ndarray] = field(default_factory=dict)
    earlier: tuple["Seen", ...] = ()
    seed: int = 0
    minute: int = 0
    drawn_as: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Freeze: a rule that wrote into what it sees would change the next visit."""
        object.__setattr__(self, "ids", frozen(self.ids, np.int64))
        object.__setattr__(self, "drawn_as", self.ids if self.drawn_as is None else frozen(self.drawn_as, np.int64))
        for name in ("outputs", "doses", "usual", "people"):
            arrays = {key: _read_only(array) for key, array in getattr(self, name).items()}
            object.__setattr__(self, name, MappingProxyType(arrays))

    def __getitem__(self, name: str) -> np.ndarray:
        """Return an observed output by its name, (n,).

        Raises
        ------
        UnknownNameError
            If the rule does not observe it.
        """
        if name not in self.outputs:
            raise unknown("output that is seen", name, self.outputs)
        return self.outputs[name]

    @property
    def dose(self) -> np.ndarray:
        """The dose in force until now (n,), of a rule that decides one."""
        return _only(self.doses)

    @property
    def usual_dose(self) -> np.ndarray:
        """The last dose that was not 0 (n,), of a rule that decides one."""
        return _only(self.usual)

    def uniform(self, purpose: str) -> np.ndarray:
        """Return a number in (0, 1) for each person, keyed by seed, purpose, person and time since entry."""
        return draws.uniform(self.seed, f"rule {purpose}", self._drawn, self.minute)

    def normal(self, purpose: str) -> np.ndarray:
        """Return a standard normal number for each person, keyed likewise."""
        return draws.normal(self.seed, f"rule {purpose}", self._drawn, self.minute)

    @property
    def _drawn(self) -> np.ndarray:
        return self.ids if self.drawn_as is None else self.drawn_as

    def take(self, positions: Any) -> "Seen":
        """Return what is seen of some of the people."""
        held: dict[str, Any] = {
            name: {key: array[positions] for key, array in getattr(self, name).items()}
            for name in ("outputs", "doses", "usual", "people")
        }
        earlier = tuple(one.take(positions) for one in self.earlier)
        return replace(self, ids=self.ids[positions], drawn_as=self._drawn[positions], earlier=earlier, **held)


def _read_only(array: Any) -> np.ndarray:
    view = np.asarray(array).view()
    view.setflags(write=False)
    return view


def _only(doses: Mapping[str, np.ndarray]) -> np.ndarray:
    if len(doses) != 1:
        raise InputError(
            f"dose of a rule: got {len(doses)} of them, expected their names: seen.doses[...] of {listed(doses)}."
        )
    return next(iter(doses.values()))


Decide = Callable[[float, Seen], Any]
"""From days since the start of the run and what is seen to the next doses: (n,), or a mapping of them by name."""


def sizes(rule: RuleRecord) -> np.ndarray:
    """Return nmol in one unit of each dose of a rule."""
    return np.array([nmol(f"1 {rule.unit}", one.molar_mass) for one in rule.records])


def decided(rule: RuleRecord, seen: Seen) -> np.ndarray:
    """Decide the next doses.

    Parameters
    ----------
    rule
        What decides.
    seen
        At this visit.

    Returns
    -------
    ndarray (doses, n)
        In the rule's unit.

    Raises
    ------
    InputError
        If a dose is missing, of another shape, negative or not finite, or depends on who else is there.
    """
    found = _asked(rule, seen)
    # one person a visit is asked about alone, another one every time: cheap, and enough to find a rule that mixes
    which = int(seen.minute) % len(seen.ids)
    alone = _asked(rule, seen.take([which]))[:, 0]
    worst = int(np.argmax(np.abs(alone - found[:, which])))
    if abs(alone[worst] - found[worst, which]) > _SAME * abs(alone[worst]):
        raise InputError(
            f"{_at(seen)}: got {found[worst, which]:g} {rule.unit} for subject {seen.ids[which]} among others and "
            f"{alone[worst]:g} {rule.unit} alone, expected doses that do not depend on who else is there."
        )
    return found


def _asked(rule: RuleRecord, seen: Seen) -> np.ndarray:
    n = len(seen.ids)
    try:
        returned = rule.decide(seen.time, seen)
    except Exception as fault:  # of whoever wrote the rule: it goes on as it is, with where it happened
        fault.add_note(f"in the {_at(seen)}, for {n} people")
        raise
    if rule.named and not isinstance(returned, Mapping):
        raise refused(_at(seen), type(returned).__name__, f"a mapping with {listed(rule.names)}")
    by_name = dict(returned) if rule.named else {rule.names[0]: returned}
    if set(by_name) != set(rule.names):
        raise refused(_at(seen), sorted(map(str, by_name)), f"doses of {listed(rule.names)}")
    return np.stack([_checked(by_name[name], seen, n, rule.unit) for name in rule.names])


def _checked(doses: Any, seen: Seen, n: int, unit: str) -> np.ndarray:
    try:
        amounts = np.asarray(doses, float)
    except (TypeError, ValueError):
        raise refused(_at(seen), doses, f"{n} numbers in {unit}") from None
    if amounts.shape != (n,):
        raise InputError(f"{_at(seen)}: got doses of shape {amounts.shape}, expected one for each of {n} people.")
    wrong = np.flatnonzero(~(np.isfinite(amounts) & (amounts >= 0)))
    if wrong.size:
        raise InputError(
            f"{_at(seen)}: got {amounts[wrong[0]]:g} {unit} for subject {seen.ids[wrong[0]]}, "
            "expected a finite dose of at least 0."
        )
    return amounts


def _at(seen: Seen) -> str:
    return f"rule at {seen.time:g} d"


def rule(
    doses: Regimen | Mapping[str, Regimen],
    decide: Decide,
    *,
    visits: Any,
    observes: Any = None,
    unit: str = "ug",
) -> Regimen:
    """Let doses be decided at visits; the end of a regimen, to be added to what is given anyway.

    Parameters
    ----------
    doses
        ``mk.dose(...)``, or several by name: form, route, rhythm, and the amount given until the first visit. A dose
        with ``every`` keeps its rhythm, and a decision changes the amounts given from its visit on. A dose without is
        given once after every visit, ``start`` after it.
    decide
        ``decide(time, seen) -> doses``: days since the start of the run, and what is :class:`Seen`; returns one
        amount for each person, (n,), or a mapping with one array for each name. It must be a pure function: what it
        decides for a person may depend on what is seen of that person alone.
    visits
        ``"start:stop:step unit"``, or rising numbers of days, within the run. None at all (``[]``) lets everybody go
        on with the doses that a run before has reached.
    observes
        Name or names of outputs to be seen: ``"inr"``, ``"plasma_concentration[MK-7]"``; those that ``decide`` says it
        observes where they are left out.
    unit
        Of the amounts that are seen and returned.

    Returns
    -------
    Regimen

    Raises
    ------
    InputError
        If anything is not as said above.
    """
    named = isinstance(doses, Mapping)
    by_name: dict[str, Any] = dict(doses) if isinstance(doses, Mapping) else {"": doses}
    if not by_name:
        raise refused("doses of a rule", doses, _WRITTEN)
    found = []
    for name, one in by_name.items():
        if not isinstance(one, Regimen) or one.rule is not None or len(one.records) != 1:
            raise refused("doses of a rule", one, _WRITTEN)
        record = one.records[0]
        if not isinstance(record, DoseRecord):
            raise refused("doses of a rule", one, _WRITTEN)
        nmol(f"1 {unit}", record.molar_mass, "unit of a rule")
        found.append((str(name) or record.form, record))
    if not callable(decide):
        raise refused("decide", decide, "a function of time and of what is seen")
    observes = getattr(decide, "observes", ()) if observes is None else observes
    seen = (observes,) if isinstance(observes, str) else observes
    if not isinstance(seen, (list, tuple)) or not all(isinstance(one, str) for one in seen):
        raise refused("observes", observes, "a name of an output such as 'inr', or a list of them")
    empty = isinstance(visits, (list, tuple, np.ndarray)) and len(visits) == 0
    times = () if empty else tuple(hours_of(visits, "visits").tolist())
    return Regimen(rule=RuleRecord(decide, tuple(found), times, tuple(dict.fromkeys(seen)), unit, named))


def minute_of(hours: float) -> int:
    """Return a time since entry as the key of draws."""
    return round(hours * _MINUTES)


__all__ = ["Decide", "Seen", "decided", "minute_of", "rule", "sizes"]
