"""The structure of a twin: which growth model and which effects, what is known of their numbers, and how they start."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from calibration.grid_error import felt
from calibration.initial import InitialState, initial_state
from calibration.markers import informed
from solvers.effect import TherapyEffect, effects
from solvers.model import GrowthModel, models
from solvers.problem import Problem
from twin.errors import UsageError
from twin.grid import Grid
from twin.parameter import Parameter, declared
from twin.patient import Patient
from twin.treatment import Plan

ONLY_WITH_SEVERAL_TISSUES = ("slow_tissue_ratio",)


@dataclass(frozen=True)
class Structure:
    """A growth model and therapy effects by name, and the numbers held fixed.

    Parameters whose prior has no spread keep their default (or the value in ``fixed``). The initial state has parameters
    of its own (:class:`calibration.initial.FirstScan`). ``markers`` (:mod:`calibration.markers`) move priors.
    """

    model: str = "fisher-kpp"
    effects: tuple[str, ...] = ("radiotherapy", "chemotherapy")
    fixed: Mapping[str, float] = field(default_factory=dict)
    markers: Mapping[str, str | float] = field(default_factory=dict)
    growth_field: str = ""
    """A growth rate that differs from place to place, as :class:`calibration.field.basis.GrowthField` writes it."""

    def parameters(self, patient: Patient) -> tuple[Parameter, ...]:
        """The free parameters: of the model, of the effects, of the first scan."""
        kinds = [models[self.model], *(effects[name] for name in self.effects)]
        own = [p for kind in kinds for p in declared(kind, patient.site)]
        if len(patient.medium.tissues) == 1:
            own = [p for p in own if p.name not in ONLY_WITH_SEVERAL_TISSUES]
        every = (*own, *initial_of(patient).free, *self._coefficients(patient))
        return informed([p for p in every if p.prior.spread > 0 and p.name not in self.fixed], self.markers)

    def learnable(self, patient: Patient) -> tuple[Parameter, ...]:
        """The free parameters on which the visits seen depend at all; of the others only the prior is known."""
        given = patient.treatments.before(patient.seen[-1].day)
        idle = [name for name in self.effects if not effects[name]().acts_on(given)]
        silent = {p.name for name in idle for p in declared(effects[name])}
        return tuple(p for p in self.parameters(patient) if p.name not in silent)

    @property
    def sensitivities(self) -> tuple[str, ...]:
        """The effects' parameters: ln(survival) is linear in each of them."""
        return tuple(p.name for name in self.effects for p in declared(effects[name]))

    def build_model(self, values: Mapping[str, float], grid: Grid | None = None) -> GrowthModel:
        """The model; with ``grid``, as it acts on those voxels: fronts move as in space (:mod:`calibration.grid_error`)."""
        kind = models[self.model]
        own = self._own(kind, {**self.defaults(), **self.fixed, **values})
        return kind(**(own if grid is None else felt(own, grid)))

    def model_in(self, patient: Patient, values: Mapping[str, float]) -> GrowthModel:
        """The growth model in that patient: its rate a (z, y, x) field where the structure has one."""
        model = self.build_model(values, patient.grid)
        if not self.growth_field:
            return model
        from calibration.field.basis import GrowthField, rate_field

        name = growth_rate(self.model)
        p = next(p.anywhere() for p in declared(model) if p.name == name)
        rate = rate_field(GrowthField.read(self.growth_field), patient, getattr(model, name), dict(values))
        return replace(model, **{name: np.clip(rate, p.low, p.high)})

    def _coefficients(self, patient: Patient) -> tuple[Parameter, ...]:
        if not self.growth_field:
            return ()
        from calibration.field.basis import GrowthField, coefficients

        return coefficients(GrowthField.read(self.growth_field), patient)

    def build_effects(self, values: Mapping[str, float]) -> tuple[TherapyEffect, ...]:
        kinds = [effects[name] for name in self.effects]
        return tuple(kind(**self._own(kind, values)) for kind in kinds)

    def _own(self, kind, values: Mapping[str, float]) -> dict[str, float]:
        known = {**self.fixed, **values}
        return {p.name: known[p.name] for p in declared(kind) if p.name in known}

    def problem(
        self,
        patient: Patient,
        values: Mapping[str, float],
        days,
        plan: Plan | None = None,
        initial: InitialState | None = None,
    ) -> Problem:
        """From the first scan on day 0 to ``days`` under ``plan`` (default: the patient's treatments).

        ``initial`` is the reading of that scan where the caller has one (default: made here, once for each patient).
        """
        cells = (initial or initial_of(patient)).state({**self.defaults(), **self.fixed, **values})
        model = self.model_in(patient, values)
        given = patient.treatments if plan is None else plan
        start = model.distribute(cells)
        return Problem(model, patient.medium, start, tuple(days), 0.0, given, self.build_effects(values))

    def defaults(self) -> dict[str, float]:
        """Every number of the model at its default."""
        return {p.name: p.default for p in declared(models[self.model])}

    def citations(self) -> tuple[str, ...]:
        return (models[self.model].citation, *(effects[name].citation for name in self.effects))


GROWTH_RATES = {
    "fisher-kpp": "proliferation_per_day",
    "exponential": "net_rate_per_day",
    "gompertz": "retardation_per_day",
    "bertalanffy": "growth_per_day",
}
"""The rate of each model that may be a field."""


def growth_rate(model: str) -> str:
    """The name of the rate that may differ from place to place; refused where the model has none."""
    if model not in GROWTH_RATES:
        raise UsageError(f"The model {model} has no growth field.", remedy=f"take one of {', '.join(GROWTH_RATES)}")
    return GROWTH_RATES[model]


_read: dict[int, InitialState] = {}


def initial_of(patient: Patient) -> InitialState:
    """The first scan's reading, made once for each patient in memory."""
    key = id(patient)
    if key not in _read:
        _read[key] = initial_state(patient)
        weakref.finalize(patient, _read.pop, key, None)
    return _read[key]
