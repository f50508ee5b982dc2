"""A resection as people write it, and the cavity it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from scenarios.door import Written
from twin.errors import DataRefused
from twin.grid import Grid
from twin.treatment import Resection


@dataclass(frozen=True)
class Lesions:
    """The segmentations of the last scan seen, for what is planned on them."""

    grid: Grid
    core: np.ndarray | None
    whole: np.ndarray | None

    def target(self, name: str) -> np.ndarray | None:
        """The core, or the whole lesion if asked for or where no core was seen; None if nothing was."""
        wanted = self.core if self.taken(name) == "core" else self.whole
        return wanted if wanted is not None and wanted.any() else None

    def taken(self, name: str) -> str:
        """ "core" or "whole": which of them :meth:`target` is, for what is told of it."""
        return "core" if name == "core" and self.core is not None and self.core.any() else "whole"


class WrittenResection(Written):
    """``{resection: core, margin_mm: 5, from_day: 45}``: the core (the whole lesion where no core was segmented, or if
    asked for) as seen on the last scan, with a margin, becomes a cavity."""

    resection: Literal["core", "whole"]
    margin_mm: float = Field(default=0.0, ge=0, le=50)
    from_day: float = Field(ge=0)

    def build(self, origin_day: float, lesions: Lesions | None) -> Resection:
        mask = None if lesions is None else lesions.target(self.resection)
        if lesions is None or mask is None:
            raise DataRefused(
                "There is no segmentation to resect.",
                where="resection",
                remedy="segment the lesion on the last scan before the decision, or leave the resection out",
            )
        return Resection(origin_day + self.from_day, widened(mask, self.margin_mm, lesions.grid), self.margin_mm)


def widened(mask: np.ndarray, margin_mm: float, grid: Grid) -> np.ndarray:
    """The mask with every voxel whose centre lies within ``margin_mm`` of the centre of one of its voxels."""
    return mask.copy() if margin_mm == 0 else away_mm(mask, grid) <= margin_mm + 1e-6


def away_mm(mask: np.ndarray, grid: Grid) -> np.ndarray:
    """Distance of every voxel's centre from the nearest one of the mask, mm; 0 inside."""
    from scipy.ndimage import distance_transform_edt

    return distance_transform_edt(~mask, sampling=grid.spacing_mm)
