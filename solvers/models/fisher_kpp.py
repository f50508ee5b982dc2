"""Fisher-KPP growth (proliferation-invasion)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from solvers import spread
from solvers.model import GrowthModel, models


@models.register("fisher-kpp")
@dataclass(frozen=True)
class FisherKPP(GrowthModel):
    """du/dt = div(D grad u) + rho u (1 - u), no flux through walls.

    u: cell fraction, 1. D = D0 in the fastest tissue and ``slow_tissue_ratio`` D0 in every other. A front moves at
    2 sqrt(D rho) and is about sqrt(D / rho) wide. ``proliferation_per_day`` may be a (z, y, x) field.
    Source: Swanson et al. 2000, Cell Prolif 33:317.
    """

    citation: ClassVar[str] = "Swanson KR, Alvord EC, Murray JD. Cell Prolif 2000;33:317-329"
    rational: ClassVar[bool] = True

    diffusivity_mm2_per_day: float = spread.diffusivity()
    proliferation_per_day: float = spread.proliferation(may_die=True)
    slow_tissue_ratio: float = spread.slow_tissue_ratio()

    def diffusivity(self, tissues: tuple[str, ...]) -> np.ndarray:
        return spread.by_tissue(self.diffusivity_mm2_per_day, self.slow_tissue_ratio, tissues)[None]

    def rate_parameters(self) -> tuple:
        return (self.proliferation_per_day,)

    @staticmethod
    def rate(u, p, out) -> None:
        out[0] = p[0] * u[0] * (1.0 - u[0])

    @staticmethod
    def flow(u, p, kill, dt, out) -> None:
        r = p[0] - kill
        x = r * dt
        if abs(x) < 1e-6:
            growth, integral = 1.0 + x, dt * (1.0 + 0.5 * x)
        else:
            growth = math.exp(x)
            integral = (growth - 1.0) / r
        out[0] = u[0] * growth / (1.0 + p[0] * u[0] * integral)

    @property
    def accuracy_rate(self) -> float:
        return float(np.max(np.abs(self.proliferation_per_day)))
