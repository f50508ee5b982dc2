"""The active region: one span of voxels in every row, found from the state alone.

A row's span runs from the first to the last voxel that holds anything, joined with everything that voxels above
``threshold`` can reach in ``reach`` applications of the stencil. What lies outside is zero and stays zero for that step, so
nothing above the threshold ever meets the region's edge; and because the spans are a function of the state, a restart
finds the same ones.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def limits(domain, pitch, lo, hi):
    """First and one past the last domain voxel of every row (0, 0 where there is none)."""
    for row in range(lo.size):
        lo[row], hi[row] = 0, 0
        for c in range(pitch):
            if domain[row * pitch + c]:
                hi[row] = c + 1
        for c in range(hi[row]):
            if domain[row * pitch + c]:
                lo[row] = c
                break


@njit(cache=True, nogil=True)
def hull(u, pitch, threshold, inside_lo, inside_hi, lo, hi):
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
def grow(lo, hi, rows_b, new_lo, new_hi, limit_lo, limit_hi):
    """One application of the stencil: every span reaches one voxel further, and into the four neighbouring rows."""
    for row in range(rows_b, lo.size - rows_b):
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
def join(lo, hi, other_lo, other_hi):
    """Spans that hold both."""
    for row in range(lo.size):
        if other_hi[row] > 0:
            lo[row] = min(lo[row], other_lo[row]) if hi[row] > 0 else other_lo[row]
            hi[row] = max(hi[row], other_hi[row])


@njit(cache=True, nogil=True)
def touches(lo, hi, rows_b, first_c, last_c):
    """Which of the window's six faces a non-empty span lies on: (a low, a high, b low, b high, c low, c high)."""
    out = np.zeros(6, np.bool_)
    rows_a = lo.size // rows_b
    for row in range(lo.size):
        if hi[row] > 0:
            a, b = row // rows_b, row % rows_b
            out[0] |= a <= 1
            out[1] |= a >= rows_a - 2
            out[2] |= b <= 1
            out[3] |= b >= rows_b - 2
            out[4] |= lo[row] <= first_c
            out[5] |= hi[row] >= last_c
    return out


def spans(lo: np.ndarray, hi: np.ndarray, pitch: int) -> tuple[np.ndarray, np.ndarray]:
    """Flat begin and end of every non-empty span."""
    rows = np.flatnonzero(hi)
    return rows * pitch + lo[rows], rows * pitch + hi[rows]
