"""The reference engine against closed forms and its own promises."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.radiotherapy import Radiotherapy
from solvers.engines import fipy as engine
from solvers.engines.fipy_diffusion import Diffusion
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from solvers.simulate import solve
from twin.errors import SolverError, UsageError
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Plan, chemotherapy, radiotherapy

GRID = Grid((6, 9, 11), (2.0, 1.0, 1.3))


def ball(grid: Grid, radius_mm: float = 5.0) -> np.ndarray:
    centre = [(n - 1) / 2 * h for n, h in zip(grid.shape, grid.spacing_mm, strict=True)]
    places = np.meshgrid(*[np.arange(n) * h for n, h in zip(grid.shape, grid.spacing_mm, strict=True)], indexing="ij")
    return sum((p - c) ** 2 for p, c in zip(places, centre, strict=True)) < radius_mm**2


def two_tissues() -> Medium:
    domain = ball(GRID)
    right = np.arange(GRID.shape[2]) > 5
    return Medium.of_fractions(GRID, {"white": (domain & right) * 1.0, "grey": (domain & ~right) * 1.0})


def last(problem: Problem, accuracy="standard"):
    return list(solve(problem, "fipy", accuracy))[-1]


def test_mass_is_kept_to_1e_10_where_nothing_grows():
    medium = two_tissues()
    start = np.random.default_rng(0).uniform(0, 1, GRID.shape) * medium.domain
    still = FisherKPP(diffusivity_mm2_per_day=0.8)
    object.__setattr__(still, "proliferation_per_day", 0.0)
    shot = last(Problem(still, medium, start, (10.0,)))
    assert shot.burden_ml() == pytest.approx(start.sum() * GRID.voxel_ml, rel=1e-10)


def test_a_full_voxel_field_follows_the_logistic_curve():
    medium = Medium.of_one_tissue(GRID, ball(GRID))
    start = 0.2 * medium.domain
    shot = last(Problem(FisherKPP(proliferation_per_day=0.1), medium, start, (20.0,)), "reference")
    expected = 1.0 / (1.0 + 4.0 * math.exp(-2.0))
    assert shot.full_cells()[medium.domain] == pytest.approx(expected, rel=1e-8)


def test_a_fraction_and_a_drug_kill_exactly_whatever_the_step():
    medium = Medium.of_one_tissue(GRID, ball(GRID))
    plan = Plan((radiotherapy(0.3, 4.0, 2), chemotherapy("temozolomide", 75.0, [0.71])))
    effects = (Radiotherapy(), Chemotherapy())
    model = FisherKPP(proliferation_per_day=1e-4)
    shot = last(Problem(model, medium, 0.5 * medium.domain, (5.0,), plan=plan, effects=effects))
    decay = 24 * math.log(2) / 1.8
    drug = 0.3 * (1 - math.exp(-decay * (5 - 0.71))) / decay
    expected = 0.5 * math.exp(-2 * 0.025 * 2 * 1.2 - drug)
    assert shot.full_cells()[medium.domain] == pytest.approx(expected, rel=1e-3)


def test_walls_stay_empty_and_the_maximum_principle_holds():
    medium = two_tissues()
    start = np.zeros(GRID.shape)
    start[3, 4, 5] = 1.0
    shot = last(Problem(FisherKPP(diffusivity_mm2_per_day=3.0, proliferation_per_day=0.3), medium, start, (3.0,)), "fast")
    cells = shot.full_cells()
    assert cells[~medium.domain].max() == 0 and cells.min() >= 0 and cells.max() <= 1


def test_the_submesh_widens_before_the_tumour_reaches_its_edge(monkeypatch):
    monkeypatch.setattr(engine, "WHOLE_MASK", 10)
    monkeypatch.setattr(engine, "MARGIN_MM", 3.0)
    grid = Grid((1, 1, 60), (1.0, 1.0, 1.0))
    medium = Medium.of_one_tissue(grid, np.ones(grid.shape, bool))
    start = np.zeros(grid.shape)
    start[0, 0, 5] = 0.5
    problem = Problem(FisherKPP(proliferation_per_day=0.2), medium, start, (20.0,))
    cropped = last(problem).full_cells()
    monkeypatch.setattr(engine, "WHOLE_MASK", 100)
    assert cropped == pytest.approx(last(problem).full_cells(), abs=1e-5)


def test_sdirk2_is_of_second_order_in_time():
    grid = Grid((1, 1, 16), (1.0, 1.0, 1.0))
    cells = np.ones(grid.shape, bool)
    diffusion = Diffusion(cells, grid.spacing_mm, np.full((1, *grid.shape), 1.0))
    wave = 0.5 + 0.4 * np.cos(math.pi * (np.arange(16) + 0.5) / 16)
    rate = 4.0 * math.sin(math.pi / 32) ** 2
    exact = 0.5 + 0.4 * np.cos(math.pi * (np.arange(16) + 0.5) / 16) * math.exp(-rate * 16.0)

    def error(count: int) -> float:
        values = wave[None]
        for _ in range(count):
            values = diffusion.step(values, 16.0 / count)
        return float(np.abs(values[0] - exact).max())

    assert math.log2(error(8) / error(16)) == pytest.approx(2.0, abs=0.1)


def test_several_species_share_the_room_and_keep_their_masses():
    medium = two_tissues()
    rng = np.random.default_rng(3)
    total = rng.uniform(0.5, 1.0, GRID.shape) * medium.domain
    share = rng.uniform(0, 1, GRID.shape)
    start = np.stack([total * share, total * (1 - share)])[:, medium.domain]
    diffusion = Diffusion(medium.domain, GRID.spacing_mm, np.stack([medium.domain * 0.05, medium.domain * 0.5]), (0, 1))
    values = start
    for _ in range(20):
        values = diffusion.step(values, 0.5)
    assert values.sum(axis=1) == pytest.approx(start.sum(axis=1), rel=1e-10)
    assert values.min() >= 0 and values.sum(axis=0).max() <= 1
    alone = Diffusion(medium.domain, GRID.spacing_mm, np.stack([medium.domain * 0.5] * 2), (0, 1))
    single = Diffusion(medium.domain, GRID.spacing_mm, medium.domain[None] * 0.5)
    together = alone.step(start, 0.02).sum(axis=0)
    assert together == pytest.approx(single.step(start.sum(axis=0)[None], 0.02)[0], abs=1e-4)


def test_a_restart_on_a_cropped_region_gives_the_same_bits(monkeypatch):
    monkeypatch.setattr(engine, "WHOLE_MASK", 10)
    monkeypatch.setattr(engine, "MARGIN_MM", 4.0)
    monkeypatch.setattr(engine, "BLOCK", 2)
    grid = Grid((1, 12, 60), (1.0, 1.0, 1.0))
    medium = Medium.of_one_tissue(grid, np.ones(grid.shape, bool))
    start = np.zeros(grid.shape)
    start[0, 5, 5] = 0.5
    whole = Problem(FisherKPP(proliferation_per_day=0.2), medium, start, (6.0, 12.0))
    middle, end = solve(whole, "fipy", "fast")
    (resumed,) = solve(whole.continued(middle, (12.0,)), "fipy", "fast")
    assert middle.box != end.box
    assert (resumed.full() == end.full()).all()


def test_without_fipy_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(engine.importlib.util, "find_spec", lambda name: None)
    medium = two_tissues()
    with pytest.raises(UsageError, match="needs FiPy"):
        last(Problem(FisherKPP(), medium, 0.1 * medium.domain, (1.0,)))


def test_a_tensor_is_refused_with_the_engine_that_takes_it():
    medium = two_tissues()
    tensor = np.zeros((6, *GRID.shape))
    tensor[[0, 3, 5]] = 1.0
    problem = Problem(FisherKPP(), replace(medium, tensor=tensor), 0.1 * medium.domain, (1.0,))
    with pytest.raises(SolverError, match="does not take a diffusion tensor"):
        last(problem)
