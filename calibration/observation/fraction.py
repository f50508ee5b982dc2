"""The cell fraction that a visit shows, whatever image it comes from."""

from __future__ import annotations

import numpy as np

from calibration.observation import adc
from twin.patient import Patient, Visit


def has_fraction(visit: Visit) -> bool:
    """Whether the visit has an image that shows how many cells there are, not only where."""
    return "cell_fraction" in visit.images or "adc" in visit.images


def observed_fraction(patient: Patient, visit: Visit) -> np.ndarray | None:
    """Cell fraction (z, y, x), float32, not clipped; None where the visit has no image of it.

    Cells are only counted inside the segmented lesion: outside it (but in the tissue) the fraction is 0, because oedema,
    grey matter and vessels change the ADC there as well. Outside the tissue it is NaN.
    """
    if not has_fraction(visit):
        return None
    if "cell_fraction" in visit.images:
        u = np.asarray(visit.images["cell_fraction"].values, np.float32)
    else:
        u = adc.to_fraction(np.asarray(visit.images["adc"].values), patient.cellularity)
    if visit.whole is not None:
        u = np.where(visit.whole, u, np.float32(0))
    return np.where(patient.medium.domain, u, np.float32(np.nan))


def voxel_noise(u: np.ndarray, mask: np.ndarray) -> float:
    """Standard deviation of a voxel's noise, from second differences along the rows inside ``mask``.

    A second difference of independent noise has six times its variance and does not see a linear slope; the median keeps
    edges out. At least 0.01: no scanner is perfect.
    """
    second = u[:, :, :-2] - 2 * u[:, :, 1:-1] + u[:, :, 2:]
    inner = mask[:, :, :-2] & mask[:, :, 1:-1] & mask[:, :, 2:]
    if inner.sum() < 20:
        return adc.VOXEL_NOISE
    return float(max(np.median(np.abs(second[inner])) / 0.6745 / np.sqrt(6.0), 0.01))
