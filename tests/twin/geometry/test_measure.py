"""Measurements against shapes whose size is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.geometry.measure import axial_axis, bidimensional_mm2, longest_diameter_mm, measure, volume_ml
from twin.grid import Grid

CUBE = Grid((40, 50, 60), (1.0, 1.0, 1.0))
SAGITTAL = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""Columns: x runs towards the back, y towards the head, z towards the left."""


def ellipsoid(grid: Grid, centre_mm, radii_mm, turn_deg: float = 0.0) -> np.ndarray:
    z, y, x = np.meshgrid(*[np.arange(n) * h for n, h in zip(grid.shape, grid.spacing_mm, strict=True)], indexing="ij")
    z, y, x = z - centre_mm[0], y - centre_mm[1], x - centre_mm[2]
    c, s = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    along, across = c * x + s * y, -s * x + c * y
    return (z / radii_mm[0]) ** 2 + (across / radii_mm[1]) ** 2 + (along / radii_mm[2]) ** 2 <= 1


def test_an_empty_mask_measures_zero():
    empty = np.zeros(CUBE.shape, bool)
    assert volume_ml(empty, CUBE) == longest_diameter_mm(empty, CUBE) == bidimensional_mm2(empty, CUBE) == 0
    assert measure(empty, CUBE) is None


def test_one_voxel_measures_its_width():
    one = np.zeros(CUBE.shape, bool)
    one[3, 4, 5] = True
    assert volume_ml(one, CUBE) == pytest.approx(1e-3)
    assert longest_diameter_mm(one, CUBE) == pytest.approx(1.0)
    assert bidimensional_mm2(one, CUBE) == pytest.approx(1.0)


@pytest.mark.parametrize("turn", [0, 17, 30, 45, 71])
def test_an_ellipsoid_is_measured_within_a_voxel_whatever_its_turn(turn):
    mask = ellipsoid(CUBE, (20, 25, 30), (10, 8, 16), turn)
    found = measure(mask, CUBE)
    assert found is not None
    assert found.longest_mm == pytest.approx(32, abs=1)
    assert found.perpendicular_mm == pytest.approx(16, abs=1)
    assert abs(found.slice_index - 20) <= 1
    assert bidimensional_mm2(mask, CUBE) == pytest.approx(32 * 16, rel=0.1)


def test_anisotropic_voxels_count_in_mm():
    grid = Grid((7, 80, 80), (5.0, 1.3, 1.3))
    mask = ellipsoid(grid, (15, 50, 50), (12, 20, 20))
    assert longest_diameter_mm(mask, grid) == pytest.approx(40, abs=1.3)
    assert volume_ml(mask, grid) == pytest.approx(4 / 3 * math.pi * 12 * 20 * 20 / 1000, rel=0.05)


def test_axial_slices_are_found_in_a_sagittal_acquisition():
    assert axial_axis(CUBE) == 0
    grid = Grid((30, 40, 50), (1.0, 1.0, 1.0), direction=SAGITTAL)
    assert axial_axis(grid) == 1
    mask = np.zeros(grid.shape, bool)
    mask[10:14, 5:35, 10:20] = True
    assert longest_diameter_mm(mask, grid) == pytest.approx(math.hypot(4, 10), abs=1.1)


def test_voxels_that_are_oblong_in_the_axial_plane():
    grid = Grid((20, 12, 60), (2.0, 5.0, 1.0))
    mask = np.zeros(grid.shape, bool)
    mask[10, 2:10, 20:30] = True
    found = measure(mask, grid)
    assert found is not None
    assert found.longest_mm == pytest.approx(math.hypot(40, 10), abs=1.0)
    assert found.long_axis[0][1] != found.long_axis[1][1]


def test_a_second_lesion_does_not_lengthen_the_first():
    mask = ellipsoid(CUBE, (20, 12, 12), (8, 8, 8))
    alone = longest_diameter_mm(mask, CUBE)
    mask[20, 45, 55] = True
    assert longest_diameter_mm(mask, CUBE) == alone


def test_the_end_points_lie_on_the_slice_and_span_the_diameter():
    mask = ellipsoid(CUBE, (20, 25, 30), (10, 8, 16), 30)
    found = measure(mask, CUBE)
    assert found is not None
    a, b = np.array(found.long_axis)
    c, d = np.array(found.short_axis)
    assert a[0] == b[0] == c[0] == found.slice_index
    assert np.linalg.norm(b - a) == pytest.approx(found.longest_mm)
    assert np.linalg.norm(d - c) == pytest.approx(found.perpendicular_mm)
    assert abs((b - a) @ (d - c)) < 1e-6


def test_the_perpendicular_of_a_triangle_is_its_height_not_its_far_corner():
    mask = np.zeros(CUBE.shape, bool)
    for row in range(20):
        mask[5, 10 + row, 10 : 50 - 2 * row] = True
    found = measure(mask, CUBE)
    assert found is not None
    assert found.longest_mm == pytest.approx(45, abs=1.5)
    brute = _brute_perpendicular(mask[5], np.array(found.long_axis)[:, 1:])
    assert found.perpendicular_mm == pytest.approx(brute, abs=1.5)


def _brute_perpendicular(plane: np.ndarray, ends: np.ndarray) -> float:
    """The longest run of centres in narrow bands across the long axis, plus a voxel."""
    along = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    points = np.argwhere(plane) - ends[0]
    position, height = points @ along, points @ np.array([-along[1], along[0]])
    bands = np.round(position)
    return max(np.ptp(height[bands == band]) for band in np.unique(bands)) + 1


def test_measuring_is_quick():
    import time

    grid = Grid((140, 160, 160), (1.0, 1.0, 1.0))
    mask = ellipsoid(grid, (70, 80, 80), (35, 30, 40), 20)
    measure(mask, grid)
    started = time.perf_counter()
    measure(mask, grid)
    assert time.perf_counter() - started < 0.5
