"""Clotting factors as a laboratory names them, and the links from their activity to INR.

A link goes with the antagonist levels that were fitted through it, so one record holds both and no model can mix them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from menaquinone.catalogue.proteins import PROTEINS
from menaquinone.declare import Member, Value

FACTOR_PROTEINS: Mapping[str, str] = MappingProxyType(
    {
        "II": "prothrombin", "VII": "factor VII", "IX": "factor IX", "X": "factor X", "C": "protein C",
        "S": "protein S",
    }
)  # fmt: skip
"""Name of the protein behind each factor."""


@dataclass(frozen=True)
class InrRecord:
    """What goes with one link from factors to INR.

    Attributes
    ----------
    name
        Of the link.
    weights
        By factor, its weight in the joint activity; 0 for others.
    ic50
        Plasma S-warfarin that halves the production of clotting factors, fitted through this link: VKORC1 GG, GA, AA.
    """

    name: str
    weights: Mapping[str, Value]
    ic50: tuple[Value, Value, Value]

    def factors(self) -> tuple[Member, ...]:
        """Return the members of the block of factors with this link's weights."""
        return tuple(
            Member(
                (factor,),
                {"carboxylated_reference": _carboxylated(protein)}
                | ({"weight": self.weights[factor]} if factor in self.weights else {}),
                links={"protein": protein},
                meaning=PROTEINS[protein].carboxylation.meaning,
            )
            for factor, protein in FACTOR_PROTEINS.items()
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle through a plain dictionary: a mapping proxy cannot be pickled."""
        return (InrRecord, (self.name, dict(self.weights), self.ic50))

    def __post_init__(self) -> None:
        """Freeze the mapping."""
        object.__setattr__(self, "weights", MappingProxyType(dict(self.weights)))


def _carboxylated(protein: str) -> Value:
    u0 = PROTEINS[protein].carboxylation.values["u0"]
    return Value(1 - u0.value, "1", u0.source, note="1 - u0 of the protein")


_THIRD = Value(1 / 3, "1", "assumed: the joint activity is the geometric mean of II, VII and X")
_HAMBERG = "hamberg-2010-ec50-gg hamberg-2010-ec50-aa-shift hamberg-2010-gamma hamberg-2010-inrmax"
_BY = "derived: through this link, from the INR that Hamberg 2010 gives at 5 mg/d"
_BY_OHARA = "derived: through this link, near the 0.0725 (AA) and 0.150 (G) mg/L printed for carriers in Taiwan"

PROTHROMBIN_COMPLEX = InrRecord(
    "prothrombin_complex",
    {"II": _THIRD, "VII": _THIRD, "X": _THIRD},
    (
        Value(0.104, "mg/L", _HAMBERG, note=_BY),
        Value(0.076, "mg/L", _HAMBERG, note=_BY),
        Value(0.050, "mg/L", _HAMBERG, note=_BY),
    ),
)
"""Factors II, VII and X alike."""

OHARA_2014 = InrRecord(
    "ohara_2014",
    {"II": Value(1.0, "1", "ohara-2014-lambda", note="prothrombin alone, by the definition of the link")},
    (
        Value(0.192, "mg/L", "ohara-2014-ic50-aa ohara-2014-ic50-g-ratio", note=_BY_OHARA),
        Value(0.145, "mg/L", "ohara-2014-ic50-aa ohara-2014-ic50-g-ratio", note=_BY_OHARA),
        Value(0.087, "mg/L", "ohara-2014-ic50-aa ohara-2014-ic50-g-ratio", note=_BY_OHARA),
    ),
)
"""Prothrombin alone."""

__all__ = ["FACTOR_PROTEINS", "OHARA_2014", "PROTHROMBIN_COMPLEX", "InrRecord"]
