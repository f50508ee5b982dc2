"""Vectors of eight voxels, emitted by hand: rows are too short for the checks around a loop that LLVM made vectors of."""

from __future__ import annotations

from llvmlite import ir
from numba import types

LANES = 8
CONTRACT = ("contract", "nsz")
INDEX = ir.IntType(64)


class Lanes:
    """Emits vector instructions on numpy arrays at flat indices."""

    def __init__(self, context, builder, real: types.Type, count: int = LANES):
        self.context, self.builder, self.count = context, builder, count
        self.element = ir.FloatType() if real == types.float32 else ir.DoubleType()
        self.vector = ir.VectorType(self.element, count)

    def pointer(self, kind, array, index, vector):
        data = self.context.make_array(kind)(self.context, self.builder, array).data
        return self.builder.bitcast(self.builder.gep(data, [index]), vector.as_pointer())

    def load(self, kind, array, index):
        if isinstance(kind.dtype, types.Integer):
            return self._whole(kind, array, index)
        value = self.builder.load(self.pointer(kind, array, index, self.vector))
        value.align = kind.dtype.bitwidth // 8
        return value

    def _whole(self, kind, array, index):
        short = ir.VectorType(ir.IntType(kind.dtype.bitwidth), self.count)
        value = self.builder.load(self.pointer(kind, array, index, short))
        value.align = kind.dtype.bitwidth // 8
        return self.builder.sitofp(self.builder.zext(value, ir.VectorType(ir.IntType(32), self.count)), self.vector)

    def store(self, value, kind, array, index):
        where = self.pointer(kind, array, index, self.vector)
        self.builder.store(value, where).align = kind.dtype.bitwidth // 8

    def splat(self, scalar):
        empty = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(empty, scalar, ir.Constant(ir.IntType(32), 0))
        return self.builder.shuffle_vector(
            first, empty, ir.Constant(ir.VectorType(ir.IntType(32), self.count), [0] * self.count)
        )

    def multiply_add(self, a, b, c=None):
        product = self.builder.fmul(a, b, flags=CONTRACT)
        return product if c is None else self.builder.fadd(product, c, flags=CONTRACT)

    def minus(self, a, b):
        return self.builder.fsub(a, b, flags=CONTRACT)
