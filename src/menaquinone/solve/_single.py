"""The collocation equations of one state, solved in registers: ``x' = a(t) x + f(t)`` over one panel.

States that act only on those behind them are solved one after the other, each with what it gets from the others as
part of f. That takes a fifth of the operations of a general elimination. The code is written out for every node, so
that numbers stay in registers or in the nearest cache.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from menaquinone.solve._code import Writer, number, whole
from menaquinone.solve._vectors import VECTOR
from menaquinone.solve.equations import LANES
from menaquinone.solve.tableau import (
    DIFFERENCE,
    FAST,
    LARGEST,
    LEAST,
    LED,
    LOWER_DIFFERENCE,
    LOWER_RATIO,
    LOWEST_DIFFERENCE,
    SLOPES,
    STAGES,
    TERM_RATIO,
)


def _factors(write: Writer, z: list[Any]) -> tuple[list[list[Any]], list[Any]]:
    """Eliminate ``SLOPES - diag(z)``: factors below the diagonal, negative, and the rest above; pivots inverted.

    Without row exchange: the symmetric part of the rule's matrix, weighted, is positive, and losses add to it.
    """
    builder = write.builder
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
                rows[i][j] = write.fma(rows[i][k], rows[k][j], rows[i][j])
    return rows, inverse


def _solve(write: Writer, rows: list[list[Any]], inverse: list[Any], y: list[Any]) -> list[Any]:
    """Solve eliminated equations."""
    builder = write.builder
    for k in range(STAGES):
        for i in range(k + 1, STAGES):
            y[i] = write.fma(rows[i][k], y[k], y[i])
    for k in range(STAGES - 1, -1, -1):
        y[k] = builder.fmul(y[k], inverse[k])
        minus = builder.fneg(y[k])
        for i in range(k):
            y[i] = write.fma(rows[i][k], minus, y[i])
    return y


def _defect(write: Writer, z: Any, started: Any, y: list[Any]) -> Any:
    """Return what the last divided difference of a state's rates does to it, as ``_algebra.collocation_error`` does.

    z: loss at the end times the panel's width; started: rate at the start times the width; y: change at every node, of
    which the rates at the nodes are weighted sums.
    """
    builder = write.builder

    def sum_of(weights: Any, first: Any) -> Any:
        for weight, one in zip(weights @ SLOPES, y, strict=True):
            first = write.fma(number(weight), one, first)
        return first

    off = sum_of(DIFFERENCE[1:], builder.fmul(number(DIFFERENCE[0]), started))
    lower, lowest = (sum_of(one[1:], number(0.0)) for one in (LOWER_DIFFERENCE, LOWEST_DIFFERENCE))
    last, lower_size = write.magnitude(off), write.magnitude(lower)
    one = builder.fdiv(builder.fmul(last, number(TERM_RATIO)), lower_size)
    two = builder.fdiv(builder.fmul(lower_size, number(LOWER_RATIO)), write.magnitude(lowest))
    share = write.smallest(number(1.0), write.largest(one, two))
    likely = builder.fmul(builder.fmul(lower_size, number(1.0 / TERM_RATIO)), share)
    before = builder.fmul(likely, share)
    found = write.largest(builder.fmul(last, write.largest(number(LEAST), share)), before)
    known = builder.fcmp_unordered("!=", lower, number(0.0))
    found = builder.select(known, found, last)
    worst = builder.select(known, write.largest(last, likely), last)
    fast = builder.fmul(z, number(1.0 / FAST))
    led = builder.fmul(worst, builder.fmul(number(LED), write.smallest(number(1.0), builder.fmul(fast, fast))))
    return builder.fmul(write.largest(found, led), number(LARGEST))


def _add(write: Writer, acts: Any, acts_at: Any, states: tuple[Any, Any], terms: list[tuple[Any, ...]]) -> None:
    """Add to totals, each (of a at, of x at, total), what states from one to before another do, where they act."""
    builder = write.builder
    with cgutils.for_range_slice(builder, *states, whole(1)) as (j, _):
        act = builder.load(builder.gep(acts, [builder.add(acts_at, j)]))
        with builder.if_then(builder.icmp_unsigned("!=", act, ir.Constant(act.type, 0))):
            column = builder.mul(j, whole(LANES))
            for (a, at), (x, place), total in terms:
                share, state = write.load(a, builder.add(at, column)), write.load(x, builder.add(place, column))
                builder.store(write.fma(share, state, builder.load(total)), total)


@intrinsic
def solve_state(
    typingctx: Any, i: Any, a: Any, a_at: Any, a_step: Any, b: Any, b_at: Any, b_step: Any, r: Any, width: Any,
    acts: Any, acts_at: Any, x: Any, x_at: Any, x_step: Any, x_column: Any, start: Any, s_at: Any, s_step: Any,
    columns: Any, judged: Any, spread: Any,
) -> Any:  # fmt: skip
    """Write state i at the nodes of a panel, for several starts (columns); states before it stand there already.

    a: what acts on the state at the first node from element ``a_at`` on, at the others ``a_step`` elements further
    each; b likewise; r (n, L); width: vector of panel widths; acts: which states act, from element ``acts_at`` on.
    x: states at the nodes, from ``x_at`` on, nodes ``x_step`` and columns ``x_column`` elements apart. start: states
    at the panel's start, columns ``s_step`` elements apart. b and r are part of the first column alone, and a column
    behind it is nothing in the states before its own. Where ``judged`` spread (n, L) gets what the last divided
    difference of the rates does to the first column.
    """
    i8 = types.int64
    signature = types.none(i8, a, i8, i8, b, i8, i8, r, VECTOR, acts, i8, x, i8, i8, i8, start, i8, i8, i8,
                           i8, spread)  # fmt: skip

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, b, r, acts, x, start, spread = (
            context.make_array(signature.args[k])(context, builder, args[k]).data for k in (1, 4, 7, 9, 11, 15, 20)
        )
        i, a_at, a_step, b_at, b_step, width, acts_at, x_at, x_step, x_column, s_at, s_step, columns, judged = (
            args[k] for k in (0, 2, 3, 5, 6, 8, 10, 12, 13, 14, 16, 17, 18, 19)
        )
        nothing, zero = number(0.0), whole(0)
        own = builder.mul(i, whole(LANES))

        def places(at: Any, step: Any) -> list[Any]:
            return [builder.add(at, builder.mul(step, whole(node))) for node in range(STAGES)]

        a_places, b_places = places(a_at, a_step), places(b_at, b_step)
        write = Writer(builder)
        z = [builder.fmul(width, write.load(a, builder.add(at, own))) for at in a_places]
        rows, inverse = _factors(write, z)
        sums = [cgutils.alloca_once(builder, nothing.type) for _ in range(STAGES)]
        with cgutils.for_range(builder, columns) as loop:
            driven = builder.icmp_signed("==", loop.index, zero)
            x_places = places(builder.add(x_at, builder.mul(x_column, loop.index)), x_step)
            begin = write.load(start, builder.add(builder.add(s_at, own), builder.mul(s_step, loop.index)))
            for at, total in zip(b_places, sums, strict=True):
                given = builder.fadd(write.load(b, at), write.load(r, own))
                builder.store(builder.select(driven, given, nothing), total)
            unit = builder.sub(loop.index, whole(1))
            before = builder.select(driven, zero, unit)
            at_nodes = [((a, at), (x, place), total) for at, place, total in zip(a_places, x_places, sums, strict=True)]
            _add(write, acts, acts_at, (before, i), at_nodes)
            # what changes in the panel: a state at rest stays to the last bit
            y = [write.fma(width, builder.load(total), builder.fmul(z[k], begin)) for k, total in enumerate(sums)]
            y = _solve(write, rows, inverse, y)
            for value, place in zip(y, x_places, strict=True):
                write.store(builder.fadd(begin, value), x, builder.add(place, own))
            with builder.if_then(builder.icmp_signed("!=", judged, zero)):
                rate = sums[0]  # it has served
                builder.store(builder.fadd(write.load(b, builder.sub(b_at, b_step)), write.load(r, own)), rate)
                at_start = [((a, builder.sub(a_at, a_step)), (start, s_at), rate)]
                _add(write, acts, acts_at, (zero, builder.add(i, whole(1))), at_start)
                started = builder.fmul(width, builder.load(rate))
                write.store(_defect(write, z[-1], started, y), spread, own)
        return context.get_dummy_value()

    return signature, code


__all__ = ["solve_state"]
