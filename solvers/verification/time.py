"""Order in time: every model, by the change from one step length to its half on a grid that stays the same."""

from __future__ import annotations

import math

import numpy as np

from solvers.companion import extended
from solvers.effect import TherapyEffect
from solvers.effects.immunotherapy import Immunotherapy
from solvers.engine import engines
from solvers.model import GrowthModel, models
from solvers.models.exponential import Exponential
from solvers.problem import Problem
from solvers.verification.cases import BOTH, blob, march
from solvers.verification.table import Row
from twin.grid import Grid
from twin.medium import Medium

GRID = Grid((1, 1, 24), (1.0, 1.0, 1.0))
GROWTH = 0.2
"""The march takes this over the fastest reaction rate: then ``STEPS`` and more steps are shorter than the engine's own."""

STEPS = {"native": 128, "fipy": 8}


def check(quick: bool) -> list[Row]:
    """log2 of the ratio of two successive changes, for every model (and one with effector cells) on every engine."""
    problems = {name: problem(_uneven(cls())) for name, cls in models}
    problems["fisher-kpp with effectors"] = problem(models["fisher-kpp"](), (Immunotherapy(),))
    pairs = [(name, engine) for name in problems for engine in BOTH]
    wanted = [(n, e) for n, e in pairs if not quick or e == "native" or n == "fisher-kpp"]
    return [_row(name, problems[name], engine) for name, engine in wanted]


def _row(name: str, problem: Problem, engine: str) -> Row:
    declared = engines[engine].order_in_time
    return Row("Order in time", name, engine, "order", observed_order(problem, engine), declared - 0.1, declared + 0.1)


def observed_order(problem: Problem, engine: str) -> float:
    """From three step lengths, each half the one before."""
    a, b, c = (march(problem, engine, "reference", STEPS[engine] * k) for k in (1, 2, 4))
    return math.log2(float(np.linalg.norm(a - b)) / float(np.linalg.norm(b - c)))


def _uneven(model: GrowthModel) -> GrowthModel:
    """Exponential growth commutes with diffusion unless its rate differs from place to place."""
    if not isinstance(model, Exponential):
        return model
    return Exponential(net_rate_per_day=0.05 * (1.0 + 0.5 * np.cos(2 * math.pi * _x())))  # type: ignore[arg-type]


def _x() -> np.ndarray:
    return ((np.arange(GRID.shape[2]) + 0.5) / GRID.shape[2])[None, None]


def problem(model: GrowthModel, effects: tuple[TherapyEffect, ...] = ()) -> Problem:
    """Smooth tissue, smooth cells, every species present."""
    white = 0.5 + 0.4 * np.cos(math.pi * _x())
    medium = Medium(GRID, np.ones(GRID.shape, bool), {"white": white, "grey": 1.0 - white})
    whole = extended(model, effects)
    start = np.stack([blob(GRID, 8.0, 0.3)] * len(whole.species))
    return Problem(model, medium, start, (GROWTH / whole.accuracy_rate,), effects=effects)
