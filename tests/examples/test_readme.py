"""What README.md shows runs as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def example() -> str:
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    assert len(blocks) == 1
    return blocks[0]


def test_the_example_is_about_ten_lines():
    assert len([line for line in example().splitlines() if line.strip()]) <= 12


@pytest.mark.slow
def test_the_python_example(tmp_path):
    """As a script, which no process may start anew."""
    (tmp_path / "example.py").write_text(example(), encoding="utf-8")
    done = subprocess.run([sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = done.stdout
    assert "standard" in told and "report.html" in told
    assert (tmp_path / "results/report.html").stat().st_size > 10_000


def test_the_commands_exist():
    from scenarios.cli.app import COMMANDS

    used = set(re.findall(r"^    oncotwin (\w+)", README, flags=re.M))
    assert used and used <= {name for name, _, _ in COMMANDS}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\w+)", README, flags=re.M):
        assert re.search(rf"^{target}:", makefile, flags=re.M)
