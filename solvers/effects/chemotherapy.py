"""Chemotherapy with first-order washout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from solvers.effect import TherapyEffect, effects, on_grid
from twin.drugs import drug
from twin.medium import Medium
from twin.parameter import Prior, parameter
from twin.treatment import DrugDose, Plan


@effects.register("chemotherapy")
@dataclass(frozen=True)
class Chemotherapy(TherapyEffect):
    """Kill rate k(x, t) = C(x) sum_j gamma_i (dose_j / reference dose_i) exp(-lambda_i (t - t_j)) H(t - t_j), 1/day.

    i is the drug of dose j, lambda_i = ln 2 / its half-life. gamma_i is one sensitivity for all cytotoxic drugs of the plan,
    at each drug's reference dose, times ``relative_sensitivity`` (name -> factor) where a drug differs; or one effect for
    each group of ``drugs``. C is an optional ``delivery_map`` (z, y, x; 1 = as in plasma). The integral over a step is
    analytic, so no step length can miss a dose. Source: Jarrett et al. 2021, Nat Protoc 16:5309.
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

    drugs: tuple[str, ...] | None = None
    relative_sensitivity: Mapping[str, float] | None = field(default=None, compare=False)
    delivery_map: np.ndarray | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in (*(self.drugs or ()), *(self.relative_sensitivity or ())):
            drug(name)

    def acts_on(self, plan: Plan) -> bool:
        return bool(self._doses(plan))

    def breakpoints(self, plan: Plan) -> list[float]:
        return [d.day for d in self._doses(plan)]

    def exposure(self, plan: Plan, start: float, stop: float) -> float:
        day, decay, weight = self._table(plan)
        given = day < stop
        day, decay, weight = day[given], decay[given], weight[given]
        remaining = np.exp(-decay * np.maximum(start - day, 0.0)) - np.exp(-decay * (stop - day))
        return self.chemosensitivity_per_day * float(np.sum(weight / decay * remaining))

    def mean_day(self, plan: Plan, start: float, stop: float) -> float:
        day, decay, weight = self._table(plan)
        given = day < stop
        day, decay, weight = day[given], decay[given], weight[given] / decay[given]
        first = np.maximum(start, day)
        early, late = weight * np.exp(-decay * (first - day)), weight * np.exp(-decay * (stop - day))
        moment = (first - start + 1 / decay) @ early - (stop - start + 1 / decay) @ late
        return start + float(moment / (early.sum() - late.sum()))

    def delivery(self, plan: Plan, medium: Medium) -> np.ndarray | None:
        return None if self.delivery_map is None else on_grid(self.delivery_map, medium, "delivery map of the drug")

    def _doses(self, plan: Plan) -> list[DrugDose]:
        wanted = [d for d in plan.drug_doses() if drug(d.drug).kind == "cytotoxic"]
        return wanted if self.drugs is None else [d for d in wanted if d.drug in self.drugs]

    def _table(self, plan: Plan) -> np.ndarray:
        """Day, decay (1/day) and weight of every dose, (3, doses); kept for the plan last asked about."""
        kept = self.__dict__.get("_kept")
        if kept is None or kept[0] is not plan:
            kept = plan, self._tabulated(plan)
            object.__setattr__(self, "_kept", kept)
        return kept[1]

    def _tabulated(self, plan: Plan) -> np.ndarray:
        rows = []
        for dose in self._doses(plan):
            known, factor = drug(dose.drug), (self.relative_sensitivity or {}).get(dose.drug, 1.0)
            rows.append((dose.day, known.decay_per_day, factor * dose.amount / known.reference_dose))
        return np.array(rows, float).reshape(-1, 3).T
