"""A known rotation and translation of real anatomy is found again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from twin.fields import block_mean
from twin.grid import Grid
from twin.imaging.image import Image
from twin.imaging.mni152 import load_mni152
from twin.imaging.register import register_rigid
from twin.imaging.resample import resample


@pytest.fixture(scope="module")
def head() -> Image:
    template = load_mni152()
    return Image(block_mean(template.t1.astype(np.float32), 4), template.grid.coarsen(4), "head")


def moved(image: Image, degrees: tuple[float, float, float], shift_mm: tuple[float, float, float]) -> tuple[Image, object]:
    """The image as another scan of the same head that lies elsewhere, on a grid of its own."""
    import SimpleITK as sitk

    middle = image.grid.index_to_mm((np.array(image.grid.shape) - 1) / 2)
    transform = sitk.Euler3DTransform(middle.tolist(), *np.radians(degrees).tolist(), shift_mm)
    z, y, x = image.grid.shape
    other = Grid((z // 2, y, x), (8.0, 4.0, 4.0), image.grid.origin_mm, image.grid.direction)
    return Image(resample(image, other, transform=transform), other, "moved"), transform


@pytest.mark.parametrize(("degrees", "shift"), [((0, 0, 0), (6, -4, 3)), ((4, -3, 8), (10, 5, -7))])
def test_a_known_motion_is_found_to_half_a_millimetre(head, degrees, shift):
    scan, truth = moved(head, degrees, shift)
    scan = Image(np.sqrt(scan.values) * 10 + 5 * (scan.values > 0), scan.grid, "another contrast")
    found = register_rigid(head, scan)
    inside = np.argwhere(head.values > 50)[::200]
    points = head.grid.index_to_mm(inside)
    back = np.array([truth.TransformPoint(found.transform.TransformPoint(p.tolist())) for p in points])
    assert np.linalg.norm(back - points, axis=1).mean() < 0.6
    assert found.gain > 0
    assert found.turned_deg == pytest.approx(np.linalg.norm(degrees), abs=1.0)


def test_an_aligned_scan_stays_where_it_is_and_twice_is_the_same(head):
    first, second = (register_rigid(head, head) for _ in range(2))
    assert first.moved_mm < 0.05 and first.turned_deg < 0.05
    assert first.transform.GetParameters() == second.transform.GetParameters()


def test_a_bright_tumour_that_shifts_does_not_pull_when_it_is_left_out():
    grid = Grid((36, 40, 40), (2.0, 2.0, 2.0))
    rng = np.random.default_rng(5)
    tissue = ndimage.gaussian_filter(rng.normal(size=grid.shape), 3)

    def scan(left: int) -> Image:
        values = 100 + 2 * tissue / tissue.std() + rng.normal(0, 0.5, grid.shape)
        values[10:26, 12:28, left : left + 14] = 400
        return Image(values.astype(np.float32), grid)

    first, second = scan(12), scan(14)
    around = np.zeros(grid.shape, bool)
    around[8:28, 10:30, 8:32] = True
    assert register_rigid(first, second).moved_mm > 3
    assert register_rigid(first, second, around).moved_mm < 0.5
