"""How users of antagonists differ: what a person clears and feels, and a dose that has been fitted to both."""

from menaquinone.catalogue.antagonists import ANTAGONISTS, WARFARIN
from menaquinone.catalogue.clotting import PROTHROMBIN_COMPLEX
from menaquinone.inputs.distributions import LogNormal
from menaquinone.inputs.people.common import members
from menaquinone.inputs.people.record import Correlation, Draw

_CLEARANCE = WARFARIN.pk.values["person_clearance"]
_IC50 = WARFARIN.sensitivity(PROTHROMBIN_COMPLEX).values["person_ic50"]

ANTAGONIST_EFFECTS: dict[str, Draw] = {
    "person_clearance[warfarin]": Draw(
        LogNormal(1.0, _CLEARANCE.omega), "1", "factor on the clearance of S-warfarin", _CLEARANCE.source,
        _CLEARANCE.note, factor_of=members("person_clearance", "warfarin"),
    ),
    # VKOR is the person's, whatever the drug
    "person_ic50": Draw(
        LogNormal(1.0, _IC50.omega), "1", "factor on the antagonist that halves production of clotting factors",
        _IC50.source, _IC50.note, factor_of=members("person_ic50", *ANTAGONISTS),
    ),
}  # fmt: skip
"""Random effects by column, as wide as the catalogue's records say."""

FITTED = Correlation(
    ("drug[warfarin]", *ANTAGONIST_EFFECTS),
    ((1.0, 0.6, 0.74), (0.6, 1.0, 0.0), (0.74, 0.0, 1.0)),
    "assumed: a stable dose follows need; need spreads as clearance and sensitivity do (SD of ln 0.31 and 0.385, "
    "correlations 0.63 and 0.78 with their product), and is met not quite",
)
"""A dose that somebody has fitted to the person who takes it."""

__all__ = ["ANTAGONIST_EFFECTS", "FITTED"]
