"""Limits with a closed form: logistic growth, linear-quadratic kill, drug exposure, and all of them at awkward times."""

from __future__ import annotations

import math

import numpy as np

from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.radiotherapy import Radiotherapy
from solvers.model import GrowthModel
from solvers.models.exponential import Exponential
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from solvers.simulate import solve
from solvers.verification.cases import BOTH, last
from solvers.verification.table import Row
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Fraction, Plan, chemotherapy
from twin.treatment import Radiotherapy as Course

AWKWARD_DAYS = (0.3, 1.7, 5.55)
STEPS_DAYS = (1.0, 0.3, 0.7)
END, START = 7.0, 0.2
GRID = Grid((1, 3, 4), (3.0, 1.0, 1.0))
FRACTIONS = Course(tuple(Fraction(day, 2.0) for day in AWKWARD_DAYS))
ERROR = "relative error"


def check(quick: bool) -> list[Row]:
    rows = []
    for engine in BOTH:
        rows.append(Row("Closed forms", "logistic growth, 7 days", engine, ERROR, logistic_error(engine), 0.0, 1e-8))
        rows.append(Row("Closed forms", "linear-quadratic kill, 3 x 2 Gy", engine, ERROR, kill_error(engine), 0.0, 1e-8))
        rows.append(Row("Closed forms", "one dose of temozolomide", engine, ERROR, drug_error(engine), 0.0, 1e-8))
        for step in STEPS_DAYS:
            case = f"fractions at {', '.join(map(str, AWKWARD_DAYS))} d, steps of {step:g} d"
            rows.append(Row("Closed forms", case, engine, ERROR, awkward_error(engine, step), 0.0, 1e-8))
    return rows


def logistic_error(engine: str) -> float:
    exact = 1.0 / (1.0 + (1.0 / START - 1.0) * math.exp(-0.1 * END))
    return abs(_run(FisherKPP(proliferation_per_day=0.1), engine, Plan(), ()) / exact - 1.0)


def kill_error(engine: str) -> float:
    exact = START * math.exp(-3 * 0.1 * 2.0 * 1.2)
    effect = Radiotherapy(radiosensitivity_per_gy=0.1)
    return abs(_run(Exponential(net_rate_per_day=0.0), engine, Plan((FRACTIONS,)), (effect,)) / exact - 1.0)


def drug_error(engine: str) -> float:
    decay = math.log(2.0) * 24.0 / 1.8
    exact = START * math.exp(-0.02 * END - 2.0 / decay * (1.0 - math.exp(-decay * (END - 1.3))))
    plan = Plan((chemotherapy("temozolomide", 75.0, [1.3]),))
    effect = Chemotherapy(chemosensitivity_per_day=2.0)
    return abs(_run(Exponential(net_rate_per_day=-0.02), engine, plan, (effect,)) / exact - 1.0)


def awkward_error(engine: str, step: float) -> float:
    """Logistic growth between fractions, the output days (and so the steps) ``step`` apart."""
    rate, u, now = 0.1, START, 0.0
    survival = math.exp(-0.1 * 2.0 * 1.2)
    for day in (*AWKWARD_DAYS, END):
        u = 1.0 / (1.0 + (1.0 / u - 1.0) * math.exp(-rate * (day - now)))
        u, now = (u * survival if day < END else u), day
    days = (*tuple(float(d) for d in np.arange(step, END - 1e-06, step)), END)
    effect = Radiotherapy(radiosensitivity_per_gy=0.1)
    return abs(_run(FisherKPP(proliferation_per_day=rate), engine, Plan((FRACTIONS,)), (effect,), days) / u - 1.0)


def _run(model: GrowthModel, engine: str, plan: Plan, effects: tuple, days: tuple[float, ...] = (END,)) -> float:
    """The value furthest from the mean, of a field that starts uniform and must stay so."""
    medium = Medium.of_one_tissue(GRID, np.ones(GRID.shape, bool))
    problem = Problem(model, medium, np.full(GRID.shape, START), days, plan=plan, effects=effects)
    cells = last(solve(problem, engine, "reference")).full_cells().astype(float).ravel()
    return float(cells[np.argmax(np.abs(cells - cells.mean()))])
