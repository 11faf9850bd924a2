"""People picked by conditions: the k-th candidate who meets them, the same whatever n; hopeless conditions refused."""

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.errors import InputError, UnknownNameError
from menaquinone.inputs.baselines import at_entry
from menaquinone.inputs.people import RECORDS
from menaquinone.inputs.population import Population, population

VALVE = {"agatston[aortic valve]": "> 300", "age": (65, 74), "sex": "male"}
WHERE: list[tuple[str, dict[str, Any]]] = [
    ("avc", VALVE),
    ("older", {"agatston[thoracic aorta]": (1, 400), "diabetes": True}),
    ("ckd", {"egfr": "< 30", "dp_ucmgp": ">= 1000 pmol/L"}),
    ("postmenopausal", {"VKORC1": ["GA", "AA"], "weight": (60, None)}),
    ("healthy", {"agatston[coronary]": 0, "pwv": "< 8 m/s", "frailty": "< 1"}),
    ("vka", {"CYP2C9": "*3/*1", "agatston[coronary]": "> 100"}),
]


def same(one: Population, other: Population) -> bool:
    tables = [{name: column.values for name, column in people.table.items()} for people in (one, other)]
    pairs = [(one.factors, other.factors), (one.values, other.values), (one.diet, other.diet), tuple(tables)]
    return np.array_equal(one.drawn_as, other.drawn_as) and all(
        a.keys() == b.keys() and all(np.array_equal(a[name], b[name], equal_nan=True) for name in a) for a, b in pairs
    )


@settings(max_examples=20)
@given(st.sampled_from(WHERE), st.integers(1, 60), st.data(), st.integers(0, 2**64 - 1))
def test_subject_k_is_the_same_person_whatever_n(case: Any, n: int, data: st.DataObject, seed: int) -> None:
    name, where = case
    k = data.draw(st.integers(0, n - 1))
    few, many = population(name, k + 1, rng=seed, where=where), population(name, n, rng=seed, where=where)
    assert same(few.select([k]), many.select([k]))


@pytest.mark.parametrize(("name", "where"), WHERE)
def test_those_who_are_picked_are_the_candidates_who_meet_the_conditions(name: str, where: dict[str, Any]) -> None:
    """Exactly they, in order: everybody is drawn and looked at."""
    picked = population(name, 40, rng=6, where=where)
    assert picked.drawn_as is not None
    tried = int(picked.drawn_as[-1]) + 1
    assert picked.acceptance == 40 / tried
    crowd = population(name, tried, rng=6)
    columns = {key: column.values for key, column in crowd.table.items()}
    held = at_entry(columns, crowd.factors, crowd.values, crowd.diet) | columns
    met = {
        "agatston[aortic valve]": lambda v: v > 300,
        "agatston[thoracic aorta]": lambda v: (v >= 1) & (v <= 400),
        "age": lambda v: (v >= 65) & (v <= 74),
        "sex": lambda v: v == 0,
        "diabetes": lambda v: v == 1,
        "egfr": lambda v: v < 30,
        "dp_ucmgp": lambda v: v >= 1000,
        "VKORC1": lambda v: v >= 1,
        "weight": lambda v: v >= 60,
        "pwv": lambda v: v < 8,
        "frailty": lambda v: v < 1,
        "CYP2C9": lambda v: v == 13,
    }
    score = {
        "healthy": lambda v: v == 0,
        "vka": lambda v: v > 100,
    }
    fits = np.logical_and.reduce(
        [(score[name] if key == "agatston[coronary]" else met[key])(held[key]) for key in where]
    )
    assert np.flatnonzero(fits).tolist() == picked.drawn_as.tolist()
    kept = [key for key in picked.table if key in crowd.table and not key.startswith(("person_growth", "onset_thr"))]
    for key in kept:
        expected = crowd.table[key].values[picked.drawn_as]
        assert np.array_equal(picked.table[key].values, expected, equal_nan=True), key
    assert picked.notes[-1].endswith(f": 40 of {tried} candidates.")


def test_conditions_are_said_in_the_notes() -> None:
    people = population("avc", 5, rng=1, where=VALVE)
    tried = round(5 / people.acceptance)
    assert people.notes[-1] == (
        f"Picked by agatston[aortic valve] > 300 AU; age from 65 to 74 a; sex male: 5 of {tried} candidates."
    )
    assert population("avc", 5, rng=1).acceptance == 1.0


def test_chunks_and_pickles_are_the_same_people() -> None:
    people = population("avc", 30, rng=2, where=VALVE)
    assert same(pickle.loads(pickle.dumps(people)).select(slice(10, 20)), people.select(range(10, 20)))
    noise = people.covariates(9000, growth_noise=True)["growth_noise"].values
    assert np.array_equal(people.select([7]).covariates(9000, growth_noise=True)["growth_noise"].values[0], noise[7])


def test_arms_and_diets_share_the_people() -> None:
    people = population("avc", 6, rng=2, where=VALVE)
    eating = population("avc", 6, rng=2, where=VALVE, diet={"MK-7": 50.0})
    assert (eating.diet["MK-7"] == 50).all()
    assert np.array_equal(eating.drawn_as, people.drawn_as)
    result = mk.simulate(mk.models.vitamin_k(), people, None, times=[0.0], outputs=["agatston"])
    scores = result["agatston"].sel(site="aortic valve").values[:, 0]
    assert scores == pytest.approx(people.table["agatston[aortic valve]"].values, rel=1e-9)


def test_a_condition_that_everybody_meets_changes_nobody() -> None:
    every, plain = population("healthy", 50, rng=4, where={"age": (0, None)}), population("healthy", 50, rng=4)
    assert every.acceptance == 1.0
    for name, column in plain.table.items():
        assert np.array_equal(every.table[name].values, column.values, equal_nan=True)


MESSAGES: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    (
        "postmenopausal",
        {"sex": "male"},
        InputError,
        (
            "where: got conditions that 0 of 200000 candidates of population 'postmenopausal' meet (alone, of "
            "1000, the "
            "share 0 of 'sex male'), expected at least 1 in 10000."
        ),
    ),
    (
        "healthy",
        {"sex": "man"},
        UnknownNameError,
        "unknown category of 'sex': got 'man', expected one of 'male' and 'female'; the nearest is 'male'.",
    ),
    (
        "healthy",
        {"VKORC1": "AB"},
        UnknownNameError,
        "unknown genotype of VKORC1: got 'AB', expected one of 'GG', 'GA' and 'AA'; the nearest is 'GA'.",
    ),
    (
        "healthy",
        {"age": "old"},
        InputError,
        (
            "condition on 'age': got 'old', expected a comparison such as '> 300', an interval such as (65, 74), or a "
            "number."
        ),
    ),
    (
        "healthy",
        {"age": (74, 65)},
        InputError,
        "condition on 'age': got (74, 65), expected an interval whose first end is not above its second.",
    ),
    (
        "healthy",
        {"age": True},
        InputError,
        (
            "condition on 'age': got True, expected a comparison such as '> 300', an interval such as (65, 74), or a "
            "number."
        ),
    ),
    ("healthy", {}, InputError, "where: got {}, expected conditions by column, such as {'age': (65, 74)}."),
    (
        "healthy",
        {"sex": []},
        InputError,
        "condition on 'sex': got [], expected one or more of 'male' and 'female'.",
    ),
    (
        "older",
        {"agatston[thoracic aorta]": "> 100", "person_growth": "< 1"},
        InputError,
        (
            "person_growth: got a condition beside one on a calcium score that a life has grown, expected one "
            "of the two, "
            "because growth is drawn anew for people picked by such a score."
        ),
    ),
    (
        "vka",
        {"dp_ucmgp": "> 500"},
        InputError,
        (
            "where: got a condition on 'dp_ucmgp' of population 'vka', which takes warfarin for long, expected "
            "conditions "
            "on columns, because baselines are known without drugs alone."
        ),
    ),
]


@pytest.mark.parametrize(("name", "where", "kind", "message"), MESSAGES)
def test_messages(name: str, where: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as refusal:
        population(name, 3, rng=1, where=where)
    assert str(refusal.value) == message


def test_a_column_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as refusal:
        population("healthy", 3, where={"agatston[thoracic]": "> 3"})
    assert str(refusal.value).endswith("the nearest is 'agatston[thoracic aorta]'.")


def test_rare_people_are_found_where_hopeless_ones_are_refused() -> None:
    """One in a few thousand is slow and allowed."""
    people = population("healthy", 2, rng=3, where={"weight": "> 120"})
    assert 1e-4 < people.acceptance < 0.02
    assert set(RECORDS) >= {"healthy"}
