"""Response categories of simulated courses."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scenarios.arms import arm
from scenarios.categories import radiotherapy_end, response
from twin.treatment import Plan, radiotherapy


def courses(finals: list[list[float]]) -> xr.Dataset:
    days = [42.0, 90.0, 146.0, 182.0]
    return xr.Dataset(
        {
            "volume_ml": (("arm", "draw", "t"), np.array([finals]), {"long_name": "visible volume"}),
            "diameter_mm": (("arm", "draw", "scan"), np.cbrt(np.array([finals])) * 10, {"long_name": "longest diameter"}),
        },
        coords={"arm": ["a"], "draw": range(len(finals)), "t": days, "scan": days},
        attrs={"decision_day": 42.0, "horizon_day": 182.0},
    )


FINALS = [[20, 10, 10, 3], [20, 10, 15, 20], [20, 10, 9, 9.5], [20, 10, 11, np.nan]]


def test_rano_from_the_scan_after_radiotherapy(patient):
    rest = arm("a", "A", patient.treatments.from_day(42.0))
    found = response(courses(FINALS), rest, patient)
    assert found["criteria"] == "RANO 2.0 (volume)" and found["radiotherapy_end"] == 60
    before, baseline, third, last = found["scans"]
    assert before["shares"] == {"before baseline": 1} and baseline["shares"] == {"baseline": 1}
    assert third["shares"] == {"PD": pytest.approx(1 / 3), "SD": pytest.approx(2 / 3)}
    assert last["shares"] == {"PD": pytest.approx(1 / 3), "PR": pytest.approx(1 / 3), "SD": pytest.approx(1 / 3)}
    assert last["typical"]["from_baseline_percent"] == pytest.approx(-5)


def test_recist_elsewhere_from_the_decision_day(make_patient):
    found = response(courses(FINALS), arm("a", "A", Plan()), make_patient(Plan(), "breast"))
    assert found["criteria"] == "RECIST 1.1" and found["radiotherapy_end"] is None
    assert found["scans"][0]["shares"] == {"baseline": 1}
    assert sum(found["scans"][-1]["shares"].values()) == pytest.approx(1)


def test_nothing_to_say_without_a_finished_course(patient):
    assert response(courses([[np.nan] * 4]), arm("a", "A", Plan()), patient) is None


def test_last_fraction():
    assert radiotherapy_end(Plan()) is None
    assert radiotherapy_end(Plan((radiotherapy(21, 60, 30),))) == 60
