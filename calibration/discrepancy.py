"""How far the model is from the data beyond the stated noise, read from the residuals of the best fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from calibration.comparison import DISCREPANCY, Comparison
from calibration.front import length_mm
from calibration.objective import Objective

LEAST = {"fraction": 1.0, "whole": 0.4, "core": 0.4}
"""Least variance of the residuals of each kind of data, relative to what is stated (a discrepancy of 0.02 in cell
fraction; a border drawn 1 mm wrong). A fit that comes nearer has bent its parameters to the grid's errors. Learnt on
virtual patients."""

TOGETHER = 2.0
"""Least number of cubes that err together: a fit takes up what errs alike, so that the residuals show less of it."""

FINEST_MM = 2.0
"""The finest voxels on which the temperature was learnt; on finer ones it would be less, but by how much is not known."""

TRACE = 0.01
"""Cubes with less than this predicted, outside the lesion, agree without telling anything."""


@dataclass(frozen=True)
class Misfit:
    """Of one kind of data on one visit: ``variance`` of the residuals relative to what was stated, number of ``cubes`` that
    tell something, and how many of them err ``together``."""

    kind: str
    variance: float
    together: float
    cubes: int

    @property
    def independent(self) -> float:
        return self.cubes / self.together


@dataclass(frozen=True)
class Discrepancy:
    """Of one visit: the misfit of each kind of data, and the ``temperature`` of the whole fit (:func:`temperature`)."""

    day: float
    parts: tuple[Misfit, ...]
    temperature: float = 1.0

    @property
    def weights(self) -> tuple[float, ...]:
        """1 / (variance x together x temperature), which makes each kind's sum of squares a log-likelihood."""
        return tuple(1.0 / (part.variance * part.together * self.temperature) for part in self.parts)

    @property
    def fraction(self) -> float | None:
        """Difference of model and image over a cube, in cell fraction; None where the visit shows none."""
        found = [part.variance for part in self.parts if part.kind == "fraction"]
        return DISCREPANCY * float(np.sqrt(found[0])) if found else None

    @property
    def independent(self) -> float:
        """Number of independent data that this visit is worth."""
        return sum(part.independent for part in self.parts) / self.temperature


def temperature(independent: float, front_voxels: float, spacing_mm: float) -> float:
    """By how much the residuals of a whole fit claim too much, at least 1.

    5.8 (independent / 50)^1.4 (front / 0.5)^-0.7 (h / 3 mm)^1.5. Errors of the grid, of the tissue map and of the first scan
    do not average out over cubes: the tumour errs as a whole. ``independent`` is the number of independent cubes of a
    visit, on average over the visits, ``front_voxels`` the fitted sqrt(D / rho) in voxels. The numbers were learnt on
    virtual patients whose truth was grown on 1 mm and fitted on 3 and on 2 mm; voxels finer than ``FINEST_MM`` are counted
    as of that size. Whether they hold on other patients is what ``oncotwin validate coverage`` measures.
    """
    front = float(np.clip(front_voxels, 0.15, 0.65))
    grid = (max(spacing_mm, FINEST_MM) / 3.0) ** 1.5
    return float(max(1.0, 5.8 * (independent / 50.0) ** 1.4 * (front / 0.5) ** -0.7 * grid))


def discrepancies(objective: Objective, values: Mapping[str, float]) -> tuple[Discrepancy, ...]:
    """One per compared visit, at a fit's best values."""
    pairs = zip(objective.comparisons, objective.predictions(values), strict=True)
    found = [discrepancy(comparison, u) for comparison, u in pairs]
    each = float(np.mean([d.independent for d in found])) if found else 0.0
    known = {**objective.structure.defaults(), **objective.structure.fixed, **values}
    spacing = float(np.mean(objective.coarse.grid.spacing_mm))
    common = temperature(each, length_mm(known) / spacing, spacing)
    return tuple(replace(d, temperature=common) for d in found)


def discrepancy(comparison: Comparison, u: np.ndarray) -> Discrepancy:
    """From the residuals of one visit with its scale error taken out."""
    predicted = u.reshape(-1)[comparison.index]
    residuals, _ = comparison.unbiased(predicted)
    lesion = comparison.whole if comparison.whole is not None else comparison.counted
    told = np.bincount(comparison.block, (predicted > TRACE) | lesion, len(comparison.corner)) > 0
    groups = np.unique(comparison.corner // 2, axis=0, return_inverse=True)[1].reshape(-1)
    found = [_misfit(k, r, told, groups, LEAST[k]) for k, r in zip(comparison.kinds, residuals, strict=True)]
    return Discrepancy(comparison.day, tuple(found))


def _misfit(kind: str, residual: np.ndarray, told: np.ndarray, groups: np.ndarray, least: float) -> Misfit:
    """The number of cubes that err together is the design effect of groups of 2 x 2 x 2,
    sum_g (sum_i in g r_i)^2 / sum r_i^2: one for independent residuals, eight for alike ones (Moulton 1990, Rev Econ Stat
    72:334)."""
    active = (residual != 0) & told
    squares, count = float((residual[active] ** 2).sum()), int(active.sum())
    if squares == 0:
        return Misfit(kind, 1.0, TOGETHER, count)
    sums = np.bincount(groups[active], residual[active])
    return Misfit(kind, max(least, squares / count), max(TOGETHER, float((sums**2).sum()) / squares), count)
