"""Days gained against no further treatment, in the words of a conclusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from scenarios.arms import NONE
from scenarios.differences import HIGHER, LEVEL

GAINED = "days-gained"


def gain_sentences(
    reference: str, compared: Sequence[Mapping[str, Any]], labels: Mapping[str, str], data: xr.Dataset
) -> list[str]:
    """What the reference gains; where it is no treatment itself, what the options gain that surely do, in one sentence.
    Nothing where no arm is untreated or the endpoint was not asked for."""
    if "days_gained" not in data or NONE not in labels:
        return []
    if reference != NONE:
        return _of_the_reference(labels[reference], labels[NONE], _days(reference, data))
    sure = [str(c["arm"]) for c in compared if c["endpoint"] == GAINED and c["verdict"] == HIGHER]
    told = [f"“{labels[arm]}” {days.words}" for arm in sure if (days := _days(arm, data))]
    return [f"Days gained against “{labels[NONE]}” (90 % interval): {'; '.join(told)}."] if told else []


@dataclass(frozen=True)
class Days:
    """Days gained over the draws; ``whole``: the days of the forecast, beyond which no gain is seen."""

    low: float
    median: float
    high: float
    whole: float

    @property
    def words(self) -> str:
        return f"{self.median:.0f} ({self.interval})"

    @property
    def interval(self) -> str:
        most = f"{self.high:.0f}" if self.high < self.whole else f"{self.whole:.0f} or more, the whole forecast"
        return f"{max(self.low, 0.0):.0f} to {most}"


def _days(arm: str, data: xr.Dataset) -> Days | None:
    days = data["days_gained"].sel(arm=arm).values
    days = days[np.isfinite(days)]
    if not days.size:
        return None
    low, middle, high = np.percentile(days, (LEVEL[0], 50.0, LEVEL[1]))
    return Days(low, middle, high, data.attrs["horizon_day"] - data.attrs["decision_day"])


def _of_the_reference(label: str, untreated: str, days: Days | None) -> list[str]:
    if days is None:
        return []
    if days.low <= 0:
        return [
            f"That “{label}” gains days against “{untreated}” is not established: {days.median:.0f} days "
            f"(90 % interval {days.interval})."
        ]
    return [
        f"“{label}” gains {days.median:.0f} days against “{untreated}” (90 % interval {days.interval}): so much later is "
        "the visible tumour as large."
    ]
