"""Days gained against the untreated virtual control."""

from __future__ import annotations

import numpy as np
import xarray as xr

from scenarios.endpoint import Derived, Sight, endpoints

CONTROL = "none"


class DaysGained(Derived):
    """Horizon minus the day on which the same draw without further treatment reached the volume of the horizon, days.

    Zero or less: nothing gained. A course that ends below the control's volume on the decision day has gained the
    whole time at least. Neal et al. 2013, PLoS One 8:e51951.
    """

    variable, label, unit, lower_is_better = "days_gained", "days gained against no treatment", "day", False
    citation = "Neal ML, et al. PLoS One 2013;8:e51951"

    def derive(self, data: xr.Dataset, sight: Sight) -> np.ndarray | None:
        if CONTROL not in data["arm"].values:
            return None
        after = data["volume_ml"].sel(t=slice(sight.decision_day, None))
        days, control = after["t"].values, after.sel(arm=CONTROL).values
        gained = [[_gained(course[-1], control[i], days) for i, course in enumerate(arm)] for arm in after.values]
        return np.array(gained)


def _gained(final: float, control: np.ndarray, days: np.ndarray) -> float:
    if np.isnan(final) or np.isnan(control).any():
        return float("nan")
    reached = np.maximum.accumulate(control)
    if final > reached[-1]:
        return 0.0
    first = int(np.searchsorted(reached, final))
    if first == 0:
        return float(days[-1] - days[0])
    low, high = reached[first - 1], reached[first]
    share = (final - low) / (high - low)
    return float(days[-1] - (days[first - 1] + share * (days[first] - days[first - 1])))


endpoints.register("days-gained")(DaysGained())
