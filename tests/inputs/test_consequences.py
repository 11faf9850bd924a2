"""People with other columns: what follows from a column follows, everything else of the person stays."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from tests.inputs.grown import GROWN

from menaquinone.errors import InputError, UnknownNameError
from menaquinone.inputs.distributions import Fixed
from menaquinone.inputs.population import population
from menaquinone.inputs.repeated import repeated

PEOPLE = population(GROWN, 6, rng=4)
CHANGES = {"weight": 82.5, "triglycerides": 3.0, "phosphate": 4.4, "diabetes": 1.0, "sex": 0.0, "frailty": 2.0}


def drawn_with(**fixed):
    """Draw the same people from a record in which some columns are the same for everybody."""
    record = GROWN
    draws = {
        name: replace(draw, distribution=Fixed(fixed[name]), along=None) if name in fixed else draw
        for name, draw in record.draws.items()
    }
    return population(replace(record, draws=draws), 6, rng=4)


def assert_same_people(one, other):
    for kind in ("factors", "values", "diet"):
        held, wanted = getattr(one, kind), getattr(other, kind)
        assert set(held) == set(wanted)
        for name, array in wanted.items():
            np.testing.assert_array_equal(held[name], array, err_msg=name)
    for name, column in other.table.items():
        np.testing.assert_array_equal(one.table[name].values, column.values, err_msg=name)


@pytest.mark.parametrize("name", [*CHANGES, "pwv_entry", "onset_threshold[coronary]", "diet[MK-7]", "clearance[MK-7]"])
def test_a_column_brings_what_it_would_have_brought_at_birth(name):
    value = CHANGES.get(name, 1.7)
    assert_same_people(PEOPLE.having({name: value}), drawn_with(**{name: value}))


def test_several_columns_together():
    assert_same_people(PEOPLE.having(CHANGES), drawn_with(**CHANGES))
    one_by_one = PEOPLE
    for name, value in CHANGES.items():
        one_by_one = one_by_one.having({name: value})
    assert_same_people(one_by_one, PEOPLE.having(CHANGES))


def test_other_columns_stay_even_those_that_moved_along_at_birth():
    older = PEOPLE.having({"age": 80})
    assert (older.table["egfr"].values == PEOPLE.table["egfr"].values).all()
    assert (older.covariates(0.0)["age"].values[:, 0] == 80).all()
    assert (PEOPLE.having({"egfr": 30}).covariates(0.0)["egfr"].values[:, 0] == 30).all()


def test_units_and_one_value_each():
    assert (PEOPLE.having({"weight": "80000 g"}).table["weight"].values == 80).all()
    grown = PEOPLE.having({"weight": np.arange(60, 66)})
    assert grown.table["weight"].values.tolist() == [60, 61, 62, 63, 64, 65]
    assert grown.table["weight"].source == "assumed: given by the user"
    assert grown.table["weight"].unit == "kg"


def test_selecting_and_pickling_keep_what_is_known():
    some = pickle.loads(pickle.dumps(PEOPLE.select([4, 2])))
    assert_same_people(some.having({"weight": 50}), PEOPLE.having({"weight": 50}).select([4, 2]))


def test_people_not_drawn_from_a_record_have_covariates_to_change():
    bare = replace(PEOPLE, record=None)
    assert bare.changeable == ("age", "years_since_last_period", "egfr")
    assert (bare.having({"age": 50}).table["age"].values == 50).all()
    with pytest.raises(UnknownNameError, match=r"^unknown column of population 'postmenopausal' that can be changed"):
        bare.having({"weight": 50})


def test_factors_of_ones_own_are_not_lost_in_silence():
    changed = replace(PEOPLE, factors={**PEOPLE.factors, "clearance[K1]": np.ones(6)})
    ill = PEOPLE.having({"diabetes": 1})
    wanted = replace(ill, factors={**ill.factors, "clearance[K1]": np.ones(6)})
    assert_same_people(changed.having({"diabetes": 1}), wanted)
    with pytest.raises(InputError) as refused:
        changed.having({"weight": 80, "triglycerides": 2})
    assert str(refused.value) == (
        "'weight' and 'triglycerides' of population 'postmenopausal': got effects on 'clearance[K1]' that are not "
        "those of its columns, expected people as they were drawn."
    )


# The same people again and again --------------------------------------------------------------------------------------


def test_everybody_at_every_point():
    weights, clearances = np.array([50.0, 90.0, 70.0]), np.array([1.0, 2.0, 3.0])
    every = repeated(
        PEOPLE, 3, columns={"weight": weights}, values={"clearance[MK-7]": clearances},
        diet={"K1": np.array([0, 9, 8.0])}, wanted={"clearance[MK-7]", "exchange[MK-7]", "clearance[K1]", "pwv_entry"},
    )  # fmt: skip
    assert every.n == 18
    assert set(every.factors) == {"clearance[MK-7]", "exchange[MK-7]", "clearance[K1]"}
    assert every.drawn_as.tolist() == [*range(6)] * 3
    for point in range(3):
        here = PEOPLE.having({"weight": weights[point]})
        mine = slice(6 * point, 6 * point + 6)
        for name, array in every.factors.items():
            np.testing.assert_array_equal(array[mine], here.factors[name])
        assert (every.values["clearance[MK-7]"][mine] == clearances[point]).all()
        np.testing.assert_array_equal(every.values["pwv_entry"][mine], PEOPLE.values["pwv_entry"])
        assert (every.diet["K1"][mine] == [0, 9, 8][point]).all()
        np.testing.assert_array_equal(every.diet["MK-7"][mine], PEOPLE.diet["MK-7"])
        np.testing.assert_array_equal(every.table["age"].values[mine], PEOPLE.table["age"].values)


def test_the_same_person_has_the_same_luck_under_every_id():
    every = repeated(PEOPLE, 2, columns={}, values={}, diet={}, wanted={})
    luck = every.covariates(1e5, growth_noise=True)["growth_noise"].values
    alone = PEOPLE.covariates(1e5, growth_noise=True)["growth_noise"].values
    np.testing.assert_array_equal(luck, np.concatenate([alone, alone]))
    again = every.select([7, 1])
    assert again.drawn_as.tolist() == [1, 1]
    assert pickle.loads(pickle.dumps(again)).drawn_as.tolist() == [1, 1]
