"""Predicted against observed on one visit: the residuals whose squares the likelihood sums."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import distance_transform_edt

from calibration.initial import TYPICAL_LENGTH_MM
from calibration.observation import adc, segmentation
from calibration.observation.fraction import observed_fraction, voxel_noise
from twin.patient import Patient, Visit

NEAR_MM = 12.0
"""Voxels further than this from every lesion seen are not compared."""

BLOCK_MM = 8.0
"""Edge of the cubes over which prediction and image are averaged before they are compared.

Voxel by voxel a fit is rewarded for smoothing the first scan's noise, which it takes for diffusion. Cubes
of this size keep what the front tells (it is several times sqrt(D / rho) wide) and average such noise out alike for
every candidate; their errors are about independent, as drawn borders and texture are alike over a few millimetres."""

DISCREPANCY = 0.02
"""Nominal difference of the cell fraction between the model and a noiseless image over a cube, until the residuals tell."""


@dataclass(frozen=True)
class Comparison:
    """One visit's data on a fixed list of voxels (``index``, flat), and how far each may be off.

    ``fraction`` is compared where ``counted`` (inside the lesion; and outside it as zero where the lesion is no level set).
    A region says that the cell fraction is above its threshold inside and below it outside. ``block``: the cube of
    each voxel. ``weight`` turns a sum of squares into a log-likelihood; it is 1 until :mod:`calibration.discrepancy` has
    looked at the residuals.
    """

    day: float
    name: str
    index: np.ndarray = field(repr=False)
    block: np.ndarray = field(repr=False)
    corner: np.ndarray = field(repr=False)
    fraction: np.ndarray | None = field(repr=False)
    counted: np.ndarray = field(repr=False)
    whole: np.ndarray | None = field(repr=False)
    core: np.ndarray | None = field(repr=False)
    noise: float
    whole_threshold: float | None
    core_threshold: float | None
    bias_spread: float
    bias_shape: tuple[float, float]
    weight: float = 1.0

    def residual(self, u: np.ndarray) -> np.ndarray:
        """Weighted residuals (float32) of a predicted fraction (z, y, x); the last one is the visit's scale error."""
        raw, bias = self.unbiased(u.reshape(-1)[self.index])
        scaled = (np.sqrt(self.weight) * raw).astype(np.float32)
        return np.append(scaled, np.float32(bias / self.bias_spread)) if self.bias_spread > 0 else scaled

    def unbiased(self, u: np.ndarray) -> tuple[np.ndarray, float]:
        """Residuals by cube with the visit's ADC scale error taken out, and that error.

        The error is linear with a normal prior of spread ``bias_spread``, so its best value is exact.
        """
        raw, shape = self.raw(u)
        if self.bias_spread <= 0:
            return raw, 0.0
        curvature = self.weight * float(shape @ shape) + 1.0 / self.bias_spread**2
        bias = self.weight * float(raw @ shape) / curvature
        return raw - bias * shape, bias

    def raw(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Residuals by cube in units of their stated spread, and what a relative error of the ADC scale adds to them.

        One after the other: the cell fraction, then each region's contradictions. Both sides of a border count alike, so
        that a border drawn wrong pulls neither way.
        """
        parts, shapes = [], []
        if self.fraction is not None:
            c, (a, b) = self.counted, self.bias_shape
            parts.append(self._mean((self.fraction - u) * c) / self.spread)
            shapes.append(self._mean((a + b * u) * c) / self.spread)
        for mask, threshold in self.regions:
            parts.append(-self._mean(segmentation.violation(u, mask, threshold)) / border_error(threshold))
            shapes.append(np.zeros(len(self.corner)))
        return np.concatenate(parts), np.concatenate(shapes)

    def _mean(self, values: np.ndarray) -> np.ndarray:
        return np.bincount(self.block, values, len(self.corner)) / self.size

    @property
    def size(self) -> np.ndarray:
        """Voxels of each cube."""
        return np.bincount(self.block, minlength=len(self.corner))

    @property
    def spread(self) -> np.ndarray:
        """Stated spread of each cube's mean cell fraction: the voxels' noise averaged, and the nominal discrepancy; both in
        proportion to the share of the cube that is counted."""
        counted = np.bincount(self.block, self.counted, len(self.corner))
        share = np.maximum(counted, 1.0) / self.size
        return np.sqrt(self.noise**2 * share / self.size + (DISCREPANCY * share) ** 2)

    @property
    def noise_share(self) -> float:
        """Mean share of the stated variance that is the voxels' noise: no fit can leave less."""
        counted = np.bincount(self.block, self.counted, len(self.corner))
        share = np.maximum(counted, 1.0) / self.size
        return float(np.mean(self.noise**2 * share / self.size / self.spread**2))

    @property
    def regions(self) -> list[tuple[np.ndarray, float]]:
        """The regions that are level sets of the cell fraction, with their thresholds."""
        pairs = ((self.whole, self.whole_threshold), (self.core, self.core_threshold))
        return [(mask, level) for mask, level in pairs if mask is not None and level is not None]


def border_error(threshold: float) -> float:
    """Spread of a cube's mean contradiction where its border is drawn ``BOUNDARY_MM`` wrong."""
    return segmentation.border_spread(threshold, TYPICAL_LENGTH_MM) * segmentation.BOUNDARY_MM / BLOCK_MM


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
    block, corner = cubes(near, patient)
    return Comparison(
        day=visit.day,
        name=visit.name,
        index=near,
        block=block,
        corner=corner,
        fraction=values,
        counted=counted,
        whole=whole,
        core=None if visit.core is None else visit.core.reshape(-1)[near],
        noise=noise,
        whole_threshold=threshold,
        core_threshold=patient.visibility.core,
        bias_spread=bias,
        bias_shape=_bias_shape(patient),
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


def cubes(index: np.ndarray, patient: Patient) -> tuple[np.ndarray, np.ndarray]:
    """The cube number of each voxel, and each cube's place on the lattice of cubes (cube, 3)."""
    places = np.unravel_index(index, patient.grid.shape)
    widths = [max(1, round(BLOCK_MM / h)) for h in patient.grid.spacing_mm]
    lattice = np.stack([p // w for p, w in zip(places, widths, strict=True)], axis=1)
    corner, block = np.unique(lattice, axis=0, return_inverse=True)
    return block.reshape(-1), corner


def _bias_shape(patient: Patient) -> tuple[float, float]:
    """d(observed fraction) / d(relative ADC error) = a + b u: -(water - (water - minimum) u) / (water - minimum)."""
    water, minimum = patient.cellularity.adc_water_mm2_per_s, patient.cellularity.adc_minimum_mm2_per_s
    return -water / (water - minimum), 1.0
