"""People on haemodialysis, without an antagonist of vitamin K."""

from menaquinone.inputs.people import usual
from menaquinone.inputs.people.common import CORRELATIONS, EFFECTS
from menaquinone.inputs.people.record import Record
from menaquinone.inputs.people.scored import KIDNEYS, scores

_SCORES, _WITH_AGE = scores(
    KIDNEYS, 66.0, 12.0,
    note="as in chronic kidney disease, because no row has them for dialysis but "
    "goodman-2000-young-dialysis-median, 297 AU in fourteen people of 20-30 years: may be too low",
)  # fmt: skip

HEMODIALYSIS = Record(
    name="hemodialysis",
    meaning="adults on haemodialysis, without vitamin K antagonists",
    draws={
        "sex": usual.sex(0.4, usual.NO_ROW),
        "age": usual.age(66.0, 12.0, 25.0, 88.0, usual.NO_ROW),
        "years_since_last_period": usual.since_last_period(66.0),
        "weight": usual.weight(),
        "egfr": usual.egfr(8.0, 2.5, 3.0, 15.0, f"{usual.NO_ROW}; what is left of kidneys when dialysis has begun"),
        "triglycerides": usual.triglycerides(1.9, f"{usual.NO_ROW}; higher than with healthy kidneys"),
        "phosphate": usual.phosphate(5.2, 1.4, f"{usual.NO_ROW}; above the normal range in most"),
        "diabetes": usual.present("type 2 diabetes", 0.35, usual.NO_ROW),
        "ckd": usual.present("chronic kidney disease", 1.0, usual.BY_DEFINITION),
        "dialysis": usual.present("haemodialysis", 1.0, usual.BY_DEFINITION),
        "pwv_entry": usual.velocity(9.8, 2.2, f"{usual.NO_ROW}; as kidney recipients (mansour-2017-cfpwv-pre)"),
        **_SCORES,
        **usual.COMMON,
        **usual.synthesis(
            "MGP", 1.095, 0.446, "delanaye-2014-dpucmgp-novka",
            "derived: with supply, u0 and eGFR it makes the row's median and the ratio of its quartiles, 1939 "
            "(1419-2841) pmol/L. Not taken: kremer-2021-pre-ktx, 1252 (868-1744); aoun-2017-dpucmgp-baseline, 3179 "
            "(1825-4340); westenfeld-2012-dpucmgp-fold-hd, 4.5 times controls",
        ),
        **usual.synthesis(
            "osteocalcin", 4.14, 0.4, "westenfeld-2012-ucoc-fold-hd",
            "derived: with supply it makes 8.4 times the median of 'healthy'; SD of ln by assumption",
        ),
    },
    effects=EFFECTS,
    correlations=(*CORRELATIONS, _WITH_AGE),
    notes=(usual.scores_grown("hemodialysis", "aortic valve and thoracic aorta"),),
)  # fmt: skip

__all__ = ["HEMODIALYSIS"]
