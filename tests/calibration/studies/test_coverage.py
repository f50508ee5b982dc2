"""The study of coverage: what its checks say of forecasts that are right, and of ones that are too sure of themselves."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.studies.coverage import DRAWS, Coverage, against
from calibration.virtual import naive


def rows(claimed: float, number: int = 300) -> list[dict]:
    """Truth and draws from one normal density, but the draws narrower by ``claimed``."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(number):
        true, draws = rng.standard_normal(), claimed * rng.standard_normal(DRAWS)
        size = against(10 + draws, 10 + true)
        found.append(
            {
                "volume": size,
                "cells": size,
                "reading": size,
                "simple": dict.fromkeys(naive.FORECASTS, 3.0),
                "ranks": {"diffusivity_mm2_per_day": float(np.mean(draws < true))},
            }
        )
    return found


def verdicts(found: list[dict]) -> dict[str, bool]:
    return {check.what: check.met for check in Coverage().page(found).checks}


def test_right_intervals_meet_the_bars_and_too_narrow_ones_do_not(tmp_path):
    right, narrow = verdicts(rows(1.0)), verdicts(rows(0.5))
    assert all(right.values()), right
    assert not narrow["90 % interval holds the true volume"]
    assert not narrow["ranks of diffusivity_mm2_per_day uniform: p"]
    page = Coverage().page(rows(1.0, 220))
    page.draw(tmp_path / "coverage.svg")
    assert "stated share" in (tmp_path / "coverage.svg").read_text()


def test_a_failed_patient_is_counted_and_too_few_are_told():
    page = Coverage().page([*rows(1.0, 30), {"failed": "no"}])
    told = {check.what: check for check in page.checks}
    assert told["of them failed"].measured == 1 and not told["virtual patients"].met


def test_simple_forecasts_follow_their_laws():
    days = np.array([0.0, 20.0, 40.0])
    growing = 10 * np.exp(0.02 * days)
    assert naive.no_change(days, growing, 70.0) == growing[-1]
    assert naive.exponential(days, growing, 70.0) == pytest.approx(10 * np.exp(0.02 * 70.0))
    slowing = 40 / (1 + 3 * np.exp(-0.06 * days))
    assert naive.logistic(days, slowing, 80.0) == pytest.approx(40 / (1 + 3 * np.exp(-0.06 * 80.0)), rel=0.05)


@pytest.mark.slow
def test_a_patient_is_drawn_fitted_and_scored():
    row = Coverage().measure("3-0", None)
    assert row["volume"]["true"] > 0 and row["volume"]["crps"] < min(row["simple"].values())
    assert all(low < high for low, high in row["volume"]["intervals"])
    assert {"diffusivity_mm2_per_day", "first_adc_scale"} <= set(row["ranks"])
