"""What is committed: no address of a machine or a package host, no large file, nothing stray at the root."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MACHINE = re.compile(
    r"(?<![\w.])/" r"(work|tmp|root)/|/" r"home/[a-z]|" r"https?://[^ ]*/" r"(simple|packages)/|index" r"-url"
)
LARGEST = 2_000_000
AT_THE_ROOT = {
    "pyproject.toml", "README.md", "twin", "solvers", "calibration", "scenarios", "tests", "docs",
    "LICENSE", "CITATION.cff", "constraints.txt", "Makefile",
}  # fmt: skip


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """Every committed or staged file that is still there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_path_of_a_machine_and_no_package_host(tracked):
    found = []
    for path in tracked:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {m.group(0)}" for m in MACHINE.finditer(text) if "min.js" not in path.name]
    assert not found, found[:20]


def test_no_large_file(tracked):
    large = [f"{p.relative_to(ROOT)} {p.stat().st_size}" for p in tracked if p.stat().st_size > LARGEST]
    assert not large, large


def test_the_root_holds_only_what_tools_look_for(tracked):
    names = {p.relative_to(ROOT).parts[0] for p in tracked}
    assert {n for n in names if not n.startswith(".")} <= AT_THE_ROOT


def test_no_words_of_the_workshop(tracked):
    """Words that a clinician would not say are not shown to one."""
    pages = [p for p in tracked if p.suffix in {".j2", ".css"}]
    assert not [p.name for p in pages if re.search(r"\b(trial|worker)s?\b", p.read_text(encoding="utf-8"))]
