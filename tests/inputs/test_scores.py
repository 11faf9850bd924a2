"""Scores that are known at entry: growth is independent of them, and frailty is that of people still at zero."""

import numpy as np
import pytest
from scipy import stats

import menaquinone as mk
from menaquinone.inputs.baselines import hazard_to_entry
from menaquinone.inputs.population import Population, population
from menaquinone.inputs.scores import PASSED

MANY = 20_000


def columns(people: Population) -> dict[str, np.ndarray]:
    return {name: column.values for name, column in people.table.items()}


def frailty_by_rule(people: Population, site: str) -> np.ndarray:
    """Return frailty over its mean among those without calcium: Gamma(1), mean 1, if the rule holds."""
    hazard = hazard_to_entry(columns(people), people.factors, people.values, people.diet, site)
    return people.table["frailty"].values * (1 + hazard)


def test_frailty_of_those_without_calcium_whose_score_was_drawn() -> None:
    people = population("healthy", MANY, rng=1)
    zero = people.table["agatston[coronary]"].values == 0
    assert stats.kstest(frailty_by_rule(people, "coronary")[zero], "expon").pvalue > 1e-4
    assert stats.kstest(people.table["frailty"].values[~zero], "expon").pvalue > 1e-4


def test_frailty_of_those_picked_without_calcium_follows_the_same_rule() -> None:
    """Rejection of people's own draws gives what the rule says, so that nothing has to be drawn anew."""
    people = population("older", 4000, rng=3, where={"agatston[coronary]": 0})
    assert stats.kstest(frailty_by_rule(people, "coronary"), "expon").pvalue > 1e-4
    assert stats.kstest(people.values["onset_threshold[coronary]"], "expon").pvalue > 1e-4
    assert (people.values["life_counted[coronary]"] == 0).all()
    assert (people.values["entry_score[coronary]"] == 0).all()


def test_growth_is_independent_of_a_score_that_people_were_picked_by() -> None:
    people = population("older", 4000, rng=3, where={"agatston[coronary]": "> 300"})
    growth = np.log(people.table["person_growth"].values)
    assert stats.kstest(growth / 0.6, "norm").pvalue > 1e-4
    assert np.array_equal(people.factors["person_growth[coronary]"], people.table["person_growth"].values)
    assert (people.table["agatston[coronary]"].values > 300).all()


def test_thresholds_are_passed_where_there_is_calcium() -> None:
    people = population("cac", 50, rng=1)
    assert (people.values["onset_threshold[coronary]"] == PASSED).all()
    assert (people.values["life_counted[coronary]"] == 1).all()


@pytest.mark.parametrize("engine", [mk.Cascade(), mk.Reference()])
def test_a_known_score_starts_a_simulation_and_grows_from_there(engine: object) -> None:
    table = {"age": [60, 60, 60], "agatston[coronary]": [0.0, 0.5, 250.0], "agatston[aortic valve]": [80.0, 0.0, 0.0]}
    people = Population.from_frame(table, rng=2)
    result = mk.simulate(
        mk.models.vitamin_k(), people, None, times=[0.0, 365.0], outputs=["agatston"], engine=engine, rtol=1e-6
    )
    scores = result["agatston"]
    assert scores.sel(site="coronary").values[:, 0] == pytest.approx([0.0, 0.5, 250.0], rel=1e-9)
    assert scores.sel(site="aortic valve").values[:, 0] == pytest.approx([80.0, 0.0, 0.0], rel=1e-9)
    later = scores.values[:, 1]
    assert (later >= scores.values[:, 0]).all()
    assert later[2, list(scores.site.values).index("coronary")] > 255


@pytest.mark.accuracy
def test_people_without_calcium_get_it_at_the_rate_of_the_rule() -> None:
    """Over a year, one share 1/(1 + growth of the hazard) of a Gamma(1) frailty stays at zero."""
    people = population("healthy", 600, rng=4, where={"agatston[coronary]": 0, "age": (60, 62)})
    result = mk.simulate(mk.models.vitamin_k(), people, None, times=[0.0, 5 * 365.25], outputs=["agatston"])
    got = (result["agatston"].sel(site="coronary").values[:, 1] > 0).mean()
    hazard = hazard_to_entry(columns(people), people.factors, people.values, people.diet, "coronary")
    # the hazard rises by e^0.14 a year
    expected = (1 - (1 + hazard) / (1 + hazard * np.exp(0.14 * 5))).mean()
    assert got == pytest.approx(expected, abs=4.5 * np.sqrt(expected * (1 - expected) / 600) + 0.01)
