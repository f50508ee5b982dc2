"""The two tutorial cases on the patients that others measured."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from twin.case import inspect_case, load_case
from twin.geometry.measure import volume_ml
from twin.patient import Patient

TUTORIALS = Path(__file__).resolve().parents[3] / "docs" / "tutorials"
CASES = TUTORIALS / "cases"
DATA = {"glioma": "glioma-known-truth", "breast": "breast-chemotherapy"}


def folder_of(name: str, shared_data: Path, place: Path) -> Path:
    """The data with the tutorial's case file beside it, as a user would lay it."""
    for part in (shared_data / DATA[name]).iterdir():
        (place / part.name).symlink_to(part)
    shutil.copy(CASES / name / "case.yaml", place / "case.yaml")
    return place


@pytest.fixture(scope="module")
def patients(shared_data, tmp_path_factory) -> dict[str, Patient]:
    return {name: load_case(folder_of(name, shared_data, tmp_path_factory.mktemp(name))) for name in DATA}


def test_the_glioma_is_what_its_readme_says(patients):
    patient = patients["glioma"]
    assert [(v.day, v.held_out) for v in patient.visits] == [(0, False), (28, False), (56, True)]
    volumes = [volume_ml(v.whole, patient.grid) for v in patient.visits]
    assert volumes == pytest.approx([5.55, 18.6, 37.8], rel=0.005)
    assert patient.visibility.core is None and patient.visibility.whole is None
    c = patient.cellularity
    adc = patient.visits[0].images["adc"]
    assert adc.attrs["units"] == "mm2/s"
    u = (c.adc_water_mm2_per_s - adc.values[patient.visits[0].whole]) / c.adc_water_mm2_per_s
    assert u.mean() == pytest.approx(0.19669, abs=1e-4)
    assert np.abs(adc.values[patient.medium.domain & ~patient.visits[0].whole] - 2.5e-3).max() < 1e-8


def test_the_breast_patient_is_what_its_readme_says(patients):
    patient = patients["breast"]
    assert [v.day for v in patient.visits] == [0, 25]
    volumes = [volume_ml(v.whole, patient.grid) for v in patient.visits]
    assert volumes == pytest.approx([20.2, 10.6], rel=0.01)
    assert patient.medium.tissues == ("fibroglandular", "adipose")
    per_voxel = patient.cellularity.theta_per_mm3 * patient.grid.voxel_ml * 1000
    assert per_voxel == pytest.approx(1.494e6)
    cells = [float(v.images["cell_fraction"].values.sum(dtype=float)) * per_voxel for v in patient.visits]
    assert cells == pytest.approx([2.47e9, 1.18e9], rel=0.005)
    assert [(d.day, d.drug, d.amount) for d in patient.treatments.drug_doses()] == [
        (8, "doxorubicin", 60),
        (8, "cyclophosphamide", 600),
    ]
    assert not (patient.visits[0].whole & ~patient.medium.domain).any()


def test_inspect_describes_the_breast_patient(shared_data, tmp_path):
    found = inspect_case(folder_of("breast", shared_data, tmp_path))
    assert not found.problems
    text = "\n".join(found.lines)
    for words in ("7 slices of 171 x 171 voxels", "tumour: 20.17 mL", "fibroglandular", "doxorubicin: 60 mg/m2", "day 8"):
        assert words in text


def test_the_tutorial_shows_what_inspect_says_today(shared_data, tmp_path):
    text = (TUTORIALS / "01-from-nifti-to-report.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    said = "\n".join(inspect_case(folder_of("glioma", shared_data, tmp_path)).lines) + "\n"
    assert said.startswith(shown)


def test_the_tutorial_shows_the_case_that_travels_with_it():
    text = (TUTORIALS / "01-from-nifti-to-report.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    kept = yaml.safe_load((CASES / "glioma" / "case.yaml").read_text(encoding="utf-8"))
    kept.pop("notes")
    kept["visits"][0].pop("name")
    assert yaml.safe_load(shown) == kept
