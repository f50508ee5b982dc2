"""Registration of the MNI head under known motions: landmark errors, tumour volume, and refusal of what failed."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter

from twin.errors import DataRefused
from twin.fields import block_mean
from twin.geometry.measure import volume_ml
from twin.imaging.image import Image
from twin.imaging.mni152 import load_mni152
from twin.imaging.registration import register
from twin.imaging.registration_quality import (
    Quality,
    checkerboard,
    failure,
    inverse_consistency,
    jacobian_range,
    landmark_error,
    normalised_information,
    quality_of,
)
from twin.imaging.resample import resample

FINE_MM = 4


@pytest.fixture(scope="module")
def head() -> Image:
    template = load_mni152()
    return Image(block_mean(template.t1.astype(np.float32), FINE_MM), template.grid.coarsen(FINE_MM))


@pytest.fixture(scope="module")
def landmarks(head) -> np.ndarray:
    return head.grid.index_to_mm(np.argwhere(head.values > 60)[::149])


def middle(head: Image) -> list[float]:
    return head.grid.index_to_mm((np.array(head.grid.shape) - 1) / 2).tolist()


def motion(head: Image, seed: int) -> sitk.Euler3DTransform:
    """Up to 6 degrees about each axis and 10 mm along each."""
    rng = np.random.default_rng(seed)
    made = sitk.Euler3DTransform()
    made.SetCenter(middle(head))
    made.SetRotation(*rng.uniform(-0.1, 0.1, 3).tolist())
    made.SetTranslation(rng.uniform(-10, 10, 3).tolist())
    return made


def other_contrast(values: np.ndarray) -> np.ndarray:
    """What another sequence would show: dark where it was bright, not in a line."""
    return np.where(values > 5, 255 - 0.7 * values + 10 * np.sin(values / 9), 0).astype(np.float32)


def moved_points(transform, points: np.ndarray) -> np.ndarray:
    return np.array([transform.TransformPoint(p.tolist()) for p in points])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_rigid_motion_is_found_to_a_millimetre(head, landmarks, seed):
    true = motion(head, seed)
    moving = Image(other_contrast(resample(head, head.grid, transform=true.GetInverse())), head.grid)
    there = moved_points(true, landmarks)
    assert np.linalg.norm(there - landmarks, axis=1).mean() > 4
    found = register(head, moving, landmarks=(landmarks, there)).trusted()
    assert found.quality.landmark_mm is not None and found.quality.landmark_mm < 1.0
    assert found.quality.information > found.quality.information_before + 0.1


def test_growth_is_not_registered_away_and_volume_is_kept(head):
    """A lesion that doubles between two scans keeps both volumes within 3 %."""
    where = head.grid.index_to_mm(np.stack(np.meshgrid(*map(np.arange, head.grid.shape), indexing="ij"), -1))
    place = np.array(middle(head)) + np.array([25.0, -10.0, 15.0])
    away = np.linalg.norm(where - place, axis=-1)
    small, large = away < 16, away < 20
    fixed = Image(np.where(small, 250, head.values).astype(np.float32), head.grid)
    true = motion(head, 4)
    later = np.where(large, 250, head.values).astype(np.float32)
    moving = Image(resample(Image(later, head.grid), head.grid, transform=true.GetInverse()), head.grid)
    mask = resample(Image(large.astype(np.uint8), head.grid), head.grid, labels=True, transform=true.GetInverse())
    found = register(fixed, moving, ignore=small).trusted()
    back = resample(Image(mask, head.grid), head.grid, labels=True, transform=found.transform) > 0
    assert volume_ml(back, head.grid) == pytest.approx(volume_ml(large, head.grid), rel=0.03)
    assert landmark_error(found.transform, where[small][::20], moved_points(true, where[small][::20])) < 1.0


def warp(head: Image, largest_mm: float, seed: int):
    """A smooth random deformation and its inverse."""
    rng = np.random.default_rng(seed)
    field = np.stack([gaussian_filter(rng.standard_normal(head.grid.shape), 5) for _ in range(3)], -1)
    image = sitk.GetImageFromArray((field * largest_mm / np.abs(field).max()).astype(np.float64), isVector=True)
    image.SetSpacing(head.grid.spacing_mm[::-1])
    image.SetOrigin(head.grid.origin_mm)
    image.SetDirection(head.grid.direction)
    inverse = sitk.InvertDisplacementField(image, 100, 0.01, 0.001)
    return sitk.DisplacementFieldTransform(image), sitk.DisplacementFieldTransform(inverse)


@pytest.mark.slow
def test_a_smooth_deformation_is_found_better_than_rigidly(head, landmarks):
    true, inverse = warp(head, 9.0, 3)
    assert np.linalg.norm(moved_points(true, landmarks) - landmarks, axis=1).mean() > 2
    moving = Image(other_contrast(resample(head, head.grid, transform=inverse)), head.grid)
    there = moved_points(true, landmarks)
    rigid = register(head, moving, landmarks=(landmarks, there)).quality
    found = register(head, moving, "deformable", landmarks=(landmarks, there)).trusted().quality
    assert rigid.landmark_mm is not None and found.landmark_mm is not None
    assert found.landmark_mm < 1.5 and found.landmark_mm < 0.7 * rigid.landmark_mm
    assert 0.4 < found.jacobian[0] < 1 < found.jacobian[1] < 2.0


def test_an_affine_change_of_size_is_found(head, landmarks):
    true = sitk.AffineTransform(3)
    true.SetCenter(middle(head))
    true.Scale((1.06, 0.95, 1.04))
    moving = Image(resample(head, head.grid, transform=true.GetInverse()), head.grid)
    found = register(head, moving, "affine", landmarks=(landmarks, moved_points(true, landmarks))).trusted()
    assert found.quality.landmark_mm is not None and found.quality.landmark_mm < 1.0
    assert found.quality.jacobian == pytest.approx((1.06 * 0.95 * 1.04,) * 2, abs=0.03)


@pytest.mark.parametrize("what", ["another organ", "upside down", "noise"])
def test_what_failed_is_refused(head, what):
    z, y, x = np.indices(head.grid.shape)
    ball = (((z - 20) / 15) ** 2 + ((y - 25) / 12) ** 2 + ((x - 20) / 10) ** 2 < 1) * (300 + 50 * np.sin(x / 2.0))
    noise = np.random.default_rng(0).standard_normal(head.grid.shape) * 20 + 100
    values = {
        "another organ": ball,
        "upside down": other_contrast(head.values)[::-1],
        "noise": np.where(head.values > 5, noise, 0),
    }[what]
    with pytest.raises(DataRefused, match="The rigid registration failed"):
        register(head, Image(np.ascontiguousarray(values, np.float32), head.grid)).trusted("visit 2")


def test_the_same_inputs_give_the_same_numbers(head):
    moving = Image(resample(head, head.grid, transform=motion(head, 5)), head.grid)
    first, second = (register(head, moving).transform.GetParameters() for _ in range(2))
    assert first == second


def good(**changes) -> Quality:
    return Quality(**{"overlap": 0.95, "information": 0.3, "information_before": 0.2, "jacobian": (0.9, 1.1), **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"overlap": 0.5}, "overlaps only by 0.50"),
        ({"information": 0.01}, "hardly any information"),
        ({"information": 0.15}, "less than at the positions as given"),
        ({"jacobian": (-0.1, 1.2)}, "folded or torn"),
        ({"jacobian": (0.9, 9.0)}, "folded or torn"),
        ({"landmark_mm": 9.0}, "9.0 mm apart"),
    ],
)
def test_the_verdict_names_the_measure(changes, words):
    assert failure(good()) == "" and words in failure(good(**changes))


def test_positions_that_are_wrong_measure_worse(head):
    other = Image(other_contrast(head.values), head.grid)
    shifts = []
    for mm in (0, 4, 12):
        transform = sitk.TranslationTransform(3, (float(mm), 0.0, 0.0))
        shifts.append(quality_of(head, other, transform))
    assert [q.information for q in shifts] == sorted((q.information for q in shifts), reverse=True)
    assert [q.overlap for q in shifts] == sorted((q.overlap for q in shifts), reverse=True)
    assert failure(shifts[0]) == "" and failure(shifts[2])


def test_there_and_back_misses_nothing_with_the_exact_inverse(head, landmarks):
    true = motion(head, 6)
    assert inverse_consistency(true, true.GetInverse(), landmarks)[1] < 1e-6
    assert inverse_consistency(true, sitk.Euler3DTransform(), landmarks)[0] > 1


def test_the_jacobian_of_a_known_stretch(head):
    turned = Image(head.values, head.grid)
    stretch = sitk.AffineTransform(3)
    stretch.SetMatrix([1.2, 0.1, 0, 0, 0.9, 0, 0, 0.2, 1.1])
    assert jacobian_range(stretch, turned.grid) == pytest.approx((1.2 * 0.9 * 1.1,) * 2, rel=1e-6)


def test_information_is_nothing_for_noise_and_all_for_equals():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 20_000))
    assert normalised_information(a, b) < 0.02 and normalised_information(a, -(a**3)) == pytest.approx(1.0)
    assert normalised_information(a[:10], a[:10]) == 0.0


def test_a_checkerboard_shows_both():
    board = checkerboard(np.tile(np.arange(12.0), (12, 1)), np.zeros((12, 12)), squares=6)
    assert board.shape == (12, 12) and board[0, 2] == 0 and board[0, 4] > 0 and board.max() <= 1
