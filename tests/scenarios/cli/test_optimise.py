"""``oncotwin optimise`` as a command: what is asked reaches the search, finished work is not repeated."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from scenarios.cli.optimise import limits, span
from twin.errors import UsageError
from twin.store import save_json

FOUND = {
    "horizon_day": 100,
    "axes": {"radiation": {"label": "EQD2", "unit": "Gy"}},
    "as_it_is": {"words": "60 Gy", "burden": {"median": 9.0, "low": 7.0, "high": 12.0}, "radiation": 60.0, "drugs": 0.0},
    "front": [],
    "sentences": ["A sentence of the front."],
}


@pytest.fixture
def asked(monkeypatch, tmp_path):
    calls = []

    def stand_in(twin, out, **settings):
        calls.append(settings)
        save_json(out / "optimise.json", FOUND)
        (out / "optimise.zarr").mkdir()
        return FOUND

    patient = SimpleNamespace(seen=[SimpleNamespace(day=42.0)])
    monkeypatch.setattr("calibration.calibration.load_calibration", lambda folder: SimpleNamespace(patient=patient))
    monkeypatch.setattr("scenarios.optimise.optimise", stand_in)
    results = tmp_path / "results"
    (results / "posterior.zarr").mkdir(parents=True)
    save_json(results / "calibration.json", {})
    return calls


def test_what_is_asked_reaches_the_search(oncotwin, asked):
    told = oncotwin("optimise", "results", "--fractions", "10:30", "--limit", "optic chiasm=54Gy", "--evaluations", "16")
    assert told.exit_code == 0 and "A sentence of the front." in told.stdout and "60 Gy" in told.stdout
    search = asked[0]["search"]
    assert search.ranges.fractions == (10, 30) and search.limits == {"optic chiasm": 54} and search.evaluations == 16
    again = oncotwin("optimise", "results", "--fractions", "10:30", "--limit", "optic chiasm=54Gy", "--evaluations", "16")
    assert again.exit_code == 0 and len(asked) == 1 and "holds this optimise already" in again.stderr
    assert oncotwin("optimise", "results", "--evaluations", "32").exit_code == 2, "another search in the same folder"


def test_refusals(oncotwin, asked):
    assert oncotwin("optimise", "elsewhere").exit_code == 3
    assert oncotwin("optimise", "results", "--dose-per-fraction", "1:20").exit_code == 2
    for text in ("brainstem", "brainstem=much"):
        with pytest.raises(UsageError, match="ORGAN=GY"):
            limits([text])
    with pytest.raises(UsageError, match="no range"):
        span("few")
    assert span("2") == (2.0, 2.0)
