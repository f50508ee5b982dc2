"""The linear-quadratic model, dose maps, oxygen, tissue, sensitisation and dying cells."""

from __future__ import annotations

import math

import numpy as np
import pytest

from solvers.effects.radiotherapy import Radiotherapy
from solvers.models.exponential import Exponential
from solvers.problem import Problem
from solvers.simulate import solve
from solvers.volume import simulate_volume
from twin.errors import DataRefused
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Plan, chemotherapy, radiotherapy

GRID = Grid((1, 2, 3), (1.0, 1.0, 1.0))
WHITE = np.array([[[1, 1, 0], [1, 0, 0]]], np.float32)
MEDIUM = Medium.of_fractions(GRID, {"white": WHITE, "grey": 1 - WHITE})
TWO_GY = Plan((radiotherapy(1.0, 2.0, 1),))


def survival(effect: Radiotherapy, plan: Plan = TWO_GY, medium: Medium = MEDIUM):
    (jump,) = effect.jumps(plan, medium)
    return jump.survival


def test_survival_is_linear_quadratic():
    assert survival(Radiotherapy(radiosensitivity_per_gy=0.1)) == pytest.approx(math.exp(-0.1 * 2 * 1.2), rel=1e-12)


def test_a_dose_map_scales_the_dose_voxel_by_voxel():
    relative = np.linspace(0, 1, 6).reshape(GRID.shape)
    plan = Plan((radiotherapy(1.0, 2.0, 1, relative_dose=relative),))
    dose = 2.0 * relative
    assert survival(Radiotherapy(radiosensitivity_per_gy=0.1), plan) == pytest.approx(
        np.exp(-0.1 * dose * (1 + dose / 10)), rel=1e-6
    )


@pytest.mark.parametrize("bad", [np.ones((2, 2, 2)), np.full(GRID.shape, np.nan), -np.ones(GRID.shape)])
def test_a_dose_map_on_another_grid_or_with_bad_numbers_is_refused_before_any_step(bad):
    plan = Plan((radiotherapy(1.0, 2.0, 1, relative_dose=bad),))
    problem = Problem(Exponential(), MEDIUM, 0.5 * np.ones(GRID.shape), (2.0,), plan=plan, effects=(Radiotherapy(),))
    with pytest.raises(DataRefused, match="dose map"):
        list(solve(problem, "native"))


def test_alpha_beta_by_tissue():
    effect = Radiotherapy(radiosensitivity_per_gy=0.1, alpha_beta_by_tissue={"white": 2.0})
    expected = np.where(WHITE == 1, math.exp(-0.2 * 2.0), math.exp(-0.2 * 1.2))
    assert survival(effect) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("wrong", [{"wite": 2.0}, {"white": 0.0}])
def test_alpha_beta_of_an_unknown_tissue_is_refused(wrong):
    with pytest.raises(DataRefused, match="alpha/beta by tissue"):
        survival(Radiotherapy(alpha_beta_by_tissue=wrong))


def test_cells_without_oxygen_feel_a_third_of_the_dose():
    oxygen = np.array([[[0.0, 3.0, 1e6], [0.0, 3.0, 1e6]]])
    effect = Radiotherapy(radiosensitivity_per_gy=0.1, oxygen_mmhg=oxygen)
    dose = 2.0 * np.array([1 / 3, 2 / 3, 1.0])
    assert survival(effect)[0, 0] == pytest.approx(np.exp(-0.1 * dose * (1 + dose / 10)), rel=1e-5)
    with pytest.raises(DataRefused, match="oxygen map has shape"):
        survival(Radiotherapy(oxygen_mmhg=np.ones((3, 3, 3))))


def test_temozolomide_present_at_the_fraction_sensitises():
    together = TWO_GY + Plan((chemotherapy("temozolomide", 75.0, [1.0]),))
    later = TWO_GY + Plan((chemotherapy("temozolomide", 75.0, [1.5]),))
    other = TWO_GY + Plan((chemotherapy("doxorubicin", 60.0, [1.0]),))
    half_life_before = TWO_GY + Plan((chemotherapy("temozolomide", 75.0, [1.0 - 1.8 / 24]),))
    effect = Radiotherapy(radiosensitivity_per_gy=0.1, sensitisation=1.5)
    assert survival(effect, together) == pytest.approx(math.exp(-0.15 * 2.4))
    assert survival(effect, half_life_before) == pytest.approx(math.exp(-0.125 * 2.4))
    assert survival(effect, later) == survival(effect, other) == pytest.approx(math.exp(-0.1 * 2.4))


def test_dying_cells_stay_visible_and_are_cleared():
    effect = Radiotherapy(radiosensitivity_per_gy=0.15, clearance_days=10.0)
    still = Exponential(net_rate_per_day=0.0)
    found = simulate_volume(still, 5.0, 10.0, (1.0, 1.0 + 1e-9, 11.0), TWO_GY, (effect,))
    left = math.exp(-0.15 * 2.4)
    assert found.volume_ml.values == pytest.approx([5.0, 5 * left, 5 * left])
    assert found.visible_ml.values == pytest.approx([5.0, 5.0, 5 * left + 5 * (1 - left) * math.exp(-1)], rel=1e-7)


@pytest.mark.parametrize("engine", ["native", "fipy"])
def test_pseudoprogression_is_seen_in_the_volume_but_not_in_the_burden(engine):
    start = 0.3 * np.ones(GRID.shape)
    effects = (Radiotherapy(radiosensitivity_per_gy=0.15, clearance_days=50.0),)
    plan = Plan((radiotherapy(0.5, 10.0, 5),))
    problem = Problem(Exponential(net_rate_per_day=0.05), MEDIUM, start, (8.0,), plan=plan, effects=effects)
    (shot,) = solve(problem, engine, "fast")
    assert shot.volume_ml(0.25) == pytest.approx(GRID.size * GRID.voxel_ml)
    assert (shot.cells > 0.25).sum() == 0


def test_without_clearance_there_is_no_further_species():
    problem = Problem(Exponential(), MEDIUM, 0.5 * np.ones(GRID.shape), (2.0,), plan=TWO_GY, effects=(Radiotherapy(),))
    assert problem.model.species == ("cells",)


def test_two_fractions_on_one_day_stay_two():
    plan = Plan((radiotherapy(1.0, 2.0, 1), radiotherapy(1.0, 2.0, 1)))
    found = simulate_volume(Exponential(net_rate_per_day=0.0), 1.0, 10.0, (2.0,), plan, (Radiotherapy(),))
    assert float(found.volume_ml[0]) == pytest.approx(math.exp(-2 * 0.025 * 2.4), rel=1e-10)
