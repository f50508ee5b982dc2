"""RTDOSE: the dose as planned, in Gy on its own grid (PS3.3 A.18), summed over beams where no plan sum was exported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.dicom.element import first, number, numbers, text
from twin.imaging.dicom.file import Source, quiet, read
from twin.imaging.dicom.frame import Frame, frames_of
from twin.imaging.dicom.pixels import stored
from twin.imaging.dicom.stack import grid_of_layout, layout, onto_grid

HIGHEST_GY = 1000.0


@dataclass(frozen=True)
class Dose:
    """Dose in Gy (z, y, x). ``summation``: PLAN, BEAM, FRACTION ... as exported; ``plan_uid`` the RTPLAN it belongs to."""

    source: Source
    gy: np.ndarray = field(repr=False)
    grid: Grid
    summation: str
    plan_uid: str
    frame_of_reference: str
    notes: tuple[str, ...] = ()

    @property
    def max_gy(self) -> float:
        return float(self.gy.max())


@quiet()
def read_dose(source: Source) -> Dose:
    """Read an RTDOSE file; refused without a scaling, without frame offsets, or in units other than Gy."""
    dataset = read(source, pixels=True)
    if text(dataset, "Modality").upper() != "RTDOSE":
        raise source.refuse("This is not an RTDOSE file.")
    scaling = _scaling(dataset, source)
    planes = stored(dataset, source) * scaling
    if planes.max() > HIGHEST_GY or planes.min() < 0:
        raise source.refuse(f"The dose reaches from {planes.min():.4g} to {planes.max():.4g} Gy.", "check DoseGridScaling")
    where = layout(_frames(dataset, source))
    if where.tilted or where.ragged_mm > 0.05:
        raise source.refuse("The planes of the dose do not lie on one stack.", "export the dose on a rectangular grid")
    kind = text(dataset, "DoseType").upper()
    uneven = ("the planes of the dose are unevenly spaced: interpolated",) if not where.regular else ()
    return Dose(
        source=source,
        gy=onto_grid(planes[[f.index for f in where.frames]], where).astype(np.float32),
        grid=grid_of_layout(where),
        summation=text(dataset, "DoseSummationType").upper() or "PLAN",
        plan_uid=text(first(dataset, "ReferencedRTPlanSequence"), "ReferencedSOPInstanceUID"),
        frame_of_reference=text(dataset, "FrameOfReferenceUID"),
        notes=uneven + (("the dose is not physical dose but an effective one",) if kind not in ("PHYSICAL", "") else ()),
    )


def _scaling(dataset: Any, source: Source) -> float:
    unit, scaling = text(dataset, "DoseUnits").upper(), number(dataset, "DoseGridScaling")
    if unit != "GY":
        raise source.refuse(
            f"The dose is in other units than Gy{': ' + source.quote(unit) if unit else ''}.",
            "export the absolute dose from the planning system",
            "a relative dose cannot be turned into an effect",
        )
    if scaling is None or scaling <= 0:
        raise source.refuse("The dose has no grid scaling: its stored numbers cannot become Gy.")
    return scaling


def _frames(dataset: Any, source: Source) -> list[Frame]:
    """The planes of the dose: the first where the file says, the others by GridFrameOffsetVector (PS3.3 C.8.8.3.2)."""
    count = int(number(dataset, "NumberOfFrames") or 1)
    one = _first_plane(dataset, source)
    offsets = np.array(numbers(dataset, "GridFrameOffsetVector", count) or ((0.0,) if count == 1 else ()))
    if len(offsets) != count or len(np.unique(np.round(offsets, 6))) != count:
        raise source.refuse(f"The dose has {count} planes but not as many different offsets.")
    along = np.array(one.normal)
    if offsets[0] != 0.0:
        if abs(abs(along[2]) - 1) > 1e-4 or abs(offsets[0] - one.position[2]) > 0.01:
            raise source.refuse("The plane offsets of the dose neither start at zero nor are positions of axial planes.")
        offsets, along = offsets - offsets[0], np.array([0.0, 0.0, 1.0])
    places = np.array(one.position) + offsets[:, None] * along
    return [replace(one, index=i, position=tuple(map(float, p))) for i, p in enumerate(places)]


def _first_plane(dataset: Any, source: Source) -> Frame:
    import copy

    header = copy.copy(dataset)
    header.add_new("NumberOfFrames", "IS", 1)  # setting the attribute would first convert a damaged one
    found = frames_of(header, source)
    if not found:
        raise source.refuse("The dose does not say where its first plane lies.")
    return found[0]


def total(doses: Sequence[Dose]) -> Dose:
    """One plan's dose: its plan sum where there is one, else the sum of its beams on a common grid."""
    whole = [d for d in doses if d.summation in ("PLAN", "MULTI_PLAN", "PLAN_OVERVIEW")]
    if len(whole) == 1 or len(doses) == 1:
        return whole[0] if whole else doses[0]
    if whole:
        raise _ambiguous(f"The plan has {len(whole)} different plan doses.", doses)
    beams = [d for d in doses if d.summation == "BEAM"]
    if len(beams) != len(doses) or not all(d.grid.same_as(beams[0].grid, 0.05) for d in beams):
        raise _ambiguous("The plan has several partial doses that cannot be added up.", doses)
    note = f"sum of {len(beams)} beam doses"
    return replace(beams[0], gy=np.sum([d.gy for d in beams], axis=0), summation="PLAN", notes=(*beams[0].notes, note))


def _ambiguous(what: str, doses: Sequence[Dose]) -> DataRefused:
    return DataRefused(
        what,
        where=", ".join(d.source.label for d in doses),
        why="the twin would not know which dose was given",
        remedy="export the dose of the plan as one RTDOSE file (summation type PLAN)",
    )
