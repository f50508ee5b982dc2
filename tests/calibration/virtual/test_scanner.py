"""The virtual scanner sees the truth with the errors it declares."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.observation import adc
from calibration.virtual.scanner import Scanner, draw_region, scan, smooth_noise
from twin.grid import Grid
from twin.medium import Medium
from twin.patient import Cellularity, Visit

GRID = Grid((40, 40, 40), (1.0, 1.0, 1.0))
MEDIUM = Medium.of_one_tissue(GRID, np.ones(GRID.shape, bool))
RADIUS = np.sqrt(sum((i - 20.0) ** 2 for i in np.indices(GRID.shape)))
U = (1 / (1 + np.exp((RADIUS - 11) / 1.5))).astype(np.float32)


def test_without_errors_the_scan_shows_the_truth():
    perfect = Scanner(0.0, 0.0, 0.0)
    seen = scan(U, MEDIUM, Visit(0.0, "baseline"), np.random.default_rng(0), perfect)
    assert np.allclose(adc.to_fraction(seen.images["adc"].values, Cellularity()), U, atol=1e-6)
    assert np.array_equal(seen.whole, U > 0.16)
    assert np.array_equal(seen.core, U > 0.80)


def test_the_visit_scale_has_the_declared_repeatability():
    scales = []
    for seed in range(200):
        seen = scan(U, MEDIUM, Visit(0.0, "b"), np.random.default_rng(seed), Scanner(0.0, 0.05, 0.0))
        scales.append(np.log(seen.images["adc"].values[0, 0, 0] / 2.5e-3))
    assert np.std(scales) == pytest.approx(0.05, rel=0.2)


def test_voxel_noise_has_the_declared_spread():
    seen = scan(U, MEDIUM, Visit(0.0, "b"), np.random.default_rng(1), Scanner(0.05, 0.0, 0.0))
    residual = seen.images["adc"].values - adc.to_image(U, Cellularity())
    assert residual.std() == pytest.approx(0.05 * 2.5e-3, rel=0.1)


def test_a_drawn_border_is_wrong_by_about_a_voxel_and_keeps_the_volume():
    masks = [draw_region(U, 0.16, MEDIUM, Scanner(), np.random.default_rng(seed)) for seed in range(20)]
    true = U > 0.16
    assert np.mean([m.sum() / true.sum() for m in masks]) == pytest.approx(1.0, abs=0.05)
    dice = [2 * (m & true).sum() / (m.sum() + true.sum()) for m in masks]
    assert 0.9 < np.mean(dice) < 0.98


def test_the_border_error_is_alike_over_its_length():
    noise = smooth_noise((40, 40, 40), (1.0, 1.0, 1.0), 4.0, np.random.default_rng(0))
    near = np.corrcoef(noise[:, :, :-2].ravel(), noise[:, :, 2:].ravel())[0, 1]
    far = np.corrcoef(noise[:, :, :-14].ravel(), noise[:, :, 14:].ravel())[0, 1]
    assert near > 0.8 and abs(far) < 0.35


def test_an_empty_region_stays_empty():
    assert not draw_region(np.zeros_like(U), 0.16, MEDIUM, Scanner(), np.random.default_rng(0)).any()
