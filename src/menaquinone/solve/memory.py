"""What a run needs of memory, reckoned before it starts; and a refusal where a machine has not got it.

Reckoned are the arrays that grow with people, times, outputs and doses. Libraries and compiled code (some 200 MB) are
there before and not counted. For runs of more than 100 MB the largest amount in use at one time has been measured to be
0.7 to 1.1 of the estimate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np

from menaquinone.catalogue.effects import BONE_LOSS
from menaquinone.errors import InputError, refused
from menaquinone.inputs.covariates import year_steps
from menaquinone.inputs.doses import Regimens, prescribed
from menaquinone.inputs.population import Population, population
from menaquinone.inputs.records import Regimen
from menaquinone.inputs.schedule import expand
from menaquinone.model import Model
from menaquinone.results import HELD, Accumulator, Summaries, cells_of, groups_of
from menaquinone.solve.asked import Asked, asked, summaries_or_none
from menaquinone.solve.handed import state_names
from menaquinone.solve.room import available
from menaquinone.solve.streams import doses_at_risk, portion_size, some

_NUMBER = 8
_WORK = 2**24
"""Bytes that a thread of an engine works in, a block of subjects at a time."""
_PIECES = 4
"""Blocks of subjects whose outputs exist at one time."""
_OCTAVES = 16
"""Octaves that the values of one cell usually span."""
_DOSE = 300
"""Bytes for each administration of a schedule, in the schedule and in what is made of it."""
_SORTED = 2**24
"""Bytes in which values are sorted, a few cells at a time."""
_SMALL = 2**26
"""Runs that need less start without asking the machine."""
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes that a run needs, by what they are for.

    Attributes
    ----------
    parts
        Bytes by what needs them.
    there
        Names of parts that are in memory before the run starts.
    """

    parts: Mapping[str, int]
    there: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Freeze."""
        object.__setattr__(self, "parts", MappingProxyType(dict(self.parts)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle through a plain dictionary."""
        return (MemoryEstimate, (dict(self.parts), self.there))

    @property
    def bytes(self) -> int:
        """All of them."""
        return sum(self.parts.values())

    @property
    def more(self) -> int:
        """Bytes that are not in memory yet."""
        return sum(size for name, size in self.parts.items() if name not in self.there)

    def __int__(self) -> int:
        return self.bytes

    def __repr__(self) -> str:
        """Name the sum and the parts, the largest first."""
        largest = sorted(self.parts.items(), key=lambda part: -part[1])
        said = ", ".join(f"{name} {readable(size)}" for name, size in largest if size)
        return f"<MemoryEstimate about {readable(self.bytes)}: {said}>"


def estimate_memory(
    model: Model,
    people: Population | int,
    regimen: Regimens = None,
    *,
    times: Any,
    outputs: list[str] | tuple[str, ...] | None = None,
    engine: Any = None,
    growth_noise: bool = False,
    workers: int | None = None,
    summaries: Summaries | None = None,
    points: int = 1,
) -> MemoryEstimate:
    """Estimate the memory that a simulation or a sweep needs.

    Parameters
    ----------
    model
        As for :func:`simulate`.
    people
        A population, or how many: they are then taken to be as richly described as ``"postmenopausal"``.
    regimen, times, outputs, engine, growth_noise, workers, summaries
        As for :func:`simulate`.
    points
        Of a sweep.

    Returns
    -------
    MemoryEstimate
        ``.bytes``, and ``.parts`` by what needs them.

    Raises
    ------
    InputError
        If an argument cannot be used as it is.
    """
    known = isinstance(people, Population)
    one = people if known else population("postmenopausal", min(_whole(people, "people"), 1), rng=0)
    run = asked(model, one, times=times, outputs=outputs, engine=engine, growth_noise=growth_noise, workers=workers)
    n = run.people.n if known else int(people)  # type: ignore[arg-type]
    return estimated(
        run, _different(regimen), summaries_or_none(summaries), n=n, points=_whole(points, "points"), known=known
    )


def _whole(number: Any, what: str) -> int:
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 1:
        raise refused(what, number, "a whole number of at least 1" + " or a population" * (what == "people"))
    return int(number)


def estimated(
    run: Asked,
    regimens: Sequence[Regimen],
    summaries: Summaries | None,
    *,
    n: int,
    points: int = 1,
    known: bool = True,
) -> MemoryEstimate:
    """Estimate the memory of a run whose arguments are checked.

    Parameters
    ----------
    run
        Its people stand for all, where they do not exist yet.
    regimens
        Different ones.
    summaries
        As for ``simulate``.
    n
        People.
    points
        Of a sweep.
    known
        Whether the people exist already.
    """
    horizon = float(run.hours[-1])
    each = sized(run.people) / run.people.n
    at_risk = max((doses_at_risk(one, horizon) for one in some(regimens)), default=0)
    cells = len(cells_of(run.model, run.wanted, run.hours))
    streams = summaries is not None or points > 1
    portion = min(n * points, portion_size(regimens, horizon, cells)) if streams else n
    parts = {
        "population": int(each * n),
        "engine": run.workers * _WORK + _PIECES * min(_together(run, cells), portion) * cells * _NUMBER,
        "covariates": portion * _covariates(run, horizon),
        "missed doses": portion * at_risk,
        "people at one time": int(each * portion) if portion < n * points else 0,
        "schedules": min(len(regimens), portion) * _longest(regimens, horizon) * _DOSE if len(regimens) > 1 else 0,
    }
    if run.keeps:
        # what was handed over, what a leg reaches, what is handed over and its labelled copy
        parts["state"] = 4 * n * len(state_names(run.model)) * _NUMBER
    if summaries is None:
        parts["results"] = n * points * (_result(run) + 2 * _NUMBER) + (n * at_risk if points == 1 else 0)
    else:
        groups = len(groups_of(run.people, summaries.by))
        parts["results"] = points * cells * groups * (4 + len(summaries.quantiles)) * _NUMBER
        parts["summaries"] = cells * _summarised(summaries, n, portion, groups) + _SORTED
    return MemoryEstimate(parts, ("population",) if known else ())


def _together(run: Asked, cells: int) -> int:
    """Return how many people an engine takes at a time."""
    together = getattr(run.engine, "together", None)
    return 1 if together is None else int(together(cells))


def _different(regimen: Any) -> list[Regimen]:
    """Return the different regimens, whoever has them."""
    many = regimen.values() if isinstance(regimen, Mapping) else regimen if isinstance(regimen, (list, tuple)) else None
    given = regimen if many is None else list(many)
    return prescribed(given, np.arange(1 if many is None else len(given)))[0]


def _longest(regimens: Sequence[Regimen], horizon: float) -> int:
    """Return how many administrations the longest of a few regimens has: they stand for all."""
    return max((len(expand(Regimen(one.prescribed), horizon)) for one in some(regimens)), default=0)


def _covariates(run: Asked, horizon: float) -> int:
    """Return the bytes of one person's covariates: the arrays, and the copies that are checked and frozen."""
    years = len(year_steps(max(horizon, 1.0))[0])
    sites = len(run.model.members("site")) if any("site" in one.block.axes for one in run.model.stages) else 0
    numbers = 2 + years + 2 * (len(BONE_LOSS) + 1) + (years * sites if run.growth_noise else 1)
    return 2 * numbers * _NUMBER


def _result(run: Asked) -> int:
    """Return the bytes of one person's outputs; those of pairs are spread over both of their axes, in a copy."""
    total = 0
    for name in run.wanted:
        offer = run.model.offers[name]
        full = prod(len(run.model.members(axis)) for axis in offer.axes)
        total += len(offer.members) + (full if full != len(offer.members) or len(offer.axes) > 1 else 0)
    return len(run.hours) * total * _NUMBER


def _summarised(wanted: Summaries, n: int, portion: int, groups: int) -> int:
    """Return the bytes of one cell while it is summarised."""
    if n <= HELD:
        return max(portion, n) * _NUMBER
    bins = _OCTAVES << Accumulator(0, wanted.accuracy).bits
    return groups * (HELD + bins) * _NUMBER


def sized(people: Population) -> int:
    """Return the bytes of the arrays of people."""
    arrays = [people.ids, *people.factors.values(), *people.values.values(), *people.diet.values()]
    return sum(one.nbytes for one in [*arrays, *(column.values for column in people.table.values())])


def refuse_what_does_not_fit(estimate: MemoryEstimate, *, summaries: bool) -> None:
    """Refuse a run that needs more memory than there is.

    Parameters
    ----------
    estimate
        Of the run.
    summaries
        Whether it keeps summaries alone.

    Raises
    ------
    InputError
        If that is known.
    """
    if estimate.more < _SMALL:
        return
    room = available()
    if room is None or estimate.more <= room:
        return
    ways = "keep fewer outputs or times"
    ways += "" if summaries else ", run people.select(...) in chunks, or ask for summaries=mk.Summaries()"
    raise InputError(
        f"memory: got a run that needs about {readable(estimate.more)}, expected at most the {readable(room)} that are "
        f"available; {ways}."
    )


def readable(size: float) -> str:
    """Return a number of bytes with two digits and a unit."""
    power = 0
    while size >= 999.5 and power < len(_UNITS) - 1:
        size, power = size / 1000, power + 1
    return f"{size:.{0 if size >= 10 or not power else 1}f} {_UNITS[power]}"


__all__ = [
    "MemoryEstimate",
    "available",
    "estimate_memory",
    "estimated",
    "readable",
    "refuse_what_does_not_fit",
    "sized",
]
