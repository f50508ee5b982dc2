"""The reference engine: finite volumes by FiPy, double precision, an independent check on the native one."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from solvers.effect import Jump
from solvers.engine import Engine, Exposure, Stepper, engines
from solvers.problem import Problem, Snapshot
from twin.errors import SolverError
from twin.fields import bounding_box
from twin.grid import Box

GAMMA = 1.0 - 1.0 / math.sqrt(2.0)
"""Of Alexander's two-stage, second-order, L-stable diagonally implicit method (SIAM J Numer Anal 1977;14:1006)."""

MONOTONE = 1.0 + math.sqrt(2.0)
"""That method keeps the bounds of the solution while step times the largest outflow rate of a cell stays below this."""

STEP = {"fast": (0.9, 0.08), "standard": (0.5, 0.03), "reference": (0.25, 0.01)}
"""accuracy -> (share of the monotone step, largest reaction rate times step)."""

WHOLE_MASK = 30_000
EDGE = 1e-10
MARGIN_MM = 16.0


@engines.register("fipy")
class FipyEngine(Engine):
    """Cell-centred finite volumes on the voxels of the domain, harmonic face diffusivities, no flux through walls.

    Strang splitting, second order: half a step of reaction and kill (Runge-Kutta 4 of the model's ``rate``, the kill by
    its exact exposure), a step of diffusion (``TransientTerm == DiffusionTerm`` solved twice, which makes Alexander's SDIRK2
    of two implicit Euler solves), half a step of reaction and kill. Steps are kept below the bound at which SDIRK2 keeps
    the maximum principle, so that nothing is ever clipped. Float64. Source: Guyer, Wheeler, Warren 2009, Comput Sci
    Eng 11:6.
    """

    order_in_space = 2
    order_in_time = 2

    def prepare(self, problem: Problem) -> FipyStepper:
        return FipyStepper(problem, *STEP[self.accuracy])


@dataclass(frozen=True)
class Region:
    """The voxels computed on: ``cells`` (bool; z, y, x) inside ``box``, the FiPy unknown and one equation a species."""

    box: Box
    cells: np.ndarray = field(repr=False)
    unknown: Any = field(repr=False)
    equations: tuple[Any, ...] = field(repr=False)
    parameters: tuple[Any, ...] = field(repr=False)
    fastest_outflow: float = 0.0


@dataclass(frozen=True)
class State:
    """``values`` (species, cells of the region); ``domain`` shrinks when a cavity is cut."""

    values: np.ndarray = field(repr=False)
    region: Region
    domain: np.ndarray = field(repr=False)


class FipyStepper(Stepper):
    """Advances (species, cells) on a sub-mesh around the tumour that grows before the tumour reaches its edge."""

    def __init__(self, problem: Problem, monotone_share: float, reaction_step: float):
        self.problem, self.model, self.grid = problem, problem.model, problem.medium.grid
        self.monotone_share, self.reaction_step = monotone_share, reaction_step
        self.diffusivity = voxel_diffusivity(problem)

    def start(self, initial: np.ndarray) -> State:
        return self._embed(np.asarray(initial, np.float64), self.problem.medium.domain)

    def advance(self, state: State, start: float, stop: float, exposure: Exposure) -> State:
        now = start
        while now < stop:
            state = self._roomy(state)
            count = max(1, math.ceil((stop - now) / self._longest_step(state.region) - 1e-9))
            then = stop if count == 1 else now + (stop - now) / count
            state = State(self._step(state, now, then, exposure), state.region, state.domain)
            now = then
        return state

    def jump(self, state: State, jump: Jump) -> State:
        full = self._full(state)
        tumour = list(self.model.tumour_species)
        full[tumour] *= np.asarray(jump.survival, np.float64)
        if jump.removed is None:
            return State(self._gather(full, state.region), state.region, state.domain)
        full[:, jump.removed] = 0.0
        return self._embed(full, state.domain & ~jump.removed)

    def snapshot(self, state: State, day: float) -> Snapshot:
        box = state.region.box
        inside = np.zeros((len(state.values), *state.region.cells.shape))
        inside[:, state.region.cells] = state.values
        return Snapshot(day, inside, box, self.grid, self.model.tumour_species)

    def _longest_step(self, region: Region) -> float:
        diffusion = self.monotone_share * MONOTONE / max(region.fastest_outflow, 1e-12)
        return min(diffusion, self.reaction_step / max(self.model.accuracy_rate, 1e-12), 1.0)

    def _step(self, state: State, start: float, stop: float, exposure: Exposure) -> np.ndarray:
        middle, region = 0.5 * (start + stop), state.region
        values = self._react(state.values, region, middle - start, self._kill(region, exposure(start, middle)))
        for species, equation in enumerate(region.equations):
            if equation is not None:
                values[species] = diffuse(region.unknown, equation, values[species], stop - start)
        return self._react(values, region, stop - middle, self._kill(region, exposure(middle, stop)))

    def _react(self, values: np.ndarray, region: Region, dt: float, kill: np.ndarray | float) -> np.ndarray:
        """Half the kill, the reaction, half the kill: the exposure enters exactly, however fast the drug."""
        half = np.exp(-0.5 * kill)
        tumour = list(self.model.tumour_species)
        values = values.copy()
        values[tumour] *= half
        values = runge_kutta(self.model.rate, values, region.parameters, dt)
        values[tumour] *= half
        return values

    def _kill(self, region: Region, integrals) -> np.ndarray | float:
        total: np.ndarray | float = 0.0
        for amount, delivery in integrals:
            total = total + (amount if delivery is None else amount * delivery[region.box][region.cells])
        return total

    def _roomy(self, state: State) -> State:
        """The state on a wider region if the tumour has come near an artificial edge of this one."""
        return self._embed(self._full(state), state.domain) if self._at_edge(state) else state

    def _at_edge(self, state: State) -> bool:
        shape = state.region.cells.shape
        present = np.zeros(shape, bool)
        present[state.region.cells] = (state.values > EDGE).any(axis=0)
        for axis, (part, n) in enumerate(zip(state.region.box, self.grid.shape, strict=True)):
            if part.start > 0 and present.take(0, axis).any():
                return True
            if part.stop < n and present.take(-1, axis).any():
                return True
        return False

    def _embed(self, full: np.ndarray, domain: np.ndarray) -> State:
        box: Box = tuple(slice(0, n) for n in self.grid.shape)  # type: ignore[assignment]
        if domain.sum() > WHOLE_MASK:
            margin = tuple(math.ceil(MARGIN_MM / h) for h in self.grid.spacing_mm)
            box = bounding_box((full > EDGE).any(axis=0), margin)  # type: ignore[arg-type]
        region = self._region(box, domain)
        return State(self._gather(full, region), region, domain)

    def _region(self, box: Box, domain: np.ndarray) -> Region:
        cells = domain[box]
        if not cells.any():
            raise SolverError("No tissue is left around the tumour.", remedy="check the cavity and the mask")
        unknown, equations = equations_on(cells, self.grid.spacing_mm, self.diffusivity[(slice(None), *box)])
        parameters = tuple(p if np.ndim(p) == 0 else np.asarray(p)[box][cells] for p in self.model.rate_parameters())
        outflow = fastest_outflow(np.where(cells, self.diffusivity[(slice(None), *box)], 0.0), self.grid.spacing_mm)
        return Region(box, cells, unknown, equations, parameters, outflow)

    def _gather(self, full: np.ndarray, region: Region) -> np.ndarray:
        return full[(slice(None), *region.box)][:, region.cells]

    def _full(self, state: State) -> np.ndarray:
        out = np.zeros((len(state.values), *self.grid.shape))
        out[(slice(None), *state.region.box)][:, state.region.cells] = state.values
        return out


def voxel_diffusivity(problem: Problem) -> np.ndarray:
    """(species, z, y, x) in mm2/day: the tissues' diffusivities weighted by their volume fractions."""
    medium = problem.medium
    fractions = np.stack([np.asarray(f, np.float64) for f in medium.fractions.values()])
    return np.tensordot(problem.model.diffusivity(medium.tissues), fractions, axes=1)


def fastest_outflow(diffusivity: np.ndarray, spacing_mm: tuple[float, float, float]) -> float:
    """The largest sum of face conductances over the volume of a cell, 1/day; ``diffusivity`` (species, z, y, x)."""
    total = np.zeros_like(diffusivity)
    for axis, h in enumerate(spacing_mm, start=1):
        a, b = (np.take(diffusivity, range(*r), axis) for r in ((0, total.shape[axis] - 1), (1, total.shape[axis])))
        face = 2 * a * b / np.maximum(a + b, 1e-300) / h**2
        pad = [(0, 0)] * 4
        pad[axis] = (0, 1)
        low = np.pad(face, pad)
        total += low + np.roll(low, 1, axis)
    return float(total.max())


def runge_kutta(rate, values: np.ndarray, parameters: tuple[Any, ...], dt: float) -> np.ndarray:
    """One classical fourth-order step of du/dt = rate(u)."""

    def slope(u: np.ndarray) -> np.ndarray:
        out = np.empty_like(u)
        rate(u, parameters, out)
        return out

    k1 = slope(values)
    k2 = slope(values + 0.5 * dt * k1)
    k3 = slope(values + 0.5 * dt * k2)
    k4 = slope(values + dt * k3)
    return values + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def diffuse(unknown: Any, equation: Any, values: np.ndarray, dt: float) -> np.ndarray:
    """One SDIRK2 step of du/dt = div(D grad u): two implicit Euler solves of length GAMMA dt."""
    first = _implicit(unknown, equation, values, GAMMA * dt)
    return _implicit(unknown, equation, values + (1.0 - GAMMA) / GAMMA * (first - values), GAMMA * dt)


def _implicit(unknown: Any, equation: Any, values: np.ndarray, dt: float) -> np.ndarray:
    from fipy.solvers import LinearCGSolver

    if not values.any():
        return values.copy()
    unknown.setValue(values)
    unknown.updateOld()
    equation.solve(var=unknown, dt=dt, solver=LinearCGSolver(precon=None, tolerance=1e-13, iterations=2000))
    return unknown.value.copy()


def equations_on(cells: np.ndarray, spacing_mm: tuple[float, float, float], diffusivity: np.ndarray) -> tuple[Any, tuple]:
    """The FiPy unknown on the sub-mesh of ``cells`` and each species' diffusion equation (None where D is zero)."""
    os.environ.setdefault("FIPY_SOLVERS", "scipy")
    from fipy import CellVariable, DiffusionTerm, TransientTerm

    mesh = submesh(cells, spacing_mm)
    unknown = CellVariable(mesh=mesh, value=0.0, hasOld=True)
    equations: list[Any] = []
    for d in diffusivity:
        if d[cells].max() == 0:
            equations.append(None)
            continue
        local = CellVariable(mesh=mesh, value=d[cells])
        equations.append(TransientTerm() == DiffusionTerm(coeff=local.harmonicFaceValue))
    return unknown, tuple(equations)


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
