"""Paired differences between arms over the same draws, and what may be said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr

from scenarios.endpoint import Endpoint, Measured, endpoints
from scenarios.prepare import Comparison

LEVEL = (5.0, 95.0)
"""Percentiles of the 90 % interval."""

SURE = 0.95
"""A meaningful difference is called one only if at least this share of the draws shows it."""

SMALLEST_ML = 1.0
"""Differences in volume below this are within the error of any segmentation."""

LOWER, HIGHER, UNCLEAR, NOT_RANKED = "lower", "higher", "cannot be told apart", "not ranked"
"""Verdicts; "not ranked": the twin misses the last scan that it saw, so no difference of its courses is read."""


@dataclass(frozen=True)
class Difference:
    """Arm minus reference, draw by draw, at the horizon (or over the whole course).

    ``probability_lower``: share of the draws in which the arm is lower; ``probability_meaningfully_lower``: lower by more
    than ``margin`` of the reference (and, for volumes, by 1 mL). ``verdict`` is "lower" or "higher" only if the 90 %
    interval of the difference excludes zero and at least 95 % of the draws differ by a meaningful margin that way.
    """

    arm: str
    reference: str
    endpoint: str
    label: str
    unit: str
    draws: int
    median_difference: float
    low: float
    high: float
    probability_lower: float
    probability_meaningfully_lower: float
    probability_meaningfully_higher: float
    margin: float
    verdict: str


def differences(data: xr.Dataset, comparison: Comparison) -> list[dict]:
    """Every arm against the reference, for every endpoint that was asked for."""
    found = []
    for name in comparison.names:
        e = endpoints[name]
        if e.variable not in data or "organ" in data[e.variable].dims:
            continue
        values = at_horizon(data, e)
        for arm in comparison.setup.arms:
            if arm.id != comparison.reference:
                one = _difference(values, arm.id, e, name, comparison)
                found += [asdict(one)] if one else []
    return found


def unranked(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The differences without a verdict, for a twin that misses the last scan that it saw."""
    return [{**one, "verdict": NOT_RANKED} for one in found]


def at_decision(data: xr.Dataset, comparison: Comparison) -> np.ndarray:
    """The visible volumes of the draws on the decision day, which all arms share."""
    day = comparison.setup.timeline.decision_day
    return data["volume_ml"].sel(arm=comparison.reference).sel(t=day, method="nearest").values


def at_horizon(data: xr.Dataset, e: Endpoint) -> xr.DataArray:
    """(arm, draw): the last value of a course, or the one number of a run. No progression counts as the whole horizon."""
    values = data[e.variable]
    if isinstance(e, Measured):
        return values.isel({e.at: -1})
    if not e.variable.endswith("_days") or e.lower_is_better is not False:
        return values
    whole = data.attrs["horizon_day"] - data.attrs["decision_day"]
    finished = data["volume_ml"].isel(t=-1).notnull()
    return values.fillna(whole).where(finished)


def _difference(values: xr.DataArray, arm: str, e: Endpoint, name: str, comparison: Comparison) -> Difference | None:
    mine, other = values.sel(arm=arm).values, values.sel(arm=comparison.reference).values
    found = paired(mine, other, e, comparison.margin)
    told: dict[str, Any] = {
        "arm": arm,
        "reference": comparison.reference,
        "endpoint": name,
        "label": e.label,
        "unit": e.unit,
    }
    return Difference(**told, **found, margin=comparison.margin) if found else None


def paired(mine: np.ndarray, other: np.ndarray, e: Endpoint, margin: float) -> dict[str, Any]:
    """The numbers and the verdict of :class:`Difference`, over the draws that both have; empty where there is none."""
    both = np.isfinite(mine) & np.isfinite(other)
    if not both.any():
        return {}
    gap, limit = (mine - other)[both], meaningful(other[both], e, margin)
    low, high = (float(v) for v in np.percentile(gap, LEVEL))
    lower, higher = float((gap < -limit).mean()), float((gap > limit).mean())
    return {
        "draws": int(both.sum()),
        "median_difference": float(np.median(gap)),
        "low": low,
        "high": high,
        "probability_lower": float((gap < 0).mean()),
        "probability_meaningfully_lower": lower,
        "probability_meaningfully_higher": higher,
        "verdict": _verdict(low, high, lower, higher),
    }


def meaningful(reference: np.ndarray, e: Endpoint, margin: float) -> np.ndarray:
    """The difference from ``reference`` that is clinically meaningful: ``margin`` of it, and for volumes 1 mL at least."""
    smallest = SMALLEST_ML if e.unit == "mL" else 0.0
    return np.maximum(margin * np.abs(reference), smallest)


def _verdict(low: float, high: float, lower: float, higher: float) -> str:
    if high < 0 and lower >= SURE:
        return LOWER
    if low > 0 and higher >= SURE:
        return HIGHER
    return UNCLEAR
