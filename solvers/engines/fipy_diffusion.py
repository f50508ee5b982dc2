"""Diffusion by FiPy on the voxels of a mask: mesh, face diffusivities, second-order steps."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np

GAMMA = 1.0 - 1.0 / math.sqrt(2.0)
"""Of Alexander's two-stage, second-order, L-stable diagonally implicit method (SIAM J Numer Anal 1977;14:1006)."""

MONOTONE = 1.0 + math.sqrt(2.0)
"""That method keeps the bounds of the solution while step times the largest outflow rate of a cell stays below this."""

Factors = Callable[[np.ndarray], "np.ndarray | None"]
"""values (species, cells) -> factor on the diffusivity (species, cells), or None for one everywhere."""


class Diffusion:
    """div(D grad u) for every species on the true voxels of ``cells`` (z, y, x), no flux through their outer faces.

    ``diffusivity`` (species, z, y, x) in mm2/day enters by its harmonic mean over a face, ``factors`` (of the state) by
    their arithmetic mean. Species of ``crowding`` move into free room only: du/dt = div(D ((1 - T) grad u + u grad T)).
    """

    def __init__(
        self,
        cells: np.ndarray,
        spacing_mm: tuple[float, float, float],
        diffusivity: np.ndarray,
        crowding: tuple[int, ...] = (),
        factors: Factors | None = None,
    ):
        os.environ.setdefault("FIPY_SOLVERS", "scipy")
        from fipy import CellVariable, CentralDifferenceConvectionTerm, DiffusionTerm, FaceVariable, TransientTerm

        self.crowding, self.factors = crowding, factors
        mesh = submesh(cells, spacing_mm)
        self.unknown = CellVariable(mesh=mesh, value=0.0, hasOld=True)
        self.other = CellVariable(mesh=mesh, value=0.0)
        self.drift = FaceVariable(mesh=mesh, value=0.0, rank=1)
        self.coefficient = FaceVariable(mesh=mesh, value=0.0)
        self.plain = TransientTerm() == DiffusionTerm(coeff=self.coefficient)
        self.crowded = self.plain + CentralDifferenceConvectionTerm(coeff=-self.drift)
        self.faces = [self._harmonic(d[cells]) for d in diffusivity]
        self.fastest_outflow = fastest_outflow(np.where(cells, diffusivity, 0.0), spacing_mm)

    def step(self, values: np.ndarray, dt: float) -> np.ndarray:
        """``values`` (species, cells) after ``dt`` days; coefficients that depend on the state are those of the middle."""
        if self.fastest_outflow == 0.0:
            return values.copy()
        if self.factors is None and len(self.crowding) < 2:
            return self._linear(values, values, dt)
        return self._linear(values, self._linear(values, values, 0.5 * dt), dt)

    def _linear(self, values: np.ndarray, state: np.ndarray, dt: float) -> np.ndarray:
        factors = None if self.factors is None else self.factors(state)
        total = state[list(self.crowding)].sum(axis=0) if len(self.crowding) > 1 else None
        out = values.copy()
        for species, face in enumerate(self.faces):
            if face.any() and values[species].any():
                coefficient = face if factors is None else face * self._mean(factors[species])
                crowd = total if species in self.crowding else None
                out[species] = self._sdirk2(values[species], coefficient, crowd, dt)
        return out

    def _sdirk2(self, values: np.ndarray, coefficient: np.ndarray, total: np.ndarray | None, dt: float) -> np.ndarray:
        """Two implicit Euler solves of length GAMMA dt make one step of order two."""
        if total is None:
            self.coefficient.setValue(coefficient)
        else:
            self.coefficient.setValue(coefficient * (1.0 - self._mean(total)))
            self.drift.setValue(coefficient * self._gradient(total))
        first = self._implicit(values, total is not None, GAMMA * dt)
        return self._implicit(values + (1.0 - GAMMA) / GAMMA * (first - values), total is not None, GAMMA * dt)

    def _implicit(self, values: np.ndarray, crowded: bool, dt: float) -> np.ndarray:
        from fipy.solvers import LinearBicgstabSolver, LinearCGSolver

        kind = LinearBicgstabSolver if crowded else LinearCGSolver
        self.unknown.setValue(values)
        self.unknown.updateOld()
        equation = self.crowded if crowded else self.plain
        equation.solve(var=self.unknown, dt=dt, solver=kind(precon=None, tolerance=1e-13, iterations=2000))
        return self.unknown.value.copy()

    def _harmonic(self, values: np.ndarray) -> np.ndarray:
        self.other.setValue(values)
        return np.asarray(self.other.harmonicFaceValue.value).copy()

    def _mean(self, values: np.ndarray) -> np.ndarray:
        self.other.setValue(values)
        return np.asarray(self.other.arithmeticFaceValue.value).copy()

    def _gradient(self, values: np.ndarray) -> np.ndarray:
        self.other.setValue(values)
        return np.asarray(self.other.faceGrad.value).copy()


def fastest_outflow(diffusivity: np.ndarray, spacing_mm: tuple[float, float, float]) -> float:
    """The largest sum of face conductances over the volume of a cell, 1/day; ``diffusivity`` (species, z, y, x)."""
    total = np.zeros_like(diffusivity)
    for axis, h in enumerate(spacing_mm, start=1):
        d = np.moveaxis(diffusivity, axis, 0)
        face = 2 * d[:-1] * d[1:] / np.maximum(d[:-1] + d[1:], 1e-300) / h**2
        view = np.moveaxis(total, axis, 0)
        view[:-1] += face
        view[1:] += face
    return float(total.max())


def submesh(cells: np.ndarray, spacing_mm: tuple[float, float, float]) -> Any:
    """The FiPy mesh of the true voxels of ``cells`` (z, y, x), in C order; its outer faces carry no flux."""
    from fipy import Grid3D
    from fipy.meshes.mesh import Mesh

    (nz, ny, nx), (dz, dy, dx) = cells.shape, spacing_mm
    whole = Grid3D(nx=nx, ny=ny, nz=nz, dx=dx, dy=dy, dz=dz)
    faces, local = np.unique(np.asarray(whole.cellFaceIDs)[:, cells.ravel()], return_inverse=True)
    corners, around = np.unique(np.asarray(whole.faceVertexIDs)[:, faces], return_inverse=True)
    return Mesh(
        vertexCoords=np.asarray(whole.vertexCoords)[:, corners],
        faceVertexIDs=around.reshape(4, -1),
        cellFaceIDs=local.reshape(6, -1),
    )
