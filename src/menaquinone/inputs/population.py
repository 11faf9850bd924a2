"""Virtual people: covariates, habitual diet and random effects, each drawn by (seed, purpose, subject) alone.

Subject k of a population is the same person however many others there are, in whatever order or chunk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from menaquinone.catalogue.sites import SITES
from menaquinone.errors import InputError, refused, unknown
from menaquinone.inputs import covariates, draws
from menaquinone.inputs.covariates import Covariate, frozen
from menaquinone.inputs.people import RECORDS, Draw, Effect, Record


@dataclass(frozen=True, eq=False)
class Column:
    """One quantity of every person.

    Attributes
    ----------
    values : ndarray (n,)
        In ``unit``.
    unit, long_name
        Unit and one phrase.
    source
        Ids of evidence rows, or ``assumed: why``.
    note
        How the numbers were made from the rows, and which rows were not taken.
    """

    values: np.ndarray
    unit: str
    long_name: str
    source: str
    note: str = ""

    def __post_init__(self) -> None:
        """Freeze the array."""
        object.__setattr__(self, "values", frozen(self.values))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by building again, so that the array stays read-only."""
        return (Column, (self.values, self.unit, self.long_name, self.source, self.note))


@dataclass(frozen=True, eq=False, repr=False)
class Population:
    """n people, drawn once and frozen.

    Attributes
    ----------
    name
        Kind of people.
    ids : ndarray (n,) of int64
        Subject ids: with the seed, all that a person's draws depend on.
    seed
        Seed of every draw.
    factors
        ``{"clearance[MK-7]": (n,)}``: multiply the model's parameters.
    values
        ``{"pwv_entry": (n,)}``: replace the model's parameters, in their declared unit.
    diet
        Habitual intake by form, (n,), ug/d.
    table
        Every drawn quantity by name, with unit, meaning and source. ``age``, ``egfr`` and
        ``years_since_last_period`` become covariates.
    notes
        Sentences that belong in every result.

    Raises
    ------
    InputError
        If an array does not have one value for each id, an id appears twice, or a factor or intake is negative or
        not finite.
    """

    name: str
    ids: np.ndarray
    seed: int
    factors: Mapping[str, np.ndarray] = field(default_factory=dict)
    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    diet: Mapping[str, np.ndarray] = field(default_factory=dict)
    table: Mapping[str, Column] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check and freeze."""
        object.__setattr__(self, "ids", frozen(self.ids, np.int64))
        object.__setattr__(self, "table", MappingProxyType(dict(self.table)))
        if self.ids.ndim != 1 or len(set(self.ids.tolist())) < len(self.ids):
            raise InputError(
                f"subject ids of population '{self.name}': got one twice or not a list, expected each once."
            )
        for kind in ("factors", "values", "diet"):
            arrays = {name: frozen(array) for name, array in getattr(self, kind).items()}
            for name, array in arrays.items():
                self._check(f"{kind} '{name}'", array, signed=kind == "values")
            object.__setattr__(self, kind, MappingProxyType(arrays))
        for name, column in self.table.items():
            if column.values.shape != (self.n,):
                raise self._misshapen(f"column '{name}'", column.values)

    def _check(self, what: str, array: np.ndarray, *, signed: bool) -> None:
        if array.shape != (self.n,):
            raise self._misshapen(what, array)
        wrong = array[~np.isfinite(array) | ((array < 0) & (not signed))]
        if wrong.size:
            expected = "finite numbers" if signed else "finite numbers of at least 0"
            raise refused(f"{what} of population '{self.name}'", float(wrong[0]), expected)

    def _misshapen(self, what: str, array: np.ndarray) -> InputError:
        return refused(
            f"shape of {what} of population '{self.name}'", array.shape, f"one value for each of {self.n} people"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle through plain dictionaries: a mapping proxy cannot be pickled."""
        held = (self.factors, self.values, self.diet, self.table)
        return (Population, (self.name, self.ids, self.seed, *(dict(one) for one in held), self.notes))

    @property
    def n(self) -> int:
        """Number of people."""
        return len(self.ids)

    def __len__(self) -> int:
        return self.n

    def __repr__(self) -> str:
        return f"Population('{self.name}', n={self.n}, seed={self.seed}, diet of {', '.join(self.diet) or 'nothing'})"

    @property
    def sources(self) -> dict[str, str]:
        """Where each column's numbers come from."""
        return {name: column.source for name, column in self.table.items()}

    def select(self, which: Any) -> "Population":
        """Return some of the people, unchanged.

        Parameters
        ----------
        which : slice, int or sequence of int
            Positions if it is a slice, else subject ids, in the order wanted.

        Raises
        ------
        UnknownNameError
            If nobody has one of the ids.
        """
        if isinstance(which, slice):
            positions = np.arange(self.n)[which]
        else:
            place = {one: position for position, one in enumerate(self.ids.tolist())}
            wanted = np.atleast_1d(np.asarray(which)).tolist()
            for one in wanted:
                if one not in place:
                    raise refused("subject", one, f"an id of population '{self.name}', which has {self.n} people")
            positions = np.array([place[one] for one in wanted], int)
        if not positions.size:
            raise refused("selection", which, "at least one subject")
        factors, values, diet = (
            {name: array[positions] for name, array in held.items()} for held in (self.factors, self.values, self.diet)
        )
        table = {name: replace(column, values=column.values[positions]) for name, column in self.table.items()}
        return replace(self, ids=self.ids[positions], factors=factors, values=values, diet=diet, table=table)

    def eating(self, diet: Mapping[str, Any]) -> "Population":
        """Return the same people with another habitual intake of the forms named.

        Parameters
        ----------
        diet
            ug/d by form: a number, or one for each person.

        Raises
        ------
        InputError
            If an intake is negative, not finite or of the wrong shape.
        """
        given = {name: np.array(np.broadcast_to(np.asarray(amount, float), (self.n,))) for name, amount in diet.items()}
        columns = {
            f"diet[{name}]": Column(amount, "ug/d", f"habitual intake of {name}", "assumed: given by the user")
            for name, amount in given.items()
        }
        return replace(self, diet={**self.diet, **given}, table={**self.table, **columns})

    def covariates(
        self, horizon: float, *, growth_noise: bool = False, sites: tuple[str, ...] = tuple(SITES)
    ) -> dict[str, Covariate]:
        """Return what blocks read about a person, from entry to ``horizon``.

        Parameters
        ----------
        horizon
            Hours to cover.
        growth_noise
            Draw a factor on growth of deposits for every site and started year; 1 otherwise.
        sites
            Sites to draw it for.

        Returns
        -------
        dict
            ``age`` (linear), ``egfr`` and ``growth_noise`` (yearly steps), ``bone_loss`` (personal steps): those for
            which the table has what they need.
        """
        found: dict[str, Covariate] = {}
        columns = {name: column.values for name, column in self.table.items()}
        if "age" in columns:
            found["age"] = covariates.ageing(columns["age"])
        if "egfr" in columns:
            found["egfr"] = covariates.kidney_function(columns["egfr"], horizon)
        since = columns.get("years_since_last_period", np.full(self.n, np.nan))
        found["bone_loss"] = covariates.bone_loss(since)
        if growth_noise:
            found["growth_noise"] = covariates.growth_noise(self.seed, self.ids, sites, horizon)
        else:
            found["growth_noise"] = covariates.no_growth_noise(self.n)
        return found


def population(name: str | Record, n: int, *, rng: Any = None) -> Population:
    """Draw people.

    Parameters
    ----------
    name
        ``"reference"`` (identical persons without random effects), ``"postmenopausal"``, or a record of one's own.
    n
        How many; ids are 0 to n - 1, and subject k is the same person whatever n.
    rng
        A seed, ``numpy.random.Generator`` or ``SeedSequence``; fresh entropy where it is left out.

    Returns
    -------
    Population

    Raises
    ------
    UnknownNameError
        If there is no such population.
    InputError
        If ``n`` is not a whole number of at least 1.
    """
    if isinstance(name, Record):
        record = name
    elif name in RECORDS:
        record = RECORDS[name]
    else:
        raise unknown("population", name, RECORDS)
    ids = np.arange(_count(n), dtype=np.int64)
    seed = draws.entropy(rng)
    columns = _columns(record, seed, ids)
    table = {
        key: Column(columns[key], draw.unit, draw.meaning, draw.source, draw.note) for key, draw in record.draws.items()
    }
    factors, values = _effects(record, columns)
    diet = {draw.eaten_as: columns[key] for key, draw in record.draws.items() if draw.eaten_as}
    return Population(record.name, ids, seed, factors, values, diet, table, record.notes)


def _count(n: Any) -> int:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise refused("number of people", n, "a whole number of at least 1")
    return int(n)


def _columns(record: Record, seed: int, ids: np.ndarray) -> dict[str, np.ndarray]:
    """Draw every column of a record."""
    uniforms = {name: draws.uniform(seed, name, ids) for name in record.draws}
    for group in record.correlations:
        from scipy.special import ndtr, ndtri

        scores = [ndtri(uniforms[name]) for name in group.names]
        for row, name in zip(group.root, group.names, strict=True):
            # summed one by one: a matrix product's rounding would depend on how many people there are
            uniforms[name] = ndtr(sum((weight * score for weight, score in zip(row, scores, strict=True)), start=0.0))
    columns: dict[str, np.ndarray] = {}
    for name, draw in record.draws.items():
        columns[name] = draw.distribution.quantile(uniforms[name])
        if draw.along is not None:
            other, centre, slope = draw.along
            columns[name] = columns[name] + slope * (columns[other] - centre)
    return columns


def _effects(record: Record, columns: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return factors on and replacements of parameters, of draws and of covariates together."""
    factors: dict[str, np.ndarray] = {}
    values: dict[str, np.ndarray] = {}
    outcomes: list[tuple[Draw | Effect, np.ndarray]] = [(draw, columns[name]) for name, draw in record.draws.items()]
    present = [effect for effect in record.effects if all(name in columns for name in effect.of)]
    outcomes += [(effect, effect.act(*(columns[name] for name in effect.of))) for effect in present]
    for cause, outcome in outcomes:
        for name in cause.factor_of:
            factors[name] = factors[name] * outcome if name in factors else outcome
        for name in cause.value_of:
            values[name] = outcome
    return factors, values


__all__ = ["Column", "Population", "population"]
