"""The longest diameter in plane, as a radiologist would measure it."""

from __future__ import annotations

from scenarios.endpoint import Measured, Sight, endpoints
from scenarios.lesion import visible_lesion
from solvers.problem import Snapshot


class Diameter(Measured):
    """Longest diameter of the predicted visible lesion on one axial slice, mm (RECIST 1.1, Eisenhauer 2009)."""

    variable, label, unit, at = "diameter_mm", "longest diameter", "mm", "scan"
    citation = "Eisenhauer EA, et al. Eur J Cancer 2009;45:228-247"

    def measure(self, snapshot: Snapshot, sight: Sight) -> float:
        lesion = visible_lesion(snapshot, sight)
        return 0.0 if lesion is None else lesion.longest_mm


endpoints.register("diameter")(Diameter())
