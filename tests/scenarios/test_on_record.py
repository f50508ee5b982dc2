"""What was said of each arm is on record, and the arm that the patient then had is scored when the scan comes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.evaluation import Seen
from calibration.ledger.chain import Ledger
from calibration.ledger.options import named_option, score_options
from calibration.ledger.track import sentences, track_record
from scenarios.compare import run_scenarios
from scenarios.study import study_from
from twin.errors import UsageError
from twin.treatment import Plan, Radiotherapy

STUDY = study_from(
    {
        "arms": [{"id": "none", "same_as": "none"}, {"id": "standard", "same_as": "as scheduled"}],
        "horizon_day": 70.0,
        "scan_days": [60],
    }
)


@pytest.fixture
def compared(stored, tmp_path):
    twin, _ = stored
    Ledger(tmp_path).append("note", {"role": "other", "text": "the ledger begins"})
    run_scenarios(twin, tmp_path, arms=STUDY, processes=0)
    return twin.patient, tmp_path, twin


def now(volume: float, day: float = 60.0) -> Seen:
    return Seen(day, None, np.zeros(1, bool), volume, float("nan"))


def test_every_arm_is_on_record_once_with_the_days_of_its_scans(compared):
    _, folder, twin = compared
    run_scenarios(twin, folder, arms=STUDY, processes=0)
    kept = [r.content for r in Ledger(folder).records() if r.kind == "option"]
    assert [c["arm"] for c in kept] == ["none", "standard"]
    assert kept[0]["days"][0] == 42.0 and {60.0, 70.0} < set(kept[0]["days"]) and kept[0]["doses"] == []
    assert ["radiotherapy", 42.0, 2.0] in kept[1]["doses"] and len(kept[1]["volume_ml"][0]) == 4


def test_the_arm_that_agrees_with_what_was_given_is_scored_once(compared):
    patient, folder, _ = compared
    score_options(Ledger(folder), patient.treatments, "day 60", now(5.0))
    assert score_options(Ledger(folder), patient.treatments, "day 60", now(5.0)) == []
    rows = track_record(Ledger(folder).records())["scores"]
    assert [(r["arm"], r["as_given"], r["day"]) for r in rows] == [("standard", True, 60.0)]


def test_doses_a_day_late_still_agree_and_a_fraction_left_out_does_not(compared):
    patient, folder, _ = compared
    late, fewer = (
        _beams(patient.treatments, change) for change in (lambda f: (*f[:-3], _later(f[-3]), *f[-2:]), lambda f: f[:-3])
    )
    assert score_options(Ledger(folder), fewer, "day 60", now(5.0)) == []
    assert len(score_options(Ledger(folder), late, "day 60", now(5.0))) == 1


def test_an_arm_that_is_named_is_scored_and_what_differs_is_said(compared):
    patient, folder, _ = compared
    (found,) = score_options(Ledger(folder), patient.treatments, "day 60", now(5.0), "none")
    assert found["named"] and not found["as_given"]
    told = track_record(Ledger(folder).records())
    assert told["summary"] == {"scored": 0}, "an option is no second score of the twin's own forecast"
    assert any("the treatments given differ from it" in s for s in sentences(told))
    with pytest.raises(UsageError, match="Did you mean 'standard'"):
        named_option(Ledger(folder), "standrad")


def _beams(plan: Plan, change) -> Plan:
    return Plan(tuple(replace(c, fractions=change(c.fractions)) if isinstance(c, Radiotherapy) else c for c in plan.courses))


def _later(fraction):
    return replace(fraction, day=fraction.day + 0.8)
