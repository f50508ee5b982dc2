"""The posterior of a size-only twin, by adaptive importance sampling."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import logsumexp, ndtr
from scipy.stats import multivariate_t

from calibration.convergence import rhat
from calibration.pool import Crew
from calibration.space import Space
from calibration.structure import Structure
from calibration.volume.structure import Readings, course
from twin.errors import OncotwinError, SolverError
from twin.progress import SILENT, Progress, stage
from twin.sizes import SizeSeries

STAGES, TAILS = 5, 5.0
ENOUGH = 0.25
"""Effective share of the evaluations at which no further stage is needed."""


@dataclass(frozen=True)
class SizeDensity:
    """log p(z | readings seen): y = ln(volume) of the law + a random walk + reading errors, z in standard units."""

    series: SizeSeries = field(repr=False)
    structure: Structure
    space: Space

    def __call__(self, z: np.ndarray) -> float:
        """Minus infinity outside the ranges or where the law has no answer."""
        low, high = self.space.bounds()
        if ((z < low) | (z > high)).any():
            return -np.inf
        readings, values = Readings.of(self.series.seen), self.space.values(z)
        try:
            residual = readings.log_ml - course(self.series, self.structure, values, readings.days.tolist())
        except OncotwinError:
            return -np.inf
        factor = cho_factor(covariance(readings, values["discrepancy_per_day"]), lower=True)
        fit = float(residual @ cho_solve(factor, residual)) + 2 * float(np.log(np.diag(factor[0])).sum())
        return -0.5 * fit - 0.5 * float(z**2 @ self.space.precision)


def covariance(readings: Readings, walk: float) -> np.ndarray:
    """Of the readings about the law: a random walk that begins on day 0, and the errors of reading."""
    return walk * np.minimum.outer(readings.days, readings.days) + np.diag(readings.spread**2)


@dataclass(frozen=True)
class Sampled:
    """Draws (draw, parameter) in standard units, the best z, how many candidates were run, what they are worth, and how
    two halves of them agree (R-hat of each parameter; none for draws of the prior)."""

    z: np.ndarray = field(repr=False)
    best: np.ndarray
    evaluations: int
    effective: float
    rhat: np.ndarray | None = None


def sample(
    density: SizeDensity, evaluations: int, draws: int, seed: int, crew: Crew, progress: Progress = SILENT
) -> Sampled:
    """Stages of candidates: the first from the prior, each next one from a Student-t through all before, weighed by the
    density over the mixture of all proposals (adaptive multiple importance sampling, Cornuet et al. 2012, Scand J Stat
    39:798). The draws are resampled by weight. Raises SolverError where no candidate could be computed.
    """
    rng = np.random.default_rng((seed, 3))
    each = max(20, evaluations // STAGES)
    low, high = density.space.bounds()
    mass = float(np.prod(ndtr(high) - ndtr(low)))
    proposals = [lambda z: -0.5 * (z**2).sum(axis=1) - 0.5 * z.shape[1] * np.log(2 * np.pi) - np.log(mass)]
    z = np.array([density.space.from_quantiles(rng.uniform(size=len(density.space))) for _ in range(each)])
    value = np.empty(0)
    with stage(progress, "sampling the posterior", STAGES * each) as bar:
        while True:
            new = []
            for found in crew.over(density)(_density_at, z[len(value) :]):
                new.append(found)
                bar.advance()
            value = np.append(value, new)
            if not np.isfinite(value).any():
                raise SolverError(
                    "No candidate could be computed.",
                    why="there is nothing to choose from",
                    remedy="check the sizes, their units and the doses",
                )
            weight = _weights(value, z, proposals)
            effective = 1.0 / float((weight**2).sum())
            if len(proposals) == STAGES or (len(proposals) > 1 and effective > ENOUGH * len(z)):
                break
            student = _through(z, value, proposals)
            proposals.append(student.logpdf)
            z = np.concatenate([z, np.atleast_2d(student.rvs(each, random_state=rng))])
    chosen = np.searchsorted(np.cumsum(weight), (rng.permutation(draws) + rng.uniform()) / draws)
    return Sampled(z[np.minimum(chosen, len(z) - 1)], z[int(np.argmax(value))], len(z), effective, rhat(z, weight))


def _density_at(density: SizeDensity, z: np.ndarray) -> float:
    return density(z)


def _weights(value: np.ndarray, z: np.ndarray, proposals, power: float = 1.0) -> np.ndarray:
    """Normalised; ``power`` below 1 flattens them."""
    mixture = logsumexp([np.atleast_1d(p(z)) for p in proposals], axis=0) - np.log(len(proposals))
    log = power * (value - mixture)
    return np.exp(log - logsumexp(log[np.isfinite(log)], axis=0)) * np.isfinite(log)


def _through(z: np.ndarray, value: np.ndarray, proposals):
    """A Student-t with the mean and covariance of the weighed candidates, flattened so that some dozens count."""
    power = 1.0
    wanted = min(len(z) / 5, 10.0 * z.shape[1])
    weight = _weights(value, z, proposals)
    while 1.0 / (weight**2).sum() < wanted and power > 0.02:
        power *= 0.8
        weight = _weights(value, z, proposals, power)
    mean = weight @ z
    spread = (weight[:, None] * (z - mean)).T @ (z - mean) * (TAILS - 2) / TAILS + 1e-4 * np.eye(z.shape[1])
    return multivariate_t(mean, 1.3 * spread, df=TAILS)
