"""Distances and overlaps between a lesion and an organ, on balls whose gap is known."""

from __future__ import annotations

import numpy as np
import pytest

from twin.geometry.organs import nearness
from twin.grid import Grid

GRIDS = [Grid((50, 60, 60), (2.0, 2.0, 2.0)), Grid((25, 110, 90), (4.0, 1.0, 1.2))]


def ball(grid: Grid, middle, radius: float) -> np.ndarray:
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1)
    return ((grid.index_to_mm(index) - np.array(middle)) ** 2).sum(-1) < radius**2


@pytest.mark.parametrize("grid", GRIDS, ids=["isotropic", "thick slices"])
@pytest.mark.parametrize("gap", [3.0, 8.0, 20.0])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_distance_between_two_balls(grid, gap, axis):
    """Between surfaces it is the gap; between voxel centres up to one voxel on either side more."""
    step = np.array(grid.spacing_mm)[::-1][axis]
    middle = np.array([30.3, 30.4, 48.7])
    other = middle + (10.0 + 8.0 + gap) * np.eye(3)[axis]
    found = nearness(ball(grid, middle, 10.0), ball(grid, other, 8.0), grid)
    assert found.overlap_ml == 0 and gap - 0.5 <= found.distance_mm <= gap + 2 * step
    assert found.organ_ml == pytest.approx(4 / 3 * np.pi * 8**3 / 1000, rel=0.05)


@pytest.mark.parametrize("grid", GRIDS, ids=["isotropic", "thick slices"])
def test_the_overlap_of_two_balls(grid):
    """The lens that two balls share: V = pi (R + r - d)^2 (d^2 + 2 d (r + R) - 3 (r - R)^2) / (12 d)."""
    middle, other = np.array([30.3, 30.4, 48.7]), np.array([42.3, 30.4, 48.7])
    big, small, d = 12.0, 9.0, 12.0
    lens = np.pi * (big + small - d) ** 2 * (d**2 + 2 * d * (small + big) - 3 * (small - big) ** 2) / (12 * d) / 1000
    found = nearness(ball(grid, middle, big), ball(grid, other, small), grid)
    assert found.overlap_ml == pytest.approx(lens, rel=0.06) and found.distance_mm == 0
    assert "the lesion takes" in str(found)


def test_no_lesion_has_no_distance():
    grid = GRIDS[0]
    found = nearness(np.zeros(grid.shape, bool), ball(grid, (30, 30, 48), 8.0), grid)
    assert found.distance_mm is None and "no lesion" in str(found)
