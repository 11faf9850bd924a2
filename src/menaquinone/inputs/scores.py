"""Calcium scores that are known at entry, instead of those that a life at today's covariates would have grown.

A score is known where a population's record draws it, a table gives it or a condition was put on it. Then growth is
drawn independently of it, and what is known of somebody still without calcium is that the hazard has not yet struck:
frailty, Gamma with shape 1, has the mean 1/(1 + hazard so far) in those people, and the first deposit is as far away
as for anybody, because an exponential threshold does not remember.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from menaquinone.catalogue.sites import SITES
from menaquinone.inputs import draws
from menaquinone.inputs.baselines import hazard_to_entry
from menaquinone.inputs.distributions import Fixed
from menaquinone.inputs.people import Draw, Record

COLUMNS = {site: f"agatston[{site}]" for site in SITES}
"""Column of the score at entry, by site."""
PASSED = 1e-300
"""A threshold that every hazard has reached: the first deposit is there."""


SCORE = Draw(
    Fixed(0.0), "AU", "calcium score at entry",
    "assumed: grown over a life at today's covariates, kept for people picked by a score",
)  # fmt: skip
"""What the column of a score says that the record does not draw."""


@dataclass(frozen=True)
class People:
    """Columns of people, what they do to parameters, and what people eat; each array (n,)."""

    columns: dict[str, np.ndarray]
    factors: dict[str, np.ndarray]
    values: dict[str, np.ndarray]
    diet: dict[str, np.ndarray]


def known(people: People, scores: Mapping[str, np.ndarray], keep: Collection[str] = ()) -> People:
    """Return people who enter with scores that were given to them, not grown.

    Parameters
    ----------
    people
        As drawn, frailty and thresholds included where they differ between people.
    scores
        By site, AU, each (n,).
    keep
        Columns that stay as they are because they were given too.
    """
    zero = {site: score <= 0 for site, score in scores.items()}
    columns, factors, values = dict(people.columns), dict(people.factors), dict(people.values)
    if "frailty" in columns and "frailty" not in keep:
        lived = sum(
            np.where(zero[site], hazard_to_entry(columns, factors, values, people.diet, site), 0.0) for site in scores
        )
        columns["frailty"] = columns["frailty"] / (1 + lived)
        factors |= {f"frailty[{site}]": columns["frailty"] for site in SITES}
    for site, score in scores.items():
        threshold = f"onset_threshold[{site}]"
        if threshold in columns and threshold not in keep:
            columns[threshold] = np.where(zero[site], columns[threshold], PASSED)
        values[threshold] = columns.get(threshold, np.where(zero[site], np.log(2), PASSED))
        values |= _entering(site, score)
    return replace(people, columns=columns, factors=factors, values=values)


def grown(people: People, scores: Mapping[str, np.ndarray], record: Record, seed: int, ids: np.ndarray) -> People:
    """Return people picked by a score that their lives had grown: it stays, and their growth is drawn anew.

    Frailty stays their own: among those picked at zero it has the law that :func:`known` would give them.

    Parameters
    ----------
    people
        Those picked.
    scores
        Of every site, AU.
    record
        As which they were drawn.
    seed, ids
        Of their draws.
    """
    columns, factors, values = dict(people.columns), dict(people.factors), dict(people.values)
    for site, score in scores.items():
        if COLUMNS[site] in columns:
            continue
        left = values[f"onset_threshold[{site}]"] - factors.get(f"frailty[{site}]", 1.0) * hazard_to_entry(
            columns, factors, values, people.diet, site
        )
        columns[COLUMNS[site]] = score
        columns[f"onset_threshold[{site}]"] = np.where(score > 0, PASSED, np.maximum(left, PASSED))
        values[f"onset_threshold[{site}]"] = columns[f"onset_threshold[{site}]"]
        values |= _entering(site, score)
    if "person_growth" in record.draws:
        draw = record.draws["person_growth"]
        columns["person_growth"] = draw.distribution.quantile(draws.uniform(seed, "person_growth, score known", ids))
        factors |= dict.fromkeys(draw.factor_of, columns["person_growth"])
    return replace(people, columns=columns, factors=factors, values=values)


def _entering(site: str, score: np.ndarray) -> dict[str, np.ndarray]:
    """Return the score at entry, and that the life before it no longer counts where there is none."""
    return {f"entry_score[{site}]": score, f"life_counted[{site}]": np.where(score > 0, 1.0, 0.0)}


__all__ = ["COLUMNS", "PASSED", "SCORE", "People", "grown", "known"]
