"""Halfway between two answers: a registration there and one back, made into one whose inverse is exact.

Two registrations F (fixed to moving) and B (moving to fixed) never undo each other exactly. The matrix halfway between F and
B^-1, F (F^-1 B^-1)^(1/2), does: with the images exchanged it is its own inverse (Arsigny et al. 2009, log-Euclidean mean).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.grid import Grid
from twin.imaging.image import Image


def matrix_of(transform: Any) -> np.ndarray:
    """The 4 x 4 matrix of a rigid or affine transform of ITK: y = M (x - c) + c + t."""
    turn, centre = np.reshape(transform.GetMatrix(), (3, 3)), np.array(transform.GetCenter())
    found = np.eye(4)
    found[:3, :3] = turn
    found[:3, 3] = centre + np.array(transform.GetTranslation()) - turn @ centre
    return found


def transform_of(matrix: np.ndarray) -> Any:
    """The affine transform of a 4 x 4 matrix."""
    import SimpleITK as sitk

    return sitk.AffineTransform(matrix[:3, :3].ravel().tolist(), matrix[:3, 3].tolist())


def halfway_matrix(there: np.ndarray, back: np.ndarray) -> np.ndarray:
    """The matrix halfway between ``there`` and the inverse of ``back``; of two rotations a rotation."""
    from scipy.linalg import sqrtm

    return there @ np.real(sqrtm(np.linalg.inv(back @ there)))


def halfway_field(there: Any, back: Any, affine: np.ndarray, grid: Grid, moving: Grid) -> tuple[Any, Any]:
    """(transform, inverse) halfway between two deformable registrations; each is a composite with ``affine``.

    ``there`` is a B-spline of the fixed frame that goes before the affine motion, ``back`` one of the moving frame that goes
    before its inverse. Both displacements are sampled on ``grid`` (coarse; they are smooth) and their mean is inverted
    numerically.
    """
    import SimpleITK as sitk

    forward, backward = transform_of(affine), transform_of(np.linalg.inv(affine))
    other = sitk.CompositeTransform([backward, displaced(inverted(_field(back, moving))), forward])
    mean = 0.5 * (sitk.GetArrayFromImage(_field(there, grid)) + sitk.GetArrayFromImage(_field(other, grid)))
    motion = vectors_as_image(mean, grid)
    undone = displaced(inverted(motion))
    return sitk.CompositeTransform([forward, displaced(motion)]), sitk.CompositeTransform([undone, backward])


def sampling_grid(image: Image, step_mm: float) -> Grid:
    """A grid of about ``step_mm`` over the image and one step beyond each of its faces."""
    grid = image.grid
    steps = [max(h, step_mm) for h in grid.spacing_mm]
    shape = [int(np.ceil((n - 1) * h / s)) + 3 for n, h, s in zip(grid.shape, grid.spacing_mm, steps, strict=True)]
    start = grid.index_to_mm(np.array([-s / h for s, h in zip(steps, grid.spacing_mm, strict=True)]))
    z, y, x = steps
    return Grid((shape[0], shape[1], shape[2]), (z, y, x), tuple(float(v) for v in start), grid.direction)  # type: ignore[arg-type]


def _field(transform: Any, grid: Grid) -> Any:
    """The displacement of every point of ``grid``, as an ITK image of vectors (mm)."""
    import SimpleITK as sitk

    vectors = sitk.sitkVectorFloat64
    return sitk.TransformToDisplacementField(
        transform, vectors, grid.shape[::-1], grid.origin_mm, grid.spacing_mm[::-1], grid.direction
    )


def vectors_as_image(vectors: np.ndarray, grid: Grid) -> Any:
    """Displacements (z, y, x, 3) in mm as an ITK image."""
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.ascontiguousarray(vectors, float), isVector=True)
    image.SetOrigin(grid.origin_mm)
    image.SetSpacing(grid.spacing_mm[::-1])
    image.SetDirection(grid.direction)
    return image


def displaced(field: Any) -> Any:
    """The transform of a displacement field."""
    import SimpleITK as sitk

    return sitk.DisplacementFieldTransform(sitk.Image(field))


def inverted(field: Any) -> Any:
    """The displacements that undo ``field``, by fixed-point iteration (Chen et al. 2008, Med Phys 35:81)."""
    import SimpleITK as sitk

    return sitk.InvertDisplacementField(
        field,
        maximumNumberOfIterations=50,
        maxErrorToleranceThreshold=0.01,
        meanErrorToleranceThreshold=0.001,
        enforceBoundaryCondition=False,
    )
