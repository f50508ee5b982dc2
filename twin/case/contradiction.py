"""Labels that contradict the images: what is more often a mistaken number or a flipped file than a patient."""

from __future__ import annotations

import itertools

import numpy as np

from twin.errors import DataRefused
from twin.patient import Patient, Visit

CERTAIN_SHARE = 0.8
"""A lesion lies in a hemisphere when this share of it does."""

LEAST_VOXELS = 30

CONVENTIONS = 'a number means different things: "4" is a cavity in BraTS 2024 and enhancing tumour in BraTS 2021'
REMEDY = "look at the labels on the images; if they are right, write `labels_checked: true` in the case file"


def contradictions(patient: Patient) -> list[DataRefused]:
    """Every contradiction between labels and images, for a person to settle."""
    found = [problem for visit in patient.visits for problem in (_cavity(visit, patient), _enhancing(visit, patient))]
    return [problem for problem in (*found, *_sides(patient)) if problem is not None]


def _cavity(visit: Visit, patient: Patient) -> DataRefused | None:
    """A cavity holds fluid: on a T1 with contrast it is dark."""
    share = _brighter(visit, patient, "cavity")
    if share is None or share < 0.5:
        return None
    return DataRefused(
        f"The cavity on day {visit.day:g} enhances: {100 * share:.0f} % of it is brighter than most tissue on t1gd.",
        where=f"day {visit.day:g}, cavity",
        why=CONVENTIONS,
        remedy=f"check the preset (or the numbers under `labels:`); {REMEDY}",
    )


def _enhancing(visit: Visit, patient: Patient) -> DataRefused | None:
    """Enhancing tumour is bright on a T1 with contrast."""
    share = _brighter(visit, patient, "enhancing", quantile=0.25)
    if share is None or share > 0.1:
        return None
    return DataRefused(
        f"The enhancing tumour on day {visit.day:g} is dark on t1gd: {100 * share:.0f} % of it is as bright as tissue.",
        where=f"day {visit.day:g}, enhancing",
        why=CONVENTIONS,
        remedy=f"check the preset (or the numbers under `labels:`); {REMEDY}",
    )


def _brighter(visit: Visit, patient: Patient, region: str, quantile: float = 0.75) -> float | None:
    """The share of a region brighter than a quantile of the tissue outside every label; None where it cannot be told."""
    mask, image = visit.regions.get(region), visit.images.get("t1gd")
    if mask is None or image is None or mask.sum() < LEAST_VOXELS:
        return None
    healthy = image.values[patient.medium.domain & ~np.logical_or.reduce(list(visit.regions.values()))]
    if healthy.size < LEAST_VOXELS or np.ptp(healthy) == 0:
        return None
    return float(np.mean(image.values[mask] > np.quantile(healthy, quantile)))


def _sides(patient: Patient) -> list[DataRefused]:
    """A lesion of the brain that changes the hemisphere between two scans."""
    if patient.site != "brain":
        return []
    sides = [(visit, side) for visit in patient.visits if (side := _side(visit, patient))]
    return [
        DataRefused(
            f"The lesion lies in the {a} hemisphere on day {first.day:g} and in the {b} one on day {then.day:g}.",
            where=f"day {then.day:g}, segmentations",
            why="left and right are exchanged in a file more often than a tumour changes sides",
            remedy=f"compare the orientation of the files of both dates; {REMEDY}",
        )
        for (first, a), (then, b) in itertools.pairwise(sides)
        if a != b
    ]


def _side(visit: Visit, patient: Patient) -> str:
    """left or right, empty where the lesion lies in both or there is none. x runs to the patient's left (LPS)."""
    if visit.whole is None or visit.whole.sum() < LEAST_VOXELS:
        return ""
    x = patient.grid.index_to_mm(np.argwhere(visit.whole))[:, 0]
    middle = patient.grid.index_to_mm(np.argwhere(patient.medium.domain)[::7])[:, 0].mean()
    left = float(np.mean(x > middle))
    return "left" if left >= CERTAIN_SHARE else "right" if left <= 1 - CERTAIN_SHARE else ""
