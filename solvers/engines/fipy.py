"""The reference engine: finite volumes by FiPy, double precision, an independent check on the native one."""

from __future__ import annotations

import importlib.util
import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from solvers.effect import Jump
from solvers.engine import Engine, Exposure, Kill, Stepper, engines
from solvers.engines.fipy_diffusion import MONOTONE, Diffusion
from solvers.problem import Problem, Snapshot
from twin.errors import SolverError, UsageError
from twin.fields import bounding_box
from twin.grid import Box, triple

STEP = {"fast": (0.9, 0.25), "standard": (0.7, 0.1), "reference": (0.35, 0.03)}
"""accuracy -> (share of the monotone step of diffusion, the fastest reaction rate times the step)."""

WHOLE_MASK = 30_000
EDGE = 1e-10
MARGIN_MM = 16.0
BLOCK = 8


@engines.register("fipy")
class FipyEngine(Engine):
    """Cell-centred finite volumes on the voxels of the domain, harmonic face diffusivities, no flux through walls.

    Strang splitting, second order: half a step of reaction and kill (Runge-Kutta 4 of the model's ``rate``, the kill by
    its exact exposure), a step of diffusion (``TransientTerm == DiffusionTerm`` solved twice, which makes Alexander's SDIRK2
    of two implicit Euler solves), half a step of reaction and kill. Steps are kept below the bound at which SDIRK2 keeps
    the maximum principle, so that nothing is ever clipped. Float64. Diffusion tensors are refused. Source: Guyer, Wheeler,
    Warren 2009, Comput Sci Eng 11:6.
    """

    order_in_space = 2
    order_in_time = 2

    def prepare(self, problem: Problem) -> FipyStepper:
        if importlib.util.find_spec("fipy") is None:
            raise UsageError("The FiPy engine needs FiPy.", remedy="pip install 'oncotwin[fipy]', or use engine 'native'")
        if problem.medium.tensor is not None:
            raise SolverError(
                "The FiPy engine does not take a diffusion tensor.",
                why="its anisotropic terms do not keep the cell fraction positive",
                remedy="use the 'native' engine, or leave the tensor out",
            )
        return FipyStepper(problem, *STEP[self.accuracy])


@dataclass(frozen=True)
class Region:
    """The voxels computed on: ``cells`` (bool; z, y, x) inside ``box``."""

    box: Box
    cells: np.ndarray = field(repr=False)
    diffusion: Diffusion = field(repr=False)
    parameters: tuple[Any, ...] = field(repr=False)


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
        # The region at the start of an advance depends on the state alone, so that a restart finds the same one.
        now = start
        if self._box(inside(state.values, state.region.cells), state.region.box, state.domain) != state.region.box:
            state = self._embed(self._full(state), state.domain)
        while now < stop:
            if self._at_edge(state):
                state = self._embed(self._full(state), state.domain)
            count = max(1, math.ceil((stop - now) / self._longest_step(state.region) - 1e-9))
            then = stop if count == 1 else now + (stop - now) / count
            state = replace(state, values=self._step(state, now, then, exposure))
            now = then
        return state

    def jump(self, state: State, jump: Jump) -> State:
        survival = jump.survival
        if np.ndim(survival):
            survival = np.asarray(survival, np.float64)[state.region.box][state.region.cells]
        values = state.values.copy()
        jump.apply(values, self.model, survival)
        state = replace(state, values=values)
        if jump.removed is None:
            return state
        full = self._full(state)
        full[:, jump.removed] = 0.0
        return self._embed(full, state.domain & ~jump.removed)

    def snapshot(self, state: State, day: float) -> Snapshot:
        return Snapshot(
            day, inside(state.values, state.region.cells), state.region.box, self.grid, self.model.tumour_species
        )

    def _longest_step(self, region: Region) -> float:
        diffusion = self.monotone_share * MONOTONE / max(region.diffusion.fastest_outflow, 1e-12)
        return min(diffusion, self.reaction_step / max(self.model.accuracy_rate, 1e-12), 1.0)

    def _step(self, state: State, start: float, stop: float, exposure: Exposure) -> np.ndarray:
        middle, region = 0.5 * (start + stop), state.region
        values = self._react(state.values, region, middle - start, self._kill(region, exposure(start, middle)))
        values = region.diffusion.step(values, stop - start)
        return self._react(values, region, stop - middle, self._kill(region, exposure(middle, stop)))

    def _react(self, values: np.ndarray, region: Region, dt: float, kill: np.ndarray | float) -> np.ndarray:
        """Half the kill, the reaction, half the kill: the exposure enters exactly, however fast the drug."""
        half = np.exp(-0.5 * kill)
        tumour = list(self.model.tumour_species)
        values = values.copy()
        values[tumour] *= half
        values = runge_kutta(self.model.rate, values, region.parameters, dt)
        if self.model.capped:
            values[tumour] = np.minimum(values[tumour], 1.0)
        values[tumour] *= half
        return values

    def _kill(self, region: Region, kills: list[Kill]) -> np.ndarray | float:
        total: np.ndarray | float = 0.0
        for kill in kills:
            total = total + (kill.total if kill.delivery is None else kill.total * kill.delivery[region.box][region.cells])
        return total

    def _at_edge(self, state: State) -> bool:
        """Whether the tumour has come near an artificial edge of the region."""
        present = inside(state.values, state.region.cells).max(axis=0) > EDGE
        for axis, (part, n) in enumerate(zip(state.region.box, self.grid.shape, strict=True)):
            if part.start > 0 and present.take(0, axis).any():
                return True
            if part.stop < n and present.take(-1, axis).any():
                return True
        return False

    def _box(self, values: np.ndarray, where: Box, domain: np.ndarray) -> Box:
        """The whole grid if its tissue is small, else a box in blocks of BLOCK voxels around all ``values`` above EDGE."""
        whole: Box = triple(slice(0, n) for n in self.grid.shape)
        present = np.asarray((values > EDGE).any(axis=0))
        if domain.sum() <= WHOLE_MASK or not present.any():
            return whole
        out = []
        for part, old, n, h in zip(bounding_box(present), where, self.grid.shape, self.grid.spacing_mm, strict=True):
            margin = math.ceil(MARGIN_MM / h)
            low, high = old.start + part.start - margin, old.start + part.stop + margin
            out.append(slice(max(0, low // BLOCK * BLOCK), min(n, -(-high // BLOCK) * BLOCK)))
        return triple(out)

    def _embed(self, full: np.ndarray, domain: np.ndarray) -> State:
        box = self._box(full, triple(slice(0, n) for n in self.grid.shape), domain)
        region = self._region(box, domain)
        return State(full[(slice(None), *box)][:, region.cells], region, domain)

    def _region(self, box: Box, domain: np.ndarray) -> Region:
        cells = domain[box]
        if not cells.any():
            raise SolverError("No tissue is left around the tumour.", remedy="check the cavity and the mask")
        parameters = tuple(p if np.ndim(p) == 0 else np.asarray(p)[box][cells] for p in self.model.rate_parameters())
        return Region(box, cells, self._diffusion(box, cells, parameters), parameters)

    def _diffusion(self, box: Box, cells: np.ndarray, parameters: tuple[Any, ...]) -> Diffusion:
        model, medium = self.model, replace(self.problem.medium.crop(box), domain=cells)

        def factors(values: np.ndarray) -> np.ndarray:
            out = np.ones_like(values)
            if model.mobility is not None:
                model.mobility(values, parameters, out)
            if model.damping is not None:
                tumour = inside(values[list(model.tumour_species)].sum(axis=0)[None], cells)[0]
                out = out * model.damping(tumour, medium)[cells]
            return out

        varies = model.mobility is not None or model.damping is not None
        diffusivity = self.diffusivity[(slice(None), *box)]
        return Diffusion(cells, self.grid.spacing_mm, diffusivity, model.crowding, factors if varies else None)

    def _full(self, state: State) -> np.ndarray:
        out = np.zeros((len(state.values), *self.grid.shape))
        out[(slice(None), *state.region.box)] = inside(state.values, state.region.cells)
        return out


def inside(values: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """(species, z, y, x) of a box from the values of its true ``cells``, zero elsewhere."""
    out = np.zeros((len(values), *cells.shape))
    out[:, cells] = values
    return out


def voxel_diffusivity(problem: Problem) -> np.ndarray:
    """(species, z, y, x) in mm2/day: the tissues' diffusivities weighted by their volume fractions."""
    medium = problem.medium
    fractions = np.stack([np.asarray(f, np.float64) for f in medium.fractions.values()])
    return np.tensordot(problem.model.diffusivity(medium.tissues), fractions, axes=1)


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
