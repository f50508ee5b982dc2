"""The longest diameter in plane, as a radiologist would measure it."""

from __future__ import annotations

from scenarios.endpoint import Measured, Sight, endpoints
from solvers.problem import Snapshot


class Diameter(Measured):
    """Longest diameter of the predicted visible lesion on one axial slice, mm (RECIST 1.1, Eisenhauer 2009)."""

    variable, label, unit, at = "diameter_mm", "longest diameter", "mm", "scan"
    citation = "Eisenhauer EA, et al. Eur J Cancer 2009;45:228-247"

    def measure(self, snapshot: Snapshot, sight: Sight) -> float:
        from twin.geometry.measure import longest_diameter_mm

        return longest_diameter_mm(snapshot.visible > sight.threshold, snapshot.grid.crop(snapshot.box))


endpoints.register("diameter")(Diameter())
