"""What a dose does to an organ as a whole: dose-volume histogram, gEUD, complication probability."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

NEAR_MAXIMUM_ML = 0.03
"""The maximum is read off the hottest 0.03 mL, not off one voxel (ICRU 83 asks for a volume)."""

BIN_GY = 0.5


def histogram(dose: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Cumulative dose-volume histogram: the share of the organ's voxels with ``edges`` Gy or more."""
    ordered = np.sort(np.asarray(dose, float))
    return 1.0 - np.searchsorted(ordered, edges, side="left") / ordered.size


def edges_gy(highest: float) -> np.ndarray:
    """Doses at which a histogram is told, 0 to ``highest`` in steps of 0.5 Gy."""
    return np.arange(0.0, highest + 2 * BIN_GY, BIN_GY)


def dose_to_share(dose: np.ndarray, share: float) -> float:
    """D(share): the least dose in the hottest ``share`` of the organ, Gy."""
    ordered = np.sort(np.asarray(dose, float))[::-1]
    return float(ordered[min(ordered.size - 1, max(0, int(np.ceil(share * ordered.size)) - 1))])


def near_maximum(dose: np.ndarray, voxel_ml: float) -> float:
    """The least dose in the hottest 0.03 mL, Gy; of the hottest voxel where that is larger."""
    return dose_to_share(dose, NEAR_MAXIMUM_ML / (voxel_ml * np.size(dose)))


def equivalent_uniform_dose(dose: np.ndarray, n: float) -> float:
    """gEUD = (mean of d^(1/n))^n, Gy: the maximum for n -> 0, the mean for n = 1. Niemierko 1999 (a = 1/n)."""
    dose = np.asarray(dose, float)
    highest = float(dose.max(initial=0.0))
    return highest * float(np.mean((dose / highest) ** (1.0 / n))) ** n if highest > 0 else 0.0


def complication_probability(geud_gy: float, td50_gy: float, m: float) -> float:
    """NTCP = Phi((gEUD - TD50) / (m TD50)), Lyman 1985, Kutcher and Burman 1989; doses in 2 Gy fractions."""
    return float(ndtr((geud_gy - td50_gy) / (m * td50_gy)))
