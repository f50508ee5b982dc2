"""Distance as cells travel: through tissue, around walls, slower where they diffuse slowly."""

from __future__ import annotations

import numpy as np

from solvers.compiled import compiled

FAR = 1e9


def travel_mm(inside: np.ndarray, slowness: np.ndarray, spacing_mm, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Travel distance from ``inside`` (mm of the fastest tissue) and the value at the border voxel it starts from.

    Solves |grad T| = ``slowness`` (0 marks walls; sqrt(D_fastest / D) elsewhere) by fast sweeping with Godunov's upwind
    scheme: Zhao 2005, Math Comput 74:603, first order. Both (z, y, x) float64 / float32; unreachable voxels have T >= 1e9.
    """
    distance = np.where(inside, 0.0, FAR)
    carried = np.where(inside, values, 0.0).astype(np.float32)
    steps = np.asarray(spacing_mm, float)
    for _ in range(8):
        if _sweep(distance, carried, np.ascontiguousarray(slowness, np.float32), steps) < 1e-3 * steps.min():
            break
    return distance, carried


@compiled
def _sweep(distance, carried, slowness, h):
    """The eight sweep directions in turn; returns the largest change."""
    nz, ny, nx = distance.shape
    largest = 0.0
    for order in range(8):
        for kz in range(nz):
            z = kz if order & 1 == 0 else nz - 1 - kz
            for ky in range(ny):
                y = ky if order & 2 == 0 else ny - 1 - ky
                for kx in range(nx):
                    x = kx if order & 4 == 0 else nx - 1 - kx
                    if slowness[z, y, x] > 0.0 and distance[z, y, x] > 0.0:
                        largest = max(largest, _update(distance, carried, slowness, h, z, y, x))
    return largest


@compiled
def _update(distance, carried, slowness, h, z, y, x):
    nz, ny, nx = distance.shape
    old, slow = distance[z, y, x], slowness[z, y, x]
    az = min(distance[z - 1, y, x] if z > 0 else FAR, distance[z + 1, y, x] if z < nz - 1 else FAR)
    ay = min(distance[z, y - 1, x] if y > 0 else FAR, distance[z, y + 1, x] if y < ny - 1 else FAR)
    ax = min(distance[z, y, x - 1] if x > 0 else FAR, distance[z, y, x + 1] if x < nx - 1 else FAR)
    least = min(az, ay, ax)
    if least >= old:
        return 0.0
    new = _godunov(az, ay, ax, h, slow)
    if new >= old:
        return 0.0
    distance[z, y, x] = new
    carried[z, y, x] = _upwind(distance, carried, z, y, x, least)
    return min(old - new, 1e6)


@compiled
def _upwind(distance, carried, z, y, x, least):
    """The value carried by the nearest neighbour, whose distance is ``least``."""
    for step in range(6):
        i, j, k = z, y, x
        side = 1 if step % 2 else -1
        if step < 2:
            i += side
        elif step < 4:
            j += side
        else:
            k += side
        inside = 0 <= i < distance.shape[0] and 0 <= j < distance.shape[1] and 0 <= k < distance.shape[2]
        if inside and distance[i, j, k] == least:
            return carried[i, j, k]
    return carried[z, y, x]


@compiled
def _godunov(a, b, c, h, slow):
    """Least T above its upwind neighbours with sum ((T - a_i) / h_i)^2 = slow^2; the neighbours join in order."""
    ha, hb, hc = h[0], h[1], h[2]
    if b < a:
        a, b, ha, hb = b, a, hb, ha
    if c < b:
        b, c, hb, hc = c, b, hc, hb
        if b < a:
            a, b, ha, hb = b, a, hb, ha
    t = a + ha * slow
    if t <= b:
        return t
    p = 1.0 / (ha * ha) + 1.0 / (hb * hb)
    q = a / (ha * ha) + b / (hb * hb)
    r = a * a / (ha * ha) + b * b / (hb * hb) - slow * slow
    t = (q + np.sqrt(max(q * q - p * r, 0.0))) / p
    if t <= c:
        return t
    p += 1.0 / (hc * hc)
    q += c / (hc * hc)
    r += c * c / (hc * hc)
    return (q + np.sqrt(max(q * q - p * r, 0.0))) / p
