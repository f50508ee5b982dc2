"""Research mode along the whole way, import to export: no planted identity in any file, unpacked, nor in any word said."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pydicom
import pytest
from typer.testing import CliRunner

from scenarios.cli.app import app
from tests.twin.imaging.dicom import studies
from tests.twin.imaging.dicom.identity import Tokens, plant, unpacked, written
from twin.imaging.dicom.file import is_dicom

pytestmark = pytest.mark.slow

STUDY = """\
study: 1
reference: planned
horizon_day: 84
scan_days: [84]
arms:
  - {id: planned, label: As planned, same_as: as scheduled}
"""
WAYS_TO_WRITE_A_DAY = ("%Y%m%d", "%Y-%m-%d", "%d %B %Y", "%d %b %Y", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y")
DAYS = (studies.BASELINE, studies.FOLLOW_UP, studies.START)
DATES = {day.strftime(way).encode() for day in DAYS for way in WAYS_TO_WRITE_A_DAY}


@pytest.fixture(scope="module")
def tokens():
    return Tokens()


@pytest.fixture(scope="module")
def way(tmp_path_factory, tokens):
    """(folder of what was written, what was said, the study): every command on a study full of identity."""
    base = tmp_path_factory.mktemp("way")
    study = base / tokens.new("folder of the study")
    datasets = studies.baseline_study(studies.head()) + studies.follow_up_study(studies.head(18.0, (2.0, 3.0, -6.0)))
    plant(datasets, tokens)
    studies.shuffled(datasets, study)
    case, results = (base / tokens.new(f"folder of the {what}") / what for what in ("case", "results"))
    (base / "answers.yaml").write_text("radiotherapy:\n  from_date: 2026-01-19\n")
    (base / "study.yaml").write_text(STUDY)
    quick = ("--evaluations", 6, "--draws", 2, "--processes", 1)
    said = [
        oncotwin("import", study, "--out", case, "--research", "--mapping", base / "answers.yaml"),
        oncotwin("inspect", case, "--json", "--out", results / "inspection"),
        oncotwin("calibrate", case, "--out", results / "twin", *quick),
        oncotwin("scenarios", results / "twin", "--study", base / "study.yaml", "--processes", 1),
        oncotwin("report", results / "twin", "--pdf", "--gltf"),
        oncotwin("slide", results / "twin"),
        oncotwin("film", results / "twin", "--frames", 2),
        oncotwin("ledger", results / "twin", "--role", "radiologist", "--note", "nothing to add"),
        oncotwin("export", results / "twin", "--dicom", study, "--out", results / "export", "--research"),
        oncotwin("export", results / "twin", "--dicom", study / "absent", "--out", results / "x", "--research", code=3),
    ]
    return case, results, "\n".join(said).replace(str(case), "CASE").replace(str(results), "RESULTS"), study


def oncotwin(*words: object, code: int = 0) -> str:
    """What a command says, on both streams."""
    done = CliRunner().invoke(app, [str(w) for w in words])
    assert done.exit_code == code, done.output
    return done.output


EXPECTED = (
    "case/case.yaml",
    "case/import.json",
    "results/inspection/*.json",
    "results/twin/ledger.jsonl",
    "results/twin/calibration.json",
    "results/twin/track-record.png",
    "results/twin/pictures/registration-day-42.png",
    "results/twin/report.html",
    "results/twin/report.pdf",
    "results/twin/slides.pptx",
    "results/twin/gltf/now.glb",
    "results/twin/films/planned.mp4",
    "results/twin/films/planned.gif",
    "results/twin/scenarios.parquet",
    "results/export/source/0001.dcm",
    "results/export/01_planned_measurements.dcm",
)


def test_every_kind_of_output_is_there_to_be_searched(way):
    case, results, *_ = way
    for pattern in EXPECTED:
        root = case if pattern.startswith("case/") else results
        assert list(root.glob(pattern.split("/", 1)[1])), pattern


def test_no_identity_in_any_file_or_word(way, tokens):
    case, results, said, study = way
    assert len(tokens.places) >= 60 and tokens.found(b"".join(body for _, body in written(study)))
    files = [*written(case), *written(results), ("what was said", said.encode()), ("the PDF's words", words_of(results))]
    uids = originals(study)
    for name, body in files:
        assert not tokens.found(body), (name, tokens.found(body))
        assert not [d for d in DATES if d in body], name
        assert not uids & set(re.findall(rb"[12]\.[\d.]{20,62}", body)), name


def originals(study: Path) -> set[bytes]:
    """Every identifier of the study."""
    keywords = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID")
    headers = [pydicom.dcmread(p, stop_before_pixels=True) for p in study.rglob("*") if p.is_file() and is_dicom(p)]
    return {str(h[k].value).encode() for h in headers for k in keywords if k in h}


def words_of(results: Path) -> bytes:
    """The report's text as a reader of PDFs sees it: letters are glyph numbers in the file itself."""
    program = shutil.which("pdftotext")
    if program is None:
        return b""
    done = subprocess.run([program, results / "twin/report.pdf", "-"], capture_output=True, check=True, env=dict(os.environ))
    assert b"Research use only" in done.stdout
    return done.stdout


@pytest.mark.parametrize("name", ["report.html", "slides.pptx", "scenarios.parquet", "gltf/now.glb", "patient.zarr"])
def test_the_search_sees_what_is_written_there(way, name):
    """A word that belongs into each of them is found in it: the search is not blind."""
    path = way[1] / "twin" / name
    bodies = [b for _, b in written(path)] if path.is_dir() else unpacked(path.read_bytes())
    word = {"gltf/now.glb": b"As planned", "patient.zarr": b"t1gd"}.get(name, b"planned")
    assert any(word in body for body in bodies)
