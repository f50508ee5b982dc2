"""What a results folder predicts, as maps and measurements: the arms of a comparison, or the calibration's own forecast."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from twin.case.prepared import load_patient
from twin.errors import UsageError
from twin.grid import Grid
from twin.patient import Patient
from twin.registry import unknown
from twin.store import load_dataset, missing

LIKELY = 0.5
"""A voxel is inside a predicted contour where at least this share of the draws shows tumour."""

INTERVAL = (0.05, 0.5, 0.95)
CALIBRATED = "forecast"


@dataclass(frozen=True)
class Measure:
    """A predicted number: median and 90 % interval over the posterior draws."""

    name: str
    unit: str
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Prediction:
    """One arm on one day, on the patient's grid (z, y, x): probability of visible tumour, mean cell fraction."""

    day: float
    probability: np.ndarray = field(repr=False)
    fraction: np.ndarray | None = field(repr=False)
    measures: tuple[Measure, ...] = ()

    @property
    def label(self) -> str:
        """How a segment is called; at most 64 characters."""
        return f"predicted tumour, day {self.day:g}"

    @property
    def mask(self) -> np.ndarray:
        return self.probability >= LIKELY


@dataclass(frozen=True)
class Arm:
    """One therapy option with its predictions, day by day. ``slug`` is fit for a file name."""

    id: str
    label: str
    slug: str
    predictions: tuple[Prediction, ...] = field(repr=False)


@dataclass(frozen=True)
class Predicted:
    """A patient and what was predicted."""

    patient: Patient = field(repr=False)
    grid: Grid
    arms: tuple[Arm, ...]
    decision_day: float | None


def load_predictions(results: Path, arms: Sequence[str] | None = None) -> Predicted:
    """The predictions in a results folder; ``arms`` chooses some (default: the reference arm), "all" every one."""
    patient = load_patient(results)
    if (results / "scenarios.zarr").exists():
        with load_dataset(results / "scenarios.zarr") as data:
            wanted = _chosen(data, arms)
            found = tuple(_arm(data.sel(arm=name), name, number) for number, name in enumerate(wanted, start=1))
            return Predicted(patient, patient.grid, found, float(data.attrs.get("decision_day", np.nan)))
    if not (results / "fit.zarr").exists():
        raise missing(results / "scenarios.zarr")
    with load_dataset(results / "fit.zarr") as data:
        return Predicted(patient, patient.grid, (_forecast(data),), None)


def _chosen(data: xr.Dataset, arms: Sequence[str] | None) -> list[str]:
    known = [str(a) for a in data["arm"].values]
    if arms is None:
        reference = str(data.attrs.get("reference", "standard"))
        return [reference if reference in known else known[0]]
    if list(arms) == ["all"]:
        return known
    for name in arms:
        if name not in known:
            raise UsageError(unknown("arm", name, known), remedy=f"known: {', '.join(known)}; or all")
    return list(dict.fromkeys(arms))


def _arm(data: xr.Dataset, name: str, number: int) -> Arm:
    days = [float(d) for d in data["scan"].values]
    label = str(data["label"].values) if "label" in data.coords else name
    found = tuple(_prediction(data, data.isel(scan=i), day) for i, day in enumerate(days))
    return Arm(name, label, f"{number:02d}_{slug(name)}", found)


def _prediction(arm: xr.Dataset, scan: xr.Dataset, day: float) -> Prediction:
    measures = []
    if "volume_ml" in arm:
        measures.append(_measure("volume", "mL", arm["volume_ml"].sel(t=day, method="nearest")))
    if "diameter_mm" in scan:
        measures.append(_measure("longest diameter", "mm", scan["diameter_mm"]))
    fraction = scan["mean_fraction"].values if "mean_fraction" in scan else None
    return Prediction(day, scan["probability"].values, fraction, tuple(m for m in measures if np.isfinite(m.median)))


def _measure(name: str, unit: str, draws: xr.DataArray) -> Measure:
    values = draws.values[np.isfinite(draws.values)]
    low, median, high = np.quantile(values, INTERVAL) if values.size else (np.nan,) * 3
    return Measure(name, unit, float(low), float(median), float(high))


def _forecast(data: xr.Dataset) -> Arm:
    """The calibration's forecast of the held-out visits, along the treatment given (of all visits if none is held out)."""
    held = np.flatnonzero(data["held_out"].values) if "held_out" in data.coords else np.array([], int)
    chosen = held if held.size else np.arange(data.sizes["visit"])
    found = []
    for i in chosen:
        one = data.isel(visit=int(i))
        day = float(one["visit"])
        measures = (_measure("volume", "mL", data["volume_ml"].sel(t=day, method="nearest")),) if "volume_ml" in data else ()
        found.append(Prediction(day, one["probability"].values, one["predicted_fraction"].values, measures))
    return Arm(CALIBRATED, "treatment as given", f"01_{CALIBRATED}", tuple(found))


def slug(name: str) -> str:
    """A name as part of a file name: letters, digits and hyphens only."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:32] or "arm"
