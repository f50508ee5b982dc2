"""Volumes: what is left where a report gives numbers and no image."""

from __future__ import annotations

import numpy as np

from twin.grid import Grid

RELATIVE_SPREAD = 0.10
"""Spread of ln(volume) between readers of one scan. One rater's repeated half-automatic volumetry of glioblastoma errs by
3.3 % (FLAIR) and 8.2 % (contrast enhancement) ("Reliability of semi-automated segmentations in glioblastoma", Clin
Neuroradiol 2017, abstract); several readers, who differ more, are assumed to differ by 10 %."""


def of_mask(mask: np.ndarray, grid: Grid) -> float:
    """Volume of a region, mL."""
    return float(mask.sum()) * grid.voxel_ml


def of_fraction(u: np.ndarray, threshold: float, grid: Grid, softness: float = 0.02) -> float:
    """Volume with a cell fraction above ``threshold``, mL; the step is ``softness`` wide so that a fit sees a slope."""
    z = np.clip((u - threshold) / softness, -30.0, 30.0)
    return float((1.0 / (1.0 + np.exp(-z))).sum(dtype=np.float64)) * grid.voxel_ml
