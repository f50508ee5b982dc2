"""Segmentations: a region is where the cell fraction exceeds what a sequence can show."""

from __future__ import annotations

import numpy as np

from calibration import front

BOUNDARY_MM = 1.0
"""Standard deviation of a drawn border about the true one: raters of glioma agree to a Dice of 0.85 (Menze 2015, IEEE Trans
Med Imaging 34:1993), which is about a voxel of a millimetre on a lesion of 40 mL."""

CORRELATION_MM = 4.0
"""Length over which a border is drawn wrong to the same side."""


def to_mask(u: np.ndarray, threshold: float) -> np.ndarray:
    """The visible region of a cell fraction."""
    return u > threshold


def visible_share(u: np.ndarray, threshold: float, spacing_mm: float) -> np.ndarray:
    """Share of each voxel above ``threshold``, from the voxel's place on a front of typical width.

    The front's coordinate is linear in distance, so that errors of a border count alike to both sides, and the share
    goes from 0 to 1 over the voxel's width: a border that moves by less than a voxel is seen. It has kinks where it
    reaches 0 and 1. Float64 for float64, else float32.
    """
    share = np.clip(_unclipped(u, threshold, spacing_mm), 0.0, 1.0)
    return share.astype(np.float64 if u.dtype == np.float64 else np.float32)


def share_slope(u: np.ndarray, threshold: float, spacing_mm: float) -> np.ndarray:
    """d :func:`visible_share` / du, float64; zero where the share is 0 or 1."""
    between = np.abs(_unclipped(u, threshold, spacing_mm) - 0.5) < 0.5
    u = u.astype(np.float64)
    return between * front.TYPICAL_LENGTH_MM / spacing_mm / front.slope(front.position(u))


def _unclipped(u: np.ndarray, threshold: float, spacing_mm: float) -> np.ndarray:
    depth = front.position(np.array(threshold)) - front.position(u)
    return 0.5 + depth * front.TYPICAL_LENGTH_MM / spacing_mm


def volume_spread(volume_ml: float) -> float:
    """Relative spread of the volume of a drawn lesion of that size: the border's errors summed over a sphere.

    They are alike over 2 pi ``CORRELATION_MM``^2 of the surface A, so var V = A 2 pi CORRELATION_MM^2 BOUNDARY_MM^2. Below
    about 0.1 mL, where the border's error is as large as the lesion, the spread stays 1.
    """
    if volume_ml <= 0:
        return 0.0
    mm3 = 1000.0 * volume_ml
    surface = np.pi ** (1 / 3) * (6.0 * mm3) ** (2 / 3)
    return min(1.0, float(BOUNDARY_MM * CORRELATION_MM * np.sqrt(2 * np.pi * surface) / mm3))
