"""People of a user's own table: checked, completed by draws that fit the table, and the same after a round trip."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.errors import InputError, UnknownNameError
from menaquinone.inputs.people import RECORDS
from menaquinone.inputs.population import Population, population

TABLE: dict[str, Any] = {
    "id": [7, 3, 11],
    "age": [61.0, 70.0, 48.0],
    "sex": ["male", "female", "female"],
    "weight": [82.0, 64.0, 71.0],
    "years_since_last_period": [None, 20.0, -2.0],
}


def same(one: Population, other: Population) -> None:
    for kind in ("factors", "values", "diet"):
        a, b = getattr(one, kind), getattr(other, kind)
        assert a.keys() == b.keys()
        for name in a:
            assert np.array_equal(a[name], b[name]), name
    for name, column in one.table.items():
        assert np.array_equal(column.values, other.table[name].values, equal_nan=True), name


@given(st.sampled_from(sorted(set(RECORDS) - {"reference"})), st.integers(1, 6), st.integers(0, 2**32))
def test_a_round_trip_gives_the_same_people(name: str, n: int, seed: int) -> None:
    people = population(name, n, rng=seed)
    same(people, Population.from_frame(people.columns(), like=name, rng=seed))


@given(st.sampled_from([{"agatston[coronary]": "> 50"}, {"agatston[aortic valve]": 0}]), st.integers(0, 2**32))
def test_a_round_trip_of_people_picked_by_a_score(where: dict[str, Any], seed: int) -> None:
    people = population("older", 4, rng=seed, where=where)
    same(people, Population.from_frame(people.columns(), like="older", rng=seed))


def test_what_the_table_says_is_kept_and_the_rest_drawn() -> None:
    people = Population.from_frame(TABLE, rng=5)
    assert people.ids.tolist() == [7, 3, 11]
    assert people.table["age"].values.tolist() == TABLE["age"]
    assert people.table["sex"].labels.tolist() == TABLE["sex"]
    assert people.table["age"].source == "assumed: given by the user"
    assert people.table["egfr"].source != "assumed: given by the user"
    assert people.factors["central_volume[K1]"] == pytest.approx(np.array(TABLE["weight"]) / 70)
    assert np.allclose(people.factors["incidence[coronary]"] * 0.186, [0.35, 0.12, 0.12])
    assert people.notes[-1] == (
        "Columns age, sex, weight, years_since_last_period are the user's; the others were drawn as 'healthy'."
    )
    drawn = population("healthy", 12, rng=5)
    assert people.table["clearance[MK-4]"].values[0] == drawn.table["clearance[MK-4]"].values[7]


def test_pandas_xarray_and_mappings_are_the_same_table() -> None:
    pandas, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    people = Population.from_frame(TABLE, rng=5)
    same(people, Population.from_frame(pandas.DataFrame(TABLE), rng=5))
    arrays = {name: ("subject", np.array(values, object if name == "sex" else None)) for name, values in TABLE.items()}
    arrays["years_since_last_period"] = ("subject", np.array([np.nan, 20.0, -2.0]))
    same(people, Population.from_frame(xarray.Dataset(arrays), rng=5))


def test_a_pandas_round_trip() -> None:
    pandas = pytest.importorskip("pandas")
    people = population("ckd", 5, rng=3)
    same(people, Population.from_frame(pandas.DataFrame(people.columns()), like="ckd", rng=3))


def test_units_are_converted() -> None:
    xarray = pytest.importorskip("xarray")
    grams = Population.from_frame({**TABLE, "weight": [82000, 64000, 71000]}, rng=5, units={"weight": "g"})
    same(Population.from_frame(TABLE, rng=5), grams)
    dataset = xarray.Dataset({"age": ("subject", [60.0]), "weight": ("subject", [7e4], {"units": "g"})})
    assert Population.from_frame(dataset, rng=1).table["weight"].values == pytest.approx([70.0])


def test_age_of_the_table_goes_with_the_scores_that_are_drawn() -> None:
    """Scores are drawn given the table's ages: the correlation of the record holds."""
    n = 4000
    old = Population.from_frame({"age": np.full(n, 74.0), "sex": ["male"] * n}, rng=1)
    young = Population.from_frame({"age": np.full(n, 46.0), "sex": ["male"] * n}, rng=1)
    scores = [np.median(one.table["agatston[coronary]"].values) for one in (young, old)]
    assert scores[0] < 20 < 80 < scores[1]


def test_a_table_like_the_population_has_its_joint_distribution() -> None:
    people = population("healthy", 8000, rng=2)
    table = {name: people.columns()[name] for name in ("age", "sex")}
    again = Population.from_frame(table, rng=3)
    for name in ("agatston[coronary]", "egfr", "pwv_entry"):
        a, b = (one.table[name].values for one in (people, again))
        assert np.percentile(a, 75) == pytest.approx(np.percentile(b, 75), rel=0.12)
        assert np.corrcoef(np.log1p(np.abs(a)), people.table["age"].values)[0, 1] == pytest.approx(
            np.corrcoef(np.log1p(np.abs(b)), people.table["age"].values)[0, 1], abs=0.05
        )


def test_a_level_of_dp_ucmgp_holds_at_entry() -> None:
    people = Population.from_frame({**TABLE, "dp_ucmgp": [400.0, 900.0, 150.0]}, rng=5)
    result = mk.simulate(mk.models.vitamin_k(), people, None, times=[0.0], outputs=["dp_ucmgp"])
    assert result["dp_ucmgp"].values[:, 0] == pytest.approx([400, 900, 150], rel=1e-9)


def changed(**columns: Any) -> dict[str, Any]:
    return {**TABLE, **columns}


MESSAGES: list[tuple[Any, dict[str, Any], str]] = [
    (
        changed(weight=[82.0, None, np.nan]),
        {},
        (
            "column 'weight' of the table: got no value in row 1 (2 of 3 are missing), expected one for every person; "
            "leave the column out to have it drawn."
        ),
    ),
    (
        changed(weight=[82.0, -1.0, 70.0]),
        {},
        "column 'weight' of the table: got -1 kg in row 1, expected finite numbers above 0.",
    ),
    (
        changed(age=[82.0, 130.0, 70.0]),
        {},
        "column 'age' of the table: got 130 a in row 1, expected finite numbers of at least 0 and at most 120.",
    ),
    (
        changed(**{"agatston[coronary]": [0.0, -5.0, 3.0]}),
        {},
        "column 'agatston[coronary]' of the table: got -5 AU in row 1, expected finite numbers of at least 0.",
    ),
    (
        changed(weight=["82", "heavy", "70"]),
        {},
        "column 'weight' of the table: got 'heavy', expected numbers.",
    ),
    (changed(id=[1, 1, 2]), {}, "subject ids of population 'table': got one twice or not a list, expected each once."),
    (changed(id=[1, 2.5, 2]), {}, "id in row 1 of the table: got 2.5, expected a whole number."),
    (changed(age=[60.0]), {}, "shape of column 'age' of the table: got (1,), expected one value for each person."),
    ({}, {}, "table: got no columns, expected at least one, such as 'age'."),
    (5, {}, "table: got 5, expected a mapping of columns, a pandas DataFrame or an xarray Dataset."),
    (
        changed(pwv=[8.0, 9.0, 7.0], pwv_entry=[8.0, 9.0, 7.0]),
        {},
        "table: got columns 'pwv' and 'pwv_entry', which are one, expected one of them.",
    ),
    (
        changed(**{"dp_ucmgp": [400, 300, 200], "synthesis[MGP]": [1, 1, 1]}),
        {},
        "table: got columns 'dp_ucmgp' and 'synthesis[MGP]', of which one follows from the other, expected one.",
    ),
]


@pytest.mark.parametrize(("table", "options", "message"), MESSAGES)
def test_messages(table: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refusal:
        Population.from_frame(table, rng=1, **options)
    assert str(refusal.value) == message


def test_names_that_are_not_known_bring_the_nearest() -> None:
    for table, options, end in (
        (changed(wieght=[1, 2, 3]), {}, "the nearest is 'weight'."),
        (changed(sex=["male", "femal", "male"]), {}, "the nearest is 'female'."),
        (TABLE, {"units": {"wight": "lb"}}, "the nearest is 'weight'."),
        (TABLE, {"like": "health"}, "the nearest is 'healthy'."),
        (changed(CYP2C9=["*1/*1", "*1/*4", "*2/*3"]), {}, "the nearest is '*1/*3'."),
    ):
        with pytest.raises(UnknownNameError) as refusal:
            Population.from_frame(table, rng=1, **options)
        assert str(refusal.value).endswith(end)


def test_a_unit_of_another_dimension_is_refused() -> None:
    with pytest.raises(InputError) as refusal:
        Population.from_frame(TABLE, rng=1, units={"weight": "L"})
    assert "'weight' of the table" in str(refusal.value)
