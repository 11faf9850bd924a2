"""What a kind of people is, as data: distributions with sources, and the effects that covariates have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from menaquinone.errors import InputError, listed, refused, unknown
from menaquinone.inputs.distributions import ByCategory, Distribution


@dataclass(frozen=True)
class Draw:
    """One quantity that differs between people, and what it does to the model.

    Attributes
    ----------
    distribution
        Of the quantity between people, in ``unit``.
    unit, meaning
        Unit and one phrase.
    source
        Ids of evidence rows separated by spaces, or ``assumed: why``.
    note
        How the numbers were made from the rows; where rows disagree, which one was taken and which ones were not.
    along
        ``("age", 60.0, -0.46)``: the quantity also moves by -0.46 per unit of column ``age`` away from 60.
    factor_of
        Parameters that it multiplies: ``("clearance[MK-7]",)``.
    value_of
        Parameters that it replaces, in their declared unit.
    eaten_as
        The form of which it is the habitual intake, in ug/d.
    categories
        What the numbers stand for, where the quantity is none: ``{"male": 0, "female": 1}``.
    """

    distribution: Distribution
    unit: str
    meaning: str
    source: str
    note: str = ""
    along: tuple[str, float, float] | None = None
    factor_of: tuple[str, ...] = ()
    value_of: tuple[str, ...] = ()
    eaten_as: str = ""
    categories: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Effect:
    """What columns of a person do to parameters; left out where a record lacks one of the columns.

    Attributes
    ----------
    of
        Names of columns, given to ``act`` in this order.
    act
        Arrays (n,) in, one array (n,) out.
    source
        Ids of evidence rows, or ``assumed: why``.
    factor_of, value_of
        Parameters that the outcome multiplies, or replaces in their declared unit.
    """

    of: tuple[str, ...]
    act: Callable[..., np.ndarray]
    source: str
    factor_of: tuple[str, ...] = ()
    value_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Correlation:
    """Correlated normal scores behind some of the draws (a Gaussian copula).

    Attributes
    ----------
    names
        Columns.
    matrix
        Symmetric correlation matrix of their normal scores, row by row.
    source
        Ids of evidence rows, or ``assumed: why``.
    """

    names: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]
    source: str

    def __post_init__(self) -> None:
        """Refuse what is no correlation matrix."""
        matrix = np.array(self.matrix, float)
        size = len(self.names)
        if matrix.shape != (size, size) or not np.array_equal(matrix, matrix.T) or (np.diag(matrix) != 1).any():
            raise refused(
                f"correlation of {listed(self.names)}",
                self.matrix,
                f"a symmetric {size} x {size} matrix with ones on its diagonal",
            )
        if np.linalg.eigvalsh(matrix)[0] <= 0:
            raise refused(f"correlation of {listed(self.names)}", self.matrix, "a positive definite matrix")

    @property
    def root(self) -> np.ndarray:
        """Lower triangular root of the matrix."""
        return np.asarray(np.linalg.cholesky(np.array(self.matrix, float)))


@dataclass(frozen=True)
class Record:
    """A kind of people.

    Attributes
    ----------
    name
        As given to ``population``.
    meaning
        One phrase.
    draws
        By column, in an order in which a draw stands after the column it moves along.
    effects
        What columns do to parameters.
    correlations
        Correlated groups of draws; a column stands in one group at most.
    notes
        Sentences that belong in every result.
    """

    name: str
    meaning: str
    draws: Mapping[str, Draw]
    effects: tuple[Effect, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Freeze, and refuse names that are not there or stand too late."""
        object.__setattr__(self, "draws", MappingProxyType(dict(self.draws)))
        seen: list[str] = []
        for name, draw in self.draws.items():
            if draw.along is not None and draw.along[0] not in seen:
                raise unknown(f"column along which '{name}' of population '{self.name}' moves", draw.along[0], seen)
            if isinstance(draw.distribution, ByCategory) and draw.distribution.of not in seen:
                raise unknown(
                    f"column by which '{name}' of population '{self.name}' differs", draw.distribution.of, seen
                )
            seen.append(name)
        grouped = [name for group in self.correlations for name in group.names]
        for name in grouped:
            if name not in self.draws:
                raise unknown(f"correlated column of population '{self.name}'", name, self.draws)
        if len(set(grouped)) < len(grouped):
            raise InputError(
                f"correlations of population '{self.name}': got {listed(grouped)}, expected each column once."
            )

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 - the protocol of IPython
        """Show the name where people are printed field by field."""
        printer.text(f"<Record '{self.name}'>")

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle through a plain dictionary."""
        return (
            Record,
            (self.name, self.meaning, dict(self.draws), self.effects, self.correlations, self.notes),
        )


__all__ = ["Correlation", "Draw", "Effect", "Record"]
