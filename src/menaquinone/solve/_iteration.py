"""Maps of many periods, interpolated and done one after the other: what they are interpolated by stays in registers."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from menaquinone.solve._parts import PART, Part, number
from menaquinone.solve.equations import LANES

_INTEGER = ir.IntType(64)
TERMS = 8
"""Terms of an interpolation at most."""


def _whole(value: int) -> Any:
    return ir.Constant(_INTEGER, value)


class _Maps:
    """Maps of the periods as sums of terms: ``newton`` (terms, columns, L) times ``psi`` (periods, TERMS, L)."""

    def __init__(self, part: Part, newton: Any, width: Any, many: Any, psi: Any) -> None:
        self.part, self.newton, self.psi = part, newton, psi
        builder = part.builder
        self.used = [builder.icmp_signed("<", _whole(term), many) for term in range(1, TERMS)]
        self.places = [builder.mul(width, _whole(term)) for term in range(TERMS)]

    def shares(self, period: Any) -> list[Any]:
        """Return what a period multiplies the terms by, from the second on; what is behind the last is nobody's."""
        builder, row = self.part.builder, self.part.builder.mul(period, _whole(TERMS * LANES))
        return [
            builder.select(used, self.part.load(self.psi, builder.add(row, _whole(term * LANES))), number(0.0))
            for term, used in enumerate(self.used, 1)
        ]

    def value(self, column: Any, shares: list[Any]) -> Any:
        """Return one column of a period's map, in two sums that need not wait for each other."""
        part, at = self.part, self.part.builder.mul(column, _whole(LANES))
        terms = [part.load(self.newton, part.builder.add(at, place)) for place in self.places]
        middle = TERMS // 2
        low, high = terms[0], part.builder.fmul(shares[middle - 1], terms[middle])
        for term in range(1, middle):
            low = part.fma(shares[term - 1], terms[term], low)
        for term in range(middle + 1, TERMS):
            high = part.fma(shares[term - 1], terms[term], high)
        return part.builder.fadd(low, high)


def _few(maps: _Maps, n: int, fixed: tuple[Any, Any], track: Any, stride: Any, most: Any) -> None:
    """Iterate maps of so few states that these stay in registers; fixed: the square and its width, where it is."""
    part, (square, wide) = maps.part, fixed
    builder = part.builder
    places = [_whole(i * LANES) for i in range(n)]
    held = [cgutils.alloca_once_value(builder, part.load(track, place)) for place in places]
    with cgutils.for_range(builder, most) as turn:
        shares, x = maps.shares(turn.index), [builder.load(one) for one in held]
        into = builder.mul(builder.add(turn.index, _whole(1)), stride)
        for i in range(n):
            total = maps.value(_whole(i), shares)
            for k in range(n):
                if square is None:
                    share = maps.value(_whole(n + i * n + k), shares)
                else:
                    place = builder.add(builder.mul(_whole(i), wide), _whole(k))
                    share = part.load(square, builder.mul(place, _whole(LANES)))
                total = part.fma(share, x[k], total)
            builder.store(total, held[i])
            part.store(total, track, builder.add(into, places[i]))


def _many(
    maps: _Maps, n: Any, moving: Any, fixed: tuple[Any, Any], reach: Any, track: Any, stride: Any, most: Any
) -> None:
    """Iterate maps of any number of states, of which some act on some."""
    part, (square, wide) = maps.part, fixed
    builder = part.builder
    total = cgutils.alloca_once(builder, number(0.0).type)
    with cgutils.for_range(builder, most) as turn:
        shares, begin = maps.shares(turn.index), builder.mul(turn.index, stride)
        with cgutils.for_range(builder, n) as i:
            builder.store(maps.value(i.index, shares), total)
            with cgutils.for_range(builder, n) as k:
                acts = builder.load(builder.gep(reach, [builder.add(builder.mul(i.index, n), k.index)]))
                with builder.if_then(builder.icmp_unsigned("!=", acts, ir.Constant(acts.type, 0))):
                    x = part.load(track, builder.add(begin, builder.mul(k.index, _whole(LANES))))
                    with builder.if_else(moving) as (moved, still):
                        with moved:
                            column = builder.add(builder.mul(builder.add(i.index, _whole(1)), n), k.index)
                            share = maps.value(column, shares)
                            builder.store(part.fma(share, x, builder.load(total)), total)
                        with still:
                            place = builder.add(builder.mul(i.index, wide), k.index)
                            share = part.load(square, builder.mul(place, _whole(LANES)))
                            builder.store(part.fma(share, x, builder.load(total)), total)
            into = builder.add(builder.add(begin, stride), builder.mul(i.index, _whole(LANES)))
            part.store(builder.load(total), track, into)


@intrinsic
def iterate(
    typingctx: Any, newton: Any, width: Any, many: Any, psi: Any, square: Any, wide: Any, moves: Any, reach: Any,
    n: Any, track: Any, stride: Any, most: Any,
) -> Any:  # fmt: skip
    """Fill track (most + 1, n, L), rows ``stride`` elements apart, from its first row on: x' = square x + g.

    g, and where ``moves`` square behind it, are sums of ``many`` terms: newton (terms, columns, L), ``width`` elements
    a term, times psi (most, TERMS, L). Else square (n, n, L) has rows ``wide`` states apart. reach (n, n): which states
    act on which.
    """
    i8 = types.int64
    signature = types.none(newton, i8, i8, psi, square, i8, i8, reach, i8, track, i8, i8)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        newton, psi, square, reach, track = (
            context.make_array(signature.args[k])(context, builder, args[k]).data for k in (0, 3, 4, 7, 9)
        )
        width, many, wide, moves, n, stride, most = (args[k] for k in (1, 2, 5, 6, 8, 10, 11))
        moving = builder.icmp_signed("!=", moves, _whole(0))
        for lane in range(0, LANES, PART):
            maps = _Maps(Part(builder, lane), newton, width, many, psi)
            for few in (1, 2):
                with builder.if_then(builder.icmp_signed("==", n, _whole(few))):
                    for moved in (True, False):
                        with builder.if_then(moving if moved else builder.not_(moving)):
                            _few(maps, few, (None, None) if moved else (square, wide), track, stride, most)
            with builder.if_then(builder.icmp_signed(">", n, _whole(2))):
                _many(maps, n, moving, (square, wide), reach, track, stride, most)
        return context.get_dummy_value()

    return signature, code


__all__ = ["TERMS", "iterate"]
