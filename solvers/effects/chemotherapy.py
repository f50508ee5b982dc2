"""Chemotherapy with first-order washout."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from solvers.effect import TherapyEffect, effects
from twin.drugs import drug
from twin.parameter import Prior, parameter
from twin.treatment import Plan


@effects.register("chemotherapy")
@dataclass(frozen=True)
class Chemotherapy(TherapyEffect):
    """Kill rate k(t) = gamma sum_j (dose_j / reference dose) exp(-lambda (t - t_j)) H(t - t_j), 1/day.

    lambda = ln 2 / half-life of the drug. One sensitivity for all drugs of the plan, stated at each drug's reference
    dose. Its integral over a step is taken analytically, so no step length can miss a dose.
    Source: Jarrett et al. 2021, Nat Protoc 16:5309.
    """

    citation: ClassVar[str] = "Jarrett AM, et al. Nat Protoc 2021;16:5309-5338"

    chemosensitivity_per_day: float = parameter(
        0.3,
        symbol="gamma",
        unit="1/day",
        low=1e-3,
        high=5.0,
        prior=Prior(0.3, 0.8),
        description="kill rate just after one reference dose",
        source="0.07-0.32 /day, TNBC_DigitalTwins (doxorubicin, cyclophosphamide); widened for temozolomide",
    )

    def acts_on(self, plan: Plan) -> bool:
        return bool(plan.drug_doses())

    def breakpoints(self, plan: Plan) -> list[float]:
        return [d.day for d in plan.drug_doses()]

    def exposure(self, plan: Plan, start: float, stop: float) -> float:
        total = 0.0
        for dose in plan.drug_doses():
            if dose.day < stop:
                known = drug(dose.drug)
                decay, begin = known.decay_per_day, max(start, dose.day)
                remaining = math.exp(-decay * (begin - dose.day)) - math.exp(-decay * (stop - dose.day))
                total += dose.amount / known.reference_dose * remaining / decay
        return self.chemosensitivity_per_day * total
