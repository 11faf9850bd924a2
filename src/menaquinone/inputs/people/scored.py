"""Coronary calcium scores at entry: the percentiles of a cohort, taken where people of an age stand in it.

Percentiles are published for few cohorts. People of other ages are given the scores that people of their age have in
the cohort: a score goes with age through a Gaussian copula, so that whoever is older stands at a higher percentile. The
model could grow scores instead, but its upper tail is known to be far too high.
"""

from dataclasses import dataclass
from math import sqrt

from menaquinone.inputs.distributions import ByCategory, Distribution, Moved, Percentiles, ZeroInflated
from menaquinone.inputs.people import usual
from menaquinone.inputs.people.record import Correlation, Draw

CORRELATION = 0.4
"""Of age and score in their cohorts. Assumed: as strong as the model makes it where a life has grown the score.
carr-2017-cardia-prevalence, one in ten at 40 years, would ask for 0.64 if scanners saw alike."""
_WITH_AGE = "assumed: as strong as the model makes it where a life has grown the score"


@dataclass(frozen=True)
class Cohort:
    """Where percentiles of scores are from.

    Attributes
    ----------
    age, sd
        Mean and SD of its ages, a.
    men, women
        Scores, AU.
    source, note
        Rows, and how they were read.
    """

    age: float
    sd: float
    men: Distribution
    women: Distribution
    source: str
    note: str


GENERAL = Cohort(
    59.5, 8.0,
    Percentiles(((0.25, 2.3), (0.50, 41.0), (0.75, 192.6), (0.90, 557.0)), 1.0, usual.HIGHEST_SCORE),
    Percentiles(((0.50, 1.0), (0.75, 24.5), (0.90, 139.8)), 1.0, usual.HIGHEST_SCORE),
    "erbel-2014-men-p25 erbel-2014-men-p50 erbel-2014-men-p75 erbel-2014-men-p90 erbel-2014-women-p50 "
    "erbel-2014-women-p75 erbel-2014-women-p90",
    "straight in ln(score) against normal scores between the percentiles, below 1 AU none, nobody above 10000 by "
    "assumption",
)  # fmt: skip
"""General population, 45-74 years; mean and SD of ages assumed."""

_WITH_CALCIUM = Percentiles(((0.25, 23.0), (0.50, 92.0), (0.75, 471.0)), high=usual.HIGHEST_SCORE)
_KIDNEYS = ZeroInflated(434 / (434 + 689), _WITH_CALCIUM)

KIDNEYS = Cohort(
    62.0, 10.0, _KIDNEYS, _KIDNEYS,
    "bundy-2018-cric-incident bundy-2018-cric-fast cgps-agatston-median-a",
    "share without calcium from the numbers of the two CRIC rows, 434 and 689; scores of the others are those of the "
    "general population with calcium, 92 (23-471) AU, nobody above 10000 by assumption: no row has them for CKD",
)  # fmt: skip
"""Chronic kidney disease, stages 3-5; mean and SD of ages assumed."""


def scores(
    cohort: Cohort, age: float, sd: float, *, women_alone: bool = False, older_by: float = 0.0, source: str = "",
    note: str = "",
) -> tuple[dict[str, Draw], Correlation]:  # fmt: skip
    """Return coronary scores of people of other ages than a cohort, and how they go with age.

    Parameters
    ----------
    cohort
        Whose percentiles.
    age, sd
        Of the people, a, before limits.
    women_alone
        No men among them.
    older_by
        Years by which their arteries are ahead.
    source, note
        Rows for that, and what else is to be said.

    Returns
    -------
    tuple
        Draws for a record, and a correlation.
    """
    by = CORRELATION * (age + older_by - cohort.age) / cohort.sd
    with_age = CORRELATION * sd / cohort.sd
    stretch = sqrt(with_age**2 + 1 - CORRELATION**2)
    same = by == 0 and abs(stretch - 1) < 1e-12
    men, women = ((law if same else Moved(law, by, stretch)) for law in (cohort.men, cohort.women))
    law: Distribution | ByCategory = women if women_alone or men == women else ByCategory("sex", (men, women))
    moved = "" if same else (
        "; moved along age from the ages of the rows, so that somebody has the percentile that people of that age have "
        f"there (correlation {CORRELATION:g} with age, assumed)"
    )  # fmt: skip
    told = "; ".join(filter(None, (cohort.note + moved, note)))
    draws = usual.score("coronary", law, f"{cohort.source} {source}".strip(), told)
    found = round(with_age / stretch, 12)
    return draws, Correlation(("age", "agatston[coronary]"), ((1.0, found), (found, 1.0)), _WITH_AGE)


__all__ = ["CORRELATION", "GENERAL", "KIDNEYS", "Cohort", "scores"]
