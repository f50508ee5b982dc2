"""The cavity becomes a wall; its rim is thinned."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.effects.surgery import Surgery
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from solvers.simulate import solve
from twin.errors import DataRefused
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Plan, Resection

GRID = Grid((1, 1, 21), (1.0, 1.0, 1.0))
MEDIUM = Medium.of_one_tissue(GRID, np.ones(GRID.shape, bool))
CAVITY = np.zeros(GRID.shape, bool)
CAVITY[..., 8:13] = True
PLAN = Plan((Resection(2.5, CAVITY),))


def run(effect: Surgery, engine: str, days=(2.5, 30.0), start=None):
    start = np.where(np.arange(21) < 10, 0.5, 0.0)[None, None] if start is None else start
    model = FisherKPP(diffusivity_mm2_per_day=1.0, proliferation_per_day=0.1)
    return list(solve(Problem(model, MEDIUM, start, days, plan=PLAN, effects=(effect,)), engine, "standard"))


@pytest.mark.parametrize("engine", ["native", "fipy"])
def test_the_cavity_is_emptied_after_its_day_and_is_a_wall_from_then_on(engine):
    before, after = run(Surgery(), engine)
    assert before.full_cells()[CAVITY].max() > 0.4
    cells = after.full_cells()[0, 0]
    assert cells[8:13].max() == 0
    assert cells[:8].min() > 0.9


@pytest.mark.parametrize("engine", ["native", "fipy"])
def test_nothing_crosses_the_cavity(engine):
    start = np.zeros(GRID.shape)
    start[..., 0] = 0.5
    early = Plan((Resection(0.0, CAVITY),))
    model = FisherKPP(diffusivity_mm2_per_day=1.0, proliferation_per_day=0.1)
    (shot,) = solve(Problem(model, MEDIUM, start, (60.0,), plan=early, effects=(Surgery(),)), engine, "fast")
    assert shot.full_cells()[..., 13:].max() == 0
    assert shot.full_cells()[..., :8].min() > 0.5


def test_the_rim_keeps_a_residual():
    (jump,) = Surgery(margin_mm=2.0, residual_fraction=0.25).jumps(PLAN, MEDIUM)
    expected = np.ones(21)
    expected[6:15] = 0.25
    assert jump.survival[0, 0] == pytest.approx(expected)
    assert (jump.removed == CAVITY).all()


def test_the_margin_is_in_mm():
    wide = Medium.of_one_tissue(Grid((1, 1, 21), (1.0, 1.0, 3.0)), MEDIUM.domain)
    (jump,) = Surgery(margin_mm=3.5).jumps(PLAN, wide)
    assert (jump.survival[0, 0] == 0).sum() == 5 + 2


def test_a_cavity_on_another_grid_or_of_everything_is_refused():
    with pytest.raises(DataRefused, match="cavity has shape"):
        Surgery().jumps(Plan((Resection(1.0, np.ones((2, 2, 2), bool)),)), MEDIUM)
    with pytest.raises(DataRefused, match="takes all the tissue"):
        Surgery().jumps(Plan((Resection(1.0, np.ones(GRID.shape, bool)),)), MEDIUM)


@pytest.mark.parametrize("engine", ["native", "fipy"])
def test_a_cavity_stays_a_wall_when_the_run_continues_from_a_later_day(engine):
    start = np.where(np.arange(21) < 10, 0.5, 0.0)[None, None]
    model = FisherKPP(diffusivity_mm2_per_day=1.0, proliferation_per_day=0.1)
    whole = Problem(model, MEDIUM, start, (5.0, 30.0), plan=PLAN, effects=(Surgery(),))
    middle, end = solve(whole, engine, "fast")
    (resumed,) = solve(whole.continued(middle, (30.0,)), engine, "fast")
    assert (resumed.full() == end.full()).all()
    assert resumed.full_cells()[CAVITY].max() == 0
