"""Two species: cells of the enhancing and of the non-enhancing tumour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from solvers import spread
from solvers.model import GrowthModel, models
from twin.parameter import Prior, parameter

ENHANCES = 0.80


@models.register("two-species")
@dataclass(frozen=True)
class TwoSpecies(GrowthModel):
    """Enhancing cells E and non-enhancing cells N under one capacity, T = E + N, no flux through walls.

    dE/dt = div(D_E ((1 - T) grad E + E grad T)) + rho_E E (1 - T) + kappa N T
    dN/dt = div(D ((1 - T) grad N + N grad T)) + rho N (1 - T) - kappa N T

    E, N: cell fractions, 1. Non-enhancing cells invade; where the tissue crowds (T large) they turn into enhancing ones at
    rate kappa T as the tumour recruits leaky vessels. Cells move into free room only, which keeps T <= 1 although the
    diffusivities differ, and is Fisher-KPP where one species is alone. A tumour known only by its cell fraction starts
    enhancing where u >= 0.8 (visible on T1-Gd, Swanson 2008). Source: Hormuth et al. 2021, Sci Rep 11:8520; the motion:
    Painter and Hillen 2002, Can Appl Math Q 10:501.
    """

    species: ClassVar[tuple[str, ...]] = ("enhancing", "non_enhancing")
    tumour_species: ClassVar[tuple[int, ...]] = (0, 1)
    crowding: ClassVar[tuple[int, ...]] = (0, 1)
    citation: ClassVar[str] = (
        "Hormuth DA, et al. Sci Rep 2021;11:8520; Painter KJ, Hillen T. Can Appl Math Q 2002;10:501-543"
    )

    diffusivity_mm2_per_day: float = spread.diffusivity()
    proliferation_per_day: float = spread.proliferation(description="proliferation rate of non-enhancing cells")
    enhancing_proliferation_per_day: float = spread.proliferation(
        0.08, "rho_E", "proliferation rate of enhancing cells at low density"
    )
    enhancing_diffusivity_ratio: float = parameter(
        0.3,
        symbol="D_E/D",
        unit="1",
        low=0.01,
        high=1.0,
        prior=Prior(0.3, 0.6),
        description="diffusivity of enhancing cells relative to non-enhancing ones",
        source="non-enhancing disease invades, enhancing grows: Hormuth 2021; the ratio itself is assumed",
    )
    transition_per_day: float = parameter(
        0.03,
        symbol="kappa",
        unit="1/day",
        low=0.0,
        high=0.5,
        prior=Prior(0.03, 0.03, "linear"),
        description="rate at which non-enhancing cells turn enhancing at full density",
        source="assumed, of the order of proliferation; exchange as in Hormuth 2021",
    )
    slow_tissue_ratio: float = spread.slow_tissue_ratio()

    def diffusivity(self, tissues: tuple[str, ...]) -> np.ndarray:
        slower = spread.by_tissue(self.diffusivity_mm2_per_day, self.slow_tissue_ratio, tissues)
        return np.stack([self.enhancing_diffusivity_ratio * slower, slower])

    def rate_parameters(self) -> tuple:
        return (self.enhancing_proliferation_per_day, self.proliferation_per_day, self.transition_per_day)

    @staticmethod
    def rate(u, p, out) -> None:
        total = u[0] + u[1]
        turning = p[2] * u[1] * total
        out[0] = p[0] * u[0] * (1.0 - total) + turning
        out[1] = p[1] * u[1] * (1.0 - total) - turning

    @property
    def accuracy_rate(self) -> float:
        fastest = max(np.max(self.proliferation_per_day), np.max(self.enhancing_proliferation_per_day))
        return float(fastest + np.max(self.transition_per_day))

    def distribute(self, cells: np.ndarray) -> np.ndarray:
        return np.stack([np.where(cells >= ENHANCES, cells, 0), np.where(cells >= ENHANCES, 0, cells)])
