"""The posterior, exact form: draws weighed by the objective itself, by adaptive multiple importance sampling.

Proposals are Student t densities. The first stands at the optimum with the quick form's covariance; each round's draws
are computed, every draw so far is weighed against the mixture of all proposals, and the next proposal takes their weighted
mean and covariance. Rounds are few and wide, so that several processes share them, and their result does not depend on how
many.
Cornuet, Marin, Mira, Robert 2012, Scand J Stat 39:798.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_t

from calibration.convergence import rhat
from calibration.objective import FAILED, Objective
from calibration.pool import Evaluate
from calibration.search import call
from twin.progress import SILENT, Progress, stage

ROUNDS, ROUND = 24, 64
"""Rounds at most, and draws computed in each."""

TAILS = 6.0
"""Degrees of freedom of the proposals: tails heavier than the posterior's, so that no draw weighs much."""

WIDER = 1.2
"""The first proposal is wider than the quick form by this factor."""

ENOUGH, WANTED = 50.0, 100.0
"""Effective draws below which a warning is given, and those at which no further round is computed."""


@dataclass(frozen=True)
class Sampled:
    """Weighed draws of the posterior.

    ``z``: (n, parameter) in standard units of the priors; ``log_weight``: (n,), normalised; ``failed``: draws that could
    not be computed.
    """

    z: np.ndarray = field(repr=False)
    objective: np.ndarray = field(repr=False)
    log_weight: np.ndarray = field(repr=False)
    failed: int

    @property
    def effective(self) -> float:
        """Effective sample size 1 / sum w^2 (Kish 1965)."""
        return float(np.exp(-logsumexp(2 * self.log_weight)))

    @property
    def rhat(self) -> np.ndarray:
        """Agreement of two halves of the draws, by parameter (:func:`calibration.convergence.rhat`)."""
        return rhat(self.z, np.exp(self.log_weight))

    @property
    def mean(self) -> np.ndarray:
        return np.exp(self.log_weight) @ self.z

    @property
    def covariance(self) -> np.ndarray:
        away = self.z - self.mean
        return (away * np.exp(self.log_weight)[:, None]).T @ away

    def draws(self, seed: int, count: int) -> np.ndarray:
        """(count, parameter) z of equal weight, by systematic resampling, in random order."""
        rng = np.random.default_rng((seed, 3))
        edges = np.cumsum(np.exp(self.log_weight))
        chosen = np.searchsorted(edges, (np.arange(count) + rng.uniform()) / count * edges[-1])
        return self.z[rng.permutation(np.minimum(chosen, len(self.z) - 1))]


def sample_posterior(
    objective: Objective,
    evaluate: Evaluate,
    centre: np.ndarray,
    covariance: np.ndarray,
    seed: int,
    rounds: int = ROUNDS,
    size: int = ROUND,
    progress: Progress = SILENT,
) -> Sampled:
    """Draws of p(z) ~ exp(-J(z)) within the bounds, from at most ``rounds`` x ``size`` evaluations of the objective.

    It ends early with ``WANTED`` effective draws. ``centre``, ``covariance``: of the quick form's draws. Draws outside the
    bounds or that cannot be computed weigh nothing.
    """
    low, high = objective.space.bounds()
    rng = np.random.default_rng((seed, 4))
    proposals = [(centre, WIDER**2 * covariance)]
    z, cost = np.empty((0, len(centre))), np.empty(0)
    with stage(progress, "sampling the posterior", rounds * size) as bar:
        for _ in range(rounds):
            fresh = _inside(rng, *proposals[-1], low, high, size)
            found = []
            for value in evaluate(call, list(fresh)):
                found.append(value)
                bar.advance()
            z, cost = np.vstack([z, fresh]), np.append(cost, found)
            weighed = _weigh(z, cost, proposals)
            bar.advance(0, note=f"{weighed.effective:.0f} effective draws")
            if weighed.effective >= WANTED:
                break
            proposals.append(_adapted(weighed, proposals[0][1]))
    return weighed


def _inside(rng: np.random.Generator, centre, covariance, low, high, count: int) -> np.ndarray:
    """Draws of the proposal cut to the bounds; the share cut off is the same constant for every draw of a proposal."""
    kept: list[np.ndarray] = []
    density = multivariate_t(centre, covariance, df=TAILS, seed=rng)
    while len(kept) < count:
        kept += [d for d in np.atleast_2d(density.rvs(count)) if ((d >= low) & (d <= high)).all()]
    return np.array(kept[:count])


def _weigh(z: np.ndarray, cost: np.ndarray, proposals) -> Sampled:
    densities = [multivariate_t(c, s, df=TAILS).logpdf(z) for c, s in proposals]
    mixture = logsumexp(np.stack(densities), axis=0) - np.log(len(proposals))
    log_weight = np.where(cost < FAILED, -cost - mixture, -np.inf)
    return Sampled(z, cost, log_weight - logsumexp(log_weight), int((cost >= FAILED).sum()))


def _adapted(weighed: Sampled, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The next proposal: the weighted mean and covariance, held by the first one's as far as few draws carry the weight."""
    size = len(first)
    trust = weighed.effective / (weighed.effective + 2 * size)
    covariance = trust * weighed.covariance * (1 + 1 / size) + (1 - trust) * first
    return weighed.mean, covariance + 1e-9 * np.eye(size)
