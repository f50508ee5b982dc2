"""How far the model is from the data beyond the stated noise, read from the residuals of the best fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from calibration.comparison import Comparison
from calibration.objective import Objective

BLOCK_MM = 10.0
"""Residuals within cubes of this edge may err together; those of different cubes are taken as independent."""

TRACE = 0.01
"""Voxels with less than this predicted, outside the lesion, agree without telling anything."""


@dataclass(frozen=True)
class Discrepancy:
    """Of one visit: residual variance about the stated noise (>= 1), voxels that err together (>= 1), and the weight
    1 / (their product) that makes the sum of squares a log-likelihood of as many data as are independent."""

    day: float
    variance: float
    together: float
    voxels: int
    weight: float

    @property
    def independent(self) -> float:
        """Number of independent data that this visit is worth."""
        return self.voxels / self.together


def discrepancies(objective: Objective, values: Mapping[str, float]) -> tuple[Discrepancy, ...]:
    """One per compared visit, at a fit's best values."""
    pairs = zip(objective.comparisons, objective.predictions(values), strict=True)
    return tuple(discrepancy(comparison, u) for comparison, u in pairs)


def discrepancy(comparison: Comparison, u: np.ndarray) -> Discrepancy:
    """From the residuals of one visit with its scale error taken out.

    The number of voxels that err together is the design effect of the cubes, sum_b (sum_i in b r_i)^2 / sum_i r_i^2: one for
    independent residuals, the cube's size for wholly alike ones (Moulton 1990, Rev Econ Stat 72:334).
    """
    predicted = u.reshape(-1)[comparison.index]
    raw, shape = comparison.raw(predicted)
    if comparison.bias_spread > 0:
        top, bottom = comparison.weight * (raw @ shape), comparison.weight * (shape @ shape)
        raw = raw - np.float32(top / (bottom + comparison.bias_spread**-2)) * shape
    active = (raw != 0) & ((predicted > TRACE) | (comparison.whole if comparison.whole is not None else comparison.counted))
    squares = float((raw[active].astype(float) ** 2).sum())
    count = int(active.sum())
    if squares == 0:
        return Discrepancy(comparison.day, 1.0, 1.0, count, 1.0)
    variance = max(1.0, squares / count)
    sums = np.bincount(_cubes(comparison)[active], raw[active].astype(float))
    together = max(1.0, float((sums**2).sum()) / squares)
    return Discrepancy(comparison.day, variance, together, count, 1.0 / (variance * together))


def _cubes(comparison: Comparison) -> np.ndarray:
    """The number of the cube in which each compared voxel lies."""
    indices = np.unravel_index(comparison.index, comparison.grid.shape)
    cubes = [(i * h // BLOCK_MM).astype(int) for i, h in zip(indices, comparison.grid.spacing_mm, strict=True)]
    counts = [c.max() + 1 for c in cubes]
    return np.ravel_multi_index(cubes, counts)
