"""WAIC, PSIS-LOO and stacking from log-likelihoods by piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import logsumexp

from calibration.psis import smoothed

UNSURE = 0.7
"""Pareto k above which leaving a piece out cannot be told from these draws (Vehtari 2017)."""

FEWEST = 25
"""Draws below which the tail of a piece's weights is too short for Pareto smoothing."""

ALIKE = 1e-3
"""Where no two draws differ by more than this in log density, leaving the piece out changes nothing."""


@dataclass(frozen=True)
class Criterion:
    """Of one model: ``elpd`` by leaving one piece out (PSIS), its standard error, WAIC on the same scale, the largest and
    the number of unsure k, and the elpd of every piece."""

    elpd: float
    error: float
    waic: float
    waic_error: float
    k_largest: float
    k_unsure: int
    pieces: np.ndarray = field(repr=False)


def criterion(loglik: np.ndarray) -> Criterion:
    """From (draw, piece). Vehtari, Gelman & Gabry 2017, Stat Comput 27:1413; higher is better, both are log densities."""
    draws, count = loglik.shape
    weights, k = np.full_like(loglik, -np.log(draws)), np.zeros(count)
    for piece in np.flatnonzero(np.ptp(loglik, axis=0) > ALIKE):
        weights[:, piece], k[piece] = smoothed(-loglik[:, piece])
    left_out = logsumexp(weights + loglik, axis=0)
    waic = logsumexp(loglik, axis=0) - np.log(draws) - loglik.var(axis=0, ddof=1)
    errors = [float(np.sqrt(count * v.var())) for v in (left_out, waic)]
    return Criterion(
        float(left_out.sum()), errors[0], float(waic.sum()), errors[1], float(k.max()), int((k > UNSURE).sum()), left_out
    )


def stacking(found: Sequence[Criterion]) -> np.ndarray:
    """Weights of the models whose mixture predicts the pieces left out best (Yao et al. 2018, Bayesian Anal 13:917)."""
    pieces = np.array([c.pieces for c in found])
    pieces = pieces - pieces.max(axis=0)
    weights = np.full(len(found), 1.0 / len(found))
    density = np.exp(pieces)
    for _ in range(2000):
        share = weights[:, None] * density
        new = (share / share.sum(axis=0)).mean(axis=1)
        if np.abs(new - weights).max() < 1e-9:
            break
        weights = new
    return weights


def rows(found: Mapping[str, Criterion], weights: np.ndarray) -> list[dict[str, Any]]:
    """A line a model, best first."""
    lines: list[dict[str, Any]] = [
        {
            "model": name,
            "elpd_loo": c.elpd,
            "loo_error": c.error,
            "elpd_waic": c.waic,
            "waic_error": c.waic_error,
            "largest_k": c.k_largest,
            "unsure_pieces": c.k_unsure,
            "weight": float(w),
        }
        for (name, c), w in zip(found.items(), weights, strict=True)
    ]
    return sorted(lines, key=lambda r: -r["elpd_loo"])
