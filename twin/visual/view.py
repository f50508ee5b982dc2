"""A patient made ready for pictures: arrays turned to one orientation, a windowed image, the organ's outline."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from twin.fields import bounding_box
from twin.grid import Box, triple
from twin.patient import Patient
from twin.visual.orient import Orientation, orientation

ANATOMICAL = ("t1gd", "t1", "flair", "t2", "ct")
"""Roles of images that show anatomy, best first."""


MEASURED = ("adc", "cell_fraction", "cell_count")
"""Roles of images that measure cells: outside the tumour they are empty or flat."""


@dataclass(frozen=True)
class View:
    """Everything the pictures of one patient share. Arrays are in display order (see :class:`Orientation`).

    ``image`` lies in [0, 1] (one window for all pictures); ``organ`` is the domain with its cavities filled; ``focus`` is
    the voxel (z, y, x) through which the three planes are laid.
    """

    patient: Patient
    turn: Orientation
    image: np.ndarray = field(repr=False)
    image_name: str
    organ: np.ndarray = field(repr=False)
    focus: tuple[int, int, int]

    @property
    def spacing(self) -> tuple[float, float, float]:
        return self.turn.spacing_mm

    def show(self, array: np.ndarray) -> np.ndarray:
        """An array of the patient's grid in display order."""
        return np.ascontiguousarray(self.turn.apply(np.asarray(array)))

    @property
    def box(self) -> Box:
        """The organ's bounding box with a margin of about 4 mm."""
        return bounding_box(self.organ, triple(max(1, round(4 / h)) for h in self.spacing))


def view_of(patient: Patient) -> View:
    """The view of a patient; the planes pass through the lesion of the last visit that the twin has seen."""
    turn = orientation(patient.grid)
    organ = _filled(turn.apply(patient.medium.domain), turn.spacing_mm)
    image, name = _underlay(patient, turn, organ)
    lesion = turn.apply(_lesion(patient))
    return View(patient, turn, image, name, organ, focus_of(lesion if lesion.any() else organ))


def _lesion(patient: Patient) -> np.ndarray:
    found = [v.whole for v in patient.seen if v.whole is not None and v.whole.any()]
    return found[-1] if found else np.zeros(patient.grid.shape, bool)


def focus_of(mask: np.ndarray) -> tuple[int, int, int]:
    """On each axis the slice where the mask is largest, found one after the other so that all three planes cut it."""
    z = int(mask.sum(axis=(1, 2)).argmax())
    y = int(mask[z].sum(axis=1).argmax())
    x = int(mask[z].sum(axis=0).argmax())
    return z, y, x


def _filled(domain: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """The domain with ventricles and other closed cavities filled, the sulci left open."""
    from scipy import ndimage

    reach = max(1, round(2.5 / min(spacing[1:])))
    ball = ndimage.generate_binary_structure(3, 1)
    wide = np.pad(domain, reach + 1)
    closed = ndimage.binary_closing(wide, ball, iterations=reach)
    holes = ndimage.binary_fill_holes(closed) & ~closed
    cut = (slice(reach + 1, -reach - 1),) * 3
    return (domain | ndimage.binary_dilation(holes, ball, iterations=reach, mask=~wide | holes)[cut]) & (
        holes[cut] | closed[cut]
    )


def _underlay(patient: Patient, turn: Orientation, organ: np.ndarray) -> tuple[np.ndarray, str]:
    if patient.anatomy is not None and not _is_measurement(patient):
        return _windowed(turn.apply(patient.anatomy.values), organ), "anatomical image"
    for role in ANATOMICAL:
        if role in patient.visits[0].images:
            return _windowed(turn.apply(patient.visits[0].images[role].values), organ), f"{role.upper()} of the first visit"
    return _tissue_map(patient, turn), "tissue map (the case names no anatomical image)"


def _is_measurement(patient: Patient) -> bool:
    """Whether the image named as anatomy is in truth a map of cells or of ADC of some visit, which shows tumour alone."""
    maps = [v.images[role].values for v in patient.visits for role in MEASURED if role in v.images]
    assert patient.anatomy is not None
    return any(np.array_equal(patient.anatomy.values, m, equal_nan=True) for m in maps)


def _windowed(values: np.ndarray, organ: np.ndarray) -> np.ndarray:
    finite = np.nan_to_num(np.asarray(values, np.float32))
    inside = finite[organ & (finite > 0)] if (organ & (finite > 0)).any() else finite.ravel()
    low, high = np.percentile(inside, (0.5, 99.7))
    low = min(float(low), 0.25 * float(high))
    return np.clip((finite - low) / max(1.08 * float(high) - low, 1e-9), 0, 1) ** 1.3


def _tissue_map(patient: Patient, turn: Orientation) -> np.ndarray:
    """Grey levels for tissues: the first brightest, walls dark."""
    fractions = patient.medium.fractions
    levels = np.linspace(0.72, 0.34, len(fractions)) if len(fractions) > 1 else [0.45]
    mixed = sum(level * np.asarray(f, np.float32) for level, f in zip(levels, fractions.values(), strict=True))
    return np.ascontiguousarray(turn.apply(np.asarray(mixed, np.float32)))
