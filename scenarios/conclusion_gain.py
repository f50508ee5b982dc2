"""Days gained against no further treatment, in the words of a conclusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from scenarios.arms import NONE
from scenarios.differences import HIGHER, LEVEL

GAINED = "days-gained"


def gain_sentences(
    reference: str, compared: Sequence[Mapping[str, Any]], labels: Mapping[str, str], data: xr.Dataset
) -> list[str]:
    """What the reference gains; where it is no treatment itself, the options that surely gain. Nothing where no arm is
    untreated or the endpoint was not asked for."""
    if "days_gained" not in data or NONE not in labels:
        return []
    sure = [str(c["arm"]) for c in compared if c["endpoint"] == GAINED and c["verdict"] == HIGHER]
    asked = [reference] if reference != NONE else sure
    return [s for arm in asked if (s := _gain(arm, labels, data))]


def _gain(arm: str, labels: Mapping[str, str], data: xr.Dataset) -> str:
    days = data["days_gained"].sel(arm=arm).values
    days = days[np.isfinite(days)]
    if not days.size:
        return ""
    low, middle, high = np.percentile(days, (LEVEL[0], 50.0, LEVEL[1]))
    whole = data.attrs["horizon_day"] - data.attrs["decision_day"]
    most = f"{high:.0f}" if high < whole else f"{whole:.0f} or more, the whole forecast"
    interval = f"(90 % interval {max(low, 0.0):.0f} to {most})"
    if low <= 0:
        return f"That “{labels[arm]}” gains days against “{labels[NONE]}” is not established: {middle:.0f} days {interval}."
    return (
        f"“{labels[arm]}” gains {middle:.0f} days against “{labels[NONE]}” {interval}: so much later is the visible tumour "
        "as large."
    )
