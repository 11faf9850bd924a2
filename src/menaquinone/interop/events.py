"""Event tables in the style of NONMEM, in and out: ``TIME AMT RATE II ADDL SS EVID CMT`` and a few optional columns.

What each column and each combination means here is specified in ``docs/guide/events.md``. ``CMT`` names route and form,
``oral[MK-7]`` or ``iv[K1]``; for numbered compartments say what they are: ``compartments={1: ("MK-7", "oral")}``.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf, nextafter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from menaquinone.catalogue.substances import SUBSTANCES, Substance, substance
from menaquinone.errors import InputError, listed, refused, unknown
from menaquinone.inputs.records import DoseRecord, Regimen, ResetRecord, count
from menaquinone.inputs.schedule import refuse_rule
from menaquinone.interop.tables import Row, Table, read, write_csv
from menaquinone.units import HOURS_PER_DAY, hours, nmol

Compartments = Mapping[Any, tuple[str | Substance, str]]
"""Form and route of each compartment."""

REQUIRED = ("TIME", "AMT", "CMT")
COLUMNS = ("TIME", "AMT", "RATE", "II", "ADDL", "SS", "EVID", "CMT")
OPTIONAL = ("ID", "DUR", "LAG", "F", "FORMULATION", "FAT", "ADHERENCE")
UNUSED = ("DV", "MDV")
ALIASES = {"ALAG": "LAG", "DURATION": "DUR"}

T = TypeVar("T")

_OBSERVATION, _DOSE, _RESET, _RESET_AND_DOSE = 0, 1, 3, 4
_NAMED = re.compile(r"\s*([^\[\]]+?)\s*\[\s*([^\[\]]+?)\s*\]\s*$")


@dataclass(frozen=True)
class _Reader:
    """What a table is read with: its units and what its compartments are."""

    amount_unit: str
    time_unit: str
    compartments: Mapping[Any, tuple[Substance, str]]
    forms: Mapping[str, Substance]

    def time(self, row: Row, column: str, default: float | None = None) -> float:
        return hours(f"{row.at_least_0(column, default)!r} {self.time_unit}", row.at(column))

    def amount(self, row: Row, column: str, mass: float, default: float | None = None) -> float:
        return nmol(f"{row.at_least_0(column, default)!r} {self.amount_unit}", mass, row.at(column))

    def rate(self, row: Row, mass: float) -> float:
        return self.amount(row, "RATE", mass, 0.0) / hours(f"1 {self.time_unit}")

    def compartment(self, row: Row) -> tuple[Substance, str]:
        """Return form and route of a row."""
        cell = row.cells.get("CMT", "")
        for key in (cell, _whole(cell)):
            if key in self.compartments:
                return self.compartments[key]
        named = _NAMED.match(str(cell))
        if named is None:
            offers = [f"{route}[{one.name}]" for one in self.forms.values() for route in one.pk.enters]
            raise unknown(row.at("CMT"), cell, [*self.compartments, *offers])
        route, name = named.groups()
        if name not in self.forms:
            raise unknown(f"form of {row.at('CMT')}", name, self.forms)
        _naming(row.at("CMT"), self.forms[name].entry, route)
        return self.forms[name], route


def _whole(cell: Any) -> Any:
    """Return ``1`` for ``"1"``, ``"1.0"`` and ``1.0``."""
    try:
        return int(float(cell)) if float(cell) == int(float(cell)) else cell
    except (TypeError, ValueError, OverflowError):
        return cell


def _naming(what: str, check: Callable[[str], Any], name: str) -> None:
    """Check a name; a refusal says in which cell it stands."""
    try:
        check(name)
    except InputError as error:
        raise type(error)(f"{what}, {error}") from None


def from_table(
    table: Table,
    *,
    amount_unit: str = "ug",
    time_unit: str = "h",
    compartments: Compartments | None = None,
    forms: Iterable[Substance] = (),
    ignore: Iterable[str] = (),
) -> Regimen | dict[int, Regimen]:
    """Read an event table.

    Parameters
    ----------
    table
        Columns by name, rows as dictionaries, a data frame, or the path of a CSV file. Needs ``TIME``, ``AMT`` and
        ``CMT``; observation rows (EVID 0) give no dose, :func:`observation_times` reads them.
    amount_unit
        Of ``AMT``, and of ``RATE`` per ``time_unit``.
    time_unit
        Of ``TIME``, ``II``, ``DUR`` and ``LAG``.
    compartments
        Form and route by value of ``CMT``. Names such as ``oral[MK-7]`` need none.
    forms
        Records of one's own that ``CMT`` names.
    ignore
        Columns to pass over (covariates, say); ``DV`` and ``MDV`` are passed over anyway.

    Returns
    -------
    Regimen, or dict of Regimen by subject id
        A dictionary where the table has a column ``ID``; with an empty regimen for subjects without doses.

    Raises
    ------
    UnknownNameError
        If a column, a compartment, a form or a unit is unknown.
    InputError
        If a column is missing, times of a subject are out of order, or a cell does not fit; the message names row
        (1 is the first under the header) and column.
    """
    columns, rows = _read(table, ignore)
    reader = _Reader(
        amount_unit,
        time_unit,
        _numbered(compartments),
        {**SUBSTANCES, **{one.name: one for one in forms}},
    )
    return _by_subject(
        columns, rows, time_unit, lambda own: Regimen(tuple(one for row in own for one in _records(row, reader)))
    )


def observation_times(
    table: Table, *, time_unit: str = "h", ignore: Iterable[str] = ()
) -> NDArray[np.float64] | dict[int, NDArray[np.float64]]:
    """Return the times of the observation rows (EVID 0), each once.

    Parameters
    ----------
    table, time_unit, ignore
        As in :func:`from_table`.

    Returns
    -------
    ndarray, or dict of ndarray by subject id
        Days, rising, as ``simulate(times=...)`` takes them.

    Raises
    ------
    InputError
        As in :func:`from_table`.
    """
    columns, rows = _read(table, ignore)

    def days(own: list[Row]) -> NDArray[np.float64]:
        seen = [hours(f"{row.value('TIME')!r} {time_unit}") for row in own if _evid(row) == _OBSERVATION]
        return np.unique(np.array(seen, dtype=float)) / HOURS_PER_DAY

    return _by_subject(columns, rows, time_unit, days)


def _read(table: Table, ignore: Iterable[str]) -> tuple[tuple[str, ...], list[Row]]:
    columns, rows = read(table, ALIASES)
    passed_over = {*UNUSED, *(str(one).strip().upper() for one in ignore)}
    for name in columns:
        if name not in passed_over and name not in COLUMNS + OPTIONAL:
            raise unknown("column of the event table", name, [*COLUMNS, *OPTIONAL])
    for name in REQUIRED:
        if name not in columns:
            raise InputError(f"event table: got no column '{name}', expected {listed(REQUIRED)} at least.")
    return columns, rows


def _by_subject(
    columns: tuple[str, ...], rows: list[Row], time_unit: str, read_rows: Callable[[list[Row]], T]
) -> T | dict[int, T]:
    subjects: dict[int, list[Row]] = {}
    for row in rows:
        own = subjects.setdefault(row.whole("ID") if "ID" in columns else 0, [])
        time = row.at_least_0("TIME")
        if own and time < own[-1].value("TIME"):
            before = own[-1]
            raise refused(
                row.at("TIME"),
                row.cells["TIME"],
                f"a time of at least {before.value('TIME'):.12g} {time_unit}, that of row {before.number}",
            )
        own.append(row)
    if "ID" not in columns:
        return read_rows(subjects.get(0, []))
    return {subject: read_rows(own) for subject, own in subjects.items()}


def _numbered(compartments: Any) -> dict[Any, tuple[Substance, str]]:
    """Return form and route by value of CMT, checked."""
    if compartments is None:
        return {}
    if not isinstance(compartments, Mapping):
        raise refused("compartments", compartments, "form and route by value of CMT such as {1: ('MK-7', 'oral')}")
    found = {}
    for key, of in compartments.items():
        if not (isinstance(of, tuple | list) and len(of) == 2):
            raise refused(f"compartment {key!r}", of, "form and route such as ('MK-7', 'oral')")
        form, route = substance(of[0]), of[1]
        _naming(f"compartment {key!r}", form.entry, route)
        found[key] = form, route
    return found


def _evid(row: Row) -> int:
    """Return the kind of event; without a value, a dose is what has an amount or a rate."""
    given = row.value("AMT", 0.0) != 0 or row.value("RATE", 0.0) != 0
    kind = row.whole("EVID", int(given))
    if kind not in (_OBSERVATION, _DOSE, _RESET, _RESET_AND_DOSE):
        raise refused(row.at("EVID"), row.cells["EVID"], "0, 1, 3 or 4")
    if given and kind in (_OBSERVATION, _RESET):
        column = "AMT" if row.value("AMT", 0.0) else "RATE"
        raise refused(row.at(column), row.cells[column], f"0 beside EVID {kind}, which gives no dose")
    return kind


def _records(row: Row, reader: _Reader) -> tuple[DoseRecord | ResetRecord, ...]:
    kind = _evid(row)
    if kind == _OBSERVATION:
        return ()
    reset = ResetRecord(reader.time(row, "TIME"))
    if kind == _RESET:
        return (reset,)
    dose = _dose(row, reader)
    return (reset, dose) if kind == _RESET_AND_DOSE else (dose,)


def _dose(row: Row, reader: _Reader) -> DoseRecord:
    form, route = reader.compartment(row)
    mass = form.molar_mass.value
    _naming(row.at("FORMULATION"), form.formulation, row.text("FORMULATION"))
    adherence = row.at_least_0("ADHERENCE", 1.0)
    if adherence > 1:
        raise refused(row.at("ADHERENCE"), row.cells["ADHERENCE"], "a probability from 0 to 1")
    dose = DoseRecord(
        form=form.name,
        molar_mass=mass,
        amount=reader.amount(row, "AMT", mass),
        route=route,
        time=reader.time(row, "TIME"),
        every=reader.time(row, "II", 0.0),
        doses=row.whole("ADDL", 0, low=0) + 1,
        duration=reader.time(row, "DUR", 0.0),
        rate=reader.rate(row, mass),
        lag=reader.time(row, "LAG", 0.0),
        bioavailability=row.at_least_0("F") if "F" in row.cells else None,
        steady=row.whole("SS", 0, low=0),
        formulation=row.text("FORMULATION"),
        fat=row.at_least_0("FAT") if "FAT" in row.cells else None,
        adherence=adherence,
        described=form,
    )
    _check(row, dose)
    return dose


def _check(row: Row, dose: DoseRecord) -> None:
    """Refuse combinations of cells that mean nothing."""
    if dose.steady > 2:
        raise refused(row.at("SS"), row.cells["SS"], "0, 1 or 2")
    if dose.rate and dose.duration:
        raise refused(row.at("DUR"), row.cells["DUR"], f"0 beside RATE {row.cells['RATE']}: one follows from the other")
    if dose.rate and not dose.amount and (not dose.steady or dose.every):
        raise refused(
            row.at("AMT"),
            row.cells["AMT"],
            f"an amount greater than 0 beside RATE {row.cells['RATE']} (0 only with SS 1 or 2 and II 0)",
        )
    needs = f"ADDL {row.cells['ADDL']}" if dose.doses != 1 else f"SS {row.cells['SS']}" if dose.steady else ""
    if needs and not dose.every and not (dose.endless and dose.doses == 1):
        raise refused(row.at("II"), row.cells.get("II", 0), f"an interval greater than 0 beside {needs}")


def to_table(
    regimen: Regimen | Mapping[int, Regimen],
    *,
    amount_unit: str = "ug",
    time_unit: str = "h",
    horizon: Any = None,
    compartments: Compartments | None = None,
) -> dict[str, list[Any]]:
    """Write a regimen as an event table, which :func:`from_table` reads back.

    Parameters
    ----------
    regimen
        One regimen, or regimens by subject id, which brings a column ``ID``.
    amount_unit, time_unit
        As in :func:`from_table`.
    horizon
        End of the run, ``"2 y"``: writes out doses that have no end of their own.
    compartments
        Form and route by value of ``CMT``; names such as ``oral[MK-7]`` are written without it.

    Returns
    -------
    dict of list
        Columns by name, rows in order of time within each subject; ``None`` in cells that say nothing. Optional
        columns are there where a record needs them.

    Raises
    ------
    InputError
        If doses have no end and ``horizon`` is not given, a form and route have no compartment, a regimen ends in a
        rule, or something is no regimen.
    """
    one_for_all = isinstance(regimen, Regimen)
    people: Any = {0: regimen} if one_for_all else regimen
    if not (isinstance(people, Mapping) and all(isinstance(own, Regimen) for own in people.values())):
        expected = "a regimen such as mk.dose('MK-7', '180 ug', every='24 h'), or regimens by subject id"
        raise refused("regimen", regimen, expected)
    names = {(form.name, route): key for key, (form, route) in _numbered(compartments).items()}
    end = None if horizon is None else hours(horizon, "horizon")
    rows: list[dict[str, Any]] = []
    for subject, own in people.items():
        refuse_rule(own)
        written = _rows(own, _Writer(amount_unit, time_unit, end, names or None))
        if not written and not one_for_all:
            written = [_row(EVID=_OBSERVATION, TIME=0.0)]  # so that a subject without doses is not lost
        rows += [{"ID": subject, **row} for row in written]
    wanted = [name for name in OPTIONAL[1:] if any(row.get(name) is not None for row in rows)]
    columns = [*([] if one_for_all else ["ID"]), *COLUMNS, *wanted]
    return {name: [row.get(name) for row in rows] for name in columns}


@dataclass(frozen=True)
class _Writer:
    """What a table is written with."""

    amount_unit: str
    time_unit: str
    horizon: float | None
    names: Mapping[tuple[str, str], Any] | None

    def time(self, value: float) -> float:
        return _written(value, lambda number: hours(f"{number!r} {self.time_unit}"))

    def amount(self, value: float, mass: float) -> float:
        return _written(value, lambda number: nmol(f"{number!r} {self.amount_unit}", mass))

    def rate(self, value: float, mass: float) -> float:
        unit = hours(f"1 {self.time_unit}")
        return _written(value, lambda number: nmol(f"{number!r} {self.amount_unit}", mass) / unit)

    def compartment(self, dose: DoseRecord) -> Any:
        name = f"{dose.route}[{dose.form}]"
        if self.names is None:
            return name
        if (dose.form, dose.route) not in self.names:
            raise InputError(f"compartments: got none for '{name}', expected one for every form and route given.")
        return self.names[dose.form, dose.route]

    def additional(self, dose: DoseRecord) -> int:
        if dose.doses is not None:
            return dose.doses - 1
        if self.horizon is None:
            raise InputError(
                f"ADDL: got doses without an end ({dose}), expected `until` in the regimen or `horizon` here."
            )
        return max(0, count(self.horizon - dose.time, dose.every) - 1)


def _written(value: float, read_back: Callable[[float], float]) -> float:
    """Return the shortest number that is read back as a value, or the nearest where rounding leaves none."""
    guess = value / read_back(1.0)
    near = [float(f"{guess:.{digits}g}") for digits in range(1, 18)]
    for towards in (inf, -inf):
        step = guess
        for _ in range(3):
            step = nextafter(step, towards)
            near.append(step)
    return next((number for number in near if number >= 0 and read_back(number) == value), guess)


def _rows(regimen: Regimen, writer: _Writer) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    before: DoseRecord | ResetRecord | None = None
    for one in sorted(regimen.records, key=lambda one: one.time):
        if isinstance(one, ResetRecord):
            rows.append(_row(EVID=_RESET, TIME=writer.time(one.time)))
        elif isinstance(before, ResetRecord) and before.time == one.time:
            rows[-1] = _dose_row(one, writer, _RESET_AND_DOSE)
        else:
            rows.append(_dose_row(one, writer, _DOSE))
        before = one
    return rows


def _row(**cells: Any) -> dict[str, Any]:
    return {"AMT": 0.0, "RATE": 0.0, "II": 0.0, "ADDL": 0, "SS": 0, "CMT": None} | cells


def _dose_row(dose: DoseRecord, writer: _Writer, evid: int) -> dict[str, Any]:
    return _row(
        TIME=writer.time(dose.time),
        AMT=writer.amount(dose.amount, dose.molar_mass),
        RATE=writer.rate(dose.rate, dose.molar_mass),
        II=writer.time(dose.every),
        ADDL=writer.additional(dose),
        SS=dose.steady,
        EVID=evid,
        CMT=writer.compartment(dose),
        DUR=writer.time(dose.duration) if dose.duration else None,
        LAG=writer.time(dose.lag) if dose.lag else None,
        F=dose.bioavailability,
        FORMULATION=dose.formulation or None,
        FAT=dose.fat,
        ADHERENCE=dose.adherence if dose.adherence < 1 else None,
    )


__all__ = ["from_table", "observation_times", "to_table", "write_csv"]
