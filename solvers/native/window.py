"""The window: the box of the grid that is held in memory, in the engine's own axis order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from twin.grid import Box, Grid, triple

LANE = 16
"""Rows start and end on multiples of this many numbers, so that whole vectors can be processed."""

CACHE_LINE = 64
"""Bytes. A vector that lies across two lines takes twice as long to read."""


def aligned(box: Box, order: tuple[int, int, int]) -> Box:
    """The box with its rows starting on a multiple of ``LANE``.

    The engine works on blocks of voxels along a row; they must be the same blocks whatever window they are seen through.
    """
    sides = list(box)
    along = sides[order[2]]
    sides[order[2]] = slice(along.start // LANE * LANE, along.stop)
    return triple(sides)


def memory_order(grid: Grid) -> tuple[int, int, int]:
    """The grid's axes, slowest first; rows lie along the finest axis (x of several), where a tumour has most voxels.

    Not along the longest: the cost would change with the image around the same tumour.
    """
    return triple(sorted(range(3), key=lambda axis: (grid.shape[axis] > 1, -grid.spacing_mm[axis], axis)))


@dataclass(frozen=True)
class Window:
    """``box`` of ``grid`` as flat arrays: axes in ``order`` (slowest first), ``rim`` empty voxels around, rows padded.

    Voxel (a, b, c) of the box, in memory order, is number ``(a + rim) * plane + (b + rim) * pitch + LANE + c``.
    """

    grid: Grid
    box: Box
    order: tuple[int, int, int]
    rim: int = 1

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """Voxels of the box along the axes of memory."""
        return triple(self.box[axis].stop - self.box[axis].start for axis in self.order)

    @cached_property
    def padded(self) -> tuple[int, int, int]:
        a, b, c = self.shape
        return a + 2 * self.rim, b + 2 * self.rim, 2 * LANE + -(-c // LANE) * LANE

    @cached_property
    def pitch(self) -> int:
        return self.padded[2]

    @cached_property
    def plane(self) -> int:
        return self.padded[1] * self.padded[2]

    @cached_property
    def size(self) -> int:
        return self.padded[0] * self.plane

    def spacing_mm(self) -> tuple[float, float, float]:
        return triple(self.grid.spacing_mm[axis] for axis in self.order)

    def zeros(self, dtype: type, *lead: int) -> np.ndarray:
        """Zeros, the first number of every row at the start of a cache line."""
        number = np.dtype(dtype).itemsize
        n = math.prod(lead) * self.size
        room: np.ndarray = np.zeros(n + CACHE_LINE // number, dtype)
        first = -room.ctypes.data % CACHE_LINE // number
        return room[first : first + n].reshape(*lead, self.size)

    def view(self, flat: np.ndarray) -> np.ndarray:
        """(..., z, y, x) view of the box inside flat arrays (..., size)."""
        a, b, c = self.shape
        lead = flat.shape[:-1]
        r = self.rim
        inner = flat.reshape(*lead, *self.padded)[..., r : a + r, r : b + r, LANE : LANE + c]
        back = [len(lead) + self.order.index(axis) for axis in range(3)]
        return inner.transpose(*range(len(lead)), *back)

    def in_grid(self, sides: Box) -> Box:
        """Voxels of the window along the axes of memory as a box of the grid."""
        by_axis = [sides[self.order.index(axis)] for axis in range(3)]
        return triple(slice(s.start + b.start, s.stop + b.start) for s, b in zip(by_axis, self.box, strict=True))

    def load(self, field: np.ndarray, dtype: type, part: Box | None = None) -> np.ndarray:
        """Flat copy of the box of a (..., z, y, x) field on the grid; only ``part`` of it, a box of the grid, if given."""
        flat = self.zeros(dtype, *field.shape[:-3])
        part = self.box if part is None else part
        self.view(flat)[(..., *self.inside(part))] = field[(..., *part)]
        return flat

    def inside(self, part: Box) -> Box:
        """A box of the grid seen from the window's box."""
        return triple(slice(p.start - b.start, p.stop - b.start) for p, b in zip(part, self.box, strict=True))
