"""Travel distances against closed forms."""

from __future__ import annotations

import numpy as np

from calibration.travel import FAR, travel_mm


def test_distance_in_one_tissue_is_euclidean():
    r = np.sqrt(sum((i - 15.0) ** 2 for i in np.indices((31, 31, 31))))
    distance, carried = travel_mm(r < 5, np.ones(r.shape), (1.0, 1.0, 1.0), np.full(r.shape, 0.3))
    ring = (r > 6) & (r < 14)
    assert np.abs(distance - (r - 4.9))[ring].max() < 1.0
    assert np.allclose(carried[ring], 0.3)


def test_along_an_axis_the_spacing_counts():
    inside = np.zeros((3, 3, 20), bool)
    inside[:, :, 0] = True
    distance, _ = travel_mm(inside, np.full(inside.shape, 2.0), (1.0, 1.0, 3.0), np.ones(inside.shape))
    assert np.allclose(distance[1, 1], 2.0 * 3.0 * np.arange(20))


def test_a_wall_is_gone_around():
    slowness = np.ones((1, 11, 11))
    slowness[0, :10, 5] = 0.0
    inside = np.zeros(slowness.shape, bool)
    inside[0, 0, 0] = True
    distance, _ = travel_mm(inside, slowness, (1.0, 1.0, 1.0), np.ones(slowness.shape))
    assert distance[0, 0, 5] >= FAR
    assert distance[0, 0, 10] > np.hypot(10, 5) * 1.8


def test_what_cannot_be_reached_stays_far():
    slowness = np.ones((1, 1, 9))
    slowness[0, 0, 4] = 0
    inside = np.zeros(slowness.shape, bool)
    inside[0, 0, 0] = True
    distance, _ = travel_mm(inside, slowness, (1.0, 1.0, 1.0), np.ones(slowness.shape))
    assert (distance[0, 0, 5:] >= FAR).all()
