"""Columns of a table of people: one quantity of everybody, with unit, meaning and source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from menaquinone.inputs.covariates import frozen

COVARIATES = ("age", "egfr", "years_since_last_period")
"""Columns that become covariates and do nothing else."""
DRUGS_END = "drugs_end"
"""Column of the days since entry from which no drug is taken any more; NaN for those who go on."""

_ABOVE_0 = ("weight", "egfr", "triglycerides", "phosphate", "pwv_entry", "dp_ucmgp")
_AT_LEAST_0 = ("agatston[", "diet[", "eaten[", "drug[")
_OLDEST = 120.0


def limits(name: str) -> tuple[float, float, str]:
    """Return the least and the largest value that a column may have, in its own unit, and both in words.

    Columns of a record of one's own may have any value.
    """
    if name == "age":
        return 0.0, _OLDEST, f"of at least 0 and at most {_OLDEST:g}"
    if name in _ABOVE_0:
        return float(np.nextafter(0.0, 1.0)), np.inf, "above 0"
    return (0.0, np.inf, "of at least 0") if name.startswith(_AT_LEAST_0) else (-np.inf, np.inf, "")


def becomes_covariate(name: str) -> bool:
    """Return whether a column is read by blocks as it stands."""
    return name == "weight" or only_covariate(name)


def only_covariate(name: str) -> bool:
    """Return whether a column is read by blocks as it stands and changes no parameter."""
    return name in COVARIATES or name == DRUGS_END or name.startswith("drug[")


@dataclass(frozen=True, eq=False)
class Column:
    """One quantity of every person.

    Attributes
    ----------
    values : ndarray (n,)
        In ``unit``.
    unit, long_name
        Unit and one phrase.
    source
        Ids of evidence rows, or ``assumed: why``.
    note
        How the numbers were made from the rows, and which rows were not taken.
    categories
        What the numbers in ``values`` stand for, where the quantity is none: ``{"male": 0, "female": 1}``.
    """

    values: np.ndarray
    unit: str
    long_name: str
    source: str
    note: str = ""
    categories: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze the array."""
        object.__setattr__(self, "values", frozen(self.values))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by building again, so that the array stays read-only."""
        return (Column, (self.values, self.unit, self.long_name, self.source, self.note, dict(self.categories)))

    @property
    def labels(self) -> np.ndarray:
        """What a person would write: the label of each code, or the values where they are numbers."""
        if not self.categories:
            return self.values
        order = np.argsort(list(self.categories.values()))
        codes = np.array(list(self.categories.values()))[order]
        return np.array(list(self.categories))[order][np.searchsorted(codes, self.values)]


__all__ = ["COVARIATES", "DRUGS_END", "Column", "becomes_covariate", "limits", "only_covariate"]
