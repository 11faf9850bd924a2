"""Covariates: what a person brings along that changes on its own (age, kidney function, bone loss, luck of the year).

Every covariate carries its own rule between knots. One that enters an affine block's coefficients is held over yearly
steps, in every engine alike, so that a drifting eGFR does not break a periodic orbit within the year.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor, log, sqrt
from typing import Any

import numpy as np

from menaquinone.catalogue import effects
from menaquinone.catalogue.sites import GROWTH_NOISE
from menaquinone.errors import InputError, listed, refused
from menaquinone.inputs import draws
from menaquinone.units import HOURS_PER_DAY, HOURS_PER_YEAR

HOLDS = ("previous", "next", "linear")
_NEVER = 1e9
"""h; beyond every horizon."""


@dataclass(frozen=True, eq=False)
class Covariate:
    """Values of one covariate for n people at knots in time, and the rule between knots.

    Attributes
    ----------
    unit
        Unit of the values.
    times : ndarray (k,) or (n, k)
        Knots in h, rising, the first at or before 0; one row per person where knots are personal.
    values : ndarray (n, k) or (n, k, m)
        In ``unit``; the last axis holds ``members`` where the covariate has an axis.
    hold
        ``"previous"``: a step at each knot, right after it; ``"next"``: a step right after the knot before;
        ``"linear"``: straight lines, the last slope going on beyond the last knot (a single knot: constant).
    axis
        Axis of the members (``"site"``); empty for one value per person.
    members
        Names along ``axis``.

    Raises
    ------
    InputError
        If shapes do not fit, a value is not finite, knots do not rise, or the first lies after time 0.
    """

    unit: str
    times: np.ndarray
    values: np.ndarray
    hold: str = "previous"
    axis: str = ""
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check and freeze the arrays."""
        object.__setattr__(self, "times", frozen(self.times))
        object.__setattr__(self, "values", frozen(self.values))
        object.__setattr__(self, "members", tuple(self.members))
        if self.hold not in HOLDS:
            raise refused("rule of a covariate", self.hold, f"one of {listed(HOLDS)}")
        wanted = 3 if self.axis else 2
        if self.values.ndim != wanted or self.times.ndim not in (1, 2):
            raise refused(
                "shape of a covariate's values", self.values.shape, "(people, knots) and a last axis for members"
            )
        if self.values.shape[1] != self.times.shape[-1] or (
            self.times.ndim == 2 and len(self.times) != len(self.values)
        ):
            raise refused(
                "knots of a covariate", self.times.shape, f"as many as in values of shape {self.values.shape}"
            )
        if self.axis and self.values.shape[2] != len(self.members):
            raise refused(f"members of a covariate along '{self.axis}'", self.members, f"{self.values.shape[2]} names")
        if not (np.isfinite(self.values).all() and np.isfinite(self.times).all()):
            raise InputError("covariate: got a value or knot that is not finite, expected finite numbers.")
        if (np.diff(self.times, axis=-1) <= 0).any() or (self.times[..., 0] > 0).any():
            raise InputError("knots of a covariate: got unsorted or late ones, expected rising hours from 0 or before.")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by building again, so that arrays stay read-only."""
        return (Covariate, (self.unit, self.times, self.values, self.hold, self.axis, self.members))

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.values)

    def take(self, positions: Any) -> "Covariate":
        """Return the covariate of some of the people, by position or slice."""
        times = self.times[positions] if self.times.ndim == 2 else self.times
        return replace(self, times=times, values=self.values[positions])

    def at(self, hours: Any) -> np.ndarray:
        """Return values at times.

        Parameters
        ----------
        hours : array_like (t,)
            Hours since entry, not negative. At a knot the step has been taken (``"previous"``) or not yet (``"next"``).

        Returns
        -------
        ndarray (n, t) or (n, t, m)
        """
        hours = np.atleast_1d(np.asarray(hours, float))
        knots = np.broadcast_to(self.times, self.values.shape[:2])
        last = knots.shape[1] - 1
        if self.hold == "next":
            reached = (knots[:, None, :] < hours[:, None]).sum(-1)
            return self._pick(np.minimum(reached, last))
        before = np.clip((knots[:, None, :] <= hours[:, None]).sum(-1) - 1, 0, last)
        if self.hold == "previous" or last == 0:
            return self._pick(before)
        left = np.minimum(before, last - 1)
        start, stop = np.take_along_axis(knots, left, 1), np.take_along_axis(knots, left + 1, 1)
        share = (hours - start) / (stop - start)
        share = share[..., None] if self.axis else share
        low, high = self._pick(left), self._pick(left + 1)
        return np.asarray(low + share * (high - low))

    def _pick(self, knots: np.ndarray) -> np.ndarray:
        return np.asarray(self.values[np.arange(self.n)[:, None], knots])


def frozen(array: Any, dtype: Any = float) -> np.ndarray:
    """Return a read-only copy of an array."""
    copied = np.array(array, dtype=dtype)
    copied.setflags(write=False)
    return copied


def _day_nearest(hours: np.ndarray) -> np.ndarray:
    """Return the beginnings of days since entry, h, next to some hours.

    What happens once a year is known to no hour: on the boundary of a day it leaves the days whole.
    """
    return np.asarray(np.rint(hours / HOURS_PER_DAY) * HOURS_PER_DAY)


def year_steps(horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the years since entry that have started by ``horizon`` h, and the days on which, h.

    A year that starts at the horizon is included.
    """
    years = np.arange(floor(horizon / HOURS_PER_YEAR) + 2)
    starts = _day_nearest(years * HOURS_PER_YEAR)
    return years[starts <= horizon], starts[starts <= horizon]


def kidney_function(egfr: np.ndarray, horizon: float) -> Covariate:
    """Return the eGFR covariate: falling in yearly steps, each on the day nearest to the end of a year.

    Parameters
    ----------
    egfr : ndarray (n,)
        mL/min/{1.73_m2} at entry, held through the first year.
    horizon
        Hours to cover.
    """
    years, starts = year_steps(horizon)
    return Covariate("mL/min/{1.73_m2}", starts, effects.egfr_at(egfr[:, None], years))


def ageing(age: np.ndarray) -> Covariate:
    """Return the age covariate: a year older every year.

    Parameters
    ----------
    age : ndarray (n,)
        Years at entry.
    """
    return Covariate("a", np.array([0.0, HOURS_PER_YEAR]), np.stack([age, age + 1.0], axis=1), hold="linear")


def bone_loss(since: np.ndarray) -> Covariate:
    """Return the covariate of bone loss: steps at boundaries of a personal clock, each on the nearest day.

    Parameters
    ----------
    since : ndarray (n,)
        Years since the last period at entry; NaN for people to whom it does not apply (always the last level).
    """
    applies = np.isfinite(since)[:, None]
    starts = np.array(effects.BONE_LOSS_YEARS)
    knots = _day_nearest((starts - np.where(applies, since[:, None], 0.0)) * HOURS_PER_YEAR)
    levels = np.array([level.value for _, level in effects.BONE_LOSS])
    first = np.minimum(knots[:, :1], 0.0) - HOURS_PER_YEAR
    values = np.where(applies, levels, levels[-1])
    return Covariate(effects.BONE_LOSS[0][1].unit, np.concatenate([first, knots], axis=1), values)


def constant(values: np.ndarray, unit: str) -> Covariate:
    """Return a covariate that stands still.

    Parameters
    ----------
    values : ndarray (n,)
        In ``unit``.
    unit
        Unit of the values.
    """
    return Covariate(unit, np.zeros(1), values[:, None])


def habitual_drugs(daily: Mapping[str, np.ndarray], until: np.ndarray) -> Covariate:
    """Return the covariate of drugs that are taken for long: a constant intake, at the same rate night and day.

    Parameters
    ----------
    daily : mapping to ndarray (n,)
        By antagonist, mg/d; 0 for those who take none.
    until : ndarray (n,)
        Days since entry from which nothing is taken any more; NaN for people who go on.
    """
    values = np.stack(list(daily.values()), axis=1)[:, None]
    names = tuple(daily)
    if np.isnan(until).all():
        return Covariate("mg/d", np.zeros(1), values, axis="antagonist", members=names)
    last = np.where(np.isnan(until), _NEVER, until * HOURS_PER_DAY)
    knots = np.stack([np.full(len(last), -1.0), last], axis=1)
    levels = np.concatenate([values, np.zeros_like(values)], axis=1)
    return Covariate("mg/d", knots, levels, axis="antagonist", members=names)


def growth_noise(seed: int, ids: np.ndarray, sites: Sequence[str], horizon: float) -> Covariate:
    """Draw each started year's factor on the growth of deposits: log-normal, mean 1, SD as the catalogue has it.

    One draw per subject, site and year since entry; it depends on ``seed`` and these three alone.

    Parameters
    ----------
    seed
        Seed of the population.
    ids : ndarray (n,)
        Subject ids.
    sites
        Names of the sites.
    horizon
        Hours to cover.
    """
    years, starts = year_steps(horizon)
    sigma = sqrt(log(1 + GROWTH_NOISE.value**2))
    drawn = [draws.lognormal(sigma, seed, f"growth[{site}]", ids[:, None], years) for site in sites]
    values = np.stack(drawn, axis=2) * np.exp(-(sigma**2) / 2)
    return Covariate("1", starts, values, axis="site", members=tuple(sites))


def no_growth_noise(n: int) -> Covariate:
    """Return a factor of 1 on growth for n people, at every site."""
    return Covariate("1", np.zeros(1), np.ones((n, 1)))


__all__ = [
    "Covariate",
    "ageing",
    "bone_loss",
    "constant",
    "frozen",
    "growth_noise",
    "habitual_drugs",
    "kidney_function",
    "no_growth_noise",
    "year_steps",
]
