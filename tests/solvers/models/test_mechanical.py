"""Elasticity against closed forms, and what stress does to invasion."""

from __future__ import annotations

import numpy as np
import pytest

from solvers import mechanics
from solvers.models.fisher_kpp import FisherKPP
from solvers.models.mechanical import Mechanical
from solvers.problem import Problem
from solvers.simulate import solve
from twin.grid import Grid
from twin.medium import Medium


def test_lame_parameters():
    assert mechanics.lame(3.0, 0.25) == pytest.approx((1.2, 1.2))
    shear, first = mechanics.lame(10.0, 0.45)
    assert shear == pytest.approx(10.0 / 2.9)
    assert first + 2 / 3 * shear == pytest.approx(10.0 / (3 * (1 - 0.9)))


def test_a_confined_column_is_solved_exactly():
    n, stiffness, poisson = 40, 3.0, 0.4
    pressure = 2.0 * np.exp(-((((np.arange(n) + 0.5) / n - 0.5) / 0.15) ** 2))
    shear, first = mechanics.lame(stiffness, poisson)
    expected = 2 * shear * np.abs(pressure - pressure.mean()) / (2 * shear + first)
    tissue = np.ones((1, 1, n), bool)
    found = mechanics.von_mises(np.full(tissue.shape, stiffness), pressure[None, None], tissue, (1.0, 1.0, 1.0), poisson)
    assert found[0, 0] == pytest.approx(expected, abs=1e-5)


def test_a_pressed_ball_in_a_large_body_follows_eshelby():
    """Outside a dilating ball of radius a the displacement goes as 1/r2, so sigma_vm = 6 G (a / r)3 e_m."""
    n, a, poisson, stiffness, pressure = 32, 5.0, 0.3, 3.0, 2.0
    places = np.indices((n, n, n)) - (n - 1) / 2
    r = np.sqrt((places**2).sum(axis=0))
    shear, first = mechanics.lame(stiffness, poisson)
    ball = np.clip(a - r + 0.5, 0, 1)
    tissue = np.ones(r.shape, bool)
    found = mechanics.von_mises(np.full(r.shape, stiffness), pressure * ball, tissue, (1.0, 1.0, 1.0), poisson)
    strain = pressure / (3 * (2 * shear + first))
    shell = (r > 6.5) & (r < 8.5)
    assert found[shell].mean() == pytest.approx((6 * shear * strain * (a / r[shell]) ** 3).mean(), rel=0.05)
    assert found[r < 2].max() < 0.1 * found[shell].mean()


def test_uniform_pressure_raises_no_stress():
    tissue = np.ones((4, 5, 6), bool)
    found = mechanics.von_mises(np.full(tissue.shape, 2.0), np.full(tissue.shape, 3.0), tissue, (1.0, 2.0, 1.5), 0.45)
    assert found.max() < 1e-5


def test_stress_slows_the_front_and_no_stress_is_fisher_kpp():
    grid = Grid((1, 9, 40), (1.0, 1.0, 1.0))
    medium = Medium.of_one_tissue(grid, np.ones(grid.shape, bool))
    start = np.zeros(grid.shape)
    start[:, 3:6, :5] = 0.8

    def burden(model) -> float:
        return next(iter(solve(Problem(model, medium, start, (15.0,)), "fipy", "fast"))).burden_ml()

    same = dict(diffusivity_mm2_per_day=0.5, proliferation_per_day=0.2)
    plain = burden(FisherKPP(**same))
    assert burden(Mechanical(damping_per_kpa=0.0, **same)) == pytest.approx(plain, rel=1e-6)
    assert burden(Mechanical(damping_per_kpa=5.0, **same)) < 0.97 * plain


def test_stress_does_not_depend_on_the_box_around_the_tumour():
    grid = Grid((50, 50, 50), (1.0, 1.0, 1.0))
    medium = Medium.of_one_tissue(grid, np.ones(grid.shape, bool))
    places = np.indices(grid.shape) - 25
    cells = np.exp(-(places**2).sum(axis=0) / 12)
    box = (slice(3, 47),) * 3
    whole = Mechanical().damping(cells, medium)
    part = Mechanical().damping(cells[box], medium.crop(box))
    assert part == pytest.approx(whole[box], abs=1e-12)
    assert 0.5 < whole.min() < 0.99
