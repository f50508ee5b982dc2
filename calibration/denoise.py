"""A cell fraction less its noise, its fronts kept."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.ndimage import gaussian_filter

from calibration import front

LOWEST, HIGHEST = 0.02, 0.98
RIDGE = 0.02
"""Keeps the plane level where too few voxels say how it is tilted."""

KEPT = 2.0
"""Over how many widths of the filter the mean of the cell fraction is kept."""


def front_smooth(u: np.ndarray, mask: np.ndarray, spacing_mm, width_mm: float, rounds: int = 3) -> np.ndarray:
    """The cell fraction inside ``mask`` as a local plane in the front's own coordinate, Gaussian weights of ``width_mm``.

    A blurred front is a wider front, and noise is what diffusion smooths: a fit takes either for more diffusion. In the
    coordinate position(u) of a travelling front the cell fraction is nearly linear in space, so a plane fitted there by
    weighted least squares removes the noise and keeps the width. Weights are the inverse variance of the position,
    (du / dposition)^2; a few rounds of the linearisation suffice. Weights that come from noisy values favour those that
    erred low, so the residuals' mean over ``KEPT`` widths is put back: cells are neither lost nor made.
    """
    smooth = _mean(u, mask, spacing_mm, width_mm / 2)
    for _ in range(rounds):
        place = front.position(np.clip(smooth, LOWEST, HIGHEST))
        slope = front.slope(place)
        weight = np.where(mask, slope**2, 0.0)
        target = place - (u - front.profile(place)) / slope
        smooth = np.zeros_like(smooth)
        smooth[mask] = front.profile(_plane(target, weight, mask, spacing_mm, width_mm))
    return (smooth + _mean(u - smooth, mask, spacing_mm, KEPT * width_mm)).astype(np.float32)


def _mean(u: np.ndarray, mask: np.ndarray, spacing_mm, width_mm: float) -> np.ndarray:
    sigma = [width_mm / h for h in spacing_mm]
    weight = gaussian_filter(mask.astype(float), sigma)
    total = gaussian_filter(np.where(mask, u, 0.0), sigma)
    return np.divide(total, weight, out=np.zeros_like(total), where=mask & (weight > 1e-9))


def _plane(values: np.ndarray, weight: np.ndarray, mask: np.ndarray, spacing_mm, width_mm: float) -> np.ndarray:
    """Local linear regression at the voxels of ``mask``: the value there of the plane fitted to its surroundings."""
    sigma = [width_mm / h for h in spacing_mm]
    x = np.meshgrid(*[(np.arange(n) - n / 2) * h for n, h in zip(values.shape, spacing_mm, strict=True)], indexing="ij")

    def filtered(field: np.ndarray) -> np.ndarray:
        return gaussian_filter(field, sigma, truncate=3.0)[mask]

    total = filtered(weight) + 1e-12
    centre = np.stack([filtered(weight * a) for a in x], axis=-1) / total[:, None]
    mean = filtered(weight * values) / total
    matrix = np.empty((total.size, 3, 3))
    vector = np.empty((total.size, 3))
    for i, j in itertools.combinations_with_replacement(range(3), 2):
        moment = filtered(weight * x[i] * x[j]) / total - centre[:, i] * centre[:, j]
        matrix[:, i, j] = matrix[:, j, i] = moment + (RIDGE * width_mm**2 if i == j else 0.0)
    for i in range(3):
        vector[:, i] = filtered(weight * x[i] * values) / total - centre[:, i] * mean
    slopes = np.linalg.solve(matrix, vector[..., None])[..., 0]
    offset = np.stack([a[mask] for a in x], axis=-1) - centre
    return mean + (slopes * offset).sum(axis=-1)
