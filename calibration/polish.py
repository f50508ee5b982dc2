"""The local polish: trust-region least squares on the objective's own residuals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from calibration.objective import Objective
from calibration.pool import Evaluate

STEP = 0.05
"""Finite-difference step in standard units: far above the solver's step-size noise, far below a prior's width."""


@dataclass(frozen=True)
class Polished:
    """The optimum (standard units), its objective, the Jacobian of the weighted residuals there, and the cost."""

    z: np.ndarray
    objective: float
    jacobian: np.ndarray
    residual: np.ndarray
    evaluations: int


def polish(objective: Objective, evaluate: Evaluate, start: np.ndarray, rounds: int = 8) -> Polished:
    """Minimise 1/2 |r(z)|^2 from ``start`` within the bounds by Levenberg-Marquardt steps clipped to the box.

    The Jacobian is taken by one-sided differences, one candidate a column, so that several processes share it; the steps of
    different damping are tried together. Stops when a round gains less than 1e-3 in the objective.
    """
    low, high = objective.space.bounds()
    z = np.clip(start, low, high)
    residual = next(iter(evaluate(residual_of, [z])))
    jacobian = jacobian_at(evaluate, z, residual, low, high)
    used, damping = 1 + len(z), 1e-3
    for _ in range(rounds):
        trials = [_step(z, residual, jacobian, d, low, high) for d in (damping, damping * 30)]
        found = list(evaluate(residual_of, trials))
        used += len(trials)
        best = min(range(len(trials)), key=lambda k: _cost(found[k]))
        gain = _cost(residual) - _cost(found[best])
        damping = damping * 1000 if gain <= 0 else max(damping * (0.1, 10)[best], 1e-6)
        if gain > 0:
            z, residual = trials[best], found[best]
            jacobian = jacobian_at(evaluate, z, residual, low, high)
            used += len(z)
        if gain < 1e-3 and (gain > 0 or damping > 1e3):
            break
    return Polished(z, _cost(residual), jacobian, residual, used)


def residual_of(objective: Objective, z: np.ndarray) -> np.ndarray:
    return objective.residual(z)


def jacobian_at(evaluate: Evaluate, z: np.ndarray, residual: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """(residual, parameter), float32; the difference is taken inwards at an upper bound."""
    steps = np.where(z + STEP <= high, STEP, -STEP)
    points = [z + step * unit for step, unit in zip(steps, np.eye(len(z)), strict=True)]
    columns = [(r - residual) / np.float32(h) for r, h in zip(evaluate(residual_of, points), steps, strict=True)]
    return np.stack(columns, axis=1)


def _step(z, residual, jacobian, damping, low, high) -> np.ndarray:
    """A damped Gauss-Newton step; a parameter pushed against its bound is left there and the others move."""
    gradient = jacobian.T @ residual
    hessian = (jacobian.T @ jacobian).astype(float)
    stuck = ((z <= low) & (gradient > 0)) | ((z >= high) & (gradient < 0))
    free = ~stuck
    step = np.zeros_like(z)
    if free.any():
        block = hessian[np.ix_(free, free)]
        step[free] = -np.linalg.solve(block + damping * np.diag(np.diag(block) + 1e-9), gradient[free])
    return np.clip(z + np.clip(step, -2.0, 2.0), low, high)


def _cost(residual: np.ndarray) -> float:
    return 0.5 * float(np.dot(residual, residual))
