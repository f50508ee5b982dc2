"""A visit and the baseline in alternate squares: where the registration is right, edges run on across them."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.patient import Patient, Visit
from twin.visual.slices import Slice, three_planes
from twin.visual.view import ANATOMICAL, View

SQUARE_MM = 25.0


def shared_image(first: Visit, later: Visit) -> str | None:
    """The role of the best anatomical image that both visits have."""
    return next((role for role in ANATOMICAL if role in first.images and role in later.images), None)


def registered_visits(patient: Patient) -> list[tuple[Visit, str]]:
    """The visits that were registered to the baseline, each with the role that both scans have."""
    first = patient.visits[0]
    found = [(v, shared_image(first, v)) for v in patient.visits[1:] if "registered to the baseline" in v.alignment]
    return [(visit, role) for visit, role in found if role is not None]


def checkerboard_row(view: View, fixed: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Three planes through the lesion (pixels): the baseline and the visit, both on the patient's grid, in squares."""
    board = checkerboard(view.show(_scaled(fixed)), view.show(_scaled(moved)), view.spacing)

    def layers(piece: Slice, ax: Any) -> None:
        piece.draw(ax, board, interpolation="nearest")

    return three_planes(view, layers)


def checkerboard(fixed: np.ndarray, moved: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Two (z, y, x) arrays in alternate cubes of SQUARE_MM."""
    z, y, x = (np.arange(n) * h // SQUARE_MM for n, h in zip(fixed.shape, spacing_mm, strict=True))
    even = (z[:, None, None] + y[:, None] + x) % 2 == 0
    return np.where(even, fixed, moved)


def _scaled(values: np.ndarray) -> np.ndarray:
    """0 to 1 between the 1st and the 99th percentile."""
    low, high = np.percentile(values, [1, 99])
    return np.clip((values - low) / (high - low), 0, 1) if high > low else np.zeros(values.shape)
