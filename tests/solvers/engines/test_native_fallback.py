"""A step that leaves [0, 1] is taken again in substeps that cannot; it is never clipped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from solvers.models.fisher_kpp import FisherKPP
from solvers.native import movers
from solvers.native.polynomials import polynomials
from solvers.problem import Problem
from solvers.simulate import solve
from twin.errors import SolverError
from twin.grid import Grid
from twin.medium import Medium

SHAPE = (17, 17, 17)


def problem() -> Problem:
    medium = Medium.of_one_tissue(Grid(SHAPE, (1.0, 1.0, 1.0)), np.ones(SHAPE, bool))
    initial = np.zeros(SHAPE)
    initial[8, 8, 8] = 1.0
    return Problem(FisherKPP(diffusivity_mm2_per_day=1.0, proliferation_per_day=0.05), medium, initial, (3.0,))


@pytest.fixture
def overreaching(monkeypatch):
    """A polynomial taken beyond its reach: stable enough not to blow up in a few steps, but not monotone."""
    wild = next(p for p in polynomials() if (p.degree, p.order) == (4, 4))
    monkeypatch.setattr(movers, "choose", lambda reach, growth, tolerance: (max(1, round(reach / 5)), wild))


@pytest.mark.usefixtures("overreaching")
def test_a_step_that_undershoots_is_taken_again(monkeypatch):
    safe = []
    kept = movers.LinearMover.safe
    monkeypatch.setattr(movers.LinearMover, "safe", lambda self, dt: safe.append(dt) or kept(self, dt))
    shot = list(solve(problem(), "native", "fast"))[-1]
    assert safe
    assert shot.values.min() >= 0
    monkeypatch.undo()
    assert shot.burden_ml() == pytest.approx(list(solve(problem(), "native", "fast"))[-1].burden_ml(), rel=1e-3)


@pytest.mark.usefixtures("overreaching")
def test_where_nothing_helps_it_says_so(monkeypatch):
    monkeypatch.setattr(movers.LinearMover, "safe", lambda self, dt: self.steps_of(dt, 0.1, 1.0))
    with pytest.raises(SolverError, match="left its range") as failed:
        list(solve(problem(), "native", "fast"))
    assert "reference" in failed.value.remedy


def test_no_step_of_a_tumour_with_a_soft_edge_is_taken_again(monkeypatch):
    monkeypatch.setattr(movers.LinearMover, "safe", lambda self, dt: pytest.fail("a step undershot"))
    away = sum((i - 8.0) ** 2 for i in np.indices(SHAPE))
    soft = replace(problem(), initial=np.exp(-away / 8) * (away < 40), days=(3.0, 20.0))
    assert list(solve(soft, "native", "fast"))[-1].values.max() < 1
