"""Scores of a forecast against what was seen, and the simple forecasts it has to beat."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt

from calibration.observation.segmentation import volume_spread


def ccc(a: np.ndarray, b: np.ndarray, mask: np.ndarray) -> float:
    """Concordance correlation 2 cov / (var_a + var_b + (mean_a - mean_b)^2) over ``mask`` (Lin 1989, Biometrics 45:255).

    NaN where the mask holds no voxel that is finite in both.
    """
    keep = mask & np.isfinite(a) & np.isfinite(b)
    x, y = a[keep].astype(float), b[keep].astype(float)
    if x.size == 0:
        return float("nan")
    bottom = x.var() + y.var() + (x.mean() - y.mean()) ** 2
    return 1.0 if bottom == 0 else float(2 * ((x - x.mean()) * (y - y.mean())).mean() / bottom)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """2 |A and B| / (|A| + |B|); 1 where both are empty."""
    total = int(a.sum()) + int(b.sum())
    return 1.0 if total == 0 else 2.0 * int((a & b).sum()) / total


def crps(draws: np.ndarray, observed: float) -> float:
    """Continuous ranked probability score of an ensemble, in its own unit: E|X - y| - E|X - X'| / 2 (0 is perfect).

    Gneiting & Raftery 2007, J Am Stat Assoc 102:359; for one draw it is the absolute error.
    """
    x = np.sort(np.asarray(draws, float))
    n = x.size
    spread = 2.0 * float(((2 * np.arange(1, n + 1) - n - 1) * x).sum()) / n**2
    return float(np.abs(x - observed).mean()) - spread / 2.0


def interval(draws: np.ndarray, level: float = 0.9) -> np.ndarray:
    """(low, median, high) of the central interval that one more draw lies in with probability ``level``: quantiles at
    k / (n + 1), which the ends of few draws reach sooner than the usual ones."""
    return np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2], method="weibull")


def as_read(volumes: np.ndarray, seed: int = 0) -> np.ndarray:
    """Volumes (mL) as a reader would draw them: each with the error of a drawn border."""
    errors = np.random.default_rng((seed, 5)).standard_normal(len(volumes))
    return volumes * np.exp(np.array([volume_spread(v) for v in volumes]) * errors)


def percent_error(predicted: float, observed: float) -> float:
    """100 (predicted - observed) / observed; NaN where nothing was observed."""
    return 100.0 * (predicted - observed) / observed if observed > 0 else float("nan")


def exponential_rate(days: np.ndarray, sizes: np.ndarray) -> float:
    """Growth rate (1/day) of a straight line through ln(size); 0 with fewer than two positive sizes."""
    keep = np.asarray(sizes) > 0
    if keep.sum() < 2:
        return 0.0
    return float(np.polyfit(np.asarray(days, float)[keep], np.log(np.asarray(sizes, float)[keep]), 1)[0])


def grown_fraction(u: np.ndarray, rate: float, days: float) -> np.ndarray:
    """Every voxel grown exponentially, at most to capacity."""
    return np.clip(u * np.float32(np.exp(rate * days)), 0.0, 1.0)


def grown_mask(mask: np.ndarray, volume_factor: float, spacing_mm, domain: np.ndarray) -> np.ndarray:
    """The mask widened or narrowed evenly to ``volume_factor`` times its volume, inside ``domain``."""
    if not mask.any():
        return mask
    signed = distance_transform_edt(~mask, spacing_mm) - distance_transform_edt(mask, spacing_mm)
    wanted = int(np.clip(round(mask.sum() * volume_factor), 0, domain.sum()))
    grown = np.zeros(mask.size, bool)
    order = np.argsort(np.where(domain, signed, np.inf), axis=None, kind="stable")
    grown[order[:wanted]] = True
    return grown.reshape(mask.shape)
