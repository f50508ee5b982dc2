"""Diffusion of a whole box in double precision, and its transpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from solvers.adjoint.tape import Diffusion
from solvers.native.lanes import LANES
from solvers.native.movers import FaceMover, LinearMover, TensorMover
from solvers.native.region import Region
from solvers.native.window import Window, memory_order
from solvers.problem import Problem
from twin.grid import triple


class Space:
    """The problem's grid in the engine's memory, every voxel of the tissue active.

    The operator of a species is symmetric (the flux through a face is the same from both sides, all voxels are alike), so
    its polynomial is its own transpose.
    """

    def __init__(self, problem: Problem):
        grid = problem.medium.grid
        self.mover = _mover(problem)
        self.window = Window(grid, triple(slice(0, n) for n in grid.shape), memory_order(grid), self.mover.rim)
        self.domain = problem.medium.domain
        begin, end = Region.of_domain(self.window, self.domain).spans()
        self.spans = begin // LANES * LANES, -(-end // LANES) * LANES  # the stencil does whole blocks; outside is wall
        self.coefficients = self.mover.prepare(self.window, self.domain)
        flags = self.window.zeros(np.bool_)
        self.window.view(flags)[...] = self.domain
        self.inside = np.flatnonzero(flags)

    def load(self, field: np.ndarray) -> np.ndarray:
        return self.window.load(field, np.float64)

    def full(self, flat: np.ndarray) -> np.ndarray:
        """(..., z, y, x) of flat values."""
        return np.array(self.window.view(flat))

    def apply(self, prepared: Any, x: np.ndarray) -> np.ndarray:
        """div(D grad x) of one species."""
        out = np.zeros_like(x)
        self.mover.sweep(prepared, out, out, x, 0.0, 1.0, self.window, *self.spans)
        return out

    def forward(self, u: np.ndarray, step: Diffusion) -> np.ndarray:
        """u (species, size) after the step."""
        return np.stack([self._stages(s, u[s], step)[-1] if step.steps[s] else u[s] for s in range(len(u))])

    def backward(self, u: np.ndarray, slope: np.ndarray, step: Diffusion, others: list[Coefficients]) -> np.ndarray:
        """What the slopes (species, size) after the step are worth in the state u before it; a list of numbers, one for each
        of ``others`` (changes of the coefficients per unit of a number), is what they are worth in those numbers."""
        worth = np.zeros(len(others))
        for s, plan in enumerate(step.steps):
            if plan is None:
                continue
            h, own = step.dt / plan[0], self.coefficients[s]
            stages = self._stages(s, u[s], step)
            factors = list(plan[1].factors) * plan[0]
            for x, (a, b) in zip(reversed(stages[:-1]), reversed(factors), strict=True):
                first = self.apply(own, slope[s])
                worth += self._worth(s, x, slope[s], first, (a * h, b * h * h), others)
                slope[s] += a * h * first
                if b:
                    slope[s] += b * h * h * self.apply(own, first)
        return worth

    def _stages(self, s: int, x: np.ndarray, step: Diffusion) -> list[np.ndarray]:
        """The species before each factor 1 + a z + b z2 of the polynomial, and after the last."""
        plan = step.steps[s]
        assert plan is not None
        h, stages = step.dt / plan[0], [x]
        for a, b in list(plan[1].factors) * plan[0]:
            once = self.apply(self.coefficients[s], stages[-1])
            new = stages[-1] + a * h * once
            stages.append(new + b * h * h * self.apply(self.coefficients[s], once) if b else new)
        return stages

    def _worth(self, s: int, x, slope, first, numbers: tuple[float, float], others: list[Coefficients]) -> np.ndarray:
        """slope . (a dA + b (dA A + A dA)) x for every change dA; ``first`` is A slope."""
        a, b = numbers
        found = np.zeros(len(others))
        once = self.apply(self.coefficients[s], x) if b and others else x
        for k, other in enumerate(others):
            moved = other.apply(self, s, x)
            found[k] = a * float(slope @ moved)
            if b:
                found[k] += b * float(slope @ other.apply(self, s, once) + first @ moved)
        return found


class Coefficients:
    """The change of every species' coefficients per unit of a number, from two problems that differ by it."""

    def __init__(self, above: Space, below: Space, difference: float):
        self.above, self.below, self.difference = above, below, difference

    def apply(self, space: Space, species: int, x: np.ndarray) -> np.ndarray:
        up, down = self.above.coefficients[species], self.below.coefficients[species]
        return (space.apply(up, x) - space.apply(down, x)) / self.difference


def _mover(problem: Problem) -> LinearMover:
    kind = FaceMover if problem.medium.tensor is None else TensorMover
    return kind(problem, np.float64, np.float64)
