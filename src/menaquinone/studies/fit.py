"""Fitting: bounded least squares, profile likelihood and a posterior, over what simulated studies report.

Coordinates are prior scores: the distance from the prior's centre in prior SDs, on each parameter's scale, so that the
prior is standard normal. A study may differ from the typical one in every parameter (``between``): to first order that
makes the errors of its figures correlated, by the slopes of the figures in the parameters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from menaquinone.catalogue.calibration import BOUNDED, IDENTIFIED, OPEN
from menaquinone.catalogue.scales import SCALES
from menaquinone.errors import SolveError, require
from menaquinone.studies.surface import Surface

Array = np.ndarray
NOTICED = 3.84
"""Rise of twice the negative log likelihood that 5 % of profiles exceed by chance."""
_SHARE = 0.05
"""Share of what is known of a parameter, below which a study is not said to have pulled it."""


@dataclass(frozen=True)
class Free:
    """A parameter that is fitted.

    Attributes
    ----------
    name
        Bracketed, of a model.
    scale
        One of :data:`~menaquinone.catalogue.scales.SCALES`.
    prior, sd
        Centre in the declared unit, SD on the scale.
    between
        SD between studies, on the scale.
    low, high
        Bounds in the declared unit.
    source
        What the prior rests on: rows, or ``assumed: why``.
    """

    name: str
    scale: str
    prior: float
    sd: float
    between: float
    low: float
    high: float
    source: str

    def score(self, value: Array | float) -> Array:
        """Return prior scores of values in the declared unit."""
        there = SCALES[self.scale].there
        return np.asarray((there(value) - there(self.prior)) / self.sd)

    def value(self, score: Array | float) -> Array:
        """Return values in the declared unit of prior scores."""
        scale = SCALES[self.scale]
        return np.asarray(scale.back(scale.there(self.prior) + self.sd * np.asarray(score)))


@dataclass(frozen=True, eq=False)
class Seen:
    """A study: what was reported, and how the model's figures depend on the parameters.

    Attributes
    ----------
    name, rows
        Of the study, and an evidence row for each figure.
    values, errors : ndarray (figures,)
        Reported, and its standard error, on the scale of the surface.
    surface
        From prior scores to figures.
    """

    name: str
    rows: tuple[str, ...]
    values: Array
    errors: Array
    surface: Surface


@dataclass(frozen=True, eq=False)
class Fit:
    """Studies and parameters to be fitted to them, with errors that are held while it lasts.

    Attributes
    ----------
    free
        Parameters.
    seen
        Studies.
    box : ndarray (parameters, 2)
        Bounds, prior scores.
    roots
        Of each study, the lower Cholesky factor of the covariance of its errors.
    """

    free: tuple[Free, ...]
    seen: tuple[Seen, ...]
    box: Array
    roots: tuple[Array, ...]

    @classmethod
    def around(cls, free: Sequence[Free], seen: Sequence[Seen], box: Array, point: Array) -> "Fit":
        """Return a fit whose errors between studies are those at a point."""
        between = np.array([one.between / one.sd for one in free])
        roots = []
        for one in seen:
            moved = one.surface.slope(point) * between
            own = one.errors**2 + one.surface.error**2
            roots.append(np.linalg.cholesky(np.diag(own) + moved @ moved.T))
        return cls(tuple(free), tuple(seen), np.asarray(box), tuple(roots))

    def misses(self, points: Array) -> Array:
        """Return differences between model and reports in independent standard errors: (k, figures)."""
        found = [
            np.linalg.solve(root, (one.surface(points) - one.values).T).T
            for one, root in zip(self.seen, self.roots, strict=True)
        ]
        return np.concatenate(found, axis=1)

    def slopes(self, point: Array) -> Array:
        """Return derivatives of the misses: (figures, parameters)."""
        pairs = zip(self.seen, self.roots, strict=True)
        return np.concatenate([np.linalg.solve(root, one.surface.slope(point)) for one, root in pairs])

    def least_squares(self, start: Array) -> Array:
        """Return the point that is nearest to reports and priors together, inside the box.

        Besides ``start``, the search begins at both ends of every parameter, since studies that contradict each other
        leave more than one valley.
        """
        starts = [start]
        for place, ends in enumerate(self.box):
            for end in ends:
                starts.append(start.copy())
                starts[-1][place] = end
        prior, held = np.ones(len(self.free)), np.zeros(len(self.free), bool)
        return min((self._nearest(one, prior, held) for one in starts), key=lambda found: found[1])[0]

    def _nearest(self, start: Array, prior: Array, held: Array) -> tuple[Array, float]:
        """Minimise over what is not held; ``prior`` switches priors on (1) and off (0)."""
        moving = ~held
        point = start.copy()

        def whole(some: Array) -> Array:
            point[moving] = some
            return point

        def residuals(some: Array) -> Array:
            at = whole(some)
            return np.concatenate([self.misses(at[None])[0], prior * at])

        def jacobian(some: Array) -> Array:
            return np.concatenate([self.slopes(whole(some)), np.diag(prior)])[:, moving]

        inside = np.clip(start, self.box[:, 0] + 1e-9, self.box[:, 1] - 1e-9)[moving]
        found = least_squares(
            residuals, inside, jacobian, bounds=self.box[moving].T, x_scale=1.0, ftol=1e-13, xtol=1e-13, gtol=1e-13,
            max_nfev=2000,
        )  # fmt: skip
        if not found.success:
            raise SolveError(f"least squares of {len(self.seen)} studies: {found.message}")
        return whole(found.x).copy(), float(2 * found.cost)

    def profile(self, parameter: int, best: Array) -> str:
        """Return whether the reports tell a parameter, its own prior left out and those of the others kept.

        The likelihood is profiled at both ends of the box: it must have fallen noticeably there.
        """
        prior, held = np.ones(len(best)), np.zeros(len(best), bool)
        prior[parameter] = 0.0
        lowest = self._nearest(best, prior, held)[1]
        held[parameter] = True
        rises = []
        for end in self.box[parameter]:
            start = best.copy()
            start[parameter] = end
            rises.append(self._nearest(start, prior, held)[1] - lowest)
        told = sum(rise > NOTICED for rise in rises)
        return (OPEN, BOUNDED, IDENTIFIED)[told]

    def pulls(self, best: Array) -> list[tuple[str, ...]]:
        """Return for each parameter the rows that pulled it, those of the strongest study first.

        Studies that give less than a twentieth of what is known of it are left out, and so are rows that move with it
        ten times less than another row of the study, in their standard errors.
        """
        slopes = [one.surface.slope(best) for one in self.seen]
        known = np.array(
            [(np.linalg.solve(root, slope) ** 2).sum(0) for slope, root in zip(slopes, self.roots, strict=True)]
        )  # (study, parameter)
        shares = known / (known.sum(0) + 1)
        found = []
        for parameter in range(len(best)):
            rows: list[str] = []
            for study in np.argsort(-shares[:, parameter], kind="stable"):
                if shares[study, parameter] < _SHARE:
                    break
                one = self.seen[study]
                each = np.abs(slopes[study][:, parameter]) / one.errors
                rows += [row for row, pull in zip(one.rows, each, strict=True) if pull >= 0.1 * each.max()]
            found.append(tuple(rows))
        return found

    def spread(self, best: Array) -> Array:
        """Return the SD of every parameter to first order, prior scores."""
        slopes = self.slopes(best)
        return np.asarray(np.sqrt(np.diag(np.linalg.inv(slopes.T @ slopes + np.eye(len(best))))))

    def log_probability(self, points: Array) -> Array:
        """Return the logarithm of the posterior density up to a constant, -inf outside the box: (k,)."""
        inside = ((points >= self.box[:, 0]) & (points <= self.box[:, 1])).all(1)
        found = np.full(len(points), -np.inf)
        if inside.any():
            at = points[inside]
            found[inside] = -0.5 * ((self.misses(at) ** 2).sum(1) + (at**2).sum(1))
        return found

    def posterior(
        self, best: Array, *, walkers: int, steps: int, burn: int, seed: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> tuple[Array, Array]:  # fmt: skip
        """Sample the posterior with emcee, all walkers in one call.

        Parameters
        ----------
        best
            Where walkers start around.
        walkers, steps, burn
            How many, how long, and how many steps to leave out.
        seed
            Of the sampler.
        progress
            Called with steps done and in all.

        Returns
        -------
        tuple of ndarray
            Draws (k, parameters) and autocorrelation times (parameters,) in steps.

        Raises
        ------
        MissingExtraError
            If emcee is not installed.
        """
        emcee = require("emcee", "fit", "sampling a posterior")
        random = np.random.RandomState(seed)
        start = best + 0.3 * self.spread(best) * random.standard_normal((walkers, len(best)))
        start = np.clip(start, self.box[:, 0] + 1e-6, self.box[:, 1] - 1e-6)
        moves = [(emcee.moves.DEMove(), 0.8), (emcee.moves.DESnookerMove(), 0.2)]
        sampler = emcee.EnsembleSampler(walkers, len(best), self.log_probability, vectorize=True, moves=moves)
        sampler.random_state = random.get_state()
        for done, _ in enumerate(sampler.sample(start, iterations=steps), start=1):
            if progress is not None:
                progress(done, steps)
        times = sampler.get_autocorr_time(discard=burn, quiet=True)
        return np.asarray(sampler.get_chain(discard=burn, flat=True)), np.asarray(times)


__all__ = ["NOTICED", "Fit", "Free", "Seen"]
