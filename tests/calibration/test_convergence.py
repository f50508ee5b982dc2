"""Two halves of weighed draws: alike where they are of one density, apart where they are not."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.convergence import rhat, told


def test_halves_of_one_density_agree_and_halves_of_two_do_not():
    rng = np.random.default_rng(0)
    z = rng.standard_normal((4000, 2))
    weight = np.exp(-0.5 * (z[:, 0] - 1.0) ** 2)
    assert np.all(rhat(z, weight) < 1.005)
    z[::2, 1] += 2.0
    found = rhat(z, weight)
    assert found[0] < 1.005 and found[1] == pytest.approx(np.sqrt(3.0), rel=0.05)
    sentences, warnings = told(found, ("a", "b"))
    assert "R-hat 1.7" in sentences[0] and "(b;" in sentences[0]
    assert "on b: the posterior has not converged" in warnings[0]
    assert told(found[:1], ("a",))[1] == []


def test_a_half_without_weight_has_not_converged():
    assert np.isinf(rhat(np.ones((4, 1)), np.array([1.0, 0.0, 1.0, 0.0]))).all()
