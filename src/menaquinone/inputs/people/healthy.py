"""Adults of the general population, 45 to 74 years, without diabetes or kidney disease."""

from menaquinone.inputs.people import usual
from menaquinone.inputs.people.common import CORRELATIONS, EFFECTS
from menaquinone.inputs.people.record import Record
from menaquinone.inputs.people.scored import GENERAL, scores

_SCORES, _WITH_AGE = scores(
    GENERAL, 59.5, 8.0,
    note="a share of 0.64 has calcium, near mesa-hnr-2007-prevalence-hnr (0.67); "
    "mesa-hnr-2007-prevalence-mesa, 0.53, is another scanner",
)  # fmt: skip

HEALTHY = Record(
    name="healthy",
    meaning="adults of the general population, 45-74 years, western Europe",
    draws={
        "sex": usual.sex(1848 / (1633 + 1848), "erbel-2014-men-p50 erbel-2014-women-p50", "derived: their numbers"),
        "age": usual.age(59.5, 8.0, 45.0, 75.0, "assumed: mean and SD; the limits are those of erbel-2014"),
        "years_since_last_period": usual.since_last_period(60.0),
        "weight": usual.weight(),
        "egfr": usual.egfr(86.0, 14.0, 60.0, 125.0, f"{usual.NO_ROW}; without chronic kidney disease", at=60.0),
        "triglycerides": usual.triglycerides(),
        "phosphate": usual.phosphate(),
        "diabetes": usual.present("type 2 diabetes", 0.0, usual.BY_DEFINITION),
        "pwv_entry": usual.velocity_by_age(60.0),
        **_SCORES,
        **usual.COMMON,
        **usual.synthesis(
            "MGP", 1.035, 0.546, "groothof-prevend-dpucmgp",
            "derived: with supply and eGFR it makes the row's median, 363 pmol/L, and the ratio of its quartiles",
        ),
        **usual.synthesis(
            "osteocalcin", 0.570, 0.216, "theuwissen-2014-ucoc-adults-low theuwissen-2014-ucoc-adults-high",
            "derived: ucOC of adults from 1.5 to 5.0 ug/L, taken as a central 95 %; koitaya-2014-ucoc-baseline, 5.1, "
            "is of Japanese women",
        ),
    },
    effects=EFFECTS,
    correlations=(*CORRELATIONS, _WITH_AGE),
    notes=(usual.scores_grown("healthy", "aortic valve and thoracic aorta"),),
)  # fmt: skip

__all__ = ["HEALTHY"]
