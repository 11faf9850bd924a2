"""What people eat: grams of foods become amounts of each form, as meals of a regimen or as a habitual diet.

In a regimen a diet is eaten from its start on, on top of the habitual one. Given to a population it *is* the habitual
diet, and time 0 is its steady state.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from numbers import Real
from typing import Any

from menaquinone.catalogue import diets, foods
from menaquinone.catalogue.contents import Content, Food
from menaquinone.catalogue.forms import FORMS, Form
from menaquinone.errors import InputError, listed, refused
from menaquinone.inputs.records import DoseRecord, Regimen, count, together
from menaquinone.inputs.regimen import at_least_0, grams
from menaquinone.units import HOURS_PER_DAY, converted, hours, split

MEALS = ("8 h", "13 h", "19 h")
"""Hours of the day, assumed: three equal meals."""
REST = "other foods"
"""What a habitual diet eats beside the foods of the table."""

_FORM_ORDER = tuple(FORMS)


@dataclass(frozen=True)
class Part:
    """One form in one food of a diet.

    Attributes
    ----------
    form, food
        Names.
    formulation
        Of the form: the food's matrix.
    amount
        ug/d, or ug in a portion that is not eaten daily.
    daily
        Whether it is eaten day after day.
    spread
        SD of the logarithm of the intake between people.
    source
        Of the amount.
    """

    form: str
    food: str
    formulation: str
    amount: float
    daily: bool
    spread: float
    source: str

    @property
    def absorbed(self) -> float:
        """The amount times what its matrix does to bioavailability."""
        factor = FORMS[self.form].formulation(self.formulation).bioavailability
        return self.amount * (1.0 if factor is None else factor.value)


@dataclass(frozen=True, repr=False)
class Diet(Regimen):
    """Foods as a regimen; scale it with a number, add diets and other regimens.

    Attributes
    ----------
    parts
        One form in one food each.
    """

    parts: tuple[Part, ...] = ()

    @property
    def intake(self) -> dict[str, float]:
        """Daily intake by form, ug/d, mean over people; portions that are not eaten daily are not in it."""
        found = dict.fromkeys(sorted({one.form for one in self.parts}, key=_FORM_ORDER.index), 0.0)
        for one in self.parts:
            found[one.form] += one.amount if one.daily else 0.0
        return found

    @property
    def foods(self) -> tuple[str, ...]:
        """Names of the foods."""
        return tuple(dict.fromkeys(one.food for one in self.parts))

    def __add__(self, other: object) -> Regimen:
        """Eat both; a diet and another regimen are a regimen."""
        both = super().__add__(other)
        if isinstance(other, Diet):
            return Diet(both.records, both.notes, self.parts + other.parts)
        return both

    def __mul__(self, other: object) -> Regimen:
        """Eat so many times as much; or skip meals, with an adherence."""
        if isinstance(other, bool) or not isinstance(other, Real):
            return super().__mul__(other)
        factor = float(other)
        if not 0 <= factor < inf:
            raise refused("factor of a diet", other, "a finite number of at least 0")
        eaten = (replace(one, amount=one.amount * factor) for one in self.records if isinstance(one, DoseRecord))
        return Diet(tuple(eaten), self.notes, tuple(replace(one, amount=one.amount * factor) for one in self.parts))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        """Show foods and intakes."""
        told = ", ".join(f"{form} {amount:.3g} ug/d" for form, amount in self.intake.items() if amount)
        return f"Diet({', '.join(self.foods)}{': ' if told else ''}{told})"


@dataclass(frozen=True)
class _When:
    """When a diet is eaten, in h."""

    start: float
    until: float | None
    meals: tuple[float, ...] | None
    fat: tuple[float | None, ...]
    every: float


def diet(
    foods: str | Mapping[str, Any],
    *,
    region: str | None = None,
    rows: Mapping[str, str] | None = None,
    meals: Sequence[Any] | None = MEALS,
    fat: Any = None,
    every: Any = None,
    start: Any = "0 h",
    until: Any = None,
) -> Diet:
    """Eat foods, or what people of a country usually eat.

    Parameters
    ----------
    foods
        Amounts by food, ``{"natto": "50 g/d"}``; or the name of a habitual diet: ``"Netherlands"``, ``"Japan"``,
        ``"UK"``, ``"US"``. An amount per time is shared out equally over the meals of every day; an amount alone is a
        portion, eaten once at ``start``, or again and again where there is ``every``.
    region
        Whose food table is used: ``"NL"``, ``"JP"``, ... Sources disagree, and nothing is averaged. May be left out
        where only one region has a food.
    rows
        By food, the evidence row to use before the region's first:
        ``{"natto": "tsukamoto-2000-natto-mk7-content"}``.
    meals
        Hours of the day at which amounts per day are eaten. ``None`` makes them a constant input.
    fat
        Of every meal, or one for each meal; it matters for MK-4. Unspecified if left out.
    every
        Interval at which portions are repeated; amounts per day have none.
    start, until
        Beginning and exclusive end in a regimen; a habitual diet has neither.

    Returns
    -------
    Diet
        A regimen. ``mk.simulate(model, people, diet)`` eats it on top of the habitual diet;
        ``mk.population(..., diet=diet)`` makes it the habitual one. What is uncertain about its foods is in its
        ``notes`` and in every result.

    Raises
    ------
    UnknownNameError
        If a food, region, row, habitual diet or unit is unknown.
    InputError
        If an amount is negative or no mass, the food has no content in that region, or times do not fit.
    """
    when = _when(meals, fat, every, start, until)
    if isinstance(foods, str):
        if region is not None or rows:
            raise refused("region", region or rows, f"none beside the habitual diet '{foods}', which brings its own")
        parts, notes = _habit(diets.habit(foods))
    else:
        parts, notes = _named(foods, region, rows or {})
    if every is not None and parts and all(one.daily for one in parts):
        raise refused("every", every, "none beside amounts per day, which are eaten at the meals of every day")
    return Diet(tuple(_records(parts, when)), notes, parts)


# Foods become amounts of forms ----------------------------------------------------------------------------------------


def _named(amounts: Any, region: str | None, rows: Mapping[str, str]) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    if not isinstance(amounts, Mapping) or not amounts:
        raise refused("foods", amounts, "amounts by food such as {'natto': '50 g/d'}, or the name of a habitual diet")
    if region is not None:
        if not isinstance(region, str):
            raise refused("region", region, "one region such as 'NL'")
        foods.region(region)
    if not isinstance(rows, Mapping):
        raise refused("rows", rows, "rows by food such as {'natto': 'kamao-2007-natto-mk7'}")
    known = {name: foods.food(name) for name in amounts}
    for name in rows:
        if foods.food(name) not in known.values():
            raise refused("rows", name, f"one of the foods that are eaten, {listed(known)}")
    by_food = {foods.food(name).name: row for name, row in rows.items()}
    parts: list[Part] = []
    notes: tuple[str, ...] = ()
    for name, amount in amounts.items():
        one = known[name]
        mass, daily = _amount(name, amount)
        row = by_food.get(one.name, "")
        chosen = one.chosen(_regions(one, region, row), row)
        parts += _parts(one, chosen, mass, daily=daily)
        notes = together(notes, _notes(one, chosen, region))
    return tuple(parts), notes


def _amount(name: str, amount: Any) -> tuple[float, bool]:
    """Return g/d and True, or g and False."""
    what = f"amount of {name}"
    value, unit = split(amount, what, "50 g/d")
    if value < 0:
        raise refused(what, amount, "an amount of at least 0")
    if "/" in unit:
        return converted(value, unit, "g/d", what), True
    return converted(value, unit, "g", what), False


def _regions(one: Food, region: str | None, row: str) -> tuple[str, ...]:
    if region is not None:
        return (region,)
    if len(one.regions) > 1 and not row:
        raise InputError(
            f"region of food '{one.name}': got none, expected one of {listed(one.regions)}, whose rows differ."
        )
    return one.regions if not row else tuple(each.region for each in one.contents if each.amount.source == row)


def _parts(
    one: Food, chosen: Iterable[Content], mass: float, *, daily: bool = True, spread: Mapping[str, float] | None = None
) -> list[Part]:
    found = []
    for content in chosen:
        for form, held in content.forms.items():
            matrix = one.matrix if one.matrix in FORMS[form].formulations else "food"
            between = (spread or {}).get(form, 0.0)
            found.append(Part(form, one.name, matrix, mass * held / 100.0, daily, between, content.amount.source))
    return found


def _notes(one: Food, chosen: Iterable[Content], region: str | None) -> tuple[str, ...]:
    said = []
    for content in chosen:
        row = content.amount.source
        said += [f"{one.name}: {flag} ({row})." for flag in content.flags]
        if region is not None and content.region != region:
            where = "without a region" if not content.region else f"of region {content.region}"
            said.append(f"{one.name}: a row {where} stands in for {region} ({row}).")
    if one.uncertain:
        said.append(f"{one.name} is uncertain: {one.uncertain}.")
    return tuple(said)


def _habit(one: diets.Habit) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    spread = {form: value.value for form, value in one.spread.items()}
    parts: list[Part] = []
    notes = one.flags
    for name, mass in one.foods.items():
        food = foods.food(name)
        chosen = food.chosen(one.regions)
        parts += _parts(food, chosen, mass.value, spread=spread)
        notes = together(notes, _notes(food, chosen, None))
    for form, rest in one.rest.items():
        parts.append(Part(form, REST, "food", rest.value, True, spread.get(form, 0.0), rest.source))
    return tuple(parts), notes


# Meals ----------------------------------------------------------------------------------------------------------------


def _when(meals: Any, fat: Any, every: Any, start: Any, until: Any) -> _When:
    interval = 0.0 if every is None else hours(every, "every")
    if every is not None and interval <= 0:
        raise refused("every", every, "a time greater than 0")
    begin, end = at_least_0(start, "start"), None if until is None else hours(until, "until")
    if end is not None and end <= begin:
        raise refused("until", until, f"a time after start ({start})")
    if meals is None:
        return _When(begin, end, None, (_one_fat(fat),), interval)
    if isinstance(meals, str) or not isinstance(meals, Sequence) or not len(meals):
        raise refused("meals", meals, "hours of the day such as ('8 h', '19 h'), or None for a constant input")
    times = tuple(at_least_0(one, "meal") for one in meals)
    if times[-1] >= HOURS_PER_DAY or any(late <= early for early, late in pairwise(times)):
        raise refused("meals", meals, "rising hours of one day, below 24 h")
    if isinstance(fat, (list, tuple)):
        if len(fat) != len(times):
            raise InputError(f"fat: got {len(fat)} amounts, expected one for all or for each of {len(times)} meals.")
        return _When(begin, end, times, tuple(map(_one_fat, fat)), interval)
    return _When(begin, end, times, (_one_fat(fat),) * len(times), interval)


def _one_fat(fat: Any) -> float | None:
    if isinstance(fat, (list, tuple)):
        raise refused("fat", fat, "one amount where there are no meals")
    return None if fat is None else grams(fat)


def _records(parts: Iterable[Part], when: _When) -> list[DoseRecord]:
    """Return what is eaten at every meal, all foods of one form and matrix together."""
    alike: dict[tuple[bool, str, str], list[Part]] = {}
    for one in parts:
        alike.setdefault((one.daily, one.form, one.formulation), []).append(one)
    found = []
    for (daily, form, formulation), some in alike.items():
        amount = sum(one.amount for one in some)
        names = ", ".join(dict.fromkeys(one.food for one in some))
        eaten = _daily if daily else _portions
        found += eaten(FORMS[form], formulation, amount, names, when)
    return found


def _daily(form: Form, formulation: str, amount: float, names: str, when: _When) -> list[DoseRecord]:
    if when.meals is None:
        one = _dose(form, formulation, amount, names, when.start, HOURS_PER_DAY, when.until, when.fat[0])
        return [replace(one, duration=HOURS_PER_DAY)]
    share = amount / len(when.meals)
    return [
        _dose(form, formulation, share, names, when.start + time, HOURS_PER_DAY, when.until, fat)
        for time, fat in zip(when.meals, when.fat, strict=True)
        if when.until is None or when.start + time < when.until
    ]


def _portions(form: Form, formulation: str, amount: float, names: str, when: _When) -> list[DoseRecord]:
    if len(set(when.fat)) > 1:
        raise InputError("fat: got one amount for each meal, expected one for portions, which are eaten at no meal.")
    return [_dose(form, formulation, amount, names, when.start, when.every, when.until, when.fat[0])]


def _dose(
    form: Form, formulation: str, ug: float, names: str, time: float, every: float, until: float | None,
    fat: float | None,
) -> DoseRecord:  # fmt: skip
    mass = form.molar_mass.value
    doses = 1 if not every else None if until is None else count(until - time, every)
    return DoseRecord(
        form=form.name, molar_mass=mass, amount=ug * 1e3 / mass, time=time, every=every, doses=doses,
        formulation=formulation, fat=fat, food=names, prescribed=(every, until) if every else None, described=form,
    )  # fmt: skip


__all__ = ["MEALS", "REST", "Diet", "Part", "diet"]
