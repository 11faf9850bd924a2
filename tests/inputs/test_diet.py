"""Diets: grams become amounts, amounts become meals, and nothing is lost on the way."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import menaquinone as mk
from menaquinone.catalogue import evidence
from menaquinone.catalogue.foods import FOODS
from menaquinone.catalogue.forms import FORMS
from menaquinone.errors import InputError, UnknownNameError
from menaquinone.inputs.diet import Diet, diet
from menaquinone.inputs.schedule import expand

EATABLE = sorted((name, region) for name, one in FOODS.items() for region in one.regions)
AMOUNT = st.floats(0.1, 500.0)


def daily(regimen, days=10):
    """Return what is given per day by form, ug, over some days."""
    found = {}
    schedule = expand(regimen, 24.0 * days)
    masses = {one.form: one.molar_mass for one in regimen.records}
    for form, amount in zip(schedule.form, schedule.amount, strict=True):
        found[form] = found.get(form, 0.0) + amount * masses[form] / 1e3 / days
    return found


# Amounts --------------------------------------------------------------------------------------------------------------


def test_natto_and_gouda():
    one = diet({"natto": "50 g/d", "gouda": "40 g/d"}, region="NL")
    assert one.foods == ("natto", "gouda")
    assert one.intake == pytest.approx(
        {
            "K1": 0.5 * 34.7 + 0.4 * 10.4,
            "MK-4": 0.4 * 65.0 * 5 / 75,
            "MK-7": 500.0,
            "MK-8": 0.5 * 84 + 0.4 * 65.0 * 70 / 75 / 3,
            "MK-9": 0.4 * 65.0 * 70 / 75 * 2 / 3,
        }
    )
    assert one.notes == ("gouda: a total of K2, shared out as in Dutch hard cheese (vermeer-2018-gouda-13-wk).",)
    assert (
        repr(one) == "Diet(natto, gouda: K1 21.5 ug/d, MK-4 1.73 ug/d, MK-7 500 ug/d, MK-8 50.1 ug/d, MK-9 16.2 ug/d)"
    )


@given(st.dictionaries(st.sampled_from(EATABLE), AMOUNT, min_size=1, max_size=4), st.booleans())
def test_a_regimen_gives_what_the_foods_hold(eaten, constant):
    whole = sum((diet({name: f"{grams} g/d"}, region=region) for (name, region), grams in eaten.items()), Diet())
    expected = {}
    for (name, region), grams in eaten.items():
        for content in FOODS[name].chosen([region]):
            for form, held in content.forms.items():
                expected[form] = expected.get(form, 0.0) + grams * held / 100
    assert whole.intake == pytest.approx(expected)
    meals = None if constant else ("7 h", "12 h", "18 h")
    again = sum(
        (diet({name: f"{grams} g/d"}, region=region, meals=meals) for (name, region), grams in eaten.items()), Diet()
    )
    given_out = daily(again)
    assert {form: amount for form, amount in given_out.items() if amount} == pytest.approx(
        {form: amount for form, amount in expected.items() if amount}
    )


@given(st.floats(0.0, 10.0), st.sampled_from(["Netherlands", "Japan", "UK", "US"]))
def test_scaling_scales_everything(factor, name):
    once = diet(name)
    many = once * factor
    assert isinstance(many, Diet)
    assert many == factor * once
    assert many.intake == pytest.approx({form: amount * factor for form, amount in once.intake.items()})
    assert daily(many) == pytest.approx({form: amount * factor for form, amount in daily(once).items()})
    assert many.notes == once.notes


def test_units_of_amounts():
    weekly = diet({"natto": "350 g/wk"}, region="NL")
    assert weekly.intake == pytest.approx(diet({"natto": "50 g/d"}, region="NL").intake)
    assert diet({"natto": "0.05 kg/d"}, region="NL").intake == pytest.approx(weekly.intake)


def test_matrix_of_cheese_is_a_formulation():
    eaten = diet({"gouda": "40 g/d", "natto": "50 g/d"}, region="NL")
    assert {(one.form, one.formulation) for one in eaten.records} == {
        ("K1", "food"), ("MK-4", "cheese"), ("MK-7", "food"), ("MK-8", "food"), ("MK-8", "cheese"), ("MK-9", "cheese"),
    }  # fmt: skip
    (gouda,) = [one for one in eaten.parts if one.form == "MK-9"]
    assert gouda.absorbed == pytest.approx(0.432 * gouda.amount)


# Meals ----------------------------------------------------------------------------------------------------------------


def test_meals_are_equal_shares_at_their_hours():
    eaten = diet(
        {"natto": "90 g/d"}, region="JP", meals=("8 h", "19 h"), fat=("10 g", "30 g"), start="2 d", until="4 d"
    )
    found = [one for one in eaten.records if one.form == "MK-7"]
    assert [(one.time, one.every, one.doses, one.fat, one.food) for one in found] == [
        (56.0, 24.0, 2, 10.0, "natto"),
        (67.0, 24.0, 2, 30.0, "natto"),
    ]
    assert found[0].amount == found[1].amount == pytest.approx(0.45 * 939e3 / found[0].molar_mass)
    assert str(found[0]) == "MK-7 422.55 ug oral, every 24 h from 56 h, 2 doses, in natto, with 10 g fat"


def test_a_portion_is_eaten_once_or_again_and_again():
    (once,) = [one for one in diet({"natto": "100 g"}, region="JP").records if one.form == "MK-7"]
    assert (once.time, once.every, once.doses) == (0.0, 0.0, 1)
    assert once.amount * once.molar_mass / 1e3 == pytest.approx(939.0)
    weekly = diet({"natto": "100 g"}, region="JP", every="7 d", until="21 d")
    assert [one.doses for one in weekly.records if one.form == "MK-7"] == [3]
    assert weekly.intake["MK-7"] == 0.0


def test_a_constant_input_never_pauses():
    schedule = expand(diet({"spinach": "24 g/d"}, region="NL", meals=None), 72.0)
    assert schedule.start.tolist() == [0.0, 24.0, 48.0]
    assert schedule.end.tolist() == [24.0, 48.0, 72.0]
    assert (schedule.rate > 0).all()


def test_a_meal_after_the_end_is_not_eaten():
    eaten = diet({"natto": "50 g/d"}, region="JP", until="10 h")
    assert [one.time for one in eaten.records if one.form == "MK-7"] == [8.0]


# Sums -----------------------------------------------------------------------------------------------------------------


def test_a_diet_adds_to_diets_and_to_doses():
    natto, gouda = diet({"natto": "50 g/d"}, region="NL"), diet({"gouda": "40 g/d"}, region="NL")
    both = natto + gouda
    assert isinstance(both, Diet)
    assert both.intake["MK-8"] == pytest.approx(natto.intake["MK-8"] + gouda.intake["MK-8"])
    assert both.notes == gouda.notes
    dosed = gouda + mk.dose("MK-7", "90 ug", every="24 h")
    assert type(dosed) is mk.Regimen
    assert dosed.notes == gouda.notes
    assert (mk.dose("MK-7", "90 ug", every="24 h") + gouda).notes == gouda.notes
    skipped = both * mk.adherence(0.8)
    assert {one.adherence for one in skipped.records} == {0.8}
    assert skipped.notes == both.notes


def test_a_diet_survives_pickling():
    one = diet("Japan")
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert hash(again) == hash(one)
    assert again.notes == one.notes


# Choosing -------------------------------------------------------------------------------------------------------------


def test_a_row_can_be_asked_for():
    one = diet({"natto": "100 g/d"}, region="JP", rows={"natto": "tsukamoto-2000-natto-mk7-content"})
    assert one.intake["MK-7"] == pytest.approx(775.0)
    assert diet({"natto": "100 g/d"}, rows={"natto": "ods-medwiki-natto"}).intake["MK-7"] == pytest.approx(1000.0)


def test_what_stands_in_is_said():
    notes = diet({"natto": "50 g/d"}, region="FR").notes
    assert "natto: a row without a region stands in for FR (halder-2019-natto-k2)." in notes
    assert diet({"sauerkraut": "50 g/d"}).notes[-1] == (
        "sauerkraut is uncertain: other lists print 4.8 ug/(100 g) of K2, says the note of the row."
    )
    assert diet({"gouda": "40 g/d"}).intake == diet({"gouda": "40 g/d"}, region="NL").intake


def test_what_is_not_resolved_is_said_and_not_eaten():
    one = diet({"pork": "100 g/d"}, region="US")
    assert one.intake == {}
    assert "pork: a total of menaquinones that no row resolves into forms: not counted (fu-2016-pork-low)." in one.notes


NATTO = {"natto": "50 g/d"}


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (
            {"foods": {"nato": "50 g/d"}},
            UnknownNameError,
            "unknown food: got 'nato', expected one of 59 names, 'natto' the first; the nearest is 'natto'.",
        ),
        (
            {"foods": {"natto": "-50 g/d"}, "region": "JP"},
            InputError,
            "amount of natto: got '-50 g/d', expected an amount of at least 0.",
        ),
        (
            {"foods": {"natto": 50}, "region": "JP"},
            InputError,
            "amount of natto: got 50, expected a quantity with its unit such as '50 g/d'.",
        ),
        (
            {"foods": NATTO, "region": "Japan"},
            UnknownNameError,
            (
                "unknown region of the food table: got 'Japan', expected one of 'AU', 'DK', 'FI', 'FR', 'JP', 'NL' and "
                "'US'; the nearest is 'JP'."
            ),
        ),
        (
            {"foods": NATTO},
            InputError,
            "region of food 'natto': got none, expected one of 'JP', 'NL' and 'US', whose rows differ.",
        ),
        (
            {"foods": "Netherland"},
            UnknownNameError,
            (
                "unknown habitual diet: got 'Netherland', expected one of 'Netherlands', 'Japan', 'UK' and 'US'; "
                "the nearest is 'Netherlands'."
            ),
        ),
        (
            {"foods": "Japan", "region": "JP"},
            InputError,
            "region: got 'JP', expected none beside the habitual diet 'Japan', which brings its own.",
        ),
        (
            {"foods": {}},
            InputError,
            "foods: got {}, expected amounts by food such as {'natto': '50 g/d'}, or the name of a habitual diet.",
        ),
        (
            {"foods": NATTO, "region": "JP", "rows": {"gouda": "vermeer-2018-gouda-4-wk"}},
            InputError,
            "rows: got 'gouda', expected one of the foods that are eaten, 'natto'.",
        ),
        (
            {"foods": NATTO, "region": ["JP"]},
            InputError,
            "region: got ['JP'], expected one region such as 'NL'.",
        ),
        (
            {"foods": NATTO, "region": "JP", "rows": "kamao-2007-natto-mk7"},
            InputError,
            ("rows: got 'kamao-2007-natto-mk7', expected rows by food such as {'natto': 'kamao-2007-natto-mk7'}."),
        ),
        (
            {"foods": NATTO, "region": "JP", "meals": ("19 h", "8 h")},
            InputError,
            "meals: got ('19 h', '8 h'), expected rising hours of one day, below 24 h.",
        ),
        (
            {"foods": NATTO, "region": "JP", "meals": "8 h"},
            InputError,
            "meals: got '8 h', expected hours of the day such as ('8 h', '19 h'), or None for a constant input.",
        ),
        (
            {"foods": NATTO, "region": "JP", "fat": ("10 g", "20 g")},
            InputError,
            "fat: got 2 amounts, expected one for all or for each of 3 meals.",
        ),
        (
            {"foods": NATTO, "region": "JP", "fat": ("10 g", "20 g"), "meals": None},
            InputError,
            "fat: got ('10 g', '20 g'), expected one amount where there are no meals.",
        ),
        (
            {"foods": {"natto": "50 g"}, "region": "JP", "fat": ("10 g", "20 g", "20 g")},
            InputError,
            "fat: got one amount for each meal, expected one for portions, which are eaten at no meal.",
        ),
        (
            {"foods": NATTO, "region": "JP", "start": "2 d", "until": "1 d"},
            InputError,
            "until: got '1 d', expected a time after start (2 d).",
        ),
        (
            {"foods": {"natto": "50 g"}, "region": "JP", "every": "0 d"},
            InputError,
            "every: got '0 d', expected a time greater than 0.",
        ),
        (
            {"foods": {"natto": "50 g/d"}, "region": "JP", "every": "7 d"},
            InputError,
            "every: got '7 d', expected none beside amounts per day, which are eaten at the meals of every day.",
        ),
    ],
)
def test_refusals(arguments, kind, message):
    with pytest.raises(kind) as caught:
        diet(**arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("factor", "message"),
    [
        (-1, "factor of a diet: got -1, expected a finite number of at least 0."),
        ("2", "factor of a regimen: got '2', expected an adherence such as mk.adherence(0.8)."),
    ],
)
def test_bad_factors(factor, message):
    with pytest.raises(InputError) as caught:
        diet("Japan") * factor
    assert str(caught.value) == message


# Published levels -----------------------------------------------------------------------------------------------------

PLASMA = mk.models.vitamin_k(proteins=[], sites=[])
LEVEL = ["plasma_concentration"]


@pytest.fixture(scope="module")
def after_natto():
    """Return MK-7 in plasma (ug/L), people by hour, after 100 g of natto."""
    people = mk.population("postmenopausal", 200, rng=11)
    eaten = diet({"natto": "100 g"}, region="JP")
    result = mk.simulate(PLASMA, people, eaten, times="0:72:1 h", outputs=LEVEL)
    return result["plasma_concentration"].sel(form="MK-7").values * FORMS["MK-7"].molar_mass.value / 1e3


@pytest.mark.accuracy
def test_natto_peaks_at_six_hours_and_is_raised_at_two_days(after_natto):
    peak = evidence.row("schurgers-2000-mk7-natto-tmax").value
    hours = after_natto.argmax(axis=1)
    assert np.median(hours) == peak
    assert ((hours >= peak - 1) & (hours <= peak + 1)).all()
    fold = after_natto[:, 48] / after_natto[:, 0]
    assert np.median(fold) > 5
    assert (fold > 1.5).all()


@pytest.mark.accuracy
def test_the_level_after_natto_has_an_interval(after_natto):
    low, median, high = np.quantile(after_natto[:, 6], (0.05, 0.5, 0.95))
    assert 15 < low < median < high < 110
    assert 2.5 < high / low < 8


@pytest.mark.accuracy
@pytest.mark.parametrize(
    ("name", "form", "rows"),
    [
        ("Netherlands", "MK-7", ["knapen-2015-yogurt-mk7-baseline", "dunovska-2019-mk7"]),
        ("Netherlands", "K1", ["thane-2006-k1-range", "dunovska-2019-k1-women"]),
        ("UK", "MK-7", ["kaneki-2001-mk7-british"]),
        ("UK", "K1", ["thane-2006-k1-range"]),
        ("Japan", "MK-7", ["kaneki-2001-mk7-tokyo", "kaneki-2001-mk7-hiroshima"]),
        ("Japan", "K1", ["lcapci-18o-k1-baseline", "ikari-2016-k1-baseline"]),
    ],
)
def test_levels_at_entry_are_within_the_spread_of_their_rows(name, form, rows):
    people = mk.population("postmenopausal", 400, rng=2, diet=diet(name))
    found = mk.simulate(PLASMA, people, None, times=[0.0], outputs=LEVEL)["plasma_concentration"].sel(form=form)
    levels = found.values[:, 0]  # nmol/L
    for one in map(evidence.row, rows):
        scale = 1.0 if one.unit == "nmol/L" else FORMS[form].molar_mass.value / 1e3
        if one.spread_kind == "range_low;range_high":
            low, high = one.spread
            assert low < scale * np.exp(np.log(levels).mean()) < high
        elif one.spread_kind == "sd":
            assert abs(scale * levels.mean() - one.value) < one.spread[0]
        else:
            assert scale * levels.mean() == pytest.approx(one.value, rel=0.15)


@pytest.mark.accuracy
def test_what_people_eat_sets_their_markers():
    model = mk.models.vitamin_k(sites=[])
    women = mk.population("postmenopausal", 60, rng=2)
    few = women.eating(diet("UK"))
    many = women.eating(diet("UK") + diet({"natto": "50 g/d"}, region="JP"))
    at_entry = [mk.simulate(model, one, None, times=[0.0], outputs=["dp_ucmgp", "ucoc"]) for one in (few, many)]
    for marker in ("dp_ucmgp", "ucoc"):
        low, high = (one[marker].values[:, 0] for one in reversed(at_entry))
        assert (low < high).all()
        assert 0.2 < np.median(low / high) < 0.8


@pytest.mark.accuracy
@pytest.mark.parametrize("meals", [("8 h", "13 h", "19 h"), None])
def test_eaten_for_long_a_diet_leads_where_the_habit_starts(meals):
    """A diet on top of a habit ends where both together as a habit begin: the two uses agree."""
    person = mk.population("reference", 1)
    natto = diet({"natto": "20 g/d"}, region="JP", rows={"natto": "kamao-2007-natto-mk7"}, meals=meals)
    base = dict(person.diet)
    eaten = {form: float(base[form][0]) + natto.intake.get(form, 0.0) for form in base}
    habit = mk.simulate(PLASMA, person.eating(eaten), None, times=[0.0], outputs=LEVEL)["plasma_concentration"]
    times = 80 + np.arange(0, 25) / 24
    later = mk.simulate(PLASMA, person, natto, times=times, outputs=LEVEL)["plasma_concentration"]
    mean = (later.isel(time=slice(0, -1)).values[0] + later.isel(time=slice(1, None)).values[0]).mean(axis=0) / 2
    tolerance = 1e-6 if meals is None else 0.01
    assert mean == pytest.approx(habit.values[0, 0], rel=tolerance)


def test_natto_beside_a_capsule_is_absorbed_at_its_own_speed():
    both = diet({"natto": "100 g"}, region="JP") + mk.dose("MK-7", "1e-6 ug")
    alone = diet({"natto": "100 g"}, region="JP")
    levels = [
        mk.simulate(PLASMA, None, one, times="0:48:1 h", outputs=LEVEL)["plasma_concentration"]
        .sel(form="MK-7")[0]
        .values
        for one in (both, alone)
    ]
    assert [level.argmax() for level in levels] == [6, 6]
    assert levels[0][24:] == pytest.approx(levels[1][24:], rel=0.02)
    assert levels[0].max() == pytest.approx(1.084 * levels[1].max(), rel=0.005)
