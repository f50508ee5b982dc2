"""The objective: minus the log of the posterior density of a candidate, up to a constant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from calibration.comparison import Comparison, comparisons
from calibration.initial import InitialState
from calibration.region import coarse, coarse_state
from calibration.space import Space
from calibration.structure import Structure, initial_of
from solvers.engine import Accuracy
from solvers.problem import Problem
from solvers.simulate import solve
from twin.errors import OncotwinError
from twin.patient import Patient

FAILED = 1e12
"""The objective of a candidate that cannot be computed."""


@dataclass(frozen=True)
class Objective:
    """J(z) = 1/2 sum over visits of the weighted squared residuals + 1/2 |z|^2.

    ``z`` are the learnable parameters in standard units of their priors (:class:`calibration.space.Space`). ``patient`` is
    the working patient on its fine grid; the model runs on blocks of ``factor`` voxels.
    """

    patient: Patient = field(repr=False)
    coarse: Patient = field(repr=False)
    initial: InitialState = field(repr=False)
    structure: Structure
    space: Space
    comparisons: tuple[Comparison, ...] = field(repr=False)
    factor: int = 1
    engine: str = "native"
    accuracy: Accuracy = "fast"

    @classmethod
    def of(
        cls, patient: Patient, structure: Structure, factor: int = 1, engine="native", accuracy: Accuracy = "fast"
    ) -> Objective:
        space = Space(structure.learnable(patient))
        small = coarse(patient, factor)
        compared = comparisons(small)
        return cls(patient, small, initial_of(patient), structure, space, compared, factor, engine, accuracy)

    @property
    def has_front(self) -> bool:
        """Whether the lesion's border is a level set of the cell fraction, beyond which cells are inferred."""
        return self.patient.visibility.whole is not None

    def problem(self, values: Mapping[str, float], days: tuple[float, ...]) -> Problem:
        if self.factor == 1:
            return self.structure.problem(self.patient, values, days, initial=self.initial)
        model = self.structure.build_model(values, self.coarse.grid)
        cells = self.initial.state({**self.structure.defaults(), **self.structure.fixed, **values})
        start = coarse_state(model.distribute(cells), self.coarse.medium, self.factor)
        effects = self.structure.build_effects(values)
        return Problem(model, self.coarse.medium, start, days, 0.0, self.coarse.treatments, effects)

    def predictions(self, values: Mapping[str, float]) -> list[np.ndarray]:
        """Predicted cell fraction (z, y, x) on each compared visit."""
        days = tuple(c.day for c in self.comparisons)
        return [s.full_visible() for s in solve(self.problem(values, days), self.engine, self.accuracy)]

    def residual(self, z: np.ndarray) -> np.ndarray:
        """All weighted residuals, float32, the prior's last."""
        parts = [c.residual(u) for c, u in zip(self.comparisons, self.predictions(self.space.values(z)), strict=True)]
        return np.concatenate([*parts, np.asarray(z * self.space.precision, np.float32)])

    def __call__(self, z: np.ndarray) -> float:
        """J(z), or ``FAILED`` where the model has no answer."""
        try:
            residual = self.residual(z)
        except OncotwinError:
            return FAILED
        value = 0.5 * float(np.dot(residual, residual))
        return value if np.isfinite(value) else FAILED

    def weighed(self, weights: tuple[tuple[float, ...], ...]) -> Objective:
        """The same objective with other weights of the visits' kinds of data."""
        changed = tuple(replace(c, weights=w) for c, w in zip(self.comparisons, weights, strict=True))
        return replace(self, comparisons=changed)
