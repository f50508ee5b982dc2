"""RECIST of one lesion's sizes, as read and as forecast."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.observation.diameter import to_volume
from scenarios.response.sizes import categories, chances


def readings(*diameters: float, held_out: int = 0) -> list[dict]:
    last = len(diameters) - held_out
    return [
        {"day": 42.0 * k, "observed_volume_ml": float(to_volume(np.array(d))), "held_out": k >= last}
        for k, d in enumerate(diameters)
    ]


def test_each_reading_has_its_category():
    found = categories(readings(32.0, 27.0, 22.0, 30.0))
    assert [f["category"] for f in found] == ["baseline", "SD", "PR", "PD"]
    assert found[1]["diameter_mm"] == pytest.approx(27.0)


def test_a_forecast_is_set_against_the_readings_seen():
    draws = to_volume(np.array([20.0, 24.0, 25.0, 40.0]))
    assert chances(readings(32.0, 21.0, 60.0, held_out=1), draws) == {"PD": 0.25, "PR": 0.75}
    assert chances(readings(32.0, 30.0), draws) == {"PD": 0.25, "SD": 0.5, "PR": 0.25}


def test_nothing_on_the_first_reading_has_no_category():
    assert categories(readings(0.0, 20.0)) == [] and chances(readings(0.0, 20.0), np.ones(3)) == {}
