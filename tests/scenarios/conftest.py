"""A small patient whose posterior is given, so that comparisons run in a second."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from calibration.calibration import Calibration, load_calibration
from calibration.structure import Structure
from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.radiotherapy import Radiotherapy
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from twin.grid import Grid
from twin.medium import Medium
from twin.patient import Patient, Visit
from twin.treatment import Plan, chemotherapy, radiotherapy

NAMES = ("diffusivity_mm2_per_day", "proliferation_per_day", "radiosensitivity_per_gy", "chemosensitivity_per_day")
VALUES = np.array(
    [[0.10, 0.05, 0.025, 0.30], [0.12, 0.045, 0.03, 0.25], [0.08, 0.055, 0.02, 0.35], [0.11, 0.05, 0.028, 0.30]]
)


@dataclass
class Given:
    """A calibration whose draws are written down; ``broken`` draws cannot be computed."""

    patient: Patient
    posterior: xr.Dataset
    start: np.ndarray
    effects: bool = True
    broken: tuple[int, ...] = ()

    def problem(self, draw: int, days: tuple[float, ...], plan: Plan | None = None) -> Problem:
        d, rho, alpha, gamma = (float(v) for v in self.posterior["value"].values[draw])
        acting = (Radiotherapy(radiosensitivity_per_gy=alpha), Chemotherapy(chemosensitivity_per_day=gamma))
        start = self.start * (np.nan if draw in self.broken else 1.0)
        given = self.patient.treatments if plan is None else plan
        model = FisherKPP(diffusivity_mm2_per_day=d, proliferation_per_day=rho)
        return Problem(model, self.patient.medium, start, days, 0.0, given, acting if self.effects else ())


def small_patient(treatments: Plan | None = None, site: str = "brain") -> Patient:
    grid = Grid((20, 22, 24), (3.0, 3.0, 3.0), (1.0, 2.0, 3.0))
    domain = np.zeros(grid.shape, bool)
    domain[1:-1, 1:-1, 1:-1] = True
    if treatments is None:
        cycles = [chemotherapy("temozolomide", 150.0 if k == 0 else 200.0, 91 + 28 * k + np.arange(5)) for k in range(3)]
        treatments = Plan((radiotherapy(21, 60, 30), chemotherapy("temozolomide", 75.0, 21.0 + np.arange(42)), *cycles))
    visits = (Visit(0.0, "first"), Visit(18.0, "second"), Visit(42.0, "third"), Visit(90.0, "later", held_out=True))
    return Patient("small", site, Medium.of_one_tissue(grid, domain), visits, treatments)


def given(patient: Patient, draws: int = 4, **changes) -> Given:
    z, y, x = np.indices(patient.grid.shape)
    start = 0.9 / (1 + np.exp((np.sqrt((z - 10) ** 2 + (y - 11) ** 2 + (x - 12) ** 2) - 4.0) / 0.6))
    start = np.where(patient.medium.domain & (start > 1e-6), start, 0.0).astype(np.float32)
    posterior = xr.Dataset(
        {"value": (("draw", "parameter"), VALUES[:draws])}, coords={"draw": np.arange(draws), "parameter": list(NAMES)}
    )
    return Given(patient, posterior, start, **changes)


@pytest.fixture
def patient() -> Patient:
    return small_patient()


@pytest.fixture
def calibration(patient) -> Given:
    return given(patient)


def real_calibration(draws: int = 4) -> Calibration:
    """A calibration as the program writes it, so that other processes can read it; its draws are made up."""
    patient = small_patient()
    z, y, x = np.indices(patient.grid.shape)
    away = np.sqrt((z - 10) ** 2 + (y - 11) ** 2 + (x - 12) ** 2)
    regions = {"enhancing": away < 3, "oedema": (away >= 3) & (away < 5)}
    patient = replace(patient, visits=tuple(replace(v, regions=regions) for v in patient.visits))
    structure, rng = Structure(), np.random.default_rng(1)
    names = [p.name for p in structure.parameters(patient)]
    values = np.array([[p.default * rng.uniform(0.9, 1.1) for p in structure.parameters(patient)] for _ in range(draws)])
    posterior = xr.Dataset(
        {"value": (("draw", "parameter"), values), "best": ("parameter", values[0])},
        coords={"draw": np.arange(draws), "parameter": names},
    )
    summary = {"model": structure.model, "effects": list(structure.effects), "decision_day": 42.0}
    return Calibration(patient, structure, posterior, xr.Dataset({"day": 0.0}), summary)


@pytest.fixture
def stored(tmp_path_factory) -> tuple[Calibration, Path]:
    """Such a calibration and the folder that holds it."""
    folder = tmp_path_factory.mktemp("stored")
    real_calibration().save(folder)
    return load_calibration(folder), folder


@pytest.fixture
def make_patient():
    return small_patient


@pytest.fixture
def make_calibration():
    return given
