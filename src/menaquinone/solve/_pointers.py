"""Memory by address inside compiled code, and the loops that evaluate a block's equations on it.

An address is an int64. The functions at the end are templates: :mod:`menaquinone.solve.equations` compiles a copy of
them for every block, with the names in capitals bound to what the block declares. Subjects (lanes) lie innermost, so
that the compiler vectorises the loop over them; every result goes to a local array first, because memory known only by
its address could overlap with what is read, and that would stop it.
"""

# ruff: noqa: ARG001  (an intrinsic's arguments are typed by their names, all of them)

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic

from menaquinone.solve.equations import LANES

PARAMETERS: Any = None
STATE: Any = None
INPUTS: Any = None
ORIGIN: Any = None
EQUATION: Any = None
RESULTS: Any = None
STATES: Any = None
HELD: Any = None
VECTOR: Any = None
MATRIX: Any = None
TABLE: Any = None
MADE: Any = None

UNIT = 2.0**100
"""A unit state in size: what it adds to a rate leaves nothing of the rate at 0, and powers of two divide exactly."""
STEP = 1e-30
"""The complex step: its square is nothing, so the derivative is exact to rounding."""

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
    integer = ir.IntType(64)
    kind = ir.FunctionType(ir.VoidType(), [integer] * (len(args) - 1))
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
    count = size.literal_value

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        room = cgutils.alloca_once(builder, ir.ArrayType(ir.DoubleType(), max(count, 1)))
        room.align = 64
        return builder.bitcast(room, context.get_value_type(signature.return_type))

    return _DOUBLES(size), code


@intrinsic(prefer_literal=True)
def copy(typingctx: Any, to: Any, source: Any, size: Any) -> Any:
    """Copy so many doubles, the size being a constant."""
    count = size.literal_value * _BYTES

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        cgutils.raw_memcpy(builder, args[0], args[1], ir.Constant(ir.IntType(64), count), 1)
        return context.get_dummy_value()

    return types.void(_DOUBLES, _DOUBLES, size), code


@intrinsic
def beyond(typingctx: Any, base: Any, count: Any) -> Any:
    """Return the pointer so many doubles further on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _element(builder, args[0], args[1])

    return _DOUBLES(_DOUBLES, types.int64), code


@intrinsic
def sealed(typingctx: Any, one: Any) -> Any:
    """Return a number that the compiler cannot see through."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.IntType(64)
        return builder.asm(ir.FunctionType(kind, [kind]), "", "=r,0", [args[0]], False)

    return types.int64(types.int64), code


def _record(kind: Any, of: Any = types.float64) -> Any:
    return types.BaseTuple.from_types([of] * len(kind.instance_class._fields), kind.instance_class)


def _element(builder: Any, base: Any, index: Any) -> Any:
    return builder.gep(base, [index])


def _scaled(builder: Any, value: Any, factor: int) -> Any:
    return builder.mul(value, ir.Constant(value.type, factor))


def _places(builder: Any, base: Any, lane: Any, count: int) -> Any:
    """Give pointers to one lane of consecutive rows."""
    return [_element(builder, base, builder.add(lane, ir.Constant(lane.type, row * LANES))) for row in range(count)]


@intrinsic
def record(typingctx: Any, kind: Any, base: Any, lane: Any) -> Any:
    """Return a named tuple whose fields are one lane of consecutive rows of doubles."""
    made = _record(kind)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        loaded = [builder.load(place) for place in _places(builder, args[1], args[2], len(made))]
        return context.make_tuple(builder, made, loaded)

    return made(kind, _DOUBLES, types.int64), code


@intrinsic
def rows(typingctx: Any, kind: Any, table: Any, board: Any, j: Any, q: Any) -> Any:
    """Return the addresses of the fields of a named tuple at point (j, q), from their (offset, sj, sq) in doubles."""
    count = len(kind.instance_class._fields)
    made = types.UniTuple(types.int64, count)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _, base, origin, *point = args
        found = []
        for row in range(count):
            place = [_element(builder, base, ir.Constant(origin.type, 3 * row + k)) for k in range(3)]
            offset, *strides = [builder.load(one) for one in place]
            for stride, index in zip(strides, point, strict=True):
                offset = builder.add(offset, builder.mul(stride, index))
            found.append(builder.add(origin, _scaled(builder, offset, _BYTES)))
        return context.make_tuple(builder, made, found)

    return made(kind, types.CPointer(types.int64), types.int64, types.int64, types.int64), code


@intrinsic
def gathered(typingctx: Any, kind: Any, addresses: Any, lane: Any) -> Any:
    """Return a named tuple whose fields stand at one lane of the rows at some addresses."""
    made = _record(kind)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        loaded = []
        for address in cgutils.unpack_tuple(builder, args[1]):
            base = builder.inttoptr(address, ir.DoubleType().as_pointer())
            loaded.append(builder.load(_element(builder, base, args[2])))
        return context.make_tuple(builder, made, loaded)

    return made(kind, addresses, types.int64), code


@intrinsic
def unit(typingctx: Any, kind: Any, which: Any, size: Any) -> Any:
    """Return a state that is ``size`` in one place and 0 elsewhere."""
    made = _record(kind)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        zero = ir.Constant(ir.DoubleType(), 0.0)
        here = [builder.icmp_signed("==", args[1], ir.Constant(args[1].type, k)) for k in range(len(made))]
        return context.make_tuple(builder, made, [builder.select(one, args[2], zero) for one in here])

    return made(kind, types.int64, types.float64), code


@intrinsic
def stepped(typingctx: Any, kind: Any, base: Any, lane: Any, which: Any, step: Any) -> Any:
    """Return a complex state: one lane of consecutive rows, with an imaginary step in one place."""
    made = _record(kind, types.complex128)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _, start, place, chosen, size = args
        values = []
        for k, one in enumerate(_places(builder, start, place, len(made))):
            value = context.make_complex(builder, types.complex128)
            value.real = builder.load(one)
            here = builder.icmp_signed("==", chosen, ir.Constant(chosen.type, k))
            value.imag = builder.select(here, size, ir.Constant(ir.DoubleType(), 0.0))
            values.append(value._getvalue())
        return context.make_tuple(builder, made, values)

    return made(kind, _DOUBLES, types.int64, types.int64, types.float64), code


def _checked(result: Any, count: int) -> Any:
    if not isinstance(result, types.BaseTuple) or len(result) != count:
        raise TypingError(f"an equation returns {result}, not a named tuple of {count} numbers")
    for one in result:
        if not isinstance(one, types.Number | types.Boolean):
            raise TypingError(f"an equation returns {one} where a number belongs")
    return result


def _numbers(context: Any, builder: Any, kind: Any, value: Any, to: Any = types.float64) -> Any:
    fields = cgutils.unpack_tuple(builder, value)
    return [context.cast(builder, one, of, to) for one, of in zip(fields, kind, strict=True)]


@intrinsic(prefer_literal=True)
def spread(typingctx: Any, result: Any, base: Any, lane: Any, count: Any) -> Any:
    """Write the fields of a result as float64 into one lane of consecutive rows."""
    _checked(result, count.literal_value)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        numbers = _numbers(context, builder, result, args[0])
        for number, place in zip(numbers, _places(builder, args[1], args[2], len(result)), strict=True):
            builder.store(number, place)
        return context.get_dummy_value()

    return types.void(result, _DOUBLES, types.int64, count), code


@intrinsic(prefer_literal=True)
def slopes(typingctx: Any, result: Any, base: Any, lane: Any, count: Any, step: Any) -> Any:
    """Write the imaginary parts of a result, divided by the complex step, into one lane of every ``count``-th row."""
    size = count.literal_value
    _checked(result, size)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        places = _places(builder, args[1], args[2], size * size)[::size]
        for number, place in zip(_numbers(context, builder, result, args[0], types.complex128), places, strict=True):
            value = context.make_complex(builder, types.complex128, number)
            builder.store(builder.fdiv(value.imag, args[4]), place)
        return context.get_dummy_value()

    return types.void(result, _DOUBLES, types.int64, count, types.float64), code


@intrinsic
def columns(typingctx: Any, equation: Any, kind: Any, p: Any, u: Any, base: Any, lane: Any) -> Any:
    """Write one lane of b (n rows) and A (n x n rows): the equation at 0 and at each unit state, side by side.

    The calls stand in one piece of straight code, so that what they share is computed once.
    """
    made = _record(kind)
    n = len(made)
    called = equation.get_call_type(typingctx, (p, made, u), {})
    result = _checked(called.return_type, n)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = context.get_function(equation, called)
        size, zero = (ir.Constant(ir.DoubleType(), one) for one in (UNIT, 0.0))
        inverse = ir.Constant(ir.DoubleType(), 1 / UNIT)
        found = []
        for k in range(-1, n):
            state = context.make_tuple(builder, made, [size if i == k else zero for i in range(n)])
            value = function(builder, (args[2], state, args[3]))
            found.append(_numbers(context, builder, result, value))
        offset, *others = found
        wanted = [
            *offset,
            *(
                builder.fmul(builder.fsub(other[i], offset[i]), inverse)
                for i in range(n)
                for other in others
            ),
        ]  # fmt: skip
        for number, place in zip(wanted, _places(builder, args[4], args[5], n * (n + 1)), strict=True):
            builder.store(number, place)
        return context.get_dummy_value()

    return types.void(equation, kind, p, u, _DOUBLES, types.int64), code


def few(p: int, inputs: int, board: int, J: int, Q: int, x: int, a: int, b: int, mode: int) -> None:
    """Read A and b, or b alone in mode 0, off an affine equation with few states."""
    held = local(HELD)
    lanes = sealed(1) * LANES
    found = local(TABLE)
    copy(held, doubles(p), HELD)
    for j in range(J):
        for q in range(Q):
            point = j * Q + q
            where = rows(INPUTS, integers(inputs), board, j, q)
            to = doubles(b + point * 8 * VECTOR)
            if mode == 0:
                for lane in range(lanes):
                    rates = EQUATION(record(PARAMETERS, held, lane), ORIGIN, gathered(INPUTS, where, lane))
                    spread(rates, found, lane, STATES)
            else:
                for lane in range(lanes):
                    u = gathered(INPUTS, where, lane)
                    columns(EQUATION, STATE, record(PARAMETERS, held, lane), u, found, lane)
                into = doubles(a + point * 8 * MATRIX)
                copy(into, beyond(found, VECTOR), MATRIX)
            copy(to, found, VECTOR)


def many(p: int, inputs: int, board: int, J: int, Q: int, x: int, a: int, b: int, mode: int) -> None:
    """Do the same with many states, one column after the other."""
    held = local(HELD)
    lanes = sealed(1) * LANES
    offset = local(VECTOR)
    found = local(VECTOR)
    copy(held, doubles(p), HELD)
    for j in range(J):
        for q in range(Q):
            point = j * Q + q
            where = rows(INPUTS, integers(inputs), board, j, q)
            to = doubles(b + point * 8 * VECTOR)
            into = doubles(a + point * 8 * MATRIX)
            for lane in range(lanes):
                rates = EQUATION(record(PARAMETERS, held, lane), ORIGIN, gathered(INPUTS, where, lane))
                spread(rates, offset, lane, STATES)
            copy(to, offset, VECTOR)
            if mode == 0:
                continue
            for k in range(STATES):
                state = unit(STATE, k, UNIT)
                for lane in range(lanes):
                    rates = EQUATION(record(PARAMETERS, held, lane), state, gathered(INPUTS, where, lane))
                    spread(rates, found, lane, STATES)
                for i in range(STATES):
                    for lane in range(lanes):
                        change = found[i * LANES + lane] - offset[i * LANES + lane]
                        into[(i * STATES + k) * LANES + lane] = change * (1 / UNIT)


def curved(p: int, inputs: int, board: int, J: int, Q: int, x: int, a: int, b: int, mode: int) -> None:
    """Linearise an equation about x: A by complex steps, b what is left at x."""
    held = local(HELD)
    lanes = sealed(1) * LANES
    found = local(VECTOR)
    slope = local(MATRIX)
    copy(held, doubles(p), HELD)
    for j in range(J):
        for q in range(Q):
            point = j * Q + q
            where = rows(INPUTS, integers(inputs), board, j, q)
            now = doubles(x + point * 8 * VECTOR)
            for lane in range(lanes):
                u = gathered(INPUTS, where, lane)
                spread(EQUATION(record(PARAMETERS, held, lane), record(STATE, now, lane), u), found, lane, STATES)
            for k in range(STATES):
                for lane in range(lanes):
                    state = stepped(STATE, now, lane, k, STEP)
                    rates = EQUATION(record(PARAMETERS, held, lane), state, gathered(INPUTS, where, lane))
                    slopes(rates, slope, k * LANES + lane, STATES, STEP)
            for i in range(STATES):
                for k in range(STATES):
                    for lane in range(lanes):
                        found[i * LANES + lane] -= slope[(i * STATES + k) * LANES + lane] * now[k * LANES + lane]
            to = doubles(b + point * 8 * VECTOR)
            copy(to, found, VECTOR)
            into = doubles(a + point * 8 * MATRIX)
            copy(into, slope, MATRIX)


def offered(p: int, inputs: int, board: int, J: int, Q: int, x: int, outs: int) -> None:
    """Evaluate a block's outputs and write each where its row of ``outs`` says."""
    held = local(HELD)
    lanes = sealed(1) * LANES
    found = local(MADE)
    copy(held, doubles(p), HELD)
    for j in range(J):
        for q in range(Q):
            where = rows(INPUTS, integers(inputs), board, j, q)
            now = doubles(x + (j * Q + q) * 8 * VECTOR)
            for lane in range(lanes):
                u = gathered(INPUTS, where, lane)
                made = EQUATION(record(PARAMETERS, held, lane), record(STATE, now, lane), u)
                spread(made, found, lane, RESULTS)
            for i in range(RESULTS):
                place = integers(outs + i * 24)
                to = doubles(board + 8 * (place[0] + j * place[1] + q * place[2]))
                copy(to, beyond(found, i * LANES), LANES)
