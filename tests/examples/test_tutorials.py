"""The commands of the tutorials run as they stand there, on the data they were written for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).resolve().parents[2] / "docs/tutorials"
QUICK = {
    "run": ["--coarsen", "3", "--evaluations", "20", "--draws", "4", "-j", "2"],
    "calibrate": ["--coarsen", "3", "--evaluations", "20", "--draws", "4", "-j", "2"],
}
"""What a test adds so that a step takes seconds; the rest of each command is the page's."""


def commands(page: str) -> list[list[str]]:
    text = (TUTORIALS / page).read_text(encoding="utf-8")
    return [line.split() for line in re.findall(r"^    oncotwin (.+)$", text, flags=re.M)]


@pytest.mark.slow
def test_from_nifti_to_report(shared_data, tmp_path):
    patient = tmp_path / "patient"
    patient.mkdir()
    for part in (shared_data / "glioma-known-truth").iterdir():
        (patient / part.name).symlink_to(part)
    shown = commands("01-from-nifti-to-report.md")
    assert [words[0] for words in shown] == ["new", "inspect", "run", "calibrate", "scenarios", "report"]
    for name, *words in shown:
        arguments = [name, *words, *QUICK.get(name, [])]
        script = "from scenarios.cli import main\nif __name__ == '__main__': main()"
        done = subprocess.run([sys.executable, "-c", script, *arguments], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, f"oncotwin {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        if name == "new":
            written = (TUTORIALS / "cases/glioma/case.yaml").read_text(encoding="utf-8")
            (patient / "case.yaml").write_text(written, encoding="utf-8")
    assert (tmp_path / "results/report.html").is_file()
