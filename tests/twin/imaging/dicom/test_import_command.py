"""``oncotwin import`` on the command line: words, JSON and exit codes."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tests.twin.imaging.dicom import studies


@pytest.fixture(scope="module")
def run():
    from scenarios.cli.app import app

    return lambda *words: CliRunner().invoke(app, ["import", *map(str, words)])


@pytest.fixture(scope="module")
def pacs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pacs")
    studies.shuffled(studies.baseline_study(studies.head()), folder)
    return folder


def test_questions_are_a_partial_result_and_answers_make_it_whole(run, pacs, tmp_path):
    asked = run(pacs, "--out", tmp_path / "case")
    assert asked.exit_code == 4
    assert "which day the radiotherapy began" in asked.output and "1 question(s)" in asked.output
    (tmp_path / "answers.yaml").write_text("radiotherapy: {from_date: 2026-01-19}\n")
    told = run(pacs, "--out", tmp_path / "case", "--mapping", tmp_path / "answers.yaml", "--overwrite", "--json")
    assert told.exit_code == 0
    assert json.loads(told.stdout)["complete"] is True


def test_refusals_have_words_and_a_code(run, pacs, tmp_path):
    assert run(tmp_path / "absent", "--out", tmp_path / "case").exit_code == 3
    (tmp_path / "case").mkdir()
    (tmp_path / "case/mine").write_text("")
    assert run(pacs, "--out", tmp_path / "case").exit_code == 2
    (tmp_path / "key").write_text("short")
    told = run(pacs, "--out", tmp_path / "b", "--research", "--date-key", tmp_path / "key")
    assert told.exit_code == 2 and "date key" in told.output


def test_export_on_the_command_line(tmp_path):
    from scenarios.cli.app import app
    from tests.twin.imaging.dicom.results import patient_of, write_results
    from tests.twin.imaging.dicom.test_export import BOX, grid_of, study, values_of

    grid = grid_of("oblique", "thick")
    study(tmp_path / "pacs", grid)
    write_results(tmp_path / "results", patient_of(values_of(grid), grid, BOX))
    words = [
        "export",
        tmp_path / "results",
        "--dicom",
        tmp_path / "pacs",
        "--out",
        tmp_path / "out",
        "--arm",
        "none",
        "--json",
    ]
    told = CliRunner().invoke(app, [str(w) for w in words])
    assert told.exit_code == 0 and "01_none_seg.dcm" in json.loads(told.stdout)["files"]
    again = CliRunner().invoke(app, [str(w) for w in words])
    assert again.exit_code == 2 and "is there already" in again.output
