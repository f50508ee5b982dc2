"""The cell fraction that a visit shows, whatever image it comes from."""

from __future__ import annotations

import numpy as np

from calibration import front
from calibration.observation import adc, pet
from twin.patient import Patient, Visit

LOWEST, HIGHEST = 0.02, 0.98
"""Where a front's coordinate is cut: beyond, its tails are all noise."""


def kind_of(patient: Patient, visit: Visit) -> str | None:
    """The role of the image that shows how many cells there are, not only where: counts before ADC before PET.

    PET counts where the case says what its uptake means. None where the visit has no such image.
    """
    known = ("cell_fraction", "adc", *(("pet",) if pet.declared(patient.cellularity) else ()))
    return next((role for role in known if role in visit.images), None)


def observed_fraction(patient: Patient, visit: Visit) -> np.ndarray | None:
    """Cell fraction (z, y, x), float32, not clipped; None where the visit has no image of it.

    Cells are only counted inside the segmented lesion: outside it (but in the tissue) the fraction is 0, because oedema,
    grey matter and vessels change the ADC there as well. Outside the tissue it is NaN.
    """
    kind = kind_of(patient, visit)
    if kind is None:
        return None
    values = np.asarray(visit.images[kind].values)
    read = {"adc": adc.to_fraction, "pet": pet.to_fraction}.get(kind, lambda image, _: image.astype(np.float32))
    u = read(values, patient.cellularity)
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
