"""The therapy seam: breakpoints, a kill rate between them, a jump at them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from twin.medium import Medium
from twin.parameter import check_values
from twin.registry import Registry
from twin.treatment import Plan


@dataclass(frozen=True)
class Jump:
    """At clock time ``day`` the tumour species are multiplied by ``survival`` (a number or a (z, y, x) field).

    ``removed`` marks voxels that leave the domain and become wall (a resection cavity).
    """

    day: float
    survival: float | np.ndarray
    removed: np.ndarray | None = None


@dataclass(frozen=True)
class TherapyEffect(ABC):
    """What a plan's courses do to the cells.

    One frozen dataclass a file in ``solvers/effects``, registered with ``@effects.register(name)``. An effect looks at
    the whole plan and takes what concerns it; a plan without such a course has no effect.
    """

    citation: ClassVar[str] = ""

    def __post_init__(self) -> None:
        check_values(self)

    @abstractmethod
    def acts_on(self, plan: Plan) -> bool:
        """Whether the plan holds anything this effect responds to (if not, its parameters cannot be learnt)."""

    def jumps(self, plan: Plan, medium: Medium) -> list[Jump]:
        """The jumps, by time."""
        return []

    def breakpoints(self, plan: Plan) -> list[float]:
        """Clock times at which the kill rate is discontinuous; the loop lands on each."""
        return []

    def exposure(self, plan: Plan, start: float, stop: float) -> float:
        """The integral of the kill rate over [start, stop], dimensionless and exact whatever the step's length."""
        return 0.0

    def delivery(self, plan: Plan, medium: Medium) -> np.ndarray | None:
        """Optional (z, y, x) factor on the exposure; None is one everywhere."""
        return None


effects: Registry[type[TherapyEffect]] = Registry("therapy effect", "solvers.effects")
