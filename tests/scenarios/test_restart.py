"""Arms restart from the decision day: what was cut before stays cut, what was given before is not given again."""

from __future__ import annotations

import numpy as np

from solvers.effects.surgery import Surgery
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem, Snapshot
from twin.treatment import Plan, Resection


def test_a_cavity_from_before_stays_a_wall(patient):
    medium = patient.medium
    cavity = np.zeros(medium.grid.shape, bool)
    cavity[9:12, 9:12, 9:12] = True
    plan = Plan((Resection(10.0, cavity),))
    problem = Problem(FisherKPP(), medium, np.zeros(medium.grid.shape), (42.0,), 0.0, plan, (Surgery(),))
    whole = (slice(None),) * 3

    def domain_after(day: float) -> np.ndarray:
        shot = Snapshot(day, np.zeros((1, *medium.grid.shape), np.float32), whole, medium.grid)
        return problem.continued(shot, (60.0,)).medium.domain

    np.testing.assert_array_equal(domain_after(42.0), medium.domain & ~cavity)
    np.testing.assert_array_equal(domain_after(10.0), medium.domain, "on the day itself it is still to be done")
