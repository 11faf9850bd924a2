"""Genes that change an antagonist: their genotypes by name, and the numbers that stand for them in tables of people."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from menaquinone.errors import refused, unknown


@dataclass(frozen=True)
class Gene:
    """One gene.

    Attributes
    ----------
    name
        As a column of people: ``VKORC1``.
    meaning
        One phrase that says what the number of a genotype is.
    genotypes
        By name, the number that stands for each.
    """

    name: str
    meaning: str
    genotypes: Mapping[str, float]

    def __post_init__(self) -> None:
        """Freeze the mapping."""
        object.__setattr__(self, "genotypes", MappingProxyType(dict(self.genotypes)))

    def code(self, genotype: object) -> float:
        """Return the number that stands for a genotype.

        Parameters
        ----------
        genotype
            Its name, alleles in either order (``"GA"``, ``"*3/*1"``), or its number.

        Raises
        ------
        UnknownNameError
            If this gene has no such genotype.
        """
        if isinstance(genotype, str):
            swapped = "/".join(reversed(genotype.split("/"))) if "/" in genotype else genotype[::-1]
            for name in (genotype, swapped):
                if name in self.genotypes:
                    return self.genotypes[name]
            raise unknown(f"genotype of {self.name}", genotype, self.genotypes)
        if genotype not in self.genotypes.values():
            numbers = ", ".join(f"{code:g} ({name})" for name, code in self.genotypes.items())
            raise refused(f"genotype of {self.name}", genotype, f"one of {numbers}")
        return float(genotype)  # type: ignore[arg-type]

    def named(self, code: float) -> str:
        """Return the name of a genotype by its number."""
        return next(name for name, number in self.genotypes.items() if number == code)


VKORC1 = Gene("VKORC1", "alleles -1639A of VKORC1: 0 (GG), 1 (GA) or 2 (AA)", {"GG": 0.0, "GA": 1.0, "AA": 2.0})
CYP2C9 = Gene(
    "CYP2C9",
    "the two alleles of CYP2C9 as digits: 11 (*1/*1), 12, 13, 22, 23 or 33",
    {f"*{one}/*{two}": float(10 * one + two) for one in (1, 2, 3) for two in (1, 2, 3) if one <= two},
)
CYP4F2 = Gene(
    "CYP4F2",
    "alleles *3 (V433M) of CYP4F2: 0 (*1/*1), 1 (*1/*3) or 2 (*3/*3)",
    {"*1/*1": 0.0, "*1/*3": 1.0, "*3/*3": 2.0},
)

GENES: Mapping[str, Gene] = MappingProxyType({one.name: one for one in (VKORC1, CYP2C9, CYP4F2)})
"""Every gene by name."""

__all__ = ["CYP2C9", "CYP4F2", "GENES", "VKORC1", "Gene"]
