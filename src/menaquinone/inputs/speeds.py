"""Doses of one form that are absorbed at different speeds in one person: the slower are released over some hours.

A form has one chain of depots, and a chain has one speed. The fastest preparation of a regimen sets it; a slower one
enters the chain at a constant rate over twice the difference of the mean absorption times, so that its own mean
absorption time is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from menaquinone.catalogue.forms import Form, Formulation
from menaquinone.catalogue.substances import Substance
from menaquinone.declare import Value
from menaquinone.inputs.records import DoseRecord, ResetRecord

Records = tuple[DoseRecord | ResetRecord, ...]
UNSPECIFIED = "unspecified"
"""What a dose without a formulation is called where another preparation sets the speed."""


def at_one_speed(records: Sequence[DoseRecord | ResetRecord]) -> tuple[Records, dict[str, Substance]]:
    """Return records whose forms have one speed of absorption each, and the forms' records to read them with.

    Parameters
    ----------
    records
        Of a regimen.

    Returns
    -------
    records, forms
        As they came where there is nothing to reconcile.
    """
    forms = {one.form: one.described for one in records if isinstance(one, DoseRecord) and one.described is not None}
    found = tuple(records)
    for name, form in forms.items():
        if not isinstance(form, Form):
            continue  # an antagonist has one preparation
        times = _times(form, [one for one in records if isinstance(one, DoseRecord) and _swallowed(one, name)])
        if len(set(times.values())) > 1:
            fastest = min(times.values(), key=lambda time: time.value)
            forms[name] = _at(form, fastest)
            found = tuple(
                _released(one, times[one.formulation], fastest)
                if isinstance(one, DoseRecord) and _swallowed(one, name)
                else one
                for one in found
            )
    return found, forms


def _swallowed(one: DoseRecord, form: str) -> bool:
    return one.form == form and one.route == "oral"


def _times(form: Form, doses: Sequence[DoseRecord]) -> Mapping[str, Value]:
    """Return the mean absorption time (h) by formulation, of those in use."""
    own = form.pk.values.get("absorption_time")
    if own is None:
        return {}
    return {one.formulation: form.formulation(one.formulation).absorption_time or own for one in doses}


def _at(form: Form, time: Value) -> Form:
    """Return a form all of whose formulations are absorbed at one speed."""
    same = {name: replace(one, absorption_time=time) for name, one in form.formulations.items()}
    return replace(form, formulations=same | {UNSPECIFIED: Formulation(time)})


def _released(one: DoseRecord, time: Value, fastest: Value) -> DoseRecord:
    """Return a dose that enters over hours instead of being absorbed slowly."""
    over = 2 * (time.value - fastest.value)
    formulation = one.formulation or UNSPECIFIED
    if not over or one.endless:
        return replace(one, formulation=formulation)
    return replace(one, formulation=formulation, duration=one.infused + over, rate=0.0)


__all__ = ["UNSPECIFIED", "at_one_speed"]
