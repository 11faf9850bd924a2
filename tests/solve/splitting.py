"""The rest of a regimen, written for a run that goes on from the state at some time."""

from dataclasses import replace

from menaquinone.catalogue.forms import MK7
from menaquinone.inputs.parts import counted
from menaquinone.inputs.records import DoseRecord, Regimen, ResetRecord

NOTHING = DoseRecord("MK-7", MK7.molar_mass.value, 0.0, every=24.0, doses=0)
"""Stands where a record has ended, so that the others keep their numbers."""


def rest_of(regimen, cut):
    """Return what a regimen still gives from a time (h) on, in hours since then."""
    given = counted(regimen, cut)
    ends = [one.time for one in regimen.records if isinstance(one, ResetRecord) or one.steady == 1]
    return Regimen(tuple(_rest(one, cut, int(many), ends) for one, many in zip(regimen.records, given, strict=True)))


def _rest(one, cut, given, ends):
    if one.time >= cut:
        return replace(one, time=one.time - cut)
    if isinstance(one, ResetRecord) or not one.every:
        return NOTHING
    doses, following = None if one.doses is None else one.doses - given, one.time + given * one.every
    cancelled = any(one.time < end <= following for end in ends)
    if one.endless or doses == 0 or cancelled:
        return NOTHING
    return replace(one, time=following - cut, doses=doses, steady=0)
