"""A forecast as it was made: what it rests on, and what it says about the days to come."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from calibration.calibration import Calibration
from calibration.evaluation import seen
from twin.treatment import Plan, Resection

EVERY_DAYS = 7.0
"""Between two days of a forecast that are kept, besides the days of scans that are planned (held out)."""

DRAWN = ("volume_ml", "burden_ml", "counted_ml")
"""What is kept draw by draw: visible volume, all cells, and those of the visible lesion."""

DIGITS = 6
"""Significant digits of the draws that are kept."""


def forecast_content(twin: Calibration, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a "forecast" record: plain values, enough to score it later without any other file.

    ``manifest``: what the step that made it wrote (:class:`twin.provenance.Manifest`). Volumes, all cells and those in the
    visible lesion are kept draw by draw (mL; cells as mL at carrying capacity) on the days from the decision on. Of maps and
    posterior the hashes are kept.
    """
    last = seen(twin.patient, twin.patient.seen[-1])
    return {
        "command": manifest["command"],
        "fingerprint": manifest["fingerprint"],
        "inputs_sha256": manifest["inputs_sha256"],
        "versions": manifest["versions"],
        "seed": manifest["seed"],
        "configuration": manifest["configuration"],
        "model": twin.structure.model,
        "effects": list(twin.structure.effects),
        "decision_day": twin.decision_day,
        "visits_seen": [v.day for v in twin.patient.seen],
        "treatments_sha256": plan_hash(twin.patient.treatments),
        "last_volume_ml": last.volume_ml,
        "last_burden_ml": last.burden_ml,
        "posterior": posterior_summary(twin.posterior),
        "posterior_sha256": posterior_hash(twin.posterior),
        "maps_sha256": maps_hash(twin.fit),
        "volume_as_read": False,
        "days": kept_days(twin),
        **{name: rounded(twin.fit[name].sel(t=kept_days(twin)).values.T) for name in DRAWN if name in twin.fit},
    }


def kept_days(twin: Calibration) -> list[float]:
    """From the decision day on: every week of the forecast, its last day and the days of the visits held out."""
    days = twin.fit["t"].values
    ahead = days[days >= twin.decision_day]
    wanted = np.arange(twin.decision_day, ahead[-1], EVERY_DAYS)
    near = {float(ahead[np.argmin(abs(ahead - w))]) for w in wanted}
    return sorted({*near, float(ahead[-1]), *(v.day for v in twin.patient.held_out if v.day in ahead)})


def posterior_summary(posterior: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Unit, best value and 5, 50 and 95 % quantiles of every parameter."""
    low, middle, high = np.quantile(posterior["value"].values, [0.05, 0.5, 0.95], axis=0)
    return {
        str(name): {
            "unit": str(posterior["unit"].values[k]),
            "best": float(posterior["best"].values[k]),
            "low": float(low[k]),
            "median": float(middle[k]),
            "high": float(high[k]),
        }
        for k, name in enumerate(posterior["parameter"].values)
    }


def posterior_hash(posterior: xr.Dataset) -> str:
    """Of the draws, whatever the files around them look like."""
    return array_hash(posterior["value"].values)


def maps_hash(fit: xr.Dataset) -> str:
    """Of the predicted cell fraction and the probability of visible tumour on every visit."""
    return array_hash(fit["predicted_fraction"].values, fit["probability"].values)


def plan_hash(plan: Plan) -> str:
    """Of the treatments that a forecast counts on: doses, days and places."""
    digest = hashlib.sha256()
    for course in plan.courses:
        place = course.cavity if isinstance(course, Resection) else getattr(course, "relative_dose", None)
        told = repr((course.day, course.margin_mm)) if isinstance(course, Resection) else repr(course)
        digest.update(told.encode() + (b"" if place is None else np.ascontiguousarray(place).tobytes()))
    return digest.hexdigest()


def rounded(table: np.ndarray) -> list[list[float | None]]:
    """(day, draw) of a table; None where a draw failed."""
    return [[None if np.isnan(v) else float(f"{v:.{DIGITS}g}") for v in row] for row in table]


def array_hash(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
