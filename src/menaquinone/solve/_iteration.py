"""Maps of many periods, interpolated and done one after the other: what they are interpolated by stays in registers."""

from functools import reduce
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from menaquinone.solve._code import Writer, number, whole
from menaquinone.solve.equations import LANES

TERMS = 8
"""Terms of an interpolation at most."""


class _Maps:
    """Maps of the periods as sums of terms: ``newton`` (TERMS, columns, L) times ``psi`` (periods, TERMS, L)."""

    def __init__(self, write: Writer, newton: Any, width: Any, many: Any, psi: Any) -> None:
        self.write, self.newton, self.psi = write, newton, psi
        self.used = [write.builder.icmp_signed("<", whole(term), many) for term in range(1, TERMS)]
        self.places = [write.builder.mul(width, whole(term)) for term in range(TERMS)]

    def shares(self, period: Any) -> list[Any]:
        """Return what a period multiplies the terms by, from the second on; what is behind the last is nobody's."""
        builder, row = self.write.builder, self.write.builder.mul(period, whole(TERMS * LANES))
        return [
            builder.select(used, self.write.load(self.psi, builder.add(row, whole(term * LANES))), number(0.0))
            for term, used in enumerate(self.used, 1)
        ]

    def terms(self, column: Any) -> list[Any]:
        """Return the terms of one column."""
        write, at = self.write, self.write.builder.mul(column, whole(LANES))
        return [write.load(self.newton, write.builder.add(at, place)) for place in self.places]

    def moves(self, column: Any) -> Any:
        """Return whether one column is not the same in all periods, for anybody."""
        marks = [self.write.marked(term) for term in self.terms(column)[1:]]
        return self.write.anywhere(reduce(self.write.builder.or_, marks))

    def value(self, column: Any, shares: list[Any]) -> Any:
        """Return one column of a period's map, in two sums that need not wait for each other."""
        write, terms, middle = self.write, self.terms(column), TERMS // 2
        low, high = terms[0], write.builder.fmul(shares[middle - 1], terms[middle])
        for term in range(1, middle):
            low = write.fma(shares[term - 1], terms[term], low)
        for term in range(middle + 1, TERMS):
            high = write.fma(shares[term - 1], terms[term], high)
        return write.builder.fadd(low, high)

    def quickly(self, column: Any, shares: list[Any], moves: Any) -> Any:
        """Return the same number, without a sum where nothing is to be added."""
        builder = self.write.builder
        kept = cgutils.alloca_once_value(builder, self.write.load(self.newton, builder.mul(column, whole(LANES))))
        with builder.if_then(moves):
            builder.store(self.value(column, shares), kept)
        return builder.load(kept)


def _few(maps: _Maps, n: int, fixed: tuple[Any, Any], track: Any, stride: Any, most: Any) -> None:
    """Iterate maps of so few states that these stay in registers; fixed: the square and its width, where it is."""
    write, (square, wide) = maps.write, fixed
    builder = write.builder
    places = [whole(i * LANES) for i in range(n)]
    held = [cgutils.alloca_once_value(builder, write.load(track, place)) for place in places]
    move = [maps.moves(whole(column)) for column in range(n if square is not None else n + n * n)]
    with cgutils.for_range(builder, most) as turn:
        shares, x = maps.shares(turn.index), [builder.load(one) for one in held]
        into = builder.mul(builder.add(turn.index, whole(1)), stride)
        for i in range(n):
            total = maps.quickly(whole(i), shares, move[i])
            for k in range(n):
                if square is None:
                    column = n + i * n + k
                    share = maps.quickly(whole(column), shares, move[column])
                else:
                    place = builder.add(builder.mul(whole(i), wide), whole(k))
                    share = write.load(square, builder.mul(place, whole(LANES)))
                total = write.fma(share, x[k], total)
            builder.store(total, held[i])
            write.store(total, track, builder.add(into, places[i]))


def _many(
    maps: _Maps, n: Any, moving: Any, fixed: tuple[Any, Any], reach: Any, track: Any, stride: Any, most: Any
) -> None:
    """Iterate maps of any number of states, of which some act on some."""
    write, (square, wide) = maps.write, fixed
    builder = write.builder
    total = cgutils.alloca_once(builder, number(0.0).type)
    with cgutils.for_range(builder, most) as turn:
        shares, begin = maps.shares(turn.index), builder.mul(turn.index, stride)
        with cgutils.for_range(builder, n) as i:
            builder.store(maps.value(i.index, shares), total)
            with cgutils.for_range(builder, n) as k:
                acts = builder.load(builder.gep(reach, [builder.add(builder.mul(i.index, n), k.index)]))
                with builder.if_then(builder.icmp_unsigned("!=", acts, ir.Constant(acts.type, 0))):
                    x = write.load(track, builder.add(begin, builder.mul(k.index, whole(LANES))))
                    with builder.if_else(moving) as (moved, still):
                        with moved:
                            column = builder.add(builder.mul(builder.add(i.index, whole(1)), n), k.index)
                            share = maps.value(column, shares)
                            builder.store(write.fma(share, x, builder.load(total)), total)
                        with still:
                            place = builder.add(builder.mul(i.index, wide), k.index)
                            share = write.load(square, builder.mul(place, whole(LANES)))
                            builder.store(write.fma(share, x, builder.load(total)), total)
            into = builder.add(builder.add(begin, stride), builder.mul(i.index, whole(LANES)))
            write.store(builder.load(total), track, into)


@intrinsic
def iterate(
    typingctx: Any, newton: Any, width: Any, many: Any, psi: Any, square: Any, wide: Any, moves: Any, reach: Any,
    n: Any, track: Any, stride: Any, most: Any,
) -> Any:  # fmt: skip
    """Fill track (most + 1, n, L), rows ``stride`` elements apart, from its first row on: x' = square x + g.

    g, and where ``moves`` square behind it, are sums of ``many`` terms: newton (TERMS, columns, L), ``width``
    elements a term and 0 behind the last, times psi (most, TERMS, L). Else square (n, n, L) has rows ``wide`` states
    apart. reach (n, n): which states act on which.
    """
    i8 = types.int64
    signature = types.none(newton, i8, i8, psi, square, i8, i8, reach, i8, track, i8, i8)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        newton, psi, square, reach, track = (
            context.make_array(signature.args[k])(context, builder, args[k]).data for k in (0, 3, 4, 7, 9)
        )
        width, many, wide, moves, n, stride, most = (args[k] for k in (1, 2, 5, 6, 8, 10, 11))
        moving = builder.icmp_signed("!=", moves, whole(0))
        maps = _Maps(Writer(builder), newton, width, many, psi)
        for few in (1, 2):
            with builder.if_then(builder.icmp_signed("==", n, whole(few))):
                for moved in (True, False):
                    with builder.if_then(moving if moved else builder.not_(moving)):
                        _few(maps, few, (None, None) if moved else (square, wide), track, stride, most)
        with builder.if_then(builder.icmp_signed(">", n, whole(2))):
            _many(maps, n, moving, (square, wide), reach, track, stride, most)
        return context.get_dummy_value()

    return signature, code


__all__ = ["TERMS", "iterate"]
