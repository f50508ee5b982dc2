"""The front's shape is the exact travelling wave, and its coordinate inverts it."""

from __future__ import annotations

import numpy as np

from calibration import front


def test_the_profile_solves_the_travelling_wave_equation():
    x = np.linspace(-15, 15, 6001)
    u = front.profile(x)
    h = x[1] - x[0]
    speed = 5 / np.sqrt(6)
    first, second = np.gradient(u, h), np.gradient(np.gradient(u, h), h)
    residual = (second + speed * first + u * (1 - u))[5:-5]
    assert np.abs(residual).max() < 1e-4


def test_position_inverts_the_profile():
    u = np.linspace(0.01, 0.99, 50)
    assert np.allclose(front.profile(front.position(u)), u)


def test_the_slope_is_the_derivative():
    x = np.linspace(-5, 5, 11)
    numerical = (front.profile(x + 1e-5) - front.profile(x - 1e-5)) / 2e-5
    assert np.allclose(-front.slope(x), numerical, atol=1e-8)
