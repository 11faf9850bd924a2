"""Tissues that hold vitamin K: the pool and its cycle. Plasma levels that supply them stand with the forms.

A tissue of one's own brings the delivery of every form with it, because a form's record knows only the tissues here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from menaquinone.declare import Member, Value, member
from menaquinone.errors import refused, unknown


@dataclass(frozen=True)
class Tissue:
    """One tissue.

    Attributes
    ----------
    name
        As in brackets: ``vessel``.
    pool, cycle
        Members of the tissue pool and of the vitamin K cycle.
    delivery
        By form, parameters of delivery that go before those in the form's record.
    """

    name: str
    pool: Member
    cycle: Member
    delivery: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze the mapping and check that the records are of one tissue."""
        for part in ("pool", "cycle"):
            if getattr(self, part).name != (self.name,):
                raise refused(
                    f"{part} record of tissue '{self.name}'", getattr(self, part).label, f"a member named '{self.name}'"
                )
        frozen = {form: MappingProxyType(dict(values)) for form, values in self.delivery.items()}
        object.__setattr__(self, "delivery", MappingProxyType(frozen))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle through plain dictionaries: a mapping proxy cannot be pickled."""
        plain = {form: dict(values) for form, values in self.delivery.items()}
        return (Tissue, (self.name, self.pool, self.cycle, plain))


_PERSON = Value(
    1.0, "1", "assumed: 1 in the reference person; spread chosen for the observed spread of dp-ucMGP", omega=0.45
)  # fmt: skip
_RESIDENCE = Value(1.5, "d", "olson-2002-k1-turnover", note="exchangeable pool of the body, taken for each tissue")


def _tissue(name: str, meaning: str) -> Tissue:
    pool = member(name, meaning=meaning, residence_time=_RESIDENCE, person_basal=_PERSON)
    return Tissue(name, pool, member(name, meaning=meaning))


LIVER = _tissue("liver", "liver, where clotting factors are made")
BONE = _tissue("bone", "bone, where osteocalcin is made")
VESSEL = _tissue("vessel", "vessel wall, where matrix Gla protein is made")

TISSUES: Mapping[str, Tissue] = MappingProxyType({one.name: one for one in (LIVER, BONE, VESSEL)})
"""The built-in tissues by name."""


def tissue(name: str | Tissue) -> Tissue:
    """Return a tissue by its name; a record is handed back as it is.

    Parameters
    ----------
    name
        ``"vessel"``, or a record of one's own.

    Raises
    ------
    UnknownNameError
        If no built-in tissue has that name.
    """
    if isinstance(name, Tissue):
        return name
    if name not in TISSUES:
        raise unknown("tissue", name, TISSUES)
    return TISSUES[name]


__all__ = ["BONE", "LIVER", "TISSUES", "VESSEL", "Tissue", "tissue"]
