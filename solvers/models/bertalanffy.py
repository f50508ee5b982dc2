"""General Bertalanffy growth: Bertalanffy, Gompertz, logistic and Richards as one family."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from solvers import spread
from solvers.model import GrowthModel, models
from twin.parameter import Prior, parameter


@models.register("bertalanffy")
@dataclass(frozen=True)
class Bertalanffy(GrowthModel):
    """du/dt = div(D grad u) + omega u (max(u, u_0)^-lambda - 1) / lambda, no flux through walls.

    u: cell fraction, 1. lambda = 1/3 is Bertalanffy's law (growth through the surface, loss in the volume), lambda -> 0
    Gompertz, lambda = -1 the logistic law, other negative values Richards'. Below ``floor_fraction`` u_0 growth is
    exponential, so that a front keeps a finite speed. ``growth_per_day`` may be a (z, y, x) field.
    Source: von Bertalanffy 1957, Q Rev Biol 32:217; the family and its hold-out test on 1461 lesions: Laleh et al. 2022,
    PLoS Comput Biol 18:e1009822, and TumorGrowth.jl.
    """

    citation: ClassVar[str] = (
        "von Bertalanffy L. Q Rev Biol 1957;32:217-231; Ghaffari Laleh N, et al. PLoS Comput Biol 2022;18:e1009822"
    )

    diffusivity_mm2_per_day: float = spread.diffusivity()
    growth_per_day: float = spread.proliferation(0.02, "omega", "scale of the rate of growth")
    exponent: float = parameter(
        1.0 / 3.0,
        symbol="lambda",
        unit="1",
        low=-1.0,
        high=0.75,
        prior=Prior(1.0 / 3.0, 0.3, "linear"),
        description="shape of the law: 1/3 Bertalanffy, 0 Gompertz, -1 logistic",
        source="TumorGrowth.jl, general Bertalanffy",
    )
    slow_tissue_ratio: float = spread.slow_tissue_ratio()
    floor_fraction: float = spread.floor_fraction()

    def diffusivity(self, tissues: tuple[str, ...]) -> np.ndarray:
        return spread.by_tissue(self.diffusivity_mm2_per_day, self.slow_tissue_ratio, tissues)[None]

    def rate_parameters(self) -> tuple:
        """omega, lambda (1e-4 stands for Gompertz' limit 0) and u_0."""
        shape = self.exponent if abs(self.exponent) >= 1e-4 else 1e-4
        return (self.growth_per_day, shape, self.floor_fraction)

    @staticmethod
    def rate(u, p, out) -> None:
        out[0] = p[0] * u[0] * (np.maximum(u[0], p[2]) ** (-p[1]) - 1.0) / p[1]

    @staticmethod
    def flow(u, p, kill, dt, out) -> None:
        # w = u^lambda obeys a linear equation, w' = omega - (omega + lambda kill) w; below the floor ln u does.
        if u[0] <= 0.0:
            out[0] = 0.0
            return
        v, floor, left, shape = math.log(u[0]), math.log(p[2]), dt, p[1]
        slope = p[0] * (math.exp(-shape * floor) - 1.0) / shape - kill
        if v < floor and slope > 0.0:
            below = min(left, (floor - v) / slope)
            v, left = v + slope * below, left - below
        if left > 0.0 and (v > floor or slope > 0.0):
            decay = p[0] + shape * kill
            w, edge = math.exp(shape * v), math.exp(shape * floor)
            grown = -math.expm1(-decay * left) / decay if abs(decay * left) > 1e-6 else left
            after = w + (p[0] - decay * w) * grown
            if after > 0.0 and math.log(after) / shape >= floor:
                v, left = math.log(after) / shape, 0.0
            else:
                ratio = max((p[0] - decay * edge) / (p[0] - decay * w), 1e-30)
                used = -math.log(ratio) / decay if abs(decay) > 1e-9 else (edge - w) / p[0]
                v, left = floor, left - min(max(used, 0.0), left)
        out[0] = math.exp(v + slope * left)

    @property
    def accuracy_rate(self) -> float:
        omega, shape, floor = self.rate_parameters()
        return float(np.max(omega)) * (floor**-shape - 1.0) / shape
