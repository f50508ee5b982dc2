"""Bringing a visit onto the baseline scan, and saying what was done."""

from __future__ import annotations

import numpy as np

from twin.case.files import whole_numbers
from twin.case.parts import VisitEntry
from twin.case.visits import Placing, corrected
from twin.errors import DataRefused
from twin.imaging.image import Image
from twin.imaging.registration import Kind, Registered, register
from twin.imaging.resample import resample
from twin.patient import WHOLE, Visit

SHARED = ("t1gd", "t1", "flair", "t2", "ct", "adc")
"""Roles by which two scans may be registered, best first."""

AROUND_MM: dict[Kind, float] = {"rigid": 10.0, "affine": 10.0, "deformable": 6.0}
"""Tissue this close to the tumour is left out of the comparison: it is displaced by growth and treatment. A deformation may
follow the displacement, but not the tumour's own border (`oncotwin validate registration`)."""

FAR_MM, FAR_DEGREES = 40.0, 25.0
"""A motion beyond these is more often a failed registration than a patient who lay differently."""

WAYS: dict[Kind, str] = {"rigid": "rigidly", "affine": "affinely", "deformable": "deformably"}


def register_visit(entry: VisitEntry, kind: Kind, words: str, baseline: Visit, first: VisitEntry, placing: Placing) -> str:
    """Set the motion of this visit in ``placing``; returns what was done, in words. ``first`` is the baseline's entry."""
    role = next((r for r in SHARED if r in entry.images and r in baseline.images), None)
    if role is None:
        raise DataRefused(
            "The scan cannot be registered: it has no anatomical image in common with the baseline.",
            why="two scans are compared by what both show",
            remedy=f"name one of {', '.join(SHARED)} at both visits, or register outside and write `registration: none`",
        )
    fixed = Image(baseline.images[role].values, placing.grid, "baseline")
    moving = corrected(role, placing.files.read(entry.images[role].file), placing)
    found = register(
        fixed,
        moving,
        kind,
        ignore=around(baseline.whole, kind, placing.grid.spacing_mm),
        ignore_moving=around(_own_tumour(entry, moving, placing), kind, moving.grid.spacing_mm),
        landmarks=_landmarks(first, entry),
    ).trusted(words)
    if found.kept:
        return f"{kind} registration on {role} found no better position than the one given"
    placing.transform, placing.inverse = found.transform, found.inverse
    _doubt(found, words, placing)
    motion = f"moved {found.moved_mm:.1f} mm, turned {found.turned_deg:.1f} degrees, {found.quality}"
    return f"{WAYS[kind]} registered to the baseline on {role} ({motion})"


def _own_tumour(entry: VisitEntry, moving: Image, placing: Placing) -> np.ndarray | None:
    """The visit's own tumour on the grid of its image: it has grown since the baseline."""
    found = None
    for segmentation in entry.segmentations:
        numbers = [n for name, group in segmentation.numbers().items() if name in WHOLE for n in group]
        image = whole_numbers(placing.files.read(segmentation.file))
        mask = np.isin(resample(image, moving.grid, labels=True), numbers)
        found = mask if found is None else found | mask
    return found


def around(tumour: np.ndarray | None, kind: Kind, spacing_mm: tuple[float, float, float]) -> np.ndarray | None:
    """What is left out of the comparison: the tumour and AROUND_MM of its surroundings (bool, z y x), or None."""
    if tumour is None or not tumour.any():
        return None
    from scipy import ndimage

    return ndimage.distance_transform_edt(~tumour, sampling=spacing_mm) <= AROUND_MM[kind]


def _landmarks(first: VisitEntry, entry: VisitEntry) -> tuple[np.ndarray, np.ndarray] | None:
    """The same places at the baseline and at this visit, mm."""
    if not entry.landmarks:
        return None
    if len(entry.landmarks) != len(first.landmarks):
        raise DataRefused(
            f"{len(entry.landmarks)} landmarks are named here and {len(first.landmarks)} at the baseline.",
            where="landmarks",
            why="each one is compared with the same place on the baseline scan",
            remedy="name the same places in the same order at both visits",
        )
    return np.array(first.landmarks), np.array(entry.landmarks)


def _doubt(found: Registered, words: str, placing: Placing) -> None:
    if found.moved_mm > FAR_MM or found.turned_deg > FAR_DEGREES:
        placing.problems.hint(
            f"{words}: registration moved the scan by {found.moved_mm:.0f} mm and turned it by {found.turned_deg:.0f} "
            "degrees; look at the overlay before trusting it."
        )


def alignment_words(entry: VisitEntry, registered: str, placing: Placing) -> str:
    """What was done to the visit's positions, for the report."""
    steps = [step for step in (entry.alignment, registered) if step]
    if placing.resampled:
        sizes = sorted({" x ".join(f"{v:g}" for v in spacing[::-1]) for spacing in placing.resampled})
        steps.append(f"resampled onto the baseline grid from voxels of {' and '.join(sizes)} mm")
    return "; ".join(steps) or Visit.alignment
