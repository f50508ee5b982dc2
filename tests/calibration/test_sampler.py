"""The exact sampler and the profiles, on an objective whose posterior is known in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from calibration.objective import FAILED
from calibration.pool import Crew
from calibration.sampler import sample_posterior
from calibration.space import Space
from twin.parameter import Parameter, Prior

SIDE = Parameter("side", "s", "1", 1e-6, 1e6, 1.0, Prior(1.0, 1.0), "", "")


@dataclass(frozen=True)
class Bent:
    """A banana: normal in (a, b - a^2 / 2), so that a quick form at its top is wrong about b."""

    space: Space
    fails: bool = False

    def __call__(self, z: np.ndarray) -> float:
        a, b = z
        return FAILED if self.fails and a > 0 else 0.5 * (a**2 + ((b - 0.5 * a**2) / 0.3) ** 2)


SPACE = Space((SIDE, SIDE))
QUICK = np.diag([1.0, 0.09])


def test_draws_follow_a_bent_posterior_that_the_quick_form_misses():
    found = sample_posterior(Bent(SPACE), Crew().over(Bent(SPACE)), np.zeros(2), QUICK, seed=1, rounds=4, size=600)
    assert found.mean == pytest.approx([0.0, 0.5], abs=0.12)
    assert found.covariance[1, 1] == pytest.approx(0.3**2 + 0.5, rel=0.35)
    assert 100 < found.effective <= len(found.z) and found.failed == 0
    draws = found.draws(1, 400)
    assert draws.shape == (400, 2) and np.corrcoef(draws[:, 0] ** 2, draws[:, 1])[0, 1] > 0.8


def test_draws_that_cannot_be_computed_weigh_nothing_and_the_seed_decides():
    failing = Bent(SPACE, fails=True)
    runs = [sample_posterior(failing, Crew().over(failing), np.zeros(2), QUICK, seed=2, rounds=2) for _ in range(2)]
    assert runs[0].failed > 10 and (runs[0].draws(0, 50)[:, 0] <= 0).all()
    assert np.array_equal(runs[0].z, runs[1].z)
