"""Functions of a period's number by which the maps of a leap are interpolated: evaluated in registers."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from menaquinone.solve._iteration import TERMS
from menaquinone.solve._parts import PART, Part, number
from menaquinone.solve.equations import LANES

_INTEGER = ir.IntType(64)
_PART_OF_INTEGERS = ir.VectorType(_INTEGER, PART)


def _whole(value: int) -> Any:
    return ir.Constant(_INTEGER, value)


class _Kinds:
    """Which functions a lane takes: of what fades, of time (``drifts``), of both, or of both where a leap is late."""

    def __init__(self, part: Part, drifts: Any, both: Any, late: Any) -> None:
        self.part = part
        self.drifts, self.both, self.late = (
            part.builder.fcmp_unordered("!=", part.load(one, _whole(0)), number(0.0)) for one in (drifts, both, late)
        )

    def functions(self, fading: Any, going: Any) -> list[Any]:
        """Return the functions at a point, whose variables stand in [-1, 1]."""
        part, choose = self.part, self.part.builder.select

        def chebyshev(x: Any, count: int) -> list[Any]:
            found, twice = [number(1.0), x], part.builder.fadd(x, x)
            while len(found) < count:
                found.append(part.builder.fsub(part.builder.fmul(twice, found[-1]), found[-2]))
            return found

        alone = chebyshev(choose(self.drifts, going, fading), TERMS)
        of_fading, of_going = chebyshev(fading, 5), chebyshev(going, 5)
        product = part.builder.fmul(fading, going)
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
        for lane in range(0, LANES, PART):
            part = Part(builder, lane)
            kinds = _Kinds(part, drifts, both, late)
            found = kinds.functions(part.load(fading, _whole(0)), part.load(going, _whole(0)))
            for k, value in enumerate(found):
                part.store(value, phi, _whole(k * LANES))
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
        for lane in range(0, LANES, PART):
            part = Part(builder, lane)
            kinds = _Kinds(part, drifts, both, late)
            fade, onward, factor, summand = (part.load(step, _whole(k * LANES)) for k in range(4))
            scales = [part.load(inverse, _whole(k * LANES)) for k in range(TERMS)]
            last, terms = (_integers(builder, one, lane) for one in (iterated, base))
            held = [cgutils.alloca_once_value(builder, number(value)) for value in (1.0, -1.0, 0.0, 0.0)]
            with cgutils.for_range(builder, args[8]) as turn:
                left, going, total, largest = (builder.load(one) for one in held)
                found = kinds.functions(part.fma(left, factor, summand), going)
                row = builder.mul(turn.index, _whole(TERMS * LANES))
                for k in range(TERMS):
                    for q in range(k):
                        share = part.load(upper, _whole((q * TERMS + k) * LANES))
                        found[k] = part.fma(builder.fneg(found[q]), share, found[k])
                    found[k] = builder.fmul(found[k], scales[k])
                    part.store(found[k], psi, builder.add(row, _whole(k * LANES)))
                off = found[1]
                for k in range(2, TERMS):
                    off = builder.select(builder.icmp_signed("==", terms, _everywhere(k + 1)), found[k], off)
                now = _spread(builder, turn.index)
                counts = builder.icmp_signed("<", now, last)
                moves = builder.icmp_signed("<", builder.add(now, _everywhere(1)), last)
                off = builder.select(counts, part.magnitude(off), number(0.0))
                after = (
                    builder.select(moves, builder.fmul(left, fade), left),
                    builder.select(moves, builder.fadd(going, onward), going),
                    builder.fadd(total, off),
                    part.largest(largest, off),
                )
                for value, place in zip(after, held, strict=True):
                    builder.store(value, place)
            for k in range(2):
                part.store(builder.load(held[2 + k]), swing, _whole(k * LANES))
        return context.get_dummy_value()

    return signature, code


def _integers(builder: Any, data: Any, lane: int) -> Any:
    """Return part of a row of integers."""
    place = builder.bitcast(builder.gep(data, [_whole(lane)]), _PART_OF_INTEGERS.as_pointer())
    found = builder.load(place)
    found.align = 8
    return found


def _everywhere(value: int) -> Any:
    return ir.Constant(_PART_OF_INTEGERS, [value] * PART)


def _spread(builder: Any, value: Any) -> Any:
    """Return one integer in every lane."""
    nothing = ir.Constant(_PART_OF_INTEGERS, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(ir.IntType(32), PART), [0] * PART))


__all__ = ["functions", "table"]
