"""The native engine against closed forms, itself on other grids, and what must be conserved."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.radiotherapy import Radiotherapy
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from solvers.simulate import solve
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Fraction, Plan, chemotherapy
from twin.treatment import Radiotherapy as Course

STILL = 1e-4
"""The smallest proliferation a model may have; over the times used here it grows nothing that matters."""


def medium_of(shape, spacing=(1.0, 1.0, 1.0), domain=None) -> Medium:
    return Medium.of_one_tissue(Grid(shape, spacing), np.ones(shape, bool) if domain is None else domain)


def ball(shape, radius, value=0.8, centre=None) -> np.ndarray:
    centre = [n // 2 for n in shape] if centre is None else centre
    index = np.indices(shape)
    distance2 = sum((i - c) ** 2 for i, c in zip(index, centre, strict=True))
    return np.where(distance2 <= radius**2, value, 0.0)


def irregular(shape, seed=1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    domain = rng.random(shape) < 0.75
    domain[tuple(n // 2 for n in shape)] = True
    return domain


def last(problem, accuracy="standard", threads=1):
    return list(solve(problem, "native", accuracy, threads))[-1]


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (5.0, 1.3, 1.3)])
@pytest.mark.parametrize("accuracy, tolerance", [("fast", 1e-5), ("reference", 1e-10)])
def test_diffusion_alone_keeps_the_mass(spacing, accuracy, tolerance):
    shape = (18, 21, 23)
    domain = irregular(shape)
    medium = medium_of(shape, spacing, domain)
    initial = np.where(domain, np.random.default_rng(0).random(shape), 0)
    model = FisherKPP(diffusivity_mm2_per_day=1.0, proliferation_per_day=STILL)
    result = last(Problem(model, medium, initial, (20.0,)), accuracy)
    grown = 1 + STILL * 20
    assert result.burden_ml() == pytest.approx(initial.sum() / 1000 * np.prod(spacing), rel=grown * STILL * 20)
    still = _without_growth(Problem(model, medium, initial, (20.0,)), accuracy)
    assert still == pytest.approx(initial.sum(), rel=tolerance)


def _without_growth(problem, accuracy) -> float:
    model = replace(problem.model)
    object.__setattr__(model, "proliferation_per_day", 0.0)
    result = last(replace(problem, model=model), accuracy)
    return float(result.values.sum(dtype=float))


@pytest.mark.parametrize("accuracy", ["fast", "standard", "reference"])
def test_values_stay_between_zero_and_one(accuracy):
    rng = np.random.default_rng(7)
    shape = (9, 11, 13)
    for _ in range(20):
        domain = irregular(shape, seed=int(rng.integers(1e6)))
        model = FisherKPP(
            diffusivity_mm2_per_day=10 ** rng.uniform(-3, 0.47), proliferation_per_day=10 ** rng.uniform(-3, -0.31)
        )
        initial = np.where(domain, rng.random(shape) < 0.2, 0).astype(float)
        spacing = tuple(rng.uniform(0.7, 5, 3))
        u = last(Problem(model, medium_of(shape, spacing, domain), initial, (15.0,)), accuracy).values
        assert u.min() >= 0
        assert u.max() <= 1


def test_a_front_moves_at_the_speed_of_the_theory():
    d, rho = 0.4, 0.1
    shape = (1, 1, 420)
    initial = np.zeros(shape)
    initial[..., :20] = 1
    model = FisherKPP(diffusivity_mm2_per_day=d, proliferation_per_day=rho)
    shots = list(solve(Problem(model, medium_of(shape), initial, (400.0, 700.0)), "native", "fast"))
    moved = (shots[1].burden_ml() - shots[0].burden_ml()) * 1000
    t = 550.0
    speed = 2 * math.sqrt(d * rho) - 1.5 * math.sqrt(d / rho) / t
    assert moved / 300 == pytest.approx(speed, rel=0.02)


def test_fractions_at_awkward_times_follow_the_linear_quadratic_law():
    shape = (5, 5, 5)
    plan = Plan((Course(tuple(Fraction(t, 2.0) for t in (0.3, 1.7, 5.55))),))
    effect = Radiotherapy(radiosensitivity_per_gy=0.05)
    rho, u0 = 0.08, 0.3
    model = FisherKPP(proliferation_per_day=rho)
    problem = Problem(model, medium_of(shape), np.full(shape, u0), (1.7, 4.4, 9.0), plan=plan, effects=(effect,))
    for shot in solve(problem, "native", "reference"):
        expected, now = u0, 0.0
        for t in (0.3, 1.7, 5.55):
            if t < shot.day:
                expected, now = _logistic(expected, rho, t - now) * effect.survival(2.0), t
        expected = _logistic(expected, rho, shot.day - now)
        assert shot.cells == pytest.approx(expected, rel=1e-8)


def _logistic(u, rho, t):
    e = math.exp(rho * t)
    return u * e / (1 + u * (e - 1))


def test_the_whole_exposure_of_a_drug_is_felt():
    shape = (5, 5, 5)
    plan = Plan((chemotherapy("temozolomide", 75.0, (0.4, 2.25)),))
    effect = Chemotherapy(chemosensitivity_per_day=2.0)
    model = FisherKPP(proliferation_per_day=STILL)
    problem = Problem(model, medium_of(shape), np.full(shape, 1e-3), (6.1,), plan=plan, effects=(effect,))
    expected = 1e-3 * math.exp(STILL * 6.1 - effect.exposure(plan, 0, 6.1))
    assert last(problem, "fast").cells == pytest.approx(expected, rel=2e-6)


def test_the_window_that_grows_gives_the_answer_of_the_whole_grid():
    shape = (60, 48, 50)
    model = FisherKPP(diffusivity_mm2_per_day=0.5, proliferation_per_day=0.1)
    domain = ball(shape, 23, 1) > 0
    small, scattered = ball(shape, 3), ball(shape, 3)
    scattered[domain & (np.random.default_rng(3).random(shape) < 0.2)] += 1e-12
    shots = [last(Problem(model, medium_of(shape, domain=domain), u, (3.0,)), "standard") for u in (small, scattered)]
    assert shots[0].box != shots[1].box
    difference = np.abs(shots[0].full_cells() - shots[1].full_cells()).max()
    assert difference < 1e-6


def test_nothing_crosses_a_wall_and_an_island_stays_empty():
    shape = (12, 12, 30)
    domain = np.ones(shape, bool)
    domain[:, :, 15] = False
    initial = ball(shape, 3, centre=(6, 6, 6))
    model = FisherKPP(diffusivity_mm2_per_day=1.0, proliferation_per_day=0.2)
    u = last(Problem(model, medium_of(shape, domain=domain), initial, (60.0,))).full_cells()
    assert u[:, :, :15].min() > 0.9
    assert u[:, :, 15:].max() == 0


def test_a_corridor_of_one_voxel_is_passed():
    shape = (9, 9, 40)
    domain = np.zeros(shape, bool)
    domain[:, :, :12] = domain[:, :, 28:] = True
    domain[4, 4] = True
    model = FisherKPP(diffusivity_mm2_per_day=1.0, proliferation_per_day=0.2)
    u = last(Problem(model, medium_of(shape, domain=domain), ball(shape, 2, centre=(4, 4, 5)), (70.0,))).full_cells()
    assert u[:, :, 30:].max() > 0.2
    assert u[~domain].max() == 0


def test_a_cavity_becomes_a_wall():
    from solvers.effect import Jump
    from solvers.engine import engines

    shape = (15, 15, 15)
    medium = medium_of(shape)
    model = FisherKPP(diffusivity_mm2_per_day=1.0, proliferation_per_day=0.1)
    problem = Problem(model, medium, ball(shape, 5), (10.0,))
    stepper = engines["native"]().prepare(problem)
    cavity = ball(shape, 3, 1) > 0
    state = stepper.jump(stepper.start(problem.initial), Jump(0.0, 1.0, cavity))
    state = stepper.advance(state, 0.0, 10.0, lambda a, b: [])
    u = stepper.snapshot(state, 10.0).full_cells()
    assert u[cavity].max() == 0
    assert u[~cavity].max() > 0.2


def test_a_restart_gives_the_same_bits():
    shape = (30, 26, 28)
    domain = irregular(shape, 5)
    plan = Plan((chemotherapy("temozolomide", 75.0, (3.0, 9.5, 12.0)),))
    model = FisherKPP(diffusivity_mm2_per_day=0.3, proliferation_per_day=0.08)
    initial = np.where(domain, ball(shape, 4), 0)
    problem = Problem(model, medium_of(shape, domain=domain), initial, (10.0, 20.0), plan=plan, effects=(Chemotherapy(),))
    first, second = solve(problem, "native", "fast")
    again = last(problem.continued(first, (20.0,)), "fast")
    assert np.array_equal(again.full(), second.full())
