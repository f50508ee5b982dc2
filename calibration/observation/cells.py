"""Cells in a lesion as a scan counts them: the reading's own errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class CellReading:
    """How far the cells counted in a drawn lesion are off, apart from the voxels' noise, which averages out.

    B' = B + e (a V + b B) + u_0 (V' - V): B (mL at capacity) and V (mL) are true, V' is the volume as drawn, e the relative
    error of the image's scale, normal of spread ``scale_spread``, u_0 the cell fraction at the border. ``shape`` (a, b) is
    d(observed fraction) / de = a + b u; of an ADC a = -water / (water - minimum) and b = 1: a scale that is wrong by 3 %
    moves the cells of a thin lesion by 10 % and more.
    """

    scale_spread: float
    shape: tuple[float, float]
    border_fraction: float

    def read(self, cells_ml: np.ndarray, volume_ml: np.ndarray, drawn_ml: np.ndarray, seed: int = 0) -> np.ndarray:
        """``cells_ml`` as a scan shows them, one error each; never below zero."""
        scale = self.scale_spread * np.random.default_rng((seed, 6)).standard_normal(len(cells_ml))
        a, b = self.shape
        moved = scale * (a * volume_ml + b * cells_ml) + self.border_fraction * (drawn_ml - volume_ml)
        return np.maximum(cells_ml + moved, 0.0)
