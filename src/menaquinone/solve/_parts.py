"""Some of the lanes as one value of generated code: what keeps many numbers in registers is written out with it."""

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from menaquinone.solve.equations import LANES

PART = LANES
"""Lanes that are taken at a time: with two registers of 512 bits for each number one computes while the other waits."""
_KIND = ir.VectorType(ir.DoubleType(), PART)
_INTEGER = ir.IntType(64)


class Part:
    """What can be done with the lanes from one of them on.

    Parameters
    ----------
    builder
        Of the function that is being written.
    first
        The first lane.
    """

    def __init__(self, builder: Any, first: int) -> None:
        self.builder, self.first = builder, first

    def _place(self, data: Any, at: Any) -> Any:
        at = self.builder.add(at, ir.Constant(_INTEGER, self.first))
        return self.builder.bitcast(self.builder.gep(data, [at]), _KIND.as_pointer())

    def load(self, data: Any, at: Any) -> Any:
        """Return these lanes of the vector that begins at an element."""
        found = self.builder.load(self._place(data, at))
        found.align = 8
        return found

    def store(self, value: Any, data: Any, at: Any) -> None:
        """Write these lanes of the vector that begins at an element."""
        self.builder.store(value, self._place(data, at)).align = 8

    def of(self, vector: Any) -> Any:
        """Return this part of a whole vector."""
        which = ir.Constant(ir.VectorType(ir.IntType(32), PART), list(range(self.first, self.first + PART)))
        return self.builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), which)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """Return a b + c, in one rounding where the machine can."""
        return self._named("fmuladd", a, b, c)

    def magnitude(self, a: Any) -> Any:
        """Return |a|."""
        return self._named("fabs", a)

    def largest(self, a: Any, b: Any) -> Any:
        """Return the larger of two numbers."""
        return self._named("maxnum", a, b)

    def smallest(self, a: Any, b: Any) -> Any:
        """Return the smaller of two numbers."""
        return self._named("minnum", a, b)

    def _named(self, name: str, *values: Any) -> Any:
        kind = ir.FunctionType(_KIND, [_KIND] * len(values))
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.{name}.v{PART}f64")
        return self.builder.call(function, values)


def number(value: float) -> Any:
    """Return one number in every lane."""
    return ir.Constant(_KIND, [float(value)] * PART)


__all__ = ["PART", "Part", "number"]
