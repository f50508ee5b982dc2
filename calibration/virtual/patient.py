"""A virtual patient: a hidden truth grown from a seed, treated, and scanned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from calibration.virtual.scanner import Scanner, scan
from solvers.effect import TherapyEffect, effects
from solvers.engine import Accuracy
from solvers.model import models
from solvers.problem import Problem
from solvers.simulate import solve
from twin.errors import SolverError
from twin.medium import Medium
from twin.parameter import declared
from twin.patient import Patient, Visit
from twin.progress import SILENT, Progress, stage


@dataclass(frozen=True)
class VirtualPatient:
    """A patient as the clinic sees it, and apart from it the truth, which no calibration may see.

    ``truth``: parameter values by name. ``states``: day -> the true cell fraction (z, y, x) on the patient's grid.
    """

    patient: Patient
    truth: Mapping[str, float]
    states: Mapping[float, np.ndarray] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class Hidden:
    """What is hidden: model, effects, their values, where the tumour began, and its visible volume at diagnosis."""

    values: Mapping[str, float]
    seed_mm: tuple[float, float, float]
    diagnosed_ml: float
    model: str = "fisher-kpp"
    effects: tuple[str, ...] = ("radiotherapy", "chemotherapy")

    def build_model(self):
        kind = models[self.model]
        return kind(**{p.name: self.values[p.name] for p in declared(kind) if p.name in self.values})

    def build_effects(self) -> tuple[TherapyEffect, ...]:
        kinds = [effects[name] for name in self.effects]
        return tuple(k(**{p.name: self.values[p.name] for p in declared(k) if p.name in self.values}) for k in kinds)


def grow(hidden: Hidden, medium: Medium, threshold: float, engine="native", accuracy: Accuracy = "standard") -> np.ndarray:
    """The state (species, z, y, x) at diagnosis: grown from a small seed until ``diagnosed_ml`` are visible.

    ``seed_mm`` are distances along (z, y, x) from the first voxel. Raises SolverError where it stays smaller for 10 years.
    """
    model = hidden.build_model()
    initial = np.zeros((len(model.species), *medium.grid.shape), np.float32)
    initial[model.tumour_species[0]] = _seed(medium, hidden.seed_mm)
    problem = Problem(model, medium, initial, tuple(np.arange(2.0, 3650.0, 2.0)))
    for snapshot in solve(problem, engine, accuracy):
        if snapshot.volume_ml(threshold) >= hidden.diagnosed_ml:
            return snapshot.full()
    raise SolverError(
        f"The virtual tumour did not reach {hidden.diagnosed_ml:g} mL within ten years.",
        remedy="raise diffusivity or proliferation, or ask for a smaller volume at diagnosis",
    )


def examine(
    hidden: Hidden,
    patient: Patient,
    rng: np.random.Generator,
    scanner: Scanner | None = None,
    engine: str = "native",
    accuracy: Accuracy = "standard",
    progress: Progress = SILENT,
) -> VirtualPatient:
    """Grow the hidden tumour in ``patient``'s tissue, treat it by the patient's plan and scan it on every visit's day.

    ``patient`` gives anatomy, treatments, visits (days, names, which are held out), visibility and cellularity.
    """
    visits, states = [], {}
    with stage(progress, "growing the virtual tumour", len(patient.visits) + 1) as bar:
        initial = grow(hidden, patient.medium, patient.visibility.threshold, engine, accuracy)
        bar.advance()
        days = tuple(v.day for v in patient.visits)
        problem = Problem(
            hidden.build_model(), patient.medium, initial, days, 0.0, patient.treatments, hidden.build_effects()
        )
        for visit, snapshot in zip(patient.visits, solve(problem, engine, accuracy), strict=True):
            states[visit.day] = snapshot.full_cells()
            visits.append(_scanned(states[visit.day], patient, visit, rng, scanner))
            bar.advance()
    return VirtualPatient(_with_visits(patient, visits), dict(hidden.values), states)


def _scanned(u: np.ndarray, patient: Patient, visit: Visit, rng: np.random.Generator, scanner: Scanner | None) -> Visit:
    return scan(u, patient.medium, visit, rng, scanner, patient.cellularity, patient.visibility)


def _with_visits(patient: Patient, visits: list[Visit]) -> Patient:
    return replace(patient, visits=tuple(visits))


def _seed(medium: Medium, centre_mm: tuple[float, float, float], width_mm: float = 2.0) -> np.ndarray:
    axes = [np.arange(n) * h - c for n, h, c in zip(medium.grid.shape, medium.grid.spacing_mm, centre_mm, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    ball = 0.5 * np.exp(-(z**2 + y**2 + x**2) / (2 * width_mm**2))
    return np.where(medium.domain & (ball > 1e-6), ball, 0.0).astype(np.float32)
