"""RTSTRUCT: named regions drawn as contours (PS3.3 A.19)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.grid import Grid
from twin.imaging.dicom.element import clean, first, integer, items, numbers, text
from twin.imaging.dicom.file import Source, quiet, read
from twin.imaging.dicom.raster import Planes, planes_of, rasterise

AREAL = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "INTERPOLATED_PLANAR", "")
MOST_POINTS = 5_000_000


@dataclass(frozen=True)
class Contours:
    """One region of interest: closed polygons (n, 3) in mm of the frame of reference."""

    name: str
    number: int
    polygons: tuple[np.ndarray, ...] = field(repr=False)
    frame_of_reference: str
    kind: str = ""
    skipped: int = 0
    xor: bool = False

    def planes(self, step_mm: float | None = None) -> Planes:
        """The polygons by plane."""
        return planes_of(self.polygons, step_mm)

    def mask(self, grid: Grid, step_mm: float | None = None) -> np.ndarray:
        """The region on a grid of the same frame of reference."""
        return rasterise(self.planes(step_mm), grid, self.xor)


@dataclass(frozen=True)
class Structures:
    """The regions of one RTSTRUCT file and the series they were drawn on."""

    source: Source
    label: str
    regions: tuple[Contours, ...]
    series_uids: tuple[str, ...]
    frame_of_reference: str
    empty: tuple[str, ...] = ()


@quiet()
def read_structures(source: Source) -> Structures:
    """Every region of an RTSTRUCT file. Points and open lines are left out; damaged contours are refused."""
    dataset = read(source)
    if text(dataset, "Modality").upper() != "RTSTRUCT":
        raise source.refuse("This is not an RTSTRUCT file.")
    contours = {integer(i, "ReferencedROINumber"): i for i in items(dataset, "ROIContourSequence")}
    kinds = {integer(i, "ReferencedROINumber"): text(i, "RTROIInterpretedType") for i in _observations(dataset)}
    found, empty, budget = [], [], MOST_POINTS
    for roi in items(dataset, "StructureSetROISequence"):
        number = integer(roi, "ROINumber")
        name = clean(text(roi, "ROIName")) or f"region {number}"
        polygons, skipped = _polygons(contours.get(number, {}), name, source)
        budget -= sum(map(len, polygons))
        if budget < 0:
            raise source.refuse(f"The contours hold more than {MOST_POINTS:,} points.")
        frame = text(roi, "ReferencedFrameOfReferenceUID")
        if polygons:
            drawn = items(contours.get(number, {}), "ContourSequence")
            xor = any(text(c, "ContourGeometricType") == AREAL[1] for c in drawn)
            found.append(Contours(name, number or 0, tuple(polygons), frame, kinds.get(number, ""), skipped, xor))
        else:
            empty.append(name)
    reference = first(dataset, "ReferencedFrameOfReferenceSequence")
    frame = text(reference, "FrameOfReferenceUID") or (found[0].frame_of_reference if found else "")
    return Structures(source, text(dataset, "StructureSetLabel"), tuple(found), _series(dataset), frame, tuple(empty))


def _observations(dataset: Any) -> list[Any]:
    return items(dataset, "RTROIObservationsSequence")


def _series(dataset: Any) -> tuple[str, ...]:
    return tuple(
        uid
        for reference in items(dataset, "ReferencedFrameOfReferenceSequence")
        for study in items(reference, "RTReferencedStudySequence")
        for series in items(study, "RTReferencedSeriesSequence")
        if (uid := text(series, "SeriesInstanceUID"))
    )


def _polygons(roi: Any, name: str, source: Source) -> tuple[list[np.ndarray], int]:
    polygons: list[np.ndarray] = []
    skipped = 0
    for contour in items(roi, "ContourSequence"):
        if text(contour, "ContourGeometricType") not in AREAL:
            skipped += 1
            continue
        data = numbers(contour, "ContourData")
        if data is None or len(data) % 3 or np.abs(data).max() > 1e5:
            raise source.refuse(
                f"A contour of the region {source.quote(name)} is damaged: its points are not triples of finite numbers.",
                "export the structure set again",
            )
        if len(data) >= 9:
            polygons.append(np.reshape(data, (-1, 3)))
        else:
            skipped += 1
    return polygons, skipped
