"""Without growth no cell is made or lost: not at walls, tissue borders, cavities or in corridors."""

from __future__ import annotations

import numpy as np

from solvers.effects.surgery import Surgery
from solvers.models.two_species import TwoSpecies
from solvers.problem import Problem
from solvers.simulate import solve
from solvers.verification.cases import BOTH, Forced, blob, brain_like, last
from solvers.verification.table import Row
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Plan, Resection

LARGE = Grid((9, 24, 26), (5.0, 1.3, 1.3))
SMALL = Grid((5, 9, 10), (5.0, 1.3, 1.3))
DRIFT = "relative change of mass"


def check(quick: bool) -> list[Row]:
    rows = []
    for engine in BOTH:
        medium = brain_like(SMALL if quick or engine == "fipy" else LARGE)
        days = 10.0 if engine == "fipy" else 100.0
        case = f"irregular mask, 1.3 x 1.3 x 5 mm, {days:g} days"
        rows.append(Row("Conservation", case, engine, f"{DRIFT}, double", drift(medium, engine, days), 0.0, 1e-10))
        if engine == "native":
            single = drift(medium, engine, days, "fast")
            rows.append(Row("Conservation", case, engine, f"{DRIFT}, single", single, 0.0, 1e-5))
        rows.append(Row("Conservation", "beside a cavity", engine, DRIFT, cavity_drift(engine), 0.0, 1e-10))
        rows.append(Row("Conservation", "two species sharing room", engine, DRIFT, species_drift(engine), 0.0, 1e-10))
        rows.append(
            Row("Conservation", "tumour lost into walls", engine, "mass in walls", in_walls(medium, engine), 0.0, 0.0)
        )
    return rows


def _still(medium: Medium, days: float) -> Problem:
    start = blob(medium.grid, 6.0) * medium.domain
    return Problem(Forced(0.8, 0.1), medium, start, (days,))


def drift(medium: Medium, engine: str, days: float, accuracy="reference") -> float:
    problem = _still(medium, days)
    before = float(problem.initial.sum(dtype=np.float64))
    return abs(float(last(solve(problem, engine, accuracy)).cells.sum(dtype=np.float64)) / before - 1.0)


def in_walls(medium: Medium, engine: str) -> float:
    problem = _still(medium, 5.0)
    return float(np.abs(last(solve(problem, engine, "fast")).full_cells()[~medium.domain]).max())


def cavity_drift(engine: str) -> float:
    """From just after the operation on."""
    medium = brain_like(SMALL)
    cavity = np.zeros(SMALL.shape, bool)
    cavity[2, 3:6, 3:6] = True
    start = blob(SMALL, 6.0) * medium.domain
    plan = Plan((Resection(1.0, cavity),))
    days = (1.0 + 1e-9, 10.0)
    shots = solve(Problem(Forced(0.8, 0.1), medium, start, days, plan=plan, effects=(Surgery(),)), engine, "reference")
    after, late = (float(s.cells.sum(dtype=np.float64)) for s in shots)
    return abs(late / after - 1.0)


def species_drift(engine: str) -> float:
    """The largest drift of either species of the two-species model, its reaction switched off."""
    medium = brain_like(SMALL)
    model = TwoSpecies(transition_per_day=0.0)
    for name in ("proliferation_per_day", "enhancing_proliferation_per_day"):
        object.__setattr__(model, name, 0.0)
    start = np.stack([blob(SMALL, 5.0, 0.6), blob(SMALL, 8.0, 0.4)]) * medium.domain
    shot = last(solve(Problem(model, medium, start, (5.0,)), engine, "reference"))
    sums = (0.0 + shot.values).sum(axis=(1, 2, 3)), start.sum(axis=(1, 2, 3))
    return float(np.abs(sums[0] / sums[1] - 1.0).max())
