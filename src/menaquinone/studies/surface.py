"""Response surfaces: what a simulated trial reports, as polynomials of its parameters in a box.

One engine call simulates a whole design of parameter sets; afterwards a posterior needs no engine. The fit also
smooths counts of people, which are steps in every parameter. What it leaves of the design, which has twice as many
points as the polynomials have terms, tells how good it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from scipy.stats import qmc

from menaquinone.errors import InputError

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Surface:
    """Polynomials of several figures in the same parameters.

    Attributes
    ----------
    active
        Which of all parameters they depend on.
    low, high : ndarray (active,)
        The box that they hold in.
    powers : ndarray (terms, active)
        Of each term, in coordinates from -1 to 1 over the box.
    weights : ndarray (terms, figures)
        Of each term.
    error : ndarray (figures,)
        SD of what the polynomials leave of the design, degrees of freedom counted.
    """

    active: tuple[int, ...]
    low: Array
    high: Array
    powers: Array
    weights: Array
    error: Array

    def __call__(self, points: Array) -> Array:
        """Return figures of points (k, parameters): (k, figures)."""
        return np.asarray(_terms(_inside(points, self.active, self.low, self.high), self.powers) @ self.weights)

    def slope(self, point: Array) -> Array:
        """Return derivatives at a point (parameters,): (figures, parameters)."""
        at, found = (
            _inside(point[None], self.active, self.low, self.high)[0],
            np.zeros((self.weights.shape[1], len(point))),
        )
        for place, parameter in enumerate(self.active):
            lower = self.powers.copy()
            lower[:, place] = np.maximum(lower[:, place] - 1, 0)
            terms = _terms(at[None], lower)[0] * self.powers[:, place]
            found[:, parameter] = terms @ self.weights * 2 / (self.high[place] - self.low[place])
        return found


def surface(
    simulated: Callable[[Array], Array], low: Array, high: Array, resolution: Array, *, degree: int = 3,
    most_points: int = 256,
) -> Surface:  # fmt: skip
    """Simulate a design and fit polynomials to it.

    Parameters
    ----------
    simulated
        From points (k, parameters) to figures (k, figures): one call for many sets.
    low, high
        The box, (parameters,).
    resolution
        Of each figure: a parameter that moves every figure by less, from one end of the box to the other, is left out.
    degree
        Total degree.
    most_points
        Beyond which the degree is lowered.

    Raises
    ------
    InputError
        If a figure has no value somewhere in the box.
    """
    middle, parameters = (low + high) / 2, len(low)
    ends = np.tile(middle, (2 * parameters, 1))
    for one in range(parameters):
        ends[2 * one, one], ends[2 * one + 1, one] = low[one], high[one]
    moved = np.abs(np.diff(_finite(simulated(ends), ends).reshape(parameters, 2, -1), axis=1))[:, 0]
    active = tuple(int(one) for one in np.flatnonzero((moved > resolution).any(1))) or (0,)
    powers = _powers(len(active), degree)
    while degree > 1 and 2 * len(powers) > most_points:
        degree -= 1
        powers = _powers(len(active), degree)
    count = 2 ** int(np.ceil(np.log2(2 * len(powers))))
    points = np.tile(middle, (count, 1))
    spread = qmc.Sobol(len(active), scramble=False).random(count) + 0.5 / count
    chosen = list(active)
    points[:, chosen] = low[chosen] + spread * (high - low)[chosen]
    return _fitted(points, _finite(simulated(points), points), active, (low[chosen], high[chosen]), powers)


def _fitted(points: Array, values: Array, active: tuple[int, ...], box: tuple[Array, Array], powers: Array) -> Surface:
    terms = _terms(_inside(points, active, *box), powers)
    q, r = np.linalg.qr(terms)
    weights = np.linalg.solve(r, q.T @ values)
    left = ((values - terms @ weights) ** 2).sum(0)
    return Surface(active, *box, powers, weights, np.sqrt(left / (len(points) - len(powers))))


def _finite(values: Array, points: Array) -> Array:
    wrong = ~np.isfinite(values).all(1)
    if wrong.any():
        place = np.array2string(points[wrong][0], precision=3)
        raise InputError(f"figures at {place}: got no value, expected one everywhere in the box.")
    return values


def _powers(parameters: int, degree: int) -> Array:
    rows = [np.zeros(parameters, int)]
    for total in range(1, degree + 1):
        several = combinations_with_replacement(range(parameters), total)
        rows += [np.bincount(chosen, minlength=parameters) for chosen in several]
    return np.array(rows)


def _inside(points: Array, active: tuple[int, ...], low: Array, high: Array) -> Array:
    """Return coordinates from -1 to 1 over the box: (k, active)."""
    return np.asarray((2 * points[:, list(active)] - low - high) / (high - low))


def _terms(at: Array, powers: Array) -> Array:
    raised = np.stack([at**power for power in range(int(powers.max()) + 1)])  # (power, k, active)
    found = np.ones((len(at), len(powers)))
    for place in range(powers.shape[1]):
        found *= raised[powers[:, place], :, place].T
    return found


__all__ = ["Surface", "surface"]
