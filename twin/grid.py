"""The grid: where every voxel is, in millimetres of the patient's frame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from twin.errors import DataRefused

Box = tuple[slice, slice, slice]
T = TypeVar("T")


def triple(values: Iterable[T]) -> tuple[T, T, T]:
    a, b, c = values
    return a, b, c


@dataclass(frozen=True)
class Grid:
    """A regular, possibly oblique grid in the patient's frame (LPS, mm).

    ``shape`` and ``spacing_mm`` are in array order (z, y, x). ``origin_mm`` is the (x, y, z) position of the centre of
    voxel (0, 0, 0). ``direction`` is the row-major 3 x 3 matrix whose columns are the directions of the x, y, z index axes
    (the convention of ITK), orthonormal.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    direction: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

    def __post_init__(self) -> None:
        matrix = np.reshape(self.direction, (3, 3))
        finite = np.isfinite([*self.spacing_mm, *self.origin_mm, *self.direction]).all()
        if len(self.shape) != 3 or min(self.shape) < 1 or not finite or min(self.spacing_mm) <= 0:
            raise DataRefused(
                f"The grid is not usable: shape {self.shape}, spacing {self.spacing_mm} mm.",
                why="distances and volumes cannot be computed on it",
                remedy="check the image header: spacing must be finite and positive",
            )
        if not np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-4):
            raise DataRefused(
                "The direction cosines of the grid are not orthonormal.",
                why="a sheared grid has no well-defined voxel spacing",
                remedy="re-export the image, or correct its direction matrix to the nearest rotation",
            )

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in mL (cm3)."""
        return float(np.prod(self.spacing_mm)) / 1000.0

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def index_to_mm(self, zyx: np.ndarray) -> np.ndarray:
        """(..., 3) voxel indices (z, y, x) -> (..., 3) positions (x, y, z) in mm."""
        step = np.reshape(self.direction, (3, 3)) * np.asarray(self.spacing_mm)[::-1]
        return np.asarray(self.origin_mm) + np.asarray(zyx, float)[..., ::-1] @ step.T

    def crop(self, box: Box) -> Grid:
        """The grid of a box of voxels; positions in mm stay as they are."""
        starts = [s.indices(n)[0] for s, n in zip(box, self.shape, strict=True)]
        stops = [s.indices(n)[1] for s, n in zip(box, self.shape, strict=True)]
        shape = triple(b - a for a, b in zip(starts, stops, strict=True))
        origin = triple(float(v) for v in self.index_to_mm(np.array(starts)))
        return replace(self, shape=shape, origin_mm=origin)

    def coarsen(self, factor: int) -> Grid:
        """The grid of blocks of ``factor`` voxels along each axis (a rest at the end is dropped)."""
        shape = triple(max(1, n // factor) for n in self.shape)
        shift = (np.minimum(factor, self.shape) - 1) / 2
        origin = triple(float(v) for v in self.index_to_mm(shift))
        spacing = triple(float(h * min(factor, n)) for h, n in zip(self.spacing_mm, self.shape, strict=True))
        return replace(self, shape=shape, spacing_mm=spacing, origin_mm=origin)

    def same_as(self, other: Grid, tolerance_mm: float = 1e-3) -> bool:
        """Whether the voxels of both grids lie at the same places, to ``tolerance_mm`` over the whole extent."""
        if self.shape != other.shape:
            return False
        corners = np.array(np.meshgrid(*[(0, n - 1) for n in self.shape], indexing="ij")).reshape(3, -1).T
        return bool(np.abs(self.index_to_mm(corners) - other.index_to_mm(corners)).max() <= tolerance_mm)
