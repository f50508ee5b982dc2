"""Bringing a visit onto the baseline scan, and saying what was done."""

from __future__ import annotations

import numpy as np

from twin.case.parts import VisitEntry
from twin.case.visits import Placing
from twin.errors import DataRefused
from twin.imaging.image import Image
from twin.imaging.register import Registration, register_rigid
from twin.imaging.registration_quality import failure, quality_of
from twin.patient import Visit

SHARED = ("t1gd", "t1", "flair", "t2", "ct", "adc")
"""Roles by which two scans may be registered, best first."""

AROUND_MM = 10.0
"""Tissue this close to the tumour is left out of the comparison: it is displaced by growth and treatment."""

FAR_MM, FAR_DEGREES = 40.0, 25.0
"""A motion beyond these is more often a failed registration than a patient who lay differently."""


def register(entry: VisitEntry, words: str, baseline: Visit, placing: Placing) -> str:
    """Set ``placing.transform`` to the rigid motion of this visit; returns what was done, in words."""
    role = next((r for r in SHARED if r in entry.images and r in baseline.images), None)
    if role is None:
        raise DataRefused(
            "The scan cannot be registered: it has no anatomical image in common with the baseline.",
            why="two scans are compared by what both show",
            remedy=f"name one of {', '.join(SHARED)} at both visits, or register outside and write `registration: none`",
        )
    fixed = Image(baseline.images[role].values, placing.grid, "baseline")
    moving = placing.files.read(entry.images[role].file)
    around = _around(baseline.whole, placing)
    found = register_rigid(fixed, moving, around)
    overlap = _check(found, fixed, moving, around, words) if found.gain > 0 else 0.0
    placing.transform = found.transform if found.gain > 0 else None
    _doubt(found, words, placing)
    if found.gain == 0:
        return f"rigid registration on {role} found no better position than the one given"
    motion = f"moved {found.moved_mm:.1f} mm, turned {found.turned_deg:.1f} degrees, overlap {overlap:.2f}"
    return f"rigidly registered to the baseline on {role} ({motion})"


def _check(found: Registration, fixed: Image, moving: Image, around: np.ndarray | None, words: str) -> float:
    """The overlap of both scans; refused where a measure says that the registration failed."""
    quality = quality_of(fixed, moving, found.transform, around)
    if reason := failure(quality):
        raise DataRefused(
            f"The registration of {words} onto the baseline failed: {reason}.",
            why="tumour and dose would be compared at the wrong place",
            remedy="check that both scans show the same patient and organ; register them outside, then `registration: none`",
        )
    return quality.overlap


def _around(tumour: np.ndarray | None, placing: Placing) -> np.ndarray | None:
    """The tumour and AROUND_MM of its surroundings."""
    if tumour is None or not tumour.any():
        return None
    from scipy import ndimage

    return ndimage.distance_transform_edt(~tumour, sampling=placing.grid.spacing_mm) <= AROUND_MM


def _doubt(found: Registration, words: str, placing: Placing) -> None:
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
