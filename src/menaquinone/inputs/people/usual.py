"""Draws that many kinds of people share: sex, age, size, kidneys, blood, and what follows from them."""

from math import nan, sqrt

from menaquinone.catalogue import evidence
from menaquinone.catalogue.effects import EGFR_DRIFT, REFERENCE_TRIGLYCERIDES
from menaquinone.inputs.distributions import ByCategory, Categories, Distribution, Fixed, LogNormal, Normal
from menaquinone.inputs.people.common import RANDOM_EFFECTS, uncounted
from menaquinone.inputs.people.genotypes import GENOTYPES
from menaquinone.inputs.people.record import Draw
from menaquinone.inputs.people.regions import diet_of

BY_DEFINITION = "assumed: by definition of the population"
NO_ROW = "assumed: no row gives it for these people"
_SEXES, _NO_YES = {"male": 0.0, "female": 1.0}, {"no": 0.0, "yes": 1.0}
_LAST_PERIOD, _LAST_PERIOD_SD, _EARLIEST, _LATEST = 50.0, 4.0, 42.0, 58.0


def two(share: float) -> Distribution:
    """Return code 1 for a share of people and 0 for the others."""
    return Fixed(round(share)) if share in (0.0, 1.0) else Categories((0.0, 1.0), (1 - share, share))


def sex(women: float, source: str, note: str = "") -> Draw:
    """Return the sex, a share of women."""
    return Draw(two(women), "1", "sex", source, note, categories=_SEXES)


def present(what: str, share: float, source: str, note: str = "") -> Draw:
    """Return whether somebody has something."""
    return Draw(two(share), "1", what, source, note, categories=_NO_YES)


def age(mean: float, sd: float, low: float, high: float, source: str) -> Draw:
    """Return ages (a), normal between two limits."""
    return Draw(Normal(mean, sd, low, high), "a", "age at entry", source)


def since_last_period(at: float) -> Draw:
    """Return years since the last period, negative before it, missing in men; ``at`` is any age."""
    women = Normal(at - _LAST_PERIOD, _LAST_PERIOD_SD, at - _LATEST, at - _EARLIEST)
    return Draw(
        ByCategory("sex", (Fixed(nan), women)), "a", "years since the last period, at entry",
        "assumed: last period around 50 (SD 4) years, between 42 and 58; no row",
        along=("age", at, 1.0),
    )  # fmt: skip


def weight(source: str = f"{NO_ROW}; women centred on the reference person") -> Draw:
    """Return body weight (kg) by sex."""
    law = ByCategory("sex", (LogNormal(82.0, 0.15, 50.0, 140.0), LogNormal(70.0, 0.15, 45.0, 120.0)))
    return Draw(law, "kg", "body weight", source)


def egfr(mean: float, sd: float, low: float, high: float, source: str, note: str = "", at: float | None = None) -> Draw:
    """Return eGFR; it falls with age as in a person where ``at``, the age of the mean, is given."""
    note = (
        note
        if at is None
        else f"{note}; falls with age at entry as it does in a person (wei-2018-egfr-drift)".lstrip("; ")
    )
    along = None if at is None else ("age", at, -EGFR_DRIFT.value)
    return Draw(
        Normal(mean, sd, low, high),
        "mL/min/{1.73_m2}",
        "estimated glomerular filtration rate at entry",
        source,
        note,
        along,
    )


def triglycerides(median: float = REFERENCE_TRIGLYCERIDES.value, source: str = NO_ROW) -> Draw:
    """Return fasting triglycerides (mmol/L)."""
    return Draw(LogNormal(median, 0.4, 0.3, 8.0), "mmol/L", "triglycerides in plasma, fasting", source)


def phosphate(mean: float = 3.4, sd: float = 0.45, source: str = f"{NO_ROW}; the normal range, 2.5 to 4.5") -> Draw:
    """Return serum phosphate (mg/dL)."""
    return Draw(Normal(mean, sd, 2.0, 11.0), "mg/dL", "phosphate in serum", source)


_DIAZ, _DIAZ_AGE, _DIAZ_AGE_SD, _DIAZ_R2 = evidence.row("diaz-2014-pwv-mean"), 39.8, 18.5, 0.61


def velocity_by_age(at: float, extra: str = "") -> Draw:
    """Return pulse wave velocity on the line through ages of healthy people; ``at`` is any age."""
    mean, sd = float(_DIAZ.value or 0.0), _DIAZ.spread[0]
    slope = sqrt(_DIAZ_R2) * sd / _DIAZ_AGE_SD
    return velocity(
        mean + slope * (at - _DIAZ_AGE), sd * sqrt(1 - _DIAZ_R2), f"{extra}diaz-2014-pwv-mean",
        "line derived from mean, SD and r2 of 0.61 with age, 39.8 (SD 18.5) a, in the row's note; normal by assumption",
        along=("age", at, slope),
    )  # fmt: skip


def velocity(
    mean: float, sd: float, source: str, note: str = "", along: tuple[str, float, float] | None = None
) -> Draw:
    """Return pulse wave velocity (m/s) at entry."""
    return Draw(
        Normal(mean, sd, mean - 3 * sd, mean + 4 * sd), "m/s", "carotid-femoral pulse wave velocity at entry",
        source, note, along=along, value_of=("pwv_entry",),
    )  # fmt: skip


def score(site: str, law: Distribution | ByCategory, source: str, note: str) -> dict[str, Draw]:
    """Return a calcium score that people enter with, instead of the one that their life would have grown."""
    return {
        f"agatston[{site}]": Draw(
            law, "AU", f"calcium score at entry, {site}", source, note, value_of=(f"entry_score[{site}]",)
        )
    }


def scores_grown(name: str, where: str) -> str:
    """Return the note of a population for whose scores there is no row."""
    return (
        f"Scores of '{name}', {where}: no row has their percentiles, so that they are what the model grows over a "
        "life, and the highest of those are known to be far too high."
    )


def synthesis(protein: str, median: float, omega: float, source: str, note: str) -> dict[str, Draw]:
    """Return a factor on the synthesis of a protein: what a population's level is beyond supply and kidneys.

    No row says why the level is what it is; on synthesis it leaves the response in percent alone.
    """
    name = f"synthesis[{protein}]"
    return {
        name: Draw(LogNormal(median, omega), "1", f"factor on synthesis of {protein}", source, note, factor_of=(name,))
    }


DIABETES_SHARE = (
    618 / (618 + 5218), "mesa-2021-age-at-cac-dm mesa-2021-age-at-cac-nodm",
    "share derived from the numbers of the two rows, 618 and 5218, people of 45 to 84 years",
)  # fmt: skip
"""Share of people with type 2 diabetes in a general population, its source and how it was made."""

HIGHEST_SCORE = 10_000.0
"""No score at entry that is drawn through percentiles is higher (AU); assumed."""

COMMON: dict[str, Draw] = {
    **diet_of("western Europe"),
    **uncounted("MK-4", "MK-8", "MK-9"),
    **RANDOM_EFFECTS,
    **GENOTYPES,
}
"""What stands at the end of every kind of people: habitual diet, random effects, genotypes."""

__all__ = [
    "BY_DEFINITION", "COMMON", "DIABETES_SHARE", "HIGHEST_SCORE", "NO_ROW", "age", "egfr", "phosphate", "present",
    "score", "scores_grown", "sex", "since_last_period", "synthesis", "triglycerides", "two", "velocity",
    "velocity_by_age", "weight",
]  # fmt: skip
