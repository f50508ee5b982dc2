"""Contours to voxels: a structure is the union of slabs, each the even-odd inside of one plane's contours.

A voxel belongs to it when its centre, moved along the contours' normal onto the nearest contour plane, lies inside the
contours of that plane. This is exact on any grid: axial contours on an oblique or a sagittal image are cut right. Inner
contours and key-holes become holes by the even-odd rule; two contours that merely overlap are joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.grid import Grid

PLANE_MM = 0.01
"""Contours closer than this along their normal are of one plane."""

MOSTLY = 0.9
"""An inner contour may leave its outer one by a tenth of its voxels and is still a hole."""


@dataclass(frozen=True)
class Planes:
    """Closed polygons (n, 3) in mm grouped by plane: ``offsets_mm`` along ``normal``, ascending; ``step_mm`` of the slabs.

    ``tilted`` counts contours that leave their plane and were not used.
    """

    normal: np.ndarray
    offsets_mm: np.ndarray
    polygons: tuple[tuple[np.ndarray, ...], ...]
    step_mm: float
    tilted: int = 0

    @property
    def gaps(self) -> int:
        """Places where neighbouring contours are further apart than one and a half steps."""
        return int((np.diff(self.offsets_mm) > 1.5 * self.step_mm).sum())


def planes_of(polygons: Sequence[np.ndarray], step_mm: float | None = None) -> Planes:
    """Group closed polygons by plane. ``step_mm``: the slice distance of the image they were drawn on, where known."""
    normal = _normal(polygons)
    flat = [p for p in polygons if np.ptp(p @ normal) <= 0.5]
    offsets = np.array([(p @ normal).mean() for p in flat])
    order = np.argsort(offsets, kind="stable")
    groups: list[list[np.ndarray]] = []
    places: list[float] = []
    for i in order:
        if places and offsets[i] - places[-1] <= PLANE_MM:
            groups[-1].append(flat[i])
        else:
            groups.append([flat[i]])
            places.append(float(offsets[i]))
    gaps = np.diff(places)
    step = float(np.median(gaps)) if gaps.size else (step_mm or 1.0)
    step = min(step, step_mm) if step_mm and gaps.size else step
    return Planes(normal, np.array(places), tuple(tuple(g) for g in groups), step, len(polygons) - len(flat))


def _normal(polygons: Sequence[np.ndarray]) -> np.ndarray:
    """The common normal: that of the polygon of the largest area (Newell's rule), pointing to +z, +y or +x."""
    areas = [np.cross(p - p[0], np.roll(p, -1, axis=0) - p[0]).sum(axis=0) / 2 for p in polygons]
    largest = max(areas, key=lambda a: float(a @ a))
    length = np.linalg.norm(largest)
    normal = largest / length if length > 0 else np.array([0.0, 0.0, 1.0])
    nearest = np.rint(normal)
    normal = nearest if np.abs(normal - nearest).max() < 1e-6 and np.abs(nearest).sum() == 1 else normal
    leading = normal[np.argmax(np.abs(normal))]
    return normal * (1.0 if leading > 0 else -1.0)


def rasterise(planes: Planes, grid: Grid, xor: bool = False) -> np.ndarray:
    """The structure as a mask (z, y, x) on ``grid``. ``xor``: overlapping contours cancel out (CLOSEDPLANAR_XOR)."""
    mask = np.zeros(grid.shape, bool)
    across = _basis(planes.normal)
    lows, highs = _slabs(planes)
    for offset_low, offset_high, polygons in zip(lows, highs, planes.polygons, strict=True):
        corners = np.concatenate(polygons)
        box = _box(corners, planes.normal, planes.step_mm, grid)
        if box is None:
            continue
        centres = _centres(grid, box)
        height = np.round(centres @ planes.normal, 6)
        chosen = np.nonzero((height >= offset_low) & (height < offset_high))
        points = centres[chosen] @ across.T
        inside = _combined([even_odd(points, [p @ across.T]) for p in polygons], xor)
        mask[box][tuple(c[inside] for c in chosen)] = True
    return mask


def _combined(parts: list[np.ndarray], xor: bool) -> np.ndarray:
    """Contours of one plane together, largest first: one that lies inside what is there cuts a hole, any other is added."""
    parts = sorted(parts, key=np.count_nonzero, reverse=True)
    whole = parts[0].copy()
    for part in parts[1:]:
        shared = np.count_nonzero(part & whole)
        hole = xor or shared >= MOSTLY * np.count_nonzero(part)
        whole = whole ^ part if hole else whole | part
    return whole


def _slabs(planes: Planes) -> tuple[np.ndarray, np.ndarray]:
    """From where to where each plane's contours hold: half a step each way, or half-way to a nearer neighbour."""
    half = np.full(len(planes.offsets_mm) + 1, planes.step_mm / 2)
    half[1:-1] = np.minimum(half[1:-1], np.diff(planes.offsets_mm) / 2)
    return np.round(planes.offsets_mm - half[:-1], 6), np.round(planes.offsets_mm + half[1:], 6)


def _basis(normal: np.ndarray) -> np.ndarray:
    """Two unit vectors (rows) across the normal."""
    helper = np.eye(3)[np.argmin(np.abs(normal))]
    first = np.cross(normal, helper)
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(normal, first)])


def _box(corners: np.ndarray, normal: np.ndarray, step: float, grid: Grid) -> tuple[slice, slice, slice] | None:
    """The voxels near a plane's contours."""
    around = np.concatenate([corners - normal * step, corners + normal * step])
    index = mm_to_index(grid, around)
    low = np.clip(np.floor(index.min(axis=0)).astype(int) - 1, 0, grid.shape)
    high = np.clip(np.ceil(index.max(axis=0)).astype(int) + 2, 0, grid.shape)
    return None if (high <= low).any() else tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))  # type: ignore[return-value]


def mm_to_index(grid: Grid, mm: np.ndarray) -> np.ndarray:
    """(..., 3) positions (x, y, z) in mm -> (..., 3) fractional voxel indices (z, y, x)."""
    turn = np.reshape(grid.direction, (3, 3))
    return ((mm - np.asarray(grid.origin_mm)) @ turn / np.asarray(grid.spacing_mm)[::-1])[..., ::-1]


def _centres(grid: Grid, box: tuple[slice, slice, slice]) -> np.ndarray:
    axes = [np.arange(s.start, s.stop) for s in box]
    return grid.index_to_mm(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1))


def even_odd(points: np.ndarray, polygons: Sequence[np.ndarray]) -> np.ndarray:
    """Whether each of (n, 2) points lies inside closed polygons (m, 2): an odd number of edges to its right."""
    inside = np.zeros(len(points), bool)
    x, y = points[:, 0], points[:, 1]
    for polygon in polygons:
        following = np.roll(polygon, -1, axis=0)
        for (x0, y0), (x1, y1) in zip(polygon, following, strict=True):
            if y0 == y1:
                continue
            crosses = (y >= min(y0, y1)) & (y < max(y0, y1))
            inside ^= crosses & (x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)))
    return inside
