"""The engine's records as compiled code holds them: by reference, so that handing one on costs one pointer.

Arrays inside are borrowed: whoever calls the engine keeps them alive, and compiled code counts no references.
"""

import hashlib
from typing import Any

from llvmlite import ir
from numba import typeof, types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, register_model


class Reference(types.Type):
    """Type of a pointer to a record of arrays."""

    def __init__(self, record: types.BaseNamedTuple) -> None:
        self.record = record
        # short: the name of every function that is handed one is made of it
        told = hashlib.sha256(record.name.encode()).hexdigest()[:16]
        super().__init__(name=f"Reference({record.instance_class.__name__}, {told})")


_BYTE, _BYTES = ir.IntType(8), 8


@register_model(Reference)
class _ReferenceModel(models.PrimitiveModel):
    """A pointer to the fields, one after the other, of which nothing is said: it would be said at every use."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _BYTE.as_pointer())


def _place(context: Any, builder: Any, kind: Any, value: Any, place: int) -> tuple[Any, Any]:
    """Return the model of a field and a pointer to it; fields are made of numbers and pointers of eight bytes."""
    held = [context.data_model_manager[field] for field in kind.record.types[: place + 1]]
    before = sum(context.get_abi_sizeof(one.get_data_type()) for one in held[:-1])
    at = builder.gep(value, [ir.Constant(ir.IntType(64), before)], inbounds=True)
    return held[-1], builder.bitcast(at, held[-1].get_data_type().as_pointer())


@infer_getattr
class _Fields(AttributeTemplate):
    """Fields are read by name."""

    key = Reference

    def generic_resolve(self, kind: Any, name: str) -> Any:
        """Return a field's type."""
        return dict(zip(kind.record.fields, kind.record.types, strict=True)).get(name)


@lower_getattr_generic(Reference)
def _field(context: Any, builder: Any, kind: Any, value: Any, name: str) -> Any:
    model, place = _place(context, builder, kind, value, kind.record.fields.index(name))
    return model.load_from_data_pointer(builder, place)


@intrinsic
def refer(typingctx: Any, record: Any) -> Any:
    """Return a reference to a named tuple, valid until the caller returns."""
    kind = Reference(record)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        size = sum(context.get_abi_sizeof(context.get_data_type(field)) for field in record.types)
        room = cgutils.alloca_once(builder, ir.ArrayType(_BYTE, size))
        room.align = _BYTES
        pointer = builder.bitcast(room, _BYTE.as_pointer())
        for number in range(len(record)):
            model, place = _place(context, builder, kind, pointer, number)
            builder.store(model.as_data(builder, builder.extract_value(args[0], number)), place)
        return pointer

    return kind(record), code


def reference_to(record: Any) -> Reference:
    """Return the type of a reference to a named tuple of arrays."""
    return Reference(typeof(record))


@intrinsic
def view(typingctx: Any, flat: Any, at: Any, shape: Any) -> Any:
    """Return an array of a shape that begins at an element of a flat one."""
    kind = types.Array(flat.dtype, len(shape), "C")

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = builder.gep(context.make_array(flat)(context, builder, args[0]).data, [args[1]])
        sizes = cgutils.unpack_tuple(builder, args[2], len(shape))
        width = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(flat.dtype)))
        strides = [width]
        for size in sizes[:0:-1]:
            strides.insert(0, builder.mul(strides[0], size))
        made = context.make_array(kind)(context, builder)
        attributes = {"data": data, "shape": sizes, "strides": strides, "itemsize": width, "meminfo": None}
        from numba.np.arrayobj import populate_array

        populate_array(made, **attributes)
        return made._getvalue()  # noqa: SLF001 (numba offers no other way)

    return kind(flat, at, shape), code


@intrinsic
def address(typingctx: Any, array: Any) -> Any:
    """Return where an array begins in memory."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(array)(context, builder, args[0]).data
        return builder.ptrtoint(data, ir.IntType(64))

    return types.int64(array), code


@intrinsic
def claim(typingctx: Any, counters: Any, place: Any) -> Any:
    """Return an element of an array of int64 and raise it by one, whoever else does the same."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(counters)(context, builder, args[0]).data
        return builder.atomic_rmw("add", builder.gep(data, [args[1]]), ir.Constant(ir.IntType(64), 1), "monotonic")

    return types.int64(counters, types.int64), code


@intrinsic
def invoke_march(
    typingctx: Any, where: Any, program: Any, plan: Any, tile: Any, table: Any, work: Any, stage: Any, member: Any,
    rtol: Any, horizon: Any, begins: Any,
) -> Any:  # fmt: skip
    """Call ``march``, compiled for exactly these types, at an address (int64): compiled once, not with its caller."""
    kinds = (program, plan, tile, table, work, stage, member, rtol, horizon, begins)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = context.call_conv.get_function_type(types.none, kinds)
        function = builder.inttoptr(args[0], kind.as_pointer())
        status, _ = context.call_conv.call_function(builder, function, types.none, kinds, args[1:])
        with builder.if_then(status.is_error, likely=False):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return types.none(types.int64, *kinds), code
