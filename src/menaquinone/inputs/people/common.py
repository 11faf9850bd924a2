"""What all kinds of people share: random effects, effects of covariates, and the diet behind a plasma level."""

from dataclasses import dataclass
from math import inf

import numpy as np

from menaquinone.catalogue.forms import FORMS, form
from menaquinone.declare import Value
from menaquinone.inputs.distributions import Exponential, LogNormal
from menaquinone.inputs.people.record import Draw, Effect
from menaquinone.units import HOURS_PER_DAY

TISSUES = ("liver", "bone", "vessel")
FORM_NAMES = tuple(FORMS)
SITES = ("coronary", "aortic valve", "thoracic aorta")

EGFR_DRIFT = Value(-0.46, "mL/min/{1.73_m2}/a", "wei-2018-egfr-drift", note="-4.05 in 8.9 years")
"""Natural change of eGFR, taken in yearly steps."""


def members(parameter: str, names: tuple[str, ...]) -> tuple[str, ...]:
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


def _kinetics() -> dict[str, Draw]:
    """One log-normal factor for every kinetic parameter to which the catalogue gives a spread."""
    return {
        f"{parameter}[{name}]": Draw(
            LogNormal(1.0, value.omega),
            "1",
            f"factor on {parameter.replace('_', ' ')} of {name}",
            value.source,
            value.note,
            factor_of=(f"{parameter}[{name}]",),
        )
        for name, record in FORMS.items()
        for parameter, value in record.pk.values.items()
        if value.omega > 0
    }


RANDOM_EFFECTS: dict[str, Draw] = {
    **_kinetics(),
    "synthesis[MGP]": Draw(
        LogNormal(1.0, 0.40),
        "1",
        "factor on synthesis of MGP",
        "vanballegooijen-2018-lasa-dpucmgp",
        "with 0.45 on the basal supply and the spread of eGFR gives the row's coefficient of variation, 0.62",
        factor_of=("synthesis[MGP]",),
    ),
    "person_basal": Draw(
        LogNormal(1.0, 0.45),
        "1",
        "factor on the basal supply of vitamin K, the same in all tissues",
        "vanballegooijen-2018-lasa-dpucmgp",
        "with 0.40 on synthesis of MGP and the spread of eGFR gives the row's coefficient of variation, 0.62",
        factor_of=members("person_basal", TISSUES),
    ),
    "frailty": Draw(
        Exponential(1.0),
        "1",
        "frailty: factor on the hazard of a first deposit, the same at all sites",
        "mesa-tac-cac-incidence-withtac mesa-tac-cac-incidence-notac",
        "Gamma with shape 1 and mean 1; that it is one factor for all beds rests on the rows, its size is assumed",
        factor_of=members("frailty", SITES),
    ),
    "person_growth": Draw(
        LogNormal(1.0, 0.6),
        "1",
        "factor on growth of deposits, the same at all sites",
        "assumed: with yearly noise it spreads growth nearly as much as cohorts do",
        factor_of=members("person_growth", SITES),
    ),
} | {
    f"onset_threshold[{site}]": Draw(
        Exponential(1.0),
        "1",
        f"accumulated hazard at which the first deposit appears, {site}",
        "assumed: by definition of a hazard, exponential with mean 1",
        value_of=(f"onset_threshold[{site}]",),
    )
    for site in SITES
}
"""Differences between people that no covariate explains."""


BONE_LOSS: tuple[tuple[float, Value], ...] = (
    (-inf, Value(0.5, "%/a", "assumed: before the transition as long after it")),
    (-1.0, Value(1.7, "%/a", "pmc2869543-ls-pre-fmp")),
    (0.0, Value(3.3, "%/a", "pmc2869543-ls-post-fmp-0-2")),
    (2.0, Value(1.1, "%/a", "pmc2869543-ls-post-fmp-2-7")),
    (7.0, Value(0.5, "%/a", "assumed: later, and in men, no row")),
)
"""Natural loss of lumbar spine density from so many years after the last period on."""


@dataclass(frozen=True)
class Power:
    """``(x / reference) ** exponent``."""

    reference: float
    exponent: float

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return the power of an array."""
        return np.asarray((x / self.reference) ** self.exponent)


EFFECTS: tuple[Effect, ...] = (
    Effect(
        ("weight",), Power(70.0, 0.75), "assumed: convention of allometry",
        factor_of=members("clearance", FORM_NAMES) + members("exchange", FORM_NAMES),
    ),
    Effect(
        ("weight",), Power(70.0, 1.0), "assumed: convention of allometry",
        factor_of=members("central_volume", FORM_NAMES) + members("peripheral_volume", FORM_NAMES),
    ),
)  # fmt: skip
"""What covariates do in every population that has them."""
