"""Image -> fraction and fraction -> image are inverse; noise is what it is said to be."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.observation import adc, segmentation, volume
from calibration.observation.fraction import observed_fraction, voxel_noise
from tests.calibration.phantom import phantom
from twin.grid import Grid
from twin.patient import Cellularity


def test_adc_round_trip():
    u = np.linspace(0, 1, 11, dtype=np.float32)
    kinds = Cellularity(3.0e-3, 0.5e-3)
    assert np.allclose(adc.to_fraction(adc.to_image(u, kinds), kinds), u, atol=1e-6)
    assert adc.to_image(np.float32(1.0), kinds) == pytest.approx(0.5e-3)


def test_a_wrong_scale_moves_the_fraction_as_said():
    u, kinds = np.linspace(0, 1, 5, dtype=np.float32), Cellularity(2.5e-3, 0.4e-3)
    moved = adc.to_fraction(adc.to_image(u, kinds) * np.float32(1.01), kinds)
    assert np.allclose((moved - u) / 0.01, adc.bias_shape(u, kinds), atol=1e-3)


def test_repeatability_by_organ():
    assert adc.repeatability("brain") == pytest.approx(0.08 / 2.77)
    assert adc.repeatability("breast") > adc.repeatability("brain")
    assert adc.repeatability("toe") == adc.repeatability("liver")


def test_violation_is_zero_where_the_region_agrees():
    u = np.array([0.05, 0.3, 0.05, 0.3])
    mask = np.array([False, True, True, False])
    assert np.allclose(segmentation.violation(u, mask, 0.16), [0, 0, 0.05 - 0.16, 0.3 - 0.16])


def test_the_soft_volume_agrees_with_the_mask_and_has_a_slope():
    grid = Grid((30, 30, 30), (1.0, 1.0, 1.0))
    r = np.sqrt(sum((i - 14.5) ** 2 for i in np.indices(grid.shape)))
    u = 1 / (1 + np.exp((r - 9) / 1.0))
    assert volume.of_fraction(u, 0.16, grid) == pytest.approx(volume.of_mask(u > 0.16, grid), rel=0.02)
    assert volume.of_fraction(u * 1.001, 0.16, grid) > volume.of_fraction(u, 0.16, grid)


def test_noise_is_found_on_a_slope():
    rng = np.random.default_rng(0)
    x = np.indices((20, 20, 40))[2] / 40.0
    found = voxel_noise((x + 0.04 * rng.standard_normal(x.shape)).astype(np.float32), np.ones(x.shape, bool))
    assert found == pytest.approx(0.04, rel=0.1)


def test_cells_are_counted_inside_the_lesion_only():
    patient = phantom().patient
    u = observed_fraction(patient, patient.visits[0])
    assert u is not None
    assert np.isnan(u[~patient.medium.domain]).all()
    assert not u[patient.medium.domain & ~patient.visits[0].whole].any()
    assert u[patient.visits[0].whole].mean() > 0.15
