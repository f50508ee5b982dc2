"""The log-likelihood of every draw in every independent piece of the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.calibration import Calibration
from calibration.comparison import Comparison
from calibration.discrepancy import Misfit, discrepancies
from calibration.forecast import horizon_day
from calibration.objective import Objective
from calibration.region import reachable


def pieces(twin: Calibration, together: float) -> np.ndarray:
    """(draw, piece): log p(piece | draw), a piece being 2 x 2 x 2 cubes of one visit.

    A cube's residual is normal with the variance that this model's best fit leaves; ``together`` cubes, the same for
    every model that is compared, count as one.
    """
    objective = objective_of(twin)
    best = discrepancies(objective, twin.best)
    rows = []
    for draw in range(twin.draws):
        states = objective.predictions(twin.values(draw))
        parts = zip(objective.comparisons, states, best, strict=True)
        rows.append(np.concatenate([_visit(c, u, d.parts) for c, u, d in parts]) / together)
    return np.array(rows)


def together_of(twin: Calibration) -> float:
    """Cubes that err together around a model's best fit, the mean over visits and kinds of data."""
    found = discrepancies(objective_of(twin), twin.best)
    return float(np.mean([part.together for d in found for part in d.parts]))


def objective_of(twin: Calibration) -> Objective:
    """The objective that the calibration minimised, on the full grid."""
    near = twin.patient.crop(reachable(twin.patient, horizon_day(twin.patient)))
    return Objective.of(replace(near, visits=near.seen), twin.structure)


def _visit(comparison: Comparison, u: np.ndarray, misfits: tuple[Misfit, ...]) -> np.ndarray:
    residuals, _ = comparison.unbiased(u.reshape(-1)[comparison.index])
    groups = np.unique(comparison.corner // 2, axis=0, return_inverse=True)[1].reshape(-1)
    total = np.zeros(len(groups))
    for residual, misfit in zip(residuals, misfits, strict=True):
        total += -0.5 * (residual**2 / misfit.variance + np.log(2 * np.pi * misfit.variance))
    return np.bincount(groups, total)
