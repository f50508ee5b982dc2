"""Courses that a lesion may take: the growth laws without space, under a treatment whose effect fades."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

import numpy as np
from scipy.stats import norm, qmc

from solvers.effect import TherapyEffect
from solvers.model import GrowthModel
from solvers.models.bertalanffy import Bertalanffy
from solvers.models.exponential import Exponential
from solvers.models.fisher_kpp import FisherKPP
from solvers.models.gompertz import Gompertz
from solvers.volume import simulate_volume
from twin.parameter import declared
from twin.treatment import Plan

DAYS = (0.0, 20.0, 40.0, 60.0, 90.0, 120.0, 160.0, 200.0, 250.0, 300.0, 360.0, 430.0, 510.0, 600.0)
"""Where courses are kept; between them ln(volume) is linear, beyond the last constant."""

COUNT = 300
"""Courses of each law."""

LAWS: dict[str, tuple[type[GrowthModel], str]] = {
    "exponential": (Exponential, "net_rate_per_day"),
    "gompertz": (Gompertz, "retardation_per_day"),
    "bertalanffy": (Bertalanffy, "growth_per_day"),
    "logistic": (FisherKPP, "proliferation_per_day"),
}
"""Growth laws of :mod:`solvers.models` without diffusion, each with its rate free (1/day)."""


@dataclass(frozen=True)
class Fading(TherapyEffect):
    """A continuous treatment: kill rate k exp(-lambda t), 1/day, from day 0 on; lambda is how fast resistance comes.

    Claret et al. 2009, J Clin Oncol 27:4103.
    """

    citation: ClassVar[str] = "Claret L, et al. J Clin Oncol 2009;27:4103-4108"

    kill_per_day: float = 0.0
    fading_per_day: float = 0.01

    def acts_on(self, plan: Plan) -> bool:
        return True

    def exposure(self, plan: Plan, start: float, stop: float) -> float:
        fade = self.fading_per_day
        return self.kill_per_day / fade * float(np.exp(-fade * start) - np.exp(-fade * stop))


@dataclass(frozen=True)
class Courses:
    """``change``: ln(volume / volume on day 0), (course, day) at ``DAYS``; ``law`` names each course's growth law. The
    first one is "no change"."""

    change: np.ndarray = field(repr=False)
    law: tuple[str, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.law)

    def at(self, days: np.ndarray) -> np.ndarray:
        """(course, day); before treatment began nothing changes."""
        where = np.clip(np.asarray(days, float), 0.0, DAYS[-1])
        index = np.clip(np.searchsorted(DAYS, where, side="right") - 1, 0, len(DAYS) - 2)
        left, right = np.take(DAYS, index), np.take(DAYS, index + 1)
        share = (where - left) / (right - left)
        return self.change[:, index] * (1 - share) + self.change[:, index + 1] * share


@lru_cache
def courses(*laws: str, count: int = COUNT) -> Courses:
    """ "No change" and ``count`` courses of each law, from numbers drawn evenly (Sobol) from a broad prior.

    Rate: median 0.003 /day; kill: none in a quarter of the courses, else median 0.008 /day; fading: median 0.006 /day; each
    spread by a factor e, the rate cut to the law's range. Size on day 0: 2 to 92 % of the largest possible.
    :func:`solvers.volume.simulate_volume` runs them.
    """
    drawn = qmc.Sobol(4, seed=0).random_base2(int(np.ceil(np.log2(count))))[:count]
    found = [_course(law, q) for law in laws for q in drawn]
    still = np.zeros(len(DAYS))
    return Courses(np.array([still, *found]), ("no change", *(law for law in laws for _ in drawn)))


def _course(law: str, q: np.ndarray) -> np.ndarray:
    z = norm.ppf(np.clip(q, 1e-6, 1 - 1e-6))
    rate, kill, fade = np.exp(np.log([0.003, 0.008, 0.006]) + z[:3])
    kind, name = LAWS[law]
    (range_,) = (p for p in declared(kind) if p.name == name)
    model = kind(**{name: float(np.clip(rate, range_.low, range_.high))})
    start = 0.02 + 0.9 * q[3]
    treatment = Fading(kill_per_day=0.0 if q[1] < 0.25 else float(kill), fading_per_day=float(fade))
    course = simulate_volume(model, start, 1.0, DAYS, effects=(treatment,))["volume_ml"].values
    return np.log(np.maximum(course, 1e-8) / start)
