"""Segmentations: a region is where the cell fraction exceeds what a sequence can show."""

from __future__ import annotations

import numpy as np

BOUNDARY_MM = 1.0
"""Standard deviation of a drawn border about the true one: raters of glioma agree to a Dice of 0.85 (Menze 2015, IEEE Trans
Med Imaging 34:1993), which is about a voxel of a millimetre on a lesion of 40 mL."""

CORRELATION_MM = 4.0
"""Length over which a border is drawn wrong to the same side."""


def to_mask(u: np.ndarray, threshold: float) -> np.ndarray:
    """The visible region of a cell fraction."""
    return u > threshold


def violation(u: np.ndarray, mask: np.ndarray, threshold: float) -> np.ndarray:
    """How far a cell fraction contradicts a region: below the threshold inside (negative), above it outside (positive)."""
    return np.where(mask, np.minimum(u - threshold, 0.0), np.maximum(u - threshold, 0.0)).astype(np.float32)


def border_spread(threshold: float, width_mm: float) -> float:
    """Spread of the cell fraction on a border drawn ``BOUNDARY_MM`` wrong, from the slope of a front of that width.

    A Fisher-KPP front obeys |du/dx| ~ (2 / sqrt(6)) u (1 - sqrt(u)) / width with width = sqrt(D / rho)
    (Ablowitz & Zeppetella 1979, Bull Math Biol 41:835).
    """
    slope = 2.0 / np.sqrt(6.0) * threshold * (1.0 - np.sqrt(threshold)) / width_mm
    return float(max(slope * BOUNDARY_MM, 0.02))
