"""The published numbers that defaults rest on: one row, one number, read from the CSV files beside this module.

An ``id`` is the source that code names. Before a row becomes a default, mind that

- about half the rows were read twice (``audit == "confirmed"``); the diet table is the weakest;
- ``n`` is a whole trial in several studies: weight by ``arm_n``, which is empty there;
- a value of 0 may code "no change" or "below detection", which the note says; rows without a value are qualitative;
- ``bound`` rows are inequalities, and one study (``study_id``) can stand in two files: count it once.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from urllib.parse import urlparse

from menaquinone.errors import unknown

_NUMBERS = ("value", "n", "dose_ug", "doses_per_day", "duration_d", "time_h", "arm_n")

_FIRST_HAND = (
    "academic.oup.com", "ashpublications.org", "aspetjournals.org", "biomedcentral.com", "bloodjournal.org", "bmj.com",
    "cambridge.org", "diabetesjournals.org", "doi.org", "eisai.jp", "jasn.asnjournals.org", "jstage.jst.go.jp",
    "karger.com", "mdpi.com", "nature.com", "ncbi.nlm.nih.gov", "pmda.go.jp", "pubmed.gov", "springer.com",
    "synapse.koreamed.org", "thieme-connect.com", "thieme-connect.de", "vkm.no", "wiley.com", "frontiersin.org",
    "atherosclerosis-journal.com", "maturitas.org", "bone-abstracts.org",
)  # fmt: skip
"""Publishers, public registers and the indexes of the United States' library of medicine; any other page is a copy."""


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
    study_id
        The paper: rows that share it are to be counted once. Their ids start with it.
    arm_n
        People behind the value; ``None`` where ``n`` is a whole trial, or where it is not known.
    bound
        ``lower`` or ``upper`` where the value is an inequality and not an estimate; else empty.
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
    study_id: str
    arm_n: float | None
    bound: str
    file: str

    @property
    def paper_doi(self) -> str:
        """The DOI of the paper; empty where there is none, or only that of a page that quotes the paper."""
        return "" if "doi is of the page" in self.note else self.doi

    @property
    def link(self) -> str:
        """The paper's address: its DOI where there is one, else the page that was read."""
        return f"https://doi.org/{self.paper_doi}" if self.paper_doi else self.url or f"https://doi.org/{self.doi}"

    @property
    def read_on(self) -> str:
        """How and where it was read: ``abstract``, ``abstract on a copy at scilit.com``, ``secondary page at ...``."""
        host = urlparse(self.url).hostname or ""
        how = {"full_text": "full text", "secondary": "secondary page"}.get(self.read_as, self.read_as or "not stated")
        if self.read_as == "secondary":
            return f"{how} at {host or self.url}"
        if not host and self.url:
            return f"{how}, {self.url}"
        original = not host or any(host == one or host.endswith(f".{one}") for one in _FIRST_HAND)
        return how if original else f"{how} on a copy at {host}"


class Table(Mapping[str, Row]):
    """Rows by id, in the order of the files; read-only. ``pandas.DataFrame(table.values())`` is its data frame."""

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self._rows = dict(rows)

    def __getitem__(self, name: str) -> Row:
        """Return one row; a wrong id is refused as :func:`row` refuses it."""
        if name not in self._rows:
            raise unknown("evidence row", name, get_close_matches(str(name), self._rows, n=5, cutoff=0.0))
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __repr__(self) -> str:
        studies = len({one.study_id for one in self._rows.values()})
        return f"<evidence: {len(self)} rows of {studies} studies>"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by building again."""
        return (Table, (self._rows,))


def _rows_of(name: str, lines: Iterator[str]) -> Iterator[Row]:
    for record in csv.DictReader(lines):
        numbers = {key: float(record[key]) if record[key] else None for key in _NUMBERS}
        spread = tuple(float(part) for part in record["spread"].split(";") if part)
        yield Row(**(record | numbers | {"spread": spread, "file": name}))  # type: ignore[arg-type]


@cache
def rows() -> Table:
    """Return every row by its id, in the order of the files.

    Returns
    -------
    Table
        A mapping of ids to rows. Read once, then kept; read-only.
    """
    found: dict[str, Row] = {}
    for source in sorted(files(__name__).iterdir(), key=lambda one: one.name):
        if source.name.endswith(".csv"):
            text = source.read_text(encoding="utf-8")
            found |= {one.id: one for one in _rows_of(source.name.removesuffix(".csv"), iter(text.splitlines()))}
    return Table(found)


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
    return rows()[name]


@cache
def fitted() -> frozenset[str]:
    """Return the ids of the rows that the calibration was fitted to, as ``fitted.txt`` lists them.

    Raises
    ------
    UnknownNameError
        If one of them does not exist.
    """
    text = (files(__name__) / "fitted.txt").read_text(encoding="utf-8")
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return frozenset(row(line).id for line in lines if line)


def topics() -> tuple[str, ...]:
    """Return the topics, sorted."""
    return tuple(sorted({one.topic for one in rows().values()}))


def table(topic: str | None = None) -> Table:
    """Return the rows of one topic by id, or all of them.

    Parameters
    ----------
    topic
        One of :func:`topics`.

    Returns
    -------
    Table
        A mapping of ids to rows.

    Raises
    ------
    UnknownNameError
        If no row has that topic.
    """
    if topic is None:
        return rows()
    if topic not in topics():
        raise unknown("topic of evidence", topic, topics())
    return Table({name: one for name, one in rows().items() if one.topic == topic})


__all__ = ["Row", "Table", "exists", "fitted", "ids", "row", "rows", "table", "topics"]
