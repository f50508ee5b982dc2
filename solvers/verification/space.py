"""Order in space: manufactured steady solutions in one, two and three dimensions."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from solvers.engine import engines
from solvers.problem import Problem
from solvers.simulate import solve
from solvers.verification.cases import BOTH, Forced, last, relative_l2
from solvers.verification.table import Row
from twin.grid import Grid, triple
from twin.medium import Medium

LENGTH_MM = 16.0
FAST, SLOW, RHO, DAYS = 0.5, 0.15, 0.05, 2.0


@dataclass(frozen=True)
class Case:
    """``axes`` that vary (0 z, 1 y, 2 x), voxels along the coarsest of them, a wall beside the tissue, T of the medium."""

    name: str
    axes: tuple[int, ...]
    stretch: tuple[int, int, int] = (1, 1, 1)
    wall: bool = False
    tensor: tuple[float, ...] | None = None


CASES = (
    Case("1D, variable D", (2,)),
    Case("2D, variable D, walls, voxels 1:2", (1, 2), (1, 2, 1), wall=True),
    Case("3D, variable D, walls, voxels 1:1:2", (0, 1, 2), (2, 1, 1), wall=True),
)
TENSORS = (
    Case("2D, tensor, variable D", (1, 2), tensor=(1.0, 0.0, 0.0, 1.5, 0.6, 0.5)),
    Case("3D, tensor, variable D", (0, 1, 2), tensor=(1.2, 0.3, -0.2, 0.9, 0.25, 0.9)),
)


def check(quick: bool) -> list[Row]:
    """The observed order between the two finest grids of each case, for every engine that takes it."""
    rows = [_row(case, engine, quick) for case in CASES for engine in BOTH if not (quick and _heavy(case, engine))]
    return rows + [_row(case, "native", quick) for case in TENSORS if not (quick and len(case.axes) == 3)]


def _heavy(case: Case, engine: str) -> bool:
    return len(case.axes) == 3 and engine == "fipy"


def _row(case: Case, engine: str, quick: bool) -> Row:
    finest = 32 if len(case.axes) == 3 else 64
    counts = (finest // 4, finest // 2) if quick else (finest // 2, finest)
    coarse, fine = (error(case, n, engine) for n in counts)
    declared = engines[engine].order_in_space
    observed = math.log2(coarse / fine)
    return Row(
        "Order in space",
        f"{case.name}, {counts[0]} to {counts[1]}",
        engine,
        "order",
        observed,
        declared - 0.1,
        declared + 0.1,
    )


def error(case: Case, count: int, engine: str) -> float:
    """Relative L2 error on ``count`` voxels along each varying axis."""
    problem, exact = manufactured(case, count)
    found = last(solve(problem, engine, "reference")).full_cells()
    return relative_l2(found, exact)


def manufactured(case: Case, count: int) -> tuple[Problem, np.ndarray]:
    """The problem whose solution stays at ``exact``: u = 0.2 + 0.6 prod sin2(pi x / L), whose gradient is zero at walls."""
    shape = triple(count // case.stretch[a] if a in case.axes else 1 for a in range(3))
    spacing = triple(LENGTH_MM / shape[a] if a in case.axes else 1.0 for a in range(3))
    x = [(np.arange(n) + 0.5) * h for n, h in zip(shape, spacing, strict=True)]
    u, source, white = _solution(case, list(np.meshgrid(*x, indexing="ij")))
    grid, domain = Grid(shape, spacing), np.ones(shape, bool)
    medium = Medium(grid, domain, {"white": white, "grey": 1.0 - white}, _tensor(case, shape))
    if case.wall:
        medium, u, source = _walled(medium, u, source)
    return Problem(Forced(FAST, SLOW, RHO, source), medium, u, (DAYS,)), u


def _tensor(case: Case, shape: tuple[int, int, int]) -> np.ndarray | None:
    if case.tensor is None:
        return None
    return np.broadcast_to(np.reshape(case.tensor, (6, 1, 1, 1)), (6, *shape)).copy()


def _walled(medium: Medium, u: np.ndarray, source: np.ndarray) -> tuple[Medium, np.ndarray, np.ndarray]:
    """The same tissue with a layer of wall voxels on the low side of the last two axes."""
    pad = [(0, 0), (1, 0), (2, 1)]
    grid = replace(medium.grid, shape=triple(n + sum(p) for n, p in zip(medium.grid.shape, pad, strict=True)))
    walled = Medium(
        grid, np.pad(medium.domain, pad), {name: np.pad(f, pad, constant_values=0.5) for name, f in medium.fractions.items()}
    )
    return walled, np.pad(u, pad), np.pad(source, pad)


def _solution(case: Case, x: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """u, the source -div(D T grad u) - rho u (1 - u), and the share of the fast tissue."""
    k = math.pi / LENGTH_MM
    g = {a: np.sin(k * x[a]) ** 2 for a in case.axes}
    first = {a: k * np.sin(2 * k * x[a]) for a in case.axes}
    second = {a: 2 * k * k * np.cos(2 * k * x[a]) for a in case.axes}
    u = 0.2 + 0.6 * _product(g)
    gradient = {a: 0.6 * _product({**g, a: first[a]}) for a in case.axes}
    white = 0.5 + 0.4 * np.cos(k * x[case.axes[-1]]) * (np.cos(k * x[case.axes[0]]) if len(case.axes) > 1 else 1.0)
    d = SLOW + (FAST - SLOW) * white
    slopes = _slopes(case, x, k)
    divergence = np.zeros_like(u)
    for a in case.axes:
        for b in case.axes:
            t = _entry(case, a, b)
            if t:
                curvature = 0.6 * _product({**g, a: second[a]} if a == b else {**g, a: first[a], b: first[b]})
                divergence += t * (d * curvature + slopes[a] * gradient[b])
    return u, -divergence - RHO * u * (1.0 - u), white


def _slopes(case: Case, x: list[np.ndarray], k: float) -> dict[int, np.ndarray]:
    """The gradient of D."""
    scale, end = 0.4 * (FAST - SLOW), case.axes[-1]
    out = {a: np.zeros_like(x[0]) for a in case.axes}
    if len(case.axes) == 1:
        out[end] = -scale * k * np.sin(k * x[end])
        return out
    start = case.axes[0]
    out[end] = -scale * k * np.sin(k * x[end]) * np.cos(k * x[start])
    out[start] = -scale * k * np.cos(k * x[end]) * np.sin(k * x[start])
    return out


def _product(factors: dict[int, np.ndarray]) -> np.ndarray:
    out = np.ones(())
    for f in factors.values():
        out = out * f
    return out


def _entry(case: Case, a: int, b: int) -> float:
    """T_ab."""
    if case.tensor is None:
        return float(a == b)
    return case.tensor[[[0, 1, 2], [1, 3, 4], [2, 4, 5]][a][b]]
