"""Kinds of people, one record each. A new population is one more file with a record, and one line here."""

from collections.abc import Mapping

from menaquinone.errors import unknown
from menaquinone.inputs.people.ckd import CKD
from menaquinone.inputs.people.coronary import CAC
from menaquinone.inputs.people.diabetes import DIABETES
from menaquinone.inputs.people.genotypes import of_ancestry
from menaquinone.inputs.people.healthy import HEALTHY
from menaquinone.inputs.people.hemodialysis import HEMODIALYSIS
from menaquinone.inputs.people.older import OLDER
from menaquinone.inputs.people.postmenopausal import POSTMENOPAUSAL
from menaquinone.inputs.people.record import Correlation, Draw, Effect, Record
from menaquinone.inputs.people.reference import REFERENCE
from menaquinone.inputs.people.regions import living_in
from menaquinone.inputs.people.transplant import TRANSPLANT
from menaquinone.inputs.people.valve import AVC
from menaquinone.inputs.people.vka import VKA

RECORDS = {
    record.name: record
    for record in (
        REFERENCE, HEALTHY, POSTMENOPAUSAL, OLDER, DIABETES, CKD, HEMODIALYSIS, TRANSPLANT, AVC, CAC, VKA,
    )
}  # fmt: skip
"""Every population by name."""


def chosen(name: str | Record) -> Record:
    """Return a record by its name; a record is handed back as it is.

    Raises
    ------
    UnknownNameError
        If there is no such population.
    """
    if isinstance(name, Record):
        return name
    if name not in RECORDS:
        raise unknown("population", name, RECORDS)
    return RECORDS[name]


def living(record: Record, region: str | None, ancestry: str | Mapping[str, float] | None) -> Record:
    """Return a record whose people live in a region and are of an ancestry; None leaves them as they are.

    Raises
    ------
    UnknownNameError
        If there is no such region or ancestry.
    InputError
        If the record has no diet or no genotypes, or shares of ancestry do not sum to 1.
    """
    record = record if region is None else living_in(record, region)
    return record if ancestry is None else of_ancestry(record, ancestry)


__all__ = ["RECORDS", "Correlation", "Draw", "Effect", "Record", "chosen", "living"]
