"""Women whose scores their lives have grown: nothing about them is known but what was drawn."""

from dataclasses import replace

from menaquinone.inputs.people import RECORDS, Record
from menaquinone.inputs.people.common import CORRELATIONS

_WOMEN = RECORDS["postmenopausal"]
GROWN: Record = replace(
    _WOMEN,
    draws={name: draw for name, draw in _WOMEN.draws.items() if not name.startswith("agatston")},
    correlations=CORRELATIONS,
)
"""``postmenopausal`` without a score at entry."""
