"""What the grid does to an invading front: a diffusivity acts on voxels as another one does in space."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from twin.grid import Grid

LARGEST = 60.0
"""Decay of a front over a voxel, h s, up to which the correction is tabulated: far beyond any front that a grid can show."""

LEAST_DIFFUSIVITY, LEAST_RATIO = 1e-6, 0.02
"""The least that the models admit (mm2/day, and a slow tissue's share)."""


def on_grid(diffusivity: np.ndarray, rate_per_day: float, grid: Grid) -> np.ndarray:
    """The diffusivity (mm2/day) with which a front moves over voxels as fast as in space with ``diffusivity``.

    A pulled front decays as exp(-s x) ahead and moves at the least (D L(s) + rho) / s. In space L = s^2, which gives
    2 sqrt(D rho). Second differences over voxels of h, averaged over the directions of the front, have
    L = 6 (sinh(h s) / (h s) - 1) / h^2: voxels speed up a front that they do not resolve (Zinner, Harris & Hudson 1993,
    J Differ Equ 105:46, for the lattice). The result is below ``diffusivity``: by h^2 rho / (20 D) for a resolved front.
    """
    h2 = float(np.mean(np.square(grid.spacing_mm)))
    coarseness = rate_per_day * h2 / np.maximum(diffusivity, 1e-12)
    log_coarseness, ratio = _table()
    return diffusivity * np.interp(np.log(np.maximum(coarseness, 1e-12)), log_coarseness, ratio)


@lru_cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """ln(rho h^2 / D) and the ratio of the diffusivities, by the front's decay over a voxel x = h s.

    With g(x) = 6 (sinh x / x - 1) the least speed is at rho h^2 / D_h = x g' - g, where it is D_h g' / h.
    """
    x = np.geomspace(1e-2, LARGEST, 800)
    slope = 6.0 * (np.cosh(x) - np.sinh(x) / x) / x
    growth = 6.0 * (np.cosh(x) - 2.0 * np.sinh(x) / x + 1.0)
    coarseness = (2.0 * growth / slope) ** 2
    return np.log(coarseness), coarseness / growth


def felt(values: Mapping[str, float], grid: Grid) -> dict[str, float]:
    """A model's values with the diffusivity of each tissue replaced by the one that acts alike on ``grid``.

    Values without a diffusivity, or without a positive proliferation rate, come back as they are: nothing invades. Of a
    rate that varies in space the mean counts.
    """
    d, rho = values.get("diffusivity_mm2_per_day"), values.get("proliferation_per_day")
    if d is None or rho is None or np.mean(rho) <= 0:
        return dict(values)
    ratio = values.get("slow_tissue_ratio", 1.0)
    fast, slow = on_grid(np.array([d, d * ratio]), float(np.mean(rho)), grid)
    changed = {"diffusivity_mm2_per_day": max(float(fast), LEAST_DIFFUSIVITY)}
    if "slow_tissue_ratio" in values:
        changed["slow_tissue_ratio"] = float(np.clip(slow / fast, LEAST_RATIO, 1.0))
    return {**values, **changed}
