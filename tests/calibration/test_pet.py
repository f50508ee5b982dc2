"""A patient seen by PET alone: uptake is read as cells, scale error and all, and the forecast finds the held-out scan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.calibrate import calibrate
from calibration.objective import Objective
from calibration.observation import adc, pet
from calibration.structure import Structure
from calibration.virtual.patient import Hidden, examine
from calibration.virtual.scanner import Scanner
from tests.calibration.phantom import TRUTH, UNTREATED, medium
from twin.case import load_case, write_case
from twin.fields import field
from twin.patient import Patient

STRUCTURE = Structure("fisher-kpp", ())


@pytest.fixture(scope="module")
def patient(tmp_path_factory) -> Patient:
    """A small phantom whose ADC is exchanged for uptake (SUV) and that went through its case file."""
    tissue = medium(16, 3.0)
    middle = tuple(n * h / 2 for n, h in zip(tissue.grid.shape, tissue.grid.spacing_mm, strict=True))
    hidden = Hidden(TRUTH, middle, 8.0)  # type: ignore[arg-type]
    plain = Patient("pet", "brain", tissue, UNTREATED)
    seen = examine(hidden, plain, np.random.default_rng(0), Scanner(0.005, 0.0, 0.0)).patient
    meaning = replace(seen.cellularity, pet_background=1.2, pet_capacity=9.0)

    def exchanged(visit):
        u = adc.to_fraction(visit.images["adc"].values, meaning)
        return replace(visit, images={"pet": field(pet.to_image(u, meaning), tissue.grid, "SUV")})

    visits = tuple(exchanged(v) for v in seen.visits)
    folder = tmp_path_factory.mktemp("pet")
    write_case(replace(seen, visits=visits, cellularity=meaning, anatomy=None), folder)
    return load_case(folder / "case.yaml")


def test_pet_visits_calibrate_a_twin_that_forecasts_the_held_out_one(patient, tmp_path):
    objective = Objective.of(replace(patient, visits=patient.seen), STRUCTURE)
    assert "fraction" in objective.comparisons[-1].kinds
    assert objective.comparisons[-1].bias_spread == pet.REPEATABILITY
    twin = calibrate(patient, tmp_path, evaluations=24, draws=16, structure=STRUCTURE)
    scores = twin.summary["visits"][-1]["scores"]
    assert scores["twin"]["ccc"] > 0.9 > scores["no_change"]["ccc"]
    assert abs(scores["twin"]["volume_error_percent"]) < 10 < abs(scores["no_change"]["volume_error_percent"])


def test_uptake_without_a_meaning_is_only_looked_at(patient):
    silent = replace(patient, cellularity=replace(patient.cellularity, pet_background=None, pet_capacity=None))
    assert "fraction" not in Objective.of(replace(silent, visits=silent.seen), STRUCTURE).comparisons[-1].kinds
