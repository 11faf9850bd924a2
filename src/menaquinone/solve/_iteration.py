"""Maps of many periods, interpolated and done one after the other: what they are interpolated by stays in registers."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from menaquinone.solve._halves import HALF, Half, number
from menaquinone.solve.equations import LANES

_INTEGER = ir.IntType(64)
TERMS = 8
"""Terms of an interpolation at most."""


def _whole(value: int) -> Any:
    return ir.Constant(_INTEGER, value)


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
        for lane in range(0, LANES, HALF):
            half = Half(builder, lane)
            total = cgutils.alloca_once(builder, number(0.0).type)
            with cgutils.for_range(builder, most) as turn:
                row = builder.mul(turn.index, _whole(TERMS * LANES))
                shares = [
                    builder.select(  # what stands behind the last term is nobody's
                        builder.icmp_signed("<", _whole(term), many),
                        half.load(psi, builder.add(row, _whole(term * LANES))),
                        number(0.0),
                    )
                    for term in range(1, TERMS)
                ]

                def value(column: Any, half: Any = half, shares: Any = shares) -> Any:
                    at = builder.mul(column, _whole(LANES))
                    found = half.load(newton, at)
                    for term, share in enumerate(shares, 1):
                        found = half.fma(
                            share, half.load(newton, builder.add(at, builder.mul(width, _whole(term)))), found
                        )
                    return found

                begin = builder.mul(turn.index, stride)
                with cgutils.for_range(builder, n) as i:
                    builder.store(value(i.index), total)
                    with cgutils.for_range(builder, n) as k:
                        acts = builder.load(builder.gep(reach, [builder.add(builder.mul(i.index, n), k.index)]))
                        with builder.if_then(builder.icmp_unsigned("!=", acts, ir.Constant(acts.type, 0))):
                            x = half.load(track, builder.add(begin, builder.mul(k.index, _whole(LANES))))
                            with builder.if_else(moving) as (moved, still):
                                with moved:
                                    column = builder.add(builder.mul(builder.add(i.index, _whole(1)), n), k.index)
                                    builder.store(half.fma(value(column), x, builder.load(total)), total)
                                with still:
                                    place = builder.add(builder.mul(i.index, wide), k.index)
                                    share = half.load(square, builder.mul(place, _whole(LANES)))
                                    builder.store(half.fma(share, x, builder.load(total)), total)
                    into = builder.add(builder.add(begin, stride), builder.mul(i.index, _whole(LANES)))
                    half.store(builder.load(total), track, into)
        return context.get_dummy_value()

    return signature, code


__all__ = ["TERMS", "iterate"]
