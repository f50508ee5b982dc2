"""``oncotwin verify`` prints the table, saves it, and fails when a check fails."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture
def measured(monkeypatch):
    """Two rows of evidence instead of minutes of solving; the second passes if ``good``."""
    import solvers.verify

    def install(good: bool) -> dict:
        asked: dict = {}
        rows = [SimpleNamespace(line=lambda: "ok order in space", passed=True)]
        rows.append(SimpleNamespace(line=lambda: "FAILED front speed", passed=good))

        def verify(quick: bool, out: Path, progress):
            asked.update(quick=quick, out=out)
            failed = [r for r in rows if not r.passed]
            return SimpleNamespace(rows=rows, failed=failed, passed=not failed)

        monkeypatch.setattr(solvers.verify, "verify", verify)
        return asked

    return install


def test_the_table_is_printed_and_the_manifest_written(oncotwin, measured, tmp_path):
    asked = measured(good=True)
    done = oncotwin("verify")
    assert done.exit_code == 0, done.output
    assert "ok order in space" in done.stdout and "2 of 2 checks passed" in done.stdout.splitlines()[-1]
    assert asked == {"quick": True, "out": Path("verification")}
    assert json.loads((tmp_path / "verification/manifest-verify.json").read_text())["configuration"] == {"full": False}


def test_a_failed_check_is_a_failed_command(oncotwin, measured):
    measured(good=False)
    done = oncotwin("verify", "--full", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout) == {"passed": False, "rows": 2, "failed": ["FAILED front speed"]}
