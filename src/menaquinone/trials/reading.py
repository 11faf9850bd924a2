"""Reading a TOML file: where a key is written, and what a source and a word may be.

A design field never travels alone: it is written ``{ value = ..., source = "..." }`` and read as :class:`Sourced`.
"""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Generic, TypeVar

from menaquinone.catalogue import evidence
from menaquinone.declare import source_ids
from menaquinone.errors import InputError, refused, unknown

T = TypeVar("T")
Key = str | int
Reader = Callable[[Any, str], T]
"""Turns what is written, and how a message names its place, into a value; or refuses it."""

_MANY = 8
"""Of more names than these, a message lists only the nearest."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_ASSIGNED = re.compile(r"\s*(\"[^\"]+\"|[\w-]+)\s*=")


@dataclass(frozen=True)
class Sourced(Generic[T]):
    """A design field and where it comes from.

    Attributes
    ----------
    value
        The field, checked.
    source
        Ids of evidence rows separated by spaces, or ``assumed: why``.
    """

    value: T
    source: str

    @property
    def assumed(self) -> bool:
        """Whether no evidence row gives the field."""
        return self.source.startswith("assumed")


def line_of(text: str, path: Sequence[Key]) -> int:
    """Return the line (from 1) on which a key of a TOML text is written, or its table starts.

    Parameters
    ----------
    text
        The TOML text.
    path
        Keys from the top: ``("arm", 1, "dose", 0, "amount")``. A key inside an inline table is found on the line of
        the key that holds the table. 0 where nothing on the path is written.
    """
    here: list[Key] = []
    seen: dict[tuple[Key, ...], int] = {}
    best, deepest = 0, 0
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            here = _table_path(header[2], seen, many=header[1] == "[[")
            found: list[Key] = here
        else:
            assigned = _ASSIGNED.match(line)
            if not assigned:
                continue
            found = [*here, assigned[1].strip('"')]
        if len(found) > deepest and list(path[: len(found)]) == found:
            best, deepest = number, len(found)
    return best


def _table_path(name: str, seen: dict[tuple[Key, ...], int], *, many: bool) -> list[Key]:
    path: list[Key] = []
    words = [word.strip().strip('"') for word in name.split(".")]
    for position, word in enumerate(words):
        path.append(word)
        if many and position == len(words) - 1:
            seen[tuple(path)] = seen.get(tuple(path), -1) + 1
        if tuple(path) in seen:
            path.append(seen[tuple(path)])
    return path


@dataclass(frozen=True)
class File:
    """A file being read: what messages need to point into it."""

    name: str
    text: str

    def at(self, path: Sequence[Key]) -> str:
        """Return ``name, line 12``; the name alone for what is written nowhere."""
        line = line_of(self.text, path)
        return f"{self.name}, line {line}" if line else self.name


def open_toml(path: Path, content: str | None = None) -> tuple[File, dict[str, Any]]:
    """Read a TOML file.

    Parameters
    ----------
    path
        The file.
    content
        What it holds, where it is not to be read from disk.

    Returns
    -------
    File, dict
        The file, for messages, and its tables.

    Raises
    ------
    InputError
        If it cannot be read or is not TOML; the message has the line.
    """
    try:
        content = path.read_text(encoding="utf-8") if content is None else content
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "not UTF-8 text"
        message = f"trial file '{path}': got a file that cannot be read ({reason}), expected a TOML file."
        raise InputError(message) from None
    try:
        values = tomllib.loads(content)
    except tomllib.TOMLDecodeError as problem:
        reason = str(problem)[:1].lower() + str(problem)[1:].rstrip(".")
        raise InputError(f"{path.name}: got text that is not TOML ({reason}), expected key = value lines.") from None
    return File(path.name, content), values


def check_source(source: Any, where: str) -> None:
    """Refuse a source that is neither ids of evidence rows nor ``assumed: why``.

    Raises
    ------
    InputError
        If it is not a text, empty, or an assumption without a reason.
    UnknownNameError
        If a row does not exist.
    """
    reason = isinstance(source, str) and source.removeprefix("assumed").strip(" :")
    if not reason:
        raise refused(where, source, "ids of evidence rows or 'assumed: why'")
    for row in source_ids(source):
        check_row(row, where)


def check_row(row: Any, where: str) -> None:
    """Refuse the id of an evidence row that does not exist, naming the nearest ones.

    Raises
    ------
    UnknownNameError
        If there is no such row.
    InputError
        If nothing is near.
    """
    if isinstance(row, str) and evidence.exists(row):
        return
    near = get_close_matches(str(row), evidence.rows(), n=3, cutoff=0.6)
    if near:
        raise unknown(f"evidence row, {where}", row, near)
    raise refused(where, row, "the id of an evidence row (mk.evidence.table() lists them)")


def fraction(value: float, where: str) -> float:
    """Read a number from 0 to 1."""
    if not 0 <= value <= 1:
        raise refused(where, value, "a number from 0 to 1")
    return float(value)


def one_of(*known: str) -> Reader[str]:
    """Return a reader of one of a few words."""

    def read(value: Any, where: str) -> str:
        if value not in known:
            near = get_close_matches(str(value), known, n=3, cutoff=0.4) if len(known) > _MANY else []
            raise unknown(f"value of {where}", value, near or known)
        return str(value)

    return read
