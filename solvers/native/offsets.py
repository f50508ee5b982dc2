"""Stencils of any offsets: full diffusion tensors, and fluxes that depend on the state.

Coefficient (k, i) belongs to the pair of voxels i and i + offsets[k]; both see the same flux, so nothing is lost or made.
"""

from __future__ import annotations

import numpy as np

from solvers.compiled import compiled


@compiled
def _longest(begin, end):
    longest = 0
    for row in range(begin.size):
        longest = max(longest, end[row] - begin[row])
    return longest


@compiled
def sweep(out, base, x, faces, offsets, scale, step, begin, end):
    """out = scale base + step div(D grad x); ``out`` may be ``base`` but not ``x``."""
    room = np.zeros(_longest(begin, end), x.dtype)
    for row in range(begin.size):
        i, n = begin[row], end[row] - begin[row]
        total, middle = room[:n], x[i : i + n]
        total[:] = 0
        for k in range(offsets.size):
            o = offsets[k]
            upper, lower = x[i + o : i + o + n], x[i - o : i - o + n]
            c1, c0 = faces[k, i : i + n], faces[k, i - o : i - o + n]
            for j in range(n):
                total[j] += c1[j] * (upper[j] - middle[j]) + c0[j] * (lower[j] - middle[j])
        target, source = out[i : i + n], base[i : i + n]
        for j in range(n):
            target[j] = scale * source[j] + step * total[j]


@compiled
def sweep_crowded(out, base, x, full, move, faces, offsets, keep, scale, step, begin, end):
    """out = keep base + scale x + step times fluxes c (m + m')/2 (x' (1 - T) - x (1 - T')), T = ``full``, m = ``move``.

    ``out`` may be ``base`` but not ``x``.
    """
    room = np.zeros(_longest(begin, end), x.dtype)
    half = x.dtype.type(0.5)
    for row in range(begin.size):
        i, n = begin[row], end[row] - begin[row]
        total, m, t, e = room[:n], x[i : i + n], full[i : i + n], move[i : i + n]
        total[:] = 0
        for k in range(offsets.size):
            o = offsets[k]
            upper, lower = x[i + o : i + o + n], x[i - o : i - o + n]
            t1, t0 = full[i + o : i + o + n], full[i - o : i - o + n]
            e1, e0 = move[i + o : i + o + n], move[i - o : i - o + n]
            c1, c0 = faces[k, i : i + n], faces[k, i - o : i - o + n]
            for j in range(n):
                rise = c1[j] * (e[j] + e1[j]) * (upper[j] - m[j] + m[j] * t1[j] - upper[j] * t[j])
                fall = c0[j] * (e[j] + e0[j]) * (lower[j] - m[j] + m[j] * t0[j] - lower[j] * t[j])
                total[j] += half * (rise + fall)
        target, source = out[i : i + n], base[i : i + n]
        for j in range(n):
            target[j] = keep * source[j] + scale * m[j] + step * total[j]


@compiled
def add_up(values, members, out, begin, end):
    """out = the sum of the member species of ``values`` (species, size)."""
    for row in range(begin.size):
        for i in range(begin[row], end[row]):
            total = values.dtype.type(0)
            for s in members:
                total += values[s, i]
            out[i] = total
