"""Lesion measurements as a radiologist makes them: volume, longest axial diameter, bidimensional product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.fields import bounding_box
from twin.grid import Grid

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Measurement:
    """The longest in-plane diameter of a lesion and the longest one perpendicular to it, on one axial slice.

    ``axis`` is the array axis that the axial slices stack along, ``slice_index`` the slice. ``long_axis`` and ``short_axis``
    are pairs of points as voxel indices (z, y, x) of the measured mask's grid, for drawing.
    """

    longest_mm: float
    perpendicular_mm: float
    axis: int
    slice_index: int
    long_axis: tuple[Point, Point]
    short_axis: tuple[Point, Point]

    @property
    def product_mm2(self) -> float:
        """The bidimensional product, mm2."""
        return self.longest_mm * self.perpendicular_mm


def volume_ml(mask: np.ndarray, grid: Grid) -> float:
    """Volume of the true voxels of ``mask`` (z, y, x), mL."""
    return float(np.count_nonzero(mask)) * grid.voxel_ml


def longest_diameter_mm(mask: np.ndarray, grid: Grid) -> float:
    """The longest diameter of any one lesion on any axial slice, mm; 0 for an empty mask.

    Edge to edge (half a voxel beyond the outermost centres), within one 8-connected component of a slice, so that a second
    lesion or a stray voxel elsewhere does not lengthen it. RECIST 1.1 (Eisenhauer et al. 2009).
    """
    found = measure(mask, grid)
    return 0.0 if found is None else found.longest_mm


def bidimensional_mm2(mask: np.ndarray, grid: Grid) -> float:
    """The longest axial diameter times the longest one perpendicular to it on the same slice, mm2; 0 for an empty mask.

    Of the largest lesion alone (RANO, Wen et al. 2010, adds up to five: measure each one's own mask).
    """
    found = measure(mask, grid)
    return 0.0 if found is None else found.product_mm2


def axial_axis(grid: Grid) -> int:
    """The array axis (0 = z, 1 = y, 2 = x) closest to the head-foot axis: axial slices stack along it."""
    towards_head = np.abs(np.reshape(grid.direction, (3, 3))[2])
    return int(2 - np.argmax(towards_head))


def measure(mask: np.ndarray, grid: Grid) -> Measurement | None:
    """The longest axial diameter with its perpendicular, or None for an empty mask.

    Components are looked at in order of their largest possible diameter and only while one could still win.
    """
    mask = np.asarray(mask, bool)
    if not mask.any():
        return None
    axis = axial_axis(grid)
    box = bounding_box(mask)
    planes = np.moveaxis(mask[box], axis, 0)
    spacing = np.delete(np.asarray(grid.spacing_mm), axis)
    corner = np.array([s.start for s in box], float)
    best: Measurement | None = None
    for bound, index, component, offset in _components(planes, spacing):
        if best is not None and bound < best.longest_mm:
            break
        hull = _hull((_outline(component) + offset) * spacing)
        gaps = np.linalg.norm(hull[:, None] - hull[None], axis=-1)
        if best is not None and round(float(gaps.max()), 6) < round(best.longest_mm, 6):
            continue
        candidate = _on_slice(hull, gaps, spacing, axis, index, corner)
        if best is None or _rank(candidate) > _rank(best):
            best = candidate
    return best


def _rank(found: Measurement) -> tuple[float, float]:
    """Longest first; among equals the one with the larger perpendicular."""
    return round(found.longest_mm, 6), found.perpendicular_mm


def _components(planes: np.ndarray, spacing: np.ndarray) -> list[tuple[float, int, np.ndarray, np.ndarray]]:
    """(largest possible diameter, slice, component's own box, its corner) of every in-plane component, largest first."""
    from scipy import ndimage

    in_plane = np.zeros((3, 3, 3), bool)
    in_plane[1] = True
    labels, _ = ndimage.label(planes, in_plane)
    found = []
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        component = labels[box][0] == number
        offset = np.array([box[1].start, box[2].start], float)
        found.append((float(np.hypot(*(component.shape * spacing))), int(box[0].start), component, offset))
    return sorted(found, key=lambda item: -item[0])


def _outline(component: np.ndarray) -> np.ndarray:
    """Points half a voxel beyond the outermost centres of every row and column: they hold every corner of the hull."""
    points = []
    for turned, values in ((False, component), (True, component.T)):
        rows = np.flatnonzero(values.any(axis=1))
        first = values[rows].argmax(axis=1)
        last = values.shape[1] - 1 - values[rows, ::-1].argmax(axis=1)
        for ends in (first - 0.5, last + 0.5):
            pair = np.stack([rows, ends], axis=1)
            points.append(pair[:, ::-1] if turned else pair)
    return np.concatenate(points)


def _hull(points: np.ndarray) -> np.ndarray:
    """The corners of the convex hull, in order."""
    from scipy.spatial import ConvexHull

    return points[ConvexHull(points).vertices]


def _on_slice(
    hull: np.ndarray, gaps: np.ndarray, spacing: np.ndarray, axis: int, index: int, corner: np.ndarray
) -> Measurement:
    a, b = np.unravel_index(int(gaps.argmax()), gaps.shape)
    short = _longest_perpendicular(hull, hull[a], hull[b])

    def voxel(point: np.ndarray) -> Point:
        z, y, x = np.insert(point / spacing, axis, index) + corner
        return float(z), float(y), float(x)

    return Measurement(
        longest_mm=float(gaps[a, b]),
        perpendicular_mm=float(np.linalg.norm(short[1] - short[0])),
        axis=axis,
        slice_index=int(index + corner[axis]),
        long_axis=(voxel(hull[a]), voxel(hull[b])),
        short_axis=(voxel(short[0]), voxel(short[1])),
    )


def _longest_perpendicular(hull: np.ndarray, start: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ends of the longest chord of a convex polygon at right angles to start-stop; it passes through a corner."""
    along = (stop - start) / np.linalg.norm(stop - start)
    across = np.array([-along[1], along[0]])
    x, y = (hull - start) @ along, (hull - start) @ across
    top, bottom = _side(x, y), _side(x, -y)
    widths = np.interp(x, *top) + np.interp(x, *bottom)
    place = x[int(widths.argmax())]
    base = start + place * along
    return base - np.interp(place, *bottom) * across, base + np.interp(place, *top) * across


def _side(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The corners on one side of the long axis as a function of the position along it."""
    near = y >= -1e-9
    order = np.argsort(x[near], kind="stable")
    return x[near][order], y[near][order]
