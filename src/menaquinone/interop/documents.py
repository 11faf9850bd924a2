"""An SBML document under construction: ids, units, rules and events, in the words of this library.

Level 3 Version 2 core, of which only what Version 1 has too is used: parameters, rules and events. There are no species
and no reactions, so that no tool multiplies by a volume or wants a stoichiometry.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from sys import float_info
from typing import Any

import numpy as np

from menaquinone.errors import InputError, require
from menaquinone.solve.problem import TIME_DIGITS
from menaquinone.units import parts_of

_RESERVED = frozenset((
    "and", "arccos", "arcsin", "arctan", "avogadro", "ceil", "cos", "delay", "exp", "exponentiale", "factorial",
    "false", "floor", "inf", "infinity", "ln", "log", "log10", "max", "min", "nan", "not", "notanumber", "or", "pi",
    "piecewise", "pow", "quotient", "rateof", "rem", "root", "sin", "sqr", "sqrt", "tan", "time", "true", "xor",
))  # fmt: skip
"""Names that a formula reads as something else, whatever their capitals."""

_TIMES = ("min", "s", "d", "wk", "mo", "a", "y")
_HOUSE = {
    "<egfr>": "egfr",
    "<speed>": "speed",
    **dict.fromkeys(_TIMES, "h"),
    **dict.fromkeys(("pmol", "umol", "mmol", "mol"), "nmol"),
    **dict.fromkeys(("dL", "mL", "uL"), "L"),
}
_UNITS: dict[str, tuple[tuple[str, float, int, float], ...]] = {
    "h": (("second", 1, 0, 3600.0),),
    "nmol": (("mole", 1, -9, 1.0),),
    "L": (("litre", 1, 0, 1.0),),
    "m": (("metre", 1, 0, 1.0),),
    "mm": (("metre", 1, -3, 1.0),),
    "ng": (("gram", 1, -9, 1.0),),
    "ug": (("gram", 1, -6, 1.0),),
    "mg": (("gram", 1, -3, 1.0),),
    "g": (("gram", 1, 0, 1.0),),
    "kg": (("gram", 1, 3, 1.0),),
    "speed": (("metre", 1, 0, 1.0), ("second", -1, 0, 1.0)),
    "egfr": (("litre", 1, -3, 1.0), ("second", -1, 0, 60.0), ("metre", -2, 0, 1.73**0.5)),
    **dict.fromkeys(("1", "%", "AU", "IU"), ()),
}
"""House units in the base units of SBML: kind, exponent, scale, multiplier. A score (AU) has no dimension there."""

_CLOSE = 1e-6
"""h; an event that sets its own next time would miss one that is nearer than this."""


def sbml_id(name: str) -> str:
    """Return the SBML id of a name: ``plasma_concentration[MK-7]`` becomes ``plasma_concentration__MK_7``.

    Outputs have this id; what is called alike has a longer one.

    Parameters
    ----------
    name
        A name, with its member in brackets.
    """
    parts = name.removesuffix("]").replace("[", ", ").split(", ")
    plain = "__".join(re.sub(r"[^A-Za-z0-9]+", "_", one).strip("_") for one in parts)
    plain = plain if re.match(r"[A-Za-z_]", plain) else f"_{plain}"
    return f"{plain}_" if plain.casefold() in _RESERVED else plain


def number(value: float) -> str:
    """Return a number as a formula reads it.

    Parameters
    ----------
    value
        Finite; so little of anything that a double no longer holds it in full is nothing, since readers refuse it.
    """
    written = repr(_held(value))
    return f"({written})" if value < 0 else written


def _held(value: float) -> float:
    return 0.0 if abs(value) < float_info.min else float(value)


class Document:
    """An SBML document with one model.

    Parameters
    ----------
    name
        Of the model.
    notes
        Sentences about it.

    Raises
    ------
    MissingExtraError
        If python-libsbml is not installed.
    """

    def __init__(self, name: str, notes: Iterable[str]) -> None:
        self._sbml = require("libsbml", "sbml", "writing SBML")
        self._document = self._sbml.SBMLDocument(3, 2)
        self._model = self._document.createModel()
        self._taken: set[str] = set()
        self._model.setId(self.id(f"model {name}"))
        self._model.setName(name)
        self._noted(self._model, notes)
        for kind, unit in (("Time", "h"), ("Substance", "nmol"), ("Extent", "nmol"), ("Volume", "L")):
            getattr(self._model, f"set{kind}Units")(self._unit(unit))

    def id(self, *names: str) -> str:
        """Return an id that is not taken, for the first of some names where that is possible."""
        for one in names:
            if sbml_id(one) not in self._taken:
                break
        else:
            number = 2
            while sbml_id(f"{names[-1]}, {number}") in self._taken:
                number += 1
            one = f"{names[-1]}, {number}"
        self._taken.add(sbml_id(one))
        return sbml_id(one)

    def parameter(
        self,
        name: str,
        value: float | None = None,
        unit: str = "1",
        *,
        id: str = "",  # noqa: A002 - as SBML calls it
        notes: Iterable[str] = (),
        constant: bool = False,
    ) -> str:
        """Add a parameter and return its id.

        Parameters
        ----------
        name
            For people; the id is made of it.
        value
            In house units; none for what a rule sets.
        unit
            The declared unit; written as its house unit.
        id
            Where one has been given out.
        notes
            Sentences.
        constant
            Whether nothing ever changes it.
        """
        one = self._model.createParameter()
        one.setId(id or self.id(name))
        one.setName(name)
        one.setConstant(constant)
        if value is not None:
            one.setValue(_held(value))
        written = self._unit(unit)
        if written:
            one.setUnits(written)
        self._noted(one, notes)
        return str(one.getId())

    def assign(self, variable: str, formula: str) -> None:
        """Say what a parameter is at all times."""
        self._ruled(self._model.createAssignmentRule(), variable, formula)

    def rate(self, variable: str, formula: str) -> None:
        """Say how fast a parameter changes, per hour."""
        self._ruled(self._model.createRateRule(), variable, formula)

    def _ruled(self, rule: Any, variable: str, formula: str) -> None:
        rule.setVariable(variable)
        rule.setMath(self._math(formula))

    def event(self, name: str, trigger: str, priority: int, assigned: Mapping[str, str]) -> None:
        """Add an event.

        Parameters
        ----------
        name
            For people.
        trigger
            A condition; the event happens when it becomes true, at time 0 too.
        priority
            Of two events at one time, that of the higher priority comes first, and the other sees what it did.
        assigned
            New values by id.
        """
        one = self._model.createEvent()
        one.setId(self.id(name))
        one.setName(name)
        one.setUseValuesFromTriggerTime(False)
        started = one.createTrigger()
        started.setInitialValue(False)
        started.setPersistent(True)
        started.setMath(self._math(trigger))
        one.createPriority().setMath(self._math(str(priority)))
        for variable, formula in assigned.items():
            set_to = one.createEventAssignment()
            set_to.setVariable(variable)
            set_to.setMath(self._math(formula))

    def repeat(self, name: str, times: np.ndarray, priority: int, assigned: Mapping[str, str | Sequence[str]]) -> None:
        """Add what happens again and again, as one event that knows when it is next.

        Parameters
        ----------
        name
            For people.
        times : ndarray (k,)
            h, rising.
        priority
            As in :meth:`event`.
        assigned
            New values by id: a formula for all times, or one for each.
        """
        each = {key: [one] * len(times) if isinstance(one, str) else list(one) for key, one in assigned.items()}
        if len(times) == 1 or np.diff(times).min() < _CLOSE:
            for place, time in enumerate(times.tolist()):
                self.event(name, f"time >= {time!r}", priority, {key: one[place] for key, one in each.items()})
            return
        counter = self.id(f"{name}, counter")
        counts, due, following = _regular(times, counter) or (np.arange(float(len(times))), "", f"{counter} + 1")
        found = {key: _chosen(counter, counts, one) for key, one in each.items()}
        if not due:
            due = self.parameter(f"{name}: time of the next", times[0], "h", id=self.id(f"{name}, next"))
            found[due] = _chosen(counter, counts, [repr(one) for one in [*times[1:].tolist(), times[-1].item()]])
        self.parameter(f"{name}: number of the next", counts[0], id=counter)
        trigger = f"{counter} <= {counts[-1]:.17g} && time >= {due}"
        self.event(name, trigger, priority, found | {counter: following})

    def text(self) -> str:
        """Return the document."""
        return str(self._sbml.writeSBMLToString(self._document))

    def _math(self, formula: str) -> Any:
        node = self._sbml.parseL3Formula(formula)
        if node is None:
            raise InputError(f"formula: got {formula!r}, expected one that libSBML reads.")
        return node

    def _noted(self, element: Any, notes: Iterable[str]) -> None:
        said = "".join(f"<p>{escape(one)}</p>" for one in notes)
        if said:
            element.setNotes(f'<body xmlns="http://www.w3.org/1999/xhtml">{said}</body>')

    def _unit(self, declared: str) -> str:
        """Return the id of the house unit of a declared unit, defined on first use; nothing where SBML has none."""
        powers = house_unit(declared)
        if powers is None:
            return ""
        if not powers:
            return "dimensionless"
        above = [f"{name}{power if power != 1 else ''}" for name, power in powers.items() if power > 0]
        below = [f"per_{name}{-power if power != -1 else ''}" for name, power in powers.items() if power < 0]
        found = "_".join([*above, *below])
        if self._model.getUnitDefinition(found) is None:
            defined = self._model.createUnitDefinition()
            defined.setId(found)
            for name, power in powers.items():
                for kind, exponent, scale, multiplier in _UNITS[name]:
                    one = defined.createUnit()
                    one.setKind(self._sbml.UnitKind_forName(kind))
                    one.setExponent(exponent * power)
                    one.setScale(scale)
                    one.setMultiplier(multiplier)
        return found


def house_unit(declared: str) -> dict[str, int] | None:
    """Return the house unit of a declared unit as units and their powers; None where SBML cannot express it."""
    parts, powers = parts_of(declared), dict[str, int]()
    if parts is None:
        return None
    for one, power in parts:
        name = _HOUSE.get(one, one)
        if name not in _UNITS or power != int(power):
            return None
        if _UNITS[name]:
            powers[name] = powers.get(name, 0) + int(power)
    return {name: power for name, power in powers.items() if power}


def _regular(times: np.ndarray, counter: str) -> tuple[np.ndarray, str, str] | None:
    """Return times as steps of one width, some of them left out; None where they are not, to the last bit.

    Returns
    -------
    counts : ndarray (k,)
        Steps from the first.
    time, next
        Formulas of a counter of steps: the time, and the counter's next value.
    """
    counts = np.rint((times - times[0]) / np.diff(times).min())
    # libSBML writes 15 digits
    first, step, scale = float(times[0]), float(f"{(times[-1] - times[0]) / counts[-1]:.15g}"), 10**TIME_DIGITS
    plain, time = first + step * counts, f"{first!r} + {step!r} * {counter}"
    if not (plain == times).all():
        if not (np.floor(scale * plain + 0.5) / scale == times).all():
            return None
        time = f"floor({scale} * ({time}) + 0.5) / {scale}"
    gaps = np.flatnonzero(np.diff(counts) > 1)
    skipped = [f"{counts[one + 1]:.17g}, {counter} == {counts[one]:.17g}" for one in gaps]
    following = f"{counter} + 1"
    return counts, time, f"piecewise({', '.join([*skipped, following])})" if skipped else following


def _chosen(counter: str, counts: np.ndarray, formulas: Sequence[str]) -> str:
    """Return the formula that belongs to the present value of a counter."""
    *others, last = formulas
    if all(one == last for one in others):
        return last
    cases = [f"{one}, {counter} == {count:.17g}" for one, count in zip(others, counts, strict=False)]
    return f"piecewise({', '.join([*cases, last])})"


__all__ = ["Document", "house_unit", "number", "sbml_id"]
