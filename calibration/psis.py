"""Importance weights with their largest smoothed by a Pareto tail (Vehtari et al. 2024, J Mach Learn Res 25(72):1)."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp


def smoothed(log_ratio: np.ndarray) -> tuple[np.ndarray, float]:
    """(logarithms of the normalised weights, Pareto k) of importance ratios (draw,), by arviz-stats.

    Where the largest ratios are all the same there is no tail to smooth: the weights are the ratios, and k is 0.
    """
    from arviz_stats.base import array_stats

    try:
        weights, k = array_stats.psislw(-log_ratio)
    except ValueError:  # "All tail values are the same"; ratios are finite and draws enough wherever this is called
        return log_ratio - logsumexp(log_ratio), 0.0
    return weights, float(k)
