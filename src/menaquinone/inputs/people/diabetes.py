"""People with type 2 diabetes, without advanced kidney disease."""

from menaquinone.inputs.people import usual
from menaquinone.inputs.people.common import CORRELATIONS, EFFECTS
from menaquinone.inputs.people.record import Record
from menaquinone.inputs.people.scored import GENERAL, scores

_SCORES, _WITH_AGE = scores(
    GENERAL, 63.0, 8.0, older_by=62.3 - 52.2, source="mesa-2021-age-at-cac-dm mesa-2021-age-at-cac-nodm",
    note="as people without diabetes who are 10.1 years older, by which the first deposit comes earlier, 52.2 against "
    "62.3 years. Not taken: budoff-2005, mean 651 AU, of people picked for calcium",
)  # fmt: skip

DIABETES = Record(
    name="diabetes",
    meaning="adults with type 2 diabetes, western Europe",
    draws={
        "sex": usual.sex(0.4, f"{usual.NO_ROW}; more men"),
        "age": usual.age(63.0, 8.0, 40.0, 80.0, usual.NO_ROW),
        "years_since_last_period": usual.since_last_period(63.0),
        "weight": usual.weight(f"{usual.NO_ROW}; as adults without diabetes"),
        "egfr": usual.egfr(74.0, 18.0, 30.0, 120.0, usual.NO_ROW, at=63.0),
        "triglycerides": usual.triglycerides(1.7, f"{usual.NO_ROW}; higher than without diabetes"),
        "phosphate": usual.phosphate(),
        "diabetes": usual.present("type 2 diabetes", 1.0, usual.BY_DEFINITION),
        "pwv_entry": usual.velocity_by_age(63.0),
        **_SCORES,
        **usual.COMMON,
        **usual.synthesis(
            "MGP", 1.210, 0.514, "liabeuf-2014-t2d-dpucmgp",
            "derived: with supply and eGFR it makes the row's mean and SD, 627 (451) pmol/L",
        ),
    },
    effects=EFFECTS,
    correlations=(*CORRELATIONS, _WITH_AGE),
    notes=(usual.scores_grown("diabetes", "aortic valve and thoracic aorta"),),
)  # fmt: skip

__all__ = ["DIABETES"]
