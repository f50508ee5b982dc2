"""Cells are scored as a scan counts them: with its own scale error, and only those that it shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.evaluation import seen
from calibration.ledger.score import ALL, VISIBLE, score_content
from calibration.ledger.track import sentences, track_record
from calibration.observation.cells import CellReading
from calibration.virtual.scanner import scan
from tests.calibration.phantom import phantom

DAY, SCANS = 40.0, 200


@pytest.fixture(scope="module")
def right():
    """A forecast that is right to 1 %, and what 200 scans of that day show."""
    virtual = phantom(perfect=True)
    patient, state = virtual.patient, virtual.states[DAY]
    visible, voxel = state > patient.visibility.threshold, patient.grid.voxel_ml
    spread = np.exp(0.01 * np.random.default_rng(3).standard_normal(200))

    def table(value):
        return [(value * spread).tolist()] * 2

    made = {
        "decision_day": 20.0,
        "days": [20.0, DAY],
        "volume_ml": table(visible.sum() * voxel),
        "counted_ml": table(state[visible].sum() * voxel),
        "burden_ml": table(state.sum() * voxel),
        "last_volume_ml": 14.0,
        "last_burden_ml": 5.0,
    }
    visit, rngs = patient.visits[-1], [np.random.default_rng((9, k)) for k in range(SCANS)]
    scans = [scan(state, patient.medium, visit, rng, None, patient.cellularity, patient.visibility) for rng in rngs]
    return made, [seen(patient, s) for s in scans]


def held(made, scans, level="90") -> float:
    return float(np.mean([score_content(1, made, "third", now, {})["burden"]["inside"][level] for now in scans]))


def test_a_right_forecast_holds_what_scans_with_a_scale_error_count(right):
    made, scans = right
    assert 0.82 <= held(made, scans) <= 0.98 and 0.35 <= held(made, scans, "50") <= 0.68
    assert held(made, [replace(now, reading=None) for now in scans]) < 0.5


def test_the_scale_error_alone_is_most_of_it(right):
    made, scans = right
    blind = [replace(now, reading=replace(now.reading, scale_spread=0.0)) for now in scans]
    assert held(made, blind) < 0.75


def test_the_score_says_what_it_is_of(right):
    made, scans = right
    found = score_content(1, made, "third", scans[0], {})["burden"]
    assert found["of"] == VISIBLE and found["scale_spread"] == pytest.approx(0.08 / 2.77)
    older = score_content(1, {k: v for k, v in made.items() if k != "counted_ml"}, "third", scans[0], {})["burden"]
    assert older["of"] == ALL and older["median"] > found["median"]


def test_the_track_record_tells_it(right, tmp_path):
    from calibration.ledger.chain import Ledger

    made, scans = right
    ledger = Ledger(tmp_path)
    ledger.append("forecast", {**made, "command": "calibrate", "model": "fisher-kpp", "posterior": {}})
    ledger.append("score", {**score_content(1, made, "third", scans[0], {}), "retrospective": False})
    told = " ".join(sentences(track_record(ledger.records())))
    assert "Cells in the visible lesion, 1 scored" in told and "its image's scale (ADC, uptake) and the drawn border" in told


def test_errors_of_a_reading():
    cells, volume = np.full(20000, 10.0), np.full(20000, 20.0)
    adc = CellReading(0.03, (-1.25, 1.0), 0.16)
    # e (a V + b B) = 0.03 (10 - 25) = 0.45 mL
    assert adc.read(cells, volume, volume).std() == pytest.approx(0.45, rel=0.03)
    assert CellReading(0.0, (0.0, 1.0), 0.16).read(cells, volume, volume + 5.0) == pytest.approx(10.8)
