"""The collocation equations of one state, solved in registers: ``x' = a(t) x + f(t)`` over one panel.

States that act only on those behind them are solved one after the other, each with what it gets from the others as
part of f. That takes a fifth of the operations of a general elimination, and none of them reads or writes memory but
for f and x. The code is written out for every node; lanes are taken half at a time, so that all of it fits in the
registers of a processor that has 32 of 512 bits.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from menaquinone.solve._halves import HALF, Half, number
from menaquinone.solve._vectors import VECTOR
from menaquinone.solve.equations import LANES
from menaquinone.solve.tableau import SLOPES, STAGES

_INTEGER = ir.IntType(64)


def _factors(half: Half, z: list[Any]) -> tuple[list[list[Any]], list[Any]]:
    """Eliminate ``SLOPES - diag(z)``: factors below the diagonal, negative, and the rest above; pivots inverted.

    Without row exchange: the symmetric part of the rule's matrix, weighted, is positive, and losses add to it.
    """
    builder = half.builder
    rows = [[number(one) for one in row] for row in SLOPES]
    inverse = []
    for k in range(STAGES):
        rows[k][k] = builder.fsub(rows[k][k], z[k])
    for k in range(STAGES):
        inverse.append(builder.fdiv(number(1.0), rows[k][k]))
        minus = builder.fneg(inverse[k])
        for i in range(k + 1, STAGES):
            rows[i][k] = builder.fmul(rows[i][k], minus)
            for j in range(k + 1, STAGES):
                rows[i][j] = half.fma(rows[i][k], rows[k][j], rows[i][j])
    return rows, inverse


@intrinsic
def solve_nodes(
    typingctx: Any, a: Any, at: Any, a_step: Any, width: Any, x: Any, x_first: Any, x_step: Any, x_column: Any,
    start: Any, s_first: Any, s_step: Any, columns: Any,
) -> Any:  # fmt: skip
    """Turn f into x at the nodes of a panel, for several starts (columns) of one state.

    a: loss or growth at the first node from element ``at`` on, at the others ``a_step`` elements further each; width:
    vector of panel widths. x: width times f at the nodes, from ``x_first`` on, nodes ``x_step`` and columns
    ``x_column`` elements apart. start: state at the panel's start, columns ``s_step`` elements apart.
    """
    integers = (types.int64,) * 3
    signature = types.none(a, types.int64, types.int64, VECTOR, x, *integers, start, types.int64, types.int64,
                           types.int64)  # fmt: skip

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = {k: context.make_array(signature.args[k])(context, builder, args[k]).data for k in (0, 4, 8)}

        def place(first: Any, step: Any, count: Any) -> Any:
            return builder.add(first, builder.mul(step, count))

        for first in range(0, LANES, HALF):
            half = Half(builder, first)
            wide = half.of(args[3])
            nodes = [ir.Constant(_INTEGER, node) for node in range(STAGES)]
            z = [builder.fmul(wide, half.load(data[0], place(args[1], args[2], node))) for node in nodes]
            rows, inverse = _factors(half, z)
            with cgutils.for_range(builder, args[11]) as loop:
                begin = half.load(data[8], place(args[9], args[10], loop.index))
                origin = place(args[5], args[7], loop.index)
                places = [place(origin, args[6], node) for node in nodes]
                # what changes in the panel: a state at rest stays to the last bit
                y = [half.fma(z[k], begin, half.load(data[4], places[k])) for k in range(STAGES)]
                for k in range(STAGES):
                    for i in range(k + 1, STAGES):
                        y[i] = half.fma(rows[i][k], y[k], y[i])
                for k in range(STAGES - 1, -1, -1):
                    y[k] = builder.fmul(y[k], inverse[k])
                    minus = builder.fneg(y[k])
                    for i in range(k):
                        y[i] = half.fma(rows[i][k], minus, y[i])
                for k in range(STAGES):
                    half.store(builder.fadd(begin, y[k]), data[4], places[k])
        return context.get_dummy_value()

    return signature, code


__all__ = ["solve_nodes"]
