"""What is fitted, to which figures, and why: the choices of the calibration, apart from its arithmetic."""

from menaquinone.studies.fit import Free

_C0 = "assumed: no prior says which form goes where; the rows contradict the textbook picture"
_BETWEEN_C0 = 0.49
"""SD between studies of ln C0, from the science page."""
_BETWEEN = 0.25
"""SD between studies of what is no C0, on its scale. Assumed: half of that of C0."""

FREE = (
    Free("clearance[MK-7]", "log", 1.1, 0.19, 0.0, 0.3, 4.0, "assumed: CL/F 0.7-1.5 L/h holds 95 %"),
    Free("reference_level[vessel, MK-7]", "log", 10.0, 1.0, _BETWEEN_C0, 1.0, 60.0, _C0),
    Free("reference_level[bone, MK-7]", "log", 10.0, 1.0, _BETWEEN_C0, 1.0, 60.0, _C0),
    Free(
        "reference_level[liver, MK-7]", "log", 10.0, 1.0, 1.0, 1.0, 60.0,
        f"{_C0}; twice the spread between studies, as the two there are contradict each other",
    ),
    Free("reference_level[vessel, K1]", "log", 10.0, 0.51, _BETWEEN_C0, 2.0, 60.0, "assumed: 4-30 nmol/L holds 95 %"),
    Free("saturation_level[bone, MK-4]", "log", 50.0, 0.5, _BETWEEN, 20.0, 200.0, "assumed: 20-130 nmol/L holds 95 %"),
    Free("u0[MGP]", "log odds", 0.25, 0.27, 0.0, 0.05, 0.6, "assumed: 0.15-0.34 holds 95 %"),
    Free("u0[osteocalcin]", "log odds", 0.48, 0.5, 0.0, 0.05, 0.75, "assumed: 0.26-0.71 holds 95 %"),
    Free(
        "renal_slope[MGP]", "log", 0.0151, 0.3, 0.0, 0.003, 0.03,
        "kremer-2021-egfr-slope",  # spread assumed, as the row has none
    ),
    Free(
        "dp_ucmgp_reference", "log", 376.0, 0.15, 0.35, 100.0, 1000.0,
        "vanballegooijen-2018-lasa-dpucmgp",  # spread assumed: assays differ between studies
    ),
    Free("incidence[coronary]", "log", 0.186, 0.5, _BETWEEN, 0.02, 0.6, "assumed: 0.07-0.5 /a holds 95 %"),
    Free("growth[coronary]", "log", 0.95, 0.5, _BETWEEN, 0.3, 2.0, "assumed: 0.36-2.5 /a holds 95 %"),
    Free("growth[aortic valve]", "log", 1.3, 0.5, _BETWEEN, 0.3, 3.0, "assumed: 0.5-3.5 /a holds 95 %"),
    Free("potency[coronary]", "half-normal", 0.6744897501960817, 1.0, 0.0, 0.0, 3.0, "assumed: half-normal, holds 0"),
    Free("pwv_drift", "log", 0.04, 0.5, _BETWEEN, 0.01, 0.2, "assumed: 0.015-0.11 m/s per year holds 95 %"),
    Free("carboxylation_effect", "plain", 0.0, 3.0, 2.0, -12.0, 12.0, "assumed: normal(0, 3), holds 0; one trial"),
    Free("bone_effect", "plain", 0.0, 0.3, 0.2, -1.2, 1.2, "assumed: normal(0, 0.3), holds 0; one trial"),
)  # fmt: skip
"""Free parameters. Bounds keep the model in its declared range; nothing should come to lie on one."""

ROWS: dict[str, tuple[str, ...]] = {
    "knapen-2015-yogurt": ("knapen-2015-yogurt-mk7-ss",),
    "dalmeijer-2012": (
        "dalmeijer-2012-dpucmgp-180",
        "dalmeijer-2012-dpucmgp-360",
        "dalmeijer-2012-ocratio-180",
        "dalmeijer-2012-ocratio-360",
    ),
    "caluwe-2014": ("caluwe-2014-dpucmgp-360tiw", "caluwe-2014-dpucmgp-720tiw", "caluwe-2014-dpucmgp-1080tiw"),
    "kurnatowska-2015": ("kurnatowska-2016-dpucmgp-base", "kurnatowska-2016-dpucmgp-90"),
    "ronn-2016": ("ronn-2016-ucoc-375-12mo",),
    "jiang-2014": ("jiang-2014-mk4-ucoc",),
    "shea-2009": ("shea-2011-dpucmgp-k1-500",),
    "theuwissen-2013": ("theuwissen-2013-mk7-45-inr", "theuwissen-2013-mk7-45-ucfii"),
    "nakajima-2021": ("nakajima-2021-lowmk7-natto",),
    "lasa": ("vanballegooijen-2018-lasa-dpucmgp",),
    "keyzer-2015": ("keyzer-2015-ktr-dpucmgp",),
    "delanaye-2014": ("delanaye-2014-dpucmgp-vka", "delanaye-2014-dpucmgp-novka"),
    "kremer-2021": ("kremer-2021-pre-ktx", "kremer-2021-post-ktx"),
    "westenfeld-2012": ("westenfeld-2012-dpucmgp-fold-hd",),
    "aoun-2017": ("aoun-2017-dpucmgp-baseline",),
    "mesa-warranty": ("mesa-warranty-cac0-any-10y", "mesa-warranty-cac0-gt10-10y", "mesa-warranty-cac0-gt100-10y"),
    "bundy-2018": ("bundy-2018-cric-incident",),
    "tuttle-2009": ("tuttle-2009-new-onset-6y",),
    "nguyen-2015": ("nguyen-2015-avc-rate",),
    "saltire": ("houslay-2006-placebo-lograte",),
    "vobarno": ("vobarno-pwv-change-5y",),
    "knapen-2015": ("knapen-2015-cfpwv-change-placebo", "knapen-2015-cfpwv-change-mk7"),
    "ecko-2008": ("ecko-2008-lsbmd-diff",),
}
"""Figures that are fitted, by trial. One visit of a trial, as others hold the same people."""

ERRORS = {"nakajima-2021-lowmk7-natto": 0.15}
"""Standard errors of figures that code "no change". Assumed: a change of INR that ten people would not have shown."""

PEOPLE = 60
PEOPLE_OF = {
    "mesa-warranty": 400, "bundy-2018": 300, "tuttle-2009": 300, "nguyen-2015": 200, "saltire": 200,
    "jiang-2014": 30, "knapen-2015": 30, "ecko-2008": 30, "shea-2009": 30,
}  # fmt: skip
"""Virtual people in each arm, and where others: more where shares are counted or few people have very high scores,
fewer where a year or more is stepped dose by dose and people differ little."""

__all__ = ["ERRORS", "FREE", "PEOPLE", "PEOPLE_OF", "ROWS"]
