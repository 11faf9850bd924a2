"""Numbered runs: case 812 is the same model, person and regimen on every machine, and short enough for the reference.

A :class:`Case` is plain data. Its printed form makes it again, so a case that is worth keeping can be pasted into a
test, where it stays the same when the numbering changes. Nothing here needs hypothesis.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import Any, TypeVar

import numpy as np

from menaquinone.catalogue.clotting import FACTOR_PROTEINS
from menaquinone.catalogue.forms import FORMS
from menaquinone.catalogue.proteins import PROTEINS
from menaquinone.catalogue.sites import SITES
from menaquinone.catalogue.tissues import TISSUES
from menaquinone.declare import Member, stage
from menaquinone.inputs.draws import uniform
from menaquinone.inputs.population import Population, population
from menaquinone.inputs.records import Regimen
from menaquinone.inputs.schedule import expand
from menaquinone.interop.events import from_table
from menaquinone.model import Model
from menaquinone.models import competition, three_states, vitamin_k
from menaquinone.testing.generated import exchange, gathering, induced, turnover

T = TypeVar("T")

MOST_SEGMENTS = 10
LONGEST = 336.0
"""h."""
STRUCTURAL = frozenset({"depots", "reference_plasma"})
"""Parameters left alone: a chain's length goes with its entry, reference levels with the basal share."""

WAYS: Mapping[str, tuple[str, Any]] = {"competition": ("vkor", competition), "three states": ("cycle", three_states)}
"""Other ways of the model: argument and its value."""
PEOPLE = ("postmenopausal", "reference", "hemodialysis", "older")
_MAKERS: dict[str, Any] = {"exchange": exchange, "turnover": turnover, "induced": induced, "gathering": gathering}
_OPTIONAL = frozenset({"LAG", "F", "FAT", "FORMULATION", "ADHERENCE", "DUR", "RATE", "SS", "ADDL"})
_BRISK = {
    "clearance": 8.0, "central_volume": 4.0, "peripheral_volume": 5.0, "exchange": 4.0, "muscle_time": 2.0,
    "residence_time": 0.5, "k_out": 0.3,
}  # fmt: skip
"""What turns over fast: the reference doses until nothing changes."""


@dataclass(frozen=True)
class Case:
    """One run, as plain data.

    Attributes
    ----------
    number
        Of the case; -1 for one that was changed by hand.
    forms, tissues, proteins, sites
        Of the vitamin K model that comes first.
    parameters
        Names with their members, and values in declared units.
    blocks
        Generated blocks behind it, over all forms: maker and its arguments.
    people
        Kind, how many, seed.
    rows
        Events, as columns of an event table; ug and h.
    hours
        Output times; the last is the end.
    antagonists
        Of the model; with them every clotting factor is in it.
    ways
        Other ways of the model, of :data:`WAYS`.
    taking, until
        Habitual dose of the first antagonist, mg/d, and when it ends, h; 0 for never.
    """

    number: int
    forms: tuple[str, ...]
    tissues: tuple[str, ...]
    proteins: tuple[str, ...]
    sites: tuple[str, ...]
    parameters: Mapping[str, float]
    blocks: tuple[tuple[str, Mapping[str, Any]], ...]
    people: tuple[str, int, int]
    rows: tuple[Mapping[str, Any], ...]
    hours: tuple[float, ...]
    antagonists: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    taking: float = 0.0
    until: float = 0.0

    def model(self) -> Model:
        """Return the model."""
        proteins = dict.fromkeys([*self.proteins, *(FACTOR_PROTEINS.values() if self.antagonists else ())])
        known = vitamin_k(
            forms=self.forms, tissues=self.tissues, proteins=proteins, sites=self.sites, antagonists=self.antagonists,
            **{WAYS[name][0]: WAYS[name][1] for name in self.ways},
        )  # fmt: skip
        behind = [
            stage(_MAKERS[name](**named), *(Member((form,)) for form in self.forms)) for name, named in self.blocks
        ]
        return Model(*known.stages, *behind, name="generated").replace(dict(self.parameters))

    def population(self) -> Population:
        """Return the people."""
        kind, n, seed = self.people
        people = population(kind, n, rng=seed)
        if not self.taking:
            return people
        return people.taking({self.antagonists[0]: self.taking}, until=f"{self.until} h" if self.until else None)

    def regimen(self) -> Regimen:
        """Return the regimen."""
        return regimen_of(self.rows)

    def run(self) -> dict[str, Any]:
        """Return the arguments of ``simulate``: every output, at all times."""
        model = self.model()
        return {
            "model": model, "people": self.population(), "regimen": self.regimen(), "outputs": list(model.offers),
            "times": np.array(self.hours) / 24, "rng": max(self.number, 0),
        }  # fmt: skip


def delivered(model: Model, values: Mapping[str, float]) -> dict[str, float]:
    """Return, for each tissue, what habitual plasma levels alone deliver of its supply; beyond 1 there is no model.

    Parameters
    ----------
    model
        The model.
    values
        Parameters that are to be replaced, in declared units.
    """
    numbers = {name: one.value for name, one in model.parameters.items()} | dict(values)
    found: dict[str, float] = {}
    for name in model.parameters:
        if name.startswith("reference_level["):
            label = name.removeprefix("reference_level")
            tissue = label.strip("[]").partition(",")[0]
            found[tissue] = found.get(tissue, 0.0) + numbers[f"reference_plasma{label}"] / numbers[name]
    return found


def case(number: int) -> Case:
    """Return a case.

    Parameters
    ----------
    number
        From 0 on.
    """
    dice = _Dice(number)
    steady = dice.happens(0.06)
    forms = dice.some(("MK-4",) if steady else tuple(sorted(FORMS)), most=2)
    drug = not steady and dice.happens(0.12)
    tissues = ("liver",) if steady or drug else dice.some(tuple(TISSUES), most=2)
    made = tuple(name for name, one in PROTEINS.items() if one.tissue in tissues)
    proteins = dice.some(made, least=0)
    sites = dice.some(tuple(name for name, one in SITES.items() if one.protein in proteins), least=0, most=1)
    end = dice.spread(2.0, 48.0 if steady else LONGEST)
    end = round(end, 9) if dice.happens(0.3) else float(max(round(end), 1))
    drawn = Case(
        number, forms, tissues, proteins, sites, {}, _blocks(dice, steady=steady),
        (dice.one(PEOPLE), 2 if dice.happens(0.15) else 1, dice.whole(0, 2**31)), (), (end,),
    )  # fmt: skip
    drawn = _antagonised(dice, drawn, end) if drug else drawn
    if not steady and dice.happens(0.06):  # slow for the reference
        drawn = replace(drawn, ways=(*drawn.ways, "three states"))
    drawn = replace(drawn, parameters=_parameters(dice, drawn.model(), steady=steady))
    drawn = replace(drawn, rows=_rows(dice, drawn, end, steady=steady))
    return replace(drawn, hours=_hours(dice, drawn, end))


def events(rows: Sequence[Mapping[str, Any]], end: float) -> list[float]:
    """Return the times (h) at which events cut a run: doses enter, infusions end, resets.

    Parameters
    ----------
    rows
        Of the event table.
    end
        Of the run.
    """
    schedule = expand(regimen_of(rows), end)
    steady = [one.time for one in schedule.steady]
    found = np.round(np.concatenate([schedule.start, schedule.end, schedule.resets, steady]), 9)
    return sorted({time for time in found.tolist() if 0 < time < end})


def regimen_of(rows: Sequence[Mapping[str, Any]]) -> Regimen:
    """Return the regimen that rows of an event table are.

    Parameters
    ----------
    rows
        Without people; none for no doses.
    """
    made = from_table(list(rows)) if rows else Regimen()
    assert isinstance(made, Regimen)
    return made


def _antagonised(dice: "_Dice", drawn: Case, end: float) -> Case:
    """Add an antagonist, and for some a habitual dose of it that may end."""
    drawn = replace(drawn, antagonists=("warfarin",), ways=("competition",) if dice.happens(0.4) else ())
    if dice.happens(0.3):
        return drawn
    return replace(drawn, taking=dice.spread(1.0, 10.0), until=dice.one((0.0, max(_time(dice, end), 0.5))))


class _Dice:
    """Draws that belong to a number."""

    def __init__(self, number: int) -> None:
        self._left: Iterator[float] = iter(uniform(number, "numbered case", np.arange(2000)).tolist())

    def happens(self, probability: float) -> bool:
        return next(self._left) < probability

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * next(self._left)

    def spread(self, low: float, high: float) -> float:
        """Return a number, evenly on a scale of logarithms, with few digits."""
        return float(f"{exp(self.between(log(low), log(high))):.6g}")

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from low to below high."""
        return low + int((high - low) * next(self._left))

    def one(self, options: Sequence[T]) -> T:
        return options[self.whole(0, len(options))]

    def some(self, options: Sequence[T], *, least: int = 1, most: int | None = None) -> tuple[T, ...]:
        """Return some of the options, in their order."""
        order = sorted(range(len(options)), key=lambda _: next(self._left))
        count = self.whole(min(least, len(options)), min(len(options), len(options) if most is None else most) + 1)
        return tuple(options[k] for k in sorted(order[:count]))


def _blocks(dice: _Dice, *, steady: bool) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Draw none to three generated blocks, each reading the one before."""
    if dice.happens(0.2):
        return ()
    slow = 0.05 if steady else 1e-3
    numbers = {"gain": dice.spread(0.01, 3.0), "base": dice.one((0.0, dice.spread(0.01, 5.0)))}
    numbers["loss"] = dice.spread(slow, 10.0)
    if dice.happens(0.55):
        size = dice.whole(1, 4)
        links = tuple((a, b) for a in range(size) for b in range(size) if a != b)
        chosen = dice.some(links, least=0)
        found: list[tuple[str, dict[str, Any]]] = [
            ("exchange", {"size": size, "links": chosen, "exchange_rate": dice.spread(0.01, 5.0)} | numbers)
        ]
    else:
        found = [("turnover", {"capacity": dice.spread(0.05, 20.0), "half_level": dice.spread(0.1, 50.0)} | numbers)]
    if dice.happens(0.4):
        rates = {
            "gain": dice.spread(0.01, 3.0),
            "loss": dice.spread(slow, 10.0),
            "exchange_rate": dice.spread(0.01, 5.0),
        }
        found.append(("induced", {"induction": dice.spread(0.1, 20.0), "half_level": dice.spread(0.1, 50.0)} | rates))
    if dice.happens(0.3):
        found.append(("gathering", {"gain": dice.spread(0.01, 1.0)}))
    return tuple(found)


def _parameters(dice: _Dice, model: Model, *, steady: bool) -> dict[str, float]:
    """Draw up to six parameters within their bounds."""
    bounds = {
        f"{name}[{label}]" if label else name: one.block.parameters[name]
        for one in model.stages
        for name, label in one.values
        if name not in STRUCTURAL and one.block.name not in _MAKERS and not one.block.name.startswith("exchange_")
    }
    if steady:
        return {name: _BRISK[name.partition("[")[0]] for name in bounds if name.partition("[")[0] in _BRISK}
    chosen = dice.some(tuple(bounds), least=0, most=6)
    drawn = {name: float(f"{dice.between(bounds[name].low, bounds[name].high):.6g}") for name in chosen}
    if all(share <= 0.8 for share in delivered(model, drawn).values()):
        return drawn
    return {name: value for name, value in drawn.items() if not name.startswith("reference_level")}


def _time(dice: _Dice, end: float) -> float:
    """Draw a time before the end: a whole hour, a third or seventh of one, or any."""
    time = dice.between(0.0, end)
    return dice.one((0.0, float(int(time)), float(int(time)), round(int(3 * time) / 3, 9), round(time, 9)))


def _rows(dice: _Dice, drawn: Case, end: float, *, steady: bool) -> tuple[dict[str, Any], ...]:
    """Draw events that cut the run into few enough segments."""
    most = MOST_SEGMENTS - (drawn.until > 0)
    times = sorted(_time(dice, end) for _ in range(dice.whole(1, 4)))
    found: list[dict[str, Any]] = []
    for time in times:
        row = (
            _reset(time) if dice.happens(0.12) else _dose(dice, time, dice.one((*drawn.forms, *drawn.antagonists)), end)
        )
        if steady and not any(each.get("SS") for each in found) and "II" in row:
            row = row | {"SS": dice.whole(1, 3)}
        if len(events([*found, row], end)) < most:
            found.append(row)
    return tuple(found)


def _reset(time: float) -> dict[str, Any]:
    return {"TIME": time, "EVID": 3, "AMT": 0.0, "CMT": ""}


def _dose(dice: _Dice, time: float, form: str, end: float) -> dict[str, Any]:
    route = dice.one(sorted(FORMS[form].pk.enters)) if form in FORMS else "oral"
    row: dict[str, Any] = {"TIME": time, "EVID": dice.one((1,) * 15 + (4,)), "CMT": f"{route}[{form}]"}
    row["AMT"] = dice.spread(1.0, 45000.0)
    if dice.happens(0.6):
        row["II"] = dice.one((6.0, 8.0, 12.0, 24.0, 24.0, 25 / 3, 7.3, round(dice.between(1.0, end / 2 + 1.0), 9)))
        row["ADDL"] = dice.whole(0, 7)
    kind = dice.between(0.0, 1.0)
    if kind < 0.2:
        row["DUR"] = dice.one((0.25, 1.5, 6.0, 30.0))
    elif kind < 0.3:
        row["RATE"] = row["AMT"] / dice.one((2.0, 30.0))
    row["LAG"] = dice.one((0.0, 0.0, 0.5, 25 / 60, 26.0))
    row["F"] = dice.one((None, None, dice.spread(0.01, 1.5)))
    if form in FORMS:
        row["FAT"] = dice.one((None, None, dice.between(0.0, 60.0)))
        row["FORMULATION"] = dice.one(("", *FORMS[form].formulations))
    row["ADHERENCE"] = dice.one((None, None, None, dice.between(0.1, 1.0)))
    return {key: value for key, value in row.items() if value not in (None, "", 0.0) or key in ("TIME", "AMT")}


def _hours(dice: _Dice, drawn: Case, end: float) -> tuple[float, ...]:
    """Draw a few output times: at events, between them, and the end."""
    cuts = events(drawn.rows, end)
    found = {end}
    for _ in range(dice.whole(1, 5)):
        found.add(dice.one(cuts) if cuts and dice.happens(0.3) else _time(dice, end))
    return tuple(sorted(found))


def smaller(one: Case) -> Iterator[Case]:
    """Yield cases with one thing less; some of them may be none, since something else needs what is gone.

    Parameters
    ----------
    one
        A case.
    """
    for name in ("rows", "blocks", "sites", "proteins", "tissues", "forms", "hours", "ways"):
        parts = getattr(one, name)
        if len(parts) > (name in ("tissues", "forms", "hours")):
            for k in range(len(parts)):
                yield _without(one, **{name: parts[:k] + parts[k + 1 :]})
    if one.antagonists:
        yield _without(one, antagonists=(), taking=0.0, until=0.0)
    for name in ("taking", "until"):
        if getattr(one, name):
            yield _without(one, **{name: 0.0})
    for name in one.parameters:
        yield _without(one, parameters={each: value for each, value in one.parameters.items() if each != name})
    if one.people[1] > 1:
        yield _without(one, people=(one.people[0], one.people[1] - 1, one.people[2]))
    for k, row in enumerate(one.rows):
        for name in sorted(_OPTIONAL & row.keys()):
            less = {each: value for each, value in row.items() if each != name}
            yield _without(one, rows=(*one.rows[:k], less, *one.rows[k + 1 :]))


def _without(one: Case, **changed: Any) -> Case:
    """Return a changed case, without the parameters of members that are gone."""
    less = replace(one, number=-1, **changed)
    members = {*less.forms, *less.tissues, *less.proteins, *less.sites, *less.antagonists, ""}
    members |= set(FACTOR_PROTEINS.values()) | FACTOR_PROTEINS.keys() if less.antagonists else set()
    kept = {
        name: value
        for name, value in less.parameters.items()
        if members.issuperset(name.partition("[")[2].removesuffix("]").split(", "))
    }
    return replace(less, parameters=kept)


__all__ = ["LONGEST", "MOST_SEGMENTS", "Case", "case", "delivered", "events", "smaller"]
