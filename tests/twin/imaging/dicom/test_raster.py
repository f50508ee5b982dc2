"""Contours become the voxels whose centres they enclose: on any grid, with holes, from either direction."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tests.twin.imaging.dicom import studies
from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.dicom import phantom
from twin.imaging.dicom.contour import contours, outlines
from twin.imaging.dicom.file import Source
from twin.imaging.dicom.phantom import Exam
from twin.imaging.dicom.raster import even_odd, planes_of, rasterise
from twin.imaging.dicom.rtstruct import read_structures

DIRECTIONS = {"axial": (0, 0, 0), "coronal": (90, 0, 0), "sagittal": (0, 90, 90), "oblique": (12, -20, 33)}
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def blob(shape, seed=0) -> np.ndarray:
    """Irregular regions with holes and islands."""
    return gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 1.4) > 0.05


def circle(z: float, radius: float, count: int = 720, centre=(0.0, 0.0)) -> np.ndarray:
    a = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.column_stack([centre[0] + radius * np.cos(a), centre[1] + radius * np.sin(a), np.full(count, z)])


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (5.0, 0.7, 0.9), (1.5, 3.0, 0.8)])
def test_traced_contours_give_the_same_voxels(direction, spacing):
    grid = Grid((9, 17, 23), spacing, (-40.0, 12.0, 77.0), studies.turned(DIRECTIONS[direction]))
    mask = blob(grid.shape)
    assert mask.any() and np.array_equal(rasterise(planes_of(contours(mask, grid)), grid), mask)


def test_noise_traces_to_itself():
    grid = Grid((3, 20, 21), (2.0, 1.0, 1.0))
    mask = np.random.default_rng(3).random(grid.shape) > 0.5
    assert np.array_equal(rasterise(planes_of(contours(mask, grid)), grid), mask)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_axial_contours_are_right_on_any_grid(direction):
    """A cylinder along z: a voxel is inside when its centre is, whichever way the grid is cut."""
    grid = Grid((40, 42, 44), (1.1, 1.0, 0.9), (0.0, 0.0, 0.0), studies.turned(DIRECTIONS[direction]))
    middle = grid.index_to_mm((np.array(grid.shape) - 1) / 2)
    stack = [circle(z, 11.3, centre=(middle[0], middle[1])) for z in middle[2] + 2.0 * np.arange(-6, 7)]
    where = grid.index_to_mm(np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1)) - middle
    expected = (np.hypot(where[..., 0], where[..., 1]) < 11.3) & (where[..., 2] >= -13) & (where[..., 2] < 13)
    found = rasterise(planes_of(stack), grid)
    border = np.abs(np.hypot(where[..., 0], where[..., 1]) - 11.3) < 1e-3
    assert np.array_equal(found[~border], expected[~border])
    assert found.sum() * grid.voxel_ml == pytest.approx(np.pi * 11.3**2 * 26 / 1000, rel=0.04)


def test_sagittal_contours_on_an_axial_grid():
    grid = Grid((30, 30, 30), (1.0, 1.0, 1.0), (-14.5, -14.5, -14.5))
    stack = [circle(x, 8.2)[:, [2, 0, 1]] for x in np.arange(-5.5, 6.0)]
    x, y, z = np.moveaxis(grid.index_to_mm(np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1)), -1, 0)
    assert np.array_equal(rasterise(planes_of(stack), grid), (np.hypot(y, z) < 8.2) & (np.abs(x) < 6))


def square(low: float, high: float, z: float = 0.0) -> np.ndarray:
    return np.array([[low, low, z], [high, low, z], [high, high, z], [low, high, z]])


def area(*polygons: np.ndarray, xor: bool = False) -> int:
    grid = Grid((1, 40, 40), (1.0, 1.0, 1.0), (0.5, 0.5, 0.0), AXIAL)
    return int(rasterise(planes_of(polygons, 1.0), grid, xor).sum())


def test_inner_contours_are_holes_and_islands_within_them_are_filled():
    assert area(square(0, 20)) == 400
    assert area(square(0, 20), square(5, 15)) == 300
    assert area(square(5, 15), square(0, 20), square(8, 12)) == 316
    assert area(square(0, 10), square(20, 30)) == 200


def test_a_keyhole_is_a_hole():
    keyhole = np.array(
        [[0, 0], [20, 0], [20, 20], [0, 20], [0, 10], [5, 10], [5, 15], [15, 15], [15, 5], [5, 5], [5, 10], [0, 10]], float
    )
    assert area(np.column_stack([keyhole, np.zeros(len(keyhole))])) == 300


def test_overlapping_contours_are_joined_unless_the_file_says_xor():
    assert area(square(0, 20), square(10, 30)) == 700
    assert area(square(0, 20), square(10, 30), xor=True) == 600


def test_direction_and_start_of_a_polygon_do_not_matter():
    polygon = circle(0.0, 9.0, 50, (20.0, 20.0))
    assert area(polygon) == area(polygon[::-1]) == area(np.roll(polygon, 7, axis=0))


def test_a_gap_between_contours_is_not_filled_but_counted():
    grid = Grid((20, 12, 12), (1.0, 1.0, 1.0), (0.5, 0.5, 0.0), AXIAL)
    planes = planes_of([square(2, 8, z) for z in (0.0, 1.0, 2.0, 3.0, 9.0, 10.0, 11.0)])
    assert planes.gaps == 1 and planes.step_mm == 1.0
    found = rasterise(planes, grid).any(axis=(1, 2))
    assert np.flatnonzero(found).tolist() == [0, 1, 2, 3, 9, 10, 11]


def test_points_on_a_lattice_are_inside_once():
    """Two squares side by side share their edge: each point belongs to one of them."""
    points = np.stack(np.meshgrid(np.arange(0, 21.0), np.arange(0, 11.0)), -1).reshape(-1, 2)
    left, right = square(0, 10)[:, :2], square(0, 10)[:, :2] + np.array([10, 0])
    assert not (even_odd(points, [left]) & even_odd(points, [right])).any()
    assert (even_odd(points, [left]) | even_odd(points, [right])).sum() == 200


def test_tracing_gives_few_points():
    plane = np.zeros((30, 30), bool)
    plane[5:20, 8:25] = True
    (loop,) = outlines(plane)
    assert sorted(map(tuple, loop.tolist())) == [(5, 8), (5, 25), (20, 8), (20, 25)]


def read(dataset, path):
    return read_structures(Source(phantom.save(dataset, path), "RS.dcm"))


def test_an_rtstruct_comes_back_by_name(tmp_path):
    patient, exam = studies.head(), Exam(studies.BASELINE)
    reference = phantom.slices(exam, patient.t1, patient.grid, 3)[0]
    drawn = {"GTV": contours(patient.tumour, patient.grid), "Brain": contours(patient.brain, patient.grid), "empty": []}
    found = read(phantom.structures(exam, drawn, reference), tmp_path / "rs")
    assert [r.name for r in found.regions] == ["GTV", "Brain"] and found.empty == ("empty",)
    assert found.series_uids == (reference.SeriesInstanceUID,) and found.frame_of_reference == exam.frame_uid
    assert np.array_equal(found.regions[0].mask(patient.grid), patient.tumour)
    assert np.array_equal(found.regions[1].mask(patient.grid, 7.0), patient.brain)


def test_points_and_lines_are_not_areas(tmp_path):
    exam = Exam(studies.BASELINE)
    reference = phantom.slices(exam, np.zeros((3, 4, 4), np.uint16), Grid((3, 4, 4), (1, 1, 1)), 3)[0]
    made = phantom.structures(exam, {"GTV": [square(0, 5), square(0, 5)]}, reference)
    made.ROIContourSequence[0].ContourSequence[1].ContourGeometricType = "OPEN_PLANAR"
    (region,) = read(made, tmp_path / "rs").regions
    assert len(region.polygons) == 1 and region.skipped == 1


@pytest.mark.parametrize("damage", [["1", "2"], ["1e9"] * 12])
def test_a_damaged_contour_is_refused(tmp_path, damage):
    exam = Exam(studies.BASELINE)
    reference = phantom.slices(exam, np.zeros((3, 4, 4), np.uint16), Grid((3, 4, 4), (1, 1, 1)), 3)[0]
    made = phantom.structures(exam, {"GTV": [square(0, 5)]}, reference)
    made.ROIContourSequence[0].ContourSequence[0].ContourData = damage
    with pytest.raises(DataRefused, match="contour of the region 'GTV' is damaged"):
        read(made, tmp_path / "rs")
