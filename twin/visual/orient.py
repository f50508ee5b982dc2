"""Arrays turned to one orientation, so that every picture shows the patient the same way round."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from twin.grid import Grid, triple


@dataclass(frozen=True)
class Orientation:
    """Turns (z, y, x) arrays of a grid so that x runs right to left, y anterior to posterior, z inferior to superior.

    Only whole axes are exchanged and reversed, no value is interpolated; on an oblique grid the letters name the nearest
    anatomical direction (``tilt_degrees`` says how far off it is).
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]
    spacing_mm: tuple[float, float, float]
    tilt_degrees: float

    def apply(self, array: np.ndarray) -> np.ndarray:
        """The array in display order (z, y, x); leading axes are kept as they are."""
        lead = array.ndim - 3
        turned = np.transpose(array, (*range(lead), *(lead + a for a in self.axes)))
        return np.flip(turned, tuple(lead + i for i, reverse in enumerate(self.flips) if reverse))


def orientation(grid: Grid) -> Orientation:
    """The exchange of axes that brings ``grid`` (LPS) closest to the display order."""
    columns = np.reshape(grid.direction, (3, 3))[:, ::-1]  # directions of the z, y, x index axes, rows L, P, S
    wanted = np.eye(3)[:, ::-1]  # z -> S, y -> P, x -> L
    cosines = wanted.T @ columns
    order = max(itertools.permutations(range(3)), key=lambda p: sum(abs(cosines[i, a]) for i, a in enumerate(p)))
    along = [float(cosines[i, a]) for i, a in enumerate(order)]
    return Orientation(
        axes=triple(order),
        flips=triple(c < 0 for c in along),
        spacing_mm=triple(grid.spacing_mm[a] for a in order),
        tilt_degrees=float(np.degrees(np.arccos(np.clip(min(abs(c) for c in along), 0, 1)))),
    )
