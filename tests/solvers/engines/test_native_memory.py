"""The native engine stays inside its arrays: its vectors of eight and raw pointers are not checked by anything else."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.radiotherapy import Radiotherapy
from solvers.effects.surgery import Surgery
from solvers.model import models
from solvers.models.fisher_kpp import FisherKPP
from solvers.native.window import Window
from solvers.problem import Problem
from solvers.simulate import solve
from solvers.verification import bounds
from solvers.verification.agreement import schedule
from solvers.verification.cases import brain_like
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Plan

GUARD = 4096
"""Numbers before and after every array: a plane of the largest case, and more."""

SHAPES = [(1, 1, 1), (1, 1, 47), (1, 9, 16), (2, 3, 17), (5, 1, 15), (3, 20, 31), (21, 4, 33), (33, 8, 3)]


@pytest.fixture
def guards(monkeypatch):
    """Every array of a window lies between guards of NaN (whole numbers: the largest); who reads one spoils the result."""
    found: list[tuple[np.ndarray, np.ndarray]] = []

    def zeros(self, dtype, *lead):
        n = int(np.prod(lead, dtype=int)) * self.size
        poison = (
            np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else dtype(np.nan) if dtype is not np.bool_ else True
        )
        room = np.full(n + 2 * GUARD, poison, dtype)
        room[GUARD:-GUARD] = 0
        found.append((room, room.copy()))
        return room[GUARD:-GUARD].reshape(*lead, self.size)

    monkeypatch.setattr(Window, "zeros", zeros)
    return found


def untouched(guards) -> bool:
    ends = [(room[part], kept[part]) for room, kept in guards for part in (slice(GUARD), slice(-GUARD, None))]
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in ends)


def run(problem: Problem, accuracy: str, threads: int = 1) -> list[np.ndarray]:
    return [s.full() for s in solve(problem, accuracy=accuracy, threads=threads)]


def cornered(shape: tuple[int, int, int], model, tensor: bool = False, effects: tuple = ()) -> Problem:
    """Cells in two opposite corners of a full grid, so that the region meets every edge and the window moves."""
    grid = Grid(shape, (2.0, 1.3, 1.0))
    medium = Medium.of_one_tissue(grid, np.ones(shape, bool))
    if tensor:
        skewed = np.reshape([1.0, 0.5, 0.3, 1.1, 0.4, 0.9], (6, 1, 1, 1))
        medium = Medium(grid, medium.domain, medium.fractions, np.broadcast_to(skewed, (6, *shape)).copy())
    cells = np.zeros(shape)
    cells[0, 0, 0] = cells[-1, -1, -1] = 0.8
    return Problem(model, medium, cells, (3.0, 40.0), plan=schedule(grid) if effects else Plan(), effects=effects)


def check(problem: Problem, guards, accuracy: str, threads: int = 1) -> None:
    guarded = run(problem, accuracy, threads)
    assert guards and untouched(guards)
    assert all(np.isfinite(values).all() for values in guarded)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("accuracy", ["fast", "standard"])
def test_rows_of_every_length(shape, accuracy, guards):
    check(cornered(shape, FisherKPP(diffusivity_mm2_per_day=1.0, proliferation_per_day=0.3)), guards, accuracy, threads=2)


@pytest.mark.parametrize("shape", [(2, 3, 17), (3, 20, 31)])
@pytest.mark.parametrize("tensor", [False, True])
@pytest.mark.parametrize("name", [name for name, _ in models])
def test_every_model_and_tensors(name, shape, tensor, guards):
    check(cornered(shape, models[name](), tensor), guards, "fast")


def test_effects_maps_and_a_cavity(guards):
    shape = (6, 20, 31)
    delivery = np.linspace(0.5, 1.5, 31) * np.ones(shape)
    effects = (Radiotherapy(clearance_days=10.0), Chemotherapy(0.3, delivery_map=delivery), Surgery())
    check(cornered(shape, FisherKPP(), effects=effects), guards, "fast", threads=2)


def test_an_irregular_outline_and_a_seed_that_outgrows_its_window(guards):
    grid = Grid((9, 40, 61), (3.0, 1.0, 1.0))
    medium = brain_like(grid)
    cells = np.zeros(grid.shape)
    cells[4, 20, 12] = 0.9 * medium.domain[4, 20, 12]
    model = FisherKPP(diffusivity_mm2_per_day=2.0, proliferation_per_day=0.3)
    check(Problem(model, medium, cells, (5.0, 60.0)), guards, "fast", threads=2)


def test_random_media_and_courses(guards):
    for seed in range(20):
        check(bounds.problem(FisherKPP, np.random.default_rng(seed)), guards, "fast")


def test_the_guards_would_tell(guards):
    """A sweep of one block too many reads them, a copy writes there."""
    from solvers.native.stencil import copy, sweep

    window = Window(Grid((1, 1, 16), (1.0, 1.0, 1.0)), (slice(0, 1), slice(0, 1), slice(0, 16)), (0, 1, 2))
    out, x, a, b, c = (window.zeros(np.float32) for _ in range(5))
    one, span = np.float32(1), (np.array([window.size - 8]), np.array([window.size + 8]))
    sweep(out, x, x, a, b, c, one, one, one, one, window.plane, window.pitch, *span)
    assert np.isnan(out).any() and untouched(guards)
    copy(out, np.zeros(2 * window.size, np.float32), *span)
    assert not untouched(guards)
