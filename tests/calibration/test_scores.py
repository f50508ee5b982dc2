"""Scores against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from calibration import scores

EVERY = np.ones(1000, bool)


def test_ccc_of_a_shifted_and_scaled_copy():
    x = np.random.default_rng(0).standard_normal(1000)
    y = 2 * x + 3
    expected = 2 * 2 * x.var() / (x.var() + 4 * x.var() + (y.mean() - x.mean()) ** 2)
    assert scores.ccc(x, y, EVERY) == pytest.approx(expected)
    assert scores.ccc(x, x, EVERY) == pytest.approx(1.0)
    assert scores.ccc(x, -x + 2 * x.mean(), EVERY) == pytest.approx(-1.0)


def test_ccc_leaves_out_what_is_masked_or_not_finite():
    x = np.arange(10.0)
    y = x.copy()
    y[0], y[1] = np.nan, 50.0
    keep = np.arange(10) != 1
    assert scores.ccc(x, y, keep) == pytest.approx(1.0)
    assert np.isnan(scores.ccc(x, y, np.zeros(10, bool)))


def test_dice():
    a, b = np.arange(10) < 4, np.arange(10) < 6
    assert scores.dice(a, b) == pytest.approx(0.8)
    assert scores.dice(a & False, b & False) == 1.0
    assert scores.dice(a, ~a) == 0.0


def test_crps_of_a_normal_ensemble_has_the_closed_form():
    draws = np.random.default_rng(1).standard_normal(20000)
    expected = 1 / np.sqrt(np.pi)
    assert scores.crps(draws, 0.0) == pytest.approx(2 / np.sqrt(2 * np.pi) - expected, rel=0.02)
    assert scores.crps(np.array([3.0]), 5.0) == pytest.approx(2.0)


def test_exponential_rate_is_exact_on_an_exponential():
    days = np.array([0.0, 10.0, 25.0])
    assert scores.exponential_rate(days, 4 * np.exp(0.03 * days)) == pytest.approx(0.03)
    assert scores.exponential_rate(days, np.zeros(3)) == 0.0


def test_a_mask_is_widened_to_the_volume_asked_for():
    domain = np.ones((20, 20, 20), bool)
    r = np.sqrt(sum((i - 9.5) ** 2 for i in np.indices(domain.shape)))
    mask = r < 5
    for factor in (0.5, 1.0, 2.0):
        grown = scores.grown_mask(mask, factor, (1.0, 1.0, 1.0), domain)
        assert grown.sum() == round(mask.sum() * factor)
        assert scores.dice(grown & mask, grown if factor <= 1 else mask) == 1.0
    half = np.indices(domain.shape)[0] < 10
    assert not scores.grown_mask(mask & half, 3.0, (1.0, 1.0, 1.0), half)[~half].any()


def test_one_more_draw_lies_in_the_interval_as_often_as_stated():
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(1500):
        draws = rng.standard_normal(20)
        low, _, high = scores.interval(draws[:-1])
        inside.append(low <= draws[-1] <= high)
    assert np.mean(inside) == pytest.approx(0.9, abs=0.025)


def test_a_volume_as_read_varies_more_where_the_lesion_is_small():
    small, large = (scores.as_read(np.full(500, v)) / v for v in (2.0, 60.0))
    assert 0.11 < small.std() < 0.17 and 0.01 < large.std() < 0.02
    vanished = scores.as_read(np.full(500, 1e-9))
    assert np.isfinite(vanished).all() and vanished.max() < 1e-6
