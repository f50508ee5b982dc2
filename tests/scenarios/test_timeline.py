"""The days of a comparison."""

from __future__ import annotations

import itertools

import pytest

from scenarios.timeline import timeline
from twin.errors import DataRefused


def test_default_days(patient):
    times = timeline(patient, 42.0)
    assert (times.decision_day, times.horizon_day) == (42, 182)
    assert times.scans == (42, 90, 182)
    assert times.past[0] == 0 and times.past[-1] == 42 and times.future[0] > 42 and times.future[-1] == 182
    assert {0, 18, 42, 90, 182} <= set(times.days)
    assert all(0 < b - a <= 3 for a, b in itertools.pairwise(times.days))


def test_scans_every_eight_weeks_without_later_visits(patient):
    assert timeline(patient, 90.0).scans == (90, 146, 202, 230)


def test_scans_as_asked_and_at_odd_hours(patient):
    times = timeline(patient, 42.0, 100.0, [99.5, 60])
    assert times.scans == (42, 60, 99.5) and 99.5 in times.days


@pytest.mark.parametrize(
    ("horizon", "scans", "words"),
    [
        (42.0, None, "not after the decision day 42"),
        (float("nan"), None, "not after"),
        (9999.0, None, "more than ten years"),
        (100.0, [40.0], "scan is planned on day 40, before the decision day"),
        (100.0, [101.0], "after the horizon, day 100"),
        (100.0, [float("nan")], "scan is planned on day nan"),
    ],
)
def test_refused(patient, horizon, scans, words):
    with pytest.raises(DataRefused, match=words):
        timeline(patient, 42.0, horizon, scans)
