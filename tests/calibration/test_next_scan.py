"""The date of the next scan: by how much the draws expect it to narrow the forecast."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from calibration.next_scan import candidates, told, with_next_scan


def fit(rates: np.ndarray, days=tuple(range(0, 101, 2)), flat_until: float = 0.0) -> xr.Dataset:
    """Exponential courses that part from ``flat_until`` on."""
    t = np.array(days, float)
    volume = 10.0 * np.exp(np.outer(rates, np.maximum(t - flat_until, 0.0)))
    return xr.Dataset({"volume_ml": (("draw", "t"), volume)}, coords={"t": t})


def test_one_unknown_rate_is_told_as_the_closed_form_says():
    """ln V(t) = r t: a reading of spread s on day t leaves the share s^2 / (s^2 + var(r) t^2) of the variance."""
    rates = 0.01 + 0.004 * np.random.default_rng(0).standard_normal(4000)
    found = candidates(fit(rates), 0.0)
    assert found[0].day == 6.0 and found[-1].day == 48.0
    for c in found:
        signal = (rates.std() * c.day) ** 2
        assert c.reduction == pytest.approx(signal / (signal + 0.1**2), abs=0.01)
    assert found[-1].reduction == max(c.reduction for c in found)


def test_a_scan_before_the_courses_part_tells_nothing():
    rates = 0.01 + 0.01 * np.random.default_rng(0).standard_normal(200)
    found = candidates(fit(rates, flat_until=30.0), 0.0)
    assert all(c.reduction == 0.0 for c in found if c.day <= 30) and found[-1].reduction > 0.3
    assert "A scan on day 48 would narrow the forecast of day 100 most" in told(found, 100.0)[0]


def test_unrelated_noise_is_not_taken_for_knowledge():
    rng = np.random.default_rng(1)
    course = np.exp(rng.standard_normal((60, 51)))
    noise = xr.Dataset({"volume_ml": (("draw", "t"), course)}, coords={"t": np.arange(0.0, 101.0, 2.0)})
    assert np.mean([c.reduction for c in candidates(noise, 0.0)]) < 0.05


def test_few_draws_and_no_future_say_nothing():
    assert candidates(fit(np.array([0.01, 0.02])), 0.0) == []
    assert candidates(fit(np.linspace(0, 0.02, 50)), 100.0) == []
    summary = with_next_scan({"decision_day": 100.0, "sentences": ["a"]}, fit(np.linspace(0, 0.02, 50)))
    assert summary["next_scan"] == [] and summary["sentences"] == ["a"]
