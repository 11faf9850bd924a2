"""What people eat by region: the habitual intake of K1 and of MK-7 behind a plasma level, or as a survey reports it.

MK-4, MK-8 and MK-9 as people usually eat them are part of the basal supply, whatever the region (see ``uncounted``).
Disagreeing sources stay side by side as regions of their own; nothing is averaged.
"""

from dataclasses import replace
from math import exp, log, sqrt

from menaquinone.catalogue import evidence
from menaquinone.catalogue.forms import FORMS
from menaquinone.errors import refused, unknown
from menaquinone.inputs.distributions import LogNormal
from menaquinone.inputs.people.common import intake_holding
from menaquinone.inputs.people.record import Draw, Record

_MK7_SPREAD = sqrt(sum(one.omega**2 for one in FORMS["MK-7"].pk.values.values()))
"""SD of ln(plasma level) that absorption and clearance make of equal intakes."""
_NARROWEST = 0.3
"""SD of ln(intake) where levels spread no more than absorption and clearance make them; assumed."""
_K1_SPREAD = 0.45


def _level(form: str, row: str) -> float:
    """Return a row's plasma level in nmol/L."""
    one = evidence.row(row)
    assert one.value is not None
    return one.value if one.unit == "nmol/L" else one.value * 1e3 / FORMS[form].molar_mass.value


def _eaten(form: str, median: float, omega: float, source: str, note: str) -> Draw:
    return Draw(LogNormal(median, omega), "ug/d", f"habitual intake of {form}", source, note, eaten_as=form)


def _holding(form: str, row: str, omega: float, note: str) -> Draw:
    return _eaten(
        form, intake_holding(form, _level(form, row)), omega, row, f"median derived: holds the level of {row}; {note}"
    )


def _mk7_of_levels(row: str) -> Draw:
    """Return the intake behind a mean and SD of plasma levels, both taken as log-normal."""
    one = evidence.row(row)
    assert one.value is not None
    spread = sqrt(log(1 + (one.spread[0] / one.value) ** 2))
    omega = max(_NARROWEST, sqrt(max(spread**2 - _MK7_SPREAD**2, 0.0)))
    median = _level("MK-7", row) * exp(-(spread**2) / 2)
    note = (
        "derived: log-normal levels of the row's mean and SD, of which absorption and clearance explain "
        f"{_MK7_SPREAD:.2f} in SD of ln"
    )
    return _eaten("MK-7", intake_holding("MK-7", median), omega, row, note)


def _of_share(form: str, total: str, share: str, omega: float, note: str) -> Draw:
    whole, part = evidence.row(total).value, evidence.row(share).value
    assert whole is not None
    assert part is not None
    return _eaten(form, whole * part / 100, omega, f"{total} {share}", f"derived: {part:g} % of {whole:g} ug/d; {note}")


_GAST = "SD of ln from gast-2009-k1-intake, CV 0.47"
_AS_EUROPE = _holding(
    "MK-7", "dunovska-2019-mk7", _NARROWEST, "SD of ln 0.3 by assumption: with absorption and clearance plasma then "
    "spreads nearly as in the row"
)  # fmt: skip
_NETHERLANDS_K1 = evidence.row("gast-2009-k1-intake")

REGIONS: dict[str, dict[str, Draw]] = {
    "western Europe": {"K1": _holding("K1", "thane-2006-k1-all", _K1_SPREAD, _GAST), "MK-7": _AS_EUROPE},
    "United Kingdom": {
        "K1": _holding("K1", "thane-2006-k1-all", _K1_SPREAD, _GAST),
        "MK-7": _mk7_of_levels("kaneki-2001-mk7-british"),
    },
    "central Europe": {
        "K1": _holding("K1", "dunovska-2019-k1-women", _K1_SPREAD, f"men dunovska-2019-k1-men 0.191 ug/L; {_GAST}"),
        "MK-7": _AS_EUROPE,
    },
    "Netherlands": {
        "K1": _eaten(
            "K1", float(_NETHERLANDS_K1.value or 0.0) * exp(-(_K1_SPREAD**2) / 2), _K1_SPREAD, "gast-2009-k1-intake",
            f"by questionnaire, women; median derived from the mean; men efsa-2017-rotterdam-k1-men 257 (116); {_GAST}",
        ),
        "MK-7": replace(
            _AS_EUROPE,
            note=f"{_AS_EUROPE.note}; gast-2009-k2-intake, 29 ug/d, is of all menaquinones, mainly MK-8 and MK-9",
        ),
    },
    "Denmark": {
        "K1": _of_share("K1", "jensen-2025-intake", "jensen-2025-share-k1", _K1_SPREAD, f"taken as a median; {_GAST}"),
        "MK-7": _AS_EUROPE,
    },
    "Japan": {
        "K1": _of_share("K1", "kamao-2007-intake", "kamao-2007-share-k1", _K1_SPREAD, f"young women; {_GAST}"),
        "MK-7": _of_share(
            "MK-7", "kamao-2007-intake", "kamao-2007-share-mk7", 0.9,
            "young women; SD of ln 0.9 by assumption: between those of the levels in Tokyo and Hiroshima",
        ),
    },
    "Tokyo": {
        "K1": _holding("K1", "torii-2017-k1-median", _K1_SPREAD, f"median, Japanese patients; {_GAST}"),
        "MK-7": _mk7_of_levels("kaneki-2001-mk7-tokyo"),
    },
    "Hiroshima": {
        "K1": _holding("K1", "torii-2017-k1-median", _K1_SPREAD, f"median, Japanese patients; {_GAST}"),
        "MK-7": _mk7_of_levels("kaneki-2001-mk7-hiroshima"),
    },
}  # fmt: skip
"""Habitual intake by region and form."""


def diet_of(region: str) -> dict[str, Draw]:
    """Return a region's draws of habitual intake, by column.

    Raises
    ------
    UnknownNameError
        If there is no such region.
    """
    if region not in REGIONS:
        raise unknown("region", region, REGIONS)
    return {f"diet[{form}]": draw for form, draw in REGIONS[region].items()}


def living_in(record: Record, region: str) -> Record:
    """Return a record whose people eat as in a region.

    Raises
    ------
    UnknownNameError
        If there is no such region.
    InputError
        If the record has no habitual diet.
    """
    eaten = diet_of(region)
    if not set(eaten) <= set(record.draws):
        raise refused(f"region of population '{record.name}'", region, "a population that has a habitual diet")
    return replace(record, draws={**record.draws, **eaten})


__all__ = ["REGIONS", "diet_of", "living_in"]
