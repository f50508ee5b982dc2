"""The organ table of an arm for ``scenarios.json``: the dose each receives, and when the tumour reaches it."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from scenarios.dose_drugs import drug_totals
from scenarios.organs import organ_doses_json
from twin.patient import Patient
from twin.treatment import Plan


def dose_block(patient: Patient, plan: Plan, share: float = 1.0) -> dict[str, Any]:
    """Dose by organ and drug totals of a whole treatment, what was given before included, and the ``share`` of the simulated
    courses that were given it."""
    found = {**organ_doses_json(patient, plan), "drugs": drug_totals(plan), "share": share}
    often = f"The option adapts: these are the doses of the treatment given in {100 * share:.0f} % of its simulated courses."
    return found if share == 1 else {**found, "note": f"{often} {found['note']}".strip()}


def warnings(label: str, block: dict[str, Any]) -> list[str]:
    """Sentences where the arm exceeds an organ's limit (told only with a dose distribution) or a drug's lifetime dose."""
    over = [o for o in block["organs"] if o["exceeded"] and block["mapped"]]
    if block["share"] < 1:
        label += f", in {100 * block['share']:.0f} % of its courses"
    told = [
        f"“{label}”: {o['organ']} receives {o['at_limit_gy']:.1f} Gy ({o['limit']}, EQD2), above its limit of "
        f"{o['limit_gy']:g} Gy ({o['citations'][-1]}; confirm)."
        for o in over
    ]
    return told + [f"“{label}”: {d['sentence']}" for d in block["drugs"] if d["sentence"]]


def infiltration_block(arm: str, data: xr.Dataset) -> list[dict[str, Any]]:
    """For each organ that is followed: the share of the courses in which the tumour reaches it by the horizon, the day after
    the decision on which it does (median and 90 % interval of those courses), and the share of it that is tumour then."""
    if "organ_arrival_days" not in data:
        return []
    finished = data["volume_ml"].sel(arm=arm).isel(t=-1).notnull().values
    return [_organ(str(name), arm, data, finished) for name in data["organ"].values] if finished.any() else []


def _organ(name: str, arm: str, data: xr.Dataset, finished: np.ndarray) -> dict[str, Any]:
    one = data.sel(arm=arm, organ=name)
    days = one["organ_arrival_days"].values[finished]
    share = one["organ_infiltration"].isel(t=-1).values[finished]
    reached = days[np.isfinite(days)]
    low, middle, high = np.percentile(reached, (5.0, 50.0, 95.0)) if reached.size else (np.nan,) * 3
    return {
        "organ": name,
        "probability": float(np.isfinite(days).mean()),
        "arrival_days": {"median": middle, "low": low, "high": high},
        "share_at_horizon": float(np.median(share)),
    }
