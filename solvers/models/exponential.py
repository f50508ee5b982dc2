"""Exponential growth, or death where the net rate is negative."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from solvers import spread
from solvers.model import GrowthModel, models
from twin.parameter import Prior, parameter


@models.register("exponential")
@dataclass(frozen=True)
class Exponential(GrowthModel):
    """du/dt = div(D grad u) + r u, no flux through walls; growth stops where u reaches 1.

    u: cell fraction, 1. r in 1/day may be negative: net death at rate -r. Nothing slows growth before the carrying
    capacity, where it ends at once, so forecasts of a growing tumour are upper bounds. ``net_rate_per_day`` may be a
    (z, y, x) field, of either sign. Source: Swanson et al. 2000, Cell Prolif 33:317 (the model before saturation).
    """

    citation: ClassVar[str] = "Swanson KR, Alvord EC, Murray JD. Cell Prolif 2000;33:317-329"
    capped: ClassVar[bool] = True

    diffusivity_mm2_per_day: float = spread.diffusivity()
    net_rate_per_day: float = parameter(
        0.02,
        symbol="r",
        unit="1/day",
        low=-0.5,
        high=0.5,
        prior=Prior(0.02, 0.05, "linear"),
        description="net rate of growth; negative: net death",
        source="breast -0.5 to 0.1 /day, Jarrett 2021; glioma up to 0.2 /day, Ezhov 2022",
    )
    slow_tissue_ratio: float = spread.slow_tissue_ratio()

    def diffusivity(self, tissues: tuple[str, ...]) -> np.ndarray:
        return spread.by_tissue(self.diffusivity_mm2_per_day, self.slow_tissue_ratio, tissues)[None]

    def rate_parameters(self) -> tuple:
        return (self.net_rate_per_day,)

    @staticmethod
    def rate(u, p, out) -> None:
        growing = (p[0] > 0.0) * (u[0] >= 1.0)
        out[0] = p[0] * u[0] * (1.0 - growing)

    @staticmethod
    def flow(u, p, kill, dt, out) -> None:
        out[0] = min(u[0] * math.exp((p[0] - kill) * dt), 1.0)

    @property
    def accuracy_rate(self) -> float:
        return float(np.max(np.abs(self.net_rate_per_day)))
