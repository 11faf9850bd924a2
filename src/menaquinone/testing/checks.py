"""Measures what a block claims, and states what must hold of any result. Needs no test framework.

Every function returns nothing, or raises ``AssertionError`` with one sentence that names the block or the variable,
what was found and what was expected.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

import numpy as np

from menaquinone import units
from menaquinone.catalogue import evidence
from menaquinone.declare import Block, Member, Param, source_ids
from menaquinone.testing.equations import ALLOWED, departure
from menaquinone.testing.outcomes import (
    assert_dose_linear,
    assert_fractions,
    assert_monotone_calcium,
    assert_nonnegative,
)
from menaquinone.testing.sampling import Sample, Sampler, in_unit

CLOSE = 1e-9
"""Largest relative departure that a measured claim allows: rounding of a short equation is far below it."""


def check_block(
    block: Block,
    *,
    members: Iterable[Member] = (),
    signed: Iterable[str] = (),
    inputs: Mapping[str, tuple[float, float]] | None = None,
    sources: Container[str] = (),
    samples: int = 50,
    rng: int | np.random.Generator | None = 0,
) -> None:
    """Measure everything that a block claims; works on your own block too.

    At random parameters inside the declared bounds, random states and inputs: units are house units and close under
    pint with the right magnitude; rates are plain arithmetic, affine where claimed, differentiable by a complex step,
    and keep states from falling below zero; scalars and broadcast arrays give the same numbers and stay untouched;
    every number has a source and bounds.

    Parameters
    ----------
    block
        The block.
    members
        Records whose numbers are measured too, besides the defaults.
    signed
        States that may be negative (a logarithm, a change). Every other state has to stay non-negative.
    inputs
        ``{name: (low, high)}`` where an input is drawn from, in its declared unit. By default a dimensionless input
        is a share between 0.05 and 0.95, a time an age, and anything else between 0.01 and 1000.
    sources
        Ids of your own evidence rows, accepted besides those of the package.
    samples
        Number of random draws.
    rng
        Seed or generator; the default draws the same samples every time, None draws fresh ones.

    Raises
    ------
    AssertionError
        At the first claim that does not hold.
    InputError
        If ``signed`` or ``inputs`` name what the block does not have.
    """
    members = tuple(members)
    sampler = Sampler(block, members, frozenset(signed), dict(inputs or {}))
    check_declarations(block, members=members, sources=sources)
    check_equations(block)
    generator = np.random.default_rng(rng)
    drawn = list(sampler.draws(generator, samples))
    for sample in drawn:
        _check_results(block, sample)
        _check_units(block, sample)
        _check_floor(block, sample, sampler.signed)
        _check_complex_step(block, sample)
        if block.affine:
            _check_affine(block, sample, sampler.draw(generator), float(generator.uniform(-2, 3)))
    _check_arrays(block, drawn)


def check_declarations(block: Block, *, members: Iterable[Member] = (), sources: Container[str] = ()) -> None:
    """Check that a block's numbers have units, bounds and sources, and that equations see house units.

    Parameters
    ----------
    block, members, sources
        As for :func:`check_block`.

    Raises
    ------
    AssertionError
        At the first declaration that is not complete.
    """
    who = f"block '{block.name}'"
    seen = {f"state '{name}'": one.unit for name, one in block.states.items()}
    seen |= {f"input '{name}'": one.unit for name, one in block.inputs.items()}
    for what, unit in seen.items():
        _hold(units.factor(unit) == 1.0, f"{who}, {what}: got the unit '{unit}', expected house units (h, nmol, L).")
    for name, offer in block.offers.items():
        units.factor(offer.unit)
        _hold(bool(offer.meaning.strip()), f"{who}, output '{name}': got no meaning, expected a phrase.")
    for name, declared in block.parameters.items():
        _check_parameter(f"{who}, parameter '{name}'", declared, sources)
    for member in members:
        _check_member(block, member, sources)


def check_equations(block: Block) -> None:
    """Check that ``rates``, and every function it calls, is plain arithmetic without branches and loops.

    Parameters
    ----------
    block
        The block.

    Raises
    ------
    AssertionError
        At the first thing that an engine could not compile, differentiate or export.
    """
    found = departure(block.rates) if block.states else None
    _hold(found is None, f"block '{block.name}', rates: got {found}, expected {ALLOWED}.")


def assert_mass_balance(
    block: Block,
    lost: Callable[[Any, Any, Any], Any],
    *,
    states: Iterable[str] | None = None,
    inputs: Mapping[str, tuple[float, float]] | None = None,
    samples: int = 50,
    rng: int | np.random.Generator | None = 0,
) -> None:
    """Check that the rates of some states add up to what leaves them, at random parameters, states and inputs.

    Parameters
    ----------
    block
        The block.
    lost
        ``lost(p, x, u)``: the net flux out, in state units per hour, what comes in counted negative.
    states
        The states that exchange; all of them by default.
    inputs, samples, rng
        As for :func:`check_block`.

    Raises
    ------
    AssertionError
        If the sum differs from ``-lost`` by more than rounding.
    """
    names = tuple(block.states if states is None else states)
    sampler = Sampler(block, (), frozenset(), dict(inputs or {}))
    for sample in sampler.draws(np.random.default_rng(rng), samples):
        changed = block.rates(sample.p, sample.x, sample.u)
        parts = [float(getattr(changed, name)) for name in names]
        leaving = float(lost(sample.p, sample.x, sample.u))
        scale = max(abs(leaving), *(abs(part) for part in parts))
        total = sum(parts)
        _hold(
            abs(total + leaving) <= CLOSE * scale,
            f"block '{block.name}': got rates that sum to {total:.6g}, expected minus what leaves, {-leaving:.6g}.",
        )


def _hold(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def _check_parameter(place: str, one: Param, known: Container[str]) -> None:
    units.factor(one.unit)
    _hold(bool(one.meaning.strip()), f"{place}: got no meaning, expected a phrase.")
    _check_source(place, one.source, known)
    bounded = np.isfinite(one.low) and np.isfinite(one.high) and one.low <= one.high
    _hold(bool(bounded), f"{place}: got bounds {one.low:g} to {one.high:g}, expected two finite numbers in order.")
    # An infinite default switches a mechanism off (a saturation that is never met); no finite bounds hold it.
    inside = one.low <= one.default <= one.high or one.default == float("inf")
    _hold(inside, f"{place}: got the default {one.default:g}, expected it between {one.low:g} and {one.high:g}.")


def _check_source(place: str, source: str, known: Container[str]) -> None:
    if source.startswith("assumed"):
        why = source.removeprefix("assumed").lstrip(":").strip()
        _hold(bool(why), f"{place}: got the source '{source}', expected a reason, 'assumed: why'.")
        return
    _hold(bool(source_ids(source)), f"{place}: got no source, expected the id of an evidence row or 'assumed: why'.")
    for row in source_ids(source):
        found = evidence.exists(row) or row in known
        _hold(found, f"{place}: got the source '{row}', expected the id of an evidence row or 'assumed: why'.")


def _check_member(block: Block, member: Member, known: Container[str]) -> None:
    for name, value in member.values.items():
        place = f"block '{block.name}', '{name}' of '{member.label}'"
        _hold(name in block.parameters, f"{place}: got no such parameter, expected one that the block declares.")
        declared = block.parameters[name]
        alike = units.registry().Unit(value.unit).is_compatible_with(units.registry().Unit(declared.unit))
        _hold(alike, f"{place}: got the unit '{value.unit}', expected '{declared.unit}' or one of its dimension.")
        _check_source(place, value.source, known)
        got = in_unit(value, declared.unit)
        inside = declared.low * (1 - CLOSE) <= got <= declared.high * (1 + CLOSE) or got in (0.0, float("inf"))
        bounds = f"between {declared.low:g} and {declared.high:g} {declared.unit}"
        _hold(inside, f"{place}: got {got:g} {declared.unit}, expected it {bounds}.")


def _check_results(block: Block, sample: Sample) -> None:
    for called, kind, wanted, arguments in (
        (block.rates, "rates", block.State, (sample.p, sample.x, sample.u)),
        (block.outputs, "outputs", block.Outputs, (sample.p, sample.x, sample.u)),
        (block.start, "start", block.State, (sample.p, sample.u)),
    ):
        if called is None:
            continue
        with np.errstate(all="ignore"):
            got = called(*arguments)
        place = f"block '{block.name}', {kind}"
        _hold(isinstance(got, wanted), f"{place}: got a {type(got).__name__}, expected the block's {wanted.__name__}.")
        for name, value in got._asdict().items():
            _hold(bool(np.isfinite(value)), f"{place}: got '{name}' = {value}, expected a finite number at {sample.p}.")


def _check_units(block: Block, sample: Sample) -> None:
    def measured(values: Any, declared: Mapping[str, Any]) -> Any:
        return values._replace(**{n: quantity(getattr(values, n), one.unit) for n, one in declared.items()})

    quantity = units.registry().Quantity
    p, x = measured(sample.declared, block.parameters), measured(sample.x, block.states)
    u = measured(sample.u, block.inputs)
    for kind, called, declared, per in (
        ("rate", block.rates, block.states, "/h"),
        ("output", block.outputs, block.offers, ""),
    ):
        place = f"block '{block.name}'"
        try:
            got = called(p, x, u)
        except Exception as mixed:  # pint raises several types, and so does arithmetic that is not for quantities
            raise AssertionError(f"{place}, {kind}s: got '{mixed}', expected units that close.") from mixed
        plain = called(sample.p, sample.x, sample.u)
        for name, one in declared.items():
            _check_magnitude(f"{place}, {kind} '{name}'", getattr(got, name), getattr(plain, name), one.unit + per)


def _check_magnitude(place: str, got: Any, plain: Any, unit: str) -> None:
    registry = units.registry()
    wanted = registry.Unit(unit)
    got = registry.Quantity(got) if not hasattr(got, "units") else got
    closes = got.is_compatible_with(wanted)
    shown = f"{got.units:~C}".replace("µ", "u")
    _hold(closes, f"{place}: got the unit '{shown}', expected '{unit}' or one of its dimension.")
    # Closure alone lets 1/a pass for 1/h: the plain number, made from house units, has to be the same size.
    found = float(units.to_house(got.to(wanted).magnitude, unit))
    same = abs(found - plain) <= CLOSE * max(abs(found), abs(plain))
    _hold(same, f"{place}: got {plain:.6g} in plain numbers and {found:.6g} with units, expected the same in '{unit}'.")


def _check_floor(block: Block, sample: Sample, signed: frozenset[str]) -> None:
    lifted = block.State(*(abs(value) for value in sample.x))
    for name in block.states:
        if name in signed:
            continue
        rate = block.rates(sample.p, lifted._replace(**{name: 0.0}), sample.u)
        scale = max(abs(value) for value in rate)
        got = getattr(rate, name)
        text = f"got a rate of {got:.6g} where the state is 0, expected at least 0 (or name it in `signed`)"
        _hold(got >= -1e-12 * scale, f"block '{block.name}', state '{name}': {text}.")


def _check_affine(block: Block, one: Sample, other: Sample, weight: float) -> None:
    at_one = np.array(block.rates(one.p, one.x, one.u), float)
    at_other = np.array(block.rates(one.p, other.x, one.u), float)
    mixed = block.State(*(weight * a + (1 - weight) * b for a, b in zip(one.x, other.x, strict=True)))
    with np.errstate(all="ignore"):
        got = np.array(block.rates(one.p, mixed, one.u), float)
    wanted = weight * at_one + (1 - weight) * at_other
    # Rates are differences of larger fluxes: the rates of single states give the size of those.
    fluxes = [block.rates(one.p, _only(block, x, name), one.u) for x in (one.x, other.x) for name in block.states]
    scale = 3 * np.max(np.abs([at_one, at_other, *np.array(fluxes, float)]), axis=0) if fluxes else 1.0
    worst = np.nan_to_num(np.abs(got - wanted) / np.where(scale > 0, scale, 1.0), nan=np.inf)
    for name, size in zip(block.states, worst, strict=True):
        text = f"got a departure of {size:.2g} from an affine rate, expected at most {CLOSE:g} (or `affine=False`)"
        _hold(bool(size <= CLOSE), f"block '{block.name}', state '{name}': {text}.")


def _only(block: Block, x: Any, name: str) -> Any:
    return block.State(*(value if one == name else 0.0 for one, value in zip(block.states, x, strict=True)))


def _check_complex_step(block: Block, sample: Sample) -> None:
    for kind, values in (("state", sample.x), ("input", sample.u)):
        for name, value in values._asdict().items():

            def rates(new: complex, values: Any = values, name: str = name, kind: str = kind) -> Any:
                moved = values._replace(**{name: new})
                x, u = (moved, sample.u) if kind == "state" else (sample.x, moved)
                return np.array(block.rates(sample.p, x, u))

            step = 1e-6 * abs(value)
            exact = rates(complex(value, 1e-30 * abs(value))).imag / (1e-30 * abs(value))
            up, down = rates(value + step).real, rates(value - step).real
            # Rounding of a rate, seen through a difference of step 1e-6, is about 1e-9 of the rate's own slope.
            room = 1e-5 * np.abs(exact) + 1e-8 * (np.abs(up) + np.abs(down) + _largest(up)) / abs(value)
            difference = (up - down) / (2 * step)
            for index, state in enumerate(block.states):
                text = (
                    f"got a slope of {exact[index]:.6g} in '{name}' by complex step, expected {difference[index]:.6g}"
                )
                alike = abs(exact[index] - difference[index]) <= room[index]
                _hold(bool(alike), f"block '{block.name}', rate '{state}': {text}, as a difference shows.")


def _largest(values: Any) -> float:
    return float(np.max(np.abs(values))) if len(values) else 0.0


def _check_arrays(block: Block, drawn: list[Sample]) -> None:
    rows, columns = drawn[:3], drawn[-4:]
    p = _column([one.p for one in rows])
    x, u = _stacked([one.x for one in columns]), _stacked([one.u for one in columns])
    for kind, called in (("rates", block.rates), ("outputs", block.outputs), ("start", _start_of(block))):
        before = [np.array(value) for record in (p, x, u) for value in record]
        with np.errstate(all="ignore"):
            got = called(p, x, u)
            single = [[called(one.p, other.x, other.u) for other in columns] for one in rows]
        after = [np.array(value) for record in (p, x, u) for value in record]
        untouched = all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, after, strict=True))
        place = f"block '{block.name}', {kind}"
        _hold(untouched, f"{place}: got its arguments back changed, expected them untouched.")
        for index, name in enumerate(got._fields):
            wanted = np.array([[float(one[index]) for one in row] for row in single])
            alike = np.allclose(np.broadcast_to(got[index], wanted.shape), wanted, rtol=CLOSE, atol=0, equal_nan=True)
            _hold(alike, f"{place}: got other numbers for '{name}' from arrays, expected those of single values.")


def _start_of(block: Block) -> Callable[[Any, Any, Any], Any]:
    begin = block.start
    return block.rates if begin is None else lambda p, _, u: begin(p, u)


def _column(records: list[Any]) -> Any:
    return type(records[0])(*(np.array(values)[:, None] for values in zip(*records, strict=True)))


def _stacked(records: list[Any]) -> Any:
    return type(records[0])(*(np.array(values) for values in zip(*records, strict=True)))


__all__ = [
    "CLOSE",
    "assert_dose_linear",
    "assert_fractions",
    "assert_mass_balance",
    "assert_monotone_calcium",
    "assert_nonnegative",
    "check_block",
    "check_declarations",
    "check_equations",
]
