"""How good a registration is: numbers first, then a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.grid import Grid
from twin.imaging.image import Image
from twin.imaging.pair import Pair
from twin.imaging.resample import resample

LEAST_OVERLAP = 0.80
LEAST_INFORMATION = 0.05
FOREGROUND = 0.12
JACOBIANS = (0.2, 5.0)
LARGEST_LANDMARK_MM = 5.0
LARGEST_DISAGREEMENT_MM = 4.0
LARGEST_MISS_MM = 0.5
POINTS = 2000
"""Places at which two transforms are compared."""

BINS = 32


@dataclass(frozen=True)
class Quality:
    """Measures of a registration, taken within the common field of view and outside what was left out.

    ``overlap``: Dice of what both images hold. ``information``: normalised mutual information inside what the fixed image
    holds, 2 (H(a) + H(b) - H(a, b)) / (H(a) + H(b)): 0 unrelated, 1 equal; ``information_before``: the same at the positions
    as given. ``jacobian``: smallest and largest local change of volume. ``disagreement_mm``: mean distance between where the
    registration there and the one back put the same place, before both were made one. ``miss_mm``: mean distance by which
    the transform and its inverse miss the start. ``landmark_mm``: mean distance of landmarks, where given.
    """

    overlap: float
    information: float
    information_before: float
    jacobian: tuple[float, float]
    disagreement_mm: float = 0.0
    miss_mm: float = 0.0
    landmark_mm: float | None = None

    def __str__(self) -> str:
        words = f"overlap {self.overlap:.2f}, mutual information {self.information_before:.2f} -> {self.information:.2f}"
        words += f", there and back {self.disagreement_mm:.1f} mm"
        low, high = self.jacobian
        words += f", local volume change {low:.2f} to {high:.2f}" if high - low > 5e-3 else ""
        return words + (f", landmarks {self.landmark_mm:.1f} mm" if self.landmark_mm is not None else "")


def quality_of(
    pair: Pair,
    transform: Any,
    both_ways: tuple[Any, Any],
    with_inverse: tuple[Any, Any],
    landmarks: tuple[np.ndarray, np.ndarray] | None = None,
) -> Quality:
    """Measure a transform (fixed points to moving points), the two it was made from, and it with its inverse."""
    fixed, moving = pair.fixed, pair.moving
    inside = resample(Image(np.ones(moving.values.shape, np.float32), moving.grid), fixed.grid, transform=transform) > 0.99
    use = inside & ~_left_out(pair, transform)
    moved = resample(moving, fixed.grid, transform=transform)
    given = resample(moving, fixed.grid)
    held = contents(fixed.values)
    inner = use & held
    points = _points(fixed.grid, inner)
    return Quality(
        overlap=dice(held[use], contents(moved)[use]),
        information=normalised_information(fixed.values[inner], moved[inner]),
        information_before=normalised_information(fixed.values[inner], given[inner]),
        jacobian=jacobian_range(transform, fixed.grid),
        disagreement_mm=inverse_consistency(*both_ways, points)[0],
        miss_mm=inverse_consistency(*with_inverse, points)[0],
        landmark_mm=None if landmarks is None else landmark_error(transform, *landmarks),
    )


def _left_out(pair: Pair, transform: Any) -> np.ndarray:
    """What either image leaves out, on the grid of the fixed one."""
    found = np.zeros(pair.fixed.values.shape, bool) if pair.ignore is None else pair.ignore.astype(bool)
    if pair.ignore_moving is None:
        return found
    image = Image(pair.ignore_moving.astype(np.uint8), pair.moving.grid)
    return found | (resample(image, pair.fixed.grid, labels=True, transform=transform) > 0)


def _points(grid: Grid, where: np.ndarray) -> np.ndarray:
    """At most POINTS places (mm) spread over the true voxels."""
    found = np.argwhere(where)
    return grid.index_to_mm(found[:: max(1, len(found) // POINTS)])


def failure(quality: Quality) -> str:
    """Why a registration must not be used; empty if it may."""
    if quality.overlap < LEAST_OVERLAP:
        return f"what both scans hold overlaps only by {quality.overlap:.2f} (Dice; at least {LEAST_OVERLAP:g} is needed)"
    if quality.information < LEAST_INFORMATION:
        return f"the images share hardly any information ({quality.information:.2f}; at least {LEAST_INFORMATION:g})"
    if quality.information < quality.information_before - 0.02:
        return "the images agree less than at the positions as given"
    low, high = quality.jacobian
    if low < JACOBIANS[0] or high > JACOBIANS[1]:
        return f"it changes local volumes by factors from {low:.2f} to {high:.2f}: tissue would be folded or torn"
    if quality.disagreement_mm > LARGEST_DISAGREEMENT_MM:
        return f"there and back it misses by {quality.disagreement_mm:.1f} mm (at most {LARGEST_DISAGREEMENT_MM:g})"
    if quality.miss_mm > LARGEST_MISS_MM:
        return f"it has no exact inverse (misses by {quality.miss_mm:.1f} mm)"
    if quality.landmark_mm is not None and quality.landmark_mm > LARGEST_LANDMARK_MM:
        return f"landmarks are {quality.landmark_mm:.1f} mm apart on average"
    return ""


def contents(values: np.ndarray) -> np.ndarray:
    """What an image holds: voxels brighter than the background by a share of the range from dark to bright."""
    dark, bright = np.percentile(values, [1, 99])
    return np.asarray(values) > dark + FOREGROUND * (bright - dark)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    both = np.count_nonzero(a) + np.count_nonzero(b)
    return 2 * np.count_nonzero(a & b) / both if both else 0.0


def normalised_information(a: np.ndarray, b: np.ndarray) -> float:
    """2 I(a; b) / (H(a) + H(b)) from a joint histogram of equally filled bins."""
    if a.size < 100:
        return 0.0
    joint = np.histogram2d(_ranks(a), _ranks(b), bins=BINS, range=[[0, BINS], [0, BINS]])[0]
    joint /= joint.sum()
    ha, hb, hab = _entropy(joint.sum(1)), _entropy(joint.sum(0)), _entropy(joint.ravel())
    return 2 * (ha + hb - hab) / (ha + hb) if ha + hb > 0 else 0.0


def _ranks(values: np.ndarray) -> np.ndarray:
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.searchsorted(edges, values, side="right")


def _entropy(p: np.ndarray) -> float:
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


def displacement(transform: Any, grid: Grid) -> np.ndarray:
    """(z, y, x, 3) motion in mm of every voxel centre."""
    import SimpleITK as sitk

    field = sitk.TransformToDisplacementField(
        transform or sitk.Transform(),
        sitk.sitkVectorFloat64,
        grid.shape[::-1],
        grid.origin_mm,
        grid.spacing_mm[::-1],
        grid.direction,
    )
    return sitk.GetArrayFromImage(field)


def jacobian_range(transform: Any, grid: Grid) -> tuple[float, float]:
    """Smallest and largest local volume change (determinant of the transform's derivative), on every second voxel."""
    coarse = grid.coarsen(2) if min(grid.shape) >= 8 else grid
    motion = displacement(transform, coarse)
    turn = np.reshape(coarse.direction, (3, 3))
    by_index = np.stack([np.gradient(motion, axis=axis) for axis in (2, 1, 0)], axis=-1)
    along = by_index / np.array(coarse.spacing_mm)[::-1]
    local = np.eye(3) + along @ turn.T
    found = np.linalg.det(local)
    return float(found.min()), float(found.max())


def landmark_error(transform: Any, fixed_mm: np.ndarray, moving_mm: np.ndarray) -> float:
    """Mean distance in mm between moved fixed landmarks and their counterparts."""
    moved = np.array([transform.TransformPoint(p.tolist()) for p in np.asarray(fixed_mm, float)])
    return float(np.linalg.norm(moved - moving_mm, axis=1).mean())


def inverse_consistency(forward: Any, backward: Any, points_mm: np.ndarray) -> tuple[float, float]:
    """Mean and largest distance (mm) by which points miss their start after going there and back; 0 without points."""
    if len(points_mm) == 0:
        return 0.0, 0.0
    gone = [backward.TransformPoint(forward.TransformPoint(p.tolist())) for p in np.asarray(points_mm, float)]
    miss = np.linalg.norm(np.array(gone) - points_mm, axis=1)
    return float(miss.mean()), float(miss.max())
