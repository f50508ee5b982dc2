"""Predicted against observed on one visit: the residuals whose squares the likelihood sums."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.ndimage import distance_transform_edt

from calibration.observation import adc, pet, segmentation
from calibration.observation.fraction import kind_of, observed_fraction, voxel_noise
from twin.patient import Patient, Visit

NEAR_MM = 12.0
"""Voxels further than this from every lesion seen are not compared."""

BLOCK_MM = 8.0
"""Edge of the cubes over which prediction and image are averaged before they are compared.

Voxel by voxel a fit is rewarded for smoothing the first scan's noise, which it takes for diffusion. Cubes
of this size keep what the front tells (it is several times sqrt(D / rho) wide) and average such noise out alike for
every candidate; their errors are about independent, as drawn borders and texture are alike over a few millimetres."""

BORDER_SHARE = segmentation.BOUNDARY_MM / BLOCK_MM
"""Spread of a cube's covered share where the border through it is drawn ``BOUNDARY_MM`` wrong."""

DISCREPANCY = 0.02
"""Nominal difference of the cell fraction between the model and a noiseless image over a cube, until the residuals tell."""


@dataclass(frozen=True)
class Comparison:
    """One visit's data on a fixed list of voxels (``index``, flat), and how far each may be off.

    ``fraction`` is compared where ``counted`` (inside the lesion; and outside it as zero where the lesion is no level set).
    A region tells what share of each cube has a cell fraction above its threshold. ``block``: the cube of each voxel.
    ``weights``, one a kind of data, turn sums of squares into a log-likelihood; they are 1 until
    :mod:`calibration.discrepancy` has looked at the residuals.
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
    spacing_mm: float = 1.0
    weights: tuple[float, ...] = (1.0, 1.0, 1.0)

    def residual(self, u: np.ndarray) -> np.ndarray:
        """Weighted residuals (float32) of a predicted fraction (z, y, x); the last one is the visit's scale error."""
        parts, bias = self.unbiased(u.reshape(-1)[self.index])
        scaled = [np.sqrt(w) * part for w, part in zip(self.weights, parts, strict=False)]
        if self.bias_spread > 0:
            scaled.append(np.array([bias / self.bias_spread]))
        return np.concatenate(scaled).astype(np.float32)

    def unbiased(self, u: np.ndarray) -> tuple[list[np.ndarray], float]:
        """Residuals by cube, one array a kind of data, with the visit's ADC scale error taken out, and that error.

        The error is linear with a normal prior of spread ``bias_spread``, so its best value is exact.
        """
        parts, shape = self.raw(u)
        if self.bias_spread <= 0:
            return parts, 0.0
        curvature = self.weights[0] * float(shape @ shape) + 1.0 / self.bias_spread**2
        bias = self.weights[0] * float(parts[0] @ shape) / curvature
        return [parts[0] - bias * shape, *parts[1:]], bias

    def raw(self, u: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """Residuals by cube in units of their stated spread, and what a relative error of the ADC scale adds to the first.

        One array after the other: the cell fraction, then the share of each cube that each region covers. Shares err alike
        to both sides of a border that was drawn wrong; the cell fraction there would not, since a front is steeper inside.
        """
        parts, shape = [], np.zeros(0)
        if self.fraction is not None:
            c, (a, b) = self.counted, self.bias_shape
            parts.append(self._mean((self.fraction - u) * c) / self.spread)
            shape = self._mean((a + b * u) * c) / self.spread
        for mask, threshold in self.regions:
            share = segmentation.visible_share(u, threshold, self.spacing_mm)
            parts.append(self._mean(mask - share) / BORDER_SHARE)
        return parts, shape

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the residuals are of, in their order."""
        names = ("whole", "core")
        masks = (
            self.whole if self.whole_threshold is not None else None,
            self.core if self.core_threshold is not None else None,
        )
        seen = tuple(n for n, mask in zip(names, masks, strict=True) if mask is not None)
        return (("fraction",) if self.fraction is not None else ()) + seen

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


def compare(patient: Patient, visit: Visit, near: np.ndarray, block_mm: float = BLOCK_MM) -> Comparison:
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
        bias = repeatability(patient, visit)
    block, corner = cubes(near, patient, block_mm)
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
        bias_shape=bias_shape(patient, visit),
        spacing_mm=float(np.mean(patient.grid.spacing_mm)),
    )


def comparisons(patient: Patient, block_mm: float = BLOCK_MM) -> tuple[Comparison, ...]:
    """One comparison for each visit seen. The first is where the forecast starts, so its image says nothing more; its
    regions do: their borders lie at known cell fractions, which tells the scale of that image."""
    near = nearby(patient)
    first = replace(compare(patient, patient.seen[0], near, block_mm), fraction=None, bias_spread=0.0)
    later = tuple(compare(patient, visit, near, block_mm) for visit in patient.seen[1:])
    return (first, *later) if first.kinds else later


def nearby(patient: Patient) -> np.ndarray:
    """Flat indices of the tissue within ``NEAR_MM`` of any lesion seen."""
    masks = [v.whole for v in patient.seen if v.whole is not None]
    if not masks:
        return np.flatnonzero(patient.medium.domain)
    seen = np.logical_or.reduce(masks)
    distance = distance_transform_edt(~seen, patient.grid.spacing_mm)
    return np.flatnonzero((distance <= NEAR_MM) & patient.medium.domain)


def cubes(index: np.ndarray, patient: Patient, block_mm: float = BLOCK_MM) -> tuple[np.ndarray, np.ndarray]:
    """The cube number of each voxel, and each cube's place on the lattice of cubes (cube, 3)."""
    places = np.unravel_index(index, patient.grid.shape)
    widths = [max(1, round(block_mm / h)) for h in patient.grid.spacing_mm]
    lattice = np.stack([p // w for p, w in zip(places, widths, strict=True)], axis=1)
    corner, block = np.unique(lattice, axis=0, return_inverse=True)
    return block.reshape(-1), corner


def repeatability(patient: Patient, visit: Visit) -> float:
    """Relative spread of the scale of the visit's image of cells; counts have none of their own."""
    known = {"adc": adc.repeatability(patient.site), "pet": pet.REPEATABILITY}
    return known.get(kind_of(patient, visit) or "", 0.0)


def bias_shape(patient: Patient, visit: Visit) -> tuple[float, float]:
    """d(observed fraction) / d(relative error of the image) = a + b u; for ADC -(water - (water - minimum) u) / (water -
    minimum)."""
    if kind_of(patient, visit) == "pet":
        return pet.bias_shape(patient.cellularity)
    water, minimum = patient.cellularity.adc_water_mm2_per_s, patient.cellularity.adc_minimum_mm2_per_s
    return -water / (water - minimum), 1.0
