"""The active region: one span of voxels in every row, found from the state alone.

A row's span runs from the first to the last voxel that holds anything, joined with everything that voxels above
``threshold`` can reach in ``reach`` applications of the stencil, and is rounded to whole blocks of eight. What lies outside
is zero and stays zero for that step, so nothing above the threshold ever meets the region's edge; and because the spans
are a function of the state, a restart finds the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from solvers.compiled import compiled
from solvers.native.lanes import LANES, Lanes
from solvers.native.window import LANE, Window
from twin.grid import Box

NOWHERE = 1 << 28
"""An empty span is [NOWHERE, -NOWHERE): minima and maxima need no exception for it."""


@compiled
def _limits(domain, pitch, lo, hi):
    """First and one past the last domain voxel of every row."""
    for row in range(lo.size):
        first, last = NOWHERE, -NOWHERE
        for c in range(pitch):
            if domain[row * pitch + c]:
                first, last = min(first, c), c + 1
        lo[row], hi[row] = first, last


@intrinsic
def _above(typing, values, species, index, level):
    """One bit for each of the eight values [species, index], ..., [species, index + 7]: whether it is above the level."""

    def emit(context, builder, signature, args):
        lanes = Lanes(context, builder, values.dtype)
        size = cgutils.unpack_tuple(builder, context.make_array(values)(context, builder, args[0]).shape)[1]
        found = lanes.load(values, args[0], builder.add(builder.mul(args[1], size), args[2]))
        bits = builder.fcmp_ordered(">", found, lanes.splat(args[3]))
        return builder.zext(builder.bitcast(bits, ir.IntType(LANES)), ir.IntType(64))

    return types.int64(values, types.intp, types.intp, values.dtype), emit


@njit(error_model="numpy")
def _marks(values, index, level):
    found = 0
    for s in range(values.shape[0]):
        found |= _above(values, s, index, level)
    return found


@njit(error_model="numpy")
def write_contours(values, begin, end, pitch, contours, lo, hi):
    """The hull of what is above each contour (increasing) in any species of ``values`` (species, size) on a row's span."""
    row, start = begin // pitch, begin // pitch * pitch
    first, last = begin, end
    for k in range(contours.size):
        found, level = 0, contours[k]
        while first < last:
            found = _marks(values, first, level)
            if found:
                break
            first += LANES
        if not found:
            lo[k, row], hi[k, row] = NOWHERE, -NOWHERE
            continue
        low = first
        while not found & 1:
            found, low = found >> 1, low + 1
        found = _marks(values, last - LANES, level)
        while not found:
            last -= LANES
            found = _marks(values, last - LANES, level)
        high = last
        while not found & 1 << (LANES - 1):
            found, high = found << 1, high - 1
        lo[k, row], hi[k, row] = low - start, high - start


@compiled
def _grow(lo, hi, rows_b, new_lo, new_hi, limit_lo, limit_hi):
    """One voxel further along every row, and into the four neighbouring rows."""
    n = lo.size - 2 * rows_b
    m = rows_b
    for row in range(n):
        low = min(lo[m + row - 1], lo[m + row + 1])
        low = min(low, min(lo[row], lo[m + row + rows_b]))
        new_lo[m + row] = max(min(low, lo[m + row] - 1), limit_lo[m + row])
    for row in range(n):
        high = max(hi[m + row - 1], hi[m + row + 1])
        high = max(high, max(hi[row], hi[m + row + rows_b]))
        new_hi[m + row] = min(max(high, hi[m + row] + 1), limit_hi[m + row])


@compiled
def _join(lo, hi, other_lo, other_hi):
    """Spans that hold both, in whole blocks."""
    for row in range(lo.size):
        first, last = min(lo[row], other_lo[row]), max(hi[row], other_hi[row])
        if last > first:
            lo[row], hi[row] = first // LANES * LANES, -(-last // LANES) * LANES
        else:
            lo[row], hi[row] = NOWHERE, -NOWHERE


@compiled
def _within(lo, hi, other_lo, other_hi):
    outside = 0
    for row in range(lo.size):
        outside += hi[row] > lo[row] and (lo[row] < other_lo[row] or hi[row] > other_hi[row])
    return outside == 0


@compiled
def _extent(lo, hi, rows_b):
    """(a first, a last, b first, b last, c first, c last) over the non-empty spans, one past the last."""
    out = np.array([NOWHERE, 0, NOWHERE, 0, NOWHERE, 0])
    for row in range(lo.size):
        if hi[row] > lo[row]:
            a, b = row // rows_b, row % rows_b
            out[0], out[1] = min(out[0], a), max(out[1], a + 1)
            out[2], out[3] = min(out[2], b), max(out[3], b + 1)
            out[4], out[5] = min(out[4], lo[row]), max(out[5], hi[row])
    return out


@dataclass(frozen=True)
class Contours:
    """Hulls (contours, rows) of what is above each of ``levels``, the first of which is zero."""

    levels: np.ndarray
    pitch: int
    lo: np.ndarray
    hi: np.ndarray

    @classmethod
    def empty(cls, window: Window, levels: np.ndarray) -> Contours:
        shape = (levels.size, window.size // window.pitch)
        return cls(levels, window.pitch, np.full(shape, NOWHERE, np.int32), np.full(shape, -NOWHERE, np.int32))

    def moved(self, old: Window, new: Window) -> Contours:
        """The same contours in a window that holds the old one."""
        shift = [o.start - n.start for o, n in zip(old.box, new.box, strict=True)]
        a, b, c = (shift[axis] for axis in new.order)
        out = Contours.empty(new, self.levels)
        rows = (slice(None), slice(a, a + old.padded[0]), slice(b, b + old.padded[1]))
        for source, target, nothing in ((self.lo, out.lo, NOWHERE), (self.hi, out.hi, -NOWHERE)):
            values = source.reshape(-1, *old.padded[:2])
            target.reshape(-1, *new.padded[:2])[rows] = np.where(values == nothing, nothing, values + c)
        return out

    def held(self, window: Window) -> Region:
        """What holds anything."""
        return Region(window, self.lo[0].copy(), self.hi[0].copy())


@dataclass(frozen=True)
class Region:
    """Spans [lo, hi) of columns, one a row of the window."""

    window: Window
    lo: np.ndarray
    hi: np.ndarray

    @classmethod
    def of_domain(cls, window: Window, domain: np.ndarray) -> Region:
        """The hull of the domain in every row; ``domain`` (z, y, x) of the window's box."""
        flags = window.zeros(np.bool_)
        window.view(flags)[...] = domain
        lo, hi = _empty(window)
        _limits(flags, window.pitch, lo, hi)
        return cls(window, lo, hi)

    def reached(self, contours: Contours, reach: tuple[int, ...]) -> Region:
        """What holds anything (the first contour), and what voxels above the others can reach inside these limits."""
        lo, hi = contours.lo[0].copy(), contours.hi[0].copy()
        other = _empty(self.window)
        for k, distance in enumerate(reach, start=1):
            above = contours.lo[k].copy(), contours.hi[k].copy()
            for _ in range(distance):
                _grow(*above, self.window.padded[1], *other, self.lo, self.hi)
                above, other = other, above
            _join(lo, hi, *above)
        return Region(self.window, lo, hi)

    def cut(self, box: Box) -> Region:
        """The part of the spans in a box of the grid."""
        w = self.window
        inside = w.inside(box)
        a, b, c = (inside[axis] for axis in w.order)
        lo, hi = _empty(w)
        rows = (slice(a.start + w.rim, a.stop + w.rim), slice(b.start + w.rim, b.stop + w.rim))
        for old, new, limit, closer in ((self.lo, lo, c.start, np.maximum), (self.hi, hi, c.stop, np.minimum)):
            new.reshape(w.padded[:2])[rows] = closer(old.reshape(w.padded[:2])[rows], LANE + limit)
        return Region(w, lo, hi)

    def spans(self) -> tuple[np.ndarray, np.ndarray]:
        """Flat begin and end of every non-empty span."""
        rows = np.flatnonzero(self.hi > self.lo)
        start = rows * self.window.pitch
        return start + self.lo[rows], start + self.hi[rows]

    def within(self, other: Region | None) -> bool:
        return other is not None and bool(_within(self.lo, self.hi, other.lo, other.hi))

    def sides(self) -> tuple[slice, slice, slice] | None:
        """The bounding box (voxels of the window's box along the axes of memory), cut to the window; None if empty."""
        w = self.window
        e = _extent(self.lo, self.hi, w.padded[1])
        if e[1] == 0:
            return None
        starts = (e[0] - w.rim, e[2] - w.rim, e[4] - LANE)
        stops = (e[1] - w.rim, e[3] - w.rim, e[5] - LANE)
        a, b, c = (slice(max(0, int(p)), min(int(q), n)) for p, q, n in zip(starts, stops, w.shape, strict=True))
        return a, b, c


def _empty(window: Window) -> tuple[np.ndarray, np.ndarray]:
    rows = window.size // window.pitch
    return np.full(rows, NOWHERE, np.int32), np.full(rows, -NOWHERE, np.int32)
