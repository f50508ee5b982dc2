"""Media, tumours and marches shared by the checks."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from solvers.engine import Accuracy, engines
from solvers.model import GrowthModel
from solvers.problem import Problem, Snapshot
from twin.grid import Grid
from twin.medium import Medium

BOTH = ("native", "fipy") if importlib.util.find_spec("fipy") else ("native",)
"""The engines that can be compared here."""


@dataclass(frozen=True)
class Forced(GrowthModel):
    """du/dt = div(D grad u) + rho u (1 - u) + s(x): Fisher-KPP with a given source, for manufactured solutions.

    ``fast`` and ``slow`` are the diffusivities of the first and of every other tissue, mm2/day.
    """

    fast: float = 0.5
    slow: float = 0.5
    rho: float = 0.0
    source_per_day: Any = 0.0

    def diffusivity(self, tissues: tuple[str, ...]) -> np.ndarray:
        return np.array([[self.fast] + [self.slow] * (len(tissues) - 1)])

    def rate_parameters(self) -> tuple:
        return (self.rho, self.source_per_day)

    @staticmethod
    def rate(u, p, out) -> None:
        out[0] = p[0] * u[0] * (1.0 - u[0]) + p[1]

    @cached_property
    def _fastest(self) -> float:
        return float(self.rho + np.abs(self.source_per_day).max())

    @property
    def accuracy_rate(self) -> float:
        return self._fastest


def march(problem: Problem, engine: str, accuracy: Accuracy, count: int) -> np.ndarray:
    """(species, z, y, x) at the last day, reached in ``count`` equal calls of the engine, without treatment."""
    stepper = engines[engine](accuracy=accuracy).prepare(problem)
    state, times = stepper.start(problem.initial), np.linspace(problem.start_day, problem.days[-1], count + 1)
    for start, stop in itertools.pairwise(times):
        state = stepper.advance(state, float(start), float(stop), lambda a, b: [])
    return stepper.snapshot(state, problem.days[-1]).full()


def last(snapshots: Any) -> Snapshot:
    return list(snapshots)[-1]


def relative_l2(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.linalg.norm(found - expected) / max(float(np.linalg.norm(expected)), 1e-300))


def places(grid: Grid) -> list[np.ndarray]:
    """Centres of the voxels in mm from the middle of the grid, one (z, y, x) array an axis."""
    axes = [(np.arange(n) - (n - 1) / 2) * h for n, h in zip(grid.shape, grid.spacing_mm, strict=True)]
    return list(np.meshgrid(*axes, indexing="ij"))


def blob(grid: Grid, radius_mm: float, top: float = 0.9, centre: Sequence[float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    """A smooth tumour."""
    r2 = sum((p - c) ** 2 for p, c in zip(places(grid), centre, strict=True))
    return np.asarray(top * np.exp(-r2 / radius_mm**2))


def brain_like(grid: Grid, seed: int = 0) -> Medium:
    """Two tissues, an irregular outline, a ventricle, an island and a bridge one voxel wide."""
    z, y, x = places(grid)
    extent = [0.5 * n * h for n, h in zip(grid.shape, grid.spacing_mm, strict=True)]
    rough = np.random.default_rng(seed).uniform(0.75, 1.0, grid.shape)
    r = np.sqrt(sum((p / e) ** 2 for p, e in zip((z, y, x), extent, strict=True)))
    domain = r < rough
    domain &= (np.abs(x - 0.35 * extent[2]) > 0.1 * extent[2]) | (np.abs(y) > 0.3 * extent[1])
    white = 0.5 + 0.5 * np.tanh(x / (0.2 * extent[2]))
    return Medium.of_fractions(grid, {"white": domain * white, "grey": domain * (1.0 - white)})
