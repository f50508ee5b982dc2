"""Lesions of which only the size over time is known."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from twin.errors import DataRefused

SHAPE = 0.52
"""Volume of a lesion over the cube of its diameter, pi / 6 (a ball), as the data set has it."""

FLOOR_MM = 3.0
"""The smallest diameter that was ever read; a lesion that vanished counts as this small on the scale of logarithms."""

COLUMNS = ("Pt_hashID", "Study_Arm", "T_days", "Lesion_diam", "Lesion_normvol")


@dataclass(frozen=True)
class Lesion:
    """One lesion: its patient, the patient's arm, days since treatment began (ascending), diameters in mm, and volumes
    relative to the largest of the data set (for scores)."""

    patient: str
    arm: str
    days: np.ndarray = field(repr=False)
    diameter_mm: np.ndarray = field(repr=False)
    volume: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.days)

    @property
    def log_volume(self) -> np.ndarray:
        """ln(mm3), at least that of ``FLOOR_MM``."""
        return np.log(SHAPE * np.maximum(self.diameter_mm, FLOOR_MM) ** 3)


def read_lesions(path: Path) -> list[Lesion]:
    """The lesions of a table with the columns ``COLUMNS``, by patient. DataRefused where it cannot be read."""
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as stream:
        table = csv.DictReader(stream)
        missing = [c for c in COLUMNS if c not in (table.fieldnames or [])]
        if missing:
            raise DataRefused(
                f"{path.name} has no column {', '.join(missing)}.", where=path.name, remedy=f"columns: {', '.join(COLUMNS)}"
            )
        for row in table:
            rows[row["Pt_hashID"]].append(row)
    return [_lesion(patient, rows[patient]) for patient in sorted(rows)]


def _lesion(patient: str, rows: list[dict[str, str]]) -> Lesion:
    table = np.array([[float(r[c]) for c in COLUMNS[2:]] for r in rows])
    days, diameter, volume = table[np.argsort(table[:, 0], kind="stable")].T
    return Lesion(patient, rows[0]["Study_Arm"], days, diameter, volume)
