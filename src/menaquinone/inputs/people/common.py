"""What all kinds of people share: random effects, effects of covariates, and the diet behind a plasma level."""

from dataclasses import replace

import numpy as np

from menaquinone.catalogue import effects
from menaquinone.catalogue.antagonists import ANTAGONISTS
from menaquinone.catalogue.forms import FORMS, form
from menaquinone.catalogue.proteins import PROTEINS
from menaquinone.catalogue.sites import SITES
from menaquinone.catalogue.tissues import TISSUES
from menaquinone.declare import Value
from menaquinone.inputs.distributions import Exponential, Fixed, LogNormal
from menaquinone.inputs.people.record import Correlation, Draw, Effect
from menaquinone.units import HOURS_PER_DAY


def members(parameter: str, *names: str) -> tuple[str, ...]:
    """Return a parameter's name for each of its members: ``clearance[MK-7]``."""
    return tuple(f"{parameter}[{name}]" for name in names)


def intake_holding(name: str, level: float) -> float:
    """Return the habitual intake (ug/d) that holds a plasma level in a person with the form's own parameters.

    Parameters
    ----------
    name
        A form.
    level
        nmol/L, mean over the day.
    """
    record = form(name)
    clearance, bioavailability = (record.pk.values[key].value for key in ("clearance", "bioavailability"))
    return level * clearance / bioavailability * HOURS_PER_DAY * record.molar_mass.value / 1e3


# Differences between people that no covariate explains ----------------------------------------------------------------


def _factor(parameter: str, value: Value, *names: str) -> Draw:
    """Return one log-normal factor on a parameter of some members, as wide as the catalogue says."""
    meaning = f"factor on {parameter.replace('_', ' ')} of {', '.join(names)}"
    return Draw(
        LogNormal(1.0, value.omega), "1", meaning, value.source, value.note, factor_of=members(parameter, *names)
    )


def _each(parameter: str, name: str, value: Value) -> dict[str, Draw]:
    return {f"{parameter}[{name}]": _factor(parameter, value, name)} if value.omega > 0 else {}


def _kinetics() -> dict[str, Draw]:
    found: dict[str, Draw] = {}
    for name, record in FORMS.items():
        for parameter, value in record.pk.values.items():
            found |= _each(parameter, name, value)
    return found


def _synthesis() -> dict[str, Draw]:
    found: dict[str, Draw] = {}
    for name, record in PROTEINS.items():
        if "synthesis" in record.carboxylation.values:
            found |= _each("synthesis", name, record.carboxylation.values["synthesis"])
    return found


_BASAL = TISSUES["vessel"].pool.values["person_basal"]
_GROWTH = SITES["coronary"].calcification.values["person_growth"]

RANDOM_EFFECTS: dict[str, Draw] = {
    **_kinetics(),
    **_synthesis(),
    # one draw for all tissues, and one for all sites: they belong to the person
    "person_basal": _factor("person_basal", _BASAL, *TISSUES),
    "person_growth": _factor("person_growth", _GROWTH, *SITES),
    "frailty": Draw(
        Exponential(1.0),
        "1",
        "frailty: factor on the hazard of a first deposit, the same at all sites",
        "mesa-tac-cac-incidence-withtac mesa-tac-cac-incidence-notac",
        "Gamma with shape 1 and mean 1; that it is one factor for all beds rests on the rows, its shape is assumed",
        factor_of=members("frailty", *SITES),
    ),
    **{
        f"onset_threshold[{site}]": Draw(
            Exponential(1.0),
            "1",
            f"accumulated hazard at which the first deposit appears, {site}",
            "assumed: exponential with mean 1 by the definition of a hazard",
            value_of=(f"onset_threshold[{site}]",),
        )
        for site in SITES
    },
}
"""Random effects by column, each as wide as the catalogue's records say."""


def _alike(parameter: str, source: str) -> Correlation:
    """Return one correlation between a parameter's random effects of all forms that have them."""
    names = tuple(name for name in RANDOM_EFFECTS if name.startswith(f"{parameter}["))
    shared = tuple(tuple(1.0 if one == other else 0.5 for other in names) for one in names)
    return Correlation(names, shared, source)


CORRELATIONS: tuple[Correlation, ...] = (
    _alike("bioavailability", "assumed: 0.5, all forms share bile, lipase and chylomicrons; no row measures two forms"),
    _alike("clearance", "assumed: 0.5, all forms share lipoproteins and their receptors; no row measures two forms"),
)
"""How random effects go together; those of the tissues and of the sites are one draw each."""


# What covariates do in every population that has them -----------------------------------------------------------------


def flow(weight: np.ndarray) -> np.ndarray:
    """Return the factor of body weight (kg) on clearances."""
    return effects.allometry(weight)["clearance"]


def space(weight: np.ndarray) -> np.ndarray:
    """Return the factor of body weight (kg) on volumes."""
    return effects.allometry(weight)["central_volume"]


def incidence(sex: np.ndarray) -> np.ndarray:
    """Return the factor of sex (code 1 female) on the coronary hazard, relative to the record of both sexes."""
    # a factor, not a value: a model with another incidence keeps the ratio of the sexes
    return effects.coronary_incidence(sex) / SITES["coronary"].hazard.values["incidence"].value


def onset_with_ckd(ckd: np.ndarray) -> np.ndarray:
    """Return the factor of chronic kidney disease on onset."""
    return effects.onset_factor(ckd=ckd)


def onset_with_diabetes(diabetes: np.ndarray) -> np.ndarray:
    """Return the factor of diabetes on onset."""
    return effects.onset_factor(diabetes=diabetes)


def growth_with_diabetes(diabetes: np.ndarray) -> np.ndarray:
    """Return the factor of diabetes on growth."""
    return effects.growth_factor(diabetes=diabetes)


def growth_with_statin(statin: np.ndarray) -> np.ndarray:
    """Return the factor of a statin on growth."""
    return effects.growth_factor(statin=statin)


def growth_with_dialysis(dialysis: np.ndarray) -> np.ndarray:
    """Return the factor of haemodialysis on growth."""
    return effects.growth_factor(dialysis=dialysis)


def basal_of_kidney(egfr: np.ndarray, dialysis: np.ndarray) -> np.ndarray:
    """Return the factor of failing kidneys on the basal supply of tissues (m_basal)."""
    return effects.kidney(egfr, dialysis)["basal_factor"]


def delivery_of_kidney(egfr: np.ndarray, dialysis: np.ndarray) -> np.ndarray:
    """Return the factor of failing kidneys on delivery from plasma (m_delivery)."""
    return effects.kidney(egfr, dialysis)["delivery_factor"]


def mgp_of_kidney(egfr: np.ndarray, dialysis: np.ndarray) -> np.ndarray:
    """Return the uncarboxylated share of MGP at secretion with failing kidneys (u0)."""
    return effects.kidney(egfr, dialysis)["u0[MGP]"]


_FLOWS = members("clearance", *FORMS) + members("exchange", *FORMS)
_SPACES = members("central_volume", *FORMS) + members("peripheral_volume", *FORMS)
_ONSET, _GROWING = members("onset_factor", *SITES), members("growth_factor", *SITES)

_BY_DEFINITION = "assumed: by definition of the genotype's number"

GENE_EFFECTS: tuple[Effect, ...] = tuple(
    Effect((gene,), act, _BY_DEFINITION, value_of=members(parameter, *ANTAGONISTS))
    for gene, act, parameter in (
        ("VKORC1", effects.vkorc1_a, "vkorc1_a"),
        ("CYP2C9", effects.cyp2c9_2, "cyp2c9_2"),
        ("CYP2C9", effects.cyp2c9_3, "cyp2c9_3"),
        ("CYP4F2", effects.cyp4f2_carrier, "cyp4f2_carrier"),
    )
)
"""What genotypes say to the model; their columns may be missing, and then everybody has the usual one of each."""

EFFECTS: tuple[Effect, ...] = (
    Effect(("weight",), flow, effects.ALLOMETRY_CLEARANCE.source, factor_of=_FLOWS),
    Effect(("weight",), space, effects.ALLOMETRY_VOLUME.source, factor_of=_SPACES),
    Effect(("triglycerides",), effects.triglycerides, effects.TRIGLYCERIDES.source, factor_of=("clearance[K1]",)),
    Effect(("sex",), incidence, effects.INCIDENCE_WOMEN.source, factor_of=("incidence[coronary]",)),
    Effect(("phosphate",), effects.phosphate, effects.PHOSPHATE.source, factor_of=_ONSET + _GROWING),
    Effect(("diabetes",), onset_with_diabetes, effects.ONSET_DIABETES.source, factor_of=_ONSET),
    Effect(("diabetes",), growth_with_diabetes, effects.GROWTH_DIABETES.source, factor_of=_GROWING),
    Effect(("ckd",), onset_with_ckd, effects.ONSET_CKD.source, factor_of=_ONSET),
    Effect(("dialysis",), growth_with_dialysis, effects.GROWTH_DIALYSIS.source, factor_of=_GROWING),
    Effect(
        ("egfr", "dialysis"),
        basal_of_kidney,
        effects.DIALYSIS_BASAL.source,
        factor_of=members("basal_factor", *TISSUES),
    ),
    Effect(
        ("egfr", "dialysis"),
        delivery_of_kidney,
        effects.DIALYSIS_DELIVERY.source,
        factor_of=members("delivery_factor", *TISSUES),
    ),
    Effect(("egfr", "dialysis"), mgp_of_kidney, effects.DIALYSIS_MGP_U0.source, value_of=("u0[MGP]",)),
    Effect(("statin",), growth_with_statin, effects.GROWTH_STATIN.source, factor_of=_GROWING),
    *GENE_EFFECTS,
)
"""Effects of covariates; a record that lacks a column is spared its effect."""

IN_BASAL = (
    "assumed: what people usually eat of it is part of the basal supply, which is defined with its plasma level at 0"
)


def uncounted(*names: str) -> dict[str, Draw]:
    """Return a habitual intake of 0 of forms that the basal supply already counts."""
    one = Draw(Fixed(0.0), "ug/d", "", IN_BASAL)
    return {f"diet[{name}]": replace(one, meaning=f"habitual intake of {name}", eaten_as=name) for name in names}


__all__ = [
    "CORRELATIONS", "EFFECTS", "GENE_EFFECTS", "IN_BASAL", "RANDOM_EFFECTS", "intake_holding", "members", "uncounted",
]  # fmt: skip
