"""How near a lesion comes to an organ or an eloquent region, and how much of it lies within."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.geometry.measure import volume_ml
from twin.grid import Grid


@dataclass(frozen=True)
class Nearness:
    """``distance_mm`` between the nearest voxel centres of lesion and organ, 0 where they overlap; None without a lesion.

    ``overlap_ml`` is what they share, ``organ_ml`` the organ's volume.
    """

    organ_ml: float
    overlap_ml: float
    distance_mm: float | None

    def __str__(self) -> str:
        if self.distance_mm is None:
            return f"{self.organ_ml:.1f} mL, no lesion"
        if self.overlap_ml > 0:
            share = 100 * self.overlap_ml / self.organ_ml
            return f"{self.organ_ml:.1f} mL, the lesion takes {self.overlap_ml:.2f} mL of it ({share:.0f} %)"
        return f"{self.organ_ml:.1f} mL, {self.distance_mm:.0f} mm from the lesion"


def nearness(lesion: np.ndarray | None, organ: np.ndarray, grid: Grid) -> Nearness:
    """Distance and overlap of a lesion and an organ (bool, z y x; the organ is not empty)."""
    from scipy import ndimage

    if lesion is None or not lesion.any():
        return Nearness(volume_ml(organ, grid), 0.0, None)
    away = ndimage.distance_transform_edt(~organ, sampling=grid.spacing_mm)
    return Nearness(volume_ml(organ, grid), volume_ml(organ & lesion, grid), float(away[lesion].min()))
