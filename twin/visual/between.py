"""Shells between two scans: the outlines of both, blended by their distance to the surface."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.fields import bounding_box
from twin.grid import triple
from twin.visual.mesh import Spacing, bodies, softened
from twin.visual.palette import SHELLS

REACH_MM = 12.0
"""Distances are kept up to this far from a surface."""


def distances(probability: np.ndarray, spacing: Spacing) -> list[np.ndarray]:
    """For each level of SHELLS the distance in mm to the surface of that probability, positive inside, cut at REACH_MM."""
    soft = softened(probability, spacing, 0.3 * max(spacing))
    return [_signed(soft > percent / 100, spacing) for percent in SHELLS]


def _signed(inside: np.ndarray, spacing: Spacing) -> np.ndarray:
    from scipy import ndimage

    if not inside.any():
        return np.full(inside.shape, -REACH_MM, np.float32)
    box = bounding_box(inside, triple(int(REACH_MM / h) + 2 for h in spacing))
    part = inside[box]
    near = ndimage.distance_transform_edt(part, spacing) - ndimage.distance_transform_edt(~part, spacing)
    found = np.full(inside.shape, -REACH_MM, np.float32)
    found[box] = np.clip(ndimage.gaussian_filter(near, 0.7), -REACH_MM, REACH_MM)
    return found


def shells(before: list[np.ndarray], after: list[np.ndarray], share: float, spacing: Spacing) -> list[Any]:
    """The surfaces ``share`` of the way from one set of distances to the other; None where there is none.

    A surface moves evenly from one outline to the other (shape-based interpolation, Raya and Udupa 1990); what happens
    between two scans is not known to it.
    """
    found = []
    for a, b in zip(before, after, strict=True):
        blended = (1 - share) * a + share * b
        found += bodies(np.clip(0.5 + blended / (2 * REACH_MM), 0, 1), spacing, [0.5], finest_mm=1.6)
    return found
