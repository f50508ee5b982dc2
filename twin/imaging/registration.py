"""Registration with its quality: rigid, affine or deformable (B-spline), measured before it may be used.

Mattes mutual information at three resolutions (SimpleITK); a tumour is left out of the comparison, so that growth is not
registered away. Rueckert et al. 1999, IEEE TMI 18:712 (B-splines); Mattes et al. 2003, IEEE TMI 22:120 (metric).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.image import Image, to_itk
from twin.imaging.register import LEVELS, SAMPLES, mutual_information, register_rigid
from twin.imaging.registration_quality import Quality, failure, quality_of

Kind = Literal["rigid", "affine", "deformable"]
KINDS: tuple[Kind, ...] = ("rigid", "affine", "deformable")
ITERATIONS = {"affine": 100, "deformable": 15}
SMOOTH_MM = 2.0
SPLINE_SAMPLES = 10_000


@dataclass(frozen=True)
class Registered:
    """``transform`` takes points of the fixed image to points of the moving one (mm, LPS)."""

    kind: Kind
    transform: Any
    quality: Quality

    def trusted(self, where: str = "") -> Registered:
        """Itself, if its quality allows; else a refusal with the measure that failed."""
        reason = failure(self.quality)
        if reason:
            raise DataRefused(
                f"The {self.kind} registration failed: {reason}.",
                where=where,
                why="tumour and dose would be compared at the wrong place",
                remedy="check that both images show the same patient and organ; register them by hand and import the result",
            )
        return self


def register(
    fixed: Image,
    moving: Image,
    kind: Kind = "rigid",
    *,
    ignore: np.ndarray | None = None,
    control_mm: float = 40.0,
    landmarks: tuple[np.ndarray, np.ndarray] | None = None,
    seed: int = 2026,
) -> Registered:
    """Bring ``moving`` onto ``fixed`` and measure how well it went.

    ``ignore`` (bool, on the fixed grid) is left out of the comparison. ``control_mm`` is the distance of the B-spline's
    control points. ``landmarks``: (n, 3) points of the fixed image and the same places in the moving one, for the error.
    Affine and deformable start from the rigid result. One thread and a fixed seed: the same inputs give the same numbers.
    """
    transform = register_rigid(fixed, moving, ignore, seed).transform
    a, b = (_smooth_type(image) for image in (fixed, moving))
    if kind != "rigid":
        transform = _affine(a, b, transform, ignore, seed)
    if kind == "deformable":
        transform = _deform(a, b, transform, fixed.grid, ignore, control_mm, seed)
    return Registered(kind, transform, quality_of(fixed, moving, transform, ignore, landmarks))


def _smooth_type(image: Image):
    import SimpleITK as sitk

    return sitk.Cast(to_itk(image.values, image.grid), sitk.sitkFloat32)


def _affine(a, b, start, ignore: np.ndarray | None, seed: int):
    """Twelve parameters from six."""
    import SimpleITK as sitk

    first = sitk.AffineTransform(3)
    first.SetMatrix(start.GetMatrix())
    first.SetTranslation(start.GetTranslation())
    first.SetCenter(start.GetCenter())
    levels = LEVELS[1:]
    method = _levelled(a, ignore, seed, levels)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-4, ITERATIONS["affine"], 0.6, 1e-6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(first, inPlace=False)
    return sitk.AffineTransform(sitk.CompositeTransform(method.Execute(a, b)).GetBackTransform())


def _deform(a, b, start, grid: Grid, ignore: np.ndarray | None, control_mm: float, seed: int):
    """A cubic B-spline on top of the affine motion; as a composite (points pass the B-spline first)."""
    import SimpleITK as sitk

    extent = np.array(grid.shape[::-1]) * np.array(grid.spacing_mm[::-1])
    mesh = [max(2, round(float(length) / control_mm)) for length in extent]
    spline = sitk.BSplineTransformInitializer(a, mesh, 3)
    method = _levelled(a, ignore, seed, ((1, SMOOTH_MM),), SPLINE_SAMPLES)
    method.SetMovingInitialTransform(start)
    method.SetInitialTransform(spline, inPlace=True)
    method.SetOptimizerAsLBFGS2(
        solutionAccuracy=1e-6, numberOfIterations=ITERATIONS["deformable"], lineSearchMaximumEvaluations=5
    )
    method.Execute(a, b)
    return sitk.CompositeTransform([start, spline])


def _levelled(a, ignore: np.ndarray | None, seed: int, levels, samples: int = SAMPLES):
    method = mutual_information(a, ignore, seed, tuple(s for s, _ in levels), samples)
    method.SetShrinkFactorsPerLevel([s for s, _ in levels])
    method.SetSmoothingSigmasPerLevel([mm for _, mm in levels])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    return method
