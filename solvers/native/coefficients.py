"""Diffusivity of the window and its face coefficients."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from solvers.compiled import compiled
from solvers.native.window import Window
from twin.medium import Medium

WHOLE = 65535
"""Largest 16-bit coefficient: a quarter less memory to read per voxel, rounded to 1 part in 65535 of the largest."""


@dataclass(frozen=True)
class Faces:
    """Coefficients at the upper face of every voxel along the three axes of memory, 1/day once multiplied by ``unit``."""

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    unit: tuple[float, float, float]

    def times(self, factor: float) -> Faces:
        a, b, c = self.unit
        return replace(self, unit=(factor * a, factor * b, factor * c))

    def damped(self, factor: np.ndarray, offsets: tuple[int, int, int]) -> Faces:
        """Times the mean of the flat ``factor`` on both sides of every face."""
        out = np.zeros((3, factor.size), self.a.dtype)
        for axis, (faces, offset) in enumerate(zip((self.a, self.b, self.c), offsets, strict=True)):
            dampen(faces, factor, offset, out[axis])
        return Faces(out[0], out[1], out[2], self.unit)


@compiled(error_model="numpy")
def _harmonic(d, offset, scale, out):
    n = d.size - offset
    real, below, above, faces = d.dtype.type, d[:n], d[offset:], out[:n]
    twice, tiny = real(2) * real(scale), real(1e-30)
    for i in range(n):
        faces[i] = twice * (below[i] * above[i]) / max(below[i] + above[i], tiny)


@compiled(error_model="numpy")
def _harmonic_whole(d, offset, scale, out):
    n = d.size - offset
    real, below, above, faces = d.dtype.type, d[:n], d[offset:], out[:n]
    twice, tiny, half = real(2) * real(scale), real(1e-30), real(0.5)
    for i in range(n):
        faces[i] = np.int32(twice * (below[i] * above[i]) / max(below[i] + above[i], tiny) + half)


@compiled
def _add(out, value, fraction, domain):
    zero = out.dtype.type(0)
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            target, source, tissue = out[z, y], fraction[z, y], domain[z, y]
            for x in range(target.size):
                target[x] += value * source[x] if tissue[x] else zero


@compiled
def dampen(faces, factor, offset, out):
    """Face coefficients times the mean of ``factor`` on both sides."""
    for i in range(faces.size - offset):
        out[i] = faces[i] * 0.5 * (factor[i] + factor[i + offset])


def diffusivity(window: Window, medium: Medium, by_tissue: np.ndarray, domain: np.ndarray, dtype: type) -> np.ndarray:
    """Flat D of the window, mm2/day, zero in walls; ``domain`` (z, y, x) of the window's box."""
    flat = window.zeros(dtype)
    view = window.view(flat)
    for value, fraction in zip(by_tissue, medium.fractions.values(), strict=True):
        if value:
            _add(view, dtype(value), fraction[window.box], domain)
    return flat


def faces(window: Window, d: np.ndarray, largest: float, kind: type) -> Faces:
    """Harmonic means of ``d`` over h2; ``largest`` is the largest D anywhere, ``kind`` the type that they are kept in."""
    arrays, units = [], []
    for offset, h in zip((window.plane, window.pitch, 1), window.spacing_mm(), strict=True):
        out = window.zeros(kind)
        if kind is np.uint16:
            _harmonic_whole(d, offset, WHOLE / largest, out)
            units.append(largest / h**2 / WHOLE)
        else:
            _harmonic(d, offset, 1.0, out)
            units.append(1.0 / h**2)
        arrays.append(out)
    return Faces(arrays[0], arrays[1], arrays[2], (units[0], units[1], units[2]))
