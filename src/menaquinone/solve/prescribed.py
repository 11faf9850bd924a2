"""Everything that is known of doses before a run in legs begins: when they are given, to whom, and who misses which.

A rule decides amounts and no times, so that all schedules can be written out beforehand. Doses that a rule decides are
written with an amount of one unit; a factor for each person and leg, decided on the way, makes them what they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from menaquinone.inputs.adherence import kept
from menaquinone.inputs.doses import Doses
from menaquinone.inputs.parts import counted, flying, overhanging, part
from menaquinone.inputs.records import Regimen, RuleRecord
from menaquinone.inputs.rules import sizes
from menaquinone.inputs.schedule import Schedule
from menaquinone.solve.actions import END, RESET, actions
from menaquinone.solve.asked import Asked, molar_masses
from menaquinone.solve.handed import Flights, slot_of
from menaquinone.solve.problem import Problem, wired

_DIGITS = 9


@dataclass(frozen=True, eq=False)
class Prescribed:
    """Schedules of people who have one rule, or none.

    Attributes
    ----------
    schedules
        One for each regimen and set of doses on their way; ``record`` is the column of the factors on amounts.
    codes : ndarray (n,)
        Index of each person's.
    taken
        For each schedule who takes what, or None where all take all.
    rows : ndarray (n,)
        Row of each person in ``taken`` of their schedule.
    cuts : ndarray (n,)
        Time from which on doses that were on their way before the run are cancelled, h.
    given : ndarray (records, n)
        How many doses of each record will have been given, runs before included.
    speed
        Factors of formulations on absorption times by parameter, (n,).
    molar
        Molar masses of what is dosed, g/mol.
    ruled
        Whether a rule decides any amounts.
    """

    schedules: tuple[Schedule, ...]
    codes: np.ndarray
    taken: tuple[np.ndarray | None, ...]
    rows: np.ndarray
    cuts: np.ndarray
    given: np.ndarray
    speed: Mapping[str, np.ndarray]
    molar: Mapping[str, float]
    ruled: bool

    @property
    def told(self) -> Doses:
        """What enters when; amounts that a rule decides are NaN."""
        schedules, taken = [], []
        for whole, mask in zip(self.schedules, self.taken, strict=True):
            one, rows = part(whole, 0.0, whole.horizon)
            decided = one.record > 0 if self.ruled else np.zeros(len(one), bool)
            schedules.append(replace(one, amount=np.where(decided, np.nan, one.amount)))
            taken.append(None if mask is None else mask[:, rows])
        return Doses(tuple(schedules), self.codes, tuple(taken))


def prescribe(
    asked: Asked, regimens: Sequence[Regimen], which: np.ndarray, rule: RuleRecord | None, patterns: np.ndarray
) -> Prescribed:
    """Write out the schedules of people who have one rule, or none.

    Parameters
    ----------
    asked
        The run; its people are those that are meant.
    regimens, which
        Different ones, and the index of each person's.
    rule
        The rule that all of them have.
    patterns : ndarray (n,)
        Number of the set of doses on their way that each person has: panels are laid for these too.
    """
    n, horizon, ids = asked.people.n, float(asked.hours[-1]), asked.people.ids
    pairs, codes = np.unique(np.stack([which, patterns]), axis=1, return_inverse=True)
    codes = codes.reshape(-1)
    laid = [_laid(regimens[one], rule) for one in pairs[0].tolist()]
    before = np.zeros((max((len(one.records) for one, _ in laid), default=0), n), np.int64)
    if asked.initial is not None:
        size = max(len(before), len(asked.initial.given))
        before = np.zeros((size, n), np.int64)
        before[: len(asked.initial.given)] = asked.initial.given
    stages, speed = wired(asked.model), {} if asked.initial is None else dict(asked.initial.speed)
    schedules, taken, given = [], [], before.copy()
    rows, cuts = np.empty(n, np.int64), np.full(n, np.inf)
    for code, (regimen, columns) in enumerate(laid):
        mine = np.flatnonzero(codes == code)
        whole = overhanging(regimen, horizon)
        taken.append(kept(whole.adherence, whole.record, whole.number, ids[mine], asked.seed, before[:, mine].T))
        given[: len(regimen.records), mine] += counted(regimen, horizon)[:, None]
        rows[mine] = np.arange(len(mine))
        cuts[mine] = min([*whole.resets.tolist(), *(one.time for one in whole.steady if one.replace)], default=np.inf)
        for name, factor in actions(stages, whole).factors.items():
            speed[name] = np.array(speed.get(name, np.ones(n)))
            speed[name][mine] = factor
        schedules.append(whole if rule is None else _in_columns(whole, columns, rule))
    return Prescribed(
        tuple(schedules),
        codes,
        tuple(taken),
        rows,
        np.round(cuts, _DIGITS),
        given,
        speed,
        molar_masses(regimens),
        rule is not None,
    )


_Columns = list[tuple[int, int]]
"""For each record: which dose of the rule it is (-1 for none), and its leg (-1 where that depends on the time)."""


def _laid(regimen: Regimen, rule: RuleRecord | None) -> tuple[Regimen, _Columns]:
    """Return a regimen with the doses of its rule, one unit each, and what each record is of the rule."""
    records, columns = list(regimen.records), [(-1, -1)] * len(regimen.records)
    for place, (one, unit) in enumerate(zip(rule.records, sizes(rule), strict=True) if rule else ()):
        unity = replace(one, amount=float(unit), rate=0.0, duration=one.infused)
        if rule is None or one.every:
            records.append(unity)
            columns.append((place, -1))
            continue
        for leg, begins in enumerate([0.0, *rule.visits]):  # given once after every visit
            records.append(replace(unity, time=begins + one.time))
            columns.append((place, leg))
    return Regimen(tuple(records)), columns


def _in_columns(schedule: Schedule, columns: _Columns, rule: RuleRecord) -> Schedule:
    """Give records the columns of the factors on amounts: 0 as written, then dose after dose, leg after leg."""
    legs = len(rule.visits) + 1

    def column(record: int, given: float) -> int:
        place, leg = columns[record]
        leg = int(np.searchsorted(rule.visits, round(given, _DIGITS), side="right")) if leg < 0 else leg
        return 0 if place < 0 else 1 + place * legs + leg

    pairs = zip(schedule.record.tolist(), schedule.given.tolist(), strict=True)
    steady = tuple(
        replace(
            one,
            new=tuple(replace(each, record=column(each.record, one.time)) for each in one.new),
            orbit=tuple(replace(each, record=column(each.record, one.time)) for each in one.orbit),
        )
        for one in schedule.steady
    )
    return replace(schedule, record=np.array([column(*pair) for pair in pairs], np.int64), steady=steady)


def on_their_way(asked: Asked, known: Prescribed, scales: np.ndarray | None) -> Flights | None:
    """Return the run's doses that are on their way at its end, in hours since then; None where there are none.

    Parameters
    ----------
    asked, known
        The run.
    scales : ndarray (n, columns) or None
        Factors on amounts.
    """
    horizon = float(asked.hours[-1])
    found = [flying(one, horizon) for one in known.schedules]
    if not any(len(schedule) for schedule, _ in found):
        return None
    doses = Doses(tuple(schedule for schedule, _ in found), known.codes, (None,) * len(found))
    problem = Problem(
        asked.model, asked.people, doses, np.array([horizon]), asked.rtol, asked.growth_noise, known.molar, scales,
        speed=known.speed,
    )  # fmt: skip
    lanes, columns, arriving = np.arange(asked.people.n), [], []
    parameters = [problem.parameters(one, lanes) if one.doses else None for one in problem.stages]
    for code, (one, (_, rows)) in enumerate(zip(problem.actions, found, strict=True)):
        mine, taken = known.codes == code, known.taken[code]
        for event in np.flatnonzero((one.order != END) & (one.order != RESET)).tolist():
            dose, target = int(one.dose[event]), one.targets[one.target[event]]
            ends = one.time[(one.dose == dose) & (one.order == END)]
            amount = np.where(mine, one.value[event] * problem.arriving(target, parameters, lanes), np.nan)
            if taken is not None:
                amount[mine] *= taken[known.rows[mine], rows[dose]]
            columns.append((one.time[event], ends[0] if ends.size else np.nan, slot_of(problem.stages, target)))
            arriving.append(amount)
    start, end, slot = zip(*columns, strict=True)
    return Flights(np.array(start), np.array(end), np.array(slot, np.int64), np.array(arriving))


__all__ = ["Prescribed", "on_their_way", "prescribe"]
