"""From planes in any order to one volume on a regular grid, saying what was wrong on the way.

Planes are ordered by their place along their common normal, never by number or file name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.grid import Grid
from twin.imaging.dicom.frame import Frame

ROUNDING_MM = 0.01
"""Deviations below this are rounding in the header: the geometry is taken as exact."""

LATERAL_MM = 0.05
"""A sideways walk of the planes above this (over the whole stack) is a gantry tilt, not rounding."""

MOST_MISSING = 0.1
"""A series that lacks more than this share of its planes is not made whole by interpolation."""


@dataclass(frozen=True)
class Layout:
    """How the planes of a volume lie. ``offsets_mm`` along the normal, ascending; ``missing`` counts absent planes.

    ``shift_mm`` is the sideways walk per plane along (row, column) direction: not zero under gantry tilt.
    ``uneven`` tells that plane distances differ otherwise than by whole steps. ``ragged_mm`` is the largest sideways
    deviation that no tilt explains.
    """

    frames: tuple[Frame, ...]
    offsets_mm: np.ndarray
    step_mm: float
    missing: tuple[int, ...]
    uneven: bool
    shift_mm: tuple[float, float]
    ragged_mm: float
    residual_mm: float

    @property
    def tilted(self) -> bool:
        return max(map(abs, self.shift_mm)) * (len(self.frames) - 1) > LATERAL_MM

    @property
    def tilt_degrees(self) -> float:
        return float(np.degrees(np.arctan2(np.hypot(*self.shift_mm), self.step_mm)))

    @property
    def regular(self) -> bool:
        return not (self.tilted or self.uneven or self.missing)

    @property
    def planes(self) -> int:
        """Planes of the regular grid over the extent, none beyond the last slice."""
        steps = float(self.offsets_mm[-1] - self.offsets_mm[0]) / self.step_mm
        return (int(steps + 1e-3) if self.uneven else round(steps)) + 1


def layout(frames: Sequence[Frame]) -> Layout:
    """Order planes of one shape and orientation along their normal and measure how they lie."""
    normal = frames[0].normal
    offsets = np.array([normal @ f.position for f in frames])
    order = np.argsort(offsets, kind="stable")
    ordered, offsets = tuple(frames[i] for i in order), offsets[order]
    steps = np.diff(offsets)
    step = _step(steps, ordered[0])
    counts = np.maximum(1, np.rint(steps / step)).astype(int) if steps.size else np.zeros(0, int)
    deviation = np.abs(steps - counts * step)
    uneven = bool((deviation > max(0.05 * step, ROUNDING_MM)).any())
    missing = () if uneven else tuple(int(i) for i in np.repeat(np.arange(len(counts)), counts - 1))
    shift, ragged = _sideways(ordered, offsets, step)
    residual = 0.0 if uneven else _residual(offsets, counts)
    return Layout(ordered, offsets, _refined(offsets, counts, step, uneven), missing, uneven, shift, ragged, residual)


def _step(steps: np.ndarray, frame: Frame) -> float:
    if steps.size == 0:
        return frame.thickness_mm if frame.thickness_mm and frame.thickness_mm > 0 else 1.0
    positive = steps[steps > ROUNDING_MM]
    return float(np.median(positive)) if positive.size else 1.0


def _refined(offsets: np.ndarray, counts: np.ndarray, step: float, uneven: bool) -> float:
    """The step over the whole extent: rounding of single positions does not add up."""
    total = int(counts.sum())
    return step if uneven or total == 0 else float((offsets[-1] - offsets[0]) / total)


def _residual(offsets: np.ndarray, counts: np.ndarray) -> float:
    if counts.size == 0:
        return 0.0
    places = np.concatenate([[0], np.cumsum(counts)])
    fitted = offsets[0] + places * (offsets[-1] - offsets[0]) / places[-1]
    return float(np.abs(offsets - fitted).max())


def _sideways(frames: Sequence[Frame], offsets: np.ndarray, step: float) -> tuple[tuple[float, float], float]:
    """Sideways walk per step along (row, column) direction, and what remains beside a straight walk."""
    if len(frames) < 2:
        return (0.0, 0.0), 0.0
    places = np.array([f.position for f in frames]) - np.array(frames[0].position)
    across = np.stack([places @ np.array(frames[0].row), places @ np.array(frames[0].column)], axis=1)
    along = (offsets - offsets[0]) / step
    slope = across[-1] / along[-1] if along[-1] else np.zeros(2)
    rest = np.abs(across - along[:, None] * slope).max()
    return (float(slope[0]), float(slope[1])), float(rest)


def grid_of_layout(where: Layout) -> Grid:
    """The regular, right-handed grid over the planes; under gantry tilt it is widened so that nothing is cut off."""
    frame = where.frames[0]
    direction = np.stack([frame.row, frame.column, frame.normal], axis=1)
    low, high = padding(where)
    origin = np.array(frame.position) - direction[:, :2] @ (low * np.array(frame.spacing_mm[::-1]))
    return Grid(
        shape=(where.planes, frame.rows + int(low[1] + high[1]), frame.columns + int(low[0] + high[0])),
        spacing_mm=(where.step_mm, frame.spacing_mm[0], frame.spacing_mm[1]),
        origin_mm=tuple(map(float, origin)),  # type: ignore[arg-type]
        direction=tuple(map(float, direction.ravel())),
    )


def padding(where: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (along x, along y) added before and after each plane so that a tilted stack fits."""
    if not where.tilted:
        return np.zeros(2, int), np.zeros(2, int)
    spacing = np.array(where.frames[0].spacing_mm[::-1])
    walk = np.array(where.shift_mm) * (where.planes - 1) / spacing
    return np.ceil(np.maximum(0, -walk)).astype(int), np.ceil(np.maximum(0, walk)).astype(int)


def onto_grid(planes: np.ndarray, where: Layout) -> np.ndarray:
    """Planes (n, rows, columns) in layout order -> values on :func:`grid_of_layout`, linear where they must be moved."""
    if where.regular:
        return planes
    if where.tilted:
        planes = _straightened(planes.astype(np.float32), where)
    wanted = where.offsets_mm[0] + where.step_mm * np.arange(where.planes)
    return planes if not (where.uneven or where.missing) else _between(planes, where.offsets_mm, wanted)


def _straightened(planes: np.ndarray, where: Layout) -> np.ndarray:
    from scipy.ndimage import shift

    low, high = padding(where)
    spacing = np.array(where.frames[0].spacing_mm[::-1])
    widths = ((0, 0), (int(low[1]), int(high[1])), (int(low[0]), int(high[0])))
    floor = float(planes.min())
    wide = np.pad(planes, widths, constant_values=floor)
    along = (where.offsets_mm - where.offsets_mm[0]) / where.step_mm
    for plane, steps in zip(wide, along, strict=True):
        by = steps * np.array(where.shift_mm) / spacing
        plane[:] = shift(plane, by[::-1], order=1, cval=floor)
    return wide


def _between(planes: np.ndarray, at: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Linear interpolation between neighbouring planes; a wanted plane that exists is taken as it is."""
    upper = np.clip(np.searchsorted(at, wanted), 1, len(at) - 1)
    share = np.clip((wanted - at[upper - 1]) / (at[upper] - at[upper - 1]), 0.0, 1.0)
    share = np.where(np.abs(share - np.rint(share)) < 1e-3, np.rint(share), share)
    mixed = np.empty((len(wanted), *planes.shape[1:]), np.float32)
    for plane, top, part in zip(mixed, upper, share, strict=True):
        plane[:] = (1 - part) * planes[top - 1] + part * planes[top]
    return mixed
