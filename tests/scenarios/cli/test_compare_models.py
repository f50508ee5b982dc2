"""``oncotwin compare-models`` on a small patient, for real: weighed, resumed, and one model failing."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from calibration.choice import compare
from calibration.virtual.patient import Hidden, examine
from tests.calibration.phantom import TRUTH, medium
from twin.case import write_case
from twin.errors import SolverError
from twin.patient import Patient, Visit
from twin.store import load_dataset

QUICK = ("--models", "fisher-kpp,exponential", "--evaluations", 8, "--draws", 25)


@pytest.fixture
def patient(tmp_path):
    tissue = medium(14, 3.0)
    visits = (Visit(0.0, "first"), Visit(20.0, "second"), Visit(35.0, "third", held_out=True))
    middle = tuple(n * h / 2 for n, h in zip(tissue.grid.shape, tissue.grid.spacing_mm, strict=True))
    hidden = Hidden(TRUTH, middle, 8.0)  # type: ignore[arg-type]
    found = examine(hidden, Patient("small", "brain", tissue, visits), np.random.default_rng(0)).patient
    write_case(replace(found, anatomy=None), tmp_path / "case")
    return tmp_path


def test_a_killed_comparison_keeps_its_models_and_a_failing_one_is_named(oncotwin, patient, monkeypatch):
    real, calls = compare.calibrate, []

    def fitted(who, out, *, structure, **settings):
        calls.append(structure.model)
        if structure.model == "exponential" and len(calls) == 2:
            raise KeyboardInterrupt
        if structure.model == "exponential" and len(calls) == 3:
            raise SolverError("All candidates failed.", remedy="check the units")
        return real(who, out, structure=structure, **settings)

    monkeypatch.setattr(compare, "calibrate", fitted)
    killed = oncotwin("compare-models", "case", *QUICK)
    assert killed.exit_code == 130 and "models finished so far are kept in models" in killed.stderr
    partial = oncotwin("compare-models", "case", *QUICK)
    assert partial.exit_code == 4, partial.output
    assert calls == ["fisher-kpp", "exponential", "exponential"]
    assert "exponential could not be calibrated and is left out: All candidates failed." in partial.stdout
    other = oncotwin("compare-models", "case", *QUICK, "--seed", 3)
    assert other.exit_code == 2 and "seed: 0 there, 3 now" in other.stderr
    done = oncotwin("compare-models", "case", *QUICK, "--overwrite", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert {m["model"] for m in told["models"]} == {"fisher-kpp", "exponential"} and told["failed"] == []
    assert sum(m["weight"] for m in told["models"]) == pytest.approx(1.0)
    stacked = load_dataset(patient / "models" / "stacked.zarr")
    assert 24 <= stacked.sizes["draw"] <= 26 and float(stacked["t"][-1]) >= 35.0
    assert told["visits"][-1]["scores"]["twin"]["volume_ml"] > 0
    assert (patient / "models" / "forecast.png").exists() and any("Stacked forecast: on day" in n for n in told["notes"])
    calls.clear()
    again = oncotwin("compare-models", "case", *QUICK)
    assert again.exit_code == 0 and not calls and "holds this comparison already" in again.stderr


def test_nothing_left_to_compare_is_said(oncotwin, patient, monkeypatch):
    def fails(*_, **__):
        raise SolverError("All candidates failed.", remedy="check the units")

    monkeypatch.setattr(compare, "calibrate", fails)
    refused = oncotwin("compare-models", "case", *QUICK)
    assert (
        refused.exit_code == 1 and "No model could be calibrated" in refused.stderr and "check the units" in refused.stderr
    )
    assert oncotwin("compare-models", "case", "--models", "fisher-kpp").exit_code == 2
    few = oncotwin("compare-models", "case", *QUICK[:4], "--draws", 8)
    assert few.exit_code == 2 and "too few to compare models" in few.stderr
