"""Every DICOM object we write, judged by programs that share no code with us: dciodvfy (dicom3tools) and dcmqi."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.twin.imaging.dicom import studies
from tests.twin.imaging.dicom.results import patient_of, write_results
from tests.twin.imaging.dicom.test_export import BOX, EXAM, embedded, grid_of, laid, values_of
from twin.imaging.dicom import export_results, phantom
from twin.imaging.read import read_image

SOURCES = ("MR", "enhanced MR", "CT", "PT")
PDF = b"%PDF-1.7 made up"


def program(package: str, name: str) -> Path:
    module = pytest.importorskip(package, reason=f"{package} is not installed (pip install 'oncotwin[dev]' has it)")
    return Path(module.__file__).parent / "bin" / name


def series(kind: str, grid) -> list:
    values = values_of(grid)
    if kind == "enhanced MR":
        return [phantom.enhanced(EXAM, values, grid, 3, list(range(len(values)))[::-1], SeriesDescription="t1 +C")]
    scale = {} if kind == "MR" else {"RescaleSlope": "1", "RescaleIntercept": "0"}
    units = {"Units": "CNTS", "DecayCorrection": "NONE"} if kind == "PT" else {}
    return phantom.slices(EXAM, values, grid, 3, kind, SeriesDescription="t1 +C", **scale, **units)


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """``exports(kind, mode)``: the folder of an export with its report, on a reversed sagittal series, and the maps."""

    @cache
    def made(kind: str, mode: str) -> tuple[Path, dict[str, np.ndarray]]:
        folder, grid = tmp_path_factory.mktemp("checked"), grid_of("sagittal", "reversed")
        studies.shuffled(series(kind, grid), folder / "pacs")
        maps = write_results(folder / "results", patient_of(values_of(grid), grid, BOX))
        (folder / "results/report.pdf").write_bytes(PDF)
        export_results(folder / "results", folder / "pacs", folder / "out", mode)
        return folder / "out", maps

    return made


@pytest.mark.parametrize("mode", ["hospital", "research"])
@pytest.mark.parametrize("kind", SOURCES)
def test_dciodvfy_finds_no_error(exports, kind, mode):
    checker = program("dicom3tools", "dciodvfy")
    files = sorted(exports(kind, mode)[0].rglob("*.dcm"))
    names = {path.stem.split("_", 2)[-1].rstrip("0123456789") for path in files if path.parent.name == "out"}
    assert names == {"seg", "rtstruct", "measurements", "cells_day", *(["report"] if mode == "hospital" else [])}
    for path in files:
        said = subprocess.run([checker, "-new", path], capture_output=True, text=True, timeout=60)
        found = [line for line in (said.stdout + said.stderr).splitlines() if line.startswith("Error")]
        assert not found and said.returncode == 0, (path.name, found)


@pytest.mark.parametrize("kind", ["MR", "enhanced MR"])
def test_dcmqi_reads_the_same_voxels_and_measures(exports, kind, tmp_path):
    grid, (out, maps) = grid_of("sagittal", "reversed"), exports(kind, "hospital")

    def read(tool: str, path: str, *words: object) -> None:
        command = [program("dcmqi", tool), "--inputDICOM", out / path, *words]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    to = ("--outputDirectory", tmp_path, "--outputType", "nrrd", "--prefix")
    read("segimage2itkimage", "01_standard_seg.dcm", *to, "seg")
    read("paramap2itkimage", "01_standard_cells_day0146.dcm", *to, "map")
    read("tid1500reader", "01_standard_measurements.dcm", "--outputMetadata", tmp_path / "sr.json")
    for i in range(2):
        found = lying(tmp_path / f"seg-{i + 1}.nrrd", grid) > 0
        assert np.array_equal(found, embedded(maps["probability"][0, i] >= 0.5, grid))
    assert np.allclose(lying(tmp_path / "map-pmap.nrrd", grid), embedded(maps["mean_fraction"][0, 1], grid), atol=1e-6)
    groups = json.loads((tmp_path / "sr.json").read_text())["Measurements"]
    assert [float(m["value"]) for m in groups[0]["measurementItems"]] == pytest.approx([22.0, 19.3, 24.7, 31, 31, 31])


def lying(path: Path, grid) -> np.ndarray:
    """An image on ``grid`` by the places of its voxels in mm; what it leaves out is zero."""
    image = read_image(path)
    index = np.argwhere(np.ones(image.grid.shape, bool))
    return laid(image.values, image.grid.index_to_mm(index), grid)
