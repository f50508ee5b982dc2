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
