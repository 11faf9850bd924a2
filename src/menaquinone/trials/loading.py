"""From what a trial file says to a checked :class:`~menaquinone.trials.design.Trial`: what its words mean.

Shapes were checked before (``file``); here are times, names, units and rows of the evidence.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

from menaquinone import models, units
from menaquinone.catalogue import evidence
from menaquinone.catalogue.antagonists import ANTAGONISTS
from menaquinone.catalogue.forms import FORMS
from menaquinone.errors import InputError, refused, unknown
from menaquinone.inputs.people import RECORDS
from menaquinone.model import bracketed
from menaquinone.studies.holding import MARK, target
from menaquinone.studies.predict import DRUG, READINGS, RESTORING
from menaquinone.trials.arms import Arm, Columns, Dose, Time
from menaquinone.trials.design import Reported, Trial
from menaquinone.trials.file import ArmTable, DoseTable, Given, Place, ReportedTable, checked
from menaquinone.trials.outcome import published, unit_of_figure
from menaquinone.trials.reading import File, Sourced, check_row, check_source, fraction, one_of

T = TypeVar("T")
U = TypeVar("U")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHARE = "share above"


def trial(file: File, values: Mapping[str, Any]) -> Trial:
    """Read a whole file.

    Parameters
    ----------
    file
        The file.
    values
        What TOML makes of it.

    Raises
    ------
    InputError
        If a key is missing or holds a value of the wrong type or unit.
    UnknownNameError
        If a key, form, population, outcome or evidence row is unknown.
    """
    found, top = checked(file, values), Place(file, values)
    _file_name(found.name, str(top.of("name")))
    design, at = found.design, top.of("design")
    people, who = found.population, top.of("population")
    if not found.arm:
        raise InputError(f"arms in {file.name}: got none, expected at least one table headed [[arm]].")
    duration = _sourced(design.duration, at.of("duration"), _after_entry)
    visits = _sourced(design.visits, at.of("visits"), _visits(duration.value))
    arms: list[Arm] = []
    for number, one in enumerate(found.arm):
        arms.append(_arm(one, top.of("arm", number), [arm.name for arm in arms], duration.value.label))
    return Trial(
        name=found.name,
        title=found.title,
        file=file.name,
        seed=found.seed,
        note=found.note or "",
        contradicts=tuple(found.contradicts),
        population=_sourced(people.name, who.of("name"), _population),
        n=_sourced(people.n, who.of("n")),
        age=_maybe(people.age, who.of("age"), _range),
        where=_columns(people.where, who.of("where")),
        having=_columns(people.having, who.of("having")),
        taking=_taking(people.taking, who.of("taking")),
        region=_maybe(people.region, who.of("region")),
        ancestry=_maybe(people.ancestry, who.of("ancestry")),
        blinding=_maybe(design.blinding, at.of("blinding")),
        allocation=_sourced(design.allocation, at.of("allocation"), _shares(len(arms))),
        duration=duration,
        visits=visits,
        sampling=_sourced(design.sampling, at.of("sampling"), _after_entry),
        arms=tuple(arms),
        reported=tuple(
            _reported(one, top.of("reported", number), arms, visits.value) for number, one in enumerate(found.reported)
        ),
    )


def _sourced(given: Given[T], place: Place, read: Callable[[Any, str], U] | None = None) -> Sourced[Any]:
    check_source(given.source, f"source of {place}")
    return Sourced(given.value if read is None else read(given.value, str(place)), given.source)


def _maybe(given: Given[T] | None, place: Place, read: Callable[[Any, str], U] | None = None) -> Sourced[Any] | None:
    return None if given is None else _sourced(given, place, read)


def _columns(given: Mapping[str, Given[Any]], place: Place) -> Columns:
    return tuple((name, _sourced(one, place.of(name), _frozen)) for name, one in given.items())


def _taking(given: Mapping[str, Given[str]], place: Place) -> Columns:
    for name, one in given.items():
        if name not in ANTAGONISTS:
            raise unknown(f"antagonist, {place.of(name)}", name, ANTAGONISTS)
        with _located(place.of(name)):
            target(one.value, name) if one.value.startswith(MARK) else units.magnitude(one.value, "mg/d", name)
    return _columns(given, place)


def _eating(given: Mapping[str, Given[str]], place: Place) -> Columns:
    for name, one in given.items():
        _form(name, str(place.of(name)))
        with _located(place.of(name)):
            units.magnitude(one.value, "ug/d", name)
    return _columns(given, place)


def _frozen(value: Any, _: str) -> Any:
    return tuple(value) if isinstance(value, list) else value


@contextmanager
def _located(place: Place) -> Iterator[None]:
    """Put the place of a key in front of whatever a lower part refuses."""
    try:
        yield
    except InputError as refusal:
        raise type(refusal)(f"{place.at}: {refusal}") from None


def _arm(table: ArmTable, place: Place, taken: Sequence[str], until: str) -> Arm:
    if table.name in taken:
        raise refused(str(place.of("name")), table.name, "a name that no other arm has")
    return Arm(
        name=table.name,
        n=_maybe(table.n, place.of("n")),
        population=_maybe(table.population, place.of("population"), _population),
        having=_columns(table.having, place.of("having")),
        taking=_taking(table.taking, place.of("taking")),
        eating=_eating(table.eating, place.of("eating")),
        adherence=_maybe(table.adherence, place.of("adherence"), fraction),
        doses=tuple(_dose(one, place.of("dose", number), until) for number, one in enumerate(table.dose)),
    )


def _dose(table: DoseTable, place: Place, until: str) -> Dose:
    names = list(DoseTable.model_fields)
    made = Dose(
        **{name: _maybe(getattr(table, name), place.of(name), _form if name == "form" else None) for name in names}  # type: ignore[arg-type]
    )
    with _located(place.of("amount")):
        units.nmol(made.amount.value, FORMS[made.form.value].molar_mass.value, "amount")
    for key in ("every", "start", "until"):
        if getattr(made, key) is not None:
            with _located(place.of(key)):
                units.hours(getattr(made, key).value, key)
    with _located(place):
        made.regimen(until)
    return made


def _reported(table: ReportedTable, place: Place, arms: Sequence[Arm], visits: Sequence[Time]) -> Reported:
    names, known = [arm.name for arm in arms], outcomes()
    one_of(*known)(table.outcome, str(place.of("outcome")))
    for key in ("arm", "against"):
        if getattr(table, key) is not None:
            one_of(*names)(getattr(table, key), str(place.of(key)))
    _check_together(table, place)
    check_row(table.row, str(place.of("row")))
    visit = _one_of_visits(visits)
    made = Reported(
        outcome=table.outcome,
        arm=table.arm,
        visit=visit(table.visit, str(place.of("visit"))),
        since=None if table.since is None else visit(table.since, str(place.of("since"))),
        of=table.of,
        statistic=table.statistic,
        threshold=_maybe(table.threshold, place.of("threshold"), _in_unit(known[table.outcome])),
        against=table.against or "",
        compare=table.compare or "difference",
        among=_doses_of(table.among or [], names, place.of("among")),
        bound=table.bound or "",
        n=_maybe(table.n, place.of("n")),
        assay=_maybe(table.assay, place.of("assay")),
        row=table.row,
        miss=table.miss or "",
    )
    _check_unit(made, known[table.outcome], str(place.of("row")))
    return made


def _check_together(table: ReportedTable, place: Place) -> None:
    """Refuse keys without the key that they belong to."""
    if (table.statistic == _SHARE) != (table.threshold is not None):
        given = None if table.threshold is None else table.threshold.value
        raise refused(str(place.of("threshold")), given, f"a level with statistic '{_SHARE}', else nothing")
    if (table.statistic == RESTORING) != bool(table.among):
        raise refused(str(place.of("among")), table.among, f"arms with statistic '{RESTORING}', else nothing")
    if not table.against and (table.compare or table.statistic == RESTORING):
        raise InputError(f"{place.of('against')}: got nothing, expected the name of the arm to compare with.")


def _in_unit(unit: str) -> Callable[[str | float, str], float]:
    return lambda value, where: units.magnitude(value, unit, where)


def _doses_of(among: Sequence[str], names: Sequence[str], place: Place) -> tuple[tuple[str, float], ...]:
    found = []
    for name in among:
        one_of(*names)(name, str(place))
        found.append((name, units.magnitude(name, "ug/d", str(place))))
    if any(later[1] <= earlier[1] for earlier, later in pairwise(found)):
        raise refused(str(place), list(among), "doses that rise")
    return tuple(found)


def _check_unit(made: Reported, unit: str, where: str) -> None:
    row = evidence.row(made.row)
    if row.value is None:
        raise refused(where, made.row, "a row with a value")
    wanted = unit_of_figure(made, unit)
    try:
        published(made, wanted)
    except InputError:
        expected = f"'{wanted}' for {made.of} of '{made.outcome}'"
        raise refused(f"unit of evidence row '{made.row}', {where}", row.unit, expected) from None


@cache
def outcomes() -> dict[str, str]:
    """Return every variable of a result that a figure can be reported for, members in brackets, with its unit."""
    model = models.vitamin_k(antagonists=ANTAGONISTS)
    found = {f"{DRUG}[{name}]": "mg/d" for name in ANTAGONISTS}
    for name in model.outputs:
        offer = model.offers[name]
        for label in (", ".join(member) for member in offer.members):
            found[bracketed(name, label)] = offer.declared.unit
    read = {true: name for name, true in READINGS.items()}
    for name, unit in list(found.items()):
        variable, _, member = name.partition("[")
        if variable in read:
            found[bracketed(read[variable], member.removesuffix("]"))] = unit
    return found


def _file_name(value: str, where: str) -> str:
    """Read a name that becomes that of files, so it must not lead out of a directory."""
    if not _NAME.fullmatch(value):
        raise refused(where, value, "letters, digits, '-', '_' and '.', starting with a letter or digit")
    return value


def _population(value: str, where: str) -> str:
    if value not in RECORDS:
        raise unknown(f"population, {where}", value, RECORDS)
    return value


def _form(value: str, where: str) -> str:
    if value not in FORMS:
        raise unknown(f"form, {where}", value, FORMS)
    return value


def _time(value: str, where: str) -> Time:
    hours = units.hours(value, where)
    if hours < 0:
        raise refused(where, value, "a time of at least 0")
    return Time(value, hours)


def _after_entry(value: str, where: str) -> Time:
    found = _time(value, where)
    if found.hours <= 0:
        raise refused(where, value, "a time after 0")
    return found


def _visits(end: Time) -> Callable[[list[str], str], tuple[Time, ...]]:
    def read(value: list[str], where: str) -> tuple[Time, ...]:
        found = tuple(_time(one, where) for one in value)
        if any(later.hours <= earlier.hours for earlier, later in pairwise(found)):
            raise refused(where, value, "times that rise")
        if found[-1].hours > end.hours * (1 + 1e-12):
            raise refused(where, found[-1].label, f"a time within the duration of '{end.label}'")
        return found

    return read


def _one_of_visits(visits: Sequence[Time]) -> Callable[[str, str], Time]:
    def read(value: str, where: str) -> Time:
        one_of(*(visit.label for visit in visits))(value, where)
        return next(visit for visit in visits if visit.label == value)

    return read


def _range(value: list[str], where: str) -> tuple[Time, Time]:
    if len(value) != 2:
        raise refused(where, value, "two ages such as ['55 y', '65 y']")
    low, high = (_time(one, where) for one in value)
    if low.hours >= high.hours:
        raise refused(where, value, "a lower and a higher age")
    return low, high


def _shares(arms: int) -> Callable[[list[int], str], tuple[int, ...]]:
    def read(value: list[int], where: str) -> tuple[int, ...]:
        if len(value) != arms or min(value) < 1:
            raise refused(where, value, f"one whole number for each of the {arms} arms")
        return tuple(value)

    return read


__all__ = ["outcomes", "trial"]
