"""Results made once for all tests of the report."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.twin.report import fake_results
from tests.twin.report.poison import ONE_OF_ALL, doses_of, organ_names, poison, track_of
from twin.case.prepared import save_patient
from twin.report import build_report, pictures
from twin.store import load_json, save_dataset, save_json
from twin.visual import scene
from twin.visual.probe import can_render


@pytest.fixture(scope="session")
def brain_results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("brain")
    return fake_results.write_results(folder, fake_results.fake_patient(factor=4), draws=8)


@pytest.fixture(scope="session")
def flat_report(brain_results: Path, tmp_path_factory) -> Path:
    """A report without scenes: quick."""
    return _without_scenes(brain_results, tmp_path_factory.mktemp("flat"))


@pytest.fixture(scope="session")
def full_report(tmp_path_factory) -> Path:
    """A report with scenes, smaller than life."""
    able, reason = can_render()
    if not able:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("full")
    patient = fake_results.with_organs(fake_results.fake_patient(factor=5))
    fake_results.write_results(folder, patient, arms=("none", "standard"), draws=4)
    save_dataset(folder / "doses.zarr", fake_results.fake_doses(patient, ("standard",)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene, "HERO", (320, 240))
        patch.setattr(scene, "PANEL", (200, 160))
        return build_report(folder)


def _without_scenes(results: Path, out: Path) -> Path:
    os.environ["ONCOTWIN_NO_3D"] = "1"
    can_render.cache_clear()
    try:
        return build_report(results, out)
    finally:
        del os.environ["ONCOTWIN_NO_3D"]
        can_render.cache_clear()


@pytest.fixture(scope="session")
def without_scenes():
    """``without_scenes(results, out)`` builds a report as on a machine where VTK cannot render."""
    return _without_scenes


@pytest.fixture(scope="session")
def poisoned_page(tmp_path_factory):
    """With the scene that the reader's browser draws, without pictures of scenes."""
    folder = tmp_path_factory.mktemp("poisoned")
    patient = fake_results.fake_patient(factor=5)
    fake_results.write_results(folder, patient, arms=("standard", "none"), draws=4)
    parts = load_json(folder / "calibration.json"), load_json(folder / "scenarios.json")
    patient, calibration, study = poison(patient, *parts, ONE_OF_ALL)
    save_patient(fake_results.with_organs(patient, *organ_names(ONE_OF_ALL)), folder)
    save_dataset(folder / "doses.zarr", doses_of(patient, ("standard", "none"), ONE_OF_ALL))
    save_json(folder / "track-record.json", track_of(ONE_OF_ALL))
    save_json(folder / "scenarios.json", study)
    save_json(folder / "calibration.json", calibration)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "can_render", lambda: (False, ONE_OF_ALL))
        return build_report(folder, folder / "out")
