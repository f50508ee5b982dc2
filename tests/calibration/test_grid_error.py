"""A front on coarse voxels moves as in space when its diffusivity is the one that the grid makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.grid_error import felt, on_grid
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from solvers.simulate import solve
from twin.grid import Grid
from twin.medium import Medium

D, RHO = 0.06, 0.06  # a front 1 mm wide on voxels of 3 mm


def grid(spacing: float) -> Grid:
    return Grid((2, 2, 2), (spacing,) * 3)


def test_a_resolved_front_needs_no_correction_and_the_first_order_is_that_of_the_stencil():
    ratio = float(on_grid(np.array(D), RHO, grid(0.5))) / D
    assert 1 - ratio == pytest.approx(0.5**2 * RHO / (20 * D), rel=0.05)
    assert np.all(np.diff(on_grid(np.array([1e-4, 1e-3, 1e-2, 0.1, 1.0]), RHO, grid(3.0))) > 0)


def test_values_without_a_front_come_back_as_they_are():
    assert felt({"net_rate_per_day": 0.1}, grid(3.0)) == {"net_rate_per_day": 0.1}


def radius_gained(spacing: float, diffusivity: float) -> float:
    """Of a ball between days 60 and 120, mm."""
    size = int(72 / spacing)
    tissue = Medium.of_one_tissue(Grid((size,) * 3, (spacing,) * 3), np.ones((size,) * 3, bool))
    r = np.sqrt(sum((np.arange(size).reshape(s) - (size - 1) / 2) ** 2 for s in ((-1, 1, 1), (1, -1, 1), (1, 1, -1))))
    start = np.where(r * spacing < 8.0, 0.9, 0.0).astype(np.float32)
    problem = Problem(FisherKPP(diffusivity, RHO), tissue, start[None], (60.0, 120.0))
    radii = [(shot.burden_ml() * 3 / (4 * np.pi)) ** (1 / 3) * 10 for shot in solve(problem, accuracy="fast")]
    return radii[1] - radii[0]


def on_voxels(spacing: float) -> float:
    values = {"diffusivity_mm2_per_day": D, "proliferation_per_day": RHO}
    return felt(values, grid(spacing))["diffusivity_mm2_per_day"]


def test_the_corrected_front_moves_as_on_a_fine_grid():
    fine, raw, corrected = (radius_gained(h, d) for h, d in ((1.0, on_voxels(1.0)), (3.0, D), (3.0, on_voxels(3.0))))
    assert raw > 1.08 * fine
    assert abs(corrected - fine) < 0.5 * abs(raw - fine)
