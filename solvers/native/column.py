"""A column: the species of one voxel, to be read and written by index, as models do. A slice would not be vectorised."""

from __future__ import annotations

import operator
from functools import cache
from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model


class ColumnType(types.Type):
    """Numba's type of a column of numbers of type ``real``: where its first species is, and the way to the next."""

    def __init__(self, real: types.Type):
        self.real = real
        super().__init__(f"Column({real})")


@register_model(ColumnType)
class _ColumnModel(models.StructModel):
    def __init__(self, manager: Any, kind: ColumnType):
        super().__init__(manager, kind, [("first", types.CPointer(kind.real)), ("stride", types.intp)])


@intrinsic
def column(typing, array, index):
    """Voxel ``index`` of a contiguous ``array`` (species, size); in compiled code only, while the array lives."""
    kind = ColumnType(array.dtype)

    def emit(context, builder, signature, args):
        values = context.make_array(signature.args[0])(context, builder, args[0])
        out = cgutils.create_struct_proxy(kind)(context, builder)
        out.first = builder.gep(values.data, [args[1]])
        out.stride = cgutils.unpack_tuple(builder, values.shape)[1]
        return out._getvalue()

    return kind(array, types.intp), emit


@cache
def taker(count: int) -> Any:
    """``take(array, index)``: the ``count`` numbers of voxel ``index`` of a contiguous ``array`` (count, size)."""

    @intrinsic
    def take(typing, array, index):
        kind = types.UniTuple(array.dtype, count)

        def emit(context, builder, signature, args):
            values = context.make_array(signature.args[0])(context, builder, args[0])
            size = cgutils.unpack_tuple(builder, values.shape)[1]
            places = [builder.add(builder.mul(size, size.type(k)), args[1]) for k in range(count)]
            found = [builder.load(builder.gep(values.data, [place])) for place in places]
            return context.make_tuple(builder, kind, found)

        return kind(array, types.intp), emit

    return take


def _place(context, builder, kind, col, species):
    value = cgutils.create_struct_proxy(kind)(context, builder, col)
    return builder.gep(value.first, [builder.mul(value.stride, species)])


@intrinsic
def _load(typing, col, species):
    def emit(context, builder, signature, args):
        return builder.load(_place(context, builder, signature.args[0], *args))

    return col.real(col, types.intp), emit


@intrinsic
def _store(typing, col, species, value):
    def emit(context, builder, signature, args):
        builder.store(args[2], _place(context, builder, signature.args[0], *args[:2]))
        return context.get_dummy_value()

    return types.void(col, types.intp, col.real), emit


@overload(operator.getitem)
def _get(col, species):
    if isinstance(col, ColumnType):
        return lambda col, species: _load(col, species)
    return None


@overload(operator.setitem)
def _set(col, species, value):
    if isinstance(col, ColumnType):
        return lambda col, species, value: _store(col, species, value)
    return None
