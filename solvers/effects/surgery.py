"""Resection: the cavity leaves the tissue, its rim is thinned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from solvers.effect import Jump, TherapyEffect, effects
from twin.errors import DataRefused
from twin.medium import Medium
from twin.parameter import Prior, parameter
from twin.treatment import Plan, Resection


@effects.register("surgery")
@dataclass(frozen=True)
class Surgery(TherapyEffect):
    """At an operation u+ = 0 in the cavity, which becomes wall (D = 0); u+ = residual u- within ``margin_mm`` of it.

    The cavity is what the plan's resection holds, its own margin included. ``margin_mm`` is a further rim of tissue left in
    place (coagulated, aspirated), in which ``residual_fraction`` of the cells survives. Cells beyond are untouched:
    the infiltrating rest is what the model itself left there. Source: Swanson et al. 2003, J Neurol Sci 216:1.
    """

    citation: ClassVar[str] = "Swanson KR, et al. J Neurol Sci 2003;216:1-10"

    margin_mm: float = parameter(
        0.0,
        symbol="r",
        unit="mm",
        low=0.0,
        high=30.0,
        prior=Prior(0.0, 0.0, "linear"),
        description="width of the rim around the cavity in which most cells are destroyed; held fixed",
        source="assumed; none by default",
    )
    residual_fraction: float = parameter(
        0.0,
        symbol="f",
        unit="1",
        low=0.0,
        high=1.0,
        prior=Prior(0.0, 0.0, "linear"),
        description="share of the cells of that rim that survives; held fixed",
        source="assumed; extent of resection in classes, RANO resect (Karschnia 2023)",
    )

    def acts_on(self, plan: Plan) -> bool:
        return bool(plan.resections())

    def jumps(self, plan: Plan, medium: Medium) -> list[Jump]:
        return [Jump(r.day, self._survival(r, medium), removed=_cavity(r, medium)) for r in plan.resections()]

    def _survival(self, resection: Resection, medium: Medium) -> float | np.ndarray:
        if self.margin_mm == 0.0 or self.residual_fraction == 1.0:
            return 1.0
        from scipy.ndimage import distance_transform_edt

        away = distance_transform_edt(~_cavity(resection, medium), sampling=medium.grid.spacing_mm)
        return np.where(away <= self.margin_mm, np.float32(self.residual_fraction), np.float32(1.0))


def _cavity(resection: Resection, medium: Medium) -> np.ndarray:
    cavity = np.asarray(resection.cavity, bool)
    if cavity.shape != medium.grid.shape:
        raise DataRefused(
            f"The resection cavity has shape {cavity.shape}, the tissue {medium.grid.shape}.",
            where="resection cavity",
            why="tissue would be removed at another place",
            remedy="resample the cavity's mask onto the grid of the baseline visit",
        )
    if not (medium.domain & ~cavity).any():
        raise DataRefused(
            "The resection cavity takes all the tissue there is.",
            where="resection cavity",
            remedy="check that the mask is the cavity and not its complement",
        )
    return cavity
