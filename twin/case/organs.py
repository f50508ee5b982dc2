"""Organs at risk, eloquent regions and target volumes of a case, on the patient's grid."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.case.files import whole_numbers
from twin.case.parts import OrganEntry
from twin.case.totalsegmentator import organ_numbers
from twin.case.visits import Placing
from twin.errors import DataRefused
from twin.imaging.resample import resample


def read_organs(organs: Mapping[str, OrganEntry], placing: Placing) -> dict[str, np.ndarray]:
    """Name -> bool (z, y, x) on the whole baseline grid. One that is empty there is a problem of the case."""
    found = {}
    for name, entry in organs.items():
        with placing.problems.gather(f"organs, {name}: {entry.file}"):
            found[name] = _mask(name, entry, placing)
    return found


def _mask(name: str, entry: OrganEntry, placing: Placing) -> np.ndarray:
    numbers = entry.labels or (organ_numbers(name) if entry.preset else ())
    values = resample(whole_numbers(placing.files.read(entry.file)), placing.grid, labels=True)
    mask = np.isin(values, numbers) if numbers else values > 0
    if not mask.any():
        raise DataRefused(
            f"{entry.file} marks no voxel of the baseline grid.",
            where=entry.file,
            why="an organ without a voxel has neither dose nor tumour",
            remedy="check the label numbers, and that the file lies in the frame of the baseline scan",
        )
    return mask
