"""The tissue of a head where nobody mapped it: the MNI152 template, registered to the baseline's T1."""

from __future__ import annotations

import numpy as np

from twin.case.files import Files, whole_numbers
from twin.case.parts import TissueEntry, VisitEntry
from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.image import Image
from twin.imaging.registration import Kind
from twin.imaging.resample import resample
from twin.imaging.tissue import tissue_of_head
from twin.patient import WHOLE

T1 = ("t1", "t1gd")

AROUND_MM = 5.0
"""Brain this close to the tumour is left out of the comparison: the template is a healthy one."""


def head_fractions(
    entry: TissueEntry, kind: Kind, first: VisitEntry, files: Files, grid: Grid, brain: Image | None
) -> dict[str, np.ndarray]:
    """White and grey matter on ``grid``, as of the template; CSF is wall. The tumour itself counts as tissue."""
    role = next((r for r in T1 if r in first.images), None)
    if role is None:
        raise DataRefused(
            "The template cannot be registered: the baseline has no T1 image.",
            where="tissue, registration",
            why="white and grey matter are told apart on a T1",
            remedy="name the t1 or t1gd image of the first visit, or give tissue maps under `maps`",
        )
    t1 = files.read(first.images[role].file)
    lesion = _lesion(first, files, t1.grid)
    inside = None if brain is None else resample(brain, t1.grid, labels=True) > 0
    found = tissue_of_head(t1, inside, _around(lesion, t1.grid), kind)
    files.notes.append(f"Tissue: the MNI152 template's white and grey matter, {kind} registration to the {role} ({found}).")
    maps = found.maps(grid)
    tumour = _lesion(first, files, grid) & (maps["white"] + maps["grey"] < entry.threshold)
    if tumour.any():
        files.notes.append(
            f"Tissue: {tumour.sum()} voxels of the tumour lie in the template's CSF and count as white matter."
        )
    return {"white": np.where(tumour, np.float32(1), maps["white"]), "grey": np.where(tumour, np.float32(0), maps["grey"])}


def _lesion(first: VisitEntry, files: Files, grid: Grid) -> np.ndarray:
    """The whole lesion of the baseline on ``grid``."""
    found = np.zeros(grid.shape, bool)
    for segmentation in first.segmentations:
        numbers = [n for name, group in segmentation.numbers().items() if name in WHOLE for n in group]
        found |= np.isin(resample(whole_numbers(files.read(segmentation.file)), grid, labels=True), numbers)
    return found


def _around(lesion: np.ndarray, grid: Grid) -> np.ndarray | None:
    from scipy import ndimage

    if not lesion.any():
        return None
    return ndimage.distance_transform_edt(~lesion, sampling=grid.spacing_mm) <= AROUND_MM
