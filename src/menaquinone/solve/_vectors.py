"""Numbers of all lanes at once, as one vector register type of compiled code.

``load`` and ``store`` move a vector between memory and registers; what is between them is plain arithmetic, the same in
every lane. The compiler need not find out that a loop over lanes is one operation, and no lane can see another.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

from menaquinone.solve.equations import LANES

_KIND = ir.VectorType(ir.DoubleType(), LANES)


class _Vector(types.Type):
    """Type of a vector."""

    def __init__(self) -> None:
        super().__init__(name=f"Vector{LANES}")


@register_model(_Vector)
class _VectorModel(models.PrimitiveModel):
    """A vector is one value."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _KIND)


VECTOR = _Vector()


def _pointer(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    place = builder.gep(data, [at])
    return builder.bitcast(place, _KIND.as_pointer())


@intrinsic
def load(typingctx: Any, array: Any, at: Any) -> Any:
    """Return the vector that begins at a place of a flat array."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], args[0], args[1])
        found = builder.load(pointer)
        found.align = 8
        return found

    return VECTOR(array, types.int64), code


@intrinsic
def store(typingctx: Any, array: Any, at: Any, vector: Any) -> Any:
    """Write a vector to a flat array from a place on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], args[0], args[1])
        builder.store(args[2], pointer).align = 8
        return context.get_dummy_value()

    return types.none(array, types.int64, VECTOR), code


@intrinsic
def expect(typingctx: Any, array: Any, at: Any) -> Any:
    """Have memory fetched in which a vector is about to be written, from an element of a flat array on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        byte, switch = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, switch, switch, switch])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        flags = [ir.Constant(switch, one) for one in (1, 3, 1)]  # written, soon, data
        for element in (0, LANES // 2, LANES - 1):  # wherever lines of memory begin
            place = builder.gep(data, [builder.add(args[1], ir.Constant(args[1].type, element))])
            builder.call(function, [builder.bitcast(place, byte), *flags])
        return context.get_dummy_value()

    return types.none(array, types.int64), code


@intrinsic
def splat(typingctx: Any, value: Any) -> Any:
    """Return a vector that holds one number in every lane."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first = builder.insert_element(ir.Constant(_KIND, ir.Undefined), args[0], ir.Constant(ir.IntType(32), 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(first, ir.Constant(_KIND, ir.Undefined), mask)

    return VECTOR(types.float64), code


def _two(operation: str) -> Any:
    def made(typingctx: Any, a: Any, b: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, operation)(*args)

        return VECTOR(VECTOR, VECTOR), code

    return intrinsic(made)


add, sub, mul, div = _two("fadd"), _two("fsub"), _two("fmul"), _two("fdiv")


def _named(name: str, count: int) -> Any:
    def call(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_KIND, [_KIND] * count)
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{LANES}f64")
        return builder.call(function, args)

    def three(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
        return VECTOR(VECTOR, VECTOR, VECTOR), call

    def two(typingctx: Any, a: Any, b: Any) -> Any:
        return VECTOR(VECTOR, VECTOR), call

    def one(typingctx: Any, a: Any) -> Any:
        return VECTOR(VECTOR), call

    return intrinsic({1: one, 2: two, 3: three}[count])


fma = _named("fmuladd", 3)
"""``fma(a, b, c)``: a b + c, in one rounding where the machine can."""
magnitude = _named("fabs", 1)
root = _named("sqrt", 1)
largest = _named("maxnum", 2)
smallest = _named("minnum", 2)


@intrinsic
def select(typingctx: Any, which: Any, a: Any, b: Any) -> Any:
    """Return a in the lanes where ``which`` is not 0, b in the others."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        chosen = builder.fcmp_unordered("!=", args[0], ir.Constant(_KIND, [0.0] * LANES))
        return builder.select(chosen, args[1], args[2])

    return VECTOR(VECTOR, VECTOR, VECTOR), code


__all__ = [
    "VECTOR",
    "add",
    "div",
    "expect",
    "fma",
    "largest",
    "load",
    "magnitude",
    "mul",
    "root",
    "select",
    "smallest",
    "splat",
    "store",
    "sub",
]
