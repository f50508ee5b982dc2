"""Motions that are known: what a registration is measured against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.grid import Grid
from twin.imaging.halfway import displaced, inverted, sampling_grid, vectors_as_image
from twin.imaging.image import Image

STEP_MM = 4.0


@dataclass(frozen=True)
class Motion:
    """``transform`` takes points of the scan as it was to where they are after the motion (mm, LPS); ``inverse`` back."""

    transform: Any
    inverse: Any

    def points(self, where_mm: np.ndarray) -> np.ndarray:
        """Where points (n, 3) are after the motion, mm."""
        return np.array([self.transform.TransformPoint(p.tolist()) for p in np.asarray(where_mm, float)])


def rigid_motion(grid: Grid, degrees: float, shift_mm: float, rng: np.random.Generator) -> Motion:
    """Turned about each axis by up to ``degrees`` around the middle of the grid, and moved along each by ``shift_mm``."""
    import SimpleITK as sitk

    turn = np.radians(rng.uniform(-degrees, degrees, 3)).tolist()
    middle = grid.index_to_mm((np.array(grid.shape) - 1) / 2).tolist()
    made = sitk.Euler3DTransform(middle, *turn, rng.uniform(-shift_mm, shift_mm, 3).tolist())
    return Motion(made, made.GetInverse())


def smooth_motion(image: Image, largest_mm: float, alike_mm: float, rng: np.random.Generator) -> Motion:
    """A random deformation of at most ``largest_mm`` along an axis; smoothed by a Gaussian of width ``alike_mm``."""
    from scipy.ndimage import gaussian_filter

    grid = sampling_grid(image, STEP_MM)
    width = [alike_mm / h for h in grid.spacing_mm]
    field = np.stack([gaussian_filter(rng.standard_normal(grid.shape), width) for _ in range(3)], axis=-1)
    there = vectors_as_image(field * largest_mm / np.abs(field).max(), grid)
    return Motion(displaced(there), displaced(inverted(there)))


def after(first: Motion, then: Motion) -> Motion:
    """One motion after another."""
    import SimpleITK as sitk

    return Motion(
        sitk.CompositeTransform([then.transform, first.transform]), sitk.CompositeTransform([first.inverse, then.inverse])
    )
