"""Live what-if: the same numbers as a comparison of the same days, asked again and again of one opened twin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scenarios import whatif
from scenarios.arms import arm
from scenarios.simulated import after_decision, until_decision
from scenarios.whatif import WhatIf, sentences
from scenarios.written_dose import DoseAround
from twin.errors import DataRefused, OncotwinError
from twin.treatment import Plan, radiotherapy

BEAM = "20 Gy in 5 fractions, weekdays, from day 49"


@pytest.fixture
def opened(calibration):
    with WhatIf(calibration, draws=3, horizon_day=70.0, processes=1) as twin:
        yield twin


def test_the_fan_is_that_of_the_runs(opened, calibration):
    answer = opened.ask(BEAM)
    told = answer.summary()
    assert told["words"] == "20 Gy in 5 fractions of 4 Gy, daily, day 49 to 53" and told["draws"] == 3
    assert told["schedule"][0]["count"] == 5 and "Research use only" in told["notice"]
    setup = replace(answer.comparison.setup, arms=(arm("a", "a", Plan((radiotherapy(49, 20, 5),))),))
    expected = []
    for draw in range(3):
        reading = after_decision(setup, opened._sight, until_decision(setup, calibration, draw), setup.arms[0])
        expected.append(reading.values["volume_ml"][-1])
    assert told["fan"][-1]["median"] == pytest.approx(np.median(expected), rel=1e-12)
    assert told["fan"][-1]["day"] == 70 and {f["day"] for f in told["fan"] if f["scan"]} >= {42.0, 70.0}
    less = next(d for d in told["against_none"] if d["endpoint"] == "visible-volume")
    assert less["median_difference"] < 0
    assert any("days gained" in line for line in sentences(answer))
    assert any("Against no treatment" in line for line in sentences(answer))


def test_the_past_is_computed_once(opened, monkeypatch):
    first = opened.ask(BEAM)
    monkeypatch.setattr(whatif, "until_decision", lambda *_: pytest.fail("the past was computed again"))
    again = opened.ask(BEAM)
    assert again.data.drop_vars([]).identical(first.data)


def test_what_is_refused(opened):
    with pytest.raises(DataRefused, match="before the decision day"):
        opened.ask("20 Gy in 5 fractions from day 10")
    with pytest.raises(DataRefused, match="cannot be read as a treatment"):
        opened.ask("a miracle on day 50")
    with pytest.raises(DataRefused, match="needs the effect 'immunotherapy'"):
        opened.ask("pembrolizumab 200 mg every 21 days x 2 from day 50")


def test_a_twin_that_misses_the_last_scan_ranks_nothing(calibration):
    patient = calibration.patient
    visits = tuple(replace(v, regions={"tumour": patient.medium.domain}) if v.day == 42 else v for v in patient.visits)
    with WhatIf(replace(calibration, patient=replace(patient, visits=visits)), draws=3, horizon_day=70, processes=1) as twin:
        answer = twin.ask(BEAM)
    assert {d["verdict"] for d in answer.summary()["against_none"]} == {"not ranked"}
    told = "\n".join(sentences(answer))
    assert "does not reproduce the last scan" in told and "Against no treatment" not in told


def test_a_synthetic_dose_for_what_has_none(calibration):
    lesion = calibration.start > 0.5
    patient = calibration.patient
    visits = tuple(replace(v, regions={"tumour": lesion}) for v in patient.visits)
    seen = replace(calibration, patient=replace(patient, visits=visits))
    around = DoseAround(margin_mm=0, fall_off_mm=3)
    with WhatIf(seen, draws=2, horizon_day=70, processes=1, dose_where_none=around) as twin:
        synthetic = twin.ask(BEAM)
    with WhatIf(seen, draws=2, horizon_day=70, processes=1) as twin:
        uniform = twin.ask(BEAM)
    told = "synthetic dose: whole + 0 mm, halved every 3 mm"
    assert told in synthetic.arm.words and f"Note: {told}: an assumption, not a plan" in sentences(synthetic)
    assert "synthetic" not in uniform.arm.words
    left = [a.data["burden_ml"].sel(arm="what-if").isel(t=-1) for a in (synthetic, uniform)]
    assert (left[0] > 1.01 * left[1]).all(), "beyond the lesion less is killed"


def test_failed_draws_are_named(make_patient, make_calibration):
    with WhatIf(make_calibration(make_patient(), broken=(1,)), draws=3, horizon_day=70.0, processes=1) as twin:
        told = twin.ask(BEAM).summary()
    assert [f["draw"] for f in told["failed"]] == [1]
    with pytest.raises(OncotwinError, match="Every draw failed"):
        raise_all(make_calibration(make_patient()))


def raise_all(calibration):
    with WhatIf(calibration, draws=2, horizon_day=70.0, processes=1) as twin:
        calibration.broken = (0, 1)
        whatif._kept = (None, {})
        twin.ask(BEAM)


def test_a_rule_in_a_question(opened):
    answer = opened.ask("as scheduled, if volume exceeds baseline by 900 % at a scan, stop")
    assert answer.data["switch_day"].isnull().all() and "if volume exceeds" in answer.arm.words
