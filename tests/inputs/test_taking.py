"""Drugs taken for long, and genotypes: columns of people, and what the model hears of them."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

import menaquinone as mk
from menaquinone.catalogue.antagonists import WARFARIN
from menaquinone.errors import InputError, UnknownNameError

PEOPLE = mk.population("postmenopausal", 4, rng=7)


def intake(people, hours):
    found = people.covariates(8766.0)["habitual_drug"]
    assert found.members == ("warfarin", "acenocoumarol")
    return found.at(hours)


def test_a_drug_is_a_constant_input():
    users = PEOPLE.taking({"warfarin": "35 mg/wk"})
    np.testing.assert_allclose(intake(users, [0, 1000])[:, :, 0], 5.0)
    assert (intake(users, [0, 1000])[:, :, 1] == 0).all()
    assert users.drugs == ("warfarin",)
    assert PEOPLE.drugs == ()
    assert users.table["drug[warfarin]"].unit == "mg/d"


def test_everybody_may_take_their_own():
    users = PEOPLE.taking({WARFARIN: [0, 2, 4, 6], "acenocoumarol": 1})
    assert intake(users, [0])[:, 0].tolist() == [[0, 1], [2, 1], [4, 1], [6, 1]]
    some = pickle.loads(pickle.dumps(users.select([3, 1])))
    assert intake(some, [0])[:, 0, 0].tolist() == [6, 2]
    assert users.having({"drug[warfarin]": 3}).table["drug[warfarin]"].values.tolist() == [3] * 4


def test_a_drug_that_is_stopped_is_gone_from_then_on():
    users = PEOPLE.taking({"warfarin": 5}, until="2 d")
    assert intake(users, [0, 47.9, 48, 400])[0, :, 0].tolist() == [5, 5, 0, 0]
    ends = replace(users.table["drugs_end"], values=np.array([np.nan, 1.0, 2.0, np.nan]))
    apart = intake(replace(users, table={**users.table, "drugs_end": ends}), [0, 24, 48, 8000])[:, :, 0]
    assert apart.tolist() == [[5, 5, 5, 5], [5, 0, 0, 0], [5, 5, 0, 0], [5, 5, 5, 5]]


def test_genotypes_by_name_reach_the_model():
    people = PEOPLE.having({"VKORC1": ["GG", "AG", "AA", "GG"], "CYP2C9": "*3/*1", "CYP4F2": [0, 1, 2, 0]})
    assert people.values["vkorc1_a[warfarin]"].tolist() == [0, 1, 2, 0]
    assert people.values["cyp2c9_3[warfarin]"].tolist() == [1] * 4
    assert people.values["cyp2c9_2[acenocoumarol]"].tolist() == [0] * 4
    assert people.values["cyp4f2_carrier[warfarin]"].tolist() == [0, 1, 1, 0]
    assert people.table["CYP2C9"].values.tolist() == [13] * 4
    again = people.having({"VKORC1": "GG"})
    assert again.values["vkorc1_a[warfarin]"].tolist() == [0] * 4
    assert again.values["cyp2c9_3[warfarin]"].tolist() == [1] * 4
    assert set(PEOPLE.changeable) >= {"VKORC1", "CYP2C9", "CYP4F2"}


REFUSALS = [
    (lambda: PEOPLE.having({"VKORC1": "TT"}), UnknownNameError,
     "unknown genotype of VKORC1: got 'TT', expected one of 'GG', 'GA' and 'AA'."),
    (lambda: PEOPLE.having({"CYP2C9": "*1/*4"}), UnknownNameError,
     ("unknown genotype of CYP2C9: got '*1/*4', expected one of '*1/*1', '*1/*2', '*1/*3', '*2/*2', '*2/*3' and "
      "'*3/*3'; the nearest is '*1/*3'.")),
    (lambda: PEOPLE.having({"VKORC1": ["GG", "GA"]}), InputError,
     "shape of column 'VKORC1' of population 'postmenopausal': got (2,), expected one value for each of 4 people."),
    (lambda: PEOPLE.taking({"warfarine": "5 mg/d"}), UnknownNameError,
     "unknown antagonist: got 'warfarine', expected one of 'warfarin' and 'acenocoumarol'; the nearest is 'warfarin'."),
    (lambda: PEOPLE.taking({"warfarin": "-5 mg/d"}), InputError,
     "daily dose of warfarin: got -5.0, expected a finite number of at least 0 in mg/d."),
    (lambda: PEOPLE.taking({"warfarin": "5 mg"}), InputError,
     "daily dose of warfarin: got '5 mg', expected a quantity in mg/d or a unit of the same dimension."),
    (lambda: PEOPLE.taking({"warfarin": [5, 5, 5]}), InputError,
     "shape of the daily dose of warfarin: got (3,), expected one number, or one for each of 4 people."),
    (lambda: PEOPLE.taking("warfarin"), InputError,
     "drugs: got 'warfarin', expected daily doses by antagonist such as {'warfarin': '5 mg/d'}."),
    (lambda: PEOPLE.taking({"warfarin": 5}, until="0 d"), InputError,
     "until: got '0 d', expected a time after entry, at which the steady state is."),
    (lambda: mk.simulate(mk.models.vitamin_k(), PEOPLE, mk.dose("warfarin", "5 mg"), times=[1]), InputError,
     ("dose of warfarin: got a model without it, expected one as in "
      "mk.models.vitamin_k(antagonists=['warfarin']).")),
    (lambda: mk.simulate(mk.models.vitamin_k(), PEOPLE.taking({"warfarin": 5}), times=[0]), InputError,
     ("model 'vitamin K' of population 'postmenopausal', which takes warfarin for long: got no antagonist 'warfarin', "
      "expected one as in mk.models.vitamin_k(antagonists=['warfarin']).")),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "kind", "message"), REFUSALS)
def test_refusals(ask, kind, message):
    with pytest.raises(kind) as caught:
        ask()
    assert str(caught.value) == message
