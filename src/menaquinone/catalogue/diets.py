"""What people of a country usually eat: foods in g/d, and what other foods bring of each form.

No row of the evidence gives grams: they are chosen so that intakes are those reported, and only the intakes are
evidence. Rows on the people of one country disagree too; the row that was taken stands in the source.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from menaquinone.declare import Value
from menaquinone.errors import unknown


@dataclass(frozen=True)
class Habit:
    """A habitual diet.

    Attributes
    ----------
    name
        As in ``diet("Netherlands")``.
    meaning
        Whose.
    regions
        Of the food table, the first that has a food.
    foods
        g/d by food, mean over people.
    rest
        ug/d by form from all other foods, mean over people.
    spread
        SD of the logarithm of intake between people, by form.
    reported
        Ids of the rows that the intakes are to be compared with.
    flags
        Sentences that belong in every result.
    """

    name: str
    meaning: str
    regions: tuple[str, ...]
    foods: Mapping[str, Value]
    rest: Mapping[str, Value]
    spread: Mapping[str, Value]
    reported: tuple[str, ...] = ()
    flags: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Freeze the mappings."""
        for name in ("foods", "rest", "spread"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle through plain dictionaries."""
        held = (dict(self.foods), dict(self.rest), dict(self.spread))
        return (Habit, (self.name, self.meaning, self.regions, *held, self.reported, self.flags))


_NO_GRAMS = "assumed: no row gives grams; with the other foods, intakes are those of"


def _grams(reported: str, **amounts: float) -> dict[str, Value]:
    why = f"{_NO_GRAMS} {reported}"
    return {name.replace("_", " "): Value(grams, "g/d", why) for name, grams in amounts.items()}


def _spread(**by_form: Value) -> dict[str, Value]:
    return {form.replace("_", "-"): value for form, value in by_form.items()}


_K1_SPREAD = Value(0.45, "1", "gast-2009-k1-intake", note="derived: SD of ln for 211.7 (SD 100.3) ug/d")
_MK_SPREAD = Value(0.42, "1", "gast-2009-k2-intake", note="derived: SD of ln for 29.1 (SD 12.8) ug/d")
_ELSEWHERE = Value(0.45, "1", "assumed: as K1 among Dutch women, no row of this country")
_EUROPEAN = _spread(K1=_K1_SPREAD, MK_4=_MK_SPREAD, MK_7=_MK_SPREAD, MK_8=_MK_SPREAD, MK_9=_MK_SPREAD)
_WIDER = "the intake of K1 by questionnaire holds three times the plasma level of British women (thane-2006-k1-women)"

NETHERLANDS = Habit(
    "Netherlands",
    "women of 49 to 70 years in the Netherlands",
    ("NL",),
    _grams(
        "gast-2009",
        hard_cheese=24.0, chicken=20.0, egg_yolk=6.0, beef=30.0, butter=5.0, margarine=20.0, milk=200.0,
        spinach=15.0, broccoli=20.0, kale=8.0, olive_oil=3.0,
    ),
    {
        "K1": Value(33.0, "ug/d", "gast-2009-k1-intake", note="derived: what is left of 211.7 ug/d"),
        "MK-7": Value(
            6.2, "ug/d", "knapen-2015-yogurt-mk7-baseline",
            note="derived: holds a mean of 0.28 ug/L over people; of the food table only natto and curry have MK-7",
        ),
    },
    _EUROPEAN,
    ("gast-2009-k1-intake", "gast-2009-k2-intake"),
    (f"Netherlands: {_WIDER}.",),
)  # fmt: skip

UK = Habit(
    "UK",
    "women in the United Kingdom",
    ("NL",),
    _grams(
        "efsa-2017-uk-k1-men, whose note gives 59-81 ug/d for women",
        hard_cheese=15.0, chicken=25.0, egg_yolk=6.0, beef=25.0, butter=6.0, margarine=10.0, milk=180.0,
        broccoli=15.0, spinach=3.0, kale=0.5,
    ),
    {
        "K1": Value(
            17.0, "ug/d", "efsa-2017-uk-k1-men", note="derived: what is left of 70 ug/d, middle of the 59-81 of women"
        ),
        "MK-7": Value(8.2, "ug/d", "kaneki-2001-mk7-british", note="derived: holds a mean of 0.37 ug/L over people"),
    },
    _spread(K1=_ELSEWHERE, MK_4=_ELSEWHERE, MK_7=_ELSEWHERE, MK_8=_ELSEWHERE, MK_9=_ELSEWHERE),
    ("efsa-2017-uk-k1-men",),
    ("UK: the food table has no British rows, foods are taken as Dutch ones; cheese and meat are assumed.",),
)  # fmt: skip

JAPAN = Habit(
    "Japan",
    "young women in Japan",
    ("JP",),
    _grams(
        "kamao-2007",
        natto=6.1, spinach=15.0, broccoli=10.0, egg_yolk=12.0, chicken=20.0, beef=12.0, pork=30.0,
    ),
    {
        "K1": Value(
            48.0, "ug/d", "kamao-2007-intake kamao-2007-share-k1", note="derived: what is left of 67.7 % of 230 ug/d"
        )
    },
    _spread(
        K1=_ELSEWHERE,
        MK_4=_ELSEWHERE,
        MK_7=Value(
            0.72, "1", "kaneki-2001-mk7-tokyo",
            note="derived: SD of ln for 5.26 (SD 6.13) ug/L, less what bioavailability and clearance bring; natto",
        ),
    ),
    ("kamao-2007-intake", "kamao-2007-share-k1", "kamao-2007-share-mk7", "kamao-2007-share-mk4"),
    ("Japan: natto is eaten unevenly, and plasma MK-7 differs fourfold between cities (kaneki-2001-mk7-tokyo).",),
)  # fmt: skip

US = Habit(
    "US",
    "adults in the United States",
    ("US", "NL"),
    _grams(
        "no row, for none gives intakes in the US",
        hard_cheese=12.0, processed_cheese=8.0, cottage_cheese=5.0, milk=60.0, yogurt=15.0, chicken_breast=40.0,
        beef=40.0, ham=10.0, chicken_liver=1.0, egg_yolk=7.0, spinach=8.0, broccoli=15.0, margarine=8.0,
    ),
    {
        "K1": Value(35.0, "ug/d", "assumed: K1 near the adequate intakes, 90 ug/d of women and 120 of men"),
        "MK-7": Value(6.2, "ug/d", "assumed: as in the Netherlands, no row"),
    },
    _spread(K1=_ELSEWHERE, MK_4=_ELSEWHERE, MK_7=_ELSEWHERE, MK_8=_ELSEWHERE, MK_9=_ELSEWHERE),
    (),
    ("US: no row gives intakes, every amount is assumed; American rows of dairy are far above European ones.",),
)  # fmt: skip

HABITS: Mapping[str, Habit] = MappingProxyType({one.name: one for one in (NETHERLANDS, JAPAN, UK, US)})
"""Habitual diets by name."""

COUNTED: Mapping[str, Value] = MappingProxyType(
    {
        form: Value(amount, "ug/d", f"assumed: {form} of the Netherlands diet, whose people the basal supply describes")
        for form, amount in (("MK-4", 4.0), ("MK-8", 2.4), ("MK-9", 4.8))
    }
)
"""What the basal supply of tissues holds already, as absorbed: only what is eaten beyond it is an intake of its own."""


def habit(name: str) -> Habit:
    """Return a habitual diet by its name.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    if name not in HABITS:
        raise unknown("habitual diet", name, HABITS)
    return HABITS[name]


__all__ = ["COUNTED", "HABITS", "Habit", "habit"]
