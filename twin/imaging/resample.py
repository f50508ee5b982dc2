"""Bringing an image onto another grid: intensities linear, labels by Gaussian-label interpolation."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.grid import Grid
from twin.imaging.image import Image, to_itk


def resample(image: Image, grid: Grid, *, labels: bool = False, outside: float = 0.0, transform: Any = None) -> np.ndarray:
    """The values of ``image`` on ``grid`` (z, y, x), same type for labels, float32 for intensities.

    ``transform`` (SimpleITK) maps points of ``grid`` to points of the image; None is the identity. ``outside`` fills what
    the image does not cover. On its own grid and without transform the values come back untouched.
    """
    if transform is None and image.grid.same_as(grid):
        return image.values
    import SimpleITK as sitk

    values = image.values if labels else image.values.astype(np.float32)
    how = sitk.sitkLabelGaussian if labels else sitk.sitkLinear
    reference = sitk.Image(list(grid.shape[::-1]), sitk.sitkUInt8)
    reference.SetSpacing(grid.spacing_mm[::-1])
    reference.SetOrigin(grid.origin_mm)
    reference.SetDirection(grid.direction)
    moved = sitk.Resample(to_itk(values, image.grid), reference, transform or sitk.Transform(), how, float(outside))
    return sitk.GetArrayFromImage(moved)


def coverage(image_grid: Grid, grid: Grid, where: np.ndarray, transform: Any = None) -> float:
    """The share of the true voxels of ``where`` (on ``grid``) that lie inside the image's field of view."""
    points = np.argwhere(where)
    if len(points) == 0:
        return 0.0
    if len(points) > 20000:
        points = points[:: len(points) // 20000]
    positions = grid.index_to_mm(points)
    if transform is not None:
        positions = np.array([transform.TransformPoint(p.tolist()) for p in positions])
    step = np.reshape(image_grid.direction, (3, 3)) * np.asarray(image_grid.spacing_mm)[::-1]
    index = np.linalg.solve(step, (positions - np.asarray(image_grid.origin_mm)).T).T
    inside = (index > -0.5 - 1e-6) & (index < np.asarray(image_grid.shape)[::-1] - 0.5 + 1e-6)
    return float(inside.all(axis=1).mean())
