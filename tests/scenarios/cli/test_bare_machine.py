"""Outputs on a machine that lacks what they need: words and what to install, before any work is done, never a traceback."""

from __future__ import annotations

import json
import sys

import pytest
from typer.testing import CliRunner

from scenarios.cli.app import app
from tests.twin.report import fake_results
from twin.report import paper
from twin.visual import probe


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("brain")
    return fake_results.write_results(folder, fake_results.fake_patient(factor=5), draws=4)


@pytest.fixture
def hide(monkeypatch):
    """Make packages look as if they were not installed."""

    def gone(*names: str) -> None:
        for name in names:
            monkeypatch.setitem(sys.modules, name, None)

    return gone


def refused(*words: object) -> str:
    done = CliRunner().invoke(app, [str(w) for w in words])
    assert done.exit_code == 1 and isinstance(done.exception, SystemExit), done.output
    assert "Traceback" not in done.output and "remedy: " in done.output
    return done.output


def test_a_pdf_without_pango_and_chromium(results, tmp_path, monkeypatch):
    monkeypatch.setattr(paper, "has_weasyprint", lambda: False)
    monkeypatch.setenv("PATH", "/nowhere")
    told = refused("report", results, "--pdf", "--out", tmp_path / "out")
    assert "cannot make a PDF" in told and "apt-get install" in told and not (tmp_path / "out").exists()


def test_a_pdf_where_weasyprint_is_not_installed(results, tmp_path, monkeypatch, hide):
    hide("weasyprint")
    monkeypatch.setenv("PATH", "/nowhere")
    assert "cannot make a PDF" in refused("report", results, "--pdf", "--out", tmp_path / "out")


def test_solids_without_pyvista(results, tmp_path, hide):
    hide("pyvista")
    told = refused("report", results, "--gltf", "--out", tmp_path / "out")
    assert "need PyVista" in told and "leave --gltf out" in told and not (tmp_path / "out").exists()


def test_slides_without_their_library(results, tmp_path, hide):
    hide("pptx")
    assert "need python-pptx" in refused("slide", results, "--out", tmp_path / "out")


def test_a_film_without_egl_and_without_its_coder(results, tmp_path, monkeypatch, hide):
    monkeypatch.setattr("twin.report.film.can_render", lambda: probe._verdict(-11))
    told = refused("film", results, "--out", tmp_path / "out")
    assert "VTK cannot render here" in told and "libegl1" in told
    monkeypatch.setattr("twin.report.film.can_render", lambda: (True, ""))
    hide("imageio_ffmpeg")
    assert "needs imageio and its coder" in refused("film", results, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("package", ["pydicom", "highdicom"])
def test_dicom_without_its_libraries(results, tmp_path, hide, package):
    from tests.twin.imaging.dicom import studies

    studies.shuffled(studies.baseline_study(studies.head())[9:29], tmp_path / "pacs")
    if package == "pydicom":
        hide(package)
        told = refused("import", tmp_path / "pacs", "--out", tmp_path / "case")
        assert "needs the Python package 'pydicom'" in told and "pip install" in told and not (tmp_path / "case").exists()
        return
    from tests.twin.imaging.dicom.results import patient_of, write_results

    head = studies.head()
    write_results(tmp_path / "results", patient_of(head.t1, head.grid, (slice(None),) * 3))
    hide(package)
    told = refused("export", tmp_path / "results", "--dicom", tmp_path / "pacs", "--out", tmp_path / "out")
    assert "needs the Python package 'highdicom'" in told and not (tmp_path / "out").exists()


def test_the_page_is_drawn_without_any_of_them(results, tmp_path, monkeypatch, hide):
    hide("pyvista", "weasyprint", "pptx", "imageio", "pydicom", "highdicom")
    probe.can_render.cache_clear()
    try:
        done = CliRunner().invoke(app, ["report", str(results), "--out", str(tmp_path / "out")])
    finally:
        probe.can_render.cache_clear()
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out/report.html").stat().st_size > 50_000


def test_doctor_says_what_single_outputs_lack(monkeypatch, hide):
    monkeypatch.setattr("twin.visual.probe.can_render", lambda: (True, "fine"))
    monkeypatch.setattr(paper, "has_weasyprint", lambda: False)
    monkeypatch.setenv("PATH", "/nowhere")
    hide("highdicom", "pptx", "imageio_ffmpeg")
    told = CliRunner().invoke(app, ["doctor", "--json"])
    found = {f["subject"]: f for f in json.loads(told.stdout)["findings"]}
    for subject, words in (
        ("PDF", "apt-get"),
        ("DICOM in and out", "[dicom]"),
        ("slides", "[visual]"),
        ("films", "[visual]"),
    ):
        assert found[subject]["state"] == "advice" and words in found[subject]["remedy"], subject
