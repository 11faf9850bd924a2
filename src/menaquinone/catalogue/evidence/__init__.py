"""The published numbers that defaults rest on: one row, one number, read from the CSV files beside this module.

An ``id`` is the source that code names. Before a row becomes a default, mind that

- about half the rows were read twice (``audit == "confirmed"``); the diet table is the weakest;
- ``n`` is a whole trial, not the arm, in several studies: do not weight by it;
- a value of 0 may code "no change" or "below detection", which the note says; rows without a value are qualitative;
- ``bound`` rows are inequalities, and one study (``study_id``) can stand in two files: count it once.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from menaquinone.errors import unknown

_STUDY = re.compile(r"(.+?-(?:19|20)\d\d)(?![a-z\d])")
_NUMBERS = ("value", "n", "dose_ug", "doses_per_day", "duration_d", "time_h")


@dataclass(frozen=True)
class Row:
    """One published number.

    Attributes
    ----------
    id
        Slug, unique over all files.
    topic, quantity
        What was measured, in the field's term.
    value, unit
        The number and its unit; ``None`` for a qualitative row.
    spread, spread_kind
        ``sd``, ``sem``, ``iqr_low;iqr_high``, ``ci95_low;ci95_high``, ``range_low;range_high``, ``cv_pct`` or
        ``rse_pct`` (uncertainty of an estimate, not variability between people).
    n, population, form, dose_ug, doses_per_day, duration_d, formulation, time_h
        Who, what, how long; thrice weekly is 0.4286 doses per day.
    doi, url, read_as
        Where it was read: ``full_text``, ``abstract`` or ``secondary``.
    note
        How to read it.
    audit
        ``confirmed``, ``not_checked``, ``not_reachable`` or ``differs``.
    file
        The file it stands in, without its ending.
    """

    id: str
    topic: str
    quantity: str
    value: float | None
    unit: str
    spread: tuple[float, ...]
    spread_kind: str
    n: float | None
    population: str
    form: str
    dose_ug: float | None
    doses_per_day: float | None
    duration_d: float | None
    formulation: str
    time_h: float | None
    doi: str
    url: str
    read_as: str
    note: str
    audit: str
    file: str

    @property
    def study_id(self) -> str:
        """Author and year, with which ids of one study start (two studies may share it); else the id itself."""
        found = _STUDY.match(self.id)
        return found[1] if found else self.id

    @property
    def bound(self) -> bool:
        """Whether the value is an inequality and not an estimate."""
        return self.note.startswith("BOUND")


def _rows_of(name: str, lines: Iterator[str]) -> Iterator[Row]:
    for record in csv.DictReader(lines):
        numbers = {key: float(record[key]) if record[key] else None for key in _NUMBERS}
        spread = tuple(float(part) for part in record["spread"].split(";") if part)
        yield Row(**(record | numbers | {"spread": spread, "file": name}))  # type: ignore[arg-type]


@cache
def rows() -> Mapping[str, Row]:
    """Return every row by its id, in the order of the files.

    Returns
    -------
    Mapping of str to Row
        Read once, then kept; read-only.
    """
    found: dict[str, Row] = {}
    for source in sorted(files(__name__).iterdir(), key=lambda one: one.name):
        if source.name.endswith(".csv"):
            text = source.read_text(encoding="utf-8")
            found |= {one.id: one for one in _rows_of(source.name.removesuffix(".csv"), iter(text.splitlines()))}
    return MappingProxyType(found)


def ids() -> tuple[str, ...]:
    """Return the ids of every row, in the order of the files."""
    return tuple(rows())


def exists(name: str) -> bool:
    """Return whether a row with this id exists."""
    return name in rows()


def row(name: str) -> Row:
    """Return one row.

    Parameters
    ----------
    name
        Its id.

    Raises
    ------
    UnknownNameError
        If no file holds it; the message names the five nearest ids.
    """
    if name not in rows():
        raise unknown("evidence row", name, get_close_matches(str(name), rows(), n=5, cutoff=0.0))
    return rows()[name]


def topics() -> tuple[str, ...]:
    """Return the topics, sorted."""
    return tuple(sorted({one.topic for one in rows().values()}))


def table(topic: str | None = None) -> Mapping[str, Row]:
    """Return the rows of one topic by id, or all of them.

    Parameters
    ----------
    topic
        One of :func:`topics`.

    Raises
    ------
    UnknownNameError
        If no row has that topic.
    """
    if topic is None:
        return rows()
    if topic not in topics():
        raise unknown("topic of evidence", topic, topics())
    return MappingProxyType({name: one for name, one in rows().items() if one.topic == topic})


__all__ = ["Row", "exists", "ids", "row", "rows", "table", "topics"]
