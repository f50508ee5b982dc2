"""Bringing an image onto another grid: intensities linear, labels by linear weights of every label (the heaviest wins).

Measured on spheres of 4 to 14 mm radius between grids of 1, 2 and 5 mm: label-linear keeps the shape best (Dice 0.87 to
0.99, nearest neighbour 0.83 to 0.97) and the volume to 0-14 %; ITK's Gaussian-label interpolation loses 12 to 100 % of small
lesions in 5 mm slices, so it is not used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.grid import Grid
from twin.imaging.image import Image, to_itk

POINTS = 20_000
"""Voxels looked at where a share is all that is asked for."""


def resample(image: Image, grid: Grid, *, labels: bool = False, outside: float = 0.0, transform: Any = None) -> np.ndarray:
    """The values of ``image`` on ``grid`` (z, y, x), same type for labels, float32 for intensities.

    ``transform`` (SimpleITK) maps points of ``grid`` to points of the image; None is the identity. ``outside`` fills what
    the image does not cover. On its own grid and without transform the values come back untouched.
    """
    if transform is None and image.grid.same_as(grid):
        return image.values
    import SimpleITK as sitk

    values = image.values if labels else image.values.astype(np.float32)
    how = sitk.sitkLabelLinear if labels else sitk.sitkLinear
    reference = sitk.Image(list(grid.shape[::-1]), sitk.sitkUInt8)
    reference.SetSpacing(grid.spacing_mm[::-1])
    reference.SetOrigin(grid.origin_mm)
    reference.SetDirection(grid.direction)
    moved = sitk.Resample(to_itk(values, image.grid), reference, transform or sitk.Transform(), how, float(outside))
    return sitk.GetArrayFromImage(moved)


def coverage(image_grid: Grid, grid: Grid, where: np.ndarray, transform: Any = None) -> float:
    """The share of the true voxels of ``where`` (on ``grid``) that lie inside the image's field of view."""
    _, inside = _nearest(image_grid, grid, where, transform)
    return float(inside.mean()) if len(inside) else 0.0


def share_inside(where: np.ndarray, grid: Grid, domain: np.ndarray, domain_grid: Grid, transform: Any = None) -> float:
    """The share of the true voxels of ``where`` (on ``grid``) whose centres lie in ``domain`` (on ``domain_grid``).

    ``transform`` maps points of ``domain_grid`` to points of ``grid``, as in :func:`resample`.
    """
    if transform is None and grid.same_as(domain_grid):
        return float(domain[where].mean()) if where.any() else 0.0
    index, inside = _nearest(domain_grid, grid, where, None if transform is None else transform.GetInverse())
    if len(inside) == 0:
        return 0.0
    return float(domain[tuple(index[inside].T)].sum() / len(inside))


def _nearest(target: Grid, grid: Grid, where: np.ndarray, transform: Any) -> tuple[np.ndarray, np.ndarray]:
    """Nearest voxels (z, y, x) of ``target`` to (at most POINTS of) the true voxels, and whether each lies inside it."""
    points = np.argwhere(where)
    points = points[:: max(1, len(points) // POINTS)]
    positions = grid.index_to_mm(points)
    if transform is not None and len(points):
        positions = np.array([transform.TransformPoint(p.tolist()) for p in positions])
    step = np.reshape(target.direction, (3, 3)) * np.asarray(target.spacing_mm)[::-1]
    index = np.rint(np.linalg.solve(step, (positions - np.asarray(target.origin_mm)).T).T[:, ::-1] - 1e-6).astype(int)
    return index, np.all((index >= 0) & (index < np.asarray(target.shape)), axis=1)
