"""Days from the decision to progression, on the continuous course."""

from __future__ import annotations

import numpy as np
import xarray as xr

from scenarios.endpoint import Derived, Sight, endpoints
from scenarios.progression import first_progression


class TimeToProgression(Derived):
    """Days from the decision day until the visible volume is 40 % above its nadir since then (RANO 2.0, Wen 2023).

    NaN: not within the horizon. Continuous: scans may see it later. No confirmation, no clinical signs. A deeper response
    has a lower nadir to rise from, so that the better of two courses may "progress" sooner: read it beside the volume and
    Days Gained.
    """

    variable, label, unit, lower_is_better = "time_to_progression_days", "time to progression", "day", False
    citation = "Wen PY, et al. J Clin Oncol 2023;41:5187-5199"

    def derive(self, data: xr.Dataset, sight: Sight) -> np.ndarray:
        after = data["volume_ml"].sel(t=slice(sight.decision_day, None))
        return first_progression(after.values, after["t"].values, between=True) - sight.decision_day


endpoints.register("time-to-progression")(TimeToProgression())
