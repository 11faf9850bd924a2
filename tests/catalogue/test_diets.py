"""Habitual diets make the intakes that their rows report."""

import pickle
from math import log1p, sqrt

import pytest

from menaquinone.catalogue import evidence
from menaquinone.catalogue.diets import COUNTED, HABITS, habit
from menaquinone.catalogue.foods import food
from menaquinone.catalogue.forms import FORMS
from menaquinone.errors import UnknownNameError
from menaquinone.inputs.diet import diet
from menaquinone.inputs.people.common import intake_holding


def reported(row):
    return evidence.row(row).value


def test_dutch_women_eat_what_gast_2009_reports():
    intake = diet("Netherlands").intake
    menaquinones = sum(amount for form, amount in intake.items() if form != "K1")
    assert intake["K1"] == pytest.approx(reported("gast-2009-k1-intake"), rel=0.02)
    assert menaquinones == pytest.approx(reported("gast-2009-k2-intake"), rel=0.05)
    assert sum(intake[form] for form in ("MK-7", "MK-8", "MK-9")) > 0.75 * menaquinones  # "mainly MK-7, -8, -9"


@pytest.mark.parametrize(("form", "row"), [("K1", "k1"), ("MK-7", "mk7"), ("MK-4", "mk4")])
def test_japanese_women_eat_what_kamao_2007_reports(form, row):
    share = reported(f"kamao-2007-share-{row}") / 100
    assert diet("Japan").intake[form] == pytest.approx(share * reported("kamao-2007-intake"), rel=0.03)


def test_british_women_eat_k1_as_the_note_says():
    assert "women 59-81" in evidence.row("efsa-2017-uk-k1-men").note
    assert 59 < diet("UK").intake["K1"] < 81


@pytest.mark.parametrize(
    ("name", "row"), [("Netherlands", "knapen-2015-yogurt-mk7-baseline"), ("UK", "kaneki-2001-mk7-british")]
)
def test_intake_of_mk7_holds_the_reported_mean_level(name, row):
    form = FORMS["MK-7"]
    between = sum(form.pk.values[key].omega ** 2 for key in ("bioavailability", "clearance"))
    level = reported(row) * 1e3 / form.molar_mass.value
    mean = intake_holding("MK-7", level) / 2.718281828 ** (between / 2)
    assert diet(name).intake["MK-7"] == pytest.approx(mean, rel=0.02)


@pytest.mark.parametrize(("row", "form"), [("gast-2009-k1-intake", "K1"), ("gast-2009-k2-intake", "MK-9")])
def test_the_spread_is_that_of_the_row(row, form):
    one = evidence.row(row)
    sigma = sqrt(log1p((one.spread[0] / one.value) ** 2))
    assert habit("Netherlands").spread[form].value == pytest.approx(sigma, abs=0.01)


def test_the_basal_supply_counts_what_dutch_women_absorb():
    absorbed = dict.fromkeys(COUNTED, 0.0)
    for one in diet("Netherlands").parts:
        if one.form in absorbed:
            absorbed[one.form] += one.absorbed
    assert absorbed == pytest.approx({form: value.value for form, value in COUNTED.items()}, rel=0.08)


@pytest.mark.parametrize("one", HABITS.values(), ids=lambda one: one.name)
def test_a_habit_is_whole(one):
    assert all(food(name).chosen(one.regions) for name in one.foods)
    assert set(diet(one.name).intake) <= set(one.spread)
    assert pickle.loads(pickle.dumps(one)) == one
    assert one.flags


def test_an_unknown_habit():
    with pytest.raises(UnknownNameError) as caught:
        habit("Nederland")
    assert str(caught.value) == (
        "unknown habitual diet: got 'Nederland', expected one of 'Netherlands', 'Japan', 'UK' and 'US'; "
        "the nearest is 'Netherlands'."
    )
