"""The checks of `oncotwin verify` in their quick form."""

from __future__ import annotations

import json

import pytest

from solvers import verify
from solvers.verification.convergence import Convergence
from solvers.verification.table import Row, Table


@pytest.mark.parametrize("name", verify.CHECKS)
def test_quick(name):
    rows = verify.CHECKS[name](True)
    assert rows
    assert not [row.line() for row in rows if not row.passed]


def row(measured: float) -> Row:
    return Row("Topic", "a case", "native", "error", measured, 0.0, 1e-3)


def test_a_failed_row_fails_the_table_and_is_named():
    table = Table((row(1e-4), row(1e-2)))
    assert not table.passed and table.failed == (row(1e-2),)
    assert "1 of 2 checks passed" in table.markdown() and "**failed**" in table.markdown()
    assert row(1e-2).line().startswith("FAILED")
    assert not row(float("nan")).passed


def test_it_prints_and_saves(tmp_path, monkeypatch):
    monkeypatch.setattr(verify, "CHECKS", {"one": lambda quick: [row(1e-4)]})
    table = verify.verify(quick=True, out=tmp_path)
    assert table.passed
    text = (tmp_path / "verification.md").read_text()
    assert "## Topic" in text and "| a case | native | error | 0.0001 | <= 0.001 | ok |" in text
    saved = json.loads((tmp_path / "verification.json").read_text())
    assert saved["rows"][0]["passed"] is True and "Research use only" in saved["notice"]


def test_the_convergence_index_is_roaches():
    exact = [1.0 + 0.5 * h**2 for h in (1.0, 2.0, 4.0)]
    found = Convergence((exact[0], exact[1], exact[2]), 2.0)
    assert found.order == pytest.approx(2.0)
    assert found.index_percent == pytest.approx(100 * 1.25 * 1.5 / 1.5 / 3)
