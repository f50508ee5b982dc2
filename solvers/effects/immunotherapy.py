"""Immunotherapy: effector cells that hunt, multiply and tire."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from solvers.companion import Companion
from solvers.effect import Jump, TherapyEffect, effects
from twin.drugs import drug
from twin.medium import Medium
from twin.parameter import Prior, parameter
from twin.treatment import DrugDose, Plan

MOTILITY_MM2_PER_DAY = 0.1
"""Diffusivity of effector cells: T cells 67 um2/min, Miller et al. 2002, Science 296:1869."""


@effects.register("immunotherapy")
@dataclass(frozen=True)
class Immunotherapy(TherapyEffect):
    """Effector cells E beside the tumour u, which they kill at rate a E:

    dE/dt = div(D_E grad E) + p E u / (g + u) - m E u - d E;  at each dose E+ = E- + e (dose / reference dose) u / (g + u)

    E counts the effectors that treatment adds, in units of 1e6 cells per 5e8 tumour cells at full density; those that are
    always there are part of the net proliferation. A dose (of a drug whose kind is "immune") makes effectors appear where
    there is tumour. Rates from a mouse lymphoma, so they say how the system behaves, not what a patient's numbers are.
    Source: Kuznetsov et al. 1994, Bull Math Biol 56:295, in days and per cell fraction; infusion: Kirschner and Panetta
    1998, J Math Biol 37:235.
    """

    citation: ClassVar[str] = (
        "Kuznetsov VA, et al. Bull Math Biol 1994;56:295-321; Kirschner D, Panetta JC. J Math Biol 1998;37:235"
    )

    effector_kill_per_day: float = parameter(
        0.11,
        symbol="a",
        unit="1/day",
        low=1e-3,
        high=5.0,
        prior=Prior(0.11, 1.0),
        description="kill rate per unit of effector cells",
        source="n = 1.101e-7 /day/cell, Kuznetsov 1994",
    )
    effectors_per_dose: float = parameter(
        1.0,
        symbol="e",
        unit="1",
        low=0.0,
        high=20.0,
        prior=Prior(1.0, 0.0, "linear"),
        description="effector cells that a reference dose brings where the tumour is dense; held fixed: only a e is seen",
        source="assumed; baseline effectors 0.3, Kuznetsov 1994 (s / d)",
    )
    recruitment_per_day: float = parameter(
        0.1245,
        symbol="p",
        unit="1/day",
        low=0.0,
        high=1.0,
        prior=Prior(0.1245, 0.0, "linear"),
        description="multiplication of effectors at full stimulation; held fixed",
        source="p = 0.1245 /day, Kuznetsov 1994",
    )
    half_stimulation: float = parameter(
        0.0404,
        symbol="g",
        unit="1",
        low=1e-3,
        high=1.0,
        prior=Prior(0.0404, 0.0),
        description="cell fraction of half stimulation; held fixed",
        source="g = 2.019e7 of 5e8 cells, Kuznetsov 1994",
    )
    inactivation_per_day: float = parameter(
        0.171,
        symbol="m",
        unit="1/day",
        low=0.0,
        high=2.0,
        prior=Prior(0.171, 0.0, "linear"),
        description="loss of effectors by encounters with tumour cells at full density; held fixed",
        source="m = 3.422e-10 /day/cell times 5e8 cells, Kuznetsov 1994",
    )
    effector_death_per_day: float = parameter(
        0.0412,
        symbol="d",
        unit="1/day",
        low=1e-3,
        high=1.0,
        prior=Prior(0.0412, 0.0),
        description="death rate of effectors; held fixed",
        source="d = 0.0412 /day, Kuznetsov 1994",
    )

    def acts_on(self, plan: Plan) -> bool:
        return bool(_doses(plan))

    def companion(self) -> Companion:
        return Effectors(
            self.recruitment_per_day,
            self.half_stimulation,
            self.inactivation_per_day,
            self.effector_death_per_day,
            self.effector_kill_per_day,
            max(1.0, self.effectors_per_dose),
        )

    def jumps(self, plan: Plan, medium: Medium) -> list[Jump]:
        return [Jump(d.day, infused=(Effectors.species, self._amount(d), self.half_stimulation)) for d in _doses(plan)]

    def _amount(self, dose: DrugDose) -> float:
        return self.effectors_per_dose * dose.amount / drug(dose.drug).reference_dose


def _doses(plan: Plan) -> list[DrugDose]:
    return [d for d in plan.drug_doses() if drug(d.drug).kind == "immune"]


@dataclass(frozen=True)
class Effectors(Companion):
    """Effector cells; see :class:`Immunotherapy`. ``expected`` is their usual number, which bounds steps."""

    recruitment_per_day: float
    half_stimulation: float
    inactivation_per_day: float
    death_per_day: float
    kill_per_day: float
    expected: float
    species: ClassVar[str] = "effectors"
    diffusivity_mm2_per_day: ClassVar[float] = MOTILITY_MM2_PER_DAY  # type: ignore[misc]

    def parameters(self) -> tuple[float, ...]:
        return (
            self.recruitment_per_day,
            self.half_stimulation,
            self.inactivation_per_day,
            self.death_per_day,
            self.kill_per_day,
        )

    @property
    def accuracy_rate(self) -> float:
        return self.recruitment_per_day + self.inactivation_per_day + self.death_per_day + self.kill_per_day * self.expected

    @staticmethod
    def rate(v, total, p, j):
        growth = p[j] * total / (p[j + 1] + total) - p[j + 2] * total - p[j + 3]
        return growth * v, p[j + 4] * v

    @staticmethod
    def flow(v, total, p, j, dt):
        growth = p[j] * total / (p[j + 1] + total) - p[j + 2] * total - p[j + 3]
        return v * math.exp(growth * dt)
