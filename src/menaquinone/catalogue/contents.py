"""What a food is, as data: what published rows say that it holds, and how a region chooses among them.

Sources disagree, so they stand side by side: a region chooses among them, the first one listed of a region is used for
it, and nothing is averaged. A sum over forms that its source does not resolve is shared out by a :class:`Split`, which
says how; what it cannot share out is not counted, and said to be so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from menaquinone.declare import Value
from menaquinone.errors import InputError, listed, unknown

_ANY_K2 = "K2"


@dataclass(frozen=True)
class Split:
    """How a sum over forms that its source does not resolve is shared out.

    Attributes
    ----------
    name
        As in a table.
    shares
        Of the sum, by form. What is missing of 1 is not counted.
    flag
        What a result says of it.
    """

    name: str
    shares: Mapping[str, Value]
    flag: str

    def __post_init__(self) -> None:
        """Freeze the mapping."""
        object.__setattr__(self, "shares", MappingProxyType(dict(self.shares)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle through a plain dictionary."""
        return (Split, (self.name, dict(self.shares), self.flag))

    def __hash__(self) -> int:
        """Hash by name: mappings have none."""
        return hash(self.name)

    @property
    def counted(self) -> float:
        """Share of the sum that is counted."""
        return sum(one.value for one in self.shares.values())


@dataclass(frozen=True)
class Content:
    """What one source says 100 g of a food hold.

    Attributes
    ----------
    region
        A region of the food table; empty where the source states none.
    amount
        ug/(100 g) with its source.
    form
        The form; empty for a sum.
    split
        Of a sum.
    flag
        What a result says where this content is used.
    """

    region: str
    amount: Value
    form: str = ""
    split: Split | None = None
    flag: str = ""

    @property
    def forms(self) -> dict[str, float]:
        """Amount by form, ug/(100 g)."""
        if self.split is None:
            return {self.form: self.amount.value}
        return {form: self.amount.value * share.value for form, share in self.split.shares.items()}

    @property
    def unresolved(self) -> float:
        """What belongs to no form, ug/(100 g)."""
        return 0.0 if self.split is None else self.amount.value * max(0.0, 1.0 - self.split.counted)

    @property
    def flags(self) -> tuple[str, ...]:
        """Sentences that belong beside a result, without the food's name."""
        return tuple(filter(None, (self.flag, "" if self.split is None else self.split.flag)))


@dataclass(frozen=True)
class Food:
    """One food.

    Attributes
    ----------
    name
        As in ``diet({"natto": ...})``.
    contents
        In order of preference within a region.
    matrix
        Formulation of the forms that have it; ``food`` for others.
    also
        Other names.
    uncertain
        Why it is, as the end of a sentence; empty where it is not.
    """

    name: str
    contents: tuple[Content, ...]
    matrix: str = "food"
    also: tuple[str, ...] = field(default=())
    uncertain: str = ""

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions that have a content of their own."""
        return tuple(dict.fromkeys(one.region for one in self.contents if one.region))

    @property
    def rows(self) -> tuple[str, ...]:
        """Ids of the rows to choose from."""
        return tuple(dict.fromkeys(one.amount.source for one in self.contents))

    def chosen(self, regions: Sequence[str], row: str = "") -> tuple[Content, ...]:
        """Return the contents that count: one for each form.

        Parameters
        ----------
        regions
            The first that has a content of its own is taken; contents without a region fill what it leaves open.
        row
            Id of a row that goes before all others.

        Raises
        ------
        UnknownNameError
            If the food has no such row.
        InputError
            If no region has a content of this food.
        """
        if row and row not in self.rows:
            raise unknown(f"row of food '{self.name}'", row, self.rows)
        ranked = [one for one in self.contents if one.amount.source == row]
        for region in (*[one for one in regions if one in self.regions][:1], ""):
            ranked += [one for one in self.contents if one.region == region]
        used: list[Content] = []
        covered: set[str] = set()
        for one in ranked:
            # what is resolved into no form only stands in where no menaquinone is known
            if covered.isdisjoint(one.forms or {_ANY_K2}):
                used.append(one)
                covered |= {*one.forms, *([] if set(one.forms) == {"K1"} else [_ANY_K2])}
        if not used:
            raise self._none_in(regions)
        return tuple(used)

    def _none_in(self, regions: Sequence[str]) -> InputError:
        if not self.contents:
            return InputError(f"food '{self.name}': got no content, expected one in the evidence: no row has one.")
        return InputError(
            f"food '{self.name}': got region {listed(regions)}, expected one that has a content of it: "
            f"{listed(self.regions)}."
        )


# How sums are shared out ----------------------------------------------------------------------------------------------

_LONG = "dunlop-2022-cheddar-mk8 dunlop-2022-cheddar-mk9"
_HARD = f"schurgers-2000-blog-hardcheese schurgers-2000-blog-hardcheese-mk89 {_LONG}"

MK8_MK9 = Split(
    "MK-8 to MK-9 as 1 to 2",
    {
        "MK-8": Value(4 / 12, "1", _LONG, note="derived: 4 of 4 and 8 ug/(100 g) in Cheddar"),
        "MK-9": Value(8 / 12, "1", _LONG, note="derived: 8 of 4 and 8 ug/(100 g) in Cheddar"),
    },
    "a sum of MK-8 and MK-9, shared out 1 to 2 as in Cheddar",
)
DAIRY = Split(
    "as Dutch hard cheese",
    {
        "MK-4": Value(5 / 75, "1", _HARD, note="derived: 5 of 5 and 70 ug/(100 g) in Dutch hard cheese"),
        "MK-8": Value(70 / 75 / 3, "1", _HARD, note="derived: a third of 70 in 75 ug/(100 g)"),
        "MK-9": Value(70 / 75 * 2 / 3, "1", _HARD, note="derived: two thirds of 70 in 75 ug/(100 g)"),
    },
    "a total of K2, shared out as in Dutch hard cheese",
)
US_DAIRY = Split(
    "MK-9 to MK-11, all as MK-9",
    {
        "MK-9": Value(
            0.90, "1", "fu-2017abs-mk9-11-share",
            note="derived: 90 % is MK-9, MK-10 and MK-11; the latter two taken as MK-9 by assumption",
        )
    },
    "a total of vitamin K, 90 % of it MK-9 to MK-11 and all of that taken as MK-9; the rest is not counted",
)  # fmt: skip
ANIMAL = Split(
    "all MK-4",
    {
        "MK-4": Value(
            1.0, "1", "assumed: the rows of egg yolk, chicken, beef and pork that resolve forms print MK-4 alone"
        )
    },
    "a total of K2, taken as MK-4",
)
NATTO = Split(
    "as Dutch natto",
    {
        "MK-7": Value(
            1000 / 1084, "1", "schurgers-2000-blog-natto schurgers-2000-blog-natto-mk8", note="derived: 1000 of 1084"
        ),
        "MK-8": Value(
            84 / 1084, "1", "schurgers-2000-blog-natto schurgers-2000-blog-natto-mk8", note="derived: 84 of 1084"
        ),
    },
    "a total of K2, shared out as in the natto of the Dutch row",
)
UNRESOLVED = Split("not shared out", {}, "a total of menaquinones that no row resolves into forms: not counted")

__all__ = ["ANIMAL", "DAIRY", "MK8_MK9", "NATTO", "UNRESOLVED", "US_DAIRY", "Content", "Food", "Split"]
