"""DICOM SEG: named segments as voxels (PS3.3 A.51), binary, fractional or as a label map, placed by their own geometry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.grid import Grid
from twin.imaging.dicom.element import clean, first, integer, items, text
from twin.imaging.dicom.file import Source, quiet, read
from twin.imaging.dicom.frame import Frame, frames_of
from twin.imaging.dicom.pixels import stored
from twin.imaging.dicom.raster import mm_to_index

SEG_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
HALF = 0.5


@dataclass(frozen=True)
class Segment:
    """One segment: its number, label, coded property (such as "Necrosis") and how it was made."""

    number: int
    label: str
    code: str
    meaning: str
    category: str = ""


@dataclass(frozen=True)
class Segmentation:
    """The segments of one SEG file with the planes that carry them."""

    source: Source
    segments: tuple[Segment, ...]
    series_uids: tuple[str, ...]
    frame_of_reference: str
    fractional: bool
    frames: tuple[tuple[Frame, int], ...] = field(repr=False)
    planes: np.ndarray = field(repr=False)

    def mask(self, number: int, grid: Grid) -> np.ndarray:
        """The segment on ``grid``: voxel for voxel where its planes lie on the grid, else by the nearest plane pixel."""
        mask = np.zeros(grid.shape, bool)
        for (frame, segment), plane in zip(self.frames, self.planes, strict=True):
            here = plane == number if segment == 0 else plane >= HALF if segment == number else None
            if here is not None and here.any():
                (_place if _is_aligned(frame, grid) else _sample)(mask, here, frame, grid)
        return mask

    def aligned(self, grid: Grid) -> bool:
        """Whether every plane pixel is a voxel centre of ``grid`` to 0.05 voxel."""
        return all(_is_aligned(frame, grid) for frame, _ in self.frames)


@quiet()
def read_segmentation(source: Source) -> Segmentation:
    """Read a SEG file; refused when segments, frames and pixels do not fit each other."""
    dataset = read(source, pixels=True)
    if text(dataset, "Modality").upper() != "SEG":
        raise source.refuse("This is not a DICOM SEG file.")
    segments = tuple(s for i in items(dataset, "SegmentSequence") if (s := _segment(i)).number > 0)
    frames = frames_of(dataset, source)
    planes = stored(dataset, source)
    kind = text(dataset, "SegmentationType").upper()
    shared = _segment_number(first(dataset, "SharedFunctionalGroupsSequence"))
    only = segments[0].number if len(segments) == 1 else None
    numbers = [_segment_number(i) or shared or only for i in items(dataset, "PerFrameFunctionalGroupsSequence")]
    if not segments or len(frames) != len(planes) or (kind != "LABELMAP" and len(numbers) != len(planes)):
        raise source.refuse("The segmentation's segments, frames and pixels do not fit each other.", "export it again")
    if kind == "LABELMAP":
        numbers = [0] * len(planes)
    if any(n is None for n in numbers):
        raise source.refuse("A frame of the segmentation does not say which segment it shows.", "export it again")
    if kind == "FRACTIONAL":
        planes = planes.astype(np.float32) / (integer(dataset, "MaximumFractionalValue") or 255)
    return Segmentation(
        source=source,
        segments=segments,
        series_uids=tuple(text(i, "SeriesInstanceUID") for i in items(dataset, "ReferencedSeriesSequence")),
        frame_of_reference=text(dataset, "FrameOfReferenceUID"),
        fractional=kind == "FRACTIONAL",
        frames=tuple(zip(frames, (n or 0 for n in numbers), strict=True)),
        planes=planes,
    )


def _segment(item: Any) -> Segment:
    kind = first(item, "SegmentedPropertyTypeCodeSequence")
    category = first(item, "SegmentedPropertyCategoryCodeSequence")
    return Segment(
        number=integer(item, "SegmentNumber") or 0,
        label=clean(text(item, "SegmentLabel")) or f"segment {integer(item, 'SegmentNumber')}",
        code=text(kind, "CodeValue"),
        meaning=text(kind, "CodeMeaning"),
        category=text(category, "CodeMeaning"),
    )


def _segment_number(groups: Any) -> int | None:
    return integer(first(groups, "SegmentIdentificationSequence"), "ReferencedSegmentNumber")


def _corners(frame: Frame) -> np.ndarray:
    """Positions of the plane's corner pixels (mm)."""
    down = np.array(frame.column) * frame.spacing_mm[0] * (frame.rows - 1)
    right = np.array(frame.row) * frame.spacing_mm[1] * (frame.columns - 1)
    return np.array(frame.position) + np.array([0 * down, down, right, down + right])


def _is_aligned(frame: Frame, grid: Grid) -> bool:
    index = mm_to_index(grid, _corners(frame))
    steps = np.abs(index[3] - index[0])
    whole = np.abs(index - np.rint(index)).max() < 0.05
    return bool(whole and np.count_nonzero(steps > 0.5) <= 2 and _unit_steps(frame, grid))


def _unit_steps(frame: Frame, grid: Grid) -> bool:
    """Whether one pixel to the right and one down are one voxel along some axis."""
    here = np.array(frame.position)
    moves = np.stack([np.array(frame.row) * frame.spacing_mm[1], np.array(frame.column) * frame.spacing_mm[0]])
    steps = mm_to_index(grid, here + moves) - mm_to_index(grid, here)
    lengths = np.abs(steps)
    return bool(np.allclose(lengths.max(axis=1), 1, atol=1e-3) and np.allclose(lengths.sum(axis=1), 1, atol=1e-2))


def _place(mask: np.ndarray, plane: np.ndarray, frame: Frame, grid: Grid) -> None:
    """Set the voxels that hold the plane's true pixels."""
    rows, columns = np.nonzero(plane)
    down, right = np.array(frame.column) * frame.spacing_mm[0], np.array(frame.row) * frame.spacing_mm[1]
    mm = np.array(frame.position) + rows[:, None] * down + columns[:, None] * right
    index = np.rint(mm_to_index(grid, mm)).astype(int)
    inside = ((index >= 0) & (index < grid.shape)).all(axis=1)
    mask[tuple(index[inside].T)] = True


def _sample(mask: np.ndarray, plane: np.ndarray, frame: Frame, grid: Grid) -> None:
    """Set the voxels whose centre lies nearest to a true pixel of the plane, within half a plane distance of it."""
    half = (frame.thickness_mm or 1.0) / 2
    corners = _corners(frame)
    around = mm_to_index(grid, np.concatenate([corners - half * frame.normal, corners + half * frame.normal]))
    low = np.clip(np.floor(around.min(axis=0)).astype(int) - 1, 0, grid.shape)
    high = np.clip(np.ceil(around.max(axis=0)).astype(int) + 2, 0, grid.shape)
    if (high <= low).any():
        return
    index = np.stack(np.meshgrid(*[np.arange(a, b) for a, b in zip(low, high, strict=True)], indexing="ij"), axis=-1)
    away = grid.index_to_mm(index) - np.array(frame.position)
    height = np.round(away @ frame.normal, 6)
    row = np.rint(away @ np.array(frame.column) / frame.spacing_mm[0]).astype(int)
    column = np.rint(away @ np.array(frame.row) / frame.spacing_mm[1]).astype(int)
    hit = (height >= -half) & (height < half) & (row >= 0) & (row < frame.rows) & (column >= 0) & (column < frame.columns)
    hit[hit] = plane[row[hit], column[hit]]
    mask[tuple(index[hit].T)] = True
