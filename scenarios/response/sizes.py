"""RECIST 1.1 of a lesion of which only sizes are known: one target, no other lesions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from calibration.observation.diameter import to_diameter
from scenarios.criteria import Assessment
from scenarios.response.recist import Recist, target_category
from twin.errors import DataRefused


def categories(readings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Day, diameter (mm), category and rule of each reading (``visits`` of calibration.json).

    A volume counts as the diameter of a ball. Empty where the first reading shows nothing to compare with.
    """
    scans = _scans(readings)
    try:
        found = Recist().assess(scans)
    except DataRefused:
        return []
    return [
        {"day": v.day, "diameter_mm": s.size, "category": v.category, "rule": v.rule}
        for v, s in zip(found, scans, strict=True)
    ]


def chances(readings: Sequence[Mapping[str, Any]], volume_ml: np.ndarray) -> dict[str, float]:
    """Share of the draws of a forecast volume in each category, against the readings seen; {} without a baseline."""
    seen = categories([r for r in readings if not r["held_out"]])
    if not seen:
        return {}
    sizes, responded = [s["diameter_mm"] for s in seen], any(s["category"] in ("PR", "CR") for s in seen)
    scans = [Assessment(0.0, float(d)) for d in to_diameter(volume_ml)]
    found = [target_category(scan, sizes[0], min(sizes), responded)[0] for scan in scans]
    return {c: found.count(c) / len(found) for c in ("PD", "SD", "PR", "CR") if c in found}


def _scans(readings: Sequence[Mapping[str, Any]]) -> list[Assessment]:
    return [Assessment(r["day"], round(float(to_diameter(r["observed_volume_ml"])), 6)) for r in readings]
