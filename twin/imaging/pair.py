"""Two scans that are compared by mutual information, and what is left out of the comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from twin.imaging.image import Image, to_itk

SAMPLES = 30_000
"""Voxels compared on each level."""

BINS = 50

Levels = tuple[tuple[int, float], ...]
"""(shrink factor, smoothing in mm) per resolution, coarse to fine."""


@dataclass(frozen=True)
class Pair:
    """``ignore`` and ``ignore_moving`` (bool, each on its image's grid, or None) are left out: a tumour that grows would
    otherwise pull the brain. ``seed`` draws the voxels that are compared."""

    fixed: Image
    moving: Image
    ignore: np.ndarray | None = None
    ignore_moving: np.ndarray | None = None
    seed: int = 2026

    def swapped(self) -> Pair:
        """The same comparison with the parts exchanged."""
        return replace(self, fixed=self.moving, moving=self.fixed, ignore=self.ignore_moving, ignore_moving=self.ignore)

    def itk(self) -> tuple[Any, Any]:
        """Both images in single precision."""
        import SimpleITK as sitk

        a, b = (sitk.Cast(to_itk(i.values, i.grid), sitk.sitkFloat32) for i in (self.fixed, self.moving))
        return a, b

    def method(self, levels: Levels, samples: int = SAMPLES, bins: int = BINS) -> Any:
        """A registration method with Mattes mutual information on a fixed random sample, one thread, and no optimiser yet.

        Mattes et al. 2003, IEEE TMI 22:120.
        """
        import SimpleITK as sitk

        method = sitk.ImageRegistrationMethod()
        method.SetNumberOfThreads(1)
        method.SetNumberOfWorkUnits(1)
        method.SetMetricAsMattesMutualInformation(numberOfHistogramBins=bins)
        method.SetMetricSamplingStrategy(method.RANDOM)
        voxels = self.fixed.values.size
        shares = [min(1.0, samples * shrink**3 / voxels) for shrink, _ in levels]
        method.SetMetricSamplingPercentagePerLevel(shares, self.seed)
        method.SetInterpolator(sitk.sitkLinear)
        method.SetShrinkFactorsPerLevel([shrink for shrink, _ in levels])
        method.SetSmoothingSigmasPerLevel([mm for _, mm in levels])
        method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
        if self.ignore is not None and self.ignore.any():
            method.SetMetricFixedMask(to_itk(~self.ignore, self.fixed.grid))
        if self.ignore_moving is not None and self.ignore_moving.any():
            method.SetMetricMovingMask(to_itk(~self.ignore_moving, self.moving.grid))
        return method

    def metric(self, transform: Any) -> float:
        """Minus the mutual information under a transform (fixed points to moving points); infinite without overlap."""
        method = self.method(((1, 0.0),))
        method.SetInitialTransform(transform, inPlace=False)
        try:
            return float(method.MetricEvaluate(*self.itk()))
        except RuntimeError:
            return float("inf")
