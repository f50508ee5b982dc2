"""Gompertz growth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from solvers import spread
from solvers.model import GrowthModel, models


@models.register("gompertz")
@dataclass(frozen=True)
class Gompertz(GrowthModel):
    """du/dt = div(D grad u) + rho u ln(1 / max(u, u_0)), no flux through walls.

    u: cell fraction, 1. The rate per cell falls with the logarithm of the density; below ``floor_fraction`` u_0 it stays at
    rho ln(1 / u_0), for the pure law would let the faintest trace grow without limit (and a front run at no finite
    speed). A front moves at 2 sqrt(D rho ln(1 / u_0)). ``retardation_per_day`` may be a (z, y, x) field.
    Source: Laird 1964, Br J Cancer 18:490; the floor: Wheldon 1988 (Gomp-ex).
    """

    citation: ClassVar[str] = (
        "Laird AK. Br J Cancer 1964;18:490-502; Wheldon TE. Mathematical Models in Cancer Research 1988"
    )

    diffusivity_mm2_per_day: float = spread.diffusivity()
    retardation_per_day: float = spread.proliferation(
        0.02, "rho", "rate at which growth slows; the rate of growth per cell is rho ln(1/u)"
    )
    slow_tissue_ratio: float = spread.slow_tissue_ratio()
    floor_fraction: float = spread.floor_fraction()

    def diffusivity(self, tissues: tuple[str, ...]) -> np.ndarray:
        return spread.by_tissue(self.diffusivity_mm2_per_day, self.slow_tissue_ratio, tissues)[None]

    def rate_parameters(self) -> tuple:
        return (self.retardation_per_day, self.floor_fraction)

    @staticmethod
    def rate(u, p, out) -> None:
        out[0] = -p[0] * u[0] * np.log(np.maximum(u[0], p[1]))

    @staticmethod
    def flow(u, p, kill, dt, out) -> None:
        if u[0] <= 0.0:
            out[0] = 0.0
            return
        v, floor, left = math.log(u[0]), math.log(p[1]), dt
        target = -kill / p[0]
        slope = -p[0] * floor - kill
        if v < floor and slope > 0.0:
            below = min(left, (floor - v) / slope)
            v, left = v + slope * below, left - below
        if left > 0.0 and (v > floor or slope > 0.0):
            after = target + (v - target) * math.exp(-p[0] * left)
            if after >= floor:
                v, left = after, 0.0
            else:
                used = math.log(max((v - target) / (floor - target), 1.0)) / p[0]
                v, left = floor, left - min(used, left)
        out[0] = math.exp(v + slope * left)

    @property
    def accuracy_rate(self) -> float:
        return float(np.max(self.retardation_per_day)) * math.log(1.0 / self.floor_fraction)
