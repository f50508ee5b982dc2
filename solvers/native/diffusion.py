"""Conservative diffusion: face coefficients and the stencil sweep."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def face_coefficients(d, offset, scale, out):
    """Harmonic mean of D at the face between voxel i and i + offset, times ``scale`` (1 / h2); zero next to walls."""
    for i in range(d.size - offset):
        a, b = d[i], d[i + offset]
        if a > 0 and b > 0:
            out[i] = scale * 2 * a * b / (a + b)
        else:
            out[i] = 0
    for i in range(d.size - offset, d.size):
        out[i] = 0


@njit(cache=True, nogil=True, fastmath={"contract", "nsz", "arcp"})
def sweep(base, x, out, step, ca, cb, cc, plane, pitch, begin, end):
    """out = base + step div(D grad x) on the given spans; ``out`` may be ``base``."""
    for row in range(begin.size):
        i0, n = begin[row], end[row] - begin[row]
        o, p = out[i0 : i0 + n], base[i0 : i0 + n]
        m, left, right = x[i0 : i0 + n], x[i0 - 1 : i0 - 1 + n], x[i0 + 1 : i0 + 1 + n]
        down, up = x[i0 - pitch : i0 - pitch + n], x[i0 + pitch : i0 + pitch + n]
        back, front = x[i0 - plane : i0 - plane + n], x[i0 + plane : i0 + plane + n]
        c0, c1 = cc[i0 - 1 : i0 - 1 + n], cc[i0 : i0 + n]
        b0, b1 = cb[i0 - pitch : i0 - pitch + n], cb[i0 : i0 + n]
        a0, a1 = ca[i0 - plane : i0 - plane + n], ca[i0 : i0 + n]
        for i in range(n):
            v = m[i]
            flux = c1[i] * (right[i] - v) + c0[i] * (left[i] - v)
            flux += b1[i] * (up[i] - v) + b0[i] * (down[i] - v)
            flux += a1[i] * (front[i] - v) + a0[i] * (back[i] - v)
            o[i] = p[i] + step * flux


def faces_of(diffusivity: np.ndarray, offsets: tuple[int, int, int], spacing: tuple[float, float, float]) -> np.ndarray:
    """(3, size) face coefficients of a flat diffusivity, axes in memory order, 1/day."""
    out = np.empty((3, diffusivity.size), diffusivity.dtype)
    for axis, (offset, h) in enumerate(zip(offsets, spacing, strict=True)):
        face_coefficients(diffusivity, offset, diffusivity.dtype.type(1.0 / h**2), out[axis])
    return out
