"""A call of a compiled function by its address: what is called is compiled once, and not again with its caller."""

from typing import Any

from numba import types
from numba.extending import intrinsic


@intrinsic
def invoke_march(
    typingctx: Any, address: Any, program: Any, plan: Any, tile: Any, table: Any, work: Any, stage: Any, member: Any,
    rtol: Any, horizon: Any, begins: Any,
) -> Any:  # fmt: skip
    """Call ``_stages.march``, compiled for exactly these types, at an address (int64)."""
    kinds = (program, plan, tile, table, work, stage, member, rtol, horizon, begins)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = context.call_conv.get_function_type(types.none, kinds)
        function = builder.inttoptr(args[0], kind.as_pointer())
        status, _ = context.call_conv.call_function(builder, function, types.none, kinds, args[1:])
        with builder.if_then(status.is_error, likely=False):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return types.none(types.int64, *kinds), code
