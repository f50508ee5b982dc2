"""A results folder as the steps before an export leave it, for a patient whose baseline scan is a DICOM series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from tests.twin.imaging.dicom.test_raster import blob
from twin.case.prepared import save_patient
from twin.fields import SPACE, coordinates, field, frame_attributes
from twin.grid import Grid
from twin.medium import Medium
from twin.patient import Patient, Visit
from twin.store import save_dataset

ARMS, SCANS = ("standard", "none"), (90.0, 146.0)


def patient_of(values: np.ndarray, grid: Grid, box: tuple[slice, slice, slice]) -> Patient:
    """A patient on a box of a series' grid, as ``load_case`` crops it."""
    inside = grid.crop(box)
    tissue = np.ones(inside.shape, bool)
    visit = Visit(0.0, "baseline", regions={"tumour": blob(inside.shape)})
    anatomy = field(values[box], inside, "1")
    return Patient("case-01", "brain", Medium.of_one_tissue(inside, tissue, "tissue"), (visit,), anatomy=anatomy)


def probabilities(shape: tuple[int, ...]) -> np.ndarray:
    """(arm, scan, z, y, x) with regions that have holes and islands; every multiple of 0.1."""
    found = np.zeros((len(ARMS), len(SCANS), *shape), np.float32)
    for a in range(len(ARMS)):
        for s in range(len(SCANS)):
            found[a, s] = np.where(blob(shape, 10 * a + s), 0.7, 0.2)
    return found


def write_results(folder: Path, patient: Patient) -> dict[str, np.ndarray]:
    """``patient.zarr`` and ``scenarios.zarr`` in ``folder``; returns the maps."""
    save_patient(patient, folder)
    grid, draws, days = patient.grid, np.arange(7), np.arange(0.0, 183.0, 2.0)
    shape = (len(ARMS), len(draws), len(days))
    volume = np.broadcast_to(10 + days / 10, shape) + draws[None, :, None]
    maps = {"probability": probabilities(grid.shape)}
    maps["mean_fraction"] = (maps["probability"] * 0.9).astype(np.float32)
    data = xr.Dataset(
        {
            **{name: (("arm", "scan", *SPACE), values) for name, values in maps.items()},
            "volume_ml": (("arm", "draw", "t"), volume, {"units": "mL"}),
            "diameter_mm": (("arm", "draw", "scan"), np.full((2, 7, 2), 31.0), {"units": "mm"}),
        },
        coords={
            "arm": list(ARMS),
            "draw": draws,
            "t": days,
            "scan": list(SCANS),
            "label": ("arm", ["Standard", "No treatment"]),
            **coordinates(grid),
        },
        attrs={"reference": "standard", "decision_day": 42.0, **frame_attributes(grid)},
    )
    save_dataset(folder / "scenarios.zarr", data)
    return maps
