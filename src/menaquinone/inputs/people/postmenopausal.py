"""Healthy postmenopausal women in western Europe, of the kind that a three-year trial of MK-7 enrolled."""

from menaquinone.catalogue.effects import EGFR_DRIFT, PHOSPHATE_THRESHOLD, REFERENCE_TRIGLYCERIDES
from menaquinone.inputs.distributions import Fixed, LogNormal, Normal
from menaquinone.inputs.people.common import CORRELATIONS, EFFECTS, RANDOM_EFFECTS, intake_holding, uncounted
from menaquinone.inputs.people.genotypes import GENOTYPES
from menaquinone.inputs.people.record import Draw, Record
from menaquinone.inputs.people.scored import GENERAL, scores
from menaquinone.inputs.people.usual import BY_DEFINITION, present, scores_grown, sex, synthesis

NO_ROW = "assumed: no row gives it for such women"

_SCORES, _WITH_AGE = scores(GENERAL, 60.0, 3.0, women_alone=True)

POSTMENOPAUSAL = Record(
    name="postmenopausal",
    meaning="healthy postmenopausal women, western Europe",
    draws={
        "sex": sex(1.0, BY_DEFINITION),
        "age": Draw(
            Normal(60.0, 3.0, 55.0, 65.0), "a", "age at entry",
            "assumed: no row gives the ages of such a trial; the limits are those of vanballegooijen-2018-lasa-dpucmgp",
        ),
        "years_since_last_period": Draw(
            Normal(10.0, 4.0, 6.0, 18.0), "a", "years since the last period, at entry",
            "assumed: last period around 50 (SD 4) years, between 42 and 54; no row",
            along=("age", 60.0, 1.0),
        ),
        "weight": Draw(
            LogNormal(70.0, 0.15, 45.0, 120.0), "kg", "body weight",
            f"{NO_ROW}; centred on the reference person",
        ),
        "egfr": Draw(
            Normal(85.0, 12.0, 60.0, 115.0), "mL/min/{1.73_m2}", "estimated glomerular filtration rate at entry",
            f"{NO_ROW}; centred on the reference person, without chronic kidney disease",
            "falls with age at entry as it does in a person (wei-2018-egfr-drift)",
            along=("age", 60.0, -EGFR_DRIFT.value),
        ),
        "triglycerides": Draw(
            LogNormal(REFERENCE_TRIGLYCERIDES.value, 0.4, 0.3, 6.0), "mmol/L", "triglycerides in plasma, fasting",
            NO_ROW,
        ),
        "phosphate": Draw(
            Fixed(PHOSPHATE_THRESHOLD.value), "mg/dL", "phosphate in serum", f"{NO_ROW}; the level above which it acts",
        ),
        "diabetes": present("type 2 diabetes", 0.0, "assumed: healthy by definition"),
        "pwv_entry": Draw(
            Normal(9.8, 1.8, 5.0, 16.0), "m/s", "carotid-femoral pulse wave velocity at entry",
            "knapen-2015-cfpwv-baseline-mk7 knapen-2015-cfpwv-baseline-placebo",
            "mean and SD of the two arms, 9.9 (1.9) and 9.7 (1.7); normal and cut at 5 and 16 by assumption",
            value_of=("pwv_entry",),
        ),
        "diet[K1]": Draw(
            LogNormal(intake_holding("K1", 0.81), 0.45), "ug/d", "habitual intake of K1",
            "thane-2006-k1-women gast-2009-k1-intake",
            "median derived: holds 0.81 nmol/L, the geometric mean of British women, and is 61 ug/d "
            "(efsa-2017-uk-k1-men notes 59-81 for British women); spread from gast-2009, CV 0.47. Not taken: the "
            "212 ug/d of gast-2009 (Dutch women, by questionnaire), which would hold 2.8 nmol/L; "
            "beulens-2010-k1-q1 and -q4, 100 to 308 ug/d",
            eaten_as="K1",
        ),
        "diet[MK-7]": Draw(
            LogNormal(intake_holding("MK-7", 0.365), 0.3), "ug/d", "habitual intake of MK-7",
            "dunovska-2019-mk7 knapen-2015-yogurt-mk7-baseline",
            "median derived: holds 0.365 nmol/L (0.237 ug/L, mid-point of dunovska-2019), so that the mean over people "
            "is about that of knapen-2015-yogurt, 0.28 ug/L; SD of ln 0.3 by assumption: with F and CL plasma then "
            "spreads nearly as in dunovska-2019 (0.59). Not taken: kaneki-2001-mk7-british, mean 0.37 ug/L; "
            "pmc6816853-mk7-no-osteoporosis, 1.19; kaneki-2001-mk7-tokyo, 5.26 (natto); gast-2009-k2-intake, 29 ug/d, "
            "which is of all menaquinones",
            eaten_as="MK-7",
        ),
        **uncounted("MK-4", "MK-8", "MK-9"),
        **_SCORES,
        **RANDOM_EFFECTS,
        **GENOTYPES,
        **synthesis(
            "MGP", 0.88, 0.465, "vanballegooijen-2018-lasa-dpucmgp",
            "derived: with supply and eGFR it makes the row's mean and SD, 376 (233) pmol/L",
        ),
    },
    effects=EFFECTS,
    correlations=(*CORRELATIONS, _WITH_AGE),
    notes=(scores_grown("postmenopausal", "aortic valve and thoracic aorta"),),
)  # fmt: skip

__all__ = ["POSTMENOPAUSAL"]
