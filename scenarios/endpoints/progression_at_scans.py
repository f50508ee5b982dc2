"""Days from the decision to the first scheduled scan that would show progression."""

from __future__ import annotations

import numpy as np
import xarray as xr

from scenarios.endpoint import Derived, Sight, endpoints
from scenarios.progression import first_progression


class ProgressionAtScans(Derived):
    """Days from the decision day to the first scheduled scan 40 % above the nadir of the scans before (RANO 2.0)."""

    variable, label, unit, lower_is_better = "progression_at_scans_days", "progression seen at a scan", "day", False
    citation = "Wen PY, et al. J Clin Oncol 2023;41:5187-5199"

    def derive(self, data: xr.Dataset, sight: Sight) -> np.ndarray:
        seen = data["volume_ml"].sel(t=data["scan"].values)
        return first_progression(seen.values, data["scan"].values, between=False) - sight.decision_day


endpoints.register("progression-at-scans")(ProgressionAtScans())
