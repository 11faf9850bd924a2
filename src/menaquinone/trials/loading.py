"""From the tables of a trial file to a checked :class:`~menaquinone.trials.design.Trial`."""

import re
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from itertools import pairwise
from typing import Any

from menaquinone import models, units
from menaquinone.catalogue import evidence
from menaquinone.catalogue.forms import FORMS
from menaquinone.errors import InputError, refused, unknown
from menaquinone.inputs.people import RECORDS
from menaquinone.model import bracketed
from menaquinone.trials.design import Arm, Dose, Reported, Time, Trial
from menaquinone.trials.reading import Reader, Table, check_row, fraction, one_of, text, whole

OF = ("level", "change", "percent change", "ratio")
STATISTICS = ("mean", "median", "geometric mean")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def trial(file: Table) -> Trial:
    """Read a whole file.

    Parameters
    ----------
    file
        The file's top table.

    Raises
    ------
    InputError
        If a key is missing or holds a value of the wrong type or unit.
    UnknownNameError
        If a key, form, population, outcome or evidence row is unknown.
    """
    file.only("name", "title", "seed", "population", "design", "arm", "reported")
    name = file.plain("name", _file_name, "a name in quotes")
    title = file.plain("title", text, "a sentence in quotes")
    seed = file.plain("seed", whole(0), "a whole number")
    people, design = file.table("population"), file.table("design")
    people.only("name", "n", "age")
    design.only("blinding", "allocation", "duration", "visits", "sampling")
    duration = design.sourced("duration", _after_entry, "a time such as '3 y'")
    visits = design.sourced("visits", _visits(duration.value), "times such as ['0 d', '1 y']")
    arms = _arms(file, duration.value.label)
    return Trial(
        name=name,
        title=title,
        file=file.file.name,
        seed=seed,
        population=people.sourced("name", _population, "the name of a population"),
        n=people.sourced("n", whole(1), "a whole number"),
        age=people.maybe("age", _range, "two ages such as ['55 y', '65 y']"),
        blinding=design.maybe("blinding", text, "a text"),
        allocation=design.sourced("allocation", _shares(len(arms)), "one whole number for each arm, such as [1, 1]"),
        duration=duration,
        visits=visits,
        sampling=design.sourced("sampling", _after_entry, "a time such as '7 d'"),
        arms=arms,
        reported=tuple(_reported(table, arms, visits.value) for table in file.tables("reported", "[[reported]] {}")),
    )


def _arms(file: Table, until: str) -> tuple[Arm, ...]:
    arms: list[Arm] = []
    for table in file.tables("arm", "[[arm]] {}"):
        table.only("name", "adherence", "dose")
        name = table.plain("name", text, "a name in quotes")
        if name in [arm.name for arm in arms]:
            raise refused(table.where("name"), name, "a name that no other arm has")
        adherence = table.maybe("adherence", fraction, "a number from 0 to 1")
        doses = tuple(_dose(one, until) for one in table.tables("dose", f"[[arm.dose]] {{}} of '{name}'"))
        arms.append(Arm(name, doses, adherence))
    if not arms:
        raise InputError(f"arms in {file.file.name}: got none, expected at least one table headed [[arm]].")
    return tuple(arms)


def _dose(table: Table, until: str) -> Dose:
    table.only(*(one.name for one in fields(Dose)))
    made = Dose(
        form=table.sourced("form", _form, "the name of a form"),
        amount=table.sourced("amount", text, "an amount such as '180 ug'"),
        every=table.maybe("every", text, "a time such as '24 h'"),
        start=table.maybe("start", text, "a time such as '0 h'"),
        until=table.maybe("until", text, "a time such as '1 y'"),
        route=table.maybe("route", text, "a route such as 'oral'"),
        formulation=table.maybe("formulation", text, "a formulation such as 'oil capsule'"),
        fat=table.maybe("fat", text, "the fat of the meal such as '20 g'"),
    )
    with table.located("amount"):
        units.nmol(made.amount.value, FORMS[made.form.value].molar_mass.value, "amount")
    for key in ("every", "start", "until"):
        if getattr(made, key) is not None:
            with table.located(key):
                units.hours(getattr(made, key).value, key)
    with table.located():
        made.regimen(until)
    return made


def _reported(table: Table, arms: Sequence[Arm], visits: Sequence[Time]) -> Reported:
    table.only("outcome", "arm", "visit", "of", "statistic", "against", "row")
    names = [arm.name for arm in arms]
    known = outcomes()
    outcome = table.plain("outcome", one_of(*known), "a variable of the result such as 'pwv'")
    made = Reported(
        outcome=outcome,
        arm=table.plain("arm", one_of(*names), "the name of an arm"),
        visit=table.plain("visit", _one_of_visits(visits), "a visit such as '0 d'"),
        of=table.plain("of", one_of(*OF), "one of 'level', 'change', 'percent change' and 'ratio'"),
        statistic=table.plain("statistic", one_of(*STATISTICS), "'mean', 'median' or 'geometric mean'"),
        against=table.plain("against", one_of(*names), "the name of an arm") if "against" in table.values else "",
        row=table.plain("row", text, "the id of an evidence row"),
    )
    check_row(made.row, table.where("row"))
    _check_unit(made, known[outcome], table.where("row"))
    return made


def _check_unit(made: Reported, unit: str, where: str) -> None:
    row = evidence.row(made.row)
    if row.value is None:
        raise refused(where, made.row, "a row with a value")
    wanted = {"percent change": "%", "ratio": "1"}.get(made.of, unit)
    try:
        units.magnitude(f"{row.value!r} {row.unit}", wanted, where)
    except InputError:
        expected = f"'{wanted}' for {made.of} of '{made.outcome}'"
        raise refused(f"unit of evidence row '{made.row}', {where}", row.unit, expected) from None


@cache
def outcomes() -> dict[str, str]:
    """Return every variable of a result that a figure can be reported for, members in brackets, with its unit."""
    model = models.vitamin_k()
    found: dict[str, str] = {}
    for name in model.outputs:
        offer = model.offers[name]
        for label in (", ".join(member) for member in offer.members):
            found[bracketed(name, label)] = offer.declared.unit
    scores = {name: unit for name, unit in found.items() if name.startswith("agatston[")}
    return found | {name.replace("agatston", "agatston_observed"): unit for name, unit in scores.items()}


def _file_name(value: Any, where: str) -> str:
    """Read a name that becomes that of files, so it must not lead out of a directory."""
    if not _NAME.fullmatch(text(value, where)):
        raise refused(where, value, "letters, digits, '-', '_' and '.', starting with a letter or digit")
    return str(value)


def _population(value: Any, where: str) -> str:
    if value not in RECORDS:
        raise unknown(f"population, {where}", value, RECORDS)
    return str(value)


def _form(value: Any, where: str) -> str:
    if value not in FORMS:
        raise unknown(f"form, {where}", value, FORMS)
    return str(value)


def _time(value: Any, where: str) -> Time:
    hours = units.hours(text(value, where), where)
    if hours < 0:
        raise refused(where, value, "a time of at least 0")
    return Time(value, hours)


def _after_entry(value: Any, where: str) -> Time:
    found = _time(value, where)
    if found.hours <= 0:
        raise refused(where, value, "a time after 0")
    return found


def _visits(end: Time) -> Reader[tuple[Time, ...]]:
    def read(value: Any, where: str) -> tuple[Time, ...]:
        if not isinstance(value, list) or not value:
            raise refused(where, value, "times in brackets such as ['0 d', '1 y']")
        found = tuple(_time(one, where) for one in value)
        if any(later.hours <= earlier.hours for earlier, later in pairwise(found)):
            raise refused(where, value, "times that rise")
        if found[-1].hours > end.hours * (1 + 1e-12):
            raise refused(where, found[-1].label, f"a time within the duration of '{end.label}'")
        return found

    return read


def _one_of_visits(visits: Sequence[Time]) -> Reader[Time]:
    def read(value: Any, where: str) -> Time:
        one_of(*(visit.label for visit in visits))(value, where)
        return next(visit for visit in visits if visit.label == value)

    return read


def _range(value: Any, where: str) -> tuple[Time, Time]:
    if not isinstance(value, list) or len(value) != 2:
        raise refused(where, value, "two ages such as ['55 y', '65 y']")
    low, high = (_time(one, where) for one in value)
    if low.hours >= high.hours:
        raise refused(where, value, "a lower and a higher age")
    return low, high


def _shares(arms: int) -> Reader[tuple[int, ...]]:
    read_one = whole(1)

    def read(value: Any, where: str) -> tuple[int, ...]:
        if not isinstance(value, list) or len(value) != arms:
            raise refused(where, value, f"one whole number for each of the {arms} arms")
        return tuple(read_one(one, where) for one in value)

    return read


__all__ = ["OF", "STATISTICS", "outcomes", "trial"]
