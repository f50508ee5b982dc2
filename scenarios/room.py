"""Whether the disk can hold a comparison, said before it starts."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from scenarios.prepare import Comparison
from twin.errors import DataRefused
from twin.fields import bounding_box
from twin.patient import Patient

REACH_MM = 25.0
"""Cells are looked for this far around the lesion of the last scan when the size of a scan map is estimated."""

BYTES_PER_VOXEL = 0.5
"""A compressed scan map takes about a fifth of a byte a voxel; half a byte is on the safe side."""


def needed_bytes(comparison: Comparison, runs: int, patient: Patient) -> float:
    """An estimate of what ``runs`` more runs and the maps of all arms take on disk."""
    scans = len(comparison.setup.timeline.scans) if comparison.setup.maps else 0
    voxels = _voxels(patient)
    maps = 2 * 4 * len(comparison.setup.arms) * scans * voxels * BYTES_PER_VOXEL
    curves = 8 * len(comparison.setup.measured) * len(comparison.setup.timeline.days)
    return runs * (scans * voxels * BYTES_PER_VOXEL + curves) + maps


def check_room(comparison: Comparison, runs: int, patient: Patient, folder: Path) -> None:
    """DataRefused where the comparison would fill the disk of ``folder``."""
    needed, free = needed_bytes(comparison, runs, patient), shutil.disk_usage(folder).free
    if needed > 0.9 * free:
        raise DataRefused(
            f"The comparison needs about {needed / 1e9:.1f} GB, but {free / 1e9:.1f} GB are free.",
            where=str(folder),
            why="it would stop half-way",
            remedy="compare fewer arms, draws or scan days, or give --out on a larger disk",
        )


def _voxels(patient: Patient) -> int:
    """Voxels of the box in which cells are expected."""
    seen = patient.seen[-1].whole
    if seen is None or not seen.any():
        return int(np.count_nonzero(patient.medium.domain))
    margin = tuple(int(np.ceil(REACH_MM / h)) for h in patient.grid.spacing_mm)
    box = bounding_box(seen, margin)  # type: ignore[arg-type]
    return int(np.prod([s.stop - s.start for s in box]))
