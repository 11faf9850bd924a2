"""Memory by address inside compiled code, and the loops that evaluate a block's equations on it.

An address is an int64. The functions at the end are templates: :mod:`menaquinone.solve.equations` compiles a copy of
them for every block, with the names in capitals bound to what the block declares. Subjects (lanes) lie innermost, and
one loop over them evaluates an equation at one point, in vectors. Memory known only by its address could overlap with
what is read, which would keep the compiler from using vectors: loads and stores say that it does not.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

from menaquinone.solve.equations import LANES

PARAMETERS: Any = None
STATE: Any = None
INPUTS: Any = None
OUTPUTS: Any = None
ORIGIN: Any = None
EQUATION: Any = None
STATES: Any = None
VECTOR: Any = None
MATRIX: Any = None

UNIT = 2.0**100
"""A unit state in size: what it adds to a rate leaves nothing of the rate at 0, and powers of two divide exactly."""
STEP = 1e-30
"""The complex step: its square is nothing, so the derivative is exact to rounding."""

_DOUBLE, _INTEGER = ir.DoubleType(), ir.IntType(64)
_DOUBLES = types.CPointer(types.float64)
_BYTES = 8


def _at(of: Any) -> Any:
    def at(typingctx: Any, address: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

        return types.CPointer(of)(types.int64), code

    return intrinsic(at)


doubles = _at(types.float64)
"""``doubles(address)``: pointer to the float64 there, to be indexed or given to ``numba.carray``."""
integers = _at(types.int64)
"""``integers(address)``: pointer to the int64 there."""


def _call(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    kind = ir.FunctionType(ir.VoidType(), [_INTEGER] * (len(args) - 1))
    builder.call(builder.inttoptr(args[0], kind.as_pointer()), args[1:])
    return context.get_dummy_value()


@intrinsic
def invoke7(typingctx: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any) -> Any:
    """Call the C function ``void (int64 x 7)`` at an address."""
    return types.void(*[types.int64] * 8), _call


@intrinsic
def invoke9(
    typingctx: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any, i: Any
) -> Any:
    """Call the C function ``void (int64 x 9)`` at an address."""
    return types.void(*[types.int64] * 10), _call


@intrinsic(prefer_literal=True)
def local(typingctx: Any, size: Any) -> Any:
    """Return a pointer to so many doubles on the stack, the size being a constant."""
    count = max(size.literal_value, 1)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        room = cgutils.alloca_once(builder, ir.ArrayType(_DOUBLE, count))
        room.align = 64
        return builder.bitcast(room, context.get_value_type(signature.return_type))

    return _DOUBLES(size), code


def _record(kind: Any, of: Any = types.float64) -> Any:
    return types.BaseTuple.from_types([of] * len(kind.instance_class._fields), kind.instance_class)


@intrinsic
def rows(typingctx: Any, kind: Any, table: Any, board: Any, j: Any, q: Any) -> Any:
    """Return the addresses of the fields of a named tuple at point (j, q), from their (offset, sj, sq) in doubles."""
    count = len(kind.instance_class._fields)
    made = types.UniTuple(types.int64, count)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _, base, origin, *point = args
        found = []
        for row in range(count):
            place = [builder.gep(base, [ir.Constant(_INTEGER, 3 * row + k)]) for k in range(3)]
            offset, *strides = [builder.load(one) for one in place]
            for stride, index in zip(strides, point, strict=True):
                offset = builder.add(offset, builder.mul(stride, index))
            found.append(builder.add(origin, builder.mul(offset, ir.Constant(_INTEGER, _BYTES))))
        return context.make_tuple(builder, made, found)

    return made(kind, types.CPointer(types.int64), types.int64, types.int64, types.int64), code


@intrinsic
def rows_from(typingctx: Any, kind: Any, base: Any) -> Any:
    """Return the addresses of consecutive rows, one for each field of a named tuple."""
    count = len(kind.instance_class._fields)
    made = types.UniTuple(types.int64, count)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        start = builder.ptrtoint(args[1], _INTEGER)
        found = [builder.add(start, ir.Constant(_INTEGER, row * LANES * _BYTES)) for row in range(count)]
        return context.make_tuple(builder, made, found)

    return made(kind, _DOUBLES), code


@intrinsic
def unit(typingctx: Any, kind: Any, which: Any, size: Any) -> Any:
    """Return a state that is ``size`` in one place and 0 elsewhere."""
    made = _record(kind)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        here = [builder.icmp_signed("==", args[1], ir.Constant(_INTEGER, k)) for k in range(len(made))]
        values = [builder.select(one, args[2], ir.Constant(_DOUBLE, 0.0)) for one in here]
        return context.make_tuple(builder, made, values)

    return made(kind, types.int64, types.float64), code


def _each_lane(builder: Any, evaluate: Callable[[Any], None]) -> None:
    """Write a loop over lanes that is left whole until it becomes vectors: unrolled early it would not."""
    with cgutils.for_range(builder, ir.Constant(_INTEGER, LANES)) as loop:
        evaluate(loop.index)
    last = loop.index.incomings[-1][1].terminator
    whole = builder.module.add_metadata([ir.MetaDataString(builder.module, "llvm.loop.unroll.disable")])
    mark = builder.module.add_metadata([whole, ir.Constant(_INTEGER, len(builder.module.metadata))])
    mark.operands = (mark, whole)  # a loop is named by a node that names itself
    last.set_metadata("llvm.loop", mark)


def _places(builder: Any, base: Any, lane: Any, count: int) -> list[Any]:
    """Give pointers to one lane of consecutive rows."""
    shifts = [ir.Constant(_INTEGER, row * LANES) for row in range(count)]
    return [builder.gep(base, [builder.add(lane, shift)]) for shift in shifts]


class _Apart:
    """Loads, and stores to rows of which none is read or written by anything else: said where they are made.

    Parameters
    ----------
    builder
        Of the function that is being written.
    count
        Rows that are written.
    """

    def __init__(self, builder: Any, count: int) -> None:
        self.builder = builder
        domain = self._named([])
        scopes = [self._named([domain]) for _ in range(count)]
        self.own = [builder.module.add_metadata([one]) for one in scopes]
        self.others = [builder.module.add_metadata([one for one in scopes if one is not own]) for own in scopes]
        self.all = builder.module.add_metadata(scopes)

    def _named(self, operands: list[Any]) -> Any:
        """Return a node that no other is equal to."""
        module = self.builder.module
        name = f"{self.builder.function.name} {len(module.metadata)}"
        return module.add_metadata([ir.MetaDataString(module, name), *operands])

    def load(self, places: list[Any]) -> list[Any]:
        """Return what stands at some places."""
        found = [self.builder.load(place) for place in places]
        for one in found:
            one.set_metadata("noalias", self.all)
        return found

    def store(self, values: list[Any], places: list[Any]) -> None:
        """Write one value to each row; frozen, or a row that is only copied becomes a call of the C library."""
        for value, place, own, others in zip(values, places, self.own, self.others, strict=True):
            frozen = ir.instructions.Instruction(self.builder.block, value.type, "freeze", [value])
            self.builder._insert(frozen)  # noqa: SLF001 (llvmlite has no name for it)
            made = self.builder.store(frozen, place)
            made.set_metadata("alias.scope", own)
            made.set_metadata("noalias", others)


class _Equation:
    """An equation at one point, with the parameters and inputs of one lane after the other."""

    def __init__(self, typingctx: Any, equation: Any, parameters: Any, inputs: Any, state: Any, count: int) -> None:
        self.types = _record(parameters), state, _record(inputs)
        self.equation = equation
        self.signature = equation.get_call_type(typingctx, self.types, {})
        self.result = self.signature.return_type
        if not isinstance(self.result, types.BaseTuple) or len(self.result) != count:
            raise TypingError(f"an equation returns {self.result}, expected a named tuple of {count} numbers")
        for one in self.result:
            if not isinstance(one, types.Number | types.Boolean):
                raise TypingError(f"an equation returns {one} where a number belongs")

    def reader(self, context: Any, builder: Any, held: Any, where: Any, apart: _Apart) -> Callable[..., Any]:
        """Return ``f(lane) -> (g(x) -> results)``: parameters and inputs are read once for several states."""
        p, _, u = self.types
        function = context.get_function(self.equation, self.signature)
        bases = [builder.inttoptr(row, _DOUBLE.as_pointer()) for row in cgutils.unpack_tuple(builder, where)]

        def read(lane: Any) -> Callable[..., Any]:
            parameters = context.make_tuple(builder, p, apart.load(_places(builder, held, lane, len(p))))
            found = apart.load([builder.gep(base, [lane]) for base in bases])
            inputs = context.make_tuple(builder, u, found)

            def evaluate(state: Any, to: Any = types.float64) -> list[Any]:
                value = function(builder, (parameters, state, inputs))
                fields = cgutils.unpack_tuple(builder, value)
                return [context.cast(builder, one, of, to) for one, of in zip(fields, self.result, strict=True)]

            return evaluate

        return read


@intrinsic
def at_state(
    typingctx: Any, equation: Any, parameters: Any, held: Any, state: Any, inputs: Any, where: Any, found: Any
) -> Any:
    """Evaluate rates at one state for all lanes and write a row for each."""
    one = _Equation(typingctx, equation, parameters, inputs, state, len(state))

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        apart = _Apart(builder, len(state))
        read = one.reader(context, builder, args[2], args[5], apart)

        def evaluate(lane: Any) -> None:
            apart.store(read(lane)(args[3]), _places(builder, args[6], lane, len(state)))

        _each_lane(builder, evaluate)
        return context.get_dummy_value()

    return types.void(equation, parameters, _DOUBLES, state, inputs, where, _DOUBLES), code


@intrinsic
def at_states(
    typingctx: Any, equation: Any, parameters: Any, held: Any, kind: Any, x: Any, inputs: Any, where: Any,
    into: Any, results: Any,
) -> Any:  # fmt: skip
    """Evaluate an equation at a state for each lane, rows at ``x``, and write what it gives to an address each."""
    state, count = _record(kind), len(_record(results))
    one = _Equation(typingctx, equation, parameters, inputs, state, count)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        apart = _Apart(builder, count)
        read = one.reader(context, builder, args[2], args[6], apart)
        bases = [builder.inttoptr(row, _DOUBLE.as_pointer()) for row in cgutils.unpack_tuple(builder, args[7])]

        def evaluate(lane: Any) -> None:
            values = apart.load(_places(builder, args[4], lane, len(state)))
            numbers = read(lane)(context.make_tuple(builder, state, values))
            apart.store(numbers, [builder.gep(base, [lane]) for base in bases])

        _each_lane(builder, evaluate)
        return context.get_dummy_value()

    return types.void(equation, parameters, _DOUBLES, kind, _DOUBLES, inputs, where, into, results), code


@intrinsic
def at_units(
    typingctx: Any, equation: Any, parameters: Any, held: Any, kind: Any, inputs: Any, where: Any, a: Any, b: Any
) -> Any:
    """Evaluate an affine equation at 0 and at every unit state, and write b (n rows) and A (n x n rows).

    The calls stand side by side, so that what they have in common is computed once.
    """
    state = _record(kind)
    n = len(state)
    one = _Equation(typingctx, equation, parameters, inputs, state, n)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        apart = _Apart(builder, n * (n + 1))
        read = one.reader(context, builder, args[2], args[5], apart)
        size, zero, inverse = (ir.Constant(_DOUBLE, value) for value in (UNIT, 0.0, 1 / UNIT))
        states = [
            context.make_tuple(builder, state, [size if i == k else zero for i in range(n)]) for k in range(-1, n)
        ]

        def evaluate(lane: Any) -> None:
            at = read(lane)
            offset, *others = [at(one) for one in states]
            changes = [builder.fsub(other[i], offset[i]) for i in range(n) for other in others]
            slopes = [builder.fmul(change, inverse) for change in changes]
            places = _places(builder, args[7], lane, n), _places(builder, args[6], lane, n * n)
            apart.store([*offset, *slopes], [*places[0], *places[1]])

        _each_lane(builder, evaluate)
        return context.get_dummy_value()

    return types.void(equation, parameters, _DOUBLES, kind, inputs, where, _DOUBLES, _DOUBLES), code


@intrinsic
def at_step(
    typingctx: Any, equation: Any, parameters: Any, held: Any, kind: Any, x: Any, which: Any, inputs: Any,
    where: Any, found: Any,
) -> Any:  # fmt: skip
    """Write the derivative of an equation with respect to one state, into that column of n x n rows."""
    state = _record(kind, types.complex128)
    n = len(state)
    one = _Equation(typingctx, equation, parameters, inputs, state, n)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        apart = _Apart(builder, n)
        read = one.reader(context, builder, args[2], args[7], apart)
        step, zero = ir.Constant(_DOUBLE, STEP), ir.Constant(_DOUBLE, 0.0)
        chosen = [builder.icmp_signed("==", args[5], ir.Constant(_INTEGER, k)) for k in range(n)]
        steps = [builder.select(here, step, zero) for here in chosen]
        column = builder.gep(args[8], [builder.mul(args[5], ir.Constant(_INTEGER, LANES))])

        def evaluate(lane: Any) -> None:
            values = []
            for real, imaginary in zip(apart.load(_places(builder, args[4], lane, n)), steps, strict=True):
                value = context.make_complex(builder, types.complex128)
                value.real, value.imag = real, imaginary
                values.append(value._getvalue())  # noqa: SLF001 - numba has no other name for it
            results = read(lane)(context.make_tuple(builder, state, values), types.complex128)
            parts = [context.make_complex(builder, types.complex128, result).imag for result in results]
            slopes = [builder.fdiv(part, step) for part in parts]
            apart.store(slopes, _places(builder, column, lane, n * n)[::n])

        _each_lane(builder, evaluate)
        return context.get_dummy_value()

    return types.void(equation, parameters, _DOUBLES, kind, _DOUBLES, types.int64, inputs, where, _DOUBLES), code


_SHIFT, _LOWEST, _HIGHEST = 1.5 * 2.0**52, -746.0, 710.0
_LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")


@intrinsic
def exp(typingctx: Any, x: Any) -> Any:
    """Return e^x to two units in the last place or so: that of the C library is one call a lane, and no vectors."""
    if not isinstance(x, types.Float | types.Integer | types.Boolean):
        general = typingctx.resolve_value_type(np.exp)
        chosen = typingctx.resolve_function_type(general, (x,), {})

        def call(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return context.get_function(general, chosen)(builder, args)

        return chosen, call

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number, integer = (lambda value: ir.Constant(_DOUBLE, value)), (lambda value: ir.Constant(_INTEGER, value))
        (value,) = args
        for name, bound in (("<", _LOWEST), (">", _HIGHEST)):
            value = builder.select(builder.fcmp_ordered(name, value, number(bound)), number(bound), value)
        shifted = builder.fadd(builder.fmul(value, number(1 / math.log(2))), number(_SHIFT))
        twos = builder.fsub(shifted, number(_SHIFT))  # so many halvings; the low bits of `shifted` hold them too
        rest = value
        for part in (_LN2_HIGH, _LN2_LOW):
            rest = builder.fsub(rest, builder.fmul(twos, number(part)))
        terms = [number(1 / math.factorial(k)) for k in range(14)]
        while len(terms) > 1:  # neighbours pairwise, so that few operations wait for each other
            last = terms[len(terms) & ~1 :]
            pairs = zip(terms[::2], terms[1::2], strict=False)
            terms = [builder.fadd(low, builder.fmul(high, rest)) for low, high in pairs] + last
            rest = builder.fmul(rest, rest)
        (series,) = terms
        power = builder.sub(builder.bitcast(shifted, _INTEGER), builder.bitcast(number(_SHIFT), _INTEGER))
        half = builder.sub(builder.lshr(builder.add(power, integer(2048)), integer(1)), integer(1024))
        for share in (half, builder.sub(power, half)):  # in two steps: the power alone may be too large or too small
            bits = builder.shl(builder.add(share, integer(1023)), integer(52))
            series = builder.fmul(series, builder.bitcast(bits, _DOUBLE))
        return series

    return types.float64(types.float64), code


@intrinsic
def where(typingctx: Any, condition: Any, one: Any, other: Any) -> Any:
    """Return one of two numbers, as a number: from numba's ``np.where`` comes an array without axes."""
    known = types.Number | types.Boolean
    if not all(isinstance(kind, known) for kind in (condition, one, other)):
        return None
    both = typingctx.unify_types(one, other)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        chosen = context.cast(builder, args[0], condition, types.boolean)
        values = [context.cast(builder, *value, both) for value in zip(args[1:], (one, other), strict=True)]
        return builder.select(chosen, *values)

    return both(condition, one, other), code


def few(p: int, inputs: int, board: int, J: int, Q: int, x: int, a: int, b: int, mode: int) -> None:
    """Read A and b, or b alone in mode 0, off an affine equation with few states."""
    held = doubles(p)
    for j in range(J):
        for q in range(Q):
            point = j * Q + q
            where = rows(INPUTS, integers(inputs), board, j, q)
            offset = doubles(b + point * 8 * VECTOR)
            if mode == 0:
                at_state(EQUATION, PARAMETERS, held, ORIGIN, INPUTS, where, offset)
            else:
                slopes = doubles(a + point * 8 * MATRIX)
                at_units(EQUATION, PARAMETERS, held, STATE, INPUTS, where, slopes, offset)


def many(p: int, inputs: int, board: int, J: int, Q: int, x: int, a: int, b: int, mode: int) -> None:
    """Do the same with many states, one column after the other."""
    held, offset, found = doubles(p), local(VECTOR), local(VECTOR)
    for j in range(J):
        for q in range(Q):
            point = j * Q + q
            where = rows(INPUTS, integers(inputs), board, j, q)
            at_state(EQUATION, PARAMETERS, held, ORIGIN, INPUTS, where, offset)
            into = doubles(b + point * 8 * VECTOR)
            for i in range(VECTOR):
                into[i] = offset[i]
            for k in range(STATES if mode else 0):
                at_state(EQUATION, PARAMETERS, held, unit(STATE, k, UNIT), INPUTS, where, found)
                for i in range(STATES):
                    column = doubles(a + 8 * (point * MATRIX + (i * STATES + k) * LANES))
                    for lane in range(LANES):
                        column[lane] = (found[i * LANES + lane] - offset[i * LANES + lane]) * (1 / UNIT)


def curved(p: int, inputs: int, board: int, J: int, Q: int, x: int, a: int, b: int, mode: int) -> None:
    """Linearise an equation about x: A by complex steps, b what is left at x."""
    held = doubles(p)
    for j in range(J):
        for q in range(Q):
            point = j * Q + q
            where = rows(INPUTS, integers(inputs), board, j, q)
            now, slope = doubles(x + point * 8 * VECTOR), doubles(a + point * 8 * MATRIX)
            found = doubles(b + point * 8 * VECTOR)
            at_states(EQUATION, PARAMETERS, held, STATE, now, INPUTS, where, rows_from(STATE, found), STATE)
            for k in range(STATES):
                at_step(EQUATION, PARAMETERS, held, STATE, now, k, INPUTS, where, slope)
            for i in range(STATES):
                for k in range(STATES):
                    for lane in range(LANES):
                        found[i * LANES + lane] -= slope[(i * STATES + k) * LANES + lane] * now[k * LANES + lane]


def offered(p: int, inputs: int, board: int, J: int, Q: int, x: int, outs: int) -> None:
    """Evaluate a block's outputs and write each where its row of ``outs`` says."""
    held = doubles(p)
    for j in range(J):
        for q in range(Q):
            where = rows(INPUTS, integers(inputs), board, j, q)
            into = rows(OUTPUTS, integers(outs), board, j, q)
            now = doubles(x + (j * Q + q) * 8 * VECTOR)
            at_states(EQUATION, PARAMETERS, held, STATE, now, INPUTS, where, into, OUTPUTS)
