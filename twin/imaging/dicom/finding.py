"""What is odd about a volume's slices, in a radiologist's words, and whether it can be used all the same."""

from __future__ import annotations

import numpy as np

from twin.grid import Grid
from twin.imaging.dicom.series import Volume
from twin.imaging.dicom.stack import MOST_MISSING, ROUNDING_MM, Layout

WIDEST_RATIO = 3.0


def unusable(volume: Volume) -> str:
    """Why the volume cannot be made whole; empty if it can."""
    where = volume.layout
    missing = len(where.missing)
    if missing and (missing > MOST_MISSING * where.planes or len(set(where.missing)) < missing):
        return f"{missing} of {where.planes} slices are missing"
    if where.uneven:
        steps = np.diff(where.offsets_mm)
        if steps.max() > WIDEST_RATIO * max(float(steps.min()), ROUNDING_MM):
            return f"slices are missing: neighbours lie from {steps.min():.2f} to {steps.max():.2f} mm apart"
    return ""


def remarks(volume: Volume) -> list[str]:
    """What was mended or is worth knowing."""
    where, said = volume.layout, []
    if volume.duplicates:
        said.append(f"{volume.duplicates} duplicate slice{_s(volume.duplicates)} left out")
    if where.missing:
        places = ", ".join(f"after slice {i + 1}" for i in where.missing[:5])
        said.append(f"{len(where.missing)} of {where.planes} slices missing ({places}): interpolated from their neighbours")
    if where.uneven:
        steps = np.diff(where.offsets_mm)
        said.append(
            f"slice distances vary from {steps.min():.2f} to {steps.max():.2f} mm: interpolated to {where.step_mm:.2f} mm"
        )
    if where.tilted:
        said.append(f"gantry tilt of {where.tilt_degrees:.1f} degrees: straightened by interpolation within each slice")
    said += _rounding(where)
    if volume.overlaid:
        said.append("drawings or words of an overlay lie over it: they are not taken over")
    return said


def _rounding(where: Layout) -> list[str]:
    rest = max(where.residual_mm, where.ragged_mm)
    return [f"slice positions are rounded or irregular by up to {rest:.2f} mm"] if rest > ROUNDING_MM else []


def plane_of(grid: Grid) -> str:
    """axial, coronal, sagittal or oblique, by the direction of the slices' normal."""
    normal = np.reshape(grid.direction, (3, 3))[:, 2]
    name = ("sagittal", "coronal", "axial")[int(np.argmax(np.abs(normal)))]
    tilt = float(np.degrees(np.arccos(min(1.0, float(np.abs(normal).max())))))
    return name if tilt < 1 else f"oblique {name} ({tilt:.0f} degrees)"


def size_words(grid: Grid) -> str:
    """ "192 slices of 256 x 240 voxels, 0.9 x 0.9 mm in the slice, 1 mm apart, axial"; columns before rows."""
    z, y, x = grid.spacing_mm
    size = f"{grid.shape[0]} slices of {grid.shape[2]} x {grid.shape[1]} voxels"
    return f"{size}, {x:.3g} x {y:.3g} mm in the slice, {z:.3g} mm apart, {plane_of(grid)}"


def _s(count: int) -> str:
    return "s" if count > 1 else ""
