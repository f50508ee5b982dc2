"""The therapy seam: breakpoints, a kill rate between them, a jump at them."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from solvers.companion import Companion
from solvers.model import GrowthModel
from twin.errors import DataRefused
from twin.medium import Medium
from twin.parameter import check_values
from twin.registry import Registry
from twin.treatment import Plan


@dataclass(frozen=True)
class Jump:
    """At clock time ``day`` the tumour species are multiplied by ``survival`` (a number or a (z, y, x) field).

    ``removed`` marks voxels that leave the domain and become wall (a resection cavity). ``into`` names the species that
    receives the killed cells, where the model has it. ``infused`` (species, amount, half) adds amount u / (half + u) to a
    species, u the tumour cell fraction.
    """

    day: float
    survival: float | np.ndarray = 1.0
    removed: np.ndarray | None = None
    into: str = ""
    infused: tuple[str, float, float] | None = None

    def is_uniform(self, model: GrowthModel) -> bool:
        """Whether it scales the tumour of ``model`` by one number everywhere and does nothing else."""
        moved = self.into in model.species or (self.infused is not None and self.infused[0] in model.species)
        return np.ndim(self.survival) == 0 and self.removed is None and not moved

    def apply(self, values: np.ndarray, model: GrowthModel, survival: float | np.ndarray | None = None) -> None:
        """Change ``values`` (species, ...) in place; ``survival`` is in the layout of ``values``. Walls are the engine's."""
        survival = self.survival if survival is None else survival
        tumour = list(model.tumour_species)
        if self.infused is not None and self.infused[0] in model.species:
            name, amount, half = self.infused
            total = values[tumour].sum(axis=0)
            values[model.species.index(name)] += amount * total / (half + total)
        if self.into in model.species:
            values[model.species.index(self.into)] += (values[tumour] * (1.0 - survival)).sum(axis=0)
        for species in tumour:
            values[species] *= survival


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
        """Clock times at which the kill rate is discontinuous; engines land on each, or know that they need not."""
        return []

    def exposure(self, plan: Plan, start: float, stop: float) -> float:
        """The integral of the kill rate over [start, stop], dimensionless and exact whatever the step's length."""
        return 0.0

    def mean_day(self, plan: Plan, start: float, stop: float) -> float:
        """The mean clock time of the kill within [start, stop]: an engine may put it there as if at once."""
        edges = np.linspace(start, stop, 17)
        parts = np.array([self.exposure(plan, a, b) for a, b in itertools.pairwise(edges)])
        total = parts.sum()
        return float(parts @ (edges[1:] + edges[:-1]) / (2 * total)) if total else 0.5 * (start + stop)

    def companion(self) -> Companion | None:
        """A further species that lives beside the tumour's because of this therapy (dying cells, effector cells)."""
        return None

    def delivery(self, plan: Plan, medium: Medium) -> np.ndarray | None:
        """Optional (z, y, x) factor on the exposure; None is one everywhere."""
        return None


def on_grid(values: np.ndarray, medium: Medium, what: str) -> np.ndarray:
    """The field, or a refusal if it does not lie on the medium's grid or is not finite."""
    if values.shape != medium.grid.shape:
        raise DataRefused(
            f"The {what} has shape {values.shape}, the tissue {medium.grid.shape}.",
            where=what,
            why="every voxel would get the value of another place",
            remedy="resample it onto the grid of the baseline visit",
        )
    if not np.isfinite(values).all() or float(values.min()) < 0:
        raise DataRefused(
            f"The {what} holds negative, infinite or missing values.", where=what, remedy="give zero or more in every voxel"
        )
    return values


effects: Registry[type[TherapyEffect]] = Registry("therapy effect", "solvers.effects")
