"""How far the model is from the data beyond the stated noise, read from the residuals of the best fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from calibration.comparison import DISCREPANCY, Comparison
from calibration.objective import Objective

TRACE = 0.01
"""Cubes with less than this predicted, outside the lesion, agree without telling anything."""


@dataclass(frozen=True)
class Discrepancy:
    """Of one visit: ``variance`` of the residuals relative to what was stated, number of ``cubes`` that err ``together``,
    and the ``weight`` 1 / (variance x together) that makes the sum of squares a log-likelihood."""

    day: float
    variance: float
    together: float
    cubes: int
    weight: float

    @property
    def fraction(self) -> float:
        """Difference of model and image over a cube, in cell fraction."""
        return DISCREPANCY * float(np.sqrt(self.variance))

    @property
    def independent(self) -> float:
        """Number of independent data that this visit is worth."""
        return self.cubes / self.together


def discrepancies(objective: Objective, values: Mapping[str, float]) -> tuple[Discrepancy, ...]:
    """One per compared visit, at a fit's best values."""
    pairs = zip(objective.comparisons, objective.predictions(values), strict=True)
    return tuple(discrepancy(comparison, u) for comparison, u in pairs)


def discrepancy(comparison: Comparison, u: np.ndarray) -> Discrepancy:
    """From the residuals of one visit with its scale error taken out.

    The number of cubes that err together is the design effect of groups of 2 x 2 x 2, sum_g (sum_i in g r_i)^2 / sum r_i^2:
    one for independent residuals, eight for alike ones (Moulton 1990, Rev Econ Stat 72:334).
    """
    predicted = u.reshape(-1)[comparison.index]
    residual, _ = comparison.unbiased(predicted)
    lesion = comparison.whole if comparison.whole is not None else comparison.counted
    told = np.bincount(comparison.block, (predicted > TRACE) | lesion, len(comparison.corner)) > 0
    repeats = len(residual) // len(told)
    active = (residual != 0) & np.tile(told, repeats)
    squares, count = float((residual[active] ** 2).sum()), int(active.sum())
    if squares == 0:
        return Discrepancy(comparison.day, 1.0, 1.0, count, 1.0)
    variance = max(comparison.noise_share, squares / count)
    groups = np.unique(comparison.corner // 2, axis=0, return_inverse=True)[1].reshape(-1)
    every = np.concatenate([groups + k * (groups.max() + 1) for k in range(repeats)])
    sums = np.bincount(every[active], residual[active])
    together = max(1.0, float((sums**2).sum()) / squares)
    return Discrepancy(comparison.day, variance, together, count, 1.0 / (variance * together))
