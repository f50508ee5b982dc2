"""The crew: what is held reaches every process, results come in order, nothing is left on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from calibration.pool import Crew

ROOT = Path(__file__).resolve().parents[2]


def shifted(held: np.ndarray, item: int) -> float:
    return float(held.sum()) + item


@pytest.mark.parametrize("processes", [1, 2])
def test_two_things_held_at_a_time_in_order(processes, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with Crew(processes) as crew:
        ones, zeros = crew.over(np.ones(1000)), crew.over(np.zeros(3))
        assert list(ones(shifted, range(3))) == [1000, 1001, 1002]
        assert list(zeros(shifted, range(3))) == [0, 1, 2]
        assert list(ones(shifted, [5])) == [1005]
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
