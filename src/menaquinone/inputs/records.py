"""Records of a regimen: doses, repeated doses, resets, and sums of them. Times in h and amounts in nmol.

What a record means, and what happens first at equal times, is specified in ``docs/guide/events.md``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from menaquinone.catalogue.substances import Substance
from menaquinone.errors import InputError, refused
from menaquinone.inputs.adherence import Adherence

ROUNDING = 1e-9
"""Times closer than this share of an interval are one time: 0.1 h thrice is 0.3 h."""


@dataclass(frozen=True)
class DoseRecord:
    """One line of a prescription: a dose, or the same dose again and again.

    Attributes
    ----------
    form
        Name of the form.
    molar_mass
        Of the form, g/mol.
    amount
        nmol in each dose, before bioavailability.
    route
        ``oral``, ``iv`` or ``im``.
    time
        Of the first dose, h.
    every
        Interval, h; 0 for a single dose.
    doses
        How many; None for as many as the run is long.
    duration
        Of an infusion, h; 0 for a dose given at once.
    rate
        Of an infusion given by its rate, nmol/h; 0 where the duration is given.
    lag
        From giving a dose to its entry, h.
    bioavailability
        Share of a dose that enters; None for the model's.
    steady
        1 or 2 for a steady state before the first dose, see the specification; 0 for none.
    formulation
        Name; empty where unspecified.
    fat
        Of the meal, g; None where unspecified.
    adherence
        Probability that a dose is taken.
    food
        What it is eaten as; empty for a drug or a supplement.
    prescribed
        Interval and exclusive end as written, h, so that another interval ends where this one was meant to (no end
        where none was written); it takes no part in comparisons.
    described
        Record of the form, so that formulations and meals of a form of one's own are known; it takes no part in the
        hash, because mappings have none.
    """

    form: str
    molar_mass: float
    amount: float
    route: str = "oral"
    time: float = 0.0
    every: float = 0.0
    doses: int | None = 1
    duration: float = 0.0
    rate: float = 0.0
    lag: float = 0.0
    bioavailability: float | None = None
    steady: int = 0
    formulation: str = ""
    fat: float | None = None
    adherence: float = 1.0
    food: str = ""
    prescribed: tuple[float, float | None] | None = field(default=None, compare=False, repr=False)
    described: Substance | None = field(default=None, hash=False, repr=False)

    def __post_init__(self) -> None:
        """Forget the interval of a single dose, so that equal prescriptions are equal."""
        if self.doses == 1 and not self.steady:
            object.__setattr__(self, "every", 0.0)

    @property
    def infused(self) -> float:
        """Duration of each infusion, h; 0 for a dose given at once.

        A rate is kept whatever the bioavailability given with the dose: it is the duration that shrinks.
        """
        if not self.rate:
            return self.duration
        return self.amount / self.rate * (1.0 if self.bioavailability is None else self.bioavailability)

    @property
    def endless(self) -> bool:
        """Whether this is the steady state of an infusion that never pauses (no amount, a rate)."""
        return bool(self.steady and self.rate and not self.amount)

    def __str__(self) -> str:
        """One line for people."""
        ug = self.molar_mass / 1e3
        what = f"{self.form} {self.rate * ug:.12g} ug/h" if self.endless else f"{self.form} {self.amount * ug:.12g} ug"
        said = [f"{what} {self.route}"]
        if self.every:
            many = "to the end" if self.doses is None else f"{self.doses} dose{'s' * (self.doses != 1)}"
            said += [f"every {_time(self.every)} from {_time(self.time)}", many]
        else:
            said += [f"at {_time(self.time)}"]
        if self.infused:
            said += [f"over {_time(self.infused)}"]
        if self.lag:
            said += [f"lag {_time(self.lag)}"]
        if self.bioavailability is not None:
            said += [f"bioavailability {self.bioavailability:.12g}"]
        if self.steady:
            said += ["at steady state" + (" of its own" if self.steady == 1 else "")]
        if self.food:
            said += [f"in {self.food}"]
        elif self.formulation:
            said += [self.formulation]
        if self.fat is not None:
            said += [f"with {self.fat:.12g} g fat"]
        if self.adherence < 1:
            said += [f"{100 * self.adherence:.12g} % taken"]
        return ", ".join(said)


@dataclass(frozen=True)
class ResetRecord:
    """Plasma and depots go back to the habitual diet at a time (h); nothing else is touched."""

    time: float

    def __str__(self) -> str:
        """One line for people."""
        return f"reset at {_time(self.time)}"


@dataclass(frozen=True)
class RuleRecord:
    """Doses whose amounts are decided at visits: the end of a regimen.

    Attributes
    ----------
    decide
        From days since the start of the run and what is seen of n people to their next doses.
    doses
        What is decided, by name: form, route and rhythm, and the amount given until the first visit.
    visits
        Times, h.
    observes
        Outputs that are seen.
    unit
        Of the amounts that are seen and decided.
    named
        Whether ``decide`` returns a mapping from names.
    """

    decide: Callable[[float, Any], Any]
    doses: tuple[tuple[str, DoseRecord], ...]
    visits: tuple[float, ...]
    observes: tuple[str, ...]
    unit: str
    named: bool

    @property
    def records(self) -> tuple[DoseRecord, ...]:
        """The doses without their names."""
        return tuple(one for _, one in self.doses)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the doses."""
        return tuple(name for name, _ in self.doses)

    def __str__(self) -> str:
        """One line for people."""
        called = getattr(self.decide, "__name__", None) or repr(self.decide)
        said = [f"{' and '.join(self.names)} as {called} decides"]
        if self.visits:
            between = f" from {_time(self.visits[0])} to {_time(self.visits[-1])}" if len(self.visits) > 1 else ""
            said += [f"{len(self.visits)} visits{between}" if between else f"a visit at {_time(self.visits[0])}"]
        if self.observes:
            said += [f"seeing {' and '.join(self.observes)}"]
        return ", ".join(said if self.visits else [*said[:1], "no visits"])


def _time(value: float) -> str:
    whole_days = value >= 48 and value % 24 == 0
    return f"{value / 24:.12g} d" if whole_days else f"{value:.12g} h"


@dataclass(frozen=True)
class Regimen:
    """Doses of one person or of many: add regimens, multiply by an adherence, hand to ``simulate``.

    Two regimens are equal when their records are. ``Regimen()`` gives nothing, and ``sum`` of regimens works.

    Attributes
    ----------
    records
        In the order of writing. The order does not change what is given; it numbers the draws of adherence.
    notes
        Sentences that belong in every result; they take no part in comparisons.
    rule
        What decides further doses at visits, where the regimen ends in a rule.
    """

    records: tuple[DoseRecord | ResetRecord, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)
    rule: RuleRecord | None = field(default=None, kw_only=True)

    def __add__(self, other: object) -> "Regimen":
        """Give both."""
        if not isinstance(other, Regimen):
            return NotImplemented
        if self.rule is not None and other.rule is not None:
            raise InputError("regimen: got two rules, expected one; a rule may decide several doses by name.")
        return Regimen(self.records + other.records, together(self.notes, other.notes), rule=self.rule or other.rule)

    def __radd__(self, other: object) -> "Regimen":
        """Let ``sum`` start from 0."""
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __mul__(self, other: object) -> "Regimen":
        """Miss some of the doses."""
        if not isinstance(other, Adherence):
            raise refused("factor of a regimen", other, "an adherence such as mk.adherence(0.8)")

        def missed(one: DoseRecord) -> DoseRecord:
            return replace(one, adherence=one.adherence * other.probability)

        records = tuple(missed(one) if isinstance(one, DoseRecord) else one for one in self.records)
        rule = self.rule and replace(self.rule, doses=tuple((name, missed(one)) for name, one in self.rule.doses))
        return Regimen(records, self.notes, rule=rule)

    __rmul__ = __mul__

    def unattended(self) -> "Regimen":
        """Return the same without visits: everybody goes on with the doses that a rule has decided last."""
        return self if self.rule is None else replace(self, rule=replace(self.rule, visits=(), observes=()))

    @property
    def prescribed(self) -> tuple[DoseRecord | ResetRecord, ...]:
        """Every record, those whose amounts a rule decides at the end."""
        return self.records if self.rule is None else (*self.records, *self.rule.records)

    def __repr__(self) -> str:
        """Show one record a line."""
        lines = [str(one) for one in self.records] + ([] if self.rule is None else [str(self.rule)])
        return f"Regimen({lines[0] if lines else ''})" if len(lines) < 2 else "\n  ".join(["Regimen(", *lines]) + "\n)"


def together(*notes: tuple[str, ...]) -> tuple[str, ...]:
    """Return sentences, each once, in order of appearance."""
    return tuple(dict.fromkeys(one for some in notes for one in some))


def varied(one: DoseRecord, changes: Mapping[str, Any]) -> DoseRecord:
    """Return a record with some of its fields written otherwise, as if it had been prescribed like that.

    Parameters
    ----------
    one
        A record.
    changes
        By the names of ``mk.dose``: ``dose`` (nmol), ``every``, ``until``, ``start``, ``duration``, ``lag`` (h),
        ``bioavailability``, ``adherence``, ``fat`` (g), ``formulation``.

    Raises
    ------
    InputError
        If doses would end before they start, or the repetition of a dose that is given once is changed.
    """
    fields = {_FIELDS[name]: value for name, value in changes.items() if name in _FIELDS}
    repeats = [name for name in ("every", "until", "start") if name in changes]
    every, until = one.prescribed or (one.every, None)
    if every and repeats:
        every, until = changes.get("every", every), changes.get("until", until)
        fields["every"], start = every, changes.get("start", one.time)
        if until is not None:
            if until <= start:
                raise refused("until", f"{until:g} h", f"a time after start ({start:g} h)")
            fields["doses"] = count(until - start, every)
    elif not every and repeats not in ([], ["start"]):
        raise InputError(
            f"{repeats[0]}: got a dose that is given once, expected one with `every`, the interval of its repetition."
        )
    return replace(one, **fields)


_FIELDS = {"dose": "amount", "start": "time"} | {
    name: name for name in ("duration", "lag", "bioavailability", "adherence", "fat", "formulation")
}


def count(span: float, every: float) -> int:
    """Return how many doses fall into ``[0, span)``, the first at 0; times equal up to rounding are one time.

    Parameters
    ----------
    span, every
        h.
    """
    return max(0, ceil(span / every - ROUNDING))


__all__ = ["ROUNDING", "DoseRecord", "Regimen", "ResetRecord", "RuleRecord", "count", "together", "varied"]
