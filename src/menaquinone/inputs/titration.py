"""Rules that titrate: step by step towards a range of something observed, such as warfarin by INR.

Each function returns what ``mk.rule`` takes as ``decide``. What they decide is a model of what clinics do, so that a
stable patient can be built; it is no advice.
"""

from dataclasses import dataclass
from math import inf, isfinite
from numbers import Real

import numpy as np

from menaquinone.catalogue import titration as numbers
from menaquinone.errors import InputError, refused
from menaquinone.inputs.rules import Seen


@dataclass(frozen=True)
class Stepwise:
    """Change the dose by a share of itself when something observed is outside its range; hold it far above.

    ========================================  ====================================================================
    observed                                  next dose
    ========================================  ====================================================================
    within the range                          as it is
    outside by less than ``far``              changed by ``step``
    outside by more                           changed by ``far_step``
    beyond ``hold``                           0 until the next visit
    back at the range after that              the last dose that was not 0, less ``far_step``
    ========================================  ====================================================================

    Attributes
    ----------
    observed
        Name of the output.
    low, high
        Range to be kept, in the output's unit.
    far_low, far_high
        Beyond these the larger step is taken.
    hold
        Doses are held beyond it: above where more dose raises what is observed, else below.
    step, far_step
        Shares of the dose.
    most
        Largest dose, in the rule's unit.
    tablet
        Doses are whole multiples of it, in the rule's unit; 0 for any dose. A change is at least one tablet.
    rises
        Whether more dose raises what is observed.
    """

    observed: str
    low: float
    high: float
    far_low: float = -inf
    far_high: float = inf
    hold: float = inf
    step: float = numbers.STEP.value
    far_step: float = numbers.FAR_STEP.value
    most: float = inf
    tablet: float = 0.0
    rises: bool = True

    def __post_init__(self) -> None:
        """Refuse what is no number, no range or no step."""
        for name in ("low", "high", "far_low", "far_high", "hold", "step", "far_step", "most", "tablet"):
            if isinstance(getattr(self, name), bool) or not isinstance(getattr(self, name), Real):
                raise refused(name, getattr(self, name), "a plain number in the unit of the output or of the rule")
        if not (isfinite(self.low) and isfinite(self.high) and self.low < self.high):
            raise InputError(f"range: got {self.low:g} to {self.high:g}, expected a low end below a high end.")
        if not self.far_low <= self.low < self.high <= self.far_high:
            raise InputError(
                f"far: got {self.far_low:g} and {self.far_high:g}, expected limits outside {self.low:g} to "
                f"{self.high:g}."
            )
        held = self.hold if self.rises else -self.hold
        if abs(self.hold) != inf and not held >= (self.high if self.rises else -self.low):
            side = "above" if self.rises else "below"
            raise refused("hold", self.hold, f"a limit {side} the range {self.low:g} to {self.high:g}")
        for name in ("step", "far_step"):
            if not 0 < getattr(self, name) < 1:
                raise refused(name, getattr(self, name), "a share between 0 and 1")
        if not self.most > 0:
            raise refused("most", self.most, "a dose greater than 0")
        if not 0 <= self.tablet < inf:
            raise refused("tablet", self.tablet, "a dose of at least 0")

    @property
    def __name__(self) -> str:
        """What a regimen calls it."""
        return f"stepwise titration of {self.observed} to {self.low:g} to {self.high:g}"

    @property
    def observes(self) -> tuple[str, ...]:
        """What a rule has to observe."""
        return (self.observed,)

    def __call__(self, time: float, seen: Seen) -> np.ndarray:  # noqa: ARG002 - the signature of every rule
        """Return the next dose (n,) of each person, in the rule's unit."""
        now, sign = seen[self.observed], 1.0 if self.rises else -1.0
        above, below = (now > self.high, now < self.low) if self.rises else (now < self.low, now > self.high)
        far = (now > self.far_high) | (now < self.far_low)
        held = (seen.dose == 0) & (seen.usual_dose > 0)
        share = np.where(far, self.far_step, self.step)
        change = np.where(above, -share, np.where(below, share, 0.0))
        change = np.where(held, -self.far_step, change)
        usual = np.where(held, seen.usual_dose, seen.dose)
        dose = self._in_tablets(usual, np.minimum(usual * (1 + change), self.most))
        hold = sign * now > sign * self.hold if abs(self.hold) != inf else np.zeros(len(dose), bool)
        return np.where(hold | (held & above), 0.0, dose)

    def _in_tablets(self, usual: np.ndarray, dose: np.ndarray) -> np.ndarray:
        if not self.tablet:
            return dose
        whole = np.rint(dose / self.tablet)
        before = np.rint(usual / self.tablet)
        moved = np.where(whole == before, whole + np.sign(dose - usual), whole)
        most = np.floor(self.most / self.tablet)
        return np.asarray(np.clip(moved, 0.0, most) * self.tablet)


def stepwise(
    observed: str,
    low: float,
    high: float,
    *,
    far_low: float = -inf,
    far_high: float = inf,
    hold: float | None = None,
    step: float = numbers.STEP.value,
    far_step: float = numbers.FAR_STEP.value,
    most: float = inf,
    tablet: float = 0.0,
    rises: bool = True,
) -> Stepwise:
    """Titrate any dose by any output; parameters are the fields of :class:`Stepwise`.

    Parameters
    ----------
    observed, low, high
        Name of the output, and the range to keep it in, in its unit.
    far_low, far_high, hold, step, far_step, most, tablet, rises
        As the fields; nothing is held where ``hold`` is left out.

    Raises
    ------
    InputError
        If they are no range, no limits outside it or no steps.
    """
    limit = (inf if rises else -inf) if hold is None else hold
    return Stepwise(observed, low, high, far_low, far_high, limit, step, far_step, most, tablet, rises)


def inr(*, tablet: float = 0.0) -> Stepwise:
    """Titrate warfarin by INR to 2 to 3: the numbers of ``catalogue/titration.py``, in mg/d.

    Parameters
    ----------
    tablet
        Doses are multiples of it, mg; 0 for any dose.
    """
    return stepwise(
        "inr",
        numbers.INR_LOW.value,
        numbers.INR_HIGH.value,
        far_low=numbers.INR_FAR_LOW.value,
        far_high=numbers.INR_FAR_HIGH.value,
        hold=numbers.INR_HOLD.value,
        most=numbers.MOST_WARFARIN.value,
        tablet=tablet,
    )


__all__ = ["Stepwise", "inr", "stepwise"]
