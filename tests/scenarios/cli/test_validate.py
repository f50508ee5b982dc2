"""``oncotwin validate`` runs the named studies, or all whose data are there, and fails where a bar is missed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from calibration.study import Check, Page


@pytest.fixture
def measured(monkeypatch):
    import calibration.validate

    asked: list[str] = []

    def validate(name: str, out: Path, *, data, size, seed, processes, progress):
        asked.append(name)
        return Page((Check("share inside", 0.9 if seed == 0 else 0.5, 0.86, 0.94), Check("told", 3.0)))

    monkeypatch.setattr(calibration.validate, "validate", validate)
    return asked


def test_all_leaves_out_what_has_no_data_and_says_so(oncotwin, measured, tmp_path):
    done = oncotwin("validate", "all")
    assert done.exit_code == 0, done.output
    assert "glioma" not in measured and "'glioma' is left out" in done.stderr
    (tmp_path / "data/glioma-known-truth").mkdir(parents=True)
    oncotwin("validate", "all", "--data", "data")
    assert "glioma" in measured


def test_a_missed_bar_fails_the_command_and_a_misspelt_study_is_named(oncotwin, measured):
    done = oncotwin("validate", "glioma", "--seed", 1, "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["studies"]["glioma"][0] == {
        "what": "share inside",
        "measured": 0.5,
        "bar": "0.86 to 0.94",
        "met": False,
    }
    done = oncotwin("validate", "gliona")
    assert done.exit_code == 2 and "Did you mean 'glioma'?" in done.stderr
