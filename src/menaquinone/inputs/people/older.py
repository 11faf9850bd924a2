"""Older adults in the community, 65 to 85 years, with the diseases of their age."""

from menaquinone.inputs.people import usual
from menaquinone.inputs.people.common import CORRELATIONS, EFFECTS
from menaquinone.inputs.people.record import Record
from menaquinone.inputs.people.scored import GENERAL, scores

_SCORES, _WITH_AGE = scores(GENERAL, 74.0, 5.5)

OLDER = Record(
    name="older",
    meaning="older adults in the community, 65-85 years, western Europe",
    draws={
        "sex": usual.sex(0.55, f"{usual.NO_ROW}; women live longer"),
        "age": usual.age(74.0, 5.5, 65.0, 85.0, "assumed: by definition of the population, mean and SD without a row"),
        "years_since_last_period": usual.since_last_period(74.0),
        "weight": usual.weight(),
        "egfr": usual.egfr(
            63.5, 16.0, 30.0, 105.0, "riphagen-2017-prevend-gt500-comorbid",
            "derived: a mean that puts half of them above 500 pmol/L of dp-ucMGP, as the row has it; SD assumed",
            at=74.0,
        ),
        "triglycerides": usual.triglycerides(),
        "phosphate": usual.phosphate(),
        "diabetes": usual.present("type 2 diabetes", *usual.DIABETES_SHARE),
        "pwv_entry": usual.velocity_by_age(74.0),
        **_SCORES,
        **usual.COMMON,
    },
    effects=EFFECTS,
    correlations=(*CORRELATIONS, _WITH_AGE),
    notes=(usual.scores_grown("older", "aortic valve and thoracic aorta"),),
)  # fmt: skip

__all__ = ["OLDER"]
