"""People with chronic kidney disease of stages 3 to 5 who are not on dialysis."""

from menaquinone.inputs.people import usual
from menaquinone.inputs.people.common import CORRELATIONS, EFFECTS
from menaquinone.inputs.people.record import Correlation, Record
from menaquinone.inputs.people.scored import KIDNEYS, scores

_SCORES, _WITH_AGE = scores(KIDNEYS, 62.0, 10.0)

CKD = Record(
    name="ckd",
    meaning="adults with chronic kidney disease, stages 3-5, not on dialysis",
    draws={
        "sex": usual.sex(0.45, usual.NO_ROW),
        "age": usual.age(62.0, 10.0, 30.0, 85.0, usual.NO_ROW),
        "years_since_last_period": usual.since_last_period(62.0),
        "weight": usual.weight(),
        "egfr": usual.egfr(28.0, 12.0, 10.0, 60.0, f"{usual.NO_ROW}; stages 3 to 5"),
        "triglycerides": usual.triglycerides(1.7, f"{usual.NO_ROW}; higher than with healthy kidneys"),
        "phosphate": usual.phosphate(4.0, 0.7, f"{usual.NO_ROW}; rises as kidneys fail"),
        "diabetes": usual.present("type 2 diabetes", 0.3, usual.NO_ROW),
        "ckd": usual.present("chronic kidney disease", 1.0, usual.BY_DEFINITION),
        "dialysis": usual.present("haemodialysis", 0.0, usual.BY_DEFINITION),
        "pwv_entry": usual.velocity_by_age(62.0),
        **_SCORES,
        **usual.COMMON,
        **usual.synthesis(
            "MGP", 1.002, 0.249, "kurnatowska-2016-dpucmgp-base",
            "derived: with supply, kidneys and eGFR it makes the row's mean and SD, 1019 (498) pmol/L. Not taken: "
            "puzantian-2018-dpucmgp-egfr-lt60, 953; stage 4 885 and stage 5 1388 (kurnatowska-2016) fall below what "
            "the slope of kremer-2021 and the share of dialysis make of them",
        ),
    },
    effects=EFFECTS,
    correlations=(
        *CORRELATIONS,
        Correlation(
            ("egfr", "phosphate"), ((1.0, -0.4), (-0.4, 1.0)), "assumed: phosphate rises as eGFR falls; no row"
        ),
        _WITH_AGE,
    ),
    notes=(usual.scores_grown("ckd", "aortic valve and thoracic aorta"),),
)  # fmt: skip

__all__ = ["CKD"]
