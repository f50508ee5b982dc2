"""How a forecast did on each visit, beside "no change" and "exponential growth"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from calibration import scores
from calibration.comparison import bias_shape, repeatability
from calibration.observation.cells import CellReading
from calibration.observation.fraction import observed_fraction
from twin.patient import Patient, Visit


@dataclass(frozen=True)
class Seen:
    """What a visit shows: cell fraction (or None), lesion mask, volume (mL), and the cells in it (mL at capacity) with the
    errors of their reading."""

    day: float
    fraction: np.ndarray | None
    mask: np.ndarray
    volume_ml: float
    burden_ml: float
    reading: CellReading | None = None


def seen(patient: Patient, visit: Visit) -> Seen:
    fraction = observed_fraction(patient, visit)
    clean = None if fraction is None else np.clip(np.nan_to_num(fraction), 0, 1)
    mask = visit.whole
    if clean is not None and (mask is None or patient.visibility.whole is None):
        mask = clean > patient.visibility.threshold  # a region that is no level set cannot be compared with a predicted one
    if mask is None:
        mask = np.zeros(patient.grid.shape, bool)
    voxel = patient.grid.voxel_ml
    burden = float("nan") if clean is None else float(clean[mask].sum(dtype=float)) * voxel
    return Seen(visit.day, clean, mask, float(mask.sum()) * voxel, burden, cell_reading(patient, visit))


def cell_reading(patient: Patient, visit: Visit) -> CellReading:
    """The errors of the cells counted on a visit."""
    return CellReading(repeatability(patient, visit), bias_shape(patient, visit), patient.visibility.threshold)


def visit_scores(patient: Patient, fit: xr.Dataset) -> list[dict[str, Any]]:
    """One entry a visit for ``calibration.json``. A simple forecast uses visits seen before, never a held-out one."""
    entries = []
    for index, visit in enumerate(patient.visits):
        now = seen(patient, visit)
        known = [seen(patient, v) for v in patient.seen if v.day < visit.day]
        entry: dict[str, Any] = {
            "day": visit.day,
            "name": visit.name,
            "held_out": visit.held_out,
            "observed_volume_ml": now.volume_ml,
            "observed_core_ml": _core_ml(patient, visit),
        }
        if known:
            entry["scores"] = {
                "twin": twin_scores(patient, fit.isel(visit=index), fit, now),
                "no_change": _simple(patient, now, known[-1].fraction, known[-1].mask),
            }
            if len(known) > 1:
                entry["scores"]["exponential_growth"] = _exponential(patient, now, known)
        entries.append(entry)
    return entries


def twin_scores(patient: Patient, at: xr.Dataset, fit: xr.Dataset, now: Seen) -> dict[str, float]:
    """Scores of the posterior mean map, the 90 % interval of the true volume, and that of the volume as a reader draws it.

    ``inside_interval``: whether the observed volume, which has a reader's error, lies in the latter.
    """
    predicted = at["predicted_fraction"].values
    volumes = fit["volume_ml"].sel(t=now.day).values
    volumes = volumes[np.isfinite(volumes)]
    low, middle, high = scores.interval(volumes)
    read_low, _, read_high = scores.interval(scores.as_read(volumes))
    visible = at["probability"].values > 0.5
    return {
        "ccc": _ccc(predicted, predicted > patient.visibility.threshold, now),
        "dice": scores.dice(visible, now.mask),
        "volume_ml": middle,
        "volume_low_ml": low,
        "volume_high_ml": high,
        "reading_low_ml": read_low,
        "reading_high_ml": read_high,
        "inside_interval": bool(read_low <= now.volume_ml <= read_high),
        "volume_error_percent": scores.percent_error(middle, now.volume_ml),
    }


def _simple(patient: Patient, now: Seen, fraction: np.ndarray | None, mask: np.ndarray) -> dict[str, float]:
    volume = float(mask.sum()) * patient.grid.voxel_ml
    return {
        "ccc": float("nan") if fraction is None else _ccc(fraction, mask, now),
        "dice": scores.dice(mask, now.mask),
        "volume_ml": volume,
        "volume_error_percent": scores.percent_error(volume, now.volume_ml),
    }


def _exponential(patient: Patient, now: Seen, known: list[Seen]) -> dict[str, float]:
    """Volume and cell fraction carried on at the exponential rates of the visits before."""
    days = np.array([k.day for k in known])
    last, ahead = known[-1], now.day - known[-1].day
    rate = scores.exponential_rate(days, np.array([k.volume_ml for k in known]))
    mask = scores.grown_mask(last.mask, float(np.exp(rate * ahead)), patient.grid.spacing_mm, patient.medium.domain)
    if last.fraction is None:
        return _simple(patient, now, None, mask)
    cells = scores.exponential_rate(days, np.array([k.burden_ml for k in known]))
    return _simple(patient, now, scores.grown_fraction(last.fraction, cells, ahead), mask)


def _ccc(predicted: np.ndarray, region: np.ndarray, now: Seen) -> float:
    """Over the union of the predicted and the observed tumour."""
    if now.fraction is None:
        return float("nan")
    return scores.ccc(predicted, now.fraction, region | now.mask)


def _core_ml(patient: Patient, visit: Visit) -> float | None:
    return None if visit.core is None else float(visit.core.sum()) * patient.grid.voxel_ml
