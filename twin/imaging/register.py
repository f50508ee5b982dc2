"""Registration in one direction: rigid, then affine, then a B-spline on top, by mutual information (SimpleITK)."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.imaging.image import Image
from twin.imaging.pair import Levels, Pair

LEVELS: Levels = ((4, 4.0), (2, 2.0), (1, 0.0))
AFFINE_LEVELS: Levels = ((2, 2.0), (1, 0.0))
SPLINE_LEVELS: Levels = ((1, 2.0), (1, 1.0))
"""The B-spline starts on control points twice as far apart as wanted."""

SPLINE_SAMPLES = 10_000
SPLINE_BINS = 32
ITERATIONS = {"rigid": 200, "affine": 100, "deformable": 25}


def find_rigid(pair: Pair, starts: tuple[Any, ...] = ()) -> Any:
    """The rotation and translation (fixed points to moving points) that bring the moving image onto the fixed one.

    Starts from the best of ``starts``, the positions as given and matched centres of mass; regular-step gradient descent
    at three resolutions. The same inputs give the same numbers.
    """
    import SimpleITK as sitk

    candidates = (sitk.Euler3DTransform(), _matched(pair), *starts)
    return sitk.Euler3DTransform(_descend(pair, min(candidates, key=pair.metric), LEVELS, 2.0, 1e-3, "rigid"))


def find_affine(pair: Pair, start: Any) -> Any:
    """Twelve parameters from a rigid motion."""
    import SimpleITK as sitk

    first = sitk.AffineTransform(3)
    first.SetMatrix(start.GetMatrix())
    first.SetTranslation(start.GetTranslation())
    first.SetCenter(start.GetCenter())
    return sitk.AffineTransform(_descend(pair, first, AFFINE_LEVELS, 1.0, 1e-4, "affine"))


def find_spline(pair: Pair, start: Any, control_mm: float) -> Any:
    """A cubic B-spline of the fixed frame, with control points ``control_mm`` apart, that goes before ``start``.

    Rueckert et al. 1999, IEEE TMI 18:712.
    """
    import SimpleITK as sitk

    grid = pair.fixed.grid
    extent = np.array(grid.shape[::-1]) * np.array(grid.spacing_mm[::-1])
    a, b = pair.itk()
    spline = sitk.BSplineTransformInitializer(a, [max(1, round(float(length) / control_mm / 2)) for length in extent], 3)
    method = pair.method(SPLINE_LEVELS, SPLINE_SAMPLES, SPLINE_BINS)
    method.SetMovingInitialTransform(start)
    method.SetInitialTransformAsBSpline(spline, inPlace=True, scaleFactors=[1, 2])
    method.SetOptimizerAsLBFGS2(
        solutionAccuracy=1e-6, numberOfIterations=ITERATIONS["deformable"], lineSearchMaximumEvaluations=5
    )
    method.Execute(a, b)
    return spline


def _matched(pair: Pair) -> Any:
    """The translation between the centres of mass, turning about the fixed one."""
    import SimpleITK as sitk

    kind = sitk.CenteredTransformInitializerFilter.MOMENTS
    return sitk.Euler3DTransform(sitk.CenteredTransformInitializer(*pair.itk(), sitk.Euler3DTransform(), kind))


def _descend(pair: Pair, start: Any, levels: Levels, step: float, least: float, kind: str) -> Any:
    import SimpleITK as sitk

    method = pair.method(levels)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=step,
        minStep=least,
        numberOfIterations=ITERATIONS[kind],
        relaxationFactor=0.6,
        gradientMagnitudeTolerance=1e-6,
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(start, inPlace=False)
    return sitk.CompositeTransform(method.Execute(*pair.itk())).GetBackTransform()


def middle_mm(image: Image) -> np.ndarray:
    """The centre of the voxels that hold anything, mm."""
    held = np.argwhere(image.values != 0)
    return image.grid.index_to_mm(held.mean(axis=0) if len(held) else (np.array(image.grid.shape) - 1) / 2)
