"""Draw the columns of people from a record: by key alone, in the order in which columns depend on one another.

A column that is given instead (by a table) is taken as it is, and what depends on it is drawn given its value.
"""

from collections.abc import Callable, Collection, Mapping

import numpy as np

from menaquinone.inputs import draws, scores
from menaquinone.inputs.consequences import consequences
from menaquinone.inputs.distributions import ByCategory
from menaquinone.inputs.people import Correlation, Draw, Record
from menaquinone.inputs.scores import People

_HALVINGS = 60
_EDGE = 2.0**-53


def drawn(record: Record, seed: int, ids: np.ndarray, given: Mapping[str, np.ndarray] | None = None) -> People:
    """Draw people, and what their columns do to parameters.

    Parameters
    ----------
    record
        The kind of people.
    seed
        Of every draw.
    ids : ndarray (n,)
        Subject ids.
    given
        Columns that are not drawn, (n,).
    """
    given = given or {}
    found = columns(record, seed, ids, given=given)
    found |= {name: given[name] for name in scores.COLUMNS.values() if name in given}
    factors, values = consequences(record, found)
    diet = {draw.eaten_as: found[key] for key, draw in record.draws.items() if draw.eaten_as}
    people = People(found, factors, values, diet)
    known = {site: found[name] for site, name in scores.COLUMNS.items() if name in found}
    return scores.known(people, known, keep=given) if known else people


def columns(
    record: Record,
    seed: int,
    ids: np.ndarray,
    only: Collection[str] | None = None,
    given: Mapping[str, np.ndarray] | None = None,
) -> dict[str, np.ndarray]:
    """Draw columns of a record.

    Parameters
    ----------
    record, seed, ids, given
        As for :func:`drawn`.
    only
        Columns wanted, all if left out; those that they depend on are drawn with them.
    """
    given = given or {}
    needed = record.draws if only is None else _needed(record, only)
    names = [name for name in record.draws if name in needed]
    uniforms = {name: draws.uniform(seed, name, ids) for name in names}
    for group in record.correlations:
        if any(name in uniforms for name in group.names):
            uniforms |= _correlated(record, group, uniforms, given)
    found: dict[str, np.ndarray] = {}
    for name in names:
        found[name] = given[name] if name in given else _drawn(record.draws[name], uniforms[name], found)
    return found


def _drawn(draw: Draw, u: np.ndarray, found: Mapping[str, np.ndarray]) -> np.ndarray:
    law = draw.distribution
    value = law.quantile(u, found[law.of]) if isinstance(law, ByCategory) else law.quantile(u)
    if draw.along is not None:
        other, centre, slope = draw.along
        value = value + slope * (found[other] - centre)
    return np.asarray(value)


def _needed(record: Record, wanted: Collection[str]) -> set[str]:
    """Return columns with all that they are drawn from."""
    needed, waiting = set(), list(wanted)
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        draw = record.draws[name]
        if draw.along is not None:
            waiting.append(draw.along[0])
        if isinstance(draw.distribution, ByCategory):
            waiting.append(draw.distribution.of)
        waiting += [other for group in record.correlations if name in group.names for other in group.names]
    return needed


def _correlated(
    record: Record, group: Correlation, uniforms: Mapping[str, np.ndarray], given: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return the uniform numbers of a group, correlated; what is given comes first and the others follow from it."""
    from scipy.special import ndtr, ndtri

    order = sorted(range(len(group.names)), key=lambda place: group.names[place] not in given)
    root = np.linalg.cholesky(np.array(group.matrix, float)[np.ix_(order, order)]) if given else group.root
    names = [group.names[place] for place in order] if given else list(group.names)
    before: list[np.ndarray] = []
    correlated: dict[str, np.ndarray] = {}
    for row, name in zip(root, names, strict=True):
        # summed one by one: a matrix product's rounding would depend on how many people there are
        rest = sum((weight * score for weight, score in zip(row, before, strict=False)), start=0.0)
        own = row[len(before)]
        if name in given:
            at = ndtri(_position(record.draws[name], given[name], given, uniforms[name]))
            before.append((at - rest) / own)
        else:
            before.append(ndtri(uniforms[name]))
        correlated[name] = ndtr(rest + own * before[-1])
    return correlated


def _position(draw: Draw, value: np.ndarray, given: Mapping[str, np.ndarray], u: np.ndarray) -> np.ndarray:
    """Return the share of people below each value; anywhere among them (at ``u``) where many have the same value."""
    needed = [draw.along[0]] if draw.along is not None else []
    if isinstance(draw.distribution, ByCategory):
        needed.append(draw.distribution.of)
    if not set(needed) <= set(given):
        return u
    below = _share(lambda share: _drawn(draw, share, given) < value, u)
    up_to = _share(lambda share: _drawn(draw, share, given) <= value, u)
    return np.asarray(np.clip(below + u * (up_to - below), _EDGE, 1 - _EDGE))


def _share(holds: Callable[[np.ndarray], np.ndarray], like: np.ndarray) -> np.ndarray:
    """Return up to which share something holds, by halving: distributions know their quantiles only."""
    low, high = np.full(like.shape, _EDGE), np.full(like.shape, 1 - _EDGE)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        below = holds(middle)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)


__all__ = ["columns", "drawn"]
