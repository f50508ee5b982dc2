"""From stored pixels to values with a unit, from what the tags state; where they state none, none is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.grid import Grid
from twin.imaging.dicom.element import first, items, number, text
from twin.imaging.dicom.file import read
from twin.imaging.dicom.frame import Frame
from twin.imaging.dicom.pixels import stored
from twin.imaging.dicom.series import Volume
from twin.imaging.dicom.stack import grid_of_layout, onto_grid
from twin.imaging.dicom.suv import suv_factor

UCUM = {"mm2/s": "mm2/s", "um2/s": "um2/s", "10-6.mm2/s": "um2/s", "10*-6.mm2/s": "um2/s", "10-3.mm2/s": "1e-3 mm2/s"}
"""UCUM codes of diffusion coefficients (PS3.16 CID 7180 and what scanners write) -> the unit words of the case file."""


@dataclass(frozen=True)
class Measured:
    """A volume's values (z, y, x) on its grid; ``unit`` is None where the tags state none. ``how`` tells the scaling."""

    values: np.ndarray
    grid: Grid
    unit: str | None
    how: str


def measure(volume: Volume) -> Measured:
    """Read the volume's pixels and scale them. Whole numbers stay integers; anything else is 32-bit float."""
    raws = stored_planes(volume.frames)
    mapping = _mappings(volume)
    if mapping:
        unit = next(iter(mapping.values()))[2]
        pairs = (mapping[f.source.path] for f in volume.frames)
        planes = np.stack([r * slope + intercept for r, (slope, intercept, _) in zip(raws, pairs, strict=True)])
        return _placed(planes, volume, unit, f"real-world mapping of the file, {unit}")
    planes = np.stack([r * f.slope + f.intercept for r, f in zip(raws, volume.frames, strict=True)])
    if volume.series.modality == "PT":
        factor, suv, how = suv_factor([f.header for f in volume.series.files])
        return _placed(planes * factor, volume, suv, how)
    return _placed(planes, volume, _stated_unit(volume.series), "as stored")


def _mappings(volume: Volume) -> dict[Path, tuple[float, float, str]]:
    """The mapping of each file; empty unless every file states one, all in one unit."""
    used = {f.source.path for f in volume.frames}
    found = {f.source.path: real_world_mapping(f.header) for f in volume.series.files if f.source.path in used}
    stated = {path: mapping for path, mapping in found.items() if mapping is not None}
    return stated if len(stated) == len(used) and len({m[2] for m in stated.values()}) == 1 else {}


def stored_planes(frames: Sequence[Frame]) -> list[np.ndarray]:
    """The stored pixels of each frame as float64; each file is read once."""
    found: dict[int, np.ndarray] = {}
    for path in dict.fromkeys(f.source.path for f in frames):
        here = [(i, f) for i, f in enumerate(frames) if f.source.path == path]
        whole = stored(read(here[0][1].source, pixels=True), here[0][1].source)
        for i, frame in here:
            found[i] = whole[frame.index].astype(np.float64)
    return [found[i] for i in range(len(frames))]


def _placed(planes: np.ndarray, volume: Volume, unit: str | None, how: str) -> Measured:
    planes = onto_grid(planes, volume.layout)
    return Measured(compact(planes), grid_of_layout(volume.layout), unit, how)


def compact(values: np.ndarray) -> np.ndarray:
    """Whole numbers as int16 or int32 where they fit, else 32-bit float."""
    if values.size and np.isfinite(values).all() and (values == np.rint(values)).all():
        for kind in (np.int16, np.int32):
            if np.iinfo(kind).min <= values.min() and values.max() <= np.iinfo(kind).max:
                return values.astype(kind)
    return values.astype(np.float32)


def real_world_mapping(header: Any) -> tuple[float, float, str] | None:
    """(slope, intercept, unit) of a linear RealWorldValueMapping whose unit we know (PS3.3 C.7.6.16.2.11).

    None where frames of one file state different ones.
    """
    frames = items(header, "PerFrameFunctionalGroupsSequence")
    found = {_mapping(place) for place in (header, first(header, "SharedFunctionalGroupsSequence"))} - {None}
    found |= {_mapping(frame) for frame in frames} if not found else set()
    return found.pop() if len(found) == 1 else None


def _mapping(place: Any) -> tuple[float, float, str] | None:
    for item in items(place, "RealWorldValueMappingSequence"):
        unit = UCUM.get(text(first(item, "MeasurementUnitsCodeSequence"), "CodeValue").replace(" ", ""))
        slope, intercept = number(item, "RealWorldValueSlope"), number(item, "RealWorldValueIntercept")
        if unit and slope and intercept is not None:
            return slope, intercept, unit
    return None


def _stated_unit(series: Any) -> str | None:
    if series.modality == "CT":
        return "HU"
    return UCUM.get(text(series.header, "RescaleType").lower().replace(" ", ""))
