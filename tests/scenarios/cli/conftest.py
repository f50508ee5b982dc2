"""The commands on stand-ins for the heavy functions: what is tested here is the command line itself."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

from scenarios.cli.app import app
from twin.store import save_json, save_text

CALIBRATION = {
    "model": "fisher-kpp",
    "effects": ["radiotherapy"],
    "sentences": ["A sentence."],
    "warnings": ["A doubt."],
    "citations": ["Swanson"],
}
COMPARISON = {"conclusion": ["A conclusion."], "failed": [], "arms": []}


@pytest.fixture
def oncotwin(tmp_path, monkeypatch):
    """Run a command line in an empty folder: ``oncotwin("list", "models")``; stdout and stderr apart."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments])

    return run


class House:
    """Stand-ins that write what the real functions write, and count their calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.told: dict[str, object] = {}
        self.comparison = dict(COMPARISON)
        self.raised: dict[str, BaseException] = {}

    def _called(self, name: str, **told: object) -> None:
        self.calls.append(name)
        self.told.update(told)
        if name in self.raised:
            raise self.raised[name]

    def load_case(self, path, progress):
        self._called("load_case")
        return SimpleNamespace(name="stand-in")

    def calibrate(self, patient, out: Path, **settings):
        (out / "search.journal").write_text("journal")
        self._called("calibrate", **settings)
        for name in ("patient.zarr", "posterior.zarr", "fit.zarr"):
            (out / name).mkdir(exist_ok=True)
            (out / name / "values").write_text(str(settings))
        save_json(out / "patient.json", {})
        save_json(out / "calibration.json", CALIBRATION)

    def run_scenarios(self, calibration, out: Path, **settings):
        self._called("scenarios", **settings)
        (out / "scenarios.zarr").mkdir(exist_ok=True)
        (out / "scenarios.parquet").write_bytes(b"table")
        save_json(out / "scenarios.json", self.comparison)

    def build_report(self, results: Path, out: Path, progress) -> Path:
        self._called("report")
        return save_text(out / "report.html", "<html></html>")

    def embedded_patient(self, **settings):
        self._called("embedded", **settings)
        return SimpleNamespace(patient=SimpleNamespace(name="embedded"))

    def write_case(self, patient, folder: Path) -> Path:
        self._called("write_case")
        return save_text(folder / "case.yaml", "name: embedded\n")


@pytest.fixture
def house(monkeypatch) -> House:
    house = House()
    monkeypatch.setattr("twin.case.load_case", house.load_case, raising=False)
    monkeypatch.setattr("twin.case.write_case", house.write_case, raising=False)
    monkeypatch.setattr("twin.report.build_report", house.build_report, raising=False)
    monkeypatch.setattr("calibration.virtual.embedded.embedded_patient", house.embedded_patient)
    monkeypatch.setattr("calibration.ledger.keeping.keep_forecast", lambda folder, command: None)
    monkeypatch.setitem(sys.modules, "calibration.calibrate", SimpleNamespace(calibrate=house.calibrate))
    monkeypatch.setitem(sys.modules, "calibration.calibration", SimpleNamespace(load_calibration=lambda folder: "twin"))
    monkeypatch.setitem(sys.modules, "scenarios.compare", SimpleNamespace(run_scenarios=house.run_scenarios))
    return house


@pytest.fixture
def case(tmp_path) -> Path:
    """A case folder whose image is a few bytes: only its hash matters here."""
    folder = tmp_path / "patient"
    folder.mkdir()
    (folder / "adc.nii.gz").write_bytes(b"image")
    (folder / "case.yaml").write_text(
        "patient: tiny\nvisits:\n  - {day: 0, images: {adc: {file: adc.nii.gz, unit: mm2/s}}}\ntissue: {mask: adc.nii.gz}\n"
    )
    return folder
