"""Volume of what a scan would show."""

from __future__ import annotations

from scenarios.endpoint import Measured, Sight, endpoints
from solvers.problem import Snapshot


class VisibleVolume(Measured):
    """Volume with a cell fraction above the visibility threshold (0.16 on T2-FLAIR, Swanson 2008), mL."""

    variable, label, unit = "volume_ml", "visible volume", "mL"
    citation = "Swanson KR, et al. Br J Cancer 2008;98:113-119"

    def measure(self, snapshot: Snapshot, sight: Sight) -> float:
        return snapshot.volume_ml(sight.threshold)


endpoints.register("visible-volume")(VisibleVolume())
