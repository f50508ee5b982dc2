"""A front of Fisher-KPP runs at 2 sqrt(D rho)."""

from __future__ import annotations

import math

import numpy as np

from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from solvers.simulate import solve
from solvers.verification.cases import BOTH
from solvers.verification.table import Row
from twin.grid import Grid
from twin.medium import Medium

DIFFUSIVITY, PROLIFERATION = 2.0, 0.4
FROM_DAY, TO_DAY = 60.0, 120.0


def check(quick: bool) -> list[Row]:
    """The front starts with the decay exp(-sqrt(rho / D) x) of the slowest wave, so that it settles soon."""
    expected = 2.0 * math.sqrt(DIFFUSIVITY * PROLIFERATION)
    engines = BOTH[:1] if quick else BOTH
    return [
        Row(
            "Front speed", f"D {DIFFUSIVITY:g}, rho {PROLIFERATION:g}, {acc}", engine, "speed / 2 sqrt(D rho)", v, 0.98, 1.02
        )
        for engine in engines
        for acc in (("fast", "reference") if engine == "native" else ("fast",))
        for v in [speed(engine, acc) / expected]
    ]


def speed(engine: str, accuracy) -> float:
    """mm/day between the two days, by where u crosses one half."""
    n = 270
    grid = Grid((1, 1, n), (1.0, 1.0, 1.0))
    x = np.arange(n) - 10.0
    start = (1.0 / (1.0 + np.exp(math.sqrt(PROLIFERATION / DIFFUSIVITY) * x)))[None, None]
    model = FisherKPP(diffusivity_mm2_per_day=DIFFUSIVITY, proliferation_per_day=PROLIFERATION)
    problem = Problem(model, Medium.of_one_tissue(grid, np.ones(grid.shape, bool)), start, (FROM_DAY, TO_DAY))
    early, late = (_crossing(s.full_cells()[0, 0]) for s in solve(problem, engine, accuracy))
    return (late - early) / (TO_DAY - FROM_DAY)


def _crossing(u: np.ndarray) -> float:
    k = int(np.flatnonzero(u >= 0.5)[-1])
    return k + float((u[k] - 0.5) / (u[k] - u[k + 1]))
