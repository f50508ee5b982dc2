"""Growth whose invasion is slowed by the stress that it raises."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from solvers import spread
from solvers.model import GrowthModel, models
from solvers.models.fisher_kpp import FisherKPP
from twin.fields import block_mean, bounding_box
from twin.grid import triple
from twin.medium import Medium
from twin.parameter import Prior, parameter

PRESENT = 0.01
MARGIN_MM = 15.0


@models.register("mechanical")
@dataclass(frozen=True)
class Mechanical(GrowthModel):
    """du/dt = div(D exp(-gamma sigma_vm) grad u) + rho u (1 - u), div sigma = lambda grad u, no flux through walls.

    u: cell fraction, 1. sigma = 2 G e + L tr(e) I is the quasi-static stress of linear elasticity (kPa) with
    G = E / (2 (1 + nu)), L = E nu / ((1 + nu) (1 - 2 nu)); E mixes the tissue's stiffness and the tumour's by u.
    sigma_vm is its von Mises stress. Walls do not move; tissue slides along the faces of a box 15 mm around the tumour
    (u > 0.01), outside which the stress is neglected. Solved on at most 16 elements a side, since stress varies slowly.
    Source: Weis et al. 2015, Cancer Res 75:4697; Jarrett et al. 2021, Nat Protoc 16:5309.
    """

    citation: ClassVar[str] = "Weis JA, et al. Cancer Res 2015;75:4697-4707; Jarrett AM, et al. Nat Protoc 2021;16:5309-5338"

    diffusivity_mm2_per_day: float = spread.diffusivity()
    proliferation_per_day: float = spread.proliferation(may_die=True)
    slow_tissue_ratio: float = spread.slow_tissue_ratio()
    damping_per_kpa: float = parameter(
        2.5,
        symbol="gamma",
        unit="1/kPa",
        low=0.0,
        high=20.0,
        prior=Prior(2.5, 2.0, "linear"),
        description="how strongly von Mises stress slows invasion",
        source="2.5e-3 /Pa, Jarrett 2021 (its unit taken as 1/Pa)",
    )
    solid_stress_kpa: float = parameter(
        2.5,
        symbol="lambda",
        unit="kPa",
        low=0.0,
        high=20.0,
        prior=Prior(2.5, 0.0, "linear"),
        description="pressure of tissue full of tumour cells; held fixed, it cannot be told from gamma",
        source="2.5e-3 Pa per cell at 1e6 cells a voxel, Jarrett 2021; solid stress 0.2-20 kPa, Stylianopoulos 2012",
    )
    stiffness_kpa: float = parameter(
        4.0,
        symbol="E",
        unit="kPa",
        low=0.2,
        high=50.0,
        prior=Prior(4.0, 0.0),
        description="Young's modulus of the tissue in which cells move fastest; held fixed",
        source="fibroglandular 4 kPa, Weis 2015; brain 1-3 kPa",
    )
    slow_tissue_stiffness_kpa: float = parameter(
        2.0,
        symbol="E_slow",
        unit="kPa",
        low=0.2,
        high=50.0,
        prior=Prior(2.0, 0.0),
        description="Young's modulus of the other tissues; held fixed",
        source="adipose 2 kPa, Weis 2015; brain 1-3 kPa",
    )
    tumour_stiffness_kpa: float = parameter(
        20.0,
        symbol="E_tumour",
        unit="kPa",
        low=0.2,
        high=100.0,
        prior=Prior(20.0, 0.0),
        description="Young's modulus of tissue full of tumour cells; held fixed",
        source="tumour 20 kPa, Weis 2015",
    )
    poisson_ratio: float = parameter(
        0.45,
        symbol="nu",
        unit="1",
        low=0.0,
        high=0.49,
        prior=Prior(0.45, 0.0, "linear"),
        description="Poisson's ratio of the tissue; held fixed",
        source="0.45, Weis 2015",
    )

    def diffusivity(self, tissues: tuple[str, ...]) -> np.ndarray:
        return spread.by_tissue(self.diffusivity_mm2_per_day, self.slow_tissue_ratio, tissues)[None]

    def rate_parameters(self) -> tuple:
        return (self.proliferation_per_day,)

    rate = staticmethod(FisherKPP.rate)
    flow = staticmethod(FisherKPP.flow)

    @property
    def accuracy_rate(self) -> float:
        return float(np.max(np.abs(self.proliferation_per_day)))

    def damping(self, cells: np.ndarray, medium: Medium) -> np.ndarray:
        """exp(-gamma sigma_vm), (z, y, x)."""
        stress = self.von_mises_kpa(cells, medium)
        return np.exp(-self.damping_per_kpa * stress)

    def von_mises_kpa(self, cells: np.ndarray, medium: Medium) -> np.ndarray:
        """Von Mises stress, kPa, (z, y, x) on the medium's grid."""
        stress = np.zeros(cells.shape)
        margin = triple(math.ceil(MARGIN_MM / h) for h in medium.grid.spacing_mm)
        box = bounding_box(cells > PRESENT, margin)
        if cells[box].size:
            stress[box] = self._stress(cells[box], medium.crop(box))
        return stress

    def _stress(self, cells: np.ndarray, medium: Medium) -> np.ndarray:
        from scipy.ndimage import map_coordinates

        from solvers import mechanics

        grid = medium.grid
        factor = max(1, math.ceil(max(grid.shape) / mechanics.TARGET))
        steps = [min(factor, n) for n in grid.shape]
        pad = [(0, -n % step) for n, step in zip(grid.shape, steps, strict=True)]
        coarse = [block_mean(np.pad(np.asarray(v, float), pad, "edge"), factor) for v in self._maps(cells, medium)]
        spacing = triple(h * step for h, step in zip(grid.spacing_mm, steps, strict=True))
        stress = mechanics.von_mises(coarse[0], coarse[1], coarse[2] >= 0.5, spacing, self.poisson_ratio)
        if factor == 1:
            return stress
        places = [(np.arange(n) + 0.5) / step - 0.5 for n, step in zip(grid.shape, steps, strict=True)]
        return map_coordinates(stress, np.meshgrid(*places, indexing="ij"), order=1, mode="nearest")

    def _maps(self, cells: np.ndarray, medium: Medium) -> list[np.ndarray]:
        """Young's modulus, the tumour's pressure (kPa) and where there is tissue."""
        first = np.asarray(next(iter(medium.fractions.values())), float)
        tissue = first * self.stiffness_kpa + (1.0 - first) * self.slow_tissue_stiffness_kpa
        u = np.asarray(cells, float)
        return [tissue + u * (self.tumour_stiffness_kpa - tissue), self.solid_stress_kpa * u, np.asarray(medium.domain)]
