"""Anything rectangular as rows of named cells, with messages that name row and column; and CSV files."""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from pathlib import Path
from typing import Any

from menaquinone.errors import InputError, refused
from menaquinone.results import atomic

Table = Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Any]] | str | os.PathLike[str] | Any
"""Columns by name, rows as dictionaries, a data frame, or the path of a CSV file."""

MISSING = ("", ".", "NA", "NaN", "nan")
"""Texts that stand for an empty cell, as ``None`` and NaN do."""


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes
    ----------
    number
        1 for the first row under the header.
    cells
        By column, empty cells left out.
    """

    number: int
    cells: Mapping[str, Any]

    def at(self, column: str) -> str:
        """Name a cell for a message: ``AMT in row 3``."""
        return f"{column} in row {self.number}"

    def value(self, column: str, default: float | None = None, expected: str = "a finite number") -> float:
        """Return the number in a cell.

        Parameters
        ----------
        column
            Name of the column.
        default
            Value of an empty cell; an empty cell is refused without it.
        expected
            What would be accepted, for the message.

        Raises
        ------
        InputError
            If the cell holds no finite number, or nothing where something is needed.
        """
        if column not in self.cells:
            if default is None:
                raise InputError(f"{self.at(column)}: got an empty cell, expected {expected}.")
            return default
        cell = self.cells[column]
        try:
            value = float(cell)
        except (TypeError, ValueError):
            raise refused(self.at(column), cell, expected) from None
        if not isfinite(value):
            raise refused(self.at(column), cell, expected)
        return value

    def at_least_0(self, column: str, default: float | None = None) -> float:
        """Return the number in a cell, refused below 0."""
        value = self.value(column, default, "a number of at least 0")
        if value < 0:
            raise refused(self.at(column), self.cells[column], "a number of at least 0")
        return value

    def whole(self, column: str, default: int | None = None, *, low: int | None = None) -> int:
        """Return the whole number in a cell, refused below ``low``."""
        expected = "a whole number" + ("" if low is None else f" of at least {low}")
        value = self.value(column, None if default is None else float(default), expected)
        if value != int(value) or (low is not None and value < low):
            raise refused(self.at(column), self.cells[column], expected)
        return int(value)

    def text(self, column: str) -> str:
        """Return the text in a cell, empty for an empty cell."""
        return str(self.cells.get(column, "")).strip()


def read(table: Table, aliases: Mapping[str, str]) -> tuple[tuple[str, ...], list[Row]]:
    """Return the columns of a table and its rows.

    Parameters
    ----------
    table
        Columns by name, rows as dictionaries, a data frame, or the path of a CSV file.
    aliases
        Other names of columns. Names are compared in capitals.

    Raises
    ------
    InputError
        If it is no table, the path leads to no file, columns differ in length, or a column comes twice.
    """
    if isinstance(table, (str, os.PathLike)):
        names, rows = _from_csv(Path(table))
    elif hasattr(table, "columns") or isinstance(table, Mapping):
        names, rows = _from_columns(table)
    elif isinstance(table, Sequence) and all(isinstance(one, Mapping) for one in table):
        names, rows = _from_rows(table)
    else:
        raise refused("event table", table, "columns by name, rows as dictionaries, a data frame or a path")
    columns = [aliases.get(name, name) for name in (str(one).strip().upper() for one in names)]
    for name in columns:
        if columns.count(name) > 1:
            raise InputError(f"event table: got column '{name}' twice, expected it once.")
    filled = [
        {name: cell for name, cell in zip(columns, map(_plain, cells), strict=True) if not _empty(cell)}
        for cells in rows
    ]
    return tuple(columns), [Row(number, cells) for number, cells in enumerate(filled, start=1)]


def _from_csv(path: Path) -> tuple[list[Any], list[list[Any]]]:
    if not path.is_file():
        raise refused("event table", str(path), "the path of a CSV file")
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = [line for line in csv.reader(file) if line]
    if not lines:
        raise refused("event table", str(path), "a CSV file with a line of column names")
    names, rows = lines[0], lines[1:]
    for number, line in enumerate(rows, start=1):
        if len(line) != len(names):
            raise InputError(f"row {number} of '{path}': got {len(line)} cells, expected {len(names)}.")
    return list(names), [list(line) for line in rows]


def _from_columns(table: Any) -> tuple[list[Any], list[list[Any]]]:
    names = list(table.columns if hasattr(table, "columns") else table)
    columns = [list(table[name]) for name in names]
    for name, column in zip(names, columns, strict=True):
        if len(column) != len(columns[0]):
            raise InputError(f"column '{name}': got {len(column)} rows, expected {len(columns[0])} as in '{names[0]}'.")
    return names, [list(cells) for cells in zip(*columns, strict=True)]


def _from_rows(table: Sequence[Any]) -> tuple[list[Any], list[list[Any]]]:
    names = list(dict.fromkeys(name for one in table for name in one))
    return names, [[one.get(name) for name in names] for one in table]


def _plain(cell: Any) -> Any:
    """Return a NumPy scalar as a Python number, so that messages show it as it was written."""
    return cell.item() if hasattr(cell, "item") else cell


def _empty(cell: Any) -> bool:
    """Return whether a cell says nothing."""
    return (
        cell is None
        or (isinstance(cell, str) and cell.strip() in MISSING)
        or (isinstance(cell, float) and isnan(cell))
        or type(cell).__name__ == "NAType"
    )


def write_csv(table: Mapping[str, Sequence[Any]], path: str | os.PathLike[str]) -> None:
    """Write a table as a CSV file, all of it or nothing; an empty cell is a point.

    Parameters
    ----------
    table
        Columns by name, as :func:`menaquinone.interop.events.to_table` returns them.
    path
        Of the file; one that is there is replaced.
    """
    with atomic(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        for cells in zip(*table.values(), strict=True):
            writer.writerow(["." if _empty(cell) else cell for cell in cells])


__all__ = ["Row", "Table", "read", "write_csv"]
