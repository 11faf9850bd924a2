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


def _in_the_liver(name: str, meaning: str, loss: Value, gla: Value | None = None) -> Protein:
    why = "assumed: as prothrombin; one healthy share for all that the liver makes"
    u0 = Value(PROTHROMBIN.carboxylation.values["u0"].value, "1", why)
    return Protein(name, member(name, meaning=meaning, links={"tissue": "liver"}, u0=u0, k_out=loss), gla)


FACTOR_VII = _in_the_liver("factor VII", "factor VII, the first to fall", Value(0.12, "1/h", "wajima-2009-d-vii"))
FACTOR_IX = _in_the_liver(
    "factor IX", "factor IX", Value(0.029, "1/h", "wajima-2009-d-ix"), Value(12.0, "1", "furie-gla-count-fix")
)
FACTOR_X = _in_the_liver("factor X", "factor X", Value(0.018, "1/h", "wajima-2009-d-x"))
PROTEIN_C = _in_the_liver("protein C", "protein C, an anticoagulant", Value(0.05, "1/h", "wajima-2009-d-pc"))
PROTEIN_S = _in_the_liver("protein S", "protein S, an anticoagulant", Value(0.0165, "1/h", "wajima-2009-d-ps"))
GAS6 = _in_the_liver(
    "Gas6",
    "growth arrest specific protein 6",
    Value(0.0165, "1/h", "assumed: as protein S, its nearest relative; no row"),
)

PROTEINS: Mapping[str, Protein] = MappingProxyType(
    {
        one.name: one
        for one in (
            MGP, OSTEOCALCIN, PROTHROMBIN, FACTOR_VII, FACTOR_IX, FACTOR_X, PROTEIN_C, PROTEIN_S, GAS6,
        )
    }
)  # fmt: skip
"""The built-in proteins by name."""
USUAL: tuple[str, ...] = ("MGP", "osteocalcin", "prothrombin")
"""Proteins of a model in which nobody takes an antagonist; the other factors would only cost time there."""


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


__all__ = [
    "FACTOR_IX", "FACTOR_VII", "FACTOR_X", "GAS6", "MGP", "OSTEOCALCIN", "PROTEINS", "PROTEIN_C", "PROTEIN_S",
    "PROTHROMBIN", "USUAL", "Protein", "protein",
]  # fmt: skip
