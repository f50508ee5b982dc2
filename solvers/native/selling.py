"""A diffusion tensor as non-negative weights on integer offsets (Selling's reduction).

Every symmetric positive definite 3 x 3 matrix D is a sum of six terms w e e^T with w >= 0 and integer e. With D in units of
voxels, div(D grad u) becomes the sum over the six offsets of w (u(x + e) - 2 u(x) + u(x - e)): two-point fluxes with
non-negative weights, conservative and monotone however strong the anisotropy. Source: Fehrenbach and Mirebeau 2014,
J Math Imaging Vis 49:123; Selling 1874.
"""

from __future__ import annotations

import numpy as np

from solvers.compiled import compiled

FARTHEST = 4
"""Largest component of an offset; a tensor that needs farther ones is made rounder until it does not."""


@compiled
def _product(d, e, f):
    return (
        d[0] * e[0] * f[0]
        + d[3] * e[1] * f[1]
        + d[5] * e[2] * f[2]
        + d[1] * (e[0] * f[1] + e[1] * f[0])
        + d[2] * (e[0] * f[2] + e[2] * f[0])
        + d[4] * (e[1] * f[2] + e[2] * f[1])
    )


@compiled
def _superbase(d, base):
    """An obtuse superbase of ``d`` (aa, ab, ac, bb, bc, cc): four integer vectors, sum zero, all products <= 0."""
    base[:] = 0
    for k in range(3):
        base[k, k] = 1
        base[3, k] = -1
    for _ in range(200):
        obtuse = True
        for i in range(3):
            for j in range(i + 1, 4):
                if _product(d, base[i], base[j]) > 1e-7 * (d[0] + d[3] + d[5]):
                    k, m = -1, -1
                    for other in range(4):
                        if other != i and other != j:
                            k, m = (other, m) if k < 0 else (k, other)
                    for c in range(3):
                        base[k, c] += base[i, c]
                        base[m, c] += base[i, c]
                        base[i, c] = -base[i, c]
                    obtuse = False
        if obtuse:
            return


@compiled
def _offsets(base, offsets):
    """The six offsets dual to the pairs of a superbase, first non-zero component positive."""
    n, farthest = 0, 0
    for i in range(3):
        for j in range(i + 1, 4):
            k, m = -1, -1
            for other in range(4):
                if other != i and other != j:
                    k, m = (other, m) if k < 0 else (k, other)
            e0 = base[k, 1] * base[m, 2] - base[k, 2] * base[m, 1]
            e1 = base[k, 2] * base[m, 0] - base[k, 0] * base[m, 2]
            e2 = base[k, 0] * base[m, 1] - base[k, 1] * base[m, 0]
            sign = 1 if e0 > 0 or (e0 == 0 and (e1 > 0 or (e1 == 0 and e2 > 0))) else -1
            offsets[n, 0], offsets[n, 1], offsets[n, 2] = sign * e0, sign * e1, sign * e2
            farthest = max(farthest, abs(e0), abs(e1), abs(e2))
            n += 1
    return farthest


@compiled
def decompose(d, offsets, weights):
    """Six offsets (6, 3) and weights (6,) of one tensor; returns False where it is not positive definite.

    ``d`` is changed when it has to be made rounder.
    """
    base = np.zeros((4, 3), np.int64)
    for _ in range(60):
        _superbase(d, base)
        if _offsets(base, offsets) <= FARTHEST:
            break
        for c in (1, 2, 4):
            d[c] *= 0.9
    n = 0
    fine = True
    for i in range(3):
        for j in range(i + 1, 4):
            weights[n] = -_product(d, base[i], base[j])
            fine &= weights[n] > -1e-5 * (d[0] + d[3] + d[5])
            weights[n] = max(weights[n], 0.0)
            n += 1
    return fine


@compiled
def code_of(e):
    """One number for an offset."""
    wide = 2 * FARTHEST + 1
    return ((e[0] + FARTHEST) * wide + e[1] + FARTHEST) * wide + e[2] + FARTHEST


@compiled
def decompose_all(tensor, where, codes, weights):
    """``tensor`` (6, size) in voxels at flat indices ``where`` -> codes (n, 6), weights (n, 6); counts the bad ones."""
    d, e, w = np.zeros(6), np.zeros((6, 3), np.int64), np.zeros(6)
    bad = 0
    for v in range(where.size):
        for c in range(6):
            d[c] = tensor[c, where[v]]
        bad += not decompose(d, e, w)
        for k in range(6):
            codes[v, k], weights[v, k] = code_of(e[k]), w[k]
    return bad


@compiled(error_model="numpy")
def assemble(diffusivity, where, codes, weights, column, offsets, out):
    """Pair coefficients (offsets, size): mean of both voxels' weights times the harmonic mean of their diffusivities.

    Offset 0 (the neighbour along no axis) carries nothing. ``column`` maps a code to its row of ``out``.
    """
    for v in range(where.size):
        i = where[v]
        for k in range(6):
            row = column[codes[v, k]]
            for near in (i, i - offsets[row]):
                a, b = diffusivity[near], diffusivity[near + offsets[row]]
                if a > 0 and b > 0:
                    out[row, near] += 0.5 * weights[v, k] * 2 * a * b / (a + b)
