"""The commands and scripts of the tutorials run as they stand there, on the data they were written for."""

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
    "demo": ["--spacing", "4", "--evaluations", "20", "--draws", "6", "-j", "2"],
}
"""What a test adds so that a step takes seconds; the rest of each command is the page's."""

pytestmark = pytest.mark.slow


def text(page: str) -> str:
    return (TUTORIALS / page).read_text(encoding="utf-8")


def commands(page: str) -> list[list[str]]:
    return [line.split() for line in re.findall(r"^    oncotwin (.+)$", text(page), flags=re.M)]


def oncotwin(*words: str, cwd: Path) -> str:
    """The command run; what it said on stdout."""
    arguments = [*words, *QUICK.get(words[0], [])]
    script = "from scenarios.cli import main\nif __name__ == '__main__': main()"
    done = subprocess.run([sys.executable, "-c", script, *arguments], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"oncotwin {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder in which the demo ran, as the tutorials ask for."""
    place = tmp_path_factory.mktemp("demo")
    oncotwin("demo", cwd=place)
    return place


def test_from_nifti_to_report(shared_data, tmp_path):
    patient = tmp_path / "patient"
    patient.mkdir()
    for part in (shared_data / "glioma-known-truth").iterdir():
        (patient / part.name).symlink_to(part)
    shown = commands("01-from-nifti-to-report.md")
    assert [words[0] for words in shown] == ["new", "inspect", "run", "calibrate", "scenarios", "report"]
    for name, *words in shown:
        oncotwin(name, *words, cwd=tmp_path)
        if name == "new":
            written = (TUTORIALS / "cases/glioma/case.yaml").read_text(encoding="utf-8")
            (patient / "case.yaml").write_text(written, encoding="utf-8")
    assert (tmp_path / "results/report.html").is_file()


def test_to_slide_and_film(place):
    shown = commands("02-to-slide-and-film.md")
    assert [" ".join(words) for words in shown] == ["report demo --pdf", "slide demo", "film demo", "report demo --gltf"]
    for words in shown:
        only = ["--arm", "standard", "--arm", "none"] if words[0] == "film" else []  # as the page says; six take minutes
        oncotwin(*words, *only, cwd=place)
    made = ("report.pdf", "slides.pptx", "films/standard.mp4", "films/none.gif", "films/side-by-side.mp4", "gltf/now.glb")
    assert not [name for name in made if not (place / "demo" / name).is_file()]


def test_a_sweep_in_ten_lines(place):
    (script,) = re.findall(r"```python\n(.*?)```", text("03-sweep-in-ten-lines.md"), flags=re.S)
    (place / "sweep.py").write_text(script, encoding="utf-8")
    told = []
    for _ in range(2):
        done = subprocess.run([sys.executable, "sweep.py"], cwd=place, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        told.append(done.stdout)
    assert "beam-008" in told[0] and "days_gained" in told[0] and told[0] == told[1]
    assert {"scenarios.parquet", "scenarios.zarr", "scenarios.json"} <= {p.name for p in (place / "sweep").iterdir()}
