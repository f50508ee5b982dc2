"""When the tumour arrives in each organ or eloquent region."""

from __future__ import annotations

import numpy as np
import xarray as xr

from scenarios.endpoint import Derived, Sight, endpoints
from scenarios.organs import followed
from twin.patient import Patient

ARRIVED = 0.01
"""Share of the organ that must be visible tumour: a convention of ours."""


class OrganArrival(Derived):
    """Days from the decision until 1 % of the organ is visible tumour: 0 where it is already, NaN where it is not within the
    horizon. To the saved day, every third one."""

    variable, label, unit, lower_is_better = "organ_arrival_days", "arrival of the tumour in the organ", "day", False
    needs = ("organ_infiltration",)

    def applies(self, patient: Patient) -> bool:
        return bool(followed(patient))

    def derive(self, data: xr.Dataset, sight: Sight) -> np.ndarray | None:
        if "organ_infiltration" not in data:
            return None
        after = data["organ_infiltration"].sel(t=slice(sight.decision_day, None))
        there = after.values >= ARRIVED
        first = after["t"].values[there.argmax(axis=2)] - sight.decision_day
        return np.where(there.any(axis=2), first, np.nan)


endpoints.register("organ-arrival")(OrganArrival())
