"""Kinds of people, one record each. A new population is one more file with a record, and one line here."""

from menaquinone.inputs.people.postmenopausal import POSTMENOPAUSAL
from menaquinone.inputs.people.record import Correlation, Draw, Effect, Record
from menaquinone.inputs.people.reference import REFERENCE

RECORDS = {record.name: record for record in (REFERENCE, POSTMENOPAUSAL)}
"""Every population by name."""

__all__ = ["RECORDS", "Correlation", "Draw", "Effect", "Record"]
