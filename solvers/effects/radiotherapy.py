"""Linear-quadratic radiotherapy, fraction by fraction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from solvers.effect import Jump, TherapyEffect, effects
from twin.medium import Medium
from twin.parameter import Prior, parameter
from twin.treatment import Plan


@effects.register("radiotherapy")
@dataclass(frozen=True)
class Radiotherapy(TherapyEffect):
    """At each fraction u+ = u- exp(-alpha d - beta d2), beta = alpha / (alpha/beta), d(x) in Gy at the voxel.

    ``radiosensitivity_per_gy`` is the effective in-vivo alpha of an imaging model, an order of magnitude below the
    alpha of cell survival in vitro (0.1-0.3 /Gy), which is another quantity. Extrapolated above 8-10 Gy a fraction.
    Source: Rockne et al. 2010, Phys Med Biol 55:3271.
    """

    citation: ClassVar[str] = "Rockne R, et al. Phys Med Biol 2010;55:3271-3285"

    radiosensitivity_per_gy: float = parameter(
        0.025,
        symbol="alpha",
        unit="1/Gy",
        low=0.001,
        high=0.15,
        prior=Prior(0.025, 0.5),
        description="linear radiosensitivity, effective in vivo",
        source="0.025 /Gy effective for glioma, bounds 0.001-0.1 (TumorTwin 2025); patients 0.01-0.06, Rockne 2010",
    )
    alpha_beta_gy: float = parameter(
        10.0,
        symbol="alpha/beta",
        unit="Gy",
        low=1.0,
        high=20.0,
        prior=Prior(10.0, 0.0),
        description="ratio of linear to quadratic cell kill; held fixed",
        source="glioma 10 Gy, Qi 2006; prostate 1.8 (CHHiP), breast 4, NSCLC 10",
    )

    def acts_on(self, plan: Plan) -> bool:
        return bool(plan.fractions())

    def jumps(self, plan: Plan, medium: Medium) -> list[Jump]:
        return [Jump(f.day, self.survival(f.dose_gy, course.relative_dose)) for course, f in plan.fractions()]

    def survival(self, dose_gy: float, relative_dose: np.ndarray | None = None) -> float | np.ndarray:
        """Surviving fraction of one fraction, a number or a (z, y, x) float32 field."""
        alpha = self.radiosensitivity_per_gy
        if relative_dose is None:
            return float(np.exp(-alpha * dose_gy * (1.0 + dose_gy / self.alpha_beta_gy)))
        dose = dose_gy * relative_dose.astype(np.float32)
        return np.exp(-np.float32(alpha) * dose * (1.0 + dose / np.float32(self.alpha_beta_gy)))
