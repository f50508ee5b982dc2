"""An image as read from a file: its numbers and where they lie."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from twin.grid import Grid, triple


@dataclass(frozen=True)
class Image:
    """``values`` (z, y, x) on ``grid``; ``source`` is how the user named the file, ``note`` what was done while reading."""

    values: np.ndarray = field(repr=False)
    grid: Grid
    source: str = ""
    note: str = ""


def to_itk(values: np.ndarray, grid: Grid):
    """A SimpleITK image of a (z, y, x) array (bool becomes uint8)."""
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(values.astype(np.uint8) if values.dtype == bool else values)
    image.SetSpacing(grid.spacing_mm[::-1])
    image.SetOrigin(grid.origin_mm)
    image.SetDirection(grid.direction)
    return image


def from_itk(image, *, single_precision: bool = False) -> tuple[np.ndarray, Grid]:
    """The (z, y, x) array and grid of a SimpleITK image.

    ``single_precision``: the header stored 32-bit numbers (NIfTI), so 1.2999999523 is read as the 1.3 that was meant.
    """
    import SimpleITK as sitk

    tidy = _shortest if single_precision else float
    values = sitk.GetArrayFromImage(image)
    grid = Grid(
        shape=triple(values.shape),
        spacing_mm=triple(tidy(v) for v in image.GetSpacing()[::-1]),
        origin_mm=triple(tidy(v) for v in image.GetOrigin()),
        direction=tuple(_snap(v) for v in image.GetDirection()),
    )
    return values, grid


def _shortest(value: float) -> float:
    """The shortest decimal number that the 32-bit float stands for (and no minus zero)."""
    return float(str(np.float32(value))) + 0.0


def _snap(value: float) -> float:
    """Direction cosines within 1e-6 of -1, 0 or 1 are those."""
    nearest = round(value)
    return nearest + 0.0 if abs(value - nearest) < 1e-6 else float(value)
