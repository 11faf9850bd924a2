"""People with coronary calcium, many with a high score."""

from menaquinone.inputs.distributions import LogNormal
from menaquinone.inputs.people import usual
from menaquinone.inputs.people.common import CORRELATIONS, EFFECTS
from menaquinone.inputs.people.record import Record

CAC = Record(
    name="cac",
    meaning="adults with a high coronary calcium score",
    draws={
        "sex": usual.sex(0.35, f"{usual.NO_ROW}; more men"),
        "age": usual.age(68.0, 9.0, 45.0, 85.0, usual.NO_ROW),
        "years_since_last_period": usual.since_last_period(68.0),
        "weight": usual.weight(),
        "egfr": usual.egfr(76.0, 15.0, 30.0, 115.0, usual.NO_ROW, at=68.0),
        "triglycerides": usual.triglycerides(),
        "phosphate": usual.phosphate(),
        "diabetes": usual.present("type 2 diabetes", *usual.DIABETES_SHARE),
        "pwv_entry": usual.velocity_by_age(68.0),
        **usual.score(
            "coronary", LogNormal(283.6, 1.0889), "ikari-2016-cac-baseline",
            "log-normal with the row's mean and SD, 513 (773) AU, n = 26. Not taken: budoff-2005, mean 651, diabetes; "
            "cgps-agatston-median-a, 92 (23-471), everybody with calcium",
        ),
        **usual.COMMON,
    },
    effects=EFFECTS,
    notes=(usual.scores_grown("cac", "aortic valve and thoracic aorta"),),
    correlations=CORRELATIONS,
)  # fmt: skip

__all__ = ["CAC"]
