"""Plasma levels of a dosing history in closed form: single doses added up, steady states as geometric series.

Nothing here asks the library for a schedule or a solution. Times are in h and amounts in nmol; a history is a list of
rows as they stand in an event table, and what each of them means is that of the specification of events.
"""

from dataclasses import dataclass, fields
from functools import cache
from math import exp

import numpy as np
from scipy.linalg import expm


@dataclass(frozen=True)
class Row:
    """One row of an event table."""

    time: float
    amt: float = 0.0
    rate: float = 0.0
    ii: float = 0.0
    addl: int = 0
    ss: int = 0
    evid: int = 1
    route: str = "oral"
    dur: float = 0.0
    lag: float = 0.0
    f: float | None = None


def reset(time):
    return Row(time, evid=3)


def event_table(rows):
    """Return columns as `from_table` reads them; rows must be in order of time."""
    columns = {one.name.upper(): [getattr(row, one.name) for row in rows] for one in fields(Row) if one.name != "route"}
    return columns | {"CMT": [f"{row.route}[K1]" for row in rows]}


class OneCompartment:
    """A depot that empties into one compartment: sums of exponentials."""

    def __init__(self, absorption, clearance, volume):
        self.absorption, self.elimination, self.volume = absorption, clearance / volume, volume

    def _terms(self, route):
        ka, k = self.absorption, self.elimination
        return [(1.0, k)] if route == "iv" else [(ka / (ka - k), k), (-ka / (ka - k), ka)]

    def after(self, t, route, ii=0.0):
        """Amount t h after a unit dose; with ``ii``, after that dose and all that went before it at this interval."""
        return sum(c * exp(-k * t) / (1 - exp(-k * ii) if ii else 1) for c, k in self._terms(route))

    def held(self, t, route, ii=0.0):
        """Amount t h after the end of an endless infusion of 1 nmol/h; with ``ii``, summed over t, t + ii, ..."""
        return sum(c / k * exp(-k * t) / (1 - exp(-k * ii) if ii else 1) for c, k in self._terms(route))


class Chain:
    """Five depots in a row, then two compartments in exchange: matrix exponentials.

    With ``pool``, a residence time and the plasma level that holds a pool at 1, amounts are those of the pool.
    """

    def __init__(self, transfer, clearance, volume, exchange, peripheral_volume, pool=None):
        self.volume, self.seen = volume, 5 if pool is None else 7
        a = np.zeros((8, 8))
        for depot in range(5):
            a[depot, depot] = -transfer
            a[depot + 1, depot] = transfer
        a[5, 5] = -(clearance + exchange) / volume
        a[6, 5] = exchange / volume
        a[5, 6] = exchange / peripheral_volume
        a[6, 6] = -exchange / peripheral_volume
        residence_time, reference_level = pool or (1.0, 1.0)
        a[7, 5] = 1 / (volume * reference_level * residence_time)
        a[7, 7] = -1 / residence_time
        self.transition = cache(lambda t: expm(a * t))
        self.series = cache(lambda ii: np.linalg.inv(np.eye(8) - expm(a * ii)) if ii else np.eye(8))
        self.lasting = -np.linalg.inv(a)

    def after(self, t, route, ii=0.0):
        into = self.series(ii)[:, 5 if route == "iv" else 0]
        return self.transition(t)[self.seen] @ into

    def held(self, t, route, ii=0.0):
        into = self.series(ii) @ self.lasting[:, 5 if route == "iv" else 0]
        return self.transition(t)[self.seen] @ into


def level(rows, time, kinetics, *, oral_share, intake):
    """Return the amount in plasma at one time, just before anything that happens there.

    Parameters
    ----------
    rows
        The history.
    time
        h.
    kinetics
        A single unit dose in closed form.
    oral_share
        Bioavailability of an oral dose that has none of its own.
    intake
        Habitual diet, nmol/h before bioavailability.
    """
    wiped = [row.time for row in rows if (row.evid in {3, 4} or row.ss == 1) and row.time < time]
    since = max(wiped, default=0.0)
    counted = [row for row in rows if row.evid != 3 and since <= row.time < time]
    shares = [_share(row, oral_share) for row in counted]
    diet = intake * oral_share * kinetics.held(0.0, "oral")
    return diet + sum(_of_row(row, share, time, kinetics) for row, share in zip(counted, shares, strict=True))


def _share(row, oral_share):
    if row.f is not None:
        return row.f
    return oral_share if row.route == "oral" else 1.0


def _of_row(row, share, time, kinetics):
    if row.ss and row.rate and not row.amt:  # an infusion that never paused until now
        return row.rate * (1.0 if row.f is not None else share) * kinetics.held(time - row.time, row.route)
    lasts = row.dur
    if row.rate:
        lasts = row.amt / row.rate * (1.0 if row.f is None else row.f)
    entries = [row.time + row.lag + number * row.ii for number in range(row.addl + 1)]
    total = sum(_single(time - entry, lasts, row.route, kinetics) for entry in entries)
    if row.ss:
        past = 1
        while row.lag - past * row.ii + lasts > 1e-9:  # given before the steady state, not yet done with
            total += _single(time - row.time - row.lag + past * row.ii, lasts, row.route, kinetics)
            past += 1
        total += _single(time - row.time - row.lag + past * row.ii, lasts, row.route, kinetics, row.ii)
    return row.amt * share * total


def _single(t, lasts, route, kinetics, ii=0.0):
    """Amount t h after a unit dose began to enter; with ``ii``, all that ended before it at this interval too."""
    t = round(t, 11)  # far below what 1e-9 can see; and equal times are found equal
    if t <= 0:
        return 0.0
    if not lasts:
        return kinetics.after(t, route, ii)
    return (kinetics.held(max(round(t - lasts, 11), 0.0), route, ii) - kinetics.held(t, route, ii)) / lasts
