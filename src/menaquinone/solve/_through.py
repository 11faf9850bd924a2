"""What propagators make of a start and of inputs, in registers: every node of a panel at once."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from menaquinone.solve._code import Writer, number, whole
from menaquinone.solve.equations import LANES
from menaquinone.solve.tableau import STAGES


def _to(nodes: range) -> Any:
    """Return an intrinsic that computes one state at some of the nodes."""

    def lead(
        typingctx: Any, rows: Any, row: Any, n: Any, i: Any, linked: Any, x: Any, x_at: Any, total: Any, held: Any,
        b: Any, b_at: Any, b_step: Any, driven: Any, out: Any, out_at: Any, out_step: Any,
    ) -> Any:  # fmt: skip
        i8 = types.int64
        signature = types.none(rows, i8, i8, i8, linked, x, i8, total, i8, b, i8, i8, i8, out, i8, i8)

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            rows, linked, x, total, b, out = (
                context.make_array(signature.args[k])(context, builder, args[k]).data for k in (0, 4, 5, 7, 9, 13)
            )
            row, n, i, x_at, held, b_at, b_step, driven, out_at, out_step = (
                args[k] for k in (1, 2, 3, 6, 8, 10, 11, 12, 14, 15)
            )

            square = builder.mul(builder.mul(n, n), whole(LANES))
            first = builder.mul(i, n)
            write = Writer(builder)
            sums = [cgutils.alloca_once_value(builder, number(0.0)) for _ in nodes]

            def add(place: Any, which: Any, value: Any, sums: Any = sums) -> None:
                for node, kept in zip(nodes, sums, strict=True):
                    at = builder.add(place, whole(which(node) * LANES))
                    builder.store(write.fma(write.load(rows, at), value, builder.load(kept)), kept)

            with cgutils.for_range(builder, n) as loop:
                here = builder.add(first, loop.index)
                acts = builder.load(builder.gep(linked, [here]))
                with builder.if_then(builder.icmp_unsigned("!=", acts, ir.Constant(acts.type, 0))):
                    entry = builder.mul(here, whole(STAGES * LANES))
                    place = builder.add(row, entry)
                    column = builder.mul(loop.index, whole(LANES))
                    add(place, lambda node: node, write.load(x, builder.add(x_at, column)))
                    with builder.if_then(builder.icmp_signed("!=", held, whole(0))):
                        hold = builder.add(place, builder.mul(square, whole(STAGES)))
                        add(hold, lambda node: node, write.load(total, column))
                    with builder.if_then(builder.icmp_signed("!=", driven, whole(0))):
                        drive = builder.add(row, builder.mul(square, whole(2 * STAGES)))
                        drive = builder.add(drive, builder.mul(entry, whole(STAGES + 1)))
                        for point in range(STAGES + 1):
                            at = builder.add(b_at, builder.mul(b_step, whole(point)))
                            value = write.load(b, builder.add(at, column))
                            add(drive, lambda node, p=point: p * STAGES + node, value)
            for k, kept in enumerate(sums):
                write.store(builder.load(kept), out, builder.add(out_at, builder.mul(out_step, whole(k))))
            return context.get_dummy_value()

        return signature, code

    return intrinsic(lead)


to_nodes = _to(range(STAGES))
"""State i at every node: effects of the start x, of a constant input where ``held``, of inputs b where ``driven``.

rows: propagators from element ``row`` on; linked (n, n): which states act on which; x (n, L) from ``x_at`` on; total
(n, L); b: points ``b_step`` elements apart from ``b_at`` on; out: from ``out_at`` on, nodes ``out_step`` apart.
"""
to_end = _to(range(STAGES - 1, STAGES))
"""The same at the end of the panel alone."""

__all__ = ["to_end", "to_nodes"]
