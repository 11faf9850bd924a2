"""Stable recipients of a kidney transplant."""

from menaquinone.inputs.people import usual
from menaquinone.inputs.people.common import CORRELATIONS, EFFECTS
from menaquinone.inputs.people.record import Record
from menaquinone.inputs.people.scored import KIDNEYS, scores

_SCORES, _WITH_AGE = scores(
    KIDNEYS, 51.0, 12.0, note="as in chronic kidney disease, because no row has them for recipients of a kidney"
)

TRANSPLANT = Record(
    name="transplant",
    meaning="stable kidney transplant recipients",
    draws={
        "sex": usual.sex(0.45, usual.NO_ROW),
        "age": usual.age(51.0, 12.0, 20.0, 80.0, usual.NO_ROW),
        "years_since_last_period": usual.since_last_period(51.0),
        "weight": usual.weight(),
        "egfr": usual.egfr(
            49.0, 17.0, 10.0, 100.0, "kremer-2021-egfr-ktr", "normal between 10 and 100 by assumption"
        ),
        "triglycerides": usual.triglycerides(1.9, f"{usual.NO_ROW}; higher than with healthy kidneys"),
        "phosphate": usual.phosphate(3.3, 0.6, f"{usual.NO_ROW}; within the normal range in most"),
        "diabetes": usual.present("type 2 diabetes", 0.2, usual.NO_ROW),
        "ckd": usual.present("chronic kidney disease", 1.0, "assumed: before and after transplantation"),
        "dialysis": usual.present("haemodialysis", 0.0, usual.BY_DEFINITION),
        "pwv_entry": usual.velocity(9.8, 2.2, "mansour-2017-cfpwv-pre", "normal by assumption"),
        **_SCORES,
        **usual.COMMON,
        **usual.synthesis(
            "MGP", 1.683, 0.360, "keyzer-2015-ktr-dpucmgp",
            "derived: with supply and eGFR it makes the row's median and the ratio of its quartiles, 1038 (733-1536) "
            "pmol/L. Not taken: kremer-2021-post-ktx, 609 (451-914), half a year after; mansour-2017-deficiency-prev, "
            "53 % above 500: both are what eGFR alone makes",
        ),
    },
    effects=EFFECTS,
    correlations=(*CORRELATIONS, _WITH_AGE),
    notes=(usual.scores_grown("transplant", "aortic valve and thoracic aorta"),),
)  # fmt: skip

__all__ = ["TRANSPLANT"]
