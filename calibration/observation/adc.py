"""Apparent diffusion coefficient: cells hinder water."""

from __future__ import annotations

import numpy as np

from twin.patient import Cellularity

TRUE_CHANGE = {"brain": 0.08, "breast": 0.15, "liver": 0.27}
"""Relative change of the ADC between two scans that is a true one with 95 % confidence, by organ (QIBA profile for diffusion
imaging, as told in PMC11537247). It is 1.96 sqrt(2) = 2.77 times the spread of one scan."""

REPEATABILITY = TRUE_CHANGE["brain"] / 2.77
"""Relative spread of a brain scan's ADC. It moves the whole scan, so it is a factor for the visit, not for the voxel."""

VOXEL_NOISE = 0.05
"""Standard deviation of a voxel's ADC relative to free water (signal to noise of 20), where an image tells no other."""


def repeatability(site: str) -> float:
    """Relative spread of the ADC of one scan of that organ (the worst of the table where the organ is not in it)."""
    return TRUE_CHANGE.get(site, max(TRUE_CHANGE.values())) / 2.77


def to_fraction(adc: np.ndarray, cellularity: Cellularity) -> np.ndarray:
    """Cell fraction u = (water - ADC) / (water - minimum), not clipped: noise keeps its mean of zero.

    ``adc`` in mm2/s. Source: Jarrett et al. 2021, Nat Protoc 16:5309. Limit: oedema and necrosis also raise the ADC.
    """
    water, minimum = cellularity.adc_water_mm2_per_s, cellularity.adc_minimum_mm2_per_s
    return ((water - adc) / (water - minimum)).astype(np.float32)


def to_image(u: np.ndarray, cellularity: Cellularity) -> np.ndarray:
    """ADC in mm2/s of a cell fraction; the inverse of :func:`to_fraction`."""
    water, minimum = cellularity.adc_water_mm2_per_s, cellularity.adc_minimum_mm2_per_s
    return (water - (water - minimum) * u).astype(np.float32)


def bias_shape(u: np.ndarray, cellularity: Cellularity) -> np.ndarray:
    """d(observed fraction) / d(relative ADC error of the visit): how a wrong ADC scale shows in the fraction."""
    water, minimum = cellularity.adc_water_mm2_per_s, cellularity.adc_minimum_mm2_per_s
    return -to_image(u, cellularity) / np.float32(water - minimum)
