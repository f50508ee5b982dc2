"""The fewest cells that are left at any time."""

from __future__ import annotations

import numpy as np
import xarray as xr

from scenarios.endpoint import Derived, Sight, endpoints


class MinimalBurden(Derived):
    """min over t >= decision of the cell burden, mL at carrying capacity: the residual disease at the nadir, from which the
    tumour grows again. NaN where a course does not reach the horizon."""

    variable, label, unit = "minimal_burden_ml", "residual burden at the nadir", "mL"
    needs = ("burden_ml",)

    def derive(self, data: xr.Dataset, sight: Sight) -> np.ndarray:
        return data["burden_ml"].sel(t=slice(sight.decision_day, None)).min("t", skipna=False).values


endpoints.register("minimal-burden")(MinimalBurden())
