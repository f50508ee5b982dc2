"""Quasi-static linear elasticity of a tissue in which a tumour pushes, on a coarse grid of eight-node bricks."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np

from solvers.compiled import compiled

CORNERS = tuple(itertools.product((0, 1), repeat=3))
TARGET = 16
"""Elements along the longest side of the grid that the equation is solved on."""


def lame(stiffness, poisson: float) -> tuple:
    """Shear modulus G = E / (2 (1 + nu)) and first Lame parameter E nu / ((1 + nu) (1 - 2 nu)), in the unit of E."""
    return stiffness / (2.0 * (1.0 + poisson)), stiffness * poisson / ((1.0 + poisson) * (1.0 - 2.0 * poisson))


def von_mises(
    stiffness: np.ndarray,
    pressure: np.ndarray,
    tissue: np.ndarray,
    spacing_mm: tuple[float, float, float],
    poisson: float,
    tolerance: float = 1e-6,
) -> np.ndarray:
    """Von Mises stress at the centre of every element, in the unit of ``stiffness``; all arrays (z, y, x).

    Solves div sigma = grad pressure, sigma = 2 G e + L tr(e) I, for the displacement. No displacement at elements
    outside ``tissue``; the faces of the box let tissue slide along them but not through. The volumetric part is integrated
    at one point (no locking near incompressibility), the deviatoric part at eight.
    """
    unit, load, centre = _element(spacing_mm, poisson)
    free = _free(tissue)
    modulus = np.where(tissue, stiffness, 0.0).ravel()
    forces = _scatter(load[:, None] * np.where(tissue, pressure, 0.0).ravel(), tissue.shape) * free

    corners = _corners(tissue.shape)

    def apply(u: np.ndarray) -> np.ndarray:
        return _internal_forces(u.reshape(3, -1), modulus, unit, corners).reshape(u.shape) * free

    diagonal = _scatter(np.diag(unit)[:, None] * modulus, tissue.shape)
    displacement = _conjugate_gradients(apply, forces, np.where(diagonal > 0, diagonal, 1.0), tolerance)
    e = centre @ _gather(displacement)
    shear = lame(modulus, poisson)[0]
    mean = (e[0] + e[1] + e[2]) / 3.0
    second = (e[0] - mean) ** 2 + (e[1] - mean) ** 2 + (e[2] - mean) ** 2 + 0.5 * (e[3] ** 2 + e[4] ** 2 + e[5] ** 2)
    return (2.0 * shear * np.sqrt(1.5 * second)).reshape(tissue.shape)


@lru_cache(maxsize=16)
def _element(spacing_mm: tuple[float, float, float], poisson: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stiffness matrix (24, 24) at E = 1, load of a unit pressure (24,), strain at the centre (6, 24)."""
    shear, first = lame(1.0, poisson)
    volume = math.prod(spacing_mm)
    trace = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    deviator = np.diag([2.0, 2.0, 2.0, 1.0, 1.0, 1.0]) - 2.0 / 3.0 * np.outer(trace, trace)
    centre = _strain((0.5, 0.5, 0.5), spacing_mm)
    dilation = trace @ centre
    matrix = (first + 2.0 / 3.0 * shear) * volume * np.outer(dilation, dilation)
    points = (0.5 - 0.5 / math.sqrt(3.0), 0.5 + 0.5 / math.sqrt(3.0))
    for point in itertools.product(points, repeat=3):
        b = _strain(point, spacing_mm)
        matrix = matrix + shear * volume / 8.0 * b.T @ deviator @ b
    return matrix, volume * dilation, centre


def _strain(point: tuple[float, ...], spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """(6, 24): displacements (corner, axis) -> strains zz, yy, xx, 2 zy, 2 zx, 2 yx at a point of the unit brick."""
    out = np.zeros((6, 8, 3))
    for k, corner in enumerate(CORNERS):
        weights = [p if c else 1.0 - p for p, c in zip(point, corner, strict=True)]
        slopes = [(1.0 if c else -1.0) / h for c, h in zip(corner, spacing_mm, strict=True)]
        g = [slopes[a] * math.prod(w for b, w in enumerate(weights) if b != a) for a in range(3)]
        for axis in range(3):
            out[axis, k, axis] = g[axis]
        for row, (a, b) in enumerate(((0, 1), (0, 2), (1, 2)), start=3):
            out[row, k, a], out[row, k, b] = g[b], g[a]
    return out.reshape(6, 24)


def _free(tissue: np.ndarray) -> np.ndarray:
    """(3, nodes): 1 where a component of the displacement is free."""
    free = np.ones((3, *(n + 1 for n in tissue.shape)))
    for axis in range(3):
        face = np.moveaxis(free[axis], axis, 0)
        face[0] = face[-1] = 0.0
    for corner in CORNERS:
        at = tuple(slice(c, c + n) for c, n in zip(corner, tissue.shape, strict=True))
        free[(slice(None), *at)] *= tissue
    return free


@lru_cache(maxsize=16)
def _corners(shape: tuple[int, ...]) -> np.ndarray:
    """(elements, 8) node numbers of every element."""
    nodes = np.arange(math.prod(n + 1 for n in shape)).reshape([n + 1 for n in shape])
    at = [nodes[tuple(slice(c, c + n) for c, n in zip(corner, shape, strict=True))].ravel() for corner in CORNERS]
    return np.stack(at, axis=1)


@compiled
def _internal_forces(u, modulus, unit, corners):
    """The assembled stiffness times u (3, nodes), element by element and without a thread: the same bits everywhere."""
    out = np.zeros_like(u)
    local, force = np.zeros(24), np.zeros(24)
    for e in range(modulus.size):
        if modulus[e] > 0:
            for k in range(8):
                for a in range(3):
                    local[3 * k + a] = u[a, corners[e, k]]
            force[:] = 0
            for j in range(24):
                weight = modulus[e] * local[j]
                for i in range(24):
                    force[i] += unit[j, i] * weight
            for k in range(8):
                for a in range(3):
                    out[a, corners[e, k]] += force[3 * k + a]
    return out


def _gather(u: np.ndarray) -> np.ndarray:
    """(3, nodes) -> (24, elements), corner by corner."""
    shape = [n - 1 for n in u.shape[1:]]
    parts = [u[(slice(None), *(slice(c, c + n) for c, n in zip(corner, shape, strict=True)))] for corner in CORNERS]
    return np.concatenate([p.reshape(3, -1) for p in parts])


def _scatter(forces: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(24, elements) -> (3, nodes), summed."""
    out = np.zeros((3, *(n + 1 for n in shape)))
    for k, corner in enumerate(CORNERS):
        at = tuple(slice(c, c + n) for c, n in zip(corner, shape, strict=True))
        out[(slice(None), *at)] += forces[3 * k : 3 * k + 3].reshape(3, *shape)
    return out


def _conjugate_gradients(apply, rhs: np.ndarray, diagonal: np.ndarray, tolerance: float) -> np.ndarray:
    """Preconditioned by the diagonal; deterministic, started from zero."""
    x = np.zeros_like(rhs)
    r = rhs.copy()
    z = r / diagonal
    p, rz, goal = z.copy(), float((r * z).sum()), tolerance * float(np.sqrt((rhs * rhs).sum()))
    for _ in range(2000):
        if float(np.sqrt((r * r).sum())) <= goal:
            break
        ap = apply(p)
        a = rz / float((p * ap).sum())
        x += a * p
        r -= a * ap
        z = r / diagonal
        fresh = float((r * z).sum())
        p = z + (fresh / rz) * p
        rz = fresh
    return x
