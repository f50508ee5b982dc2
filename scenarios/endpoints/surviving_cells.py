"""The cells that planned radiation is expected to leave."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from scenarios.endpoint import Planned, Sight, endpoints
from solvers.problem import Problem, Snapshot


def survivors(now: Snapshot, ahead: Problem, sight: Sight) -> float:
    """sum_i N_i SF_i: N_i = theta u_i voxel volume, SF_i the product of exp(-alpha d - beta d^2) over the fractions still to
    come, as the draw's own effects understand them. No growth in between; every cell is taken for clonogenic. NaN without
    radiotherapy."""
    if not any(fraction.day >= now.day for _, fraction in ahead.plan.fractions()):
        return math.nan
    logarithm = np.zeros(now.cells.shape)
    for survival, count in _kills(now.day, ahead):
        part = survival[now.box] if isinstance(survival, np.ndarray) else survival
        logarithm += count * np.log(np.maximum(part, 1e-300))
    cells = sight.theta_per_mm3 * 1000.0 * now.grid.voxel_ml
    return float(cells * np.sum(now.cells * np.exp(logarithm)))


def _kills(day: float, ahead: Problem) -> list[tuple[float | np.ndarray, int]]:
    """Survival of each kind of fraction from ``day`` on, with how many there are of it: equal fractions share one array."""
    jumps = [j for e in ahead.effects for j in e.jumps(ahead.plan, ahead.medium) if j.day >= day and j.removed is None]
    counted = Counter(id(j.survival) if isinstance(j.survival, np.ndarray) else j.survival for j in jumps)
    kinds = {id(j.survival) if isinstance(j.survival, np.ndarray) else j.survival: j.survival for j in jumps}
    return [(kinds[key], count) for key, count in counted.items()]


class SurvivingCells(Planned):
    """log10 of the expected number of surviving cells, sum_i N_i SF_i, with theta cells per mm3 at the carrying capacity
    (``cellularity`` of the case). With the effective alpha of an imaging model far more survive than with that of a cell
    culture: read it as a comparison between arms."""

    variable, label, unit = "surviving_cells_log10", "cells expected to survive radiotherapy, log10", "1"

    def expect(self, now: Snapshot, ahead: Problem, sight: Sight) -> float:
        left = survivors(now, ahead, sight)
        return math.nan if math.isnan(left) else math.log10(max(left, 1e-12))


endpoints.register("surviving-cells")(SurvivingCells())
