"""Hypothesis strategies for everything that goes into a run.

Names, quantities with units, regimens of every event kind, parameter sets, people, models and blocks of one's own::

    from hypothesis import given
    from menaquinone.testing import strategies

    @given(strategies.models(), strategies.regimens())
    def test_mine(model, regimen): ...

Each strategy only draws what the library accepts; arguments are keywords with defaults, and narrow what is drawn.
"""

from collections.abc import Callable, Collection, Mapping
from operator import mul
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from menaquinone.catalogue.forms import FORMS, Form
from menaquinone.catalogue.proteins import PROTEINS
from menaquinone.catalogue.sites import SITES
from menaquinone.catalogue.tissues import TISSUES
from menaquinone.declare import Block
from menaquinone.errors import require, unknown
from menaquinone.inputs.people import RECORDS
from menaquinone.inputs.population import Population, population
from menaquinone.inputs.regimen import Regimen, adherence, dose
from menaquinone.interop.events import from_table
from menaquinone.model import Model, bracketed
from menaquinone.models import vitamin_k
from menaquinone.testing.cases import STRUCTURAL, delivered
from menaquinone.testing.generated import exchange, turnover

if TYPE_CHECKING:
    from hypothesis import strategies as st
else:
    st = require("hypothesis.strategies", "testing", "drawing what goes into a run")

T = TypeVar("T")

KINDS: dict[str, dict[str, tuple[float, float]]] = {
    "amount": {"ug": (10.0, 5000.0), "mg": (0.01, 45.0), "nmol": (10.0, 1e4), "umol": (0.01, 50.0)},
    "time": {"h": (0.25, 2000.0), "d": (0.25, 90.0), "wk": (0.1, 12.0), "min": (5.0, 600.0)},
    "fraction": {"%": (1.0, 100.0), "1": (0.01, 1.0)},
    "fat": {"g": (0.0, 80.0), "mg": (0.0, 8e4)},
    "clearance": {"L/h": (0.3, 8.0), "mL/min": (5.0, 130.0), "L/d": (7.0, 190.0)},
    "volume": {"L": (2.0, 150.0), "mL": (2000.0, 1.5e5)},
    "concentration": {"nmol/L": (0.01, 500.0), "pmol/mL": (0.01, 500.0)},
}
"""Kinds of quantities with the units they are written in, and the range drawn in each unit."""

EVENTS = (
    "bolus",
    "infusion",
    "overlapping infusion",
    "lag",
    "bioavailability",
    "steady state",
    "stop",
    "meal",
    "adherence",
    "reset",
    "reset and dose",
    "table",
)
"""Kinds of events a regimen may hold; every regimen has a dose, the rest comes where it is listed."""

INTERVALS = ("6 h", "8 h", "12 h", "24 h", "48 h", "84 h", "7 d")
"""Dosing intervals; any two have a common period that a steady state may have."""


def forms(*, among: Collection[str] = tuple(FORMS)) -> "st.SearchStrategy[str]":
    """Draw the name of a form.

    Parameters
    ----------
    among
        The names to choose from.
    """
    return st.sampled_from(sorted(among))


@st.composite
def quantities(draw: "st.DrawFn", kind: str = "amount", *, units: Collection[str] | None = None) -> str:
    """Draw a quantity as people write it: ``"360 ug"``, ``"1.5 d"``.

    Parameters
    ----------
    kind
        One of :data:`KINDS`.
    units
        The units to choose from; all of that kind by default.

    Raises
    ------
    UnknownNameError
        If there is no such kind or unit.
    """
    if kind not in KINDS:
        raise unknown("kind of quantity", kind, KINDS)
    for one in units or ():
        if one not in KINDS[kind]:
            raise unknown(f"unit of kind '{kind}'", one, KINDS[kind])
    unit = draw(st.sampled_from(sorted(units or KINDS[kind])))
    low, high = KINDS[kind][unit]
    number = draw(st.integers(int(np.ceil(low)), int(high)) if high >= 2 else st.floats(low, high))
    if draw(st.booleans()):
        number = draw(st.floats(low, high))
    return f"{number:g}" if unit == "1" else f"{number:g} {unit}"


@st.composite
def times(draw: "st.DrawFn", *, days: float = 60.0, max_size: int = 20) -> Any:
    """Draw output times in days, rising, of shape (t,).

    Parameters
    ----------
    days
        The last one that may be drawn.
    max_size
        How many at most.
    """
    # whole hours meet doses, resets and other events; fractions fall between them
    hours = st.integers(0, int(days * 24)).map(float) | st.floats(0, days * 24).map(lambda one: round(one, 3))
    chosen = draw(st.lists(hours, min_size=1, max_size=max_size, unique=True))
    return np.array(sorted(chosen)) / 24.0


@st.composite
def doses(
    draw: "st.DrawFn",
    *,
    among: Collection[str | Form] = tuple(FORMS),
    routes: Collection[str] = ("oral", "iv", "im"),
    days: float = 60.0,
    events: Collection[str] = EVENTS,
    formulations: Mapping[str, str] | None = None,
) -> Regimen:
    """Draw one dose, or the same dose again and again, by any route its form offers.

    Parameters
    ----------
    among
        Forms, by name or record.
    routes
        Routes to choose from; forms that offer none of them are passed over.
    days
        Start and end of dosing lie within.
    events
        Of :data:`EVENTS`, those that one dose may show: bolus, infusion, overlapping infusion, lag, bioavailability,
        steady state, stop, meal (fat and formulation).
    formulations
        By form, the one formulation to take; any of the form's by default.
    """
    _known(events)
    records = {one.name: one for one in (FORMS[each] if isinstance(each, str) else each for each in among)}
    offered = {name: sorted(set(routes) & set(one.pk.enters)) for name, one in records.items()}
    chosen = records[draw(st.sampled_from(sorted(name for name, ways in offered.items() if ways)))]
    named: dict[str, Any] = {"route": draw(st.sampled_from(offered[chosen.name]))}
    start = draw(st.integers(0, max(int(days * 12), 1)))
    named["start"] = f"{start} h"
    if draw(st.booleans()):
        named["every"] = draw(st.sampled_from(INTERVALS))
        if "stop" in events and draw(st.booleans()):
            named["until"] = f"{draw(st.integers(start + 1, int(days * 24) + 1))} h"
        if "steady state" in events:
            named["steady_state"] = draw(st.booleans())
    infusions = [one for one in ("1.5 h", "6 h") if "infusion" in events] + [None] * ("bolus" in events)
    infusions += ["30 h"] if "overlapping infusion" in events and "every" in named else []
    named["duration"] = draw(st.sampled_from(infusions)) if infusions else None
    if "lag" in events:
        named["lag"] = draw(st.none() | quantities("time", units=["min"]))
    if "bioavailability" in events:
        named["bioavailability"] = draw(st.none() | st.floats(0.01, 1.0))
    if "meal" in events:
        named["fat"] = draw(st.none() | quantities("fat", units=["g"]))
        fixed = formulations or {}
        ways = [fixed[chosen.name]] if chosen.name in fixed else ["", *chosen.formulations]
        named["formulation"] = draw(st.sampled_from(ways))
    given = {key: value for key, value in named.items() if value not in (None, "", False)}
    return _made(
        draw, dose, chosen.name if FORMS.get(chosen.name) is chosen else chosen, draw(quantities("amount")), **given
    )


@st.composite
def event_tables(
    draw: "st.DrawFn",
    *,
    among: Collection[str] = tuple(FORMS),
    days: float = 60.0,
    events: Collection[str] = EVENTS,
    formulations: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Draw the rows of a NONMEM-style event table, amounts in ug and times in h, for ``interop.events.from_table``.

    Parameters
    ----------
    among
        Names of forms; doses are oral.
    days
        Times lie within.
    events
        Of :data:`EVENTS`; resets, infusions, lags and steady states come only where listed.
    formulations
        By form, the formulation to name; none by default.
    """
    _known(events)
    kinds = [1] + [3] * ("reset" in events) + [4] * ("reset and dose" in events)
    rows = []
    for time in sorted(draw(st.lists(st.integers(0, int(days * 24)), min_size=1, max_size=4))):
        kind = draw(st.sampled_from(kinds))
        form = draw(forms(among=among))
        row: dict[str, Any] = {"TIME": time, "EVID": kind, "CMT": f"oral[{form}]", "AMT": 0.0}
        row["FORMULATION"] = (formulations or {}).get(form, "")
        if kind != 3:
            row["AMT"] = float(draw(st.integers(1, 2000)))
            row["ADDL"] = draw(st.integers(0, 5))
            row["SS"] = draw(st.sampled_from([0, 0, 1, 2])) if "steady state" in events else 0
            row["II"] = draw(st.sampled_from([8, 12, 24, 48])) if row["ADDL"] or row["SS"] else 0
            row["RATE"] = row["AMT"] / draw(st.sampled_from([2.0, 30.0])) if _coin(draw, "infusion", events) else 0.0
            row["LAG"] = draw(st.sampled_from([0.5, 3.0])) if _coin(draw, "lag", events) else 0.0
        rows.append(row)
    return rows


@st.composite
def regimens(
    draw: "st.DrawFn",
    *,
    among: Collection[str] = tuple(FORMS),
    routes: Collection[str] = ("oral", "iv", "im"),
    days: float = 60.0,
    events: Collection[str] = EVENTS,
    max_doses: int = 3,
) -> Regimen:
    """Draw a regimen of every event kind: sums of doses, tables with resets, doses missed.

    Parameters
    ----------
    among
        Names of forms.
    routes, days, events
        As for :func:`doses` and :func:`event_tables`.
    max_doses
        How many doses or tables are added up at most.
    """
    _known(events)
    # one formulation of each form: a person's absorption has one speed
    ways = {name: st.sampled_from(["", *FORMS[name].formulations] if "meal" in events else [""]) for name in among}
    way = draw(st.fixed_dictionaries(ways))
    single = doses(among=among, routes=routes, days=days, events=events, formulations=way)
    tables = {"table", "reset", "reset and dose"} & set(events) and "oral" in routes
    tabled = event_tables(among=among, days=days, events=events, formulations=way)
    table: Any = tabled.flatmap(lambda rows: st.builds(from_table, st.just(rows)))
    parts = draw(st.lists(single | table if tables else single, min_size=1, max_size=max_doses))
    added: Any = parts[0] if len(parts) == 1 else _made(draw, sum, parts)
    given: Regimen = added
    return _made(draw, mul, given, adherence(draw(st.floats(0.05, 1.0)))) if _coin(draw, "adherence", events) else given


@st.composite
def parameter_sets(
    draw: "st.DrawFn",
    of: Model | Block,
    *,
    names: Collection[str] | None = None,
    leave: Collection[str] = STRUCTURAL,
    max_size: int | None = 8,
) -> dict[str, float]:
    """Draw parameter values inside the declared bounds, in declared units.

    Parameters
    ----------
    of
        A model: ``{"clearance[MK-7]": 1.3}``, as ``Model.replace`` takes it. A block: ``{"clearance": 1.3}``.
    names
        The parameters that may be drawn, with their members for a model; all by default.
    leave
        Parameters to leave alone, without members.
    max_size
        How many of a model's parameters are drawn at most; None for all of them. A block's are all drawn.

    Raises
    ------
    UnknownNameError
        If one of ``names`` is no parameter, or one to leave alone.
    """
    if isinstance(of, Block):
        bounds = {name: one for name, one in of.parameters.items() if name not in leave}
    else:
        bounds = {
            bracketed(name, label): one.block.parameters[name]
            for one in of.stages
            for name, label in one.values
            if name not in leave
        }
    for name in names or ():
        if name not in bounds:
            raise unknown("parameter", name, bounds)
    chosen = sorted(bounds if names is None else names)
    if isinstance(of, Model) and max_size is not None:
        chosen = draw(st.lists(st.sampled_from(chosen), unique=True, max_size=max_size)) if chosen else []
    within = {name: st.floats(bounds[name].low, bounds[name].high) for name in chosen}
    values = draw(st.fixed_dictionaries(within))
    if isinstance(of, Model):
        _reject_unless_basal(of, values)
    return values


def _reject_unless_basal(model: Model, values: dict[str, float]) -> None:
    """Pass over sets in which habitual plasma levels alone would deliver more than four fifths of a supply."""
    from hypothesis import assume

    assume(all(share <= 0.8 for share in delivered(model, values).values()))


UNTREATED = tuple(
    name for name, record in RECORDS.items() if not any(column.startswith("drug[") for column in record.draws)
)
"""Kinds of people who take no antagonist, so that a model needs none."""


@st.composite
def populations(draw: "st.DrawFn", *, max_n: int = 5, names: Collection[str] = UNTREATED) -> Population:
    """Draw people, at least one.

    Parameters
    ----------
    max_n
        How many at most.
    names
        Kinds of people to choose from; unless given, those that any model can take.
    """
    kind, n = draw(st.sampled_from(sorted(names))), draw(st.integers(1, max_n))
    return _made(draw, population, kind, n, rng=draw(st.integers(0, 2**32 - 1)))


@st.composite
def models(draw: "st.DrawFn", *, among: Collection[str] = tuple(FORMS), max_forms: int = 3) -> Model:
    """Draw a part of the vitamin K model that is a model by itself.

    Parameters
    ----------
    among
        Names of forms to choose from.
    max_forms
        How many forms at most.
    """
    held = draw(st.lists(forms(among=among), min_size=1, max_size=max_forms, unique=True))
    tissues = draw(st.lists(st.sampled_from(list(TISSUES)), min_size=1, unique=True))
    made = [name for name, one in PROTEINS.items() if one.tissue in tissues]
    proteins = draw(st.lists(st.sampled_from(made), unique=True))
    where = [name for name, one in SITES.items() if one.protein in proteins]
    sites = draw(st.lists(st.sampled_from(where), unique=True)) if where else []
    return _made(draw, vitamin_k, forms=held, tissues=tissues, proteins=proteins, sites=sites)


@st.composite
def blocks(draw: "st.DrawFn", *, affine: bool | None = None, max_states: int = 3) -> Block:
    """Draw a block such as a user might write: over ``form``, reading the plasma concentration, with its own numbers.

    Parameters
    ----------
    affine
        True for pools that exchange linearly, at random; False for saturable turnover; None for either.
    max_states
        How many states at most, up to 3.
    """
    numbers = {
        "gain": draw(st.floats(0.01, 1.0)),
        "base": draw(st.floats(0.0, 1.0)),
        "loss": draw(st.floats(0.005, 1.0)),
    }
    if draw(st.booleans()) if affine is None else affine:
        size = draw(st.integers(1, min(max_states, 3)))
        links = [(a, b) for a in range(size) for b in range(size) if a != b]
        chosen = frozenset(draw(st.lists(st.sampled_from(links), unique=True))) if links else frozenset()
        return _made(draw, exchange, size, chosen, exchange_rate=draw(st.floats(0.01, 2.0)), **numbers)
    saturable = {"capacity": draw(st.floats(0.05, 5.0)), "half_level": draw(st.floats(0.5, 50.0))}
    return _made(draw, turnover, **saturable, **numbers)


def _made(draw: "st.DrawFn", make: Callable[..., T], *values: Any, **named: Any) -> T:
    """Call ``make``, in a way that a failing test shows as the call and not as all that the result holds."""
    return draw(st.builds(make, *map(st.just, values), **{name: st.just(value) for name, value in named.items()}))


def _coin(draw: "st.DrawFn", event: str, events: Collection[str]) -> bool:
    return event in events and draw(st.booleans())


def _known(events: Collection[str]) -> None:
    for one in events:
        if one not in EVENTS:
            raise unknown("event", one, EVENTS)


__all__ = [
    "EVENTS",
    "INTERVALS",
    "KINDS",
    "blocks",
    "doses",
    "event_tables",
    "forms",
    "models",
    "parameter_sets",
    "populations",
    "quantities",
    "regimens",
    "times",
]
