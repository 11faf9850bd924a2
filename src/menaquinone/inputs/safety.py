"""What of a regimen touches safety, each kind once in a run: a warning, an attribute of the result, a line to print.

A simulation harms nobody; this is for whoever reads a result as if it were about them.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from menaquinone.catalogue.antagonists import ANTAGONISTS, Antagonist
from menaquinone.catalogue.safety import ASK_ABOVE, INTERACTION_ROWS
from menaquinone.declare import source_ids
from menaquinone.errors import HighDoseWarning, InteractionWarning, SafetyWarning, listed
from menaquinone.inputs.population import Population
from menaquinone.inputs.records import ROUNDING, DoseRecord, Regimen, RuleRecord, count
from menaquinone.units import HOURS_PER_DAY

NOTHING = "nothing to say"
Decided = Mapping[RuleRecord, Sequence[float]]
"""The largest amount (nmol) that a rule has given of each of its doses."""
_NONE: Decided = MappingProxyType({})


@dataclass(frozen=True)
class Concern:
    """One point of safety.

    Attributes
    ----------
    category
        Of the warning: what can be silenced.
    message
        One sentence.
    evidence
        Ids of rows.
    """

    category: type[SafetyWarning]
    message: str
    evidence: tuple[str, ...]

    def __str__(self) -> str:
        """Return the sentence with its evidence."""
        return f"{self.message} ({', '.join(self.evidence)})"


def concerns(
    regimens: Iterable[Regimen | None], people: Population | None, horizon: float, decided: Decided = _NONE
) -> tuple[Concern, ...]:
    """Return what regimens touch, each kind once.

    A rule may give any amount of what it decides, so its doses count for the interaction whatever is written; for high
    doses count the amounts written until it has decided others.

    Parameters
    ----------
    regimens
        Of the run.
    people
        Who may take an antagonist for long.
    horizon
        End of the run, h: later doses do not count.
    decided
        What rules have given at most, once the run is over.
    """
    long_standing = () if people is None else people.drugs
    interacting: Concern | None = None
    high: dict[str, float] = {}
    for regimen in regimens:
        written = [one for one in (regimen.records if regimen else ()) if isinstance(one, DoseRecord)]
        ruled = _at_most(regimen.rule, decided) if regimen and regimen.rule else []
        interacting = interacting or _interaction((*_given(written, horizon), *ruled), long_standing)
        doses = _given((*written, *ruled), horizon)
        for form, limit in ASK_ABOVE.items():
            most = _most_in_a_day([one for one in doses if one.form == form and not one.food], horizon)
            if most > limit.value * (1 + ROUNDING):
                high[form] = max(most, high.get(form, 0.0))
    found = [interacting] if interacting else []
    return (*found, *(_high_dose(form, most) for form, most in high.items()))


def new(found: Iterable[Concern], said: Iterable[Concern]) -> tuple[Concern, ...]:
    """Return what is of another kind than all that has been said."""
    kinds = {one.category for one in said}
    return tuple(one for one in found if one.category not in kinds)


def warn_of(found: Iterable[Concern], stacklevel: int = 2) -> None:
    """Warn of each point once; ``warnings.simplefilter("ignore", HighDoseWarning)`` silences a kind."""
    for one in found:
        warnings.warn(str(one), one.category, stacklevel=stacklevel + 1)


@contextmanager
def unsaid() -> Iterator[None]:
    """Let no warning of safety out: of a published trial, say, whose report says what there is to say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SafetyWarning)
        yield


def told(found: Iterable[Concern]) -> str:
    """Return what a result says: one sentence a line."""
    return "\n".join(map(str, found)) or NOTHING


def _given(doses: Iterable[DoseRecord], horizon: float) -> list[DoseRecord]:
    return [one for one in doses if (one.amount > 0 or one.rate > 0) and one.time < horizon]


def _at_most(rule: RuleRecord, decided: Decided) -> list[DoseRecord]:
    """Return the doses of a rule, each with the largest amount that anybody was given."""
    most = decided.get(rule, [0.0] * len(rule.doses))
    return [replace(one, amount=max(one.amount, amount)) for one, amount in zip(rule.records, most, strict=True)]


def _interaction(doses: Iterable[DoseRecord], long_standing: tuple[str, ...]) -> Concern | None:
    drugs = tuple(dict.fromkeys((*(one.form for one in doses if _against(one)), *long_standing)))
    forms = tuple(dict.fromkeys(one.form for one in doses if not _against(one)))
    if not drugs or not forms:
        return None
    return Concern(
        InteractionWarning,
        f"{listed(forms)} beside {listed(drugs)}: vitamin K acts against the drug and moves INR, so nobody who takes "
        "it changes intake without those who watch the INR",
        INTERACTION_ROWS,
    )


def _against(one: DoseRecord) -> bool:
    """Return whether a dose is one of an antagonist, built in or of one's own."""
    return isinstance(one.described, Antagonist) or one.form in ANTAGONISTS


def _high_dose(form: str, most: float) -> Concern:
    limit = ASK_ABOVE[form]
    return Concern(
        HighDoseWarning,
        f"{most:.4g} ug of {form} in a day from supplements is more than {limit.value:g} ug: ask a healthcare "
        "professional",
        source_ids(limit.source),
    )


def _most_in_a_day(doses: list[DoseRecord], horizon: float) -> float:
    """Return the largest amount (ug) given within 24 h."""
    if len(doses) == 1 and not doses[0].rate:
        one = doses[0]
        within = count(HOURS_PER_DAY, one.every) if one.every else 1
        left = count(horizon - one.time, one.every) if one.every else 1
        return _ug(one) * min(within, left, within if one.doses is None else one.doses)
    parts = [(_times(one, horizon), _ug(one)) for one in doses]
    times = np.concatenate([np.zeros(0), *(times for times, _ in parts)])
    amounts = np.concatenate([np.zeros(0), *(np.full(len(times), ug) for times, ug in parts)])
    order = np.argsort(times, kind="stable")
    times, sums = times[order], np.concatenate([np.zeros(1), np.cumsum(amounts[order])])
    after = np.searchsorted(times, times + HOURS_PER_DAY * (1 - ROUNDING))
    return float((sums[after] - sums[:-1]).max(initial=0.0))


def _times(one: DoseRecord, horizon: float) -> np.ndarray:
    if not one.every:
        return np.array([one.time])
    many = count(horizon - one.time, one.every)
    return one.time + one.every * np.arange(many if one.doses is None else min(many, one.doses))


def _ug(one: DoseRecord) -> float:
    """Return what one dose gives in a day at most, ug; an infusion by its rate as long as it lasts, up to a day."""
    amount = one.rate * HOURS_PER_DAY if one.endless else one.amount
    return amount * one.molar_mass / 1e3 / max(one.infused / HOURS_PER_DAY, 1.0)


__all__ = ["NOTHING", "Concern", "Decided", "concerns", "new", "told", "unsaid", "warn_of"]
