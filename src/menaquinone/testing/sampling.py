"""Random parameters, states and inputs of a block, inside what it declares, for measuring its claims."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from menaquinone.declare import Block, Member, Param, Value
from menaquinone.errors import refused, unknown
from menaquinone.units import HOURS_PER_YEAR, converted, to_house

INPUT_RANGES: Mapping[str, tuple[float, float]] = {
    "1": (0.05, 0.95),
    "h": (20 * HOURS_PER_YEAR, 90 * HOURS_PER_YEAR),
    "1/h": (1e-7, 1e-4),
    "mL/min/{1.73_m2}": (5.0, 130.0),
}
"""Where an input of a unit is drawn from: shares, ages, slow rates, filtration rates. Any other unit: 0.01 to 1000."""

_ANY_RANGE = (0.01, 1000.0)


@dataclass(frozen=True)
class Sample:
    """One draw: parameters in declared units and in house units, states and inputs in house units."""

    declared: Any
    p: Any
    x: Any
    u: Any


@dataclass(frozen=True)
class Sampler:
    """Draws samples of one block.

    Attributes
    ----------
    block
        The block.
    members
        Members whose numbers take the place of the defaults, in turn.
    signed
        States that may be negative.
    inputs
        ``(low, high)`` of inputs, in the unit they are declared in, where :data:`INPUT_RANGES` does not fit.
    """

    block: Block
    members: tuple[Member, ...]
    signed: frozenset[str]
    inputs: Mapping[str, tuple[float, float]]

    def __post_init__(self) -> None:
        """Refuse names that the block does not have."""
        for name in sorted(self.signed - self.block.states.keys()):
            raise unknown(f"state of block '{self.block.name}'", name, self.block.states)
        for name in sorted(self.inputs.keys() - self.block.inputs.keys()):
            raise unknown(f"input of block '{self.block.name}'", name, self.block.inputs)

    def draws(self, rng: np.random.Generator, samples: int) -> Iterator[Sample]:
        """Yield ``samples`` draws, and one at the numbers of each member before them."""
        if samples < 1:
            raise refused("samples", samples, "at least 1")
        for one in (Member(()), *self.members):
            yield self.draw(rng, at=one)
        for _ in range(samples):
            yield self.draw(rng)

    def draw(self, rng: np.random.Generator, *, at: Member | None = None) -> Sample:
        """Return one draw; parameters are those of a member where one is given.

        Parameters
        ----------
        rng
            Source of randomness.
        at
            The member whose numbers to use, defaults filled in; None draws inside the declared bounds.
        """
        declared = {name: self._parameter(one, name, at, rng) for name, one in self.block.parameters.items()}
        house = {name: to_house(value, self.block.parameters[name].unit) for name, value in declared.items()}
        level = 10 ** rng.uniform(-2, 3)  # one scale for all states: a saturating rate is met on both of its ends
        states = {name: level * 10 ** rng.uniform(-1, 1) for name in self.block.states}
        states |= {name: rng.choice((-1.0, 1.0)) * 10 ** rng.uniform(-2, 1) for name in sorted(self.signed)}
        inputs: dict[str, float] = {}
        for name, read in sorted(self.block.inputs.items(), key=lambda one: one[1].at_entry):
            inputs[name] = self._input(name, rng, below=inputs.get(read.of, np.inf) if read.at_entry else np.inf)
        block = self.block
        return Sample(
            block.Parameters(**declared), block.Parameters(**house), block.State(**states), block.Inputs(**inputs)
        )

    def _parameter(self, declared: Param, name: str, at: Member | None, rng: np.random.Generator) -> float:
        if at is None:
            return within(declared, rng)
        value = at.values.get(name)
        if value is None:
            return declared.default
        return in_unit(value, declared.unit)

    def _input(self, name: str, rng: np.random.Generator, *, below: float) -> float:
        low, high = self.inputs.get(name, INPUT_RANGES.get(self.block.inputs[name].unit, _ANY_RANGE))
        return between(low, max(low, min(high, below)), rng)  # age and calcium at entry are below those of today


def in_unit(value: Value, unit: str) -> float:
    """Return a member's number in the unit in which the block declares it."""
    return converted(value.value, value.unit, unit, "value")


def within(declared: Param, rng: np.random.Generator) -> float:
    """Return a random value inside the bounds of a parameter, in its declared unit."""
    return between(declared.low, declared.high, rng)


def between(low: float, high: float, rng: np.random.Generator) -> float:
    """Return a random number between two bounds, even on the log scale where both are positive."""
    if 0 < low < high:
        return float(np.clip(np.exp(rng.uniform(np.log(low), np.log(high))), low, high))
    return float(rng.uniform(low, high))
