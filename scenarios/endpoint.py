"""The endpoint seam: what is read off a simulated course."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from scenarios.dose import isodose
from scenarios.organs import followed, target_of
from solvers.problem import Problem, Snapshot
from twin.patient import Cellularity, Patient, Visibility
from twin.registry import Registry
from twin.treatment import Plan


@dataclass(frozen=True)
class Sight:
    """What an endpoint may know: the visibility thresholds, the decision day of the comparison, the cells per mm3 at the
    carrying capacity, the organs that are followed and the target volume (bool (z, y, x)), and, once an arm is chosen, the
    region inside its 95 % isodose."""

    visibility: Visibility
    decision_day: float
    theta_per_mm3: float = Cellularity().theta_per_mm3
    organs: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)
    target: np.ndarray | None = field(default=None, repr=False)
    isodose: np.ndarray | None = field(default=None, repr=False)

    @classmethod
    def of(cls, patient: Patient, decision_day: float) -> Sight:
        theta = patient.cellularity.theta_per_mm3
        return cls(patient.visibility, decision_day, theta, followed(patient), target_of(patient))

    def under(self, plan: Plan, shape: tuple[int, ...]) -> Sight:
        """The sight of the arm whose whole treatment is ``plan``."""
        return replace(self, isodose=isodose(plan, shape))

    @property
    def threshold(self) -> float:
        return self.visibility.threshold


class Endpoint(ABC):
    """One number per arm and draw, with its unit. ``variable`` is its name in the results; ``label`` what people read.

    ``lower_is_better`` is None where neither direction is. One class a file in ``scenarios/endpoints``, registered with
    ``@endpoints.register(name)``.
    """

    variable: ClassVar[str]
    label: ClassVar[str]
    unit: ClassVar[str]
    lower_is_better: ClassVar[bool | None] = True
    citation: ClassVar[str] = ""

    def applies(self, patient: Patient) -> bool:
        """Whether the patient's case has what the endpoint is about; where not, it is left out."""
        return True


class Measured(Endpoint):
    """Measured on the state: at every saved day (``at`` "t") or at the scans alone (``at`` "scan").

    One number, or with ``by_organ`` one for each organ that is followed, in the order of ``sight.organs``.
    """

    at: ClassVar[Literal["t", "scan"]] = "t"
    by_organ: ClassVar[bool] = False

    @abstractmethod
    def measure(self, snapshot: Snapshot, sight: Sight) -> float | np.ndarray:
        """The number on one day; NaN where it is not defined for this patient."""


class Planned(Endpoint):
    """Computed from the state on the decision day and what the arm is going to give, before it is simulated."""

    @abstractmethod
    def expect(self, now: Snapshot, ahead: Problem, sight: Sight) -> float:
        """The number of one draw; ``ahead`` is the problem from ``now`` on. NaN where it is not defined for this arm."""


class Derived(Endpoint):
    """Computed from the measured courses of all arms together."""

    needs: ClassVar[tuple[str, ...]] = ("volume_ml",)

    @abstractmethod
    def derive(self, data: xr.Dataset, sight: Sight) -> np.ndarray | None:
        """(arm, draw) numbers, or (arm, draw, organ), or None where the arms at hand do not allow it."""


endpoints: Registry[Endpoint] = Registry("endpoint", "scenarios.endpoints")
