"""People who meet conditions, by exact sampling: candidates are drawn by rising id and those who meet them stay.

Subject k is the k-th candidate, by id, who meets every condition: the same person however many are asked for. Nothing
is reweighted and nothing is drawn twice but growth, which is independent of a score that somebody was picked by.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from menaquinone.catalogue.genes import GENES
from menaquinone.errors import InputError, listed, refused, unknown
from menaquinone.inputs import baselines, drawing, scores
from menaquinone.inputs.people import Record
from menaquinone.inputs.scores import People
from menaquinone.units import magnitude

MOST_TRIED = 200_000
"""After so many candidates a condition must have been met by at least one in ``RAREST``."""
RAREST = 10_000
_FIRST, _LARGEST = 1_000, 50_000
_COMPARED = re.compile(r"\s*(>=|<=|>|<|==|=)\s*(.+?)\s*$")
_COMPARISONS: Mapping[str, Callable[[np.ndarray, float], np.ndarray]] = {
    ">": np.greater, ">=": np.greater_equal, "<": np.less, "<=": np.less_equal, "=": np.equal, "==": np.equal,
}  # fmt: skip
_NUMBER = "a comparison such as '> 300', an interval such as (65, 74), or a number"


@dataclass(frozen=True)
class Condition:
    """What one column, or one baseline, of a person must be.

    Attributes
    ----------
    name
        Of the column or baseline.
    said
        In words: ``age from 65 to 74 a``.
    met
        Values (n,) in, truth (n,) out.
    """

    name: str
    said: str
    met: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Picked:
    """Those who met the conditions.

    Attributes
    ----------
    people
        Drawn, n of them.
    ids : ndarray (n,)
        Their ids as candidates.
    tried
        Candidates up to the last who was taken.
    """

    people: People
    ids: np.ndarray
    tried: int


def conditions(record: Record, where: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Read conditions.

    Parameters
    ----------
    record
        The kind of people.
    where
        By column or baseline: a comparison ``"> 300"``, with a unit where it is not the column's own, an interval
        ``(65, 74)`` with both ends in it and None for an open one, a number, a label ``"male"`` or several of them.

    Raises
    ------
    UnknownNameError
        If there is no such column, baseline or label.
    InputError
        If a condition cannot be read, or two of them cannot hold together.
    """
    if not where or not hasattr(where, "items"):
        raise refused("where", where, "conditions by column, such as {'age': (65, 74)}")
    offered = [*record.draws, *(name for name in baselines.NAMES if name not in record.draws)]
    for name in where:
        if name not in offered:
            raise unknown(f"column or baseline of population '{record.name}'", name, offered)
    drugs = [name for name in record.draws if name.startswith("drug[")]
    moved = [name for name in where if name not in record.draws and not name.startswith(baselines.UNMOVED)]
    if drugs and moved:
        raise InputError(
            f"where: got a condition on '{moved[0]}' of population '{record.name}', which takes {drugs[0][5:-1]} for "
            "long, expected conditions on columns, because baselines are known without drugs alone."
        )
    if "person_growth" in where and _grown(record, where):
        raise InputError(
            "person_growth: got a condition beside one on a calcium score that a life has grown, expected one of the "
            "two, because growth is drawn anew for people picked by such a score."
        )
    return tuple(_condition(record, name, given) for name, given in where.items())


def _grown(record: Record, where: Mapping[str, Any]) -> list[str]:
    """Return the scores in conditions that the record does not draw."""
    return [name for name in where if name in scores.COLUMNS.values() and name not in record.draws]


def _condition(record: Record, name: str, given: Any) -> Condition:
    draw = record.draws.get(name)
    if draw is not None and draw.categories:
        return _labelled(name, draw.categories, given)
    unit = draw.unit if draw is not None else baselines.unit(name)
    shown = "" if unit == "1" else f" {unit}"
    if isinstance(given, (tuple, list)) and len(given) == 2:
        low, high = (None if end is None else magnitude(end, unit, name) for end in given)
        bounds = (-np.inf if low is None else low, np.inf if high is None else high)
        if bounds[0] > bounds[1]:
            raise refused(f"condition on '{name}'", given, "an interval whose first end is not above its second")
        ends = [f"{word} {end:.12g}" for word, end in (("from", low), ("to", high)) if end is not None]
        said = f"{name} {' '.join(ends) or 'anything'}{shown}"
        return Condition(name, said, lambda v: (v >= bounds[0]) & (v <= bounds[1]))
    match = _COMPARED.match(given) if isinstance(given, str) else None
    if match is not None:
        sign, level = match[1], magnitude(_number(match[2]), unit, name)
        return Condition(name, f"{name} {sign} {level:.12g}{shown}", lambda v: _COMPARISONS[sign](v, level))
    if isinstance(given, bool) or not isinstance(given, (int, float, np.integer, np.floating)) or np.isnan(given):
        raise refused(f"condition on '{name}'", given, _NUMBER)
    return Condition(name, f"{name} = {given:.12g}{shown}", lambda v: v == given)


def _number(text: str) -> Any:
    """Return a bare number as one, so that it is in the column's unit; anything else is a quantity."""
    try:
        return float(text)
    except ValueError:
        return text


def _labelled(name: str, categories: Mapping[str, float], given: Any) -> Condition:
    several = list(given) if isinstance(given, (tuple, list, set, frozenset)) else [given]
    if not several:
        raise refused(f"condition on '{name}'", given, f"one or more of {listed(categories)}")
    codes = [code_of(name, categories, one) for one in several]
    said = " or ".join(label for label, code in categories.items() if code in codes)
    return Condition(name, f"{name} {said}", lambda v: np.isin(v, codes))


def code_of(name: str, categories: Mapping[str, float], label: Any) -> float:
    """Return the number that stands for a label; True and False are yes and no, alleles stand in either order.

    Raises
    ------
    UnknownNameError
        If no category has that label.
    """
    if name in GENES:
        return GENES[name].code(label)
    if isinstance(label, (bool, np.bool_)) and set(categories) == {"no", "yes"}:
        label = "yes" if label else "no"
    if not isinstance(label, str) or label not in categories:
        raise unknown(f"category of '{name}'", label, categories)
    return categories[label]


def picked(record: Record, seed: int, n: int, wanted: tuple[Condition, ...]) -> Picked:
    """Draw candidates until n of them meet every condition.

    Parameters
    ----------
    record, seed
        What is drawn.
    n
        How many are needed.
    wanted
        The conditions.

    Raises
    ------
    InputError
        If fewer than one in ten thousand candidates meets them.
    """
    found: list[np.ndarray] = []
    tried, size = 0, min(max(_FIRST, 2 * n), _LARGEST)
    while sum(map(len, found)) < n:
        if tried >= MOST_TRIED:
            _refuse_hopeless(record, seed, wanted, int(sum((one < MOST_TRIED).sum() for one in found)))
        last = min(tried + size, MOST_TRIED) if tried < MOST_TRIED else tried + size
        found.append(_meeting(record, seed, np.arange(tried, last, dtype=np.int64), wanted))
        tried, size = last, min(2 * size, _LARGEST)
    ids = np.concatenate(found)[:n]
    people = drawing.drawn(record, seed, ids)
    if any(one.name in scores.COLUMNS.values() and one.name not in record.draws for one in wanted):
        held = baselines.at_entry(people.columns, people.factors, people.values, people.diet)
        people = scores.grown(people, {site: held[name] for site, name in scores.COLUMNS.items()}, record, seed, ids)
    return Picked(people, ids, int(ids[-1]) + 1)


def _meeting(record: Record, seed: int, ids: np.ndarray, wanted: tuple[Condition, ...]) -> np.ndarray:
    """Return the ids of candidates who meet every condition: cheap columns first, baselines of those who are left."""
    drawn = [one for one in wanted if one.name in record.draws and one.name not in _SETTLED]
    if drawn:
        columns = drawing.columns(record, seed, ids, only=[one.name for one in drawn])
        ids = ids[np.logical_and.reduce([one.met(columns[one.name]) for one in drawn])]
    rest = [one for one in wanted if one not in drawn]
    if rest and ids.size:
        people = drawing.drawn(record, seed, ids)
        held = baselines.at_entry(people.columns, people.factors, people.values, people.diet) | people.columns
        ids = ids[np.logical_and.reduce([one.met(held[one.name]) for one in rest])]
    return ids


_SETTLED = frozenset({"frailty", *(f"onset_threshold[{site}]" for site in scores.COLUMNS)})
"""Columns that a known score changes after they were drawn."""


def _refuse_hopeless(record: Record, seed: int, wanted: tuple[Condition, ...], met: int) -> None:
    if met * RAREST >= MOST_TRIED:
        return
    ids = np.arange(_FIRST, dtype=np.int64)
    alone = ", ".join(f"{len(_meeting(record, seed, ids, (one,))) / _FIRST:.3g} of '{one.said}'" for one in wanted)
    raise InputError(
        f"where: got conditions that {met} of {MOST_TRIED} candidates of population '{record.name}' meet (alone, of "
        f"{_FIRST}, the share {alone}), expected at least 1 in {RAREST}."
    )


__all__ = ["Condition", "Picked", "code_of", "conditions", "picked"]
