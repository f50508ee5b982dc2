"""Bringing an image onto another grid, each kind of number by its own rule.

Intensities: linear. Labels: linear weights of every label, the heaviest wins. Densities (cells per volume): the mean over
each new voxel, and the total is kept. Doses: the largest value in each new voxel, so that no hot spot is lost.

Measured on spheres of 4 to 14 mm radius between grids of 1, 2 and 5 mm: label-linear keeps the shape best (Dice 0.87 to
0.99, nearest neighbour 0.83 to 0.97) and the volume to 0-14 %; ITK's Gaussian-label interpolation loses 12 to 100 % of small
lesions in 5 mm slices, so it is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from twin.grid import Grid, triple
from twin.imaging.image import Image, to_itk

POINTS = 20_000
"""Voxels looked at where a share is all that is asked for."""

FINEST = 8
"""A new voxel is looked at in at most so many parts along an axis."""


def resample(image: Image, grid: Grid, *, labels: bool = False, outside: float = 0.0, transform: Any = None) -> np.ndarray:
    """The values of ``image`` on ``grid`` (z, y, x), same type for labels, float32 for intensities.

    ``transform`` (SimpleITK) maps points of ``grid`` to points of the image; None is the identity. ``outside`` fills what
    the image does not cover. On its own grid and without transform the values come back untouched.
    """
    if transform is None and image.grid.same_as(grid):
        return image.values
    values = image.values if labels else image.values.astype(np.float32)
    return _sampled(to_itk(values, image.grid), grid, transform, labels, outside)


def _sampled(source: Any, grid: Grid, transform: Any, labels: bool = False, outside: float = 0.0) -> np.ndarray:
    """An ITK image at the voxel centres of ``grid``."""
    import SimpleITK as sitk

    how = sitk.sitkLabelLinear if labels else sitk.sitkLinear
    reference = sitk.Image(list(grid.shape[::-1]), sitk.sitkUInt8)
    reference.SetSpacing(grid.spacing_mm[::-1])
    reference.SetOrigin(grid.origin_mm)
    reference.SetDirection(grid.direction)
    return sitk.GetArrayFromImage(sitk.Resample(source, reference, transform or sitk.Transform(), how, outside))


def resample_density(image: Image, grid: Grid, *, transform: Any = None, inverse: Any = None) -> np.ndarray:
    """A density (amount per volume) on ``grid``, float32: the sum of density times volume stays what the image holds.

    Each new voxel is the mean over its parts; the whole is scaled so that the amount within the field of view of ``grid`` is
    the image's own, also where a motion changes volumes. ``inverse`` undoes ``transform``.
    """
    if transform is None and image.grid.same_as(grid):
        return image.values
    found = _by_parts(image, grid, transform, np.mean)
    amount, kept = _amount_inside(image, grid, inverse), float(found.sum(dtype=float)) * grid.voxel_ml
    return found * np.float32(amount / kept) if kept > 0 and amount > 0 else found


def resample_dose(image: Image, grid: Grid, *, transform: Any = None) -> np.ndarray:
    """A dose on ``grid``, float32: the largest of the (linearly interpolated) values within each new voxel.

    Where the dose falls steeply this is up to half a voxel's change above the value at its centre.
    """
    if transform is None and image.grid.same_as(grid):
        return image.values
    return _by_parts(image, grid, transform, np.max)


def _by_parts(image: Image, grid: Grid, transform: Any, of: Callable[..., np.ndarray]) -> np.ndarray:
    """``of`` (mean, max) the values at the parts of each voxel of ``grid``; parts are no larger than the image's voxels."""
    finest = min(image.grid.spacing_mm)
    parts = triple(min(FINEST, max(1, int(np.ceil(h / finest - 1e-6)))) for h in grid.spacing_mm)
    source = to_itk(image.values.astype(np.float32), image.grid)
    z, y, x = parts
    found = np.empty(grid.shape, np.float32)
    for plane in range(grid.shape[0]):
        values = _sampled(source, _refined(grid, plane, parts), transform)
        found[plane] = of(values.reshape(z, grid.shape[1], y, grid.shape[2], x), axis=(0, 2, 4))
    return found


def _refined(grid: Grid, plane: int, parts: tuple[int, int, int]) -> Grid:
    """The parts of the voxels of one plane, as a grid of its own."""
    shape = triple(n * p for n, p in zip((1, *grid.shape[1:]), parts, strict=True))
    spacing = triple(h / p for h, p in zip(grid.spacing_mm, parts, strict=True))
    corner = np.array([plane, 0, 0]) - 0.5 + 0.5 / np.array(parts)
    return replace(grid, shape=shape, spacing_mm=spacing, origin_mm=triple(float(v) for v in grid.index_to_mm(corner)))


def _amount_inside(image: Image, grid: Grid, inverse: Any) -> float:
    """Density times volume (mL) of what the image holds within the field of view of ``grid``."""
    seen = resample(Image(np.ones(grid.shape, np.float32), grid), image.grid, transform=inverse)
    return float((image.values * seen).sum(dtype=float)) * image.grid.voxel_ml


def coverage(image_grid: Grid, grid: Grid, where: np.ndarray, transform: Any = None) -> float:
    """The share of the true voxels of ``where`` (on ``grid``) that lie inside the image's field of view."""
    _, inside = _nearest(image_grid, grid, where, transform)
    return float(inside.mean()) if len(inside) else 0.0


def share_inside(where: np.ndarray, grid: Grid, domain: np.ndarray, domain_grid: Grid, inverse: Any = None) -> float:
    """The share of the true voxels of ``where`` (on ``grid``) whose centres lie in ``domain`` (on ``domain_grid``).

    ``inverse`` maps points of ``grid`` to points of ``domain_grid``; None is the identity.
    """
    if inverse is None and grid.same_as(domain_grid):
        return float(domain[where].mean()) if where.any() else 0.0
    index, inside = _nearest(domain_grid, grid, where, inverse)
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
