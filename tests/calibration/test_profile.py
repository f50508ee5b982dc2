"""Profiles on two parameters of which the data fix only the sum: each is held by its prior alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from calibration.polish import polish
from calibration.pool import Crew
from calibration.posterior import Laplace
from calibration.profile import profile
from calibration.space import Space
from calibration.structure import Structure
from twin.parameter import Parameter, Prior


def declared(name: str) -> Parameter:
    return Parameter(name, name, "1", 1e-6, 1e6, 1.0, Prior(1.0, 1.0), "", "")


@dataclass(frozen=True)
class Sum:
    """Data: ln a + ln b = 1 within ``error``; and c, if it is there, within the same."""

    space: Space
    structure: Structure = field(default_factory=Structure)
    error: float = 0.01

    def residual(self, z: np.ndarray) -> np.ndarray:
        values = {**self.structure.fixed, **self.space.values(z)}
        data = [np.log(values["a"] * values["b"]) - 1.0, np.log(values["c"])]
        return np.array([*(d / self.error for d in data), *z], np.float32)

    def __call__(self, z: np.ndarray) -> float:
        return 0.5 * float(self.residual(z) @ self.residual(z))


def fitted() -> Any:
    objective = Sum(Space((declared("a"), declared("b"), declared("c"))))
    best = polish(objective, Crew().over(objective), np.zeros(3))
    laplace = Laplace.at(objective.space, best.z, best.residual, best.jacobian)
    return SimpleNamespace(objective=objective, polished=best, laplace=laplace)


def test_a_parabola_rises_by_a_half_at_one_spread_and_by_two_at_two():
    for index in range(3):
        found = profile(fitted(), index, Crew())
        assert found.rise == pytest.approx([2.0, 0.5, 0.5, 2.0], rel=0.1), found.name
        assert not found.flat


def test_a_parameter_whose_interval_claims_too_much_is_told():
    narrow = fitted()
    steep = replace(narrow.laplace, curvature=narrow.laplace.curvature + 100 * np.eye(3))
    assert profile(SimpleNamespace(**{**vars(narrow), "laplace": steep}), 0, Crew()).flat
