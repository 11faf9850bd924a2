"""Values of columns that users hand in: every refusal, whole."""

import numpy as np
import pytest

from menaquinone.errors import InputError
from menaquinone.inputs.population import population

PEOPLE = population("postmenopausal", 2, rng=1)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"weight": np.nan}, "weight: got nan, expected a finite number above 0 in kg."),
        ({"weight": "80 h"}, "weight: got '80 h', expected a quantity in kg or a unit of the same dimension."),
        ({"weight": [1, 2, 3]}, "shape of the weight: got (3,), expected one number, or one for each of 2 people."),
        (
            {"weight": ["a", "b"]},
            "weight: got ['a', 'b'], expected a quantity, a number in kg or one for each person.",
        ),
        ({"weight": [70, -5]}, "weight: got -5.0, expected a finite number above 0 in kg."),
        ({"age": 121}, "age: got 121.0, expected a finite number of at least 0 and at most 120 in a."),
        ({"diet[K1]": "-1 ug/d"}, "diet[K1]: got -1.0, expected a finite number of at least 0 in ug/d."),
        ({"years_since_last_period": np.inf}, "years_since_last_period: got inf, expected a finite number in a."),
        ({"person_basal": np.nan}, "person_basal: got nan, expected a finite number."),
        ({"sex": 7}, "sex: got 7.0, expected one of 'male' and 'female'."),
        (
            {"sex": "man"},
            "unknown category of 'sex': got 'man', expected one of 'male' and 'female'; the nearest is 'male'.",
        ),
        ([70], "columns: got [70], expected values by column such as {'weight': 80}."),
    ],
)
def test_values_that_are_refused(columns, message):
    with pytest.raises(InputError) as refused:
        PEOPLE.having(columns)
    assert str(refused.value) == message


def test_years_since_the_last_period_may_be_negative():
    assert PEOPLE.having({"years_since_last_period": -3}).table["years_since_last_period"].values.tolist() == [-3, -3]


def test_labels_and_their_numbers_are_the_same():
    assert PEOPLE.having({"sex": "male"}).table["sex"].values.tolist() == [0, 0]
    assert PEOPLE.having({"sex": np.array([0, 1])}).table["sex"].labels.tolist() == ["male", "female"]
