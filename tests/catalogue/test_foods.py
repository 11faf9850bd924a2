"""The food table is its rows: every content is in the evidence, every such row is used or left out aloud."""

import pickle
from math import log1p, sqrt

import pytest

from menaquinone.catalogue import evidence
from menaquinone.catalogue.contents import ANIMAL, DAIRY, MK8_MK9, NATTO, UNRESOLVED, US_DAIRY, Split
from menaquinone.catalogue.foods import FOODS, LEFT_OUT, REGIONS, food, region
from menaquinone.catalogue.forms import FORMS
from menaquinone.declare import source_ids
from menaquinone.errors import InputError, UnknownNameError

CONTENTS = [(one.name, content) for one in FOODS.values() for content in one.contents]
SPLITS = (ANIMAL, DAIRY, MK8_MK9, NATTO, UNRESOLVED, US_DAIRY)
NAMED = [f"{name} {content.region} {content.amount.source}" for name, content in CONTENTS]


@pytest.mark.parametrize(("name", "content"), CONTENTS, ids=NAMED)
def test_a_content_is_its_row(name, content):
    (source,) = source_ids(content.amount.source)
    row = evidence.row(source)
    assert content.amount.unit == "ug/(100 g)"
    assert content.region in (*REGIONS, "")
    assert not row.bound
    if not content.amount.note.startswith("derived"):
        assert row.value == content.amount.value
        assert row.unit in ("ug/(100 g)", "")
        assert row.form in (content.form, "")
        if row.spread_kind == "sd":
            assert content.amount.omega == pytest.approx(sqrt(log1p((row.spread[0] / row.value) ** 2)))
        else:
            assert content.amount.omega == 0.0


@pytest.mark.parametrize(("name", "content"), CONTENTS, ids=NAMED)
def test_a_number_printed_in_a_note_is_in_the_note(name, content):
    if content.amount.note == "derived: printed in the note of the row":
        assert f"K1 in the same row {content.amount.value:g};" in evidence.row(content.amount.source).note


def test_servings_are_of_85_g():
    for _, content in CONTENTS:
        if "3 oz" in content.amount.note:
            row = evidence.row(content.amount.source)
            assert row.quantity == "content_per_serving"
            assert content.amount.value == pytest.approx(row.value / 0.85, abs=0.05)


def test_every_row_of_a_content_is_used_or_left_out_for_a_reason():
    used = {row for _, content in CONTENTS for row in source_ids(content.amount.source)}
    rows = {name for name, one in evidence.rows().items() if one.quantity.startswith("content_per")}
    assert used | set(LEFT_OUT) >= rows
    assert not used & set(LEFT_OUT)
    assert set(LEFT_OUT) <= rows


def test_nothing_is_counted_twice_and_nothing_is_lost():
    for one in FOODS.values():
        for where in one.regions:
            chosen = one.chosen([where])
            forms = [form for content in chosen for form in content.forms]
            assert len(set(forms)) == len(forms), one.name
            assert {content.region for content in chosen} <= {where, ""}
            for content in chosen:
                assert sum(content.forms.values()) + content.unresolved == pytest.approx(content.amount.value)


@pytest.mark.parametrize("split", SPLITS, ids=lambda one: one.name)
def test_a_split_shares_out_no_more_than_all(split):
    assert 0 <= split.counted <= 1 + 1e-12
    assert set(split.shares) <= set(FORMS)
    assert split.flag
    assert pickle.loads(pickle.dumps(split)) == split


def test_a_matrix_is_a_formulation():
    for one in FOODS.values():
        assert one.matrix == "food" or any(one.matrix in form.formulations for form in FORMS.values())
    assert all("food" in form.formulations for form in FORMS.values())


def test_names_lead_to_one_food():
    names = [name for one in FOODS.values() for name in (one.name, *one.also)]
    assert len(set(names)) == len(names)
    assert food("chicken thigh") is FOODS["chicken"]


def test_what_was_asked_for_is_there():
    for name in (
        "natto", "gouda", "hard cheese", "soft cheese", "egg yolk", "butter", "chicken", "goose liver", "beef liver",
        "beef", "pork", "eel", "sauerkraut", "kale", "spinach",
    ):  # fmt: skip
        assert name in FOODS
    assert {"NL", "FR", "US", "AU"} <= {where for name, one in FOODS.items() if "chee" in name or name in
                                        ("edam", "cheddar") for where in one.regions}  # fmt: skip
    assert set(FOODS["gouda"].chosen(["NL"])[0].forms) == {"MK-4", "MK-8", "MK-9"}
    assert FOODS["eel"].uncertain
    assert FOODS["sauerkraut"].uncertain


# Choosing -------------------------------------------------------------------------------------------------------------


def held(name, *regions, row=""):
    return [content.amount.source for content in FOODS[name].chosen(regions, row)]


def test_the_region_chooses_and_disagreeing_rows_stand_beside():
    assert held("natto", "JP") == ["kamao-2007-natto-mk7", "halder-2019-natto-k1"]
    assert held("natto", "NL")[0] == "schurgers-2000-blog-natto"
    assert held("natto", "JP", row="tsukamoto-2000-natto-mk7-content")[0] == "tsukamoto-2000-natto-mk7-content"
    assert held("chicken", "NL") != held("chicken", "AU")
    assert len([one for one in FOODS["natto"].contents if one.region == "JP"]) == 4


def test_the_first_region_that_has_the_food_is_taken_whole():
    assert held("milk", "US", "NL") == ["fu-2017abs-milk-full-fat"]
    assert held("broccoli", "US", "NL") == ["schurgers-2000-k1-broccoli"]


def test_what_no_row_resolves_is_not_counted():
    (content,) = FOODS["pork"].chosen(["US"])
    assert content.forms == {}
    assert content.unresolved == 35.1
    assert "not counted" in " ".join(content.flags)


def test_a_sum_gives_way_to_resolved_forms():
    assert "halder-2019-natto-k2" not in held("natto", "NL")
    assert "halder-2019-natto-k2" in held("natto", "FR")


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: food("nato"),
            UnknownNameError,
            "unknown food: got 'nato', expected one of 59 names, 'natto' the first; the nearest is 'natto'.",
        ),
        (
            lambda: region("UK"),
            UnknownNameError,
            (
                "unknown region of the food table: got 'UK', expected one of 'AU', 'DK', 'FI', 'FR', 'JP', 'NL' and "
                "'US'; the nearest is 'US'."
            ),
        ),
        (
            lambda: FOODS["gouda"].chosen(["JP"]),
            InputError,
            "food 'gouda': got region 'JP', expected one that has a content of it: 'NL'.",
        ),
        (
            lambda: FOODS["eel"].chosen(["NL"]),
            InputError,
            "food 'eel': got no content, expected one in the evidence: no row has one.",
        ),
        (
            lambda: FOODS["curry"].chosen(["JP"], "kamao-2007-curry"),
            UnknownNameError,
            (
                "unknown row of food 'curry': got 'kamao-2007-curry', expected one of 'kamao-2007-curry-mk7' and "
                "'kamao-2007-curry-mk4'; the nearest is 'kamao-2007-curry-mk7'."
            ),
        ),
    ],
)
def test_refusals(call, kind, message):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == message


def test_an_unknown_split_has_no_shares_to_change():
    with pytest.raises(TypeError):
        Split("x", {}, "y").shares["K1"] = 1
