"""The cohort's prior: how often each course and each restlessness occurs, by arm, learned from other patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import logsumexp

from calibration.cohort.courses import Courses
from calibration.cohort.lesion import Lesion
from calibration.cohort.likelihood import KAPPA, Noise, log_likelihood
from twin.errors import DataRefused

POOLED = 20.0
"""Weight of the whole cohort in an arm's prior, in patients; and of the broad prior in the cohort's."""

ROUNDS, QUICK = 25, 6
"""Rounds of expectation and maximisation; and those that are enough to compare noises."""

STEPS = (("walk", 2.0), ("reading", 1.7), ("caliper_mm", 1.6))
"""How the noise is searched: each of its numbers up and down by a factor, twice over."""

Weights = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class CohortPrior:
    """``courses`` with their ``weights`` by arm ("" for an arm never seen), ``kappa`` weights and the noise."""

    courses: Courses
    weights: Weights = field(repr=False)
    kappa: np.ndarray = field(repr=False)
    noise: Noise
    log_likelihood: float

    def of(self, arm: str) -> np.ndarray:
        return self.weights.get(arm, self.weights[""])

    def share(self, law: str, arm: str = "") -> float:
        """The share of lesions of an arm (default: of the cohort) that follow a law."""
        return float(self.of(arm)[[name == law for name in self.courses.law]].sum())


def learn(cohort: Sequence[Lesion], courses: Courses, noise: Noise = Noise()) -> CohortPrior:  # noqa: B008
    """Empirical Bayes: the weights and the noise that make all readings of ``cohort`` most likely.

    The weights over courses are a discrete prior (Laird 1978, J Am Stat Assoc 73:805) found by expectation and
    maximisation; each arm's are drawn towards the cohort's, and those towards the broad prior, by ``POOLED`` patients.
    The noise is searched by coordinates. Raises DataRefused for fewer than ten lesions.
    """
    if len(cohort) < 10:
        raise DataRefused(
            f"{len(cohort)} lesions are too few to learn a prior from.", where="cohort", remedy="give ten patients or more"
        )
    paths = [courses.at(lesion.days) for lesion in cohort]
    best = _learnt(cohort, courses, paths, noise, QUICK + 2, None)
    for _ in range(2):
        for name, factor in STEPS:
            for step in (1 / factor, factor):
                other = replace(best.noise, **{name: getattr(best.noise, name) * step})
                found = _learnt(cohort, courses, paths, other, QUICK, best)
                best = found if found.log_likelihood > best.log_likelihood else best
    return _learnt(cohort, courses, paths, best.noise, ROUNDS, None)


def learn_again(cohort: Sequence[Lesion], known: CohortPrior) -> CohortPrior:
    """The weights that another cohort teaches, with the courses and the noise of ``known``."""
    paths = [known.courses.at(lesion.days) for lesion in cohort]
    return _learnt(cohort, known.courses, paths, known.noise, ROUNDS, None)


def _learnt(
    cohort: Sequence[Lesion],
    courses: Courses,
    paths: Sequence[np.ndarray],
    noise: Noise,
    rounds: int,
    start: CohortPrior | None,
) -> CohortPrior:
    told = [log_likelihood(lesion, path, noise) for lesion, path in zip(cohort, paths, strict=True)]
    broad = np.full(len(courses), 1.0 / len(courses))
    arms = sorted({lesion.arm for lesion in cohort})
    weights: Weights = start.weights if start else dict.fromkeys([*arms, ""], broad)
    kappa = start.kappa if start else np.full(len(KAPPA), 1.0 / len(KAPPA))
    total = 0.0
    for _ in range(rounds):
        total, counts, restless = _expected(cohort, told, weights, kappa)
        pooled = _towards(broad, sum(counts.values(), start=np.zeros(len(courses))))
        weights = {"": pooled} | {arm: _towards(pooled, counts[arm]) for arm in arms}
        kappa = (restless + 1.0) / (restless + 1.0).sum()
    return CohortPrior(courses, weights, kappa, noise, total)


def _towards(prior: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return (counts + POOLED * prior) / (counts.sum() + POOLED)


def _expected(cohort: Sequence[Lesion], told: Sequence[np.ndarray], weights: Weights, kappa: np.ndarray):
    """Total log-likelihood, and how many lesions of each arm follow each course, and have each restlessness."""
    counts = {lesion.arm: np.zeros(len(weights[""])) for lesion in cohort}
    restless, total = np.zeros(len(KAPPA)), 0.0
    for lesion, own in zip(cohort, told, strict=True):
        chance, evidence = posterior(own, weights[lesion.arm], kappa)
        counts[lesion.arm] += chance.sum(axis=1)
        restless += chance.sum(axis=0)
        total += evidence
    return total, counts, restless


def posterior(told: np.ndarray, weights: np.ndarray, kappa: np.ndarray) -> tuple[np.ndarray, float]:
    """(course, kappa) probabilities of one lesion, and the logarithm of its evidence."""
    joint = told + np.log(weights + 1e-300)[:, None] + np.log(kappa)
    evidence = float(logsumexp(joint))
    return np.exp(joint - evidence), evidence
