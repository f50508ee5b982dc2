"""Proliferating cells, the necrosis they leave and the nutrient they live on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from solvers import spread
from solvers.model import GrowthModel, models
from twin.parameter import Prior, parameter


@models.register("nutrient-necrosis")
@dataclass(frozen=True)
class NutrientNecrosis(GrowthModel):
    """Proliferating cells P, necrosis N, nutrient S = 1 - q (q its depletion), T = P + N, no flux through walls.

    dP/dt = div(D ((1 - T) grad P + P grad T)) + rho S P (1 - T) - lambda P H(S)
    dN/dt = lambda P H(S)
    dq/dt = div(D_S grad q) + lambda_S (1 - q) P
    H(S) = 1 / (1 + (S / sigma)^8)

    P, N, S: fractions, 1. Cells die where the nutrient falls below sigma (H a smooth step). The depletion q is carried
    instead of S because it is zero away from the tumour. Supply comes from the surrounding tissue by diffusion alone.
    Cells move into free room only, which keeps P + N <= 1. Necrosis is visible but not living: it is neither killed by
    therapy nor counted as burden. Source: Balcerak, TumorGrowthToolkit (its model FK-2c); Swanson et al. 2011,
    Cancer Res 71:7366.
    """

    species: ClassVar[tuple[str, ...]] = ("proliferating", "necrotic", "depletion")
    tumour_species: ClassVar[tuple[int, ...]] = (0,)
    visible_species: ClassVar[tuple[int, ...]] = (0, 1)
    crowding: ClassVar[tuple[int, ...]] = (0, 1)
    citation: ClassVar[str] = "Balcerak M, et al. TumorGrowthToolkit, FK-2c; Swanson KR, et al. Cancer Res 2011;71:7366-7375"

    diffusivity_mm2_per_day: float = spread.diffusivity()
    proliferation_per_day: float = spread.proliferation(0.1, description="proliferation rate at low density, full nutrient")
    necrosis_per_day: float = parameter(
        0.2,
        symbol="lambda",
        unit="1/day",
        low=0.0,
        high=0.7,
        prior=Prior(0.2, 0.15, "linear"),
        description="death rate of starved cells",
        source="0.05-0.7 /day, TumorGrowthToolkit",
    )
    threshold: float = parameter(
        0.3,
        symbol="sigma",
        unit="1",
        low=0.05,
        high=0.7,
        prior=Prior(0.3, 0.4),
        description="nutrient below which cells starve, relative to healthy tissue",
        source="0.05-0.7, TumorGrowthToolkit",
    )
    nutrient_diffusivity_mm2_per_day: float = parameter(
        1.0,
        symbol="D_S",
        unit="mm2/day",
        low=0.05,
        high=4.0,
        prior=Prior(1.0, 0.8),
        description="effective diffusivity of the nutrient",
        source="0.05-4 mm2/day, TumorGrowthToolkit",
    )
    consumption_per_day: float = parameter(
        0.1,
        symbol="lambda_S",
        unit="1/day",
        low=0.0,
        high=0.5,
        prior=Prior(0.1, 0.1, "linear"),
        description="rate at which cells at full density use the nutrient up",
        source="0.01-0.5 /day, TumorGrowthToolkit",
    )
    slow_tissue_ratio: float = spread.slow_tissue_ratio()

    def diffusivity(self, tissues: tuple[str, ...]) -> np.ndarray:
        cells = spread.by_tissue(self.diffusivity_mm2_per_day, self.slow_tissue_ratio, tissues)
        return np.stack([cells, np.zeros_like(cells), np.full_like(cells, self.nutrient_diffusivity_mm2_per_day)])

    def rate_parameters(self) -> tuple:
        return (self.proliferation_per_day, self.necrosis_per_day, self.threshold, self.consumption_per_day)

    @staticmethod
    def rate(u, p, out) -> None:
        nutrient = 1.0 - u[2]
        share = nutrient / p[2]
        eighth = share * share * share * share * share * share * share * share
        dying = p[1] * u[0] / (1.0 + eighth)
        out[0] = p[0] * nutrient * u[0] * (1.0 - u[0] - u[1]) - dying
        out[1] = dying
        out[2] = p[3] * nutrient * u[0]

    @property
    def accuracy_rate(self) -> float:
        return float(np.max(self.proliferation_per_day) + np.max(self.necrosis_per_day) + np.max(self.consumption_per_day))
