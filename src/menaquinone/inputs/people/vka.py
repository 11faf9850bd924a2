"""Long-standing users of a vitamin K antagonist, stable on warfarin."""

from menaquinone.inputs.distributions import ByCategory, LogNormal, ZeroInflated
from menaquinone.inputs.people import usual
from menaquinone.inputs.people.anticoagulated import ANTAGONIST_EFFECTS, FITTED
from menaquinone.inputs.people.common import CORRELATIONS, EFFECTS
from menaquinone.inputs.people.record import Draw, Record

_DOSE = LogNormal(6.0, 0.35, 1.5, 15.0)

VKA = Record(
    name="vka",
    meaning="stable users of warfarin, western Europe",
    draws={
        "sex": usual.sex(0.4, usual.NO_ROW),
        "age": usual.age(71.0, 9.0, 40.0, 90.0, "assumed: mean at the reference age of hamberg-2007-s-cl-age, SD free"),
        "years_since_last_period": usual.since_last_period(71.0),
        "weight": usual.weight(),
        "egfr": usual.egfr(70.0, 16.0, 30.0, 110.0, usual.NO_ROW, at=71.0),
        "triglycerides": usual.triglycerides(),
        "phosphate": usual.phosphate(),
        "diabetes": usual.present("type 2 diabetes", *usual.DIABETES_SHARE),
        "pwv_entry": usual.velocity_by_age(71.0),
        **usual.score(
            "coronary", ZeroInflated(0.33, LogNormal(77.8, 1.0447)),
            "weijs-2011-cac-vka-6-60mo mesa-hnr-2007-prevalence-hnr",
            "share without calcium as in the general population, the others log-normal so that mean and SD are the "
            "row's, 90 (167) AU, 6-60 months of use. Not taken: weijs-2011-cac-vka-gt60mo, 236 (278), older users",
        ),
        **usual.COMMON,
        **ANTAGONIST_EFFECTS,
        "drug[warfarin]": Draw(
            ByCategory("VKORC1", (_DOSE, _DOSE, LogNormal(3.5, 0.35, 1.0, 10.0))),
            "mg/d", "warfarin taken for long: maintenance dose of the racemate",
            "us-label-warfarin-dose-gg-11 us-label-warfarin-dose-ag-11 us-label-warfarin-dose-aa-11",
            "medians are the middle of the printed ranges, 5-7, 5-7 and 3-4 mg/d; SD of ln 0.35 by assumption, near "
            "that of sconce-2007-k150-dose-after, 4.4 (1.8) mg/d, and korean-stroke-warfarin-dose, 3.92 (1.54)",
        ),
    },
    effects=EFFECTS,
    notes=(usual.scores_grown("vka", "aortic valve and thoracic aorta"),),
    correlations=(*CORRELATIONS, FITTED),
)  # fmt: skip

__all__ = ["VKA"]
