"""The window: the box of the grid that is held in memory, in the engine's own axis order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.grid import Box, Grid, triple

LANE = 16
"""Rows start and end on multiples of this many numbers, so that whole vectors can be processed."""


def memory_order(grid: Grid) -> tuple[int, int, int]:
    """The grid's axes, slowest first; rows lie along the finest (then the longest) axis, where a tumour has most voxels."""
    return triple(sorted(range(3), key=lambda axis: (-grid.spacing_mm[axis], grid.shape[axis], axis)))


@dataclass(frozen=True)
class Window:
    """``box`` of ``grid`` as flat arrays: axes in ``order`` (slowest first), one empty voxel around, rows padded.

    Voxel (a, b, c) of the box, in memory order, is number ``(a + 1) * plane + (b + 1) * pitch + LANE + c``.
    """

    grid: Grid
    box: Box
    order: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels of the box along the axes of memory."""
        return triple(self.box[axis].stop - self.box[axis].start for axis in self.order)

    @property
    def padded(self) -> tuple[int, int, int]:
        a, b, c = self.shape
        return a + 2, b + 2, 2 * LANE + -(-c // LANE) * LANE

    @property
    def pitch(self) -> int:
        return self.padded[2]

    @property
    def plane(self) -> int:
        return self.padded[1] * self.padded[2]

    @property
    def size(self) -> int:
        return self.padded[0] * self.plane

    def spacing_mm(self) -> tuple[float, float, float]:
        return triple(self.grid.spacing_mm[axis] for axis in self.order)

    def zeros(self, dtype: type, *lead: int) -> np.ndarray:
        return np.zeros((*lead, self.size), dtype)

    def view(self, flat: np.ndarray) -> np.ndarray:
        """(..., z, y, x) view of the box inside flat arrays (..., size)."""
        a, b, c = self.shape
        lead = flat.shape[:-1]
        inner = flat.reshape(*lead, *self.padded)[..., 1 : a + 1, 1 : b + 1, LANE : LANE + c]
        back = [len(lead) + self.order.index(axis) for axis in range(3)]
        return inner.transpose(*range(len(lead)), *back)

    def rows(self, values: np.ndarray) -> np.ndarray:
        """A padded (rows of the window, pitch) view of one flat array."""
        return values.reshape(-1, self.pitch)

    def load(self, field: np.ndarray, dtype: type) -> np.ndarray:
        """Flat copy of the box of a (..., z, y, x) field on the grid."""
        flat = self.zeros(dtype, *field.shape[:-3])
        self.view(flat)[...] = field[(..., *self.box)]
        return flat
