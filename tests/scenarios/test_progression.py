"""Progression: 40 % above the nadir, measurable, in time or at scans."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scenarios.progression import MEASURABLE_ML, first_progression

DAYS = np.array([0.0, 10.0, 20.0, 30.0])


@pytest.mark.parametrize(
    ("course", "between", "at_scans"),
    [
        ([10, 12, 14, 20], 20.0, 20.0),
        ([10, 12, 13.9, 20], 20 + 0.1 / 6.1 * 10, 30.0),
        ([10, 5, 6, 7], 30.0, 30.0),
        ([10, 5, 6, 6.9], np.nan, np.nan),
        ([10, 9, 8, 7], np.nan, np.nan),
        ([0.1, 0.2, 0.3, 0.4], np.nan, np.nan),
        ([10, 0, 0, 1], 20 + 10 * MEASURABLE_ML, 30.0),
        ([10, 14, 10, 10], 10.0, 10.0),
        ([10, np.nan, 20, 30], np.nan, np.nan),
    ],
)
def test_table(course, between, at_scans):
    volume = np.array([course], float)
    assert first_progression(volume, DAYS, between=True)[0] == pytest.approx(between, nan_ok=True)
    assert first_progression(volume, DAYS, between=False)[0] == pytest.approx(at_scans, nan_ok=True)


@given(arrays(float, 6, elements=st.floats(0.0, 200.0)))
def test_a_scan_never_sees_it_before_it_happens_between_the_same_days(course):
    days = np.arange(6.0)
    continuous = first_progression(course[None], days, between=True)[0]
    scanned = first_progression(course[None], days, between=False)[0]
    assert np.isnan(continuous) == np.isnan(scanned)
    if np.isfinite(scanned):
        assert scanned - 1 <= continuous <= scanned


@given(st.floats(0.002, 0.2), st.floats(1.0, 50.0))
def test_exponential_growth_progresses_when_it_must(rate, start):
    days = np.linspace(0, 200, 4001)
    found = first_progression((start * np.exp(rate * days))[None], days, between=True)[0]
    expected = np.log(1.4) / rate
    assert found == pytest.approx(expected, abs=0.05) if expected < 200 else np.isnan(found)
