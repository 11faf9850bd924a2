"""All lanes as one value of generated code: what keeps many numbers in registers is written out with it."""

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from menaquinone.solve.equations import LANES

_KIND = ir.VectorType(ir.DoubleType(), LANES)
_MARKS = ir.IntType(LANES)
_INTEGER = ir.IntType(64)


class Writer:
    """What can be done with vectors of all lanes in a function that is being written.

    Parameters
    ----------
    builder
        Of that function.
    """

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def _place(self, data: Any, at: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(data, [at]), _KIND.as_pointer())

    def load(self, data: Any, at: Any) -> Any:
        """Return the vector that begins at an element."""
        found = self.builder.load(self._place(data, at))
        found.align = 8
        return found

    def store(self, value: Any, data: Any, at: Any) -> None:
        """Write the vector that begins at an element."""
        self.builder.store(value, self._place(data, at)).align = 8

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

    def marked(self, a: Any) -> Any:
        """Return in which lanes a number is not 0."""
        return self.builder.fcmp_unordered("!=", a, number(0.0))

    def anywhere(self, marks: Any) -> Any:
        """Return whether any lane is marked."""
        return self.builder.icmp_unsigned("!=", self.builder.bitcast(marks, _MARKS), ir.Constant(_MARKS, 0))

    def _named(self, name: str, *values: Any) -> Any:
        kind = ir.FunctionType(_KIND, [_KIND] * len(values))
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.{name}.v{LANES}f64")
        return self.builder.call(function, values)


def number(value: float) -> Any:
    """Return one number in every lane."""
    return ir.Constant(_KIND, [float(value)] * LANES)


def whole(value: int) -> Any:
    """Return a whole number."""
    return ir.Constant(_INTEGER, value)


__all__ = ["Writer", "number", "whole"]
