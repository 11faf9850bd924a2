"""Functions of a period's number by which the maps of a leap are interpolated: evaluated in registers."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from menaquinone.solve._code import Writer, number, whole
from menaquinone.solve._iteration import TERMS
from menaquinone.solve.equations import LANES

_INTEGERS = ir.VectorType(ir.IntType(64), LANES)


class _Kinds:
    """Which functions a lane takes: of what fades, of time (``drifts``), of both, or of both where a leap is late.

    Where all are of one variable (``single``) the others are not worked out.
    """

    def __init__(self, write: Writer, drifts: Any, both: Any, late: Any, *, single: bool = False) -> None:
        self.write, self.single = write, single
        self.drifts, self.both, self.late = (write.marked(write.load(one, whole(0))) for one in (drifts, both, late))

    def functions(self, fading: Any, going: Any) -> list[Any]:
        """Return the functions at a point, whose variables stand in [-1, 1]."""
        write, choose = self.write, self.write.builder.select

        def chebyshev(x: Any, count: int) -> list[Any]:
            found, twice = [number(1.0), x], write.builder.fadd(x, x)
            while len(found) < count:
                found.append(write.builder.fsub(write.builder.fmul(twice, found[-1]), found[-2]))
            return found

        alone = chebyshev(choose(self.drifts, going, fading), TERMS)
        if self.single:
            return alone
        of_fading, of_going = chebyshev(fading, 5), chebyshev(going, 5)
        product = write.builder.fmul(fading, going)
        both = (of_fading[1], of_going[1], *of_fading[2:4], product, of_going[2], of_fading[4])
        late = (of_going[1], of_fading[1], of_going[2], of_fading[2], of_going[3], of_fading[3], of_going[4])
        found = [
            choose(self.late, if_late, choose(self.both, if_both, one))
            for one, if_both, if_late in zip(alone[1:], both, late, strict=True)
        ]
        return [alone[0], *found]


def _data(context: Any, builder: Any, signature: Any, args: Any, places: Any) -> list[Any]:
    return [context.make_array(signature.args[k])(context, builder, args[k]).data for k in places]


@intrinsic
def functions(typingctx: Any, drifts: Any, both: Any, late: Any, fading: Any, going: Any, phi: Any) -> Any:
    """Fill phi (TERMS, L): the functions at a point, its variables (L,) standing in [-1, 1]."""
    signature = types.none(drifts, both, late, fading, going, phi)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        drifts, both, late, fading, going, phi = _data(context, builder, signature, args, range(6))
        write = Writer(builder)
        found = _Kinds(write, drifts, both, late).functions(write.load(fading, whole(0)), write.load(going, whole(0)))
        for k, value in enumerate(found):
            write.store(value, phi, whole(k * LANES))
        return context.get_dummy_value()

    return signature, code


@intrinsic
def table(
    typingctx: Any, drifts: Any, both: Any, late: Any, step: Any, upper: Any, inverse: Any, iterated: Any, base: Any,
    most: Any, psi: Any, swing: Any,
) -> Any:  # fmt: skip
    """Fill psi (most, TERMS, L): at every period the functions, each less those before it by ``upper``.

    step (4, L): what is left of what fades after a period, by how much time goes on, and what makes a variable of what
    is left: factor and summand. inverse (TERMS, L): of the diagonal of upper (TERMS, TERMS, L). iterated, base (L,):
    periods from which on a lane's functions stay as they are, and terms that it has. swing (2, L) gets the sum and the
    largest size of the last term.
    """
    signature = types.none(drifts, both, late, step, upper, inverse, iterated, base, types.int64, psi, swing)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        drifts, both, late, step, upper, inverse, iterated, base, psi, swing = _data(
            context, builder, signature, args, (0, 1, 2, 3, 4, 5, 6, 7, 9, 10)
        )
        write = Writer(builder)
        mixed = write.anywhere(builder.or_(*(write.marked(write.load(one, whole(0))) for one in (both, late))))
        counts = [_integers(builder, one) for one in (iterated, base)]
        with builder.if_else(mixed) as (some, none):
            with some:
                _tabulate(_Kinds(write, drifts, both, late), step, upper, inverse, counts, args[8], psi, swing)
            with none:
                kinds = _Kinds(write, drifts, both, late, single=True)
                _tabulate(kinds, step, upper, inverse, counts, args[8], psi, swing)
        return context.get_dummy_value()

    return signature, code


def _tabulate(
    kinds: _Kinds, step: Any, upper: Any, inverse: Any, counts: list[Any], most: Any, psi: Any, swing: Any
) -> None:
    write, builder, (iterated, base) = kinds.write, kinds.write.builder, counts
    fade, onward, factor, summand = (write.load(step, whole(k * LANES)) for k in range(4))
    scales = [write.load(inverse, whole(k * LANES)) for k in range(TERMS)]
    held = [cgutils.alloca_once_value(builder, number(value)) for value in (1.0, -1.0, 0.0, 0.0)]
    with cgutils.for_range(builder, most) as turn:
        left, going, total, largest = (builder.load(one) for one in held)
        found = kinds.functions(write.fma(left, factor, summand), going)
        row = builder.mul(turn.index, whole(TERMS * LANES))
        for k in range(TERMS):
            for q in range(k):
                share = write.load(upper, whole((q * TERMS + k) * LANES))
                found[k] = write.fma(builder.fneg(found[q]), share, found[k])
            found[k] = builder.fmul(found[k], scales[k])
            write.store(found[k], psi, builder.add(row, whole(k * LANES)))
        off = found[1]
        for k in range(2, TERMS):
            off = builder.select(builder.icmp_signed("==", base, _everywhere(k + 1)), found[k], off)
        now = _spread(builder, turn.index)
        counted = builder.icmp_signed("<", now, iterated)
        moves = builder.icmp_signed("<", builder.add(now, _everywhere(1)), iterated)
        off = builder.select(counted, write.magnitude(off), number(0.0))
        after = (
            builder.select(moves, builder.fmul(left, fade), left),
            builder.select(moves, builder.fadd(going, onward), going),
            builder.fadd(total, off),
            write.largest(largest, off),
        )
        for value, place in zip(after, held, strict=True):
            builder.store(value, place)
    for k in range(2):
        write.store(builder.load(held[2 + k]), swing, whole(k * LANES))


def _integers(builder: Any, data: Any) -> Any:
    """Return a row of integers."""
    place = builder.bitcast(data, _INTEGERS.as_pointer())
    found = builder.load(place)
    found.align = 8
    return found


def _everywhere(value: int) -> Any:
    return ir.Constant(_INTEGERS, [value] * LANES)


def _spread(builder: Any, value: Any) -> Any:
    """Return one integer in every lane."""
    nothing = ir.Constant(_INTEGERS, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


__all__ = ["functions", "table"]
