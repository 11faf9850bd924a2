"""Proteins that need vitamin K: carboxylation in the tissue that makes them, and turnover in plasma."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from types import MappingProxyType

from menaquinone.declare import Member, Value, member
from menaquinone.errors import refused, unknown


@dataclass(frozen=True)
class Protein:
    """One protein.

    Attributes
    ----------
    name
        As in brackets: ``MGP``.
    carboxylation
        Member of the carboxylation block; its link names the tissue that makes the protein.
    gla
        Glutamates that become Gla.
    """

    name: str
    carboxylation: Member
    gla: Value | None = None

    def __post_init__(self) -> None:
        """Check that the record is of one protein and says where it is made."""
        if self.carboxylation.name != (self.name,):
            got = self.carboxylation.label
            raise refused(f"carboxylation record of protein '{self.name}'", got, f"a member named '{self.name}'")
        if "tissue" not in self.carboxylation.links:
            links = dict(self.carboxylation.links)
            raise refused(f"links of protein '{self.name}'", links, "a tissue, such as {'tissue': 'liver'}")

    @property
    def tissue(self) -> str:
        """Name of the tissue that makes it."""
        return self.carboxylation.links["tissue"]


MGP = Protein(
    "MGP",
    member(
        "MGP",
        meaning="matrix Gla protein",
        links={"tissue": "vessel"},
        u0=Value(0.25, "1", "assumed: 0.15-0.34; dp-ucMGP then trebles under an antagonist, as in delanaye-2014"),
        synthesis=Value(1.0, "1", "assumed: 1 in the reference person; spread gives that of dp-ucMGP", omega=0.40),
        k_out=Value(log(2) / 1.5, "1/d", "assumed: half-life 1.5 d, 0.5-2.7; longer contradicts dialysis data"),
        renal_slope=Value(
            0.0151, "1/(mL/min/{1.73_m2})", "kremer-2021-egfr-slope", note="derived: -ln(0.86)/10, uncarboxylated only"
        ),
        reference_egfr=Value(90.0, "mL/min/{1.73_m2}", "assumed: the half-life is stated at 90"),
    ),
    gla=Value(5.0, "1", "schurgers-2007-gla-count-mgp"),
)

OSTEOCALCIN = Protein(
    "osteocalcin",
    member(
        "osteocalcin",
        meaning="osteocalcin, bone Gla protein",
        links={"tissue": "bone"},
        u0=Value(0.48, "1", "assumed: makes the halving doses of odds and of fraction 122 and 234 ug/d of MK-7"),
        k_out=Value(0.14, "1/h", "assumed: half-life 5 h, no row in humans"),
    ),
    gla=Value(3.0, "1", "pmc3648715-gla-count-oc"),
)

PROTHROMBIN = Protein(
    "prothrombin",
    member(
        "prothrombin",
        meaning="prothrombin, factor II",
        links={"tissue": "liver"},
        u0=Value(0.09, "1", "assumed: extra vitamin K then lifts clotting factors by no more than 10 %"),
        k_out=Value(0.010, "1/h", "wajima-2009-d-ii"),
    ),
    gla=Value(10.0, "1", "furie-gla-count-fii"),
)

PROTEINS: Mapping[str, Protein] = MappingProxyType({one.name: one for one in (MGP, OSTEOCALCIN, PROTHROMBIN)})
"""The built-in proteins by name."""


def protein(name: str | Protein) -> Protein:
    """Return a protein by its name; a record is handed back as it is.

    Parameters
    ----------
    name
        ``"MGP"``, or a record of one's own.

    Raises
    ------
    UnknownNameError
        If no built-in protein has that name.
    """
    if isinstance(name, Protein):
        return name
    if name not in PROTEINS:
        raise unknown("protein", name, PROTEINS)
    return PROTEINS[name]


__all__ = ["MGP", "OSTEOCALCIN", "PROTEINS", "PROTHROMBIN", "Protein", "protein"]
