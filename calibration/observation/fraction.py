"""The cell fraction that a visit shows, whatever image it comes from."""

from __future__ import annotations

import numpy as np

from calibration import front
from calibration.observation import adc
from twin.patient import Patient, Visit

LOWEST, HIGHEST = 0.02, 0.98
"""Where a front's coordinate is cut: beyond, its tails are all noise."""


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
    """Standard deviation of a voxel's noise, from the mixed third differences of blocks of 2 x 2 x 2 voxels in ``mask``.

    They are taken in a front's own coordinate, in which a front is straight, and scaled back: a mixed difference of
    independent noise has eight times its variance and sees neither a slope nor the curvature of a front. The median keeps
    edges out. At least 0.01: no scanner is perfect.
    """
    place = front.position(np.clip(u, LOWEST, HIGHEST))
    mixed = np.diff(np.diff(np.diff(place, axis=0), axis=1), axis=2)
    inner, middle = _blocks(mask, np.logical_and), _blocks(place, np.add) / 8.0
    if inner.sum() < 20:
        return adc.VOXEL_NOISE
    in_u = np.abs(mixed * front.slope(middle))[inner]
    return float(max(np.median(in_u) / 0.6745 / np.sqrt(8.0), 0.01))


def _blocks(values: np.ndarray, join: np.ufunc) -> np.ndarray:
    """``values`` of every block of 2 x 2 x 2 voxels joined."""
    for axis in range(3):
        low, high = np.take(values, range(values.shape[axis] - 1), axis), np.take(values, range(1, values.shape[axis]), axis)
        values = join(low, high)
    return values
