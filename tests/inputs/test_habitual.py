"""A diet as the habitual one: who eats what, and what of it is an intake of its own."""

import numpy as np
import pytest

from menaquinone.catalogue.diets import COUNTED
from menaquinone.errors import InputError
from menaquinone.inputs.diet import diet
from menaquinone.inputs.habitual import habitual
from menaquinone.inputs.population import population
from menaquinone.inputs.regimen import dose

IDS = np.arange(20_000)


def test_means_and_spreads_are_those_of_the_diet():
    found, one = habitual(diet("Netherlands"), 3, IDS), diet("Netherlands")
    for form, intake in one.intake.items():
        assert found[form].eaten.mean() == pytest.approx(intake, rel=0.02)
    assert np.log(found["K1"].eaten).std() == pytest.approx(0.45, abs=0.01)
    assert np.array_equal(found["K1"].counted, found["K1"].eaten)


def test_only_what_basal_does_not_hold_is_counted():
    gouda = habitual(diet({"gouda": "100 g/d"}, region="NL"), 3, IDS[:5])
    assert (gouda["MK-9"].eaten == 100 * 0.65 * 70 / 75 * 2 / 3).all()
    assert gouda["MK-9"].counted == pytest.approx(0.432 * gouda["MK-9"].eaten - COUNTED["MK-9"].value)
    little = habitual(diet({"gouda": "5 g/d"}, region="NL"), 3, IDS[:5])
    assert not little["MK-9"].counted.any()


def test_a_population_on_a_diet():
    eaten = diet("Netherlands") + diet({"natto": "10 g/d"}, region="JP")
    people = population("postmenopausal", 50, rng=5, diet=eaten)
    plain = population("postmenopausal", 50, rng=5)
    assert set(people.diet) == {"K1", "MK-4", "MK-7", "MK-8", "MK-9"}
    assert people.notes == (*plain.notes, *eaten.notes)
    assert all(np.array_equal(people.factors[name], plain.factors[name]) for name in plain.factors)
    assert np.array_equal(people.table["diet[MK-7]"].values, people.diet["MK-7"])
    assert people.table["eaten[MK-9]"].values.mean() == pytest.approx(11.2, rel=0.2)
    assert "knapen-2015-yogurt-mk7-baseline" in people.sources["diet[MK-7]"]
    # whoever eats much K1 eats much K1 on any diet
    assert np.array_equal(np.argsort(people.diet["K1"]), np.argsort(plain.diet["K1"]))
    again = plain.eating(eaten)
    assert all(np.array_equal(again.diet[form], people.diet[form]) for form in people.diet)
    alone = population("postmenopausal", 50, rng=5).select([7]).eating(eaten)
    assert alone.diet["MK-7"][0] == people.diet["MK-7"][7]


def test_a_diet_takes_the_place_of_all_that_was_eaten():
    people = population("reference", 2, diet=diet({"spinach": "50 g/d"}, region="NL"))
    assert people.diet["K1"].tolist() == [193.5, 193.5]
    assert people.diet["MK-7"].tolist() == [0.0, 0.0]
    assert people.sources["diet[MK-7]"] == "assumed: the habitual diet that was given holds none"
    back = people.eating(diet({"natto": "10 g/d"}, region="JP"))
    assert back.diet["MK-7"].tolist() == [93.9, 93.9]
    assert [name for name in back.table if name.startswith("eaten")] == ["eaten[K1]", "eaten[MK-7]"]


def test_intakes_by_form_are_as_before():
    people = population("reference", 2, diet={"MK-7": 50.0})
    assert people.diet["MK-7"].tolist() == [50.0, 50.0]
    assert people.diet["K1"].all()


def test_a_portion_is_no_habit():
    with pytest.raises(InputError) as caught:
        population("reference", 1, diet=diet({"natto": "100 g"}, region="JP"))
    assert str(caught.value) == (
        "habitual diet: got 'a portion of natto', expected an amount per day such as {'natto': '50 g/d'}."
    )


@pytest.mark.parametrize(
    ("eaten", "message"),
    [
        (
            "Netherlands",
            "habitual diet: got 'Netherlands', expected a diet such as mk.diet('Netherlands'), or ug/d by form.",
        ),
        (
            {"natto": "50 g/d"},
            "form in a habitual diet: got 'natto', expected a form; mk.diet({'natto': '50 g/d'}) is for foods.",
        ),
        (
            {"MK-7": "50 ug"},
            "intake of MK-7: got '50 ug', expected a quantity in ug/d or a unit of the same dimension.",
        ),
        (
            {"MK-7": [1.0, 2.0, 3.0]},
            "shape of the intake of MK-7: got (3,), expected one number, or one for each of 2 people.",
        ),
        (
            {"MK-7": "-5 ug/d"},
            "diet 'MK-7' of population 'reference': got -5.0, expected finite numbers of at least 0.",
        ),
        (
            {"MK-7": "some"},
            "intake of MK-7: got 'some', expected a quantity with its unit such as '1 ug/d'.",
        ),
        (
            {"MK-7": {"a": 1}},
            "intake of MK-7: got {'a': 1}, expected a quantity, a number in ug/d or one for each person.",
        ),
        (
            diet("Japan") + dose("MK-7", "45 ug", every="24 h"),
            "habitual diet: got 'a regimen', expected a diet such as mk.diet('Netherlands'); doses belong to a run.",
        ),
        (
            diet("Japan", until="30 d"),
            "habitual diet: got 'one that starts or ends', expected a diet without `start` and `until`.",
        ),
        (
            diet("Japan", start="30 d", meals=None),
            "habitual diet: got 'one that starts or ends', expected a diet without `start` and `until`.",
        ),
    ],
)
def test_refusals(eaten, message):
    with pytest.raises(InputError) as caught:
        population("reference", 2, diet=eaten)
    assert str(caught.value) == message


def test_intakes_may_have_units():
    people = population("reference", 2, diet={"MK-7": "0.35 mg/wk", "K1": [50.0, 60.0]})
    assert people.diet["MK-7"] == pytest.approx([50.0, 50.0])
    assert people.diet["K1"].tolist() == [50.0, 60.0]
