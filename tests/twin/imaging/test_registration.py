"""Registration of the MNI head under known motions: landmark errors, tumour volume, and refusal of what failed."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.ndimage import gaussian_filter

from twin.errors import DataRefused
from twin.fields import block_mean
from twin.geometry.measure import volume_ml
from twin.grid import Grid
from twin.imaging.bias import correct_bias
from twin.imaging.image import Image
from twin.imaging.mni152 import load_mni152
from twin.imaging.pair import Pair
from twin.imaging.register import find_rigid
from twin.imaging.registration import register
from twin.imaging.registration_quality import (
    Quality,
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


def test_a_rigid_motion_is_found_to_a_millimetre_both_ways(head, landmarks):
    """In another contrast; exchanged images give the inverse; twice gives the same numbers."""
    true = motion(head, 1)
    moving = Image(other_contrast(resample(head, head.grid, transform=true.GetInverse())), head.grid)
    there = moved_points(true, landmarks)
    assert np.linalg.norm(there - landmarks, axis=1).mean() > 4
    found = register(head, moving, landmarks=(landmarks, there)).trusted()
    assert found.quality.landmark_mm is not None and found.quality.landmark_mm < 1.0
    assert found.quality.information > found.quality.information_before + 0.1
    assert found.quality.disagreement_mm < 1.0 and found.quality.miss_mm < 1e-6
    assert found.turned_deg == pytest.approx(angle(true), abs=1.0) and found.moved_mm > 3
    back = register(moving, head)
    assert landmark_error(back.transform, there, moved_points(found.inverse, there)) < 1e-6
    assert register(head, moving).transform.GetParameters() == found.transform.GetParameters()


def angle(transform) -> float:
    return float(np.degrees(np.arccos((np.trace(np.reshape(transform.GetMatrix(), (3, 3))) - 1) / 2)))


def test_an_aligned_scan_stays_where_it_is(head):
    found = register(head, Image(other_contrast(head.values), head.grid))
    assert found.moved_mm < 0.3 and found.turned_deg < 0.3


def test_a_bright_tumour_that_shifts_does_not_pull_when_it_is_left_out():
    grid = Grid((36, 40, 40), (2.0, 2.0, 2.0))
    rng = np.random.default_rng(5)
    tissue = gaussian_filter(rng.normal(size=grid.shape), 3)

    def scan(left: int) -> Image:
        values = 100 + 2 * tissue / tissue.std() + rng.normal(0, 0.5, grid.shape)
        values[10:26, 12:28, left : left + 14] = 400
        return Image(values.astype(np.float32), grid)

    first, second = scan(12), scan(14)
    around = np.zeros(grid.shape, bool)
    around[8:28, 10:30, 8:32] = True
    pulled = find_rigid(Pair(first, second)).TransformPoint((40.0, 40.0, 40.0))
    assert np.linalg.norm(np.array(pulled) - 40) > 3
    assert register(first, second, ignore=around, ignore_moving=around).moved_mm < 0.5


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
    found = register(fixed, moving, ignore=small, ignore_moving=mask > 0).trusted()
    back = resample(Image(mask, head.grid), head.grid, labels=True, transform=found.transform) > 0
    assert volume_ml(back, head.grid) == pytest.approx(volume_ml(large, head.grid), rel=0.03)
    assert landmark_error(found.transform, where[small][::20], moved_points(true, where[small][::20])) < 1.0


def warp(head: Image, largest_mm: float, seed: int):
    """A smooth random deformation and its inverse."""
    rng = np.random.default_rng(seed)
    field = np.stack([gaussian_filter(rng.standard_normal(head.grid.shape), 8) for _ in range(3)], -1)
    image = sitk.GetImageFromArray((field * largest_mm / np.abs(field).max()).astype(np.float64), isVector=True)
    image.SetSpacing(head.grid.spacing_mm[::-1])
    image.SetOrigin(head.grid.origin_mm)
    image.SetDirection(head.grid.direction)
    inverse = sitk.InvertDisplacementField(image, 100, 0.01, 0.001)
    return sitk.DisplacementFieldTransform(image), sitk.DisplacementFieldTransform(inverse)


@pytest.mark.slow
def test_a_smooth_deformation_is_found_and_can_be_undone(head, landmarks):
    true, inverse = warp(head, 8.0, 3)
    there = moved_points(true, landmarks)
    moved_mm = np.linalg.norm(there - landmarks, axis=1).mean()
    moving = Image(resample(head, head.grid, transform=inverse), head.grid)
    found = register(head, moving, "deformable", control_mm=60, landmarks=(landmarks, there)).trusted().quality
    assert found.landmark_mm is not None and found.landmark_mm < min(1.5, 0.6 * moved_mm)
    assert 0.4 < found.jacobian[0] < 1 < found.jacobian[1] < 2.0
    assert found.miss_mm < 0.05 < found.disagreement_mm < 2.0


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
    with pytest.raises(DataRefused, match="The rigid registration of the follow-up onto the baseline failed"):
        register(head, Image(np.ascontiguousarray(values, np.float32), head.grid)).trusted("the follow-up", "visit 2")


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
        ({"disagreement_mm": 6.0}, "there and back it misses by 6.0 mm"),
        ({"miss_mm": 2.0}, "no exact inverse"),
    ],
)
def test_the_verdict_names_the_measure(changes, words):
    assert failure(good()) == "" and words in failure(good(**changes))


def test_positions_that_are_wrong_measure_worse(head):
    other = Image(other_contrast(head.values), head.grid)
    shifts = []
    for mm in (0, 4, 12):
        transform = sitk.TranslationTransform(3, (float(mm), 0.0, 0.0))
        inverse = transform.GetInverse()
        shifts.append(quality_of(Pair(head, other), transform, (transform, inverse), (transform, inverse)))
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


def test_a_bias_field_is_divided_out():
    template = load_mni152()
    head = Image(block_mean(template.t1.astype(np.float32), 6), template.grid.coarsen(6))
    white = block_mean(template.white, 6) > 0.9
    z, y, x = np.indices(head.grid.shape) / np.array(head.grid.shape)[:, None, None, None]
    shaded = head.values * np.exp(0.5 * x - 0.5 * z + 0.4 * (y - 0.5) ** 2)
    found = correct_bias(Image(shaded, head.grid)).values
    spread = [v[white].std() / v[white].mean() for v in (head.values, shaded, found)]
    assert spread[1] > 0.07 and spread[2] < spread[0] + 0.01
    assert np.median(found[white]) == pytest.approx(np.median(shaded[white]), rel=0.15)
