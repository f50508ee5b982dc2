"""The endpoint seam: what is read off a simulated course."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from solvers.problem import Snapshot
from twin.patient import Visibility
from twin.registry import Registry


@dataclass(frozen=True)
class Sight:
    """What an endpoint may know: the visibility thresholds and the decision day of the comparison."""

    visibility: Visibility
    decision_day: float

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


class Measured(Endpoint):
    """Measured on the state: at every saved day (``at`` "t") or at the scans alone (``at`` "scan")."""

    at: ClassVar[Literal["t", "scan"]] = "t"

    @abstractmethod
    def measure(self, snapshot: Snapshot, sight: Sight) -> float:
        """The number on one day; NaN where it is not defined for this patient."""


class Derived(Endpoint):
    """Computed from the measured courses of all arms together."""

    needs: ClassVar[tuple[str, ...]] = ("volume_ml",)

    @abstractmethod
    def derive(self, data: xr.Dataset, sight: Sight) -> np.ndarray | None:
        """(arm, draw) numbers, or None where the arms at hand do not allow it."""


endpoints: Registry[Endpoint] = Registry("endpoint", "scenarios.endpoints")
