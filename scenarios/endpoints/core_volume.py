"""Volume of the contrast-enhancing core."""

from __future__ import annotations

import math

from scenarios.endpoint import Measured, Sight, endpoints
from solvers.problem import Snapshot


class CoreVolume(Measured):
    """Volume with a cell fraction above the core threshold (0.80 on T1-Gd, Swanson 2008), mL; NaN where the core of this
    patient is no level set of the cell fraction."""

    variable, label, unit = "core_ml", "core volume", "mL"
    citation = "Swanson KR, et al. Br J Cancer 2008;98:113-119"

    def measure(self, snapshot: Snapshot, sight: Sight) -> float:
        core = sight.visibility.core
        return math.nan if core is None else snapshot.volume_ml(core)


endpoints.register("core-volume")(CoreVolume())
