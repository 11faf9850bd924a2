"""Blocks such as a user might write, with the numbers and the wiring chosen by the caller.

They read the plasma concentration of each form and hold pools of it, so that they stand behind any pharmacokinetics;
two more stand behind them.
"""

# ruff: noqa: ARG001  (equations share one signature)

from collections.abc import Collection
from typing import Any, NamedTuple

from menaquinone.declare import Array, Block, output, param, reads, state

_WHY = "assumed: generated for a test"


class Inputs(NamedTuple):
    """What every generated block reads."""

    plasma_concentration: Array = reads("nmol/L", "plasma concentration of the form")


class Outputs(NamedTuple):
    """What every generated block offers."""

    generated_level: Array = output("nmol/L", "all pools together")


class OnePool(NamedTuple):
    """One pool."""

    first: Array = state("nmol/L", "level of the first pool")


class TwoPools(NamedTuple):
    """Two pools."""

    first: Array = state("nmol/L", "level of the first pool")
    second: Array = state("nmol/L", "level of the second pool")


class ThreePools(NamedTuple):
    """Three pools."""

    first: Array = state("nmol/L", "level of the first pool")
    second: Array = state("nmol/L", "level of the second pool")
    third: Array = state("nmol/L", "level of the third pool")


def exchange(
    size: int, links: Collection[tuple[int, int]], *, gain: float, base: float, loss: float, exchange_rate: float
) -> Block:
    """Return an affine block: pools that fill from plasma, exchange along some links, and all lose at one rate.

    Parameters
    ----------
    size
        Number of pools, 1 to 3.
    links
        Pairs ``(from, to)`` of pools, counted from 0.
    gain, base, loss, exchange_rate
        Defaults of the parameters, per hour (``base`` in nmol/L/h).
    """
    gain_, base_, loss_, exchange_ = gain, base, loss, exchange_rate  # a class body hides names that it sets itself

    class Parameters(NamedTuple):
        filling: Array = param(gain_, "1/h", "filling of the first pool by the plasma level", source=_WHY)
        basal_filling: Array = param(
            base_, "nmol/L/h", "constant filling of the first pool", source=_WHY, low=0, high=10
        )
        pool_loss: Array = param(loss_, "1/h", "loss of every pool", source=_WHY)
        pool_exchange: Array = param(exchange_, "1/h", "exchange between linked pools", source=_WHY)

    on = {(a, b): float((a, b) in links) for a in range(3) for b in range(3)}
    record, rates, outputs = _POOLS[size](on)
    name = "_".join(["exchange", str(size), *(f"{a}{b}" for a, b in sorted(links))])
    return Block(name, Parameters, record, rates, Inputs, Outputs, outputs, over="form")


def _one(on: Any) -> Any:
    def rates(p: Any, x: Any, u: Any) -> OnePool:
        return OnePool(first=p.filling * u.plasma_concentration + p.basal_filling - p.pool_loss * x.first)

    def outputs(p: Any, x: Any, u: Any) -> Outputs:
        return Outputs(generated_level=x.first)

    return OnePool, rates, outputs


def _two(on: Any) -> Any:
    ahead, back = on[0, 1], on[1, 0]

    def rates(p: Any, x: Any, u: Any) -> TwoPools:
        moved = p.pool_exchange * (ahead * x.first - back * x.second)
        return TwoPools(
            first=p.filling * u.plasma_concentration + p.basal_filling - p.pool_loss * x.first - moved,
            second=moved - p.pool_loss * x.second,
        )

    def outputs(p: Any, x: Any, u: Any) -> Outputs:
        return Outputs(generated_level=x.first + x.second)

    return TwoPools, rates, outputs


def _three(on: Any) -> Any:
    ab, ba, ac, ca, bc, cb = (on[link] for link in ((0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)))

    def rates(p: Any, x: Any, u: Any) -> ThreePools:
        from_first_to_second = p.pool_exchange * (ab * x.first - ba * x.second)
        from_first_to_third = p.pool_exchange * (ac * x.first - ca * x.third)
        from_second_to_third = p.pool_exchange * (bc * x.second - cb * x.third)
        filled = p.filling * u.plasma_concentration + p.basal_filling
        return ThreePools(
            first=filled - p.pool_loss * x.first - from_first_to_second - from_first_to_third,
            second=from_first_to_second - from_second_to_third - p.pool_loss * x.second,
            third=from_first_to_third + from_second_to_third - p.pool_loss * x.third,
        )

    def outputs(p: Any, x: Any, u: Any) -> Outputs:
        return Outputs(generated_level=x.first + x.second + x.third)

    return ThreePools, rates, outputs


_POOLS = {1: _one, 2: _two, 3: _three}


def turnover(*, gain: float, base: float, loss: float, capacity: float, half_level: float) -> Block:
    """Return a block that is not affine: saturable loss beside a linear one, so that a steady state always exists.

    Parameters
    ----------
    gain, base, loss
        Defaults, per hour (``base`` in nmol/L/h).
    capacity
        Largest saturable loss, nmol/L/h.
    half_level
        Level at which it is half of that, nmol/L.
    """
    gain_, base_, loss_, capacity_, half_level_ = gain, base, loss, capacity, half_level

    class Parameters(NamedTuple):
        filling: Array = param(gain_, "1/h", "filling by the plasma level", source=_WHY)
        basal_filling: Array = param(base_, "nmol/L/h", "constant filling", source=_WHY, low=0, high=10)
        pool_loss: Array = param(loss_, "1/h", "linear loss", source=_WHY)
        pool_capacity: Array = param(capacity_, "nmol/L/h", "largest saturable loss", source=_WHY)
        pool_half_level: Array = param(half_level_, "nmol/L", "level of half that loss", source=_WHY)

    return Block("turnover", Parameters, OnePool, _turnover, Inputs, Outputs, _level, over="form", affine=False)


def _turnover(p: Any, x: Any, u: Any) -> OnePool:
    saturable = p.pool_capacity * x.first / (p.pool_half_level + x.first)
    return OnePool(first=p.filling * u.plasma_concentration + p.basal_filling - p.pool_loss * x.first - saturable)


def _level(p: Any, x: Any, u: Any) -> Outputs:
    return Outputs(generated_level=x.first)


class Behind(NamedTuple):
    """What a block behind a generated one reads."""

    plasma_concentration: Array = reads("nmol/L", "plasma concentration of the form")
    generated_level: Array = reads("nmol/L", "level of the block before")


class Induced(NamedTuple):
    """What an induced block offers."""

    induced_level: Array = output("nmol/L", "both pools together")


class Total(NamedTuple):
    """What has been gathered."""

    total: Array = state("nmol*h/L", "level of the block before, added up", start=0.0)


class Gathered(NamedTuple):
    """What a gathering block offers."""

    generated_total: Array = output("nmol*h/L", "level of the block before, added up")


def induced(*, gain: float, loss: float, induction: float, half_level: float, exchange_rate: float) -> Block:
    """Return an affine block whose coefficients move: two pools behind a generated block, their loss raised by plasma.

    Parameters
    ----------
    gain, loss, exchange_rate
        Defaults, per hour.
    induction
        By how much of itself plasma raises the loss at most.
    half_level
        Plasma level of half of that, nmol/L.
    """
    gain_, loss_, induction_, half_level_, exchange_ = gain, loss, induction, half_level, exchange_rate

    class Parameters(NamedTuple):
        passing: Array = param(gain_, "1/h", "filling of the first pool by the block before", source=_WHY)
        plain_loss: Array = param(loss_, "1/h", "loss of either pool without plasma", source=_WHY)
        induction: Array = param(induction_, "1", "largest rise of the loss", source=_WHY)
        induction_half_level: Array = param(half_level_, "nmol/L", "plasma level of half that rise", source=_WHY)
        passing_on: Array = param(exchange_, "1/h", "from the first pool to the second", source=_WHY)

    return Block("induced", Parameters, TwoPools, _induced, Behind, Induced, _both, over="form")


def _induced(p: Any, x: Any, u: Any) -> TwoPools:
    raised = p.induction * u.plasma_concentration / (p.induction_half_level + u.plasma_concentration)
    loss = p.plain_loss * (1 + raised)
    moved = p.passing_on * x.first
    return TwoPools(first=p.passing * u.generated_level - loss * x.first - moved, second=moved - loss * x.second)


def _both(p: Any, x: Any, u: Any) -> Induced:
    return Induced(induced_level=x.first + x.second)


def gathering(*, gain: float) -> Block:
    """Return a block that never settles: it adds up what the generated block before it holds.

    Parameters
    ----------
    gain
        Default of the weight.
    """
    gain_ = gain

    class Parameters(NamedTuple):
        gathering_weight: Array = param(gain_, "1", "weight of what is added up", source=_WHY)

    return Block("gathering", Parameters, Total, _gathered, Behind, Gathered, _total, over="form")


def _gathered(p: Any, x: Any, u: Any) -> Total:
    return Total(total=p.gathering_weight * u.generated_level)


def _total(p: Any, x: Any, u: Any) -> Gathered:
    return Gathered(generated_total=x.total)


__all__ = ["exchange", "gathering", "induced", "turnover"]
