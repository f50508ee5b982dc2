"""The likelihood of a lesion's readings: a course, a random walk about it, and reading errors, in ln(volume)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, solve_triangular

from calibration.cohort.lesion import FLOOR_MM, Lesion

KAPPA = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""How restless a lesion is, as a factor on every spread; a mixture over it has heavy tails, as a Student-t has."""

LEVEL, LEVEL_VARIANCE = 5.0, 25.0
"""ln(mm3) of a lesion on day 0, before it is seen: from a pea to an orange."""


@dataclass(frozen=True)
class Noise:
    """y(t) = level + course(t) + kappa (walk(t) + error).

    ``walk``: variance per day of a random walk in ln(volume), the model's discrepancy, which makes "no change" a limit.
    ``reading``: spread of ln(volume) from reading. ``caliper_mm``: spread of a diameter's reading in mm, which weighs more
    on small lesions.
    """

    walk: float = 8e-4
    reading: float = 0.08
    caliper_mm: float = 0.4

    def covariance(self, days: np.ndarray, diameter_mm: np.ndarray) -> np.ndarray:
        """Of the readings for kappa = 1, without the level's."""
        since = days - days[0]
        error = self.reading**2 + (3.0 * self.caliper_mm / np.maximum(diameter_mm, FLOOR_MM)) ** 2
        return self.walk * np.minimum.outer(since, since) + np.diag(error)


def log_likelihood(lesion: Lesion, courses: np.ndarray, noise: Noise) -> np.ndarray:
    """ln p(readings | course, kappa), (course, kappa), up to a constant; ``courses``: (course, reading)."""
    residual = (lesion.log_volume - LEVEL - courses).T
    base = noise.covariance(lesion.days, lesion.diameter_mm)
    out = np.empty((residual.shape[1], len(KAPPA)))
    for k, kappa in enumerate(KAPPA):
        root = np.linalg.cholesky(kappa**2 * base + LEVEL_VARIANCE)
        white = solve_triangular(root, residual, lower=True)
        out[:, k] = -0.5 * (white**2).sum(axis=0) - np.log(np.diag(root)).sum()
    return out


def conditional(lesion: Lesion, days: np.ndarray, noise: Noise, kappa: float) -> tuple[np.ndarray, np.ndarray]:
    """(gain, root): the readings at ``days`` have the mean course + gain (seen - course seen), covariance root root^T."""
    seen = len(lesion)
    size = np.append(lesion.diameter_mm, np.full(len(days), lesion.diameter_mm[-1]))
    whole = kappa**2 * noise.covariance(np.append(lesion.days, days), size) + LEVEL_VARIANCE
    root = np.linalg.cholesky(whole[:seen, :seen])
    gain = cho_solve((root, True), whole[:seen, seen:]).T
    left = whole[seen:, seen:] - gain @ whole[:seen, seen:]
    return gain, np.linalg.cholesky(left + 1e-9 * np.eye(len(days)))
