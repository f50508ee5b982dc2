"""Writing images: NIfTI that every viewer opens."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from twin.grid import Grid
from twin.imaging.image import to_itk


def write_image(path: Path, values: np.ndarray, grid: Grid) -> Path:
    """Write a (z, y, x) array (bool as uint8) in the format of the file's ending (.nii.gz, .nii, .nrrd, .mha).

    NIfTI keeps positions in single precision: they come back to about 1e-5 mm.
    """
    import SimpleITK as sitk

    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(to_itk(values, grid), str(path), useCompression=True)
    return path
