"""The stencil sweep: explicit vectors of 8 or 16 voxels, conservative face fluxes, any precision of the coefficients.

The loop that LLVM vectorises by itself checks seventeen pointers for overlap in every row, and falls back to scalars when it
works in place; rows of a tumour are too short for that. Here a block of voxels is one instruction stream by construction.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from solvers.compiled import compiled
from solvers.native.lanes import INDEX, LANES, Lanes


def _block(count: int):
    """Emits ``count`` voxels of the stencil as one stream of instructions."""

    @intrinsic
    def block(typing, out, base, x, ca, cb, cc, i, scale, sa, sb, sc, plane, pitch):
        signature = types.void(out, base, x, ca, cb, cc, i, scale, sa, sb, sc, plane, pitch)

        def emit(context, builder, signature, args):
            kinds = dict(zip(("out", "base", "x", "a", "b", "c"), signature.args, strict=False))
            arrays = dict(zip(("out", "base", "x", "a", "b", "c"), args, strict=False))
            index, scale, steps, offsets = args[6], args[7], args[8:11], (args[11], args[12], ir.Constant(INDEX, 1))
            lanes = Lanes(context, builder, kinds["x"].dtype, count)
            centre = lanes.load(kinds["x"], arrays["x"], index)
            total = lanes.multiply_add(lanes.splat(scale), lanes.load(kinds["base"], arrays["base"], index))
            for name, step, offset in zip("abc", steps, offsets, strict=True):
                below, above = builder.sub(index, offset), builder.add(index, offset)
                rise = lanes.minus(lanes.load(kinds["x"], arrays["x"], above), centre)
                fall = lanes.minus(lanes.load(kinds["x"], arrays["x"], below), centre)
                flux = lanes.multiply_add(lanes.load(kinds[name], arrays[name], below), fall)
                flux = lanes.multiply_add(lanes.load(kinds[name], arrays[name], index), rise, flux)
                total = lanes.multiply_add(lanes.splat(step), flux, total)
            lanes.store(total, kinds["out"], arrays["out"], index)
            return context.get_dummy_value()

        return signature, emit

    return block


_single, _double = _block(LANES), _block(2 * LANES)


@compiled
def sweep(out, base, x, ca, cb, cc, scale, sa, sb, sc, plane, pitch, begin, end):
    """out = scale base + div(D grad x) with the steps folded into sa, sb, sc; ``out`` may be ``base`` but not ``x``.

    Spans begin and end on multiples of eight. Face coefficients may be float32, float64 or uint16. Sixteen voxels at a time
    where they fill a cache line.
    """
    for row in range(begin.size):
        i, stop = begin[row], end[row]
        if i % (2 * LANES):
            _single(out, base, x, ca, cb, cc, i, scale, sa, sb, sc, plane, pitch)
            i += LANES
        while i + 2 * LANES <= stop:
            _double(out, base, x, ca, cb, cc, i, scale, sa, sb, sc, plane, pitch)
            i += 2 * LANES
        if i < stop:
            _single(out, base, x, ca, cb, cc, i, scale, sa, sb, sc, plane, pitch)


@compiled
def copy(out, x, begin, end):
    """out = x on the spans."""
    for row in range(begin.size):
        for i in range(begin[row], end[row]):
            out[i] = x[i]


@compiled
def combine(out, base, x, keep, scale, begin, end):
    """out = keep base + scale x on the spans."""
    for row in range(begin.size):
        for i in range(begin[row], end[row]):
            out[i] = keep * base[i] + scale * x[i]
