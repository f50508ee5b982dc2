"""Fisher-KPP growth (proliferation-invasion)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from solvers.model import GrowthModel, models
from twin.parameter import Prior, parameter


@models.register("fisher-kpp")
@dataclass(frozen=True)
class FisherKPP(GrowthModel):
    """du/dt = div(D grad u) + rho u (1 - u), no flux through walls.

    u: cell fraction, 1. D = D0 in the fastest tissue and ``slow_tissue_ratio`` D0 in every other. A front moves at
    2 sqrt(D rho) and is about sqrt(D / rho) wide. ``proliferation_per_day`` may be a (z, y, x) field.
    Source: Swanson et al. 2000, Cell Prolif 33:317.
    """

    citation: ClassVar[str] = "Swanson KR, Alvord EC, Murray JD. Cell Prolif 2000;33:317-329"

    diffusivity_mm2_per_day: float = parameter(
        0.13,
        symbol="D",
        unit="mm2/day",
        low=1e-6,
        high=3.0,
        prior=Prior(0.1, 1.0),
        description="diffusivity of tumour cells in the tissue in which they move fastest (white matter)",
        source="glioma 0.02-1.5 mm2/day, Ezhov 2022 (Learn-Morph-Infer); default 0.13, Lipkova 2019",
    )
    proliferation_per_day: float = parameter(
        0.05,
        symbol="rho",
        unit="1/day",
        low=1e-4,
        high=0.5,
        prior=Prior(0.05, 0.8),
        description="net proliferation rate at low density",
        source="glioma 0.002-0.2 /day, Ezhov 2022 (Learn-Morph-Infer)",
    )
    slow_tissue_ratio: float = parameter(
        0.15,
        symbol="D_slow/D",
        unit="1",
        low=0.02,
        high=1.0,
        prior=Prior(0.15, 0.4),
        description="diffusivity in the other tissues (grey matter), relative to the fastest",
        source="D_white/D_grey 5-10, Swanson 2000; Lipkova 2019",
    )

    def diffusivity(self, tissues: tuple[str, ...]) -> np.ndarray:
        ratios = [1.0] + [self.slow_tissue_ratio] * (len(tissues) - 1)
        return self.diffusivity_mm2_per_day * np.array([ratios])

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
        return float(np.max(self.proliferation_per_day))
