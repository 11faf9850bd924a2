"""Reading a TOML file by hand: every refusal names the file, the line, the key and the nearest right key.

A design field never travels alone: it is written ``{ value = ..., source = "..." }`` and read as :class:`Sourced`.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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


@dataclass(frozen=True)
class Table:
    """One table of a file, read key by key.

    Attributes
    ----------
    file, path
        Where it stands.
    title
        How messages name it: ``[population]``; empty for the file's own keys.
    values
        As written.
    """

    file: File
    path: tuple[Key, ...]
    title: str
    values: Mapping[str, Any]

    def where(self, key: str) -> str:
        """Return how a message names a key: ``'n' of [population] in trial.toml, line 9``."""
        of = f" of {self.title}" if self.title else ""
        return f"'{key}'{of} in {self.file.at((*self.path, key))}"

    def only(self, *known: str) -> None:
        """Refuse a key that is not one of these.

        Raises
        ------
        UnknownNameError
            Naming file, line, key and nearest right key.
        """
        for key in self.values:
            if key not in known:
                of = f" of {self.title}" if self.title else ""
                raise unknown(f"key{of} in {self.file.at((*self.path, key))}", key, known)

    def plain(self, key: str, read: Reader[T], expected: str) -> T:
        """Return a key that is written without a source.

        Parameters
        ----------
        key
            The key.
        read
            Turns what is written and its place into the value, or refuses it.
        expected
            What a right value looks like, for the message when there is none.

        Raises
        ------
        InputError
            If the key is missing or refused.
        """
        if key not in self.values:
            raise InputError(f"{self.where(key)}: got nothing, expected {expected}.")
        return read(self.values[key], self.where(key))

    def sourced(self, key: str, read: Reader[T], expected: str) -> Sourced[T]:
        """Return a key that is written with its source.

        Parameters are those of :meth:`plain`.

        Raises
        ------
        InputError
            If the key is missing, has no source, or is refused.
        UnknownNameError
            If the source is not a row of the evidence.
        """
        shape = f'{{ value = ..., source = "..." }} with {expected}'
        written = self.plain(key, lambda value, _: value, shape)
        if not isinstance(written, dict):
            raise refused(self.where(key), written, shape)
        Table(self.file, (*self.path, key), f"'{key}'", written).only("value", "source")
        if "value" not in written or "source" not in written:
            raise InputError(
                f"{self.where(key)}: got no {'source' if 'value' in written else 'value'}, expected {shape}."
            )
        check_source(written["source"], f"source of {self.where(key)}")
        return Sourced(read(written["value"], self.where(key)), written["source"])

    def maybe(self, key: str, read: Reader[T], expected: str) -> Sourced[T] | None:
        """Return a sourced key, or nothing where it is not written."""
        return self.sourced(key, read, expected) if key in self.values else None

    def table(self, key: str) -> "Table":
        """Return a table inside this one."""
        values = self.plain(key, mapping, f"a table headed [{key}]")
        return Table(self.file, (*self.path, key), f"[{key}]", values)

    def tables(self, key: str, title: str) -> list["Table"]:
        """Return the tables of an array; none where the key is not written.

        Parameters
        ----------
        key
            The key of the array.
        title
            How messages name one, with ``{}`` for its number from 1.
        """
        written = self.values.get(key, [])
        if not isinstance(written, list) or not all(isinstance(one, dict) for one in written):
            raise refused(self.where(key), written, f"tables headed [[{key}]]")
        return [Table(self.file, (*self.path, key, i), title.format(i + 1), one) for i, one in enumerate(written)]

    @contextmanager
    def located(self, key: str = "") -> Iterator[None]:
        """Put the place of a key, or of the table, in front of whatever a lower part refuses."""
        try:
            yield
        except InputError as refusal:
            raise type(refusal)(f"{self.file.at((*self.path, key))}: {refusal}") from None


def open_toml(path: Path, content: str | None = None) -> Table:
    """Read a TOML file.

    Parameters
    ----------
    path
        The file.
    content
        What it holds, where it is not to be read from disk.

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
    return Table(File(path.name, content), (), "", values)


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


def text(value: Any, where: str) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise refused(where, value, "a text in quotes")
    return value


def mapping(value: Any, where: str) -> dict[str, Any]:
    """Read a table."""
    if not isinstance(value, dict):
        raise refused(where, value, "a table")
    return value


def whole(least: int) -> Reader[int]:
    """Return a reader of whole numbers of at least ``least``."""

    def read(value: Any, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise refused(where, value, f"a whole number of at least {least}")
        return value

    return read


def fraction(value: Any, where: str) -> float:
    """Read a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
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
