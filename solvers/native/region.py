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


@njit(cache=True, nogil=True)
def _limits(domain, pitch, lo, hi):
    """First and one past the last domain voxel of every row (0, 0 where there is none)."""
    for row in range(lo.size):
        first, last = 0, 0
        for c in range(pitch):
            if domain[row * pitch + c]:
                if last == 0:
                    first = c
                last = c + 1
        lo[row], hi[row] = first, last


@njit(cache=True, nogil=True)
def _hull(u, pitch, threshold, inside_lo, inside_hi, lo, hi):
    """Per row the hull of the voxels above ``threshold`` in any species, searched in [inside_lo, inside_hi)."""
    for row in range(lo.size):
        first, last = inside_hi[row], inside_lo[row]
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
        if last > first:
            lo[row], hi[row] = first, last
        else:
            lo[row], hi[row] = 0, 0


@njit(cache=True, nogil=True)
def _grow(lo, hi, from_row, to_row, rows_b, new_lo, new_hi, limit_lo, limit_hi):
    """One voxel further along every row, and into the four neighbouring rows."""
    for row in range(from_row, to_row):
        first, last = 1 << 30, 0
        if hi[row] > 0:
            first, last = lo[row] - 1, hi[row] + 1
        for other in (row - 1, row + 1, row - rows_b, row + rows_b):
            if hi[other] > 0:
                first, last = min(first, lo[other]), max(last, hi[other])
        first, last = max(first, limit_lo[row]), min(last, limit_hi[row])
        if last > first:
            new_lo[row], new_hi[row] = first, last
        else:
            new_lo[row], new_hi[row] = 0, 0


@njit(cache=True, nogil=True)
def _join(lo, hi, other_lo, other_hi):
    """Spans that hold both, rounded to whole blocks; returns the first and one past the last row used."""
    first, last = lo.size, 0
    for row in range(lo.size):
        if other_hi[row] > 0:
            lo[row] = min(lo[row], other_lo[row]) if hi[row] > 0 else other_lo[row]
            hi[row] = max(hi[row], other_hi[row])
        if hi[row] > 0:
            lo[row] = lo[row] // LANES * LANES
            hi[row] = -(-hi[row] // LANES) * LANES
            first, last = min(first, row), row + 1
    return first, last


@njit(cache=True, nogil=True)
def _within(lo, hi, other_lo, other_hi):
    for row in range(lo.size):
        if hi[row] > 0 and (other_hi[row] == 0 or lo[row] < other_lo[row] or hi[row] > other_hi[row]):
            return False
    return True


@njit(cache=True, nogil=True)
def _extent(lo, hi, rows_b):
    """(a first, a last, b first, b last, c first, c last) over the non-empty spans, one past the last."""
    out = np.array([1 << 30, 0, 1 << 30, 0, 1 << 30, 0])
    for row in range(lo.size):
        if hi[row] > 0:
            a, b = row // rows_b, row % rows_b
            out[0], out[1] = min(out[0], a), max(out[1], a + 1)
            out[2], out[3] = min(out[2], b), max(out[3], b + 1)
            out[4], out[5] = min(out[4], lo[row]), max(out[5], hi[row])
    return out


@dataclass(frozen=True)
class Region:
    """Spans [lo, hi) of columns, one a row of the window (0, 0: none)."""

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

    def reached(self, u: np.ndarray, threshold: float, reach: int) -> Region:
        """What holds anything, and what voxels above ``threshold`` can reach, inside these limits."""
        w = self.window
        held, above, other = _empty(w), _empty(w), _empty(w)
        _hull(u, w.pitch, 0.0, self.lo, self.hi, *held)
        if reach:
            _hull(u, w.pitch, threshold, *held, *above)
            rows_b, rim = w.padded[1], w.rim * (w.padded[1] + 1)
            for _ in range(reach):
                _grow(*above, rim, above[0].size - rim, rows_b, *other, self.lo, self.hi)
                above, other = other, above
        _join(*held, *above)
        return Region(w, *held)

    def spans(self) -> tuple[np.ndarray, np.ndarray]:
        """Flat begin and end of every non-empty span."""
        rows = np.flatnonzero(self.hi)
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
    return np.zeros(rows, np.int64), np.zeros(rows, np.int64)
