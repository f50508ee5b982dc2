"""What the grid itself leaves open: a fitted diffusivity belongs to a scheme and a voxel size as well as to a patient."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.grid import Grid


def resolution_spread(grid: Grid, values: Mapping[str, float]) -> float:
    """Relative error of the diffusivity that voxels cause: h^2 rho / (12 D), 0 where the model has no such numbers.

    Second differences see exp(-x / l) decay with (2 cosh(h / l) - 2) / h^2 = (1 + h^2 / (12 l^2) + ...) / l^2, so a front
    of width l = sqrt(D / rho) moves as with a diffusivity larger by that share. It is not part of the draws, since a
    forecast on the same grid makes the same error; it belongs beside a diffusivity that is compared with another's.
    """
    d, rho = values.get("diffusivity_mm2_per_day"), values.get("proliferation_per_day")
    if not d or not rho or rho < 0:
        return 0.0
    h2 = float(np.mean(np.square(grid.spacing_mm)))
    return min(1.0, h2 * rho / (12.0 * d))
