"""Forecast of one lesion under a cohort's prior, and the "no change" forecasts that it has to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import minimize
from scipy.stats import norm

from calibration.cohort.lesion import FLOOR_MM, SHAPE, Lesion
from calibration.cohort.likelihood import KAPPA, LEVEL, conditional, log_likelihood
from calibration.cohort.prior import CohortPrior, posterior

DRAWS = 1000
NEIGHBOURS = 200
"""Changes of the cohort, over the most alike spans of time, that make the empirical spread."""


def first(lesion: Lesion, readings: int) -> Lesion:
    """The lesion with its first readings only."""
    return replace(
        lesion,
        days=lesion.days[:readings],
        diameter_mm=lesion.diameter_mm[:readings],
        volume=lesion.volume[:readings],
    )


def predict(seen: Lesion, days: np.ndarray, prior: CohortPrior, rng: np.random.Generator, draws: int = DRAWS) -> np.ndarray:
    """(draw, day) of ln(mm3) as it will be read: courses and restlessness drawn by their probability given ``seen``."""
    path, ahead = prior.courses.at(seen.days), prior.courses.at(days)
    chance, _ = posterior(log_likelihood(seen, path, prior.noise), prior.of(seen.arm), prior.kappa)
    course, kappa = np.unravel_index(rng.choice(chance.size, draws, p=chance.ravel() / chance.sum()), chance.shape)
    out = np.empty((draws, len(days)))
    for k in np.unique(kappa):
        mine = kappa == k
        gain, root = conditional(seen, days, prior.noise, KAPPA[k])
        mean = LEVEL + ahead[course[mine]] + (seen.log_volume - LEVEL - path[course[mine]]) @ gain.T
        out[mine] = mean + rng.standard_normal(mean.shape) @ root.T
    return out


def volume(log_volume: np.ndarray) -> np.ndarray:
    """mm3; 0 where it would be smaller than anything that was ever read."""
    return np.where(log_volume <= np.log(SHAPE * FLOOR_MM**3), 0.0, np.exp(log_volume))


@dataclass(frozen=True)
class NoChange:
    """The last reading carried on, with the spread of the cohort's changes over ``held_out`` readings.

    ``normal``: a normal in ln(volume) with variance a + b days, fitted by maximum likelihood. ``alike``: the cohort's own
    changes over the most alike spans of time, whatever their shape.
    """

    change: np.ndarray = field(repr=False)
    span: np.ndarray = field(repr=False)
    variance: tuple[float, float]

    @classmethod
    def of(cls, cohort: Sequence[Lesion], held_out: int) -> NoChange:
        pairs = [(lesion, k) for lesion in cohort for k in range(len(lesion) - held_out, len(lesion)) if len(lesion) >= 6]
        last = [len(lesion) - held_out - 1 for lesion, _ in pairs]
        change = np.array([v.log_volume[k] - v.log_volume[a] for (v, k), a in zip(pairs, last, strict=True)])
        span = np.array([v.days[k] - v.days[a] for (v, k), a in zip(pairs, last, strict=True)])

        def cost(p: np.ndarray) -> float:
            variance = np.exp(p[0]) + np.exp(p[1]) * span
            return float((change**2 / variance + np.log(variance)).sum())

        a, b = np.exp(minimize(cost, [-2.0, -7.0], method="Nelder-Mead").x)
        return cls(change, span, (float(a), float(b)))

    def normal(self, lesion: Lesion, span: float) -> np.ndarray:
        """Evenly spaced quantiles of ln(mm3)."""
        spread = np.sqrt(self.variance[0] + self.variance[1] * span)
        return lesion.log_volume[-1] + spread * norm.ppf((np.arange(DRAWS) + 0.5) / DRAWS)

    def alike(self, lesion: Lesion, span: float) -> np.ndarray:
        nearest = np.argsort(abs(self.span - span), kind="stable")[:NEIGHBOURS]
        return lesion.log_volume[-1] + self.change[nearest]
