"""Arms that adapt: the rule is looked at on each scan, followed once, and told."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scenarios.adaptive import Rule
from scenarios.compare import run_scenarios
from scenarios.study import study_from
from twin.treatment import Plan


@pytest.mark.parametrize(
    ("since", "percent", "values", "expected"),
    [
        ("baseline", 25.0, [10, 9, 12.6], True),
        ("baseline", 25.0, [10, 9, 12.4], False),
        ("nadir", 25.0, [10, 8, 10.1], True),
        ("nadir", 25.0, [10, 8, 9.9], False),
        ("baseline", -65.0, [10, 3.4], True),
        ("baseline", -65.0, [10, 3.6], False),
    ],
)
def test_when_a_rule_holds(since, percent, values, expected):
    assert Rule("volume_ml", since, percent, ((70.0, Plan()),), "").holds(values[:-1], values[-1]) is expected


def test_a_rule_changes_the_course_from_that_scan_on(tmp_path, calibration):
    beam = "8 Gy in 1 fraction from 2 days after the scan"
    arms = [
        {"id": "none", "same_as": "none"},
        {"id": "grows", "words": f"no treatment, if volume exceeds baseline by 1 % at a scan, switch to {beam}"},
        {"id": "never", "words": f"no treatment, if volume exceeds baseline by 900 % at a scan, switch to {beam}"},
        {"id": "fixed", "words": "8 Gy in 1 fraction on day 52"},
    ]
    study = study_from({"arms": arms, "horizon_day": 70, "scan_days": [50, 60]})
    data = run_scenarios(calibration, tmp_path, arms=study, processes=0).load()
    assert (data["switch_day"].sel(arm="grows") == 50).all()
    assert data["switch_day"].sel(arm=["none", "never", "fixed"]).isnull().all()
    np.testing.assert_array_equal(data["burden_ml"].sel(arm="grows", t=50.0), data["burden_ml"].sel(arm="none", t=50.0))
    last = data["burden_ml"].isel(t=-1)
    np.testing.assert_allclose(last.sel(arm="grows"), last.sel(arm="fixed"), rtol=2e-3)
    np.testing.assert_allclose(last.sel(arm="never"), last.sel(arm="none"), rtol=2e-3)
    told = json.loads((tmp_path / "scenarios.json").read_text())["arms"][1]["sentences"]
    assert any("a rule was followed in 100 % of the simulated courses, at the scans of day 50" in s for s in told)
