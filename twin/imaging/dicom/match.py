"""The series of a study from which results were computed: found by place and by voxels, not believed by name."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.dicom.contents import Contents
from twin.imaging.dicom.file import read
from twin.imaging.dicom.finding import unusable
from twin.imaging.dicom.frame import Frame
from twin.imaging.dicom.raster import mm_to_index
from twin.imaging.dicom.series import Volume
from twin.imaging.dicom.stack import grid_of_layout
from twin.imaging.dicom.values import Measured, measure
from twin.imaging.image import Image
from twin.imaging.resample import coverage, resample
from twin.patient import Patient

SAME = 0.99
SIMILAR = 0.9


@dataclass(frozen=True)
class Match:
    """The source series: its volume and the headers of its files in the order of the volume's planes."""

    volume: Volume
    headers: tuple[Any, ...] = field(repr=False)
    exact: bool

    @property
    def frames(self) -> tuple[Frame, ...]:
        return self.volume.frames


def match(contents: Contents, patient: Patient) -> Match:
    """The series whose voxels are the patient's baseline image; refused if the study holds none.

    Where the patient's grid is part of the series' own, voxels must agree one by one; where it was resampled, images must
    correlate by 0.9 at least.
    """
    volumes = [s.volume for s in contents.images if not unusable(s.volume)]
    volumes.sort(key=lambda v: (not _aligned(v, patient.grid), v.series.date or datetime.date.min, v.series.number))
    for volume in volumes:
        exact = _aligned(volume, patient.grid)
        if coverage(grid_of_layout(volume.layout), patient.grid, patient.medium.domain) < 0.5:
            continue
        if _agrees(measure(volume), patient, exact):
            return Match(volume, _headers(volume), exact)
    aside = dict.fromkeys(a.reason for a in contents.aside)
    raise DataRefused(
        "No series of the study shows the image from which the results were computed.",
        where="; ".join((f"{len(volumes)} image series looked at", *(f"set aside: {reason}" for reason in aside))),
        why="contours would be written into the wrong patient or the wrong place",
        remedy="give the study of the baseline scan of this patient",
    )


def _aligned(volume: Volume, grid: Grid) -> bool:
    """Whether the patient's voxels are voxels of the series."""
    own = grid_of_layout(volume.layout)
    turned = np.allclose(own.direction, grid.direction, atol=1e-4) and np.allclose(
        own.spacing_mm, grid.spacing_mm, rtol=1e-4
    )
    offset = mm_to_index(own, np.asarray(grid.origin_mm))
    return bool(turned and np.abs(offset - np.rint(offset)).max() < 0.02)


def _agrees(found: Measured, patient: Patient, exact: bool) -> bool:
    """Whether the voxels of a series are those of the patient's anatomy."""
    if patient.anatomy is None:
        return exact
    ours = np.asarray(patient.anatomy.values, float)
    theirs = resample(Image(found.values.astype(np.float32), found.grid), patient.grid, outside=np.nan).astype(float)
    if exact:
        return float(np.isclose(ours, theirs, rtol=1e-3, atol=1e-3 * max(1e-9, float(np.abs(ours).max()))).mean()) > SAME
    inside = patient.medium.domain & np.isfinite(theirs)
    if not inside.any() or ours[inside].std() == 0 or theirs[inside].std() == 0:
        return False
    return float(np.corrcoef(ours[inside], theirs[inside])[0, 1]) > SIMILAR


def _headers(volume: Volume) -> tuple[Any, ...]:
    """One header per file, in the order of the planes."""
    sources = dict.fromkeys(f.source for f in volume.frames)
    return tuple(completed(read(s)) for s in sources)


NEEDED = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
)


def completed(header: Any) -> Any:
    """With the elements that every object must have, empty where the scanner left them out (type 2)."""
    for keyword in NEEDED:
        if keyword not in header:
            setattr(header, keyword, "")
    return header


def on_frames(values: np.ndarray, grid: Grid, frames: tuple[Frame, ...]) -> np.ndarray:
    """A map on the patient's grid, on the pixels of each frame (n, rows, columns); zero where the grid does not reach.

    Voxel for voxel where they coincide, linear where they do not.
    """
    from scipy.ndimage import map_coordinates

    found = np.zeros((len(frames), frames[0].rows, frames[0].columns), np.float32)
    field_ = np.asarray(values, np.float32)
    for plane, frame in zip(found, frames, strict=True):
        index = _coordinates(frame, grid)
        near = ((index > -1) & (index < np.array(grid.shape)[:, None, None])).all(axis=0)
        if near.any():
            plane[near] = map_coordinates(field_, index[:, near], order=1, mode="constant", cval=0.0)
    return found


def _coordinates(frame: Frame, grid: Grid) -> np.ndarray:
    """(3, rows, columns): voxel indices (z, y, x) of a frame's pixels; rounding in the header is taken out."""
    here = np.array(frame.position)
    base = mm_to_index(grid, here)
    down = mm_to_index(grid, here + np.array(frame.column) * frame.spacing_mm[0]) - base
    right = mm_to_index(grid, here + np.array(frame.row) * frame.spacing_mm[1]) - base
    r, c = np.arange(frame.rows)[None, :, None], np.arange(frame.columns)[None, None, :]
    index = base[:, None, None] + down[:, None, None] * r + right[:, None, None] * c
    whole = np.rint(index)
    return np.where(np.abs(index - whole) < 0.02, whole, index)
