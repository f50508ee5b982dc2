"""A virtual scanner: from the hidden cell fraction to the images and regions that a clinic would have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from calibration.observation import adc, segmentation
from twin.fields import bounding_box, field
from twin.medium import Medium
from twin.patient import Cellularity, Visibility, Visit


@dataclass(frozen=True)
class Scanner:
    """How well the scanner and the person who draws see.

    ``voxel_noise``: standard deviation of a voxel's ADC relative to free water. ``repeatability``: relative spread of the
    ADC scale between visits. ``boundary_mm``: standard deviation of a drawn border, alike over ``correlation_mm``.
    """

    voxel_noise: float = adc.VOXEL_NOISE
    repeatability: float = adc.REPEATABILITY
    boundary_mm: float = segmentation.BOUNDARY_MM
    correlation_mm: float = segmentation.CORRELATION_MM


def scan(
    u: np.ndarray,
    medium: Medium,
    visit: Visit,
    rng: np.random.Generator,
    scanner: Scanner | None = None,
    cellularity: Cellularity | None = None,
    visibility: Visibility | None = None,
) -> Visit:
    """``visit`` with the ADC map (mm2/s) and the regions "enhancing" and "oedema" that show the cell fraction ``u``."""
    scanner, seen = scanner or Scanner(), visibility or Visibility()
    image = field(_noisy_adc(u, medium, scanner, cellularity or Cellularity(), rng), medium.grid, "mm2/s")
    whole = draw_region(u, seen.threshold, medium, scanner, rng)
    regions = {"oedema": whole}
    if seen.core is not None:
        enhancing = draw_region(u, seen.core, medium, scanner, rng) & whole
        regions = {"enhancing": enhancing, "oedema": whole & ~enhancing}
    return Visit(visit.day, visit.name, {"adc": image}, regions, visit.date, visit.held_out)


def _noisy_adc(
    u: np.ndarray, medium: Medium, scanner: Scanner, cellularity: Cellularity, rng: np.random.Generator
) -> np.ndarray:
    """Magnitude of a signal with noise in both of its parts (Rician), times the visit's scale error; 0 outside tissue."""
    sigma = np.float32(scanner.voxel_noise * cellularity.adc_water_mm2_per_s)
    scale = np.float32(np.exp(scanner.repeatability * rng.standard_normal()))
    real = adc.to_image(u, cellularity) * scale + sigma * rng.standard_normal(u.shape, np.float32)
    imaginary = sigma * rng.standard_normal(u.shape, np.float32)
    return np.where(medium.domain, np.hypot(real, imaginary), np.float32(0))


def draw_region(u: np.ndarray, threshold: float, medium: Medium, scanner: Scanner, rng: np.random.Generator) -> np.ndarray:
    """The region above ``threshold`` as a person draws it: its border is moved in and out by a smooth random distance."""
    true = segmentation.to_mask(u, threshold)
    drawn = np.zeros_like(true)
    if not true.any():
        return drawn
    spacing = medium.grid.spacing_mm
    margin = tuple(int(np.ceil(4 * scanner.boundary_mm / h)) + 1 for h in spacing)
    box = bounding_box(true, margin)  # type: ignore[arg-type]
    cut = true[box]
    outwards = distance_transform_edt(~cut, spacing) - distance_transform_edt(cut, spacing)
    outwards -= np.sign(outwards) * min(spacing) / 2  # the border lies between voxels
    wobble = scanner.boundary_mm * smooth_noise(cut.shape, spacing, scanner.correlation_mm, rng)
    drawn[box] = (outwards < wobble) & medium.domain[box]
    return drawn


def smooth_noise(shape, spacing, length_mm: float, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise of unit variance that is alike over ``length_mm``."""
    if length_mm <= 0:
        return rng.standard_normal(shape)
    sigma = [length_mm / h / np.sqrt(2.0) for h in spacing]
    pad = [int(np.ceil(4 * s)) for s in sigma]
    white = rng.standard_normal([n + 2 * p for n, p in zip(shape, pad, strict=True)])
    smooth = gaussian_filter(white, sigma, mode="wrap")
    inner = smooth[tuple(slice(p, p + n) for n, p in zip(shape, pad, strict=True))]
    return inner / smooth.std()
