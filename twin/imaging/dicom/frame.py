"""One image plane of a file: where it lies, how its stored values become real ones, and what sets it apart from others.

A classic file holds one plane, an enhanced one many (PS3.3 C.7.6.16, functional groups); both become :class:`Frame`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.imaging.dicom.element import first, integer, items, number, numbers, text, texts
from twin.imaging.dicom.file import Source

MOST_FRAMES = 20_000
WIDEST = 16_384
COARSEST_MM = 500.0
FURTHEST_MM = 1e5


@dataclass(frozen=True)
class Frame:
    """A plane of ``rows`` x ``columns`` pixels; positions in mm of the patient's frame (LPS).

    ``row`` is the direction in which the column index grows, ``column`` that in which the row index grows; ``spacing_mm``
    is (between rows, between columns). ``traits`` tell apart planes that share a place (echo, b-value, time).
    """

    source: Source
    index: int
    rows: int
    columns: int
    position: tuple[float, ...]
    row: tuple[float, ...]
    column: tuple[float, ...]
    spacing_mm: tuple[float, float]
    slope: float
    intercept: float
    thickness_mm: float | None
    traits: tuple[tuple[str, str], ...]
    instance: int
    acquisition: int
    uid: str

    @property
    def normal(self) -> np.ndarray:
        return np.cross(self.row, self.column)

    @property
    def shape_key(self) -> tuple:
        """Planes that can be of one volume agree in this (directions to three decimals)."""
        directions = tuple(round(v, 3) + 0.0 for v in (*self.row, *self.column))
        return (self.rows, self.columns, tuple(round(v, 4) for v in self.spacing_mm), directions)


def frames_of(dataset: Any, source: Source) -> list[Frame]:
    """The planes of a file that know where they lie; an empty list if the file holds no placed image."""
    rows, columns = integer(dataset, "Rows"), integer(dataset, "Columns")
    if not rows or not columns:
        return []
    if not (0 < rows <= WIDEST and 0 < columns <= WIDEST):
        raise source.refuse(f"The image claims {rows} x {columns} pixels.")
    count = integer(dataset, "NumberOfFrames") or 1
    if not 1 <= count <= MOST_FRAMES:
        raise source.refuse(f"The image claims {count} frames.")
    found = (_frame(groups, dataset, source, index) for index, groups in enumerate(_groups(dataset, source, count)))
    return [frame for frame in found if frame is not None]


@dataclass(frozen=True)
class _Groups:
    """The functional groups of one frame: its own first, then the shared ones, then the file's top level."""

    levels: tuple[Any, ...]

    def item(self, sequence: str) -> Any:
        return next((found for level in self.levels if (found := first(level, sequence))), self.levels[-1])


def _groups(dataset: Any, source: Source, count: int) -> Iterator[_Groups]:
    frames = items(dataset, "PerFrameFunctionalGroupsSequence")
    if not frames:
        if count == 1:
            yield _Groups((dataset,))
        return
    if len(frames) != count:
        raise source.refuse(f"The image claims {count} frames but describes {len(frames)}.")
    shared = first(dataset, "SharedFunctionalGroupsSequence")
    for own in frames:
        yield _Groups((own, shared, dataset))


def _frame(groups: _Groups, dataset: Any, source: Source, index: int) -> Frame | None:
    place = numbers(groups.item("PlanePositionSequence"), "ImagePositionPatient", 3)
    turn = numbers(groups.item("PlaneOrientationSequence"), "ImageOrientationPatient", 6)
    measures = groups.item("PixelMeasuresSequence")
    spacing = numbers(measures, "PixelSpacing", 2)
    if place is None or turn is None or spacing is None:
        return None
    if not 0 < min(spacing) <= max(spacing) <= COARSEST_MM or max(map(abs, place)) > FURTHEST_MM:
        raise source.refuse("The pixel spacing or position of the image is impossible.")
    row, column = _orthonormal(turn, source)
    transform = groups.item("PixelValueTransformationSequence")
    slope, intercept = number(transform, "RescaleSlope"), number(transform, "RescaleIntercept")
    return Frame(
        source=source,
        index=index,
        rows=integer(dataset, "Rows") or 0,
        columns=integer(dataset, "Columns") or 0,
        position=place,
        row=row,
        column=column,
        spacing_mm=(spacing[0], spacing[1]),
        slope=1.0 if slope is None or slope == 0 else slope,
        intercept=0.0 if intercept is None else intercept,
        thickness_mm=number(measures, "SpacingBetweenSlices") or number(measures, "SliceThickness"),
        traits=_traits(groups, dataset),
        instance=integer(dataset, "InstanceNumber") or 0,
        acquisition=integer(dataset, "AcquisitionNumber") or 0,
        uid=text(dataset, "SOPInstanceUID"),
    )


def _orthonormal(turn: tuple[float, ...], source: Source) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Row and column directions, mended for rounding; refused when they are no right angle (PS3.3 C.7.6.2.1.1)."""
    row, column = np.array(turn[:3]), np.array(turn[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if abs(lengths[0] - 1) > 1e-2 or abs(lengths[1] - 1) > 1e-2 or abs(row @ column) > 1e-2:
        raise source.refuse(
            "The direction cosines of the image are not two unit vectors at a right angle.",
            "export the series again, or correct ImageOrientationPatient",
            "a sheared image has no place in millimetres",
        )
    row = row / lengths[0]
    column = column - (row @ column) * row
    column = column / np.linalg.norm(column)
    return tuple(map(float, row)), tuple(map(float, column))


def _traits(groups: _Groups, dataset: Any) -> tuple[tuple[str, str], ...]:
    """What tells apart images at one place: kind of image, echo, b-value, time point."""
    kind = texts(groups.item("MRImageFrameTypeSequence"), "FrameType") or texts(dataset, "ImageType")
    content = groups.item("FrameContentSequence")
    diffusion = groups.item("MRDiffusionSequence")
    found = {
        "kind": "\\".join(kind[:2] + tuple(k for k in kind[2:] if k not in ("NORM", "DIS2D", "DIS3D", "ND", "FIL"))),
        "echo": text(dataset, "EchoNumbers") or text(groups.item("MREchoSequence"), "EffectiveEchoTime"),
        "b": text(diffusion, "DiffusionBValue") or _classic_b(dataset),
        "gradient": text(first(diffusion, "DiffusionGradientDirectionSequence"), "DiffusionGradientOrientation"),
        "time": text(content, "TemporalPositionIndex") or text(dataset, "TemporalPositionIdentifier"),
        "stack": text(content, "StackID"),
        "trigger": text(dataset, "TriggerTime"),
    }
    return tuple((name, value) for name, value in found.items() if value)


B_VALUES = ((0x0019, "SIEMENS MR HEADER", 0x0C), (0x0043, "GEMS_PARM_01", 0x39), (0x2001, "Philips Imaging DD 001", 0x03))
"""(group, creator, element) of the private tags by which Siemens, GE and Philips state the b-value of classic images."""


def _classic_b(dataset: Any) -> str:
    """The b-value where a classic image states it: in the standard's tag, or in a private one."""
    if stated := text(dataset, "DiffusionBValue"):
        return stated
    for group, creator, element in B_VALUES:
        try:
            return str(dataset.private_block(group, creator)[element].value)[:32]
        except Exception:  # absent in most files, and converted lazily by pydicom in the others
            continue
    return ""
