"""Two engines, one answer: every model and every effect on the same irregular problem."""

from __future__ import annotations

import numpy as np

from solvers.effect import TherapyEffect
from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.immunotherapy import Immunotherapy
from solvers.effects.radiotherapy import Radiotherapy
from solvers.effects.surgery import Surgery
from solvers.model import models
from solvers.problem import Problem
from solvers.simulate import solve
from solvers.verification.cases import BOTH, blob, brain_like, last, places, relative_l2
from solvers.verification.table import Row
from twin.grid import Grid
from twin.treatment import Plan, Resection, chemotherapy, radiotherapy

GRID = Grid((7, 14, 13), (3.0, 1.3, 1.5))
SMALL = Grid((5, 9, 9), (3.0, 1.3, 1.5))
LIMITS = {"fast": 1e-2, "reference": 1e-3}


def check(quick: bool) -> list[Row]:
    """Relative L2 difference of the whole state; FiPy at its reference accuracy is taken as the truth."""
    rows: list[Row] = []
    if len(BOTH) < 2:
        return rows
    for case, problem in problems(SMALL if quick else GRID, 4.0 if quick else 12.0).items():
        if quick and case not in ("fisher-kpp, all effects", "two-species", "mechanical"):
            continue
        truth = last(solve(problem, "fipy", "standard" if quick else "reference")).full()
        for accuracy, limit in LIMITS.items():
            found = last(solve(problem, "native", accuracy)).full()  # type: ignore[arg-type]
            what = f"relative L2 difference, {accuracy}"
            rows.append(Row("Two engines", case, "both", what, relative_l2(found, truth), 0.0, limit))
    return rows


def effects(grid: Grid) -> dict[str, tuple[TherapyEffect, ...]]:
    """Every effect, alone and with its options."""
    _, y, x = places(grid)
    oxygen = 20.0 * np.exp(-(x**2 + y**2) / 50.0)
    every = (Radiotherapy(clearance_days=14.0, sensitisation=1.5), Chemotherapy(), Immunotherapy(), Surgery())
    return {
        "radiotherapy with a dose map": (Radiotherapy(),),
        "radiotherapy, oxygen and alpha/beta by tissue": (
            Radiotherapy(oxygen_mmhg=oxygen, alpha_beta_by_tissue={"grey": 3.0}),
        ),
        "chemotherapy with a delivery map": (Chemotherapy(2.0, delivery_map=1.0 + 0.5 * np.sin(x)),),
        "immunotherapy": (Immunotherapy(effector_kill_per_day=0.4),),
        "surgery": (Surgery(margin_mm=2.0, residual_fraction=0.2),),
        "all effects": every,
    }


def problems(grid: Grid, days: float) -> dict[str, Problem]:
    medium = brain_like(grid)
    start = blob(grid, 5.0) * medium.domain
    plan = schedule(grid)
    found = {name: Problem(cls(), medium, start, (days,)) for name, cls in models}
    fisher = models["fisher-kpp"]()
    for name, chosen in effects(grid).items():
        found[f"fisher-kpp, {name}"] = Problem(fisher, medium, start, (days,), plan=plan, effects=chosen)
    for name in ("two-species", "nutrient-necrosis"):
        every = effects(grid)["all effects"]
        found[f"{name}, all effects"] = Problem(models[name](), medium, start, (days,), plan=plan, effects=every)
    return found


def schedule(grid: Grid) -> Plan:
    """Fractions with a dose map, daily drug, one immune dose, an operation: all at uneven clock times."""
    z, y, x = places(grid)
    cavity = (np.abs(x - 2.0) < 2.0) & (np.abs(y) < 2.0) & (np.abs(z) < 4.0)
    dose = np.exp(-(x**2 + y**2 + z**2) / 200.0)
    return Plan(
        (
            radiotherapy(1.3, 8.0, 4, relative_dose=dose),
            chemotherapy("temozolomide", 75.0, [1.3, 2.3, 3.3]),
            chemotherapy("pembrolizumab", 200.0, [2.1]),
            Resection(3.05, cavity),
        )
    )
