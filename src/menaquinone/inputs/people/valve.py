"""People with a calcified aortic valve, mild to severe stenosis."""

from menaquinone.inputs.distributions import LogNormal
from menaquinone.inputs.people import usual
from menaquinone.inputs.people.common import CORRELATIONS, EFFECTS
from menaquinone.inputs.people.record import Record
from menaquinone.inputs.people.scored import GENERAL, scores

_SCORES, _WITH_AGE = scores(GENERAL, 72.0, 8.0)

AVC = Record(
    name="avc",
    meaning="adults with aortic valve calcification, mild to severe stenosis",
    draws={
        "sex": usual.sex(0.35, f"{usual.NO_ROW}; more men"),
        "age": usual.age(72.0, 8.0, 50.0, 90.0, usual.NO_ROW),
        "years_since_last_period": usual.since_last_period(72.0),
        "weight": usual.weight(),
        "egfr": usual.egfr(72.0, 15.0, 30.0, 110.0, usual.NO_ROW, at=72.0),
        "triglycerides": usual.triglycerides(),
        "phosphate": usual.phosphate(),
        "diabetes": usual.present("type 2 diabetes", *usual.DIABETES_SHARE),
        "pwv_entry": usual.velocity_by_age(72.0),
        **usual.score(
            "aortic valve", LogNormal(863.5, 0.7059), "nguyen-2015-avc-baseline",
            "log-normal with the row's mean and SD, 1108 (891) AU. Not taken: avadec-2022-avc-baseline-mk7, 675, and "
            "avadec-2022-avc-baseline-placebo, 726, without a spread",
        ),
        **_SCORES,
        **usual.COMMON,
    },
    effects=EFFECTS,
    correlations=(*CORRELATIONS, _WITH_AGE),
    notes=(usual.scores_grown("avc", "thoracic aorta"),),
)  # fmt: skip

__all__ = ["AVC"]
