"""Genotypes that matter under an antagonist, drawn from allele frequencies by ancestry.

What they do to parameters stands with the antagonists in the catalogue; here is only who carries them.
"""

from collections.abc import Mapping
from dataclasses import replace

from menaquinone.catalogue import evidence
from menaquinone.catalogue.genes import GENES
from menaquinone.errors import refused, unknown
from menaquinone.inputs.distributions import ByCategory, Categories, Fixed
from menaquinone.inputs.people.record import Draw, Record
from menaquinone.units import magnitude

ANCESTRIES = ("european", "african", "asian")
_PAIRS = "genotypes derived from the allele's frequency as if parents were drawn at random (Hardy-Weinberg, assumed)"


def _frequency(allele: str, ancestry: str) -> float:
    return float(evidence.row(f"pgs-2018-{allele}-{ancestry}").value or 0.0) / 100


def _rows(*alleles: str) -> str:
    return " ".join(f"pgs-2018-{allele}-{ancestry}" for allele in alleles for ancestry in ANCESTRIES)


def _genotype(name: str, *alleles: str) -> dict[str, Draw]:
    """Return the draw of a gene with the alleles given, rare ones, beside the common one."""
    gene, several = GENES[name], range(len(alleles) + 1)
    pairs = [(one, other) for one in several for other in several if one <= other]
    shares = []
    for ancestry in ANCESTRIES:
        rare = [_frequency(allele, ancestry) for allele in alleles]
        each = [1 - sum(rare), *rare]
        shares.append(tuple(each[one] * each[other] * (1 if one == other else 2) for one, other in pairs))
    # genotypes are listed in the order of the pairs: common first
    codes = tuple(gene.genotypes.values())
    law = ByCategory("ancestry", tuple(Categories(codes, one) for one in shares))
    return {name: Draw(law, "1", gene.meaning, _rows(*alleles), _PAIRS, categories=dict(gene.genotypes))}


GENOTYPES: dict[str, Draw] = {
    "ancestry": Draw(
        Fixed(0.0), "1", "ancestry, for the frequencies of genotypes",
        "assumed: european, as most of the people in the rows; `ancestry=` chooses another",
        categories={name: float(code) for code, name in enumerate(ANCESTRIES)},
    ),
    **_genotype("VKORC1", "vkorc1-1639a"),
    **_genotype("CYP2C9", "cyp2c9-2", "cyp2c9-3"),
    **_genotype("CYP4F2", "cyp4f2-3"),
}  # fmt: skip
"""Ancestry and genotypes, by column."""


def of_ancestry(record: Record, ancestry: str | Mapping[str, float]) -> Record:
    """Return a record whose people are of an ancestry, or of several in the shares given.

    Raises
    ------
    UnknownNameError
        If there is no such ancestry.
    InputError
        If the record has no genotypes, or the shares are none or do not sum to 1.
    """
    expected = "a name, or shares of at least 0 that sum to 1"
    if "ancestry" not in record.draws:
        raise refused(f"ancestry of population '{record.name}'", ancestry, "a population that has genotypes")
    if not isinstance(ancestry, str | Mapping):
        raise refused("ancestry", ancestry, expected)
    shares = {ancestry: 1.0} if isinstance(ancestry, str) else dict(ancestry)
    for name in shares:
        if name not in ANCESTRIES:
            raise unknown("ancestry", name, ANCESTRIES)
    each = [magnitude(shares.get(name, 0.0), "1", f"share of ancestry '{name}'") for name in ANCESTRIES]
    if min(each) < 0 or abs(sum(each) - 1) > 1e-9:
        raise refused("ancestry", ancestry, expected)
    codes = tuple(float(code) for code in range(len(ANCESTRIES)))
    one = replace(
        record.draws["ancestry"], distribution=Categories(codes, tuple(each)), source="assumed: given by the user"
    )
    return replace(record, draws={**record.draws, "ancestry": one})


__all__ = ["ANCESTRIES", "GENOTYPES", "of_ancestry"]
