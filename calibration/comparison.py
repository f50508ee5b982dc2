"""Predicted against observed on one visit: the residuals whose squares the likelihood sums."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import distance_transform_edt

from calibration.initial import TYPICAL_LENGTH_MM
from calibration.observation import adc, segmentation
from calibration.observation.fraction import observed_fraction, voxel_noise
from twin.grid import Grid
from twin.patient import Patient, Visit

NEAR_MM = 12.0
"""Voxels further than this from every lesion seen are not compared."""

CORRELATED_MM3 = 64.0
"""Volume within which errors are alike, before the residuals tell: the cube of the correlation length of a drawn border."""


@dataclass(frozen=True)
class Comparison:
    """One visit's data on a fixed list of voxels (``index``, flat), and how far each may be off.

    ``fraction`` is compared where ``counted`` (inside the lesion; and outside it as zero where the lesion is no level set).
    Elsewhere only a contradiction to a region counts: above the visible threshold outside it, below it inside.
    ``weight`` turns a sum of squares into a log-likelihood: 1 / (voxels that err together x variance about the stated
    noise); it is 1 / (nominal voxels) until :mod:`calibration.discrepancy` has looked at the residuals.
    """

    day: float
    name: str
    grid: Grid
    index: np.ndarray = field(repr=False)
    fraction: np.ndarray | None = field(repr=False)
    counted: np.ndarray = field(repr=False)
    whole: np.ndarray | None = field(repr=False)
    core: np.ndarray | None = field(repr=False)
    noise: float
    whole_threshold: float | None
    core_threshold: float | None
    bias_spread: float
    bias_shape: tuple[float, float]
    weight: float

    def residual(self, u: np.ndarray) -> np.ndarray:
        """Weighted residuals (float32) of a predicted cell fraction (z, y, x); the last one is the visit's scale error.

        The scale error of the visit's ADC is fitted on the way (its prior is ``bias_spread``): it is linear, so this is
        the exact profile.
        """
        raw, shape = self.raw(u.reshape(-1)[self.index])
        if self.bias_spread <= 0:
            return np.sqrt(self.weight, dtype=np.float32) * raw
        top = self.weight * float(np.dot(raw, shape))
        bias = top / (self.weight * float(np.dot(shape, shape)) + 1.0 / self.bias_spread**2)
        scaled = np.sqrt(self.weight, dtype=np.float32) * (raw - np.float32(bias) * shape)
        return np.append(scaled, np.float32(bias / self.bias_spread))

    def raw(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Residuals in units of the stated noise, and what a relative error of the ADC scale adds to them."""
        out = np.zeros(self.index.size, np.float32)
        shape = np.zeros(self.index.size, np.float32)
        if self.fraction is not None:
            c = self.counted
            out[c] = (self.fraction[c] - u[c]) / np.float32(self.noise)
            a, b = self.bias_shape
            shape[c] = (a + b * u[c]) / np.float32(self.noise)
        for mask, threshold in ((self.whole, self.whole_threshold), (self.core, self.core_threshold)):
            if mask is not None and threshold is not None:
                spread = np.float32(segmentation.border_spread(threshold, TYPICAL_LENGTH_MM))
                contradiction = segmentation.violation(u, mask, threshold) / spread
                out -= np.where(self.counted, np.float32(0), contradiction) if mask is self.whole else contradiction
        return out, shape


def compare(patient: Patient, visit: Visit, near: np.ndarray) -> Comparison:
    """The comparison on one visit over the flat voxel indices ``near``."""
    fraction = observed_fraction(patient, visit)
    whole = None if visit.whole is None else visit.whole.reshape(-1)[near]
    threshold = patient.visibility.whole
    counted = np.zeros(near.size, bool)
    values, noise, bias = None, adc.VOXEL_NOISE, 0.0
    if fraction is not None:
        values = np.nan_to_num(fraction).reshape(-1)[near]
        counted = np.ones(near.size, bool) if whole is None or threshold is None else whole
        mask = visit.whole if visit.whole is not None else np.nan_to_num(fraction) > patient.visibility.threshold
        noise = voxel_noise(np.nan_to_num(fraction), mask)
        bias = adc.repeatability(patient.site) if "cell_fraction" not in visit.images else 0.0
    return Comparison(
        day=visit.day,
        name=visit.name,
        grid=patient.grid,
        index=near,
        fraction=values,
        counted=counted,
        whole=whole,
        core=None if visit.core is None else visit.core.reshape(-1)[near],
        noise=noise,
        whole_threshold=threshold,
        core_threshold=patient.visibility.core,
        bias_spread=bias,
        bias_shape=_bias_shape(patient),
        weight=min(1.0, patient.grid.voxel_ml * 1000.0 / CORRELATED_MM3),
    )


def comparisons(patient: Patient) -> tuple[Comparison, ...]:
    """One comparison for each visit seen after the first (the first is where the forecast starts)."""
    near = nearby(patient)
    return tuple(compare(patient, visit, near) for visit in patient.seen[1:])


def nearby(patient: Patient) -> np.ndarray:
    """Flat indices of the tissue within ``NEAR_MM`` of any lesion seen."""
    masks = [v.whole for v in patient.seen if v.whole is not None]
    if not masks:
        return np.flatnonzero(patient.medium.domain)
    seen = np.logical_or.reduce(masks)
    distance = distance_transform_edt(~seen, patient.grid.spacing_mm)
    return np.flatnonzero((distance <= NEAR_MM) & patient.medium.domain)


def _bias_shape(patient: Patient) -> tuple[float, float]:
    """d(observed fraction) / d(relative ADC error) = a + b u: -(water - (water - minimum) u) / (water - minimum)."""
    water, minimum = patient.cellularity.adc_water_mm2_per_s, patient.cellularity.adc_minimum_mm2_per_s
    return -water / (water - minimum), 1.0
