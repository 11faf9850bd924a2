"""Foods: what 100 g of them hold of each form, by region. One record is one food, one content is one published row."""

from collections.abc import Mapping
from math import log1p, sqrt
from types import MappingProxyType

from menaquinone.catalogue.contents import ANIMAL, DAIRY, MK8_MK9, NATTO, UNRESOLVED, US_DAIRY, Content, Food, Split
from menaquinone.declare import Value
from menaquinone.errors import unknown

REGIONS: Mapping[str, str] = MappingProxyType(
    {
        "AU": "Australia", "DK": "Denmark", "FI": "Finland", "FR": "France", "JP": "Japan", "NL": "Netherlands",
        "US": "United States",
    }
)  # fmt: skip
"""Regions of the food table. A content without one takes the place of a region that has none of its own."""

BORROWED = "of the French table, where many K2 values are borrowed from elsewhere"


# Rows as contents -----------------------------------------------------------------------------------------------------


def _value(amount: float, row: str, sd: float, note: str) -> Value:
    return Value(amount, "ug/(100 g)", row, omega=sqrt(log1p((sd / amount) ** 2)) if sd else 0.0, note=note)


def _of(region: str, form: str, amount: float, row: str, *, sd: float = 0.0, note: str = "", flag: str = "") -> Content:
    """Return the content of one form."""
    return Content(region, _value(amount, row, sd, note), form, flag=flag)


def _sum(
    region: str, split: Split, amount: float, row: str, *, sd: float = 0.0, note: str = "", flag: str = ""
) -> Content:
    """Return a content that is a sum over forms."""
    return Content(region, _value(amount, row, sd, note), split=split, flag=flag)


def _french(split: Split, k2: float, k1: float, row: str) -> tuple[Content, ...]:
    """Return both numbers of a row of the French table."""
    row = f"ciqual-2020-{row}-k2"
    total = _sum("FR", split, k2, row, flag=BORROWED)
    if not k1:
        return (total,)
    return (total, _of("FR", "K1", k1, row, note="derived: printed in the note of the row", flag=BORROWED))


def _american(amount: float, row: str, note: str = "", sd: float = 0.0) -> Content:
    return _sum("US", US_DAIRY, amount, row, sd=sd, note=note, flag="several-fold above European values")


def _per_serving(form: str, amount: float, row: str, sd: float = 0.0) -> Content:
    """Return a content printed for 3 oz, 85 g."""
    return _of("US", form, round(amount / 0.85, 1), row, sd=sd, note=f"derived: {amount:g} ug in 3 oz, 85 g")


_SD = "the kind of spread is not printed, SD by assumption"
_SEM = "the row's standard error is no spread between samples"
_KAMAO = {"flag": "form not printed beside the value, taken from its context"}
_NO_K1 = "taken from hard cheese"


def _records() -> tuple[Food, ...]:
    return (*_soy(), *_cheeses(), *_milk(), *_eggs_and_meat(), *_liver_and_fish(), *_plants_and_fats())


def _soy() -> tuple[Food, ...]:
    return (
        Food(
            "natto",
            (
                _of("JP", "MK-7", 939.0, "kamao-2007-natto-mk7"),
                _of("JP", "MK-7", 796.0, "kamao-2007-natto-mk7-low"),
                _of("JP", "MK-7", 775.0, "tsukamoto-2000-natto-mk7-content"),
                _of("JP", "MK-7", 1750.0, "jhej-1999-natto-mk7-content", flag="fermented in the laboratory"),
                _of("NL", "MK-7", 1000.0, "schurgers-2000-blog-natto"),
                _of("NL", "MK-8", 84.0, "schurgers-2000-blog-natto-mk8"),
                _of("NL", "K1", 34.7, "schurgers-2000-k1-natto"),
                _per_serving("MK-7", 850.0, "ods-medwiki-natto"),
                _of("", "K1", 32.1, "halder-2019-natto-k1"),
                _sum("", NATTO, 1098.5, "halder-2019-natto-k2"),
            ),
        ),
        Food(
            "curry",
            (
                _of("JP", "MK-7", 6.0, "kamao-2007-curry-mk7", sd=3.0),
                _of("JP", "MK-4", 1.0, "kamao-2007-curry-mk4", sd=2.0),
            ),
        ),
    )


def _cheeses() -> tuple[Food, ...]:
    def of(name: str, *contents: Content, also: tuple[str, ...] = ()) -> Food:
        return Food(name, contents, matrix="cheese", also=also)

    k1 = _of("NL", "K1", 10.4, "schurgers-2000-k1-hard-cheese")
    k1_as_hard = _of("NL", "K1", 10.4, "schurgers-2000-k1-hard-cheese", note=_NO_K1)
    return (
        of(
            "hard cheese",
            _of("NL", "MK-4", 5.0, "schurgers-2000-blog-hardcheese"),
            _sum("NL", MK8_MK9, 70.0, "schurgers-2000-blog-hardcheese-mk89"),
            k1,
            _american(282.0, "fu-2017-hard-cheese", _SEM),
        ),
        of(
            "soft cheese",
            _sum(
                "NL", MK8_MK9, 49.0, "schurgers-2000-blog-hardcheese-mk89",
                note="derived: soft cheeses hold about 30 % less, says the note of the row",
            ),
            _american(506.0, "fu-2017-soft-cheese", _SEM),
        ),
        of(
            "gouda",
            _sum("NL", DAIRY, 65.0, "vermeer-2018-gouda-13-wk"),
            _sum("NL", DAIRY, 47.3, "vermeer-2018-gouda-4-wk"),
            k1_as_hard,
        ),
        of("munster", _sum("NL", DAIRY, 80.1, "vermeer-2018-munster")),
        of("camembert", _sum("NL", DAIRY, 68.1, "vermeer-2018-camembert")),
        of("edam", *_french(DAIRY, 47.5, 2.3, "edam")),
        of("emmental", *_french(DAIRY, 5.23, 6.59, "emmental")),
        of(
            "cheddar",
            _of("AU", "MK-9", 8.0, "dunlop-2022-cheddar-mk9", sd=2.0),
            _of("AU", "MK-8", 4.0, "dunlop-2022-cheddar-mk8", sd=2.0),
        ),
        of(
            "blue cheese",
            _sum("DK", DAIRY, 49.0, "jensen-2025-danablue", flag="in K1 equivalents, K1 included"),
            _american(440.0, "fu-2017-blue-cheese", _SEM),
            also=("danablue",),
        ),
        of("semi-soft cheese", _american(289.0, "fu-2017-semi-soft-cheese", _SEM)),
        of("processed cheese", _american(98.0, "fu-2017-processed-cheese", _SEM)),
        of("cottage cheese", _american(54.2, "fu-2017abs-cottage-cheese", _SD, 8.3)),
    )  # fmt: skip


def _milk() -> tuple[Food, ...]:
    def of(name: str, *contents: Content, also: tuple[str, ...] = ()) -> Food:
        return Food(name, contents, matrix="cheese", also=also)

    return (
        of(
            "milk",
            *_french(DAIRY, 0.9, 0.8, "whole-milk"),
            _of("NL", "K1", 0.5, "schurgers-2000-k1-milk"),
            _american(38.1, "fu-2017abs-milk-full-fat", _SD, 8.6),
            also=("whole milk",),
        ),
        of("skimmed milk", _american(7.7, "fu-2017abs-milk-nonfat", _SD, 2.9), also=("nonfat milk",)),
        of(
            "yogurt",
            *_french(DAIRY, 0.68, 0.2, "yogurt"),
            _american(28.1, "fu-2017abs-yogurt", _SD, 18.9),
            also=("yoghurt",),
        ),
        of("fat-free yogurt", *_french(DAIRY, 0.1, 0.2, "yogurt-0fat")),
        of("greek yogurt", _american(30.1, "fu-2017abs-greek-yogurt", _SD, 6.5)),
        of("fermented milk drink", *_french(DAIRY, 8.15, 0.0, "drinking-fermented-milk")),
    )  # fmt: skip


def _eggs_and_meat() -> tuple[Food, ...]:
    pork = "from 35 to 534 ug/(100 g) of MK-4, MK-10 and MK-11 between products; French pork is printed with 3.7"
    return (
        Food(
            "egg yolk",
            (
                _of("NL", "MK-4", 31.0, "schurgers-2000-blog-yolk"),
                _of("JP", "MK-4", 64.0, "kamao-2007-egg-yolk-mk4", sd=31.0, **_KAMAO),
                *_french(ANIMAL, 32.1, 0.7, "egg-yolk"),
            ),
        ),
        Food("egg white", _french(ANIMAL, 0.9, 0.0, "egg-white")),
        Food(
            "chicken",
            (
                _of("AU", "MK-4", 58.0, "dunlop-2022-chicken-leg", sd=9.0),
                _sum("DK", ANIMAL, 53.0, "jensen-2025-chicken-thigh", flag="in K1 equivalents, K1 included"),
                _sum("FI", ANIMAL, 60.0, "koivu-2000-chicken"),
                *_french(ANIMAL, 34.3, 2.53, "chicken-leg"),
                _of("JP", "MK-4", 27.0, "kamao-2007-chicken-thigh-mk4", sd=15.0, **_KAMAO),
                _of("NL", "MK-4", 8.0, "schurgers-2000-blog-chicken"),
            ),
            also=("chicken leg", "chicken thigh"),
        ),
        Food(
            "chicken breast",
            (
                *_french(ANIMAL, 8.9, 1.3, "chicken-fillet"),
                _per_serving("MK-4", 13.0, "ods-medwiki-chicken-breast"),
            ),
            also=("chicken fillet",),
        ),
        Food(
            "beef",
            (
                *_french(ANIMAL, 6.7, 0.8, "beef-mince"),
                _of("JP", "MK-4", 15.0, "kamao-2007-beef-chuck-mk4", sd=7.0, **_KAMAO),
                _of("NL", "MK-4", 1.0, "schurgers-2000-blog-beef"),
                _per_serving("MK-4", 6.0, "ods-medwiki-ground-beef"),
            ),
            also=("minced beef", "ground beef"),
        ),
        Food(
            "pork",
            (
                *_french(ANIMAL, 3.7, 0.0, "pork-fillet"),
                _of("JP", "MK-4", 6.0, "kamao-2007-pork-mk4", sd=2.0, **_KAMAO),
                _sum("US", UNRESOLVED, 35.1, "fu-2016-pork-low", sd=11.0, flag=pork),
                _sum("US", UNRESOLVED, 534.0, "fu-2016-pork-high", sd=89.0, flag=pork),
            ),
        ),
        Food("ham", (_per_serving("MK-4", 4.0, "ods-medwiki-ham"),)),
        Food("salami", _french(ANIMAL, 9.0, 0.8, "salami")),
        Food("duck", _french(ANIMAL, 3.6, 2.8, "duck")),
        Food("goose", _french(ANIMAL, 31.0, 0.0, "goose-meat")),
    )


def _liver_and_fish() -> tuple[Food, ...]:
    eel = "no row of the evidence gives a content"
    return (
        Food("goose liver", _french(ANIMAL, 369.0, 10.9, "goose-liver"), also=("foie gras",)),
        Food("beef liver", _french(ANIMAL, 7.94, 53.6, "heifer-liver"), also=("heifer liver",)),
        Food("pork liver", _french(ANIMAL, 3.44, 30.0, "pork-liver")),
        Food("chicken liver", (_per_serving("MK-4", 6.0, "ods-medwiki-chicken-liver"),)),
        Food("lamb liver", (_of("AU", "K1", 4.9, "dunlop-2022-lamb-liver"),)),
        Food("trout", _french(ANIMAL, 3.39, 0.33, "trout")),
        Food("plaice", _french(ANIMAL, 2.2, 0.15, "plaice")),
        Food("salmon", _french(ANIMAL, 0.5, 0.3, "salmon")),
        Food("mackerel", _french(ANIMAL, 0.4, 3.6, "mackerel")),
        Food("herring", _french(ANIMAL, 0.21, 0.45, "herring")),
        Food("eel", (), uncertain=eel),
    )


def _plants_and_fats() -> tuple[Food, ...]:
    return (
        Food(
            "butter",
            (*_french(ANIMAL, 15.0, 7.0, "butter"), _of("NL", "K1", 14.9, "schurgers-2000-k1-butter")),
        ),
        Food(
            "sauerkraut",
            (
                _of("", "K1", 2.24, "halder-2019-sauerkraut-k1"),
                _sum("", UNRESOLVED, 0.55, "halder-2019-sauerkraut-k2"),
            ),
            uncertain="other lists print 4.8 ug/(100 g) of K2, says the note of the row",
        ),
        Food("kale", (_of("NL", "K1", 817.0, "schurgers-2000-k1-kale"),)),
        Food(
            "spinach",
            (
                _of("JP", "K1", 498.0, "kamao-2007-spinach-k1"),
                _of("NL", "K1", 387.0, "schurgers-2000-k1-spinach"),
            ),
        ),
        Food(
            "broccoli",
            (
                _of("JP", "K1", 307.0, "kamao-2007-broccoli-k1"),
                _of("NL", "K1", 156.0, "schurgers-2000-k1-broccoli"),
            ),
        ),
        Food("olive oil", (_of("NL", "K1", 53.7, "schurgers-2000-k1-olive-oil"),)),
        Food("margarine", (_of("NL", "K1", 93.2, "schurgers-2000-k1-margarine"),)),
    )  # fmt: skip


FOODS: Mapping[str, Food] = MappingProxyType({one.name: one for one in _records()})
"""Every food by its name."""

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "walther-2021-swiss-cheese-max": "the upper end of a range over cheeses, of no one cheese",
        "dunlop-2022-cheddar-mk5": "MK-5 is no form of the model",
        "ods-medwiki-collards": "printed for half a cup, whose mass no row gives",
    }
)
"""Rows of contents that no food takes, and why."""


def food(name: str) -> Food:
    """Return a food by its name or another name of it.

    Raises
    ------
    UnknownNameError
        If there is no such food; the message names the nearest.
    """
    if name in FOODS:
        return FOODS[name]
    for one in FOODS.values():
        if name in one.also:
            return one
    raise unknown("food", name, [known for one in FOODS.values() for known in (one.name, *one.also)])


def region(name: str) -> str:
    """Return the name of a region as it is.

    Raises
    ------
    UnknownNameError
        If the food table has no such region.
    """
    if name not in REGIONS:
        raise unknown("region of the food table", name, REGIONS)
    return name


__all__ = ["FOODS", "LEFT_OUT", "REGIONS", "food", "region"]
