"""The discrete adjoint against differences of the native engine's own solutions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from solvers.adjoint.gradient import gradient, values_at
from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.radiotherapy import Radiotherapy
from solvers.model import models
from solvers.problem import Problem
from solvers.simulate import solve
from twin.errors import UsageError
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Chemotherapy as Drug
from twin.treatment import DrugDose, Fraction, Plan
from twin.treatment import Radiotherapy as Beam

SHAPE = (6, 9, 10)
RNG = np.random.default_rng(0)
RATE = 0.05 + 0.01 * RNG.standard_normal(SHAPE)
RATE[0, 0, 0] = 0.12
"""The fastest voxel, which decides the length of the steps, stays as it is in every difference."""


def problem(model: str = "fisher-kpp", **changed) -> Problem:
    grid = Grid(SHAPE, (5.0, 1.3, 1.5))
    white = RNG.integers(0, 2, SHAPE).astype(np.float32) if not hasattr(problem, "white") else problem.white
    problem.white = white
    medium = Medium(grid, np.ones(SHAPE, bool), {"white": white, "grey": 1 - white})
    z, y, x = np.indices(SHAPE)
    start = 0.8 * np.exp(-(((z - 3) / 1.5) ** 2 + ((y - 4) / 2) ** 2 + ((x - 5) / 2.5) ** 2))
    own = {k: v for k, v in changed.items() if k not in ("chemosensitivity_per_day", "radiosensitivity_per_gy")}
    dose = np.where(x < 5, 1.0, 0.5).astype(np.float32)
    plan = Plan(
        (
            Beam((Fraction(3.0, 2.0), Fraction(4.0, 2.0)), relative_dose=dose),
            Beam((Fraction(8.0, 2.0),)),
            Drug((DrugDose(5.0, "temozolomide", 150.0), DrugDose(6.0, "doxorubicin", 60.0)), "drugs"),
        )
    )
    effects = (
        Chemotherapy(chemosensitivity_per_day=changed.get("chemosensitivity_per_day", 0.3)),
        Radiotherapy(radiosensitivity_per_gy=changed.get("radiosensitivity_per_gy", 0.03)),
    )
    return Problem(models[model](**own), medium, start, (7.0, 12.0), 0.0, plan, effects)


def cost(states):
    residuals = [u - 0.3 for u in states]
    return 0.5 * sum(float((r**2).sum()) for r in residuals), residuals


def solved(p: Problem) -> float:
    return cost([s.full_cells().astype(float) for s in solve(p, "native", "reference")])[0]


def slope(name: str, at, size: float, direction=1.0, **others) -> float:
    """Central differences of order four."""

    def between(h):
        up, down = (solved(problem(**{name: at + s * h * direction}, **others)) for s in (1, -1))
        return (up - down) / (2 * h)

    return (4 * between(size) - between(2 * size)) / 3


def test_the_adjoint_takes_the_engines_own_steps():
    p = problem(proliferation_per_day=RATE)
    engine = [s.full_cells() for s in solve(p, "native", "reference")]
    for own, theirs in zip(values_at(p, "reference"), engine, strict=True):
        assert np.abs(own - theirs).max() < 1e-12


@pytest.mark.parametrize(
    ("name", "at", "size"),
    [
        ("diffusivity_mm2_per_day", 0.2, 2e-4),
        ("slow_tissue_ratio", 0.3, 1e-3),
        ("chemosensitivity_per_day", 0.3, 1e-3),
        ("radiosensitivity_per_gy", 0.03, 1e-2),
    ],
)
def test_slopes_in_numbers_agree_with_differences(name, at, size):
    found = gradient(problem(proliferation_per_day=RATE, **{name: at}), cost, accuracy="reference").numbers[name]
    assert found == pytest.approx(slope(name, at, size, proliferation_per_day=RATE), rel=1e-5)


def test_the_slope_in_a_field_agrees_in_any_direction():
    direction = RNG.standard_normal(SHAPE)
    direction[0, 0, 0] = 0
    found = gradient(problem(proliferation_per_day=RATE), cost, ("proliferation_per_day",), "reference")
    expected = slope("proliferation_per_day", RATE, 1e-3, direction)
    assert float((found.numbers["proliferation_per_day"] * direction).sum()) == pytest.approx(expected, rel=1e-5)


def test_the_slope_in_the_first_state_agrees():
    p, direction = problem(), RNG.standard_normal(SHAPE)
    found = float((gradient(p, cost, ("proliferation_per_day",), "reference").initial[0] * direction).sum())
    h = 1e-3 * p.initial[0]
    up, down = (solved(replace(p, initial=p.initial + s * h * direction)) for s in (1, -1))
    scaled = float((gradient(p, cost, ("proliferation_per_day",), "reference").initial[0] * direction * h).sum())
    assert np.isfinite(found) and scaled == pytest.approx((up - down) / 2, rel=1e-5)


@pytest.mark.parametrize("model", ["gompertz", "exponential"])
def test_every_law_with_linear_diffusion_has_slopes(model):
    name = {"gompertz": "retardation_per_day", "exponential": "net_rate_per_day"}[model]
    found = gradient(problem(model), cost, ("diffusivity_mm2_per_day", name), "reference").numbers
    h = 1e-4
    up, down = (solved(problem(model, diffusivity_mm2_per_day=0.13 + s * h)) for s in (1, -1))
    assert found["diffusivity_mm2_per_day"] == pytest.approx((up - down) / (2 * h), rel=1e-5)


def test_a_model_whose_cells_crowd_is_refused_with_a_remedy():
    with pytest.raises(UsageError, match="no gradient") as caught:
        gradient(problem("two-species"), cost)
    assert "fisher-kpp" in caught.value.remedy
