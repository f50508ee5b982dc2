"""Linear-quadratic radiotherapy, fraction by fraction."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from solvers.companion import Companion
from solvers.effect import Jump, TherapyEffect, effects, on_grid
from twin.drugs import drug
from twin.errors import DataRefused
from twin.medium import Medium
from twin.parameter import Prior, parameter
from twin.treatment import Plan
from twin.treatment import Radiotherapy as Course


@effects.register("radiotherapy")
@dataclass(frozen=True)
class Radiotherapy(TherapyEffect):
    """At each fraction u+ = u- exp(-alpha d' - beta d'2), beta = alpha / (alpha/beta), d' = d(x) OMF(p(x)), d in Gy.

    ``radiosensitivity_per_gy`` is the effective in-vivo alpha of an imaging model, an order of magnitude below the
    alpha of cell survival in vitro (0.1-0.3 /Gy), which is another quantity. Extrapolated above 8-10 Gy a fraction.

    Optional, off by default: alpha/beta by tissue (``alpha_beta_by_tissue``, name -> Gy, mixed by volume fraction); oxygen
    (``oxygen_mmhg``, (z, y, x) partial pressure p) through OMF = (m p + K) / (m (p + K)); sensitisation, alpha times
    1 + (s - 1) min(1, C) with C the radiosensitising drugs present, in reference doses; a dying compartment, in which
    killed cells stay visible and are cleared at rate 1/tau (pseudoprogression), taking up no room.
    Source: Rockne et al. 2010, Phys Med Biol 55:3271; OMF: Alper and Howard-Flanders 1956, Nature 178:978.
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

    sensitisation: float = parameter(
        1.0,
        symbol="s",
        unit="1",
        low=1.0,
        high=3.0,
        prior=Prior(1.0, 0.0),
        description="factor on alpha while a reference dose of a radiosensitising drug is present; held fixed, 1 is none",
        source="assumed range; none by default",
    )
    clearance_days: float = parameter(
        0.0,
        symbol="tau",
        unit="day",
        low=0.0,
        high=200.0,
        prior=Prior(0.0, 0.0, "linear"),
        description="time in which killed cells are cleared, visible until then; held fixed, 0 is at once",
        source="assumed range; pseudoprogression within 12 weeks of radiotherapy, RANO 2.0 (Wen 2023)",
    )
    oxygen_enhancement: float = parameter(
        3.0,
        symbol="m",
        unit="1",
        low=1.0,
        high=4.0,
        prior=Prior(3.0, 0.0),
        description="ratio of doses for equal kill without and with oxygen; held fixed",
        source="3, Alper and Howard-Flanders 1956",
    )
    oxygen_half_mmhg: float = parameter(
        3.0,
        symbol="K",
        unit="mmHg",
        low=0.5,
        high=10.0,
        prior=Prior(3.0, 0.0),
        description="partial pressure of oxygen of half the enhancement; held fixed",
        source="3 mmHg, Alper and Howard-Flanders 1956",
    )
    alpha_beta_by_tissue: Mapping[str, float] | None = field(default=None, compare=False)
    oxygen_mmhg: np.ndarray | None = field(default=None, repr=False, compare=False)

    def acts_on(self, plan: Plan) -> bool:
        return bool(plan.fractions())

    def companion(self) -> Companion | None:
        return Dying(self.clearance_days) if self.clearance_days > 0 else None

    def jumps(self, plan: Plan, medium: Medium) -> list[Jump]:
        scale, ratio = self._scale(medium), self._ratio(medium)
        known: dict[tuple[int, float, float], float | np.ndarray] = {}
        out = []
        for course, fraction in plan.fractions():
            alpha = self._alpha(plan, fraction.day)
            key = (id(course.relative_dose), fraction.dose_gy, alpha)
            if key not in known:
                known[key] = surviving(_dose(course, fraction.dose_gy, medium) * scale, alpha, ratio)
            out.append(Jump(fraction.day, known[key], into=Dying.species))
        return out

    def survival(self, dose_gy: float, relative_dose: np.ndarray | None = None) -> float | np.ndarray:
        """Surviving fraction of one fraction alone, a number or a (z, y, x) float32 field."""
        dose = dose_gy if relative_dose is None else dose_gy * relative_dose.astype(np.float32)
        return surviving(dose, self.radiosensitivity_per_gy, self.alpha_beta_gy)

    def _alpha(self, plan: Plan, day: float) -> float:
        """alpha at that time, raised by the sensitising drug that is present."""
        if self.sensitisation == 1.0:
            return self.radiosensitivity_per_gy
        return self.radiosensitivity_per_gy * (1.0 + (self.sensitisation - 1.0) * min(1.0, _present(plan, day)))

    def _scale(self, medium: Medium) -> float | np.ndarray:
        """The oxygen effect on the dose, OMF."""
        if self.oxygen_mmhg is None:
            return 1.0
        p = on_grid(self.oxygen_mmhg, medium, "oxygen map").astype(np.float32)
        m, half = np.float32(self.oxygen_enhancement), np.float32(self.oxygen_half_mmhg)
        return (m * p + half) / (m * (p + half))

    def _ratio(self, medium: Medium) -> float | np.ndarray:
        """alpha/beta in Gy; where tissues differ, beta / alpha is mixed by volume fraction."""
        if not self.alpha_beta_by_tissue:
            return self.alpha_beta_gy
        unknown = sorted(set(self.alpha_beta_by_tissue) - set(medium.tissues))
        values = [self.alpha_beta_by_tissue.get(tissue, self.alpha_beta_gy) for tissue in medium.tissues]
        if unknown or not all(np.isfinite(v) and v > 0 for v in values):
            raise DataRefused(
                f"alpha/beta by tissue is given as {dict(self.alpha_beta_by_tissue)}.",
                where="alpha_beta_by_tissue",
                remedy=f"name tissues of this medium ({', '.join(medium.tissues)}) with a positive number of Gy each",
            )
        inverse = sum(f / np.float32(v) for f, v in zip(medium.fractions.values(), values, strict=True))
        return 1.0 / np.where(medium.domain, inverse, np.float32(1.0 / self.alpha_beta_gy))


def _dose(course: Course, dose_gy: float, medium: Medium) -> float | np.ndarray:
    """Dose in Gy, a number or a (z, y, x) field."""
    if course.relative_dose is None:
        return dose_gy
    return dose_gy * on_grid(course.relative_dose, medium, "dose map").astype(np.float32)


def surviving(dose: float | np.ndarray, alpha: float, ratio: float | np.ndarray) -> float | np.ndarray:
    """exp(-alpha d (1 + d / ratio)); float32 where the dose or the ratio is a field."""
    if np.ndim(dose) == 0 and np.ndim(ratio) == 0:
        return float(np.exp(-alpha * dose * (1.0 + dose / ratio)))
    dose, ratio = np.asarray(dose, np.float32), np.asarray(ratio, np.float32)
    return np.exp(-np.float32(alpha) * dose * (1.0 + dose / ratio))


def _present(plan: Plan, day: float) -> float:
    """Radiosensitising drug in the body at ``day``, in reference doses; one given at that very time counts."""
    total = 0.0
    for dose in plan.drug_doses():
        known = drug(dose.drug)
        if known.radiosensitiser and dose.day <= day:
            total += dose.amount / known.reference_dose * math.exp(-known.decay_per_day * (day - dose.day))
    return total


@dataclass(frozen=True)
class Dying(Companion):
    """Cells that radiation has killed: visible, harmless, cleared at dv/dt = -v / tau (tau in days)."""

    clearance_days: float
    species: ClassVar[str] = "dying"
    visible: ClassVar[bool] = True

    def parameters(self) -> tuple[float, ...]:
        return (1.0 / self.clearance_days,)

    @property
    def accuracy_rate(self) -> float:
        return 1.0 / self.clearance_days

    @staticmethod
    def rate(v, total, p, j):
        return -p[j] * v, 0.0

    @staticmethod
    def flow(v, total, p, j, dt):
        return v * math.exp(-p[j] * dt)
