"""Virtual people: covariates, habitual diet and random effects, each drawn by (seed, purpose, subject) alone.

Subject k of a population is the same person however many others there are, in whatever order or chunk.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from menaquinone.catalogue.antagonists import ANTAGONISTS, Antagonist, antagonist
from menaquinone.catalogue.genes import GENES
from menaquinone.catalogue.sites import SITES
from menaquinone.errors import InputError, refused
from menaquinone.inputs import conditions, covariates, drawing, draws, scores
from menaquinone.inputs.columns import DRUGS_END, Column, only_covariate
from menaquinone.inputs.consequences import changed
from menaquinone.inputs.covariates import Covariate, frozen
from menaquinone.inputs.diet import Diet
from menaquinone.inputs.given import GIVEN, given_column
from menaquinone.inputs.habitual import habitual, intakes, per_person
from menaquinone.inputs.people import Record, chosen, living
from menaquinone.inputs.records import together
from menaquinone.units import HOURS_PER_DAY, hours

_COUNTED = "what the matrix of the foods leaves of the intake, beyond what the basal supply of tissues holds already"
_GRAMS = "grams of foods times their contents"


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
    record
        The kind of people that they were drawn as, where they were: what columns do to parameters.
    drawn_as : ndarray (n,) of int64
        The ids that draws depend on, where these are not ``ids``: the same person under several, or the candidate who
        met a condition.
    acceptance
        Share of candidates who met the conditions that these people were picked by; 1 without conditions.

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
    record: Record | None = None
    drawn_as: np.ndarray | None = None
    acceptance: float = 1.0

    def __post_init__(self) -> None:
        """Check and freeze."""
        object.__setattr__(self, "ids", frozen(self.ids, np.int64))
        object.__setattr__(self, "table", MappingProxyType(dict(self.table)))
        if self.drawn_as is not None:
            object.__setattr__(self, "drawn_as", frozen(self.drawn_as, np.int64))
        if self.ids.ndim != 1 or not _each_once(self.ids):
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
        rest = (self.notes, self.record, self.drawn_as, self.acceptance)
        return (Population, (self.name, self.ids, self.seed, *(dict(one) for one in held), *rest))

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
        InputError
            If nobody has one of the ids, or nobody is selected.
        """
        if isinstance(which, slice):
            positions = np.arange(self.n)[which]
        else:
            place = {one: position for position, one in enumerate(self.ids.tolist())}
            asked = np.atleast_1d(np.asarray(which))
            if asked.dtype == bool:  # True would pass for id 1
                raise refused("selection", "a mask of True and False", "subject ids such as people.ids[mask]")
            wanted = asked.tolist()
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
        drawn_as = None if self.drawn_as is None else self.drawn_as[positions]
        return replace(
            self, ids=self.ids[positions], factors=factors, values=values, diet=diet, table=table, drawn_as=drawn_as
        )

    def eating(self, diet: Mapping[str, Any] | Diet) -> "Population":
        """Return the same people with another habitual intake of the forms named, or another habitual diet.

        Parameters
        ----------
        diet
            By form, a number in ug/d, a quantity, or one number for each person. A :func:`menaquinone.diet` takes the
            place of all that they eat: forms that it does not hold are eaten no more, and column ``eaten[MK-9]`` is
            what is on the plate.

        Raises
        ------
        InputError
            If an intake is negative, not finite or of the wrong shape, or a diet has portions not eaten daily.
        """
        if isinstance(diet, Diet):
            return self._on(diet)
        given = intakes(diet, self.n)
        columns = {
            f"diet[{name}]": Column(amount, "ug/d", f"habitual intake of {name}", GIVEN)
            for name, amount in given.items()
        }
        return replace(self, diet={**self.diet, **given}, table={**self.table, **columns})

    def _on(self, diet: Diet) -> "Population":
        """Return the same people on another habitual diet."""
        found = habitual(diet, self.seed, self.ids if self.drawn_as is None else self.drawn_as)
        nothing = np.zeros(self.n)
        columns = {}
        for name in dict.fromkeys((*self.diet, *found)):
            if name in found:
                one, said = found[name], f"habitual intake of {name}"
                columns[f"diet[{name}]"] = Column(one.counted, "ug/d", said, one.source, _COUNTED)
                columns[f"eaten[{name}]"] = Column(one.eaten, "ug/d", f"{said}, on the plate", one.source, _GRAMS)
            else:
                why = "assumed: the habitual diet that was given holds none"
                columns[f"diet[{name}]"] = Column(nothing, "ug/d", f"habitual intake of {name}", why)
        intake = {name: columns[f"diet[{name}]"].values for name in dict.fromkeys((*self.diet, *found))}
        table = {name: column for name, column in self.table.items() if not name.startswith("eaten[")} | columns
        return replace(self, diet=intake, table=table, notes=together(self.notes, diet.notes))

    def taking(self, drugs: Mapping[str | Antagonist, Any], *, until: Any = None) -> "Population":
        """Return the same people as long-standing users of drugs: time 0 is the steady state of what they take.

        The drug is a constant input at the mean rate of its daily dose, so that nothing moves without a change; give
        it as doses of a regimen to see the day between two tablets.

        Parameters
        ----------
        drugs
            Daily dose by antagonist, ``{"warfarin": "5 mg/d"}``; or mg/d, one number or one for each person.
        until
            Time since entry from which they take none of their long-standing drugs any more; never, if left out.

        Raises
        ------
        UnknownNameError
            If there is no such antagonist.
        InputError
            If a dose is negative, not finite or of the wrong shape, or ``until`` is no time after entry.
        """
        if not isinstance(drugs, Mapping):
            raise refused("drugs", drugs, "daily doses by antagonist such as {'warfarin': '5 mg/d'}")
        columns = {}
        for name, amount in drugs.items():
            known = antagonist(name)
            columns[f"drug[{known.name}]"] = Column(
                self._daily(known.name, amount), "mg/d", f"{known.name} taken for long", GIVEN
            )
        end = np.nan if until is None else hours(until, "until") / HOURS_PER_DAY
        if end <= 0:
            raise refused("until", until, "a time after entry, at which the steady state is")
        columns[DRUGS_END] = Column(
            np.full(self.n, end), "d", "time since entry from which no long-standing drug is taken",
            GIVEN,
        )  # fmt: skip
        return replace(self, table={**self.table, **columns})

    def _daily(self, name: str, amount: Any) -> np.ndarray:
        """Return a daily dose in mg/d, (n,)."""
        numbers = per_person(amount, "mg/d", f"daily dose of {name}", self.n)
        wrong = numbers[~(np.isfinite(numbers) & (numbers >= 0))]
        if wrong.size:
            raise refused(f"daily dose of {name}", float(wrong[0]), "a finite number of at least 0 in mg/d")
        return numbers

    @property
    def drugs(self) -> tuple[str, ...]:
        """Antagonists that any of these people takes for long."""
        mine = {name[5:-1]: column.values for name, column in self.table.items() if name.startswith("drug[")}
        return tuple(name for name, amounts in mine.items() if (amounts > 0).any())

    @property
    def changeable(self) -> tuple[str, ...]:
        """Columns that :meth:`having` can change: those whose every consequence is known."""
        known = () if self.record is None else self.record.draws
        genes = tuple(GENES) if self._genes_matter else ()
        # a score comes with a threshold and a frailty that were drawn to fit it
        free = [name for name in self.table if name not in scores.COLUMNS.values()]
        mine = tuple(name for name in free if name in known or name in genes or only_covariate(name))
        return mine + tuple(name for name in genes if name not in mine)

    @property
    def _genes_matter(self) -> bool:
        """Whether the record says what genotypes do."""
        return self.record is not None and any(set(effect.of) & set(GENES) for effect in self.record.effects)

    def having(self, columns: Mapping[str, Any]) -> "Population":
        """Return the same people with other values of some columns, and all that follows from them.

        Covariates and effects on parameters are those of the new values; other columns stay as they are.

        Parameters
        ----------
        columns
            By name, ``{"weight": 80}``: a number in the column's unit or a quantity, or one number for each person.
            A genotype goes by its name, ``{"VKORC1": "GA", "CYP2C9": "*1/*3"}``, one or one for each person.

        Raises
        ------
        UnknownNameError
            If there is no such column or genotype, or it is not known what the column does.
        InputError
            If a value is not finite, of the wrong shape or impossible, or the factors of these people are no longer
            those that their columns gave them.
        """
        if not isinstance(columns, Mapping):
            raise refused("columns", columns, "values by column such as {'weight': 80}")
        given = {name: given_column(self, name, value) for name, value in columns.items()}
        factors, values, diet = changed(self, {name: column.values for name, column in given.items()})
        return replace(
            self,
            factors={**self.factors, **factors},
            values={**self.values, **values},
            diet={**self.diet, **diet},
            table={**self.table, **given},
        )

    def columns(self) -> dict[str, np.ndarray]:
        """Return ``id`` and every column as plain arrays, categories by their labels: what ``from_frame`` reads."""
        return {"id": self.ids, **{name: column.labels for name, column in self.table.items()}}

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        like: Any = "healthy",
        rng: Any = None,
        units: Mapping[str, str] | None = None,
        name: str = "table",
    ) -> "Population":
        """Return the people of a table, one a row; what it does not say is drawn.

        Parameters
        ----------
        frame
            A pandas DataFrame, an xarray Dataset or a mapping of columns: ``id`` (whole numbers), those of the
            population ``like``, a score such as ``agatston[coronary]``, ``dp_ucmgp`` (pmol/L) at entry.
        like
            Population or record that the rest is drawn from, given the table.
        rng
            As for :func:`menaquinone.population`.
        units
            By column, where it is not in the population's own unit.
        name
            Of the new population.

        Raises
        ------
        UnknownNameError
            If there is no such column, category or population.
        InputError
            If a value is missing or impossible, an id appears twice, or a unit is of another dimension.
        """
        from menaquinone.inputs.frames import from_frame

        return from_frame(frame, like=like, rng=rng, units=units or {}, name=name)

    def covariates(
        self,
        horizon: float,
        *,
        growth_noise: bool = False,
        sites: tuple[str, ...] = tuple(SITES),
        antagonists: tuple[str, ...] = tuple(ANTAGONISTS),
        only: Collection[str] | None = None,
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
        antagonists
            Drugs that somebody may be taking for long.
        only
            Names of those that are wanted; all if left out.

        Returns
        -------
        dict
            ``age`` (linear), ``egfr`` and ``growth_noise`` (yearly steps), ``bone_loss`` (personal steps),
            ``weight`` (constant), ``habitual_drug`` (a step where it ends): those for which the table has what they
            need.
        """
        makers = self._covariates(horizon, growth_noise, sites, antagonists)
        return {name: make() for name, make in makers.items() if only is None or name in only}

    def _covariates(
        self, horizon: float, growth_noise: bool, sites: tuple[str, ...], antagonists: tuple[str, ...]
    ) -> dict[str, Callable[[], Covariate]]:
        """Return what makes each covariate."""
        columns = {name: column.values for name, column in self.table.items()}
        found: dict[str, Callable[[], Covariate]] = {}
        if "age" in columns:
            found["age"] = lambda: covariates.ageing(columns["age"])
        if "egfr" in columns:
            found["egfr"] = lambda: covariates.kidney_function(columns["egfr"], horizon)
        found["bone_loss"] = lambda: covariates.bone_loss(
            columns.get("years_since_last_period", np.full(self.n, np.nan))
        )
        if antagonists and "weight" in columns:
            found["weight"] = lambda: covariates.constant(columns["weight"], "kg")
        if antagonists:
            none = np.zeros(self.n)
            daily = {name: columns.get(f"drug[{name}]", none) for name in antagonists}
            found["habitual_drug"] = lambda: covariates.habitual_drugs(daily, columns.get(DRUGS_END, none + np.nan))
        if growth_noise:
            drawn_as = self.ids if self.drawn_as is None else self.drawn_as
            found["growth_noise"] = lambda: covariates.growth_noise(self.seed, drawn_as, sites, horizon)
        else:
            found["growth_noise"] = lambda: covariates.no_growth_noise(self.n)
        return found


def population(
    name: str | Record,
    n: int,
    *,
    rng: Any = None,
    diet: Mapping[str, Any] | Diet | None = None,
    where: Mapping[str, Any] | None = None,
    region: str | None = None,
    ancestry: str | Mapping[str, float] | None = None,
) -> Population:
    """Draw people.

    Parameters
    ----------
    name
        ``"healthy"``, ``"hemodialysis"`` or another of the library's populations (``menaquinone describe
        populations`` lists them), ``"reference"`` (identical persons without random effects), or a record of one's own.
    n
        How many; ids are 0 to n - 1, and subject k is the same person whatever n.
    rng
        A seed, ``numpy.random.Generator`` or ``SeedSequence``; fresh entropy where it is left out.
    diet
        The habitual diet instead of that of the kind of people, as for :meth:`Population.eating`; time 0 is its steady
        state.
    where
        Conditions by column or baseline, ``{"agatston[aortic valve]": "> 300", "age": (65, 74), "sex": "male"}``:
        subject k is the k-th candidate who meets them all, on the habitual diet of their kind.
    region
        Where they live and eat: western Europe unless given, or Netherlands, United Kingdom, Denmark, Japan, ...
    ancestry
        ``"european"``, ``"african"`` or ``"asian"``, or their shares, for the frequencies of genotypes.

    Returns
    -------
    Population

    Raises
    ------
    UnknownNameError
        If there is no such population, region, ancestry, or column of a condition.
    InputError
        If ``n`` is not a whole number of at least 1, a condition cannot be read, or hardly anybody meets it.
    """
    record = living(chosen(name), region, ancestry)
    seed, n = draws.entropy(rng), _count(n)
    if where is None:
        ids = np.arange(n, dtype=np.int64)
        people = assembled(record.name, record, seed, ids, drawing.drawn(record, seed, ids))
        return people if diet is None else people.eating(diet)
    wanted = conditions.conditions(record, where)
    found = conditions.picked(record, seed, n, wanted)
    said = f"Picked by {'; '.join(one.said for one in wanted)}: {n} of {found.tried} candidates."
    people = assembled(record.name, record, seed, np.arange(n, dtype=np.int64), found.people)
    people = replace(people, notes=(*people.notes, said), drawn_as=found.ids, acceptance=n / found.tried)
    return people if diet is None else people.eating(diet)


def assembled(name: str, record: Record, seed: int, ids: np.ndarray, people: scores.People) -> Population:
    """Return drawn people as a population, every column with its unit, meaning and source."""
    table = {}
    for key, values in people.columns.items():
        draw = record.draws.get(key, scores.SCORE)
        table[key] = Column(values, draw.unit, draw.meaning, draw.source, draw.note, draw.categories)
    return Population(name, ids, seed, people.factors, people.values, people.diet, table, record.notes, record)


def _count(n: Any) -> int:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise refused("number of people", n, "a whole number of at least 1")
    return int(n)


def _each_once(ids: np.ndarray) -> bool:
    return bool((np.diff(ids) > 0).all()) or len(np.unique(ids)) == len(ids)


__all__ = ["Column", "Population", "assembled", "population"]
