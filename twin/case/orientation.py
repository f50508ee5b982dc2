"""Where an image lies, in the words of a radiologist."""

from __future__ import annotations

import numpy as np

from twin.grid import Grid

PLANES = {0: "sagittal", 1: "coronal", 2: "axial"}
TOWARDS = (("right", "left"), ("front", "back"), ("feet", "head"))
"""The ends of the x, y and z axes of the LPS frame (negative, positive)."""


def grid_words(grid: Grid) -> list[str]:
    """Plane and slices, voxel size, extent, and any obliqueness."""
    x, y, z = grid.shape[::-1]
    dx, dy, dz = grid.spacing_mm[::-1]
    lines = [
        f"{plane(grid)} stack of {z} slices of {x} x {y} voxels",
        f"voxels {dx:g} x {dy:g} mm in the slice, {dz:g} mm between slices ({dx * dy * dz:.3g} mm3)",
        f"covers {x * dx:.0f} x {y * dy:.0f} x {z * dz:.0f} mm; rows run to the patient's {_end(grid, 0)}, "
        f"columns to the {_end(grid, 1)}, slices to the {_end(grid, 2)}",
    ]
    tilt = oblique_degrees(grid)
    if tilt > 0.5:
        lines.append(f"oblique: tilted by {tilt:.0f} degrees from the body's axes")
    if max(grid.spacing_mm) > 2.5 * min(grid.spacing_mm):
        lines.append("strongly anisotropic: volumes and spread across slices are less certain than within them")
    return lines


def plane(grid: Grid) -> str:
    """axial, coronal or sagittal: the plane closest to the slices."""
    return PLANES[int(np.argmax(np.abs(np.reshape(grid.direction, (3, 3))[:, 2])))]


def oblique_degrees(grid: Grid) -> float:
    """The largest angle between an image axis and the body axis closest to it."""
    nearest = np.abs(np.reshape(grid.direction, (3, 3))).max(axis=0)
    return float(np.degrees(np.arccos(np.clip(nearest.min(), -1, 1))))


def _end(grid: Grid, index_axis: int) -> str:
    column = np.reshape(grid.direction, (3, 3))[:, index_axis]
    body = int(np.argmax(np.abs(column)))
    return TOWARDS[body][int(column[body] > 0)]
