"""Positivity and u <= 1 over random parameters, media, tumours and treatments."""

from __future__ import annotations

import math

import numpy as np

from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.radiotherapy import Radiotherapy
from solvers.model import GrowthModel, models
from solvers.problem import Problem
from solvers.simulate import solve
from solvers.verification.cases import BOTH
from solvers.verification.table import Row
from twin.errors import OncotwinError
from twin.grid import Grid, triple
from twin.medium import Medium
from twin.parameter import declared
from twin.treatment import Plan, chemotherapy, radiotherapy

DRAWS = {"native": (60, 10_000), "fipy": (3, 40)}
"""engine -> draws for each model, quick and full."""

ROUNDING = {"native": 1e-6, "fipy": 1e-12}
"""What single or double precision may add to 1."""


def check(quick: bool) -> list[Row]:
    rows = []
    for engine in BOTH:
        draws = DRAWS[engine][0 if quick else 1]
        for name, cls in models:
            lowest, highest, failed = extremes(cls, engine, draws)
            case = f"{name}, {draws} draws"
            rows += [
                Row("Bounds", case, engine, "lowest value", lowest, 0.0, 1.0),
                Row("Bounds", case, engine, "highest total - 1", highest - 1.0, -1.0, ROUNDING[engine]),
                Row("Bounds", case, engine, "runs that failed", failed, 0.0, 0.0),
            ]
    return rows


def extremes(cls: type[GrowthModel], engine: str, draws: int) -> tuple[float, float, int]:
    """(lowest value of any species, highest total of those that share room, runs that raised) over the draws."""
    lowest, highest, failed = math.inf, -math.inf, 0
    sharing = list(cls.crowding or cls.tumour_species)
    for seed in range(draws):
        try:
            for shot in solve(problem(cls, np.random.default_rng(seed)), engine, "fast"):
                lowest = min(lowest, float(shot.values.min()))
                highest = max(highest, float(shot.values[sharing].sum(axis=0).max()))
        except OncotwinError:
            failed += 1
    return lowest, highest, failed


def drawn(cls: type[GrowthModel], rng: np.random.Generator) -> GrowthModel:
    """Numbers from all over their ranges, logarithmically where the range is positive."""
    return cls(**{p.name: _number(p.low, p.high, rng) for p in declared(cls)})


def _number(low: float, high: float, rng: np.random.Generator) -> float:
    return math.exp(rng.uniform(math.log(low), math.log(high))) if low > 0 else float(rng.uniform(low, high))


def problem(cls: type[GrowthModel], rng: np.random.Generator) -> Problem:
    """A few voxels of any spacing, half of them wall at random, sharp edges, strong drugs and large fractions."""
    grid = Grid((2, 3, 4), triple(float(h) for h in np.exp(rng.uniform(math.log(0.5), math.log(5.0), 3))))
    domain = rng.uniform(size=grid.shape) < rng.uniform(0.5, 1.0)
    domain[0, 0, 0] = True
    white = rng.uniform(size=grid.shape) * domain
    medium = Medium.of_fractions(grid, {"white": white, "grey": domain * 1.0 - white})
    cells = rng.uniform(size=grid.shape) * (rng.uniform(size=grid.shape) < 0.7) * domain
    plan = Plan(
        (
            radiotherapy(float(rng.uniform(0, 1)), float(rng.uniform(0, 40)), 2),
            chemotherapy("temozolomide", float(rng.uniform(0, 750)), [float(rng.uniform(0, 2))]),
        )
    )
    model = drawn(cls, rng)
    effects = (Radiotherapy(radiosensitivity_per_gy=_number(0.001, 0.15, rng)), Chemotherapy(_number(1e-3, 5.0, rng)))
    return Problem(model, medium, cells, (1.0, float(rng.uniform(1.5, 5.0))), plan=plan, effects=effects)
