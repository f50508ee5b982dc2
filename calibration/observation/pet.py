"""PET: tracer taken up by living tumour cells, above what normal tissue takes up."""

from __future__ import annotations

import numpy as np

from twin.patient import Cellularity

REPEATABILITY = 0.14
"""Relative spread of the uptake of one scan. FDG-PET/CT twice without treatment between: 95 % limits of SUVpeak of -28 to
+39 % in 34 and -35 to +53 % in 40 patients (Weber et al. 2015, J Nucl Med 56:1137): 0.12 and 0.15 for one scan, 0.14 of
both. It moves the whole scan."""


def declared(cellularity: Cellularity) -> bool:
    """Whether the case says what uptake means: without both numbers PET is only looked at, as no value is ever guessed."""
    return cellularity.pet_background is not None and cellularity.pet_capacity is not None


def to_fraction(uptake: np.ndarray, cellularity: Cellularity) -> np.ndarray:
    """Cell fraction u = (uptake - background) / (capacity - background), not clipped: noise keeps its mean of zero.

    ``uptake`` in the unit of the case's PET images (SUV), in which background and capacity are given. Limits: inflammation
    takes up FDG as well; uptake by a cell is taken as the same in all of them, and the scanner's blur (4 to 6 mm) is not
    undone, so small lesions seem emptier than they are.
    """
    low, high = _levels(cellularity)
    return ((uptake - low) / (high - low)).astype(np.float32)


def to_image(u: np.ndarray, cellularity: Cellularity) -> np.ndarray:
    """Uptake of a cell fraction; the inverse of :func:`to_fraction`."""
    low, high = _levels(cellularity)
    return (low + (high - low) * u).astype(np.float32)


def bias_shape(cellularity: Cellularity) -> tuple[float, float]:
    """d(observed fraction) / d(relative error of the scan's uptake) = a + b u."""
    low, high = _levels(cellularity)
    return low / (high - low), 1.0


def _levels(cellularity: Cellularity) -> tuple[float, float]:
    low, high = cellularity.pet_background, cellularity.pet_capacity
    assert low is not None and high is not None, "ask declared() first"
    return low, high
