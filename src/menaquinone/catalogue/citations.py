"""The papers behind numbers, as text and as BibTeX: one entry for each study, holding what its evidence rows hold.

Rows hold no authors and no titles, so entries hold none: an id, a year, a DOI or an address, and how it was read.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from menaquinone.catalogue import evidence
from menaquinone.catalogue.evidence import Row
from menaquinone.declare import source_ids

_YEAR = re.compile(r"-((?:19|20)\d\d)(?!\d)")
_SHOWN = 4
"""Of more users of a study than these, the text names the first and counts the rest."""


@dataclass(frozen=True)
class Entry:
    """One study, and what rests on it.

    Attributes
    ----------
    study
        Its id, with which the ids of its rows start.
    rows
        The rows in use.
    used_for
        Names of the numbers that rest on them.
    """

    study: str
    rows: tuple[Row, ...]
    used_for: tuple[str, ...]

    @property
    def year(self) -> str:
        """Year of publication; empty where the id does not tell it."""
        found = _YEAR.search(self.study)
        return found[1] if found else ""

    @property
    def doi(self) -> str:
        """Its DOI; empty where no row has one."""
        return next((row.paper_doi for row in self.rows if row.paper_doi), "")

    @property
    def links(self) -> tuple[str, ...]:
        """Where it is and where it was read: the DOI's address first, each once."""
        doi = (f"https://doi.org/{self.doi}",) if self.doi else ()
        return tuple(dict.fromkeys((*doi, *(row.url or row.link for row in self.rows))))

    @property
    def read_on(self) -> str:
        """How its rows were read; copies and secondary pages say so."""
        return "; ".join(dict.fromkeys(row.read_on for row in self.rows))

    def __str__(self) -> str:
        users = ", ".join(self.used_for[:_SHOWN])
        more = f" and {len(self.used_for) - _SHOWN} more" if len(self.used_for) > _SHOWN else ""
        lines = [f"{self.study}{f' ({self.year})' if self.year else ''}: {', '.join(self.links)}"]
        lines.append(f"  read as {self.read_on}")
        lines.append(f"  rows {', '.join(row.id for row in self.rows)}")
        return "\n".join([*lines, f"  for {users}{more}"] if users else lines)

    def bibtex(self) -> str:
        """Return the entry for a bibliography; its key is the study's id."""
        said = {
            "year": self.year,
            "doi": self.doi,
            "url": next((row.url for row in self.rows if row.url), ""),
            "note": f"read as {self.read_on}; evidence rows {', '.join(row.id for row in self.rows)}",
        }
        held = ",\n".join(f"  {key} = {{{_braced(text)}}}" for key, text in said.items() if text)
        return f"@misc{{{self.study},\n{held}\n}}"


@dataclass(frozen=True)
class Citations:
    """Every study behind something; printed, it is the list as text.

    Attributes
    ----------
    entries
        Sorted by id.
    assumed
        Names of the numbers that rest on no row.
    """

    entries: tuple[Entry, ...]
    assumed: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = [str(one) for one in self.entries]
        if self.assumed:
            told.append(
                f"{len(self.assumed)} numbers rest on no row: each says 'assumed' and why where it is described."
            )
        return "\n".join(told)

    def __len__(self) -> int:
        return len(self.entries)

    def bibtex(self) -> str:
        """Return the list for a bibliography: ``@misc`` entries without authors and titles, which no row holds."""
        return "\n\n".join(one.bibtex() for one in self.entries)


def citations(sources: Mapping[str, str] | Iterable[tuple[str, str]]) -> Citations:
    """Return the studies behind numbers.

    Parameters
    ----------
    sources
        By the name of the number: ids of evidence rows, or ``assumed: why``. Several pairs may share a name.

    Raises
    ------
    UnknownNameError
        If a row does not exist.
    """
    rows: dict[str, dict[str, Row]] = {}
    users: dict[str, dict[str, None]] = {}
    assumed: dict[str, None] = {}
    for name, source in sources.items() if isinstance(sources, Mapping) else sources:
        found = source_ids(source)
        if not found:
            assumed[name] = None
        for one in map(evidence.row, found):
            rows.setdefault(one.study_id, {})[one.id] = one
            users.setdefault(one.study_id, {})[name] = None
    entries = (Entry(study, tuple(held.values()), tuple(filter(None, users[study]))) for study, held in rows.items())
    return Citations(tuple(sorted(entries, key=lambda one: one.study)), tuple(filter(None, assumed)))


def _braced(text: str) -> str:
    """Escape what would end or change a field."""
    return re.sub(r"([%#&_$])", r"\\\1", text.replace("{", "(").replace("}", ")")) if not _is_address(text) else text


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://", "10."))


__all__ = ["Citations", "Entry", "citations"]
