"""The person that the catalogue's numbers describe; everybody is the same."""

from menaquinone.declare import Value
from menaquinone.inputs.distributions import Fixed
from menaquinone.inputs.people.common import GENE_EFFECTS, intake_holding, uncounted
from menaquinone.inputs.people.record import Draw, Record

K1_LEVEL = Value(0.94, "nmol/L", "thane-2006-k1-all", note="geometric mean, men and women")
MK7_LEVEL = Value(0.43, "nmol/L", "knapen-2015-yogurt-mk7-baseline", note="0.28 ug/L")

REFERENCE = Record(
    name="reference",
    meaning="identical reference persons without random effects",
    draws={
        "age": Draw(Fixed(60.0), "a", "age at entry", "assumed: by definition of the reference person"),
        "weight": Draw(Fixed(70.0), "kg", "body weight", "assumed: by convention of allometry"),
        "egfr": Draw(
            Fixed(85.0), "mL/min/{1.73_m2}", "estimated glomerular filtration rate at entry",
            "assumed: usual at 60 years, no row; the reference level of dp-ucMGP holds here",
        ),
        "diet[K1]": Draw(
            Fixed(intake_holding("K1", K1_LEVEL.value)), "ug/d", "habitual intake of K1", K1_LEVEL.source,
            "derived: holds 0.94 nmol/L in plasma; efsa-2017-uk-k1-men prints 72-77 for men, gast-2009-k1-intake 212",
            eaten_as="K1",
        ),
        "diet[MK-7]": Draw(
            Fixed(intake_holding("MK-7", MK7_LEVEL.value)), "ug/d", "habitual intake of MK-7", MK7_LEVEL.source,
            "derived: holds 0.43 nmol/L in plasma", eaten_as="MK-7",
        ),
        **uncounted("MK-4", "MK-8", "MK-9"),
    },
    effects=GENE_EFFECTS,
)  # fmt: skip

__all__ = ["REFERENCE"]
