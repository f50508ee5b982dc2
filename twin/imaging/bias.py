"""Bias field correction (N4): the slow change of brightness that a coil leaves in an MR image is divided out."""

from __future__ import annotations

import numpy as np

from twin.imaging.image import Image, to_itk

COARSE_MM = 4.0
"""The field is smooth: it is estimated on voxels of about this size."""

ITERATIONS = (50, 40, 30)


def correct_bias(image: Image) -> Image:
    """``image`` divided by its bias field, float32 on its own grid; scaled so that the median of what it holds stays.

    N4 (Tustison et al. 2010, IEEE TMI 29:1310), three levels, inside what Otsu's threshold takes for body. Intensities are
    taken as they come: zero or negative ones keep their value. Only for MR images whose numbers have no unit.
    """
    import SimpleITK as sitk

    whole = sitk.Cast(to_itk(image.values, image.grid), sitk.sitkFloat32)
    shrink = [max(1, min(round(COARSE_MM / h), n // 8)) for h, n in zip(whole.GetSpacing(), whole.GetSize(), strict=True)]
    coarse = sitk.Shrink(whole, shrink)
    body = sitk.OtsuThreshold(coarse, 0, 1, 200) & sitk.Cast(coarse > 0, sitk.sitkUInt8)
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetNumberOfThreads(1)
    n4.SetMaximumNumberOfIterations(list(ITERATIONS))
    n4.Execute(coarse, body)
    field = np.exp(sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(whole)))
    corrected = (image.values / field).astype(np.float32)
    held = sitk.GetArrayFromImage(sitk.Resample(body, whole, sitk.Transform(), sitk.sitkNearestNeighbor)) > 0
    scale = np.median(image.values[held]) / np.median(corrected[held]) if held.any() else 1.0
    return Image(corrected * np.float32(scale), image.grid, image.source, image.note)
