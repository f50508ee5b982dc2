"""The active region: one span of voxels in every row, found from the state alone.

A row's span runs from the first to the last voxel that holds anything, joined with everything that voxels above
``threshold`` can reach in ``reach`` applications of the stencil, and is rounded to whole blocks of eight. What lies outside
is zero and stays zero for that step, so nothing above the threshold ever meets the region's edge; and because the spans
are a function of the state, a restart finds the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from solvers.native.stencil import LANES
from solvers.native.window import LANE, Window

NOWHERE = 1 << 28
"""An empty span is [NOWHERE, -NOWHERE): minima and maxima need no exception for it."""


@njit(cache=True, nogil=True)
def _limits(domain, pitch, lo, hi):
    """First and one past the last domain voxel of every row."""
    for row in range(lo.size):
        first, last = NOWHERE, -NOWHERE
        for c in range(pitch):
            if domain[row * pitch + c]:
                first, last = min(first, c), c + 1
        lo[row], hi[row] = first, last


@njit(cache=True, nogil=True)
def _hull(u, pitch, threshold, inside_lo, inside_hi, lo, hi):
    """Per row the hull of the voxels above ``threshold`` in any species, searched in [inside_lo, inside_hi)."""
    for row in range(lo.size):
        first, last = max(inside_lo[row], inside_hi[row]), inside_lo[row]
        for s in range(u.shape[0]):
            base = row * pitch
            c = inside_lo[row]
            while c < first and u[s, base + c] <= threshold:
                c += 1
            first = min(first, c)
            c = inside_hi[row]
            while c > last and u[s, base + c - 1] <= threshold:
                c -= 1
            last = max(last, c)
        lo[row] = first if last > first else NOWHERE
        hi[row] = last if last > first else -NOWHERE


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _join(lo, hi, other_lo, other_hi):
    """Spans that hold both, in whole blocks."""
    for row in range(lo.size):
        first, last = min(lo[row], other_lo[row]), max(hi[row], other_hi[row])
        if last > first:
            lo[row], hi[row] = first // LANES * LANES, -(-last // LANES) * LANES
        else:
            lo[row], hi[row] = NOWHERE, -NOWHERE


@njit(cache=True, nogil=True)
def _within(lo, hi, other_lo, other_hi):
    outside = 0
    for row in range(lo.size):
        outside += hi[row] > lo[row] and (lo[row] < other_lo[row] or hi[row] > other_hi[row])
    return outside == 0


@njit(cache=True, nogil=True)
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

    def held(self, u: np.ndarray) -> Region:
        """The hull of what holds anything in every row of these limits, in whole blocks."""
        return self.reached(u, (), self)

    def reached(self, u: np.ndarray, levels: tuple[tuple[float, int], ...], known: Region) -> Region:
        """What holds anything, and what can be reached inside these limits; ``known`` is a region outside which u is zero.

        ``levels``: (threshold, reach in voxels), from the lowest threshold up.
        """
        w = self.window
        held = _empty(w)
        _hull(u, w.pitch, 0.0, known.lo, known.hi, *held)
        joined, inside = (held[0].copy(), held[1].copy()), held
        for threshold, reach in levels:
            above, other = _empty(w), _empty(w)
            _hull(u, w.pitch, threshold, *inside, *above)
            inside = above
            for _ in range(reach):
                _grow(*above, w.padded[1], *other, self.lo, self.hi)
                above, other = other, above if above is not inside else _empty(w)
            _join(*joined, *above)
        if not levels:
            _join(*joined, *_empty(w))
        return Region(w, *joined)

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
